"""`trendel calibrate --link`: a person is guided through the procedure, and the result comes at once.

The clip is followed as `trendel live` follows it; guide.py says what to do next, this shows it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.text import Text

from trendel.app.follow import Ending as RunEnding
from trendel.app.follow import Run, open_unless, stopped_by_signals
from trendel.app.keys import keys
from trendel.app.marks import Mark
from trendel.app.record import refuse_existing
from trendel.app.recorder import Recorder
from trendel.app.screen import is_unicode, stdout_console
from trendel.constants import STANDARD_GRAVITY_MPS2
from trendel.errors import CalibrationError
from trendel.links import Link, make_link
from trendel.links.intake import Intake, Notice, Samples, Taken, clip_name
from trendel.links.protocol import Change
from trendel.recording.calibration import check_belongs, full_serial
from trendel.recording.clip_metadata import about_clip
from trendel_calibration.from_file import METHODS, Request, at_rest
from trendel_calibration.guide import Guide
from trendel_calibration.outcome import Ending, finish, previous_of
from trendel_calibration.result import Calibration, Subject
from trendel_calibration.source import Source

_SAID_N, _BAR_N = 6, 40


@dataclass(frozen=True)
class Guidance:
    """What is asked for: see the options of `trendel calibrate`."""

    link: str
    method: str
    poses_n: int = 24
    seconds: float = 60.0
    record: Path | None = None
    turn_deg: float | None = None
    gravity_mps2: float | None = None
    runner: str | None = None
    who: str | None = None
    serial: str | None = None
    writes: bool = False
    ending: Ending = field(default_factory=Ending)


class _Rest:
    """For bias, noise and rate: a stretch of `seconds` without anybody touching the clip."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.n = seconds, 0
        self.acc: list[np.ndarray] = []
        self.gyr: list[np.ndarray] = []
        self.t_s: list[np.ndarray] = []
        self.rate_hz = 0.0

    @property
    def is_done(self) -> bool:
        return self.rate_hz > 0 and self.n >= self.seconds * self.rate_hz

    def push(self, samples: Samples) -> None:
        self.rate_hz = 1.0 / samples.dt_s
        self.n += len(samples.acc_mps2)
        self.acc.append(samples.acc_mps2.astype(np.float64))
        self.gyr.append(samples.gyr_radps.astype(np.float64))
        self.t_s.append(samples.clip_ns * 1e-9 + np.arange(len(samples.acc_mps2)) * samples.dt_s)

    def source(self, subject: Subject) -> Source:
        t_s = np.concatenate(self.t_s)
        return Source(np.concatenate(self.acc), np.concatenate(self.gyr), (len(t_s) - 1) / float(t_s[-1] - t_s[0]),
                      t_s, subject)  # fmt: skip


