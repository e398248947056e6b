"""`trendel record`: everything that a clip sends, into a session file, for as long as wanted."""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.live import Live
from rich.text import Text

from trendel.app.alert_screen import clock
from trendel.app.bring_home import recovery_of
from trendel.app.calibration_choice import AUTO, NONE, read_record
from trendel.app.follow import Ending, Run, open_unless, stopped_by_signals
from trendel.app.health import health_line, health_of
from trendel.app.keys import HINT, keys
from trendel.app.marks import Mark
from trendel.app.recorder import Recorder
from trendel.app.screen import stdout_console
from trendel.errors import SessionError, TrendelError
from trendel.links import Link, make_link
from trendel.links.intake import Intake, Notice, Taken, clip_name
from trendel.links.protocol import Change

if TYPE_CHECKING:
    from trendel.links.recovery import Recovery

_LINE_S = 60.0


@dataclass(frozen=True)
class About:
    """What a researcher says of a recording; it is kept in the session."""

    participant: str | None = None
    condition: str | None = None
    note: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """What was said, by name."""
        return {name: value for name, value in vars(self).items() if value is not None}


@dataclass
class _Shown:
    """What is seen of a recording: a line that changes on a terminal, a line a minute elsewhere."""

    console: Console
    link: Link
    intake: Intake
    recorder: Recorder
    recovery: "Recovery | None"
    live: Live | None
    _began_ns: int = 0
    _lined_ns: int = 0
    _state: str = ""

    def __post_init__(self) -> None:
        self._began_ns = self._lined_ns = self.link.clock.now_ns()

    def change(self, change: Change) -> None:
        self._state = change.state
        self._print(change.sentence)

    def take(self, item: Taken) -> None:
        if isinstance(item, Notice):
            self._print(item.sentence)

    def mark(self, mark: Mark) -> None:
        pain = f", pain {mark.pain}" if mark.pain is not None else ""
        self._print(f"marked: {mark.label}{pain}")

    def tick(self) -> None:
        now_ns = self.link.clock.now_ns()
        if self.live is not None:
            lost = "" if self._state == "connected" else f"[{self._state}] "
            self.live.update(Text(f"{lost}{self._line()}\n{HINT}", no_wrap=True), refresh=True)
        elif now_ns - self._lined_ns >= _LINE_S * 1e9:
            self._lined_ns = now_ns
            self.console.print(self._line(), markup=False, soft_wrap=True)

    def _line(self) -> str:
        elapsed_s = (self.link.clock.now_ns() - self._began_ns) / 1e9
        return f"{clock(elapsed_s)} {health_line(health_of(self.link, self.intake, self.recorder, self.recovery))}"

    def _print(self, sentence: str) -> None:
        elapsed_s = (self.link.clock.now_ns() - self._began_ns) / 1e9
        self.console.print(f"{clock(elapsed_s):>5} {sentence}", markup=False, soft_wrap=True)


def record(moniker: str, out: Path, about: About, minutes: float | None, calibration: str = AUTO) -> None:
    """Record until Ctrl-C, the link's own end or `minutes`; raises TrendelError."""
    refuse_existing(out)
    if calibration not in (AUTO, NONE):
        read_record(Path(calibration))
    link = make_link(moniker)
    with contextlib.suppress(KeyboardInterrupt):  # on Windows, where Ctrl-C cancels; all is closed on the way out
        if not asyncio.run(_record(link, out, about, minutes, calibration)):
            raise SystemExit(130)


def refuse_existing(out: Path) -> None:
    """Before a clip is looked for. Raises SessionError."""
    if out.exists():
        raise SessionError(f"{out.name}: exists already: choose another name; a session is never overwritten.")


async def _record(link: Link, out: Path, about: About, minutes: float | None, calibration: str) -> bool:
    """Whether there was a recording: not where it was stopped before the clip was reached."""
    ending = Ending()
    with stopped_by_signals(ending):
        if not await open_unless(link, ending.stop):
            return False
        try:
            await _recorded(link, out, about, minutes, calibration, ending)
        finally:
            await link.close()
    return True


async def _recorded(
    link: Link, out: Path, about: About, minutes: float | None, calibration: str, ending: Ending
) -> None:
    console, intake = stdout_console(), Intake()
    recorder = Recorder(out, link.clock, {"link": str(link.moniker), **about.as_dict()}, calibration)
    recovery, why = recovery_of(link, recorder), "failed"
    try:
        with _status(console) as live:
            shown = _Shown(console, link, intake, recorder, recovery, live)
            run = Run(link, intake, shown, recorder, recovery=recovery)
            if minutes is not None:
                asyncio.get_running_loop().call_later(60 * minutes, ending.stop.set)
            async with keys(run, ending):
                why = await run.follow(ending)
    except TrendelError as error:
        why = str(error)
        raise
    finally:
        show_end(console, recorder, intake, recovery, why)


def show_end(console: Console, recorder: Recorder, intake: Intake, recovery: "Recovery | None", why: str) -> None:
    """Close the file and say what is in it."""
    closed = recorder.close(why)
    while recorder.troubles:
        console.print(recorder.troubles.popleft(), markup=False, soft_wrap=True)
    hello = intake.hello
    losses = intake.losses
    who = f" of clip {clip_name(hello)}" if hello is not None else ""
    samples_n = intake.samples_n if recovery is None else recovery.missing.live_n + recovery.missing.home_n
    seconds = samples_n / intake.rate_hz if intake.rate_hz else 0.0
    lacking = f"{losses.samples_lost_n} missing in {intake.gaps_n} gaps"
    if recovery is not None:
        lacking = f"{recovery.missing.home_n} of them from its log, {recovery.missing.lacking_n} missing"
    console.print(
        f"{closed.path}: {samples_n} samples ({clock(seconds)}){who}, {lacking}; ended: {why}.",
        markup=False,
        soft_wrap=True,
    )


@contextlib.contextmanager
def _status(console: Console) -> Iterator[Live | None]:
    if not console.is_terminal or console.is_dumb_terminal:
        yield None
        return
    with Live(Text(""), console=console, auto_refresh=False, transient=True) as live:
        yield live
