"""Stride times and running segments of a 25-minute run against the other accelerometer, at the ankle."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

import trendel
from tests.validation import ankle, data
from tests.validation.agreement import pair
from tests.validation.data import F64
from trendel.analysis import Result

WINDOW_S = 8.0
STRIDE_BAND_S = (0.5, 1.0)
STRIDES_MIN = 8
# The ankle's acceleration norm varies by 13 to 17 m/s2 (standard deviation over 8 s) in running, by 8 to 10 in walking.
RUNNING_SD_MPS2 = 12.0
TARGET_MEDIAN_PERCENT = 1.0
TARGET_STRIDE_MS = 15.0
TARGET_SEGMENT_S = 3.0
PAIR_S = 0.3  # between the middles of two strides: neighbours, which overlap by a step, are 0.38 apart


@dataclass(frozen=True)
class Measured:
    """Windows of 8 s, one each second: middle, stride time at the ankle and at the hip, whether each of them runs.

    Times in s; the hip's stride time is NaN where too few strides were found.
    """

    result: Result
    middle_s: F64
    ankle_stride_s: F64
    hip_stride_s: F64
    ankle_runs: npt.NDArray[np.bool_]
    hip_runs: npt.NDArray[np.bool_]

    @property
    def error_percent(self) -> F64:
        """Of the hip's stride time, in windows that are running by both."""
        both = self.ankle_runs & np.isfinite(self.hip_stride_s)
        return 100 * (self.hip_stride_s[both] / self.ankle_stride_s[both] - 1)

    @property
    def agree(self) -> float:
        """Part of the windows on which both say the same of running."""
        return float(np.mean(self.ankle_runs == self.hip_runs))


def autocorrelation_period_s(signal: F64, rate_hz: float) -> float:
    """Lag of the largest autocorrelation within the stride band, by a parabola through three lags."""
    n = len(signal)
    spectrum = np.abs(np.fft.rfft(signal - signal.mean(), 2 * n)) ** 2
    correlation = np.fft.irfft(spectrum)[:n] / (n - np.arange(n))
    low, high = (int(b * rate_hz) for b in STRIDE_BAND_S)
    k = low + int(correlation[low:high].argmax())
    before, here, after = correlation[k - 1 : k + 2]
    bend = before - 2 * here + after
    return (k + (0.5 * (before - after) / bend if bend else 0.0)) / rate_hz


@dataclass(frozen=True)
class Strides:
    """Each stride at the ankle (from swing to swing) with the stride at the hip whose middle is nearest to it."""

    ankle_ms: F64
    hip_ms: F64
    ankle_n: int

    @property
    def difference_ms(self) -> F64:
        return self.hip_ms - self.ankle_ms


@dataclass(frozen=True)
class Bout:
    """A bout by the ankle, and how much later than it the segment that overlaps it most begins and ends (s).

    NaN where no segment of that kind overlaps it.
    """

    kind: str
    start_s: float
    end_s: float
    late_start_s: float
    late_end_s: float

    @property
    def worst_s(self) -> float:
        """The larger of the two differences; infinite where there is no segment."""
        worst = max(abs(self.late_start_s), abs(self.late_end_s))
        return worst if np.isfinite(worst) else float("inf")


def _ankle_columns() -> dict[str, npt.NDArray[Any]]:
    return data.columns(data.with_suffix(data.recordings_of("outdoor")[0], ".ankle.csv"))


@cache
def at_ankle() -> ankle.Ankle:
    """Strides and bouts by the ankle alone."""
    columns = _ankle_columns()
    t = columns["t_s"]
    return ankle.read(t, columns["ankle_acc_norm_mps2"], (len(t) - 1) / float(t[-1] - t[0]))


@cache
def strides() -> Strides:
    """Stride times of hip and ankle, stride by stride."""
    truth, found = at_ankle(), measure().result.strides
    i, k = pair((truth.start_s + truth.end_s) / 2, (found["ic_s"] + found["end_s"]) / 2, PAIR_S)
    return Strides(1e3 * (truth.end_s - truth.start_s)[i], found["stride_time_ms"][k], len(truth.start_s))


@cache
def bouts() -> list[Bout]:
    """Every bout of running and of walking at the ankle with the segment found for it."""
    segments = measure().result.summary["segments"]
    made = []
    for kind, edges in (("running", at_ankle().running_s), ("walking", at_ankle().walking_s)):
        mine = [s for s in segments if s["segment"] == kind]
        for start, end in edges.tolist():
            shared = [min(end, s["end_s"]) - max(start, s["start_s"]) for s in mine]
            best = mine[int(np.argmax(shared))] if shared and max(shared) > 0 else None
            late = (best["start_s"] - start, best["end_s"] - end) if best else (float("nan"), float("nan"))
            made.append(Bout(kind, start, end, *late))
    return made


def invented(kind: str) -> list[tuple[float, float]]:
    """Segments of that kind (start, end in s) without one swing of that kind at the ankle within them."""
    truth = at_ankle()
    swings = truth.swings_s[truth.runs == (kind == "running")]
    segments = [s for s in measure().result.summary["segments"] if s["segment"] == kind]
    return [
        (s["start_s"], s["end_s"])
        for s in segments
        if not ((swings >= s["start_s"] - 0.5) & (swings <= s["end_s"] + 0.5)).any()
    ]


@cache
def measure() -> Measured:
    """The first recording of outdoor/."""
    path = data.recordings_of("outdoor")[0]
    rec = data.recording(path)
    result = trendel.analyze(rec)
    columns = _ankle_columns()
    norm, rate = columns["ankle_acc_norm_mps2"], rec.rate_hz
    n = int(WINDOW_S * rate)
    found = result.strides
    centre, time_s = (found["ic_s"] + found["end_s"]) / 2, found["stride_time_ms"] / 1e3
    running = result.signals["segment"] == "running"
    middle, ankle_s, hip_s, ankle_runs, hip_runs = [], [], [], [], []
    for start in range(0, len(norm) - n + 1, int(rate)):
        part = norm[start : start + n]
        t = float(columns["t_s"][start]) + WINDOW_S / 2
        near = time_s[np.abs(centre - t) < WINDOW_S / 2]
        middle.append(t)
        ankle_s.append(autocorrelation_period_s(part, rate))
        hip_s.append(float(np.median(near)) if len(near) >= STRIDES_MIN else float("nan"))
        ankle_runs.append(bool(part.std() > RUNNING_SD_MPS2))
        hip_runs.append(bool(np.interp(t, rec.t_s, running) > 0.5))
    return Measured(
        result, np.array(middle), np.array(ankle_s), np.array(hip_s), np.array(ankle_runs), np.array(hip_runs)
    )
