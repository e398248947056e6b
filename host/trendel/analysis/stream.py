"""Live: samples in, the rows that they complete out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from trendel.analysis.alerts import alerts_table
from trendel.analysis.conditions import Condition, Numbering, condition_marks
from trendel.analysis.drivers import IDENTITY, closing_samples
from trendel.analysis.kernel_params import Setup, kernel_params
from trendel.analysis.mounting_file import check_axes, read_mounting
from trendel.analysis.parameters import Parameters
from trendel.analysis.stability import Baseline
from trendel.analysis.tables import Table, steps_table, strides_table
from trendel.errors import RecordingError
from trendel.kernels.compile import zeros
from trendel.kernels.layout import COLD_START, DTYPES, SAMPLE_INVALID
from trendel.kernels.pipeline import init, run

_NO_ROWS_S = np.zeros(1)
_ROWS_MIN = 16
_SETTLED = 2


@dataclass(frozen=True, eq=False)
class Completed:
    """What the pushed samples completed: tables as of analyze(), often empty, and events as text."""

    steps: Table
    strides: Table
    alerts: Table
    events: tuple[str, ...] = ()


def _floats(values: npt.ArrayLike) -> npt.NDArray[np.float32]:
    try:
        return np.asarray(values, np.float32)
    except (TypeError, ValueError) as error:
        raise RecordingError(f"samples must be arrays of numbers ({error}).") from error


class Stream:
    """The kernels fed as samples arrive: the rows that analyze(mode="causal") gives, from the same bits, in any chunks.

    The last of those rows come with finish(), when there are no more samples.

    Args:
        rate_hz: nominal output rate of the sensor.
        has_gyro: False for an accelerometer alone.
        mounting: "auto", "pelvis", a mounting file or a 3x3 matrix pelvis from sensor.
        params: parameters.
        baseline: the runner's own from earlier runs.
        start_s: time of the first sample, s; times of rows count from it.
    """

    def __init__(
        self,
        rate_hz: float = 208.0,
        *,
        has_gyro: bool = True,
        mounting: Any = "auto",
        params: Parameters | None = None,
        baseline: Baseline | None = None,
        start_s: float = 0.0,
    ) -> None:
        axes = None
        if isinstance(mounting, str) and mounting == "pelvis":
            axes = IDENTITY
        elif isinstance(mounting, str) and mounting != "auto":
            axes = read_mounting(mounting)
        elif not isinstance(mounting, str):
            axes = check_axes(mounting)
        self.rate_hz = float(rate_hz)
        self.start_s = float(start_s)
        self.samples_n = 0
        self._numbering, self._condition = Numbering(), np.uint32(0)
        setup = Setup(
            rate_hz=self.rate_hz, has_gyro=has_gyro, axes=axes, has_standing=axes is not None, baseline=baseline
        )
        self._has_gyro = has_gyro
        self._params = kernel_params(params or Parameters(), setup)
        self._state, self._out = zeros("State"), zeros("Out")
        self._bridge_max_n = int(self._params["input"]["bridge_max_n"][0])
        self._watch()
        init(self._state[0], self._params[0])
        self._signals = zeros("Signal", 0)
        self._counts = np.zeros(3, np.int64)
        self._steps = np.zeros(_ROWS_MIN, DTYPES["StepRow"])
        self._strides = np.zeros(_ROWS_MIN, DTYPES["StrideRow"])
        self._alerts = np.zeros(_ROWS_MIN, DTYPES["Alert"])
        self._samples = zeros("Sample", 64)
        self._nothing = Completed(self._steps_table(0), self._strides_table(0), self._alerts_table(0))

    def push(
        self,
        acc_mps2: npt.ArrayLike,
        gyr_radps: npt.ArrayLike | None = None,
        *,
        dt_s: float | None = None,
        flags: npt.ArrayLike | None = None,
    ) -> Completed:
        """Take samples and return what they completed.

        Args:
            acc_mps2: (n, 3) or (3,) m/s2, sensor frame. gyr_radps: the same, rad/s; None for an accelerometer alone.
            dt_s: true interval between samples where known (an IMU's own clock is off by percents).
            flags: (n,) SAMPLE_* bits: 1 invalid, 2 saturated, 4 a gap precedes. Values that are not finite are invalid.

        Raises:
            RecordingError: shapes that do not fit, or no gyroscope where one was announced.
        """
        acc = _floats(acc_mps2)
        acc = acc.reshape(1, 3) if acc.shape == (3,) else acc
        if acc.ndim != 2 or acc.shape[1] != 3:
            raise RecordingError(f"acceleration has the shape {np.shape(acc_mps2)}; it must be (n, 3) in m/s2.")
        n = len(acc)
        if n > len(self._samples):
            self._samples = zeros("Sample", 2 * n)
        room = _ROWS_MIN + int(n / self.rate_hz / 0.2)
        if room > len(self._steps):
            self._steps, self._strides = np.zeros(room, DTYPES["StepRow"]), np.zeros(room, DTYPES["StrideRow"])
            self._alerts = np.zeros(room, DTYPES["Alert"])
        part = self._samples[:n]
        part["acc_mps2"] = acc
        if self._has_gyro:
            if gyr_radps is None:
                raise RecordingError(
                    "rates are missing; make the Stream with has_gyro=False for an accelerometer alone."
                )
            gyr = _floats(gyr_radps)
            gyr = gyr.reshape(1, 3) if gyr.shape == (3,) else gyr
            if gyr.shape != acc.shape:
                raise RecordingError(f"rates have the shape {np.shape(gyr_radps)}, acceleration {np.shape(acc_mps2)}.")
            part["gyr_radps"] = gyr
        dt = 1.0 / self.rate_hz if dt_s is None else float(dt_s)
        if not 0.5 < dt * self.rate_hz < 2.0:
            raise RecordingError(
                f"dt_s of {dt!r} is not near 1 / {self.rate_hz:g} s; make the Stream with the true rate."
            )
        part["dt_s"] = np.float32(dt)
        marks = np.zeros(n, np.uint32) if flags is None else np.asarray(flags).astype(np.uint32)
        if marks.shape != (n,):
            raise RecordingError(f"flags have the shape {marks.shape}; they must be one for each of the {n} samples.")
        part["marks"] = marks | self._condition
        self._counts[:] = 0
        before = self._moment()
        seen = run(
            self._state,
            self._params,
            part,
            self._signals,
            self._steps,
            self._strides,
            self._alerts,
            self._out,
            self._counts,
        )
        self.samples_n += n
        events = self._events(before, bool(seen & COLD_START))
        if not self._counts[0] and not events:
            return self._nothing
        return Completed(
            self._steps_table(int(self._counts[0])),
            self._strides_table(int(self._counts[1])),
            self._alerts_table(int(self._counts[2])),
            events,
        )

    def _moment(self) -> tuple[int, int, int, bool]:
        """What events are told from: running, mounting phase, turns of the clip, outage."""
        running, phase, turned, invalid = self._watched
        return int(running[0]), int(phase[0]), int(turned[0]), int(invalid[0]) > self._bridge_max_n

    def _watch(self) -> None:
        """Views of what events are told from: looking names up takes longer than the kernels do."""
        state = self._state
        self._watched = (
            state["contacts"]["running"],
            state["mounting"]["phase"],
            state["mounting"]["turned_n"],
            state["input"]["invalid_run_n"],
        )

    def _events(self, before: tuple[int, int, int, bool], cold_start: bool) -> tuple[str, ...]:
        """What changed with these samples, in plain words."""
        running, phase, turned, lost = self._moment()
        events = ["cold start: the state did not fit the parameters"] if cold_start else []
        if running != before[0]:
            events.append("running started" if running else "running ended")
        if phase > before[1]:
            events.append("mounting settled" if phase == _SETTLED else "mounting found")
        if turned > before[2]:
            events.append("the clip turned on the belt: its mounting is learned anew")
        if lost != before[3]:
            events.append("no valid samples: the sensor or the link is lost" if lost else "samples are back")
        return tuple(events)

    def announce(self, *, speed_mps: float | None = None, grade_percent: float | None = None) -> None:
        """Speed (m/s) or grade (per cent uphill) known from outside, from the next sample on; call it first of all with
        those at the start. Hip stability takes the level anew where they change. Raises ParameterError.
        """
        now = Condition(0.0, speed_mps, grade_percent)
        self._condition = np.uint32(condition_marks(self._numbering.number(now.speed_mps, now.grade_percent)))

    def gap(self, samples_n: int) -> Completed:
        """Samples were lost: count them, so that times stay true; a short loss is bridged, a long one starts anew.

        Returns what was completed, as push() does.
        """
        if samples_n < 0:
            raise RecordingError(f"{samples_n} samples cannot be lost.")
        lost = np.zeros((min(samples_n, int(self.rate_hz)), 3), np.float32)
        completed = self.push(lost, lost, flags=np.full(len(lost), SAMPLE_INVALID, np.uint32))
        skipped = samples_n - len(lost)
        if skipped:
            self._state.sample_n[0] += np.uint32(skipped)
            self.samples_n += skipped
        return completed

    def finish(self) -> Completed:
        """The input has ended: the last step, which would have been given out a moment later, as by analyze().

        Samples may be pushed after it, as after a gap.
        """
        closing = closing_samples(self._params)
        nothing = np.zeros((len(closing), 3), np.float32)
        return self.push(nothing, nothing, flags=closing["marks"])

    @property
    def state(self) -> bytes:
        """The kernels' state as bytes: a checkpoint that any home continues from."""
        return self._state.tobytes()

    @state.setter
    def state(self, data: bytes) -> None:
        if len(data) != self._state.nbytes:
            raise RecordingError(
                f"a checkpoint has {self._state.nbytes} bytes, this one {len(data)}; it is of another version."
            )
        self._state = np.frombuffer(bytearray(data), DTYPES["State"]).view(np.recarray)
        self._watch()
        self.samples_n = int(self._state.sample_n[0])

    @property
    def segment(self) -> int:
        """What the runner is doing now: 0 unknown, 1 standing, 2 walking, 3 running."""
        return int(self._out.signal.segment[0])

    @property
    def pose_deg(self) -> tuple[float, float, float] | None:
        """Tilt, obliquity and rotation of the last sample, degrees; None while inclination or mounting are unknown."""
        signal = self._out.signal[0]
        if not self._has_gyro or int(signal["settled"]) & 3 != 3:
            return None
        tilt, obliquity, rotation = (np.degrees(float(signal[f"{n}_rad"])) for n in ("tilt", "obliquity", "rotation"))
        return float(tilt), float(obliquity), float(rotation)

    def _clock(self) -> npt.NDArray[np.float64]:
        return _NO_ROWS_S + self.start_s

    def _steps_table(self, n: int) -> Table:
        return steps_table(self._steps[:n], self._clock(), self.rate_hz)

    def _strides_table(self, n: int) -> Table:
        return strides_table(self._strides[:n], self._clock(), self.rate_hz)

    def _alerts_table(self, n: int) -> Table:
        return alerts_table(self._alerts[:n], self._clock(), self.rate_hz)