@dataclass
class _Screen:
    """Takes what the clip sends; shows a panel on a terminal, a line for each thing elsewhere."""

    console: Console
    intake: Intake
    live: Live | None
    guide: Guide | None
    rest: _Rest | None
    stop: asyncio.Event
    clip_time_s: list[float] = field(default_factory=list)
    _said_n: int = 0
    _asked: str = ""
    _state: str = ""
    _notices: list[str] = field(default_factory=list)

    def change(self, change: Change) -> None:
        self._state = change.state
        self._notices.append(change.sentence)

    def take(self, item: Taken) -> None:
        if isinstance(item, Notice):
            self._notices.append(item.sentence)
        if not isinstance(item, Samples) or self.stop.is_set():
            return
        self.clip_time_s += [item.clip_ns * 1e-9, item.clip_ns * 1e-9 + (len(item.acc_mps2) - 1) * item.dt_s]
        if self.guide is not None:
            if item.lost_n and self.guide.rate_hz:
                self.guide.gap()
            self.guide.push(item.acc_mps2.astype(np.float64), item.gyr_radps.astype(np.float64), 1.0 / item.dt_s)
            if self.guide.is_done:
                self.stop.set()
        elif self.rest is not None:
            self.rest.push(item)
            if self.rest.is_done:
                self.stop.set()
        if self.live is None:
            self._lines()

    def mark(self, mark: Mark) -> None:
        """Markers mean nothing here."""

    def tick(self) -> None:
        if self.live is not None:
            self.live.update(self.panel(), refresh=True)
            said_n = len(self.guide.view.said) if self.guide is not None else 0
            if said_n > self._said_n:
                self._said_n = said_n
                self.console.bell()  # eyes are on the clip, not on the screen
        else:
            self._lines()

    def _lines(self) -> None:
        while self._notices:
            self.console.print(self._notices.pop(0), markup=False, soft_wrap=True)
        if self.guide is None:
            return
        view = self.guide.view
        for sentence in view.said[self._said_n :]:
            self.console.print(f"  {sentence}", markup=False, soft_wrap=True)
        self._said_n = len(view.said)
        ask = f"{view.step}/{view.steps} {view.headline}"
        if ask != self._asked and not view.is_done:
            self._asked = ask
            self.console.print(ask, markup=False, soft_wrap=True)

    def panel(self) -> Panel:
        """The screen as it is now."""
        hello = self.intake.hello
        who = f"clip {clip_name(hello)}" if hello is not None else "clip"
        title = f"calibrating {who}" + ("" if self._state in ("connected", "") else f" [{self._state}]")
        if self.guide is None:
            assert self.rest is not None
            share = self.rest.n / max(1.0, self.rest.seconds * (self.rest.rate_hz or 1.0))
            body: list[RenderableType] = [
                Text("Let the clip lie untouched.", style="bold"),
                Text(""),
                _bar("measured", share, self.console),
            ]
        else:
            view = self.guide.view
            still = Text("still", style="green") if view.is_still else Text("moving", style="yellow")
            # The newest on top: where lines wrap, the oldest fall off the end.
            said = [
                Text(f"  {s}", style="bold" if i == 0 else "dim") for i, s in enumerate(view.said[: -_SAID_N - 1 : -1])
            ]
            body = [
                Text(view.headline, style="bold"),
                Text(""),
                Text.assemble("the clip is ", still, f": {view.seeing}" if view.seeing else ""),
                _bar("hold", view.holding, self.console)
                if view.turned_deg is None
                else _bar("turned", view.turned_deg / 360, self.console),
                _bar(f"step {view.step} of {view.steps}", (view.step - 1) / view.steps, self.console),
                Text(""),
                *said,
            ]
        foot = self._notices[-1] if self._notices else ""
        return Panel(Group(*body), title=Text(title), subtitle=Text(f"q: give up   {foot}"[:70]), height=15)


def _bar(word: str, share: float, console: Console) -> Text:
    """A bar that reads the same without colours."""
    done, rest = ("\u2588", "\u2591") if is_unicode(console) else ("#", "-")
    full = round(_BAR_N * min(1.0, max(0.0, share)))
    return Text(f"{word:14} {done * full}{rest * (_BAR_N - full)}")


def calibrate_live(guidance: Guidance) -> None:
    """Guide a person through it. Raises TrendelError; SystemExit 130 where it was given up."""
    if guidance.method not in METHODS or guidance.method == "standing":
        raise CalibrationError(
            "standing and running are recorded first (trendel record --link LINK RUN.mcap), then used: "
            "trendel calibrate --method standing --from RUN.mcap --runner NAME."
        )
    guidance.ending.check_places()
    if guidance.record is not None:
        refuse_existing(guidance.record)
    link = make_link(guidance.link)
    console = Console(stderr=True, highlight=False) if guidance.ending.as_json else stdout_console()
    made: _Screen | None = None
    with contextlib.suppress(KeyboardInterrupt):
        made = asyncio.run(_follow(link, guidance, console))
    if made is None:
        raise SystemExit(130)
    _finish(made, guidance)


