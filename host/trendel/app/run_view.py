"""How a run is watched, in the demo and live: a screen that is drawn anew, or lines where there is no terminal."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from trendel.app.alert_screen import alert_lines, clock
from trendel.app.screen import is_unicode
from trendel.app.watch import Watch
from trendel.app.watch_screen import PLAIN_HEAD, Screen, plain_line

_FRAME_S = 0.1


class RunView(Protocol):
    """Shows a run."""

    def show(self, watch: Watch, new: int) -> None:
        """The run has gone on; `new` alerts are the last of the watch's."""

    def say(self, watch: Watch, sentence: str) -> None:
        """Something happened beside the run."""


class ScreenView:
    """Draws frames, at once where there is an alert; `bell`: an alert can be heard too."""

    def __init__(self, console: Console, screen: Screen, live: Live, *, bell: bool) -> None:
        self._console, self._screen, self._live, self._bell = console, screen, live, bell
        self._drawn_s = 0.0

    def show(self, watch: Watch, new: int) -> None:
        """See RunView."""
        if new and self._bell:
            self._console.bell()
        if new or time.monotonic() - self._drawn_s >= _FRAME_S:
            self._live.update(self._screen.frame(watch), refresh=True)
            self._drawn_s = time.monotonic()

    def say(self, watch: Watch, sentence: str) -> None:
        """See RunView: it stays above the screen."""
        self._console.print(f"{clock(watch.now_s):>5} {sentence}", markup=False)


class LineView:
    """A line a minute, and alerts in full."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._minute = 0
        console.print(Text(PLAIN_HEAD))

    def show(self, watch: Watch, new: int) -> None:
        """See RunView."""
        for row in watch.alerts.data[-new:] if new else ():
            self._console.print(Group(*alert_lines(row)))
        if watch.now_s >= 60 * (self._minute + 1):
            self._minute = int(watch.now_s / 60)
            self._console.print(Text(plain_line(watch)))

    def say(self, watch: Watch, sentence: str) -> None:
        """See RunView."""
        self._console.print(f"{clock(watch.now_s):>5} {sentence}", markup=False, soft_wrap=True)


def is_watched(console: Console) -> bool:
    """Whether somebody can see a screen that changes."""
    return console.is_terminal and not console.is_dumb_terminal and not os.environ.get("CI")


@contextmanager
def run_view(
    console: Console,
    title: str,
    length_s: float | None,
    *,
    status: Callable[[], Text] | None = None,
    bell: bool = False,
) -> Iterator[RunView]:
    """The view that fits the console; the screen is cleared at the end. `length_s` and `status` as of Screen."""
    if not is_watched(console):
        yield LineView(console)
        return
    screen = Screen(title, length_s, unicode=is_unicode(console), status=status)
    with Live(screen.frame(Watch()), console=console, auto_refresh=False, transient=True) as live:
        yield ScreenView(console, screen, live, bell=bell)
