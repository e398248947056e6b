"""Stride times and running segments of a 25-minute run against the other accelerometer, at the ankle."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

import trendel
from tests.validation import data
from tests.validation.data import F64
from trendel.analysis import Result

WINDOW_S = 8.0
STRIDE_BAND_S = (0.5, 1.0)
STRIDES_MIN = 8
# The ankle's acceleration norm varies by 13 to 17 m/s2 (standard deviation over 8 s) in running, by 8 to 10 in walking.
RUNNING_SD_MPS2 = 12.0
TARGET_MEDIAN_PERCENT = 1.0


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


@cache
def measure() -> Measured:
    """The first recording of outdoor/."""
    path = data.recordings_of("outdoor")[0]
    rec = data.recording(path)
    result = trendel.analyze(rec)
    ankle = data.columns(data.with_suffix(path, ".ankle.csv"))
    norm, rate = ankle["ankle_acc_norm_mps2"], rec.rate_hz
    n = int(WINDOW_S * rate)
    strides = result.strides
    centre, time_s = (strides["ic_s"] + strides["end_s"]) / 2, strides["stride_time_ms"] / 1e3
    running = result.signals["segment"] == "running"
    middle, at_ankle, at_hip, ankle_runs, hip_runs = [], [], [], [], []
    for start in range(0, len(norm) - n + 1, int(rate)):
        part = norm[start : start + n]
        t = float(ankle["t_s"][start]) + WINDOW_S / 2
        near = time_s[np.abs(centre - t) < WINDOW_S / 2]
        middle.append(t)
        at_ankle.append(autocorrelation_period_s(part, rate))
        at_hip.append(float(np.median(near)) if len(near) >= STRIDES_MIN else float("nan"))
        ankle_runs.append(bool(part.std() > RUNNING_SD_MPS2))
        hip_runs.append(bool(np.interp(t, rec.t_s, running) > 0.5))
    return Measured(
        result, np.array(middle), np.array(at_ankle), np.array(at_hip), np.array(ankle_runs), np.array(hip_runs)
    )