async def _follow(link: Link, guidance: Guidance, console: Console) -> _Screen | None:
    """The screen with all that was taken; None where it was given up."""
    ending = RunEnding()
    with stopped_by_signals(ending):
        if not await open_unless(link, ending.stop):
            return None
        recorder = None
        try:
            if guidance.record is not None:
                recorder = Recorder(
                    guidance.record, link.clock, {"link": guidance.link, "calibrating": guidance.method}
                )
            screen = _screen(guidance, console, ending.stop)
            with _shown(screen):
                run = Run(link, screen.intake, screen, recorder)
                async with keys(run, ending):
                    why = await run.follow(ending)
        finally:
            await link.close()
            if recorder is not None:
                recorder.close("calibrated")
    if screen.guide is not None and not screen.guide.is_done and why == "the link ended":
        left = screen.guide.view.steps - screen.guide.view.step + 1
        raise CalibrationError(
            f"the recording ended with {left} of {screen.guide.view.steps} steps to go: nothing is kept."
        )
    if screen.rest is not None and not screen.rest.is_done and why == "the link ended" and screen.rest.n:
        return screen  # a recording that is shorter than asked for: the method says whether it is enough
    done = screen.guide.is_done if screen.guide is not None else bool(screen.rest and screen.rest.is_done)
    if not done:
        console.print("Given up: nothing is kept.")
        return None
    return screen


def _screen(guidance: Guidance, console: Console, stop: asyncio.Event) -> _Screen:
    guide = rest = None
    if guidance.method in ("poses", "ferraris"):
        guide = Guide(cast("Literal['poses', 'ferraris']", guidance.method), guidance.poses_n)
    else:
        rest = _Rest(guidance.seconds)
    return _Screen(console, Intake(), None, guide, rest, stop)


@contextlib.contextmanager
def _shown(screen: _Screen) -> Iterator[None]:
    if not screen.console.is_terminal or screen.console.is_dumb_terminal:
        yield
        return
    with Live(screen.panel(), console=screen.console, auto_refresh=False, transient=True) as live:
        screen.live = live
        yield
        live.update(screen.panel(), refresh=True)


def _finish(screen: _Screen, guidance: Guidance) -> None:
    hello = screen.intake.hello
    about: dict[str, Any] = about_clip(hello) if hello is not None else {}
    subject = Subject(raw_unit="si", who=guidance.who, source=guidance.link,
                      **{("serial" if k == "clip_serial" else k): v for k, v in about.items()})  # fmt: skip
    if guidance.serial is not None:
        check_belongs({"clip_serial": guidance.serial}, about, "--serial")
        subject = replace(subject, serial=full_serial(guidance.serial))
    temperature = screen.intake.status.get("temperature_degc")
    if isinstance(temperature, (int, float)):
        subject = replace(subject, temperature_degc=float(temperature))
    if screen.rest is not None:
        request = Request(guidance.method, Path(guidance.link), ending=guidance.ending)
        at_rest(screen.rest.source(subject), request)
        return
    assert screen.guide is not None
    cal = _calibrated(screen, guidance, subject)
    if guidance.method == "poses" and not guidance.ending.as_json:
        screen.console.print(f"{screen.guide.again_n} poses were asked for again.")
    record = finish(
        cal, guidance.ending, previous_of(subject, guidance.ending, None), {"repeated_n": screen.guide.again_n}
    )

    if guidance.writes:
        from trendel_calibration.to_clip import write_to_clip

        screen.console.print(write_to_clip(guidance.link, record), markup=False, soft_wrap=True)


def _calibrated(screen: _Screen, guidance: Guidance, subject: Subject) -> Calibration:
    from trendel_calibration.any_poses import poses
    from trendel_calibration.six_positions import IMUCAL_GRAVITY_MPS2, ferraris

    guide = screen.guide
    assert guide is not None
    acc, gyr = guide.acc, guide.gyr
    # The true rate by the clip's own clock: the interval of a single block is rounded to nanoseconds and wanders.
    seconds = screen.clip_time_s[-1] - screen.clip_time_s[0]
    rate = (len(acc) - 1) / seconds if not screen.intake.losses.samples_lost_n and seconds > 0 else guide.rate_hz
    if guidance.method == "ferraris":
        return ferraris(
            acc, gyr, rate, sections=guide.sections, turn_deg=guidance.turn_deg,
            gravity_mps2=guidance.gravity_mps2 or IMUCAL_GRAVITY_MPS2, subject=subject,
        )  # fmt: skip
    return poses(acc, gyr, rate, gravity_mps2=guidance.gravity_mps2 or STANDARD_GRAVITY_MPS2, subject=subject)


__all__ = ["Guidance", "calibrate_live"]
