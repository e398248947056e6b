"""`trendel demo`: a simulated runner tires, the kernels watch live as on the clip, and the truth is told at the end."""

import contextlib
import json
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from trendel.app.outputs import make_folder
from trendel.app.progress import fraction_bar
from trendel.app.report.write import NAME, write_report
from trendel.app.screen import stdout_console
from trendel.app.warm import load_kernels
from trendel.errors import ParameterError, RecordingError

if TYPE_CHECKING:
    from trendel.analysis import Stream
    from trendel.app.run_view import RunView
    from trendel.app.watch import Watch
    from trendel.simulation import Session, SimulatedRun

_STAND_S, _WALK_S, _END_S = 6.0, 12.0, 4.0
_RATE_HZ = 104.0
_CHUNK_S = 0.5
_PLAYED_S = 20.0  # the live part on a terminal, however long the run
_READ_S = 2.5  # the clock rests this long at a warning, so that it can be read
_SIDES = ("left", "right", "both", "none")


@dataclass(frozen=True)
class Plan:
    """What is simulated: `minutes` of running, in whose second half the drop of `side` grows by `growth_deg`.

    It grows from the middle of the running and has grown after three quarters. Raises ParameterError.
    """

    minutes: float = 30.0
    seed: int = 1
    side: str = "left"
    growth_deg: float = 3.0

    def __post_init__(self) -> None:
        if self.side not in _SIDES:
            raise ParameterError(f"--side must be one of {', '.join(_SIDES)}; it is {self.side!r}.")

    @property
    def length_s(self) -> float:
        return _STAND_S + _WALK_S + 60 * self.minutes + _END_S

    @property
    def onset_s(self) -> float:
        return _STAND_S + _WALK_S + 30 * self.minutes

    @property
    def grown_s(self) -> float:
        return _STAND_S + _WALK_S + 45 * self.minutes

    @property
    def sides(self) -> str:
        """The sides that give way: of L and R."""
        return {"left": "L", "right": "R", "both": "LR", "none": ""}[self.side]

    @property
    def session(self) -> "Session":
        """An ordinary runner whose steps vary by 0.7 to 0.9 degrees, as people's do (docs/stability.md)."""
        from trendel.simulation import Fatigue, Session, Variability

        left, right = (self.growth_deg if side in self.sides else 0.0 for side in "LR")
        return Session(
            (("stand", _STAND_S), ("walk", _WALK_S), ("run", 60 * self.minutes), ("stand", _END_S)),
            variability=Variability(angles=0.14),
            fatigue=Fatigue(left, right, self.onset_s, self.grown_s),
            seed=self.seed,
        )


def run_demo(plan: Plan, out: Path, *, realtime: bool) -> None:
    """Simulate, watch live, sum up; raises TrendelError. Ctrl-C while it runs leads to the summary."""
    session = plan.session
    recording = out / "run.csv"
    _refuse_other_files(recording)
    make_folder(out)
    load_kernels()
    from trendel.analysis import Stream
    from trendel.app.demo_summary import show_summary, write_seen
    from trendel.app.run_view import is_watched, run_view
    from trendel.app.simulate import write_files
    from trendel.app.watch import Watch
    from trendel.simulation import SensorModel, simulate

    console = stdout_console()
    console.print("[bold]This run is simulated[/]: nobody ran it, and no clip was worn.")
    console.print(
        f"{plan.minutes:g} minutes of an ordinary runner with a sensor askew on the waistband, "
        + (f"{_who(plan)} giving way in the second half." if plan.sides else "nothing giving way.")
    )
    with fraction_bar("simulating") as progress:
        run = simulate(session, SensorModel(rate_hz=_RATE_HZ, rate_error=0.0, rate_drift=0.0, seed=plan.seed), progress)
    write_files(run, recording, overwrite=True)
    watch, stream = Watch(), Stream(run.rate_hz)
    watched = is_watched(console)
    speed = 1.0 if realtime else max(1.0, plan.length_s / _PLAYED_S) if watched else None
    fast = f"{speed:.0f} times as fast as life" if speed and speed > 1 else "at true speed"
    title = f"Trendel demo: simulated, nobody runs; {fast} (Ctrl-C ends it)"
    try:
        with run_view(console, title, len(run.t_s) / run.rate_hz) as view, interrupts() as interrupted:
            _play(run, stream, watch, Pace(speed), view, interrupted)
        ended = True
    except KeyboardInterrupt:
        ended = False
        console.print(f"stopped at {watch.now_s / 60:.1f} min.")
    console.print()
    seen = write_seen(out / "live", plan, run, watch, ended=ended)
    _write_report(recording, out / NAME)
    show_summary(console, plan, watch, seen, out)


def _write_report(recording: Path, path: Path) -> None:
    """The page that `trendel analyze` would give of the whole recording."""
    import trendel

    result = trendel.analyze(trendel.read(recording))
    write_report(path, result, recording.name)


def _who(plan: Plan) -> str:
    return "both hips" if plan.side == "both" else f"the {plan.side} hip"


def _refuse_other_files(recording: Path) -> None:
    """A recording of that name that is not simulated is somebody's own. Raises RecordingError."""
    if not recording.exists():
        return
    try:
        simulated = json.loads(recording.with_suffix(".json").read_text(encoding="utf-8")).get("simulated") is True
    except (OSError, ValueError, AttributeError):
        simulated = False
    if not simulated:
        raise RecordingError(f"{recording} is not from the demo and is kept: choose another folder with --out.")


class Pace:
    """Lets time pass `speed` times as fast as on a watch; None: does not wait."""

    def __init__(self, speed: float | None) -> None:
        self._speed = speed
        self._began = time.monotonic()

    def wait_until(self, run_s: float) -> None:
        """Return when this time of the run has come."""
        if self._speed is not None:
            time.sleep(max(0.0, self._began + run_s / self._speed - time.monotonic()))

    def rest(self, seconds: float) -> None:
        """The run stands still; not at true speed, where an alert stays on the screen long enough."""
        if self._speed is not None and self._speed > 1:
            self._began += seconds
            time.sleep(seconds)


@contextlib.contextmanager
def interrupts() -> Iterator[threading.Event]:
    """Ctrl-C raises KeyboardInterrupt as ever and sets the event: compiled code may swallow the exception."""
    seen = threading.Event()
    before = signal.getsignal(signal.SIGINT)

    def heard(number: int, frame: FrameType | None) -> None:
        seen.set()
        signal.default_int_handler(number, frame)

    if before is not signal.default_int_handler:  # ignored, or somebody else's
        yield seen
        return
    signal.signal(signal.SIGINT, heard)
    try:
        yield seen
    finally:
        signal.signal(signal.SIGINT, before)


def _play(
    run: "SimulatedRun", stream: "Stream", watch: "Watch", pace: Pace, view: "RunView", interrupted: threading.Event
) -> None:
    """Push the samples as they would come, and show what they complete. Raises KeyboardInterrupt."""
    n = max(1, round(_CHUNK_S * run.rate_hz))
    for a in range(0, len(run.t_s), n):
        if interrupted.is_set():
            raise KeyboardInterrupt
        completed = stream.push(run.acc_mps2[a : a + n], run.gyr_radps[a : a + n])
        new = watch.take(completed, stream.samples_n / run.rate_hz, stream.segment)
        pace.wait_until(watch.now_s)
        view.show(watch, new)
        if new and any(level != "notice" for level in watch.alerts["level"][-new:]):
            pace.rest(_READ_S)
    view.show(watch, watch.take(stream.finish(), len(run.t_s) / run.rate_hz, stream.segment))
