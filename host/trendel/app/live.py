"""`trendel live`: the kernels behind a link, watched while the run goes on, and recorded where wanted."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from trendel.analysis import Completed
from trendel.app.bring_home import recovery_of
from trendel.app.follow import Ending, Run, open_unless, stopped_by_signals
from trendel.app.health import health_line, health_of
from trendel.app.keys import HINT, keys
from trendel.app.live_lines import JsonLines, rows_of
from trendel.app.marks import Mark
from trendel.app.record import About, refuse_existing, show_end
from trendel.app.recorder import Recorder
from trendel.app.run_view import RunView, run_view
from trendel.app.screen import stderr_console, stdout_console
from trendel.app.watch import Watch
from trendel.errors import TrendelError
from trendel.links import Link, make_link
from trendel.links.intake import Intake, Notice, Samples, Taken
from trendel.links.live_stream import LiveStream
from trendel.links.protocol import Change
from trendel.recording.session import topics

if TYPE_CHECKING:
    from trendel.links.recovery import Recovery

_HEALTH_S = 5.0


class LiveRun:
    """What arrives goes through the kernels; rows go to view, JSON lines and recorder."""

    def __init__(
        self,
        link: Link,
        intake: Intake,
        stream: LiveStream,
        recorder: Recorder | None,
        lines: JsonLines | None,
        recovery: "Recovery | None" = None,
    ) -> None:
        self._link, self._intake, self._stream = link, intake, stream
        self._recorder, self._lines, self._recovery = recorder, lines, recovery
        self.view: RunView | None = None
        self.watch = Watch(keep_rows=False)
        self._state = "connected"
        self._told_ns = link.clock.now_ns()

    def status(self) -> Text:
        """The link in a line; red while it is lost."""
        line = health_line(health_of(self._link, self._intake, self._recorder, self._recovery))
        if self._state == "connected":
            return Text(line)
        return Text(f"link {self._state}: {line}", style="bold red")

    def change(self, change: Change) -> None:
        """See Taker."""
        self._state = change.state
        if self._lines is not None:
            self._lines.change(change)
        self._say(change.sentence)

    def take(self, item: Taken) -> None:
        """See Taker."""
        now_ns = self._link.clock.now_ns()
        if isinstance(item, Samples):
            for completed in self._stream.take(item):
                self._completed(completed)
        elif isinstance(item, Notice):
            if self._lines is not None:
                self._lines.notice(item, now_ns)
            self._say(item.sentence)
        elif self._lines is not None:
            self._lines.record(item, now_ns)

    def mark(self, mark: Mark) -> None:
        """See Taker."""
        if self._lines is not None:
            self._lines.mark(mark, self._link.clock.now_ns())
        if mark.pain:
            self.watch.add_pain(mark.pain)
            self._show(1)
        else:
            self._say(f"marked: {mark.label}")

    def tick(self) -> None:
        """See Taker."""
        now_ns = self._link.clock.now_ns()
        if self._lines is not None and now_ns - self._told_ns >= _HEALTH_S * 1e9:
            self._told_ns = now_ns
            self._lines.health(now_ns, asdict(health_of(self._link, self._intake, self._recorder, self._recovery)))
        self._show(0)

    def finish(self) -> None:
        """The link has ended."""
        for completed in self._stream.finish():
            self._completed(replace(completed, events=()))  # that no samples come is no news then

    def _completed(self, completed: Completed) -> None:
        new = self.watch.take(completed, self._stream.now_s, self._stream.segment)
        if self._lines is not None:
            self._lines.completed(completed, self._link.clock.now_ns())
        if self._recorder is not None:
            self._keep(self._recorder, completed)
        for sentence in completed.events:
            self._say(f"{sentence}.")
        self._show(new)

    def _keep(self, recorder: Recorder, completed: Completed) -> None:
        for row in rows_of(completed.steps):
            recorder.add(topics.STEPS, row)
        for row in rows_of(completed.alerts):
            recorder.add(topics.ALERTS, row | {"size_deg": row["change"], "since_s": row["onset_s"]})

    def _say(self, sentence: str) -> None:
        if self.view is not None:
            self.view.say(self.watch, sentence)

    def _show(self, new: int) -> None:
        if self.view is not None:
            self.view.show(self.watch, new)


def live(moniker: str, out: Path | None, about: About, *, options: dict[str, Any], as_json: bool) -> None:
    """Watch until Ctrl-C or the link's own end; `options` of Stream. Raises TrendelError."""
    if out is not None:
        refuse_existing(out)
    link = make_link(moniker)
    with contextlib.suppress(KeyboardInterrupt):  # on Windows, where Ctrl-C cancels; all is closed on the way out
        if not asyncio.run(_live(link, out, about, LiveStream(**options), as_json=as_json)):
            raise SystemExit(130)


async def _live(link: Link, out: Path | None, about: About, stream: LiveStream, *, as_json: bool) -> bool:
    """Whether there was a run: not where it was stopped before the clip was reached."""
    ending = Ending()
    with stopped_by_signals(ending):
        if not await open_unless(link, ending.stop):
            return False
        try:
            await _watched(link, out, about, stream, ending, as_json=as_json)
        finally:
            await link.close()
    return True


async def _watched(
    link: Link, out: Path | None, about: About, stream: LiveStream, ending: Ending, *, as_json: bool
) -> None:
    console, intake = stderr_console() if as_json else stdout_console(), Intake()
    recorder = recovery = None
    if out is not None:
        recorder = Recorder(out, link.clock, {"link": str(link.moniker), **about.as_dict()})
        recovery = recovery_of(link, recorder)
    why = "failed"
    try:
        run = LiveRun(link, intake, stream, recorder, JsonLines() if as_json else None, recovery)
        async with _viewed(console, link, run, as_json=as_json):
            following = Run(link, intake, run, recorder, recovery=recovery)
            async with keys(following, ending):
                why = await following.follow(ending)
            run.finish()
    except TrendelError as error:
        why = str(error)
        raise
    finally:
        if recorder is not None:
            show_end(console, recorder, intake, recovery, why)
        elif not as_json:
            console.print(f"ended: {why}; {health_line(health_of(link, intake, None))}", markup=False)


@contextlib.asynccontextmanager
async def _viewed(console: Console, link: Link, run: LiveRun, *, as_json: bool) -> AsyncIterator[None]:
    if as_json:
        yield
        return
    title = f"{HINT}   Trendel live {link.moniker}"
    with run_view(console, title, None, status=run.status, bell=True) as view:
        run.view = view
        try:
            yield
        finally:
            run.view = None
