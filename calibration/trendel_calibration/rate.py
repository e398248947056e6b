"""The IMU's true output rate, from the clip's time stamps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import t as student

from trendel.errors import CalibrationError
from trendel_calibration.result import F64, NORMAL_95


@dataclass(frozen=True)
class Rate:
    """rate_hz with its standard uncertainty; jitter_us: spread of single stamps about the line; drift_ppm: change over
    the recording; missing_n: samples that the stamps say are missing; duration_s."""

    rate_hz: float
    rate_std_hz: float
    jitter_us: float
    drift_ppm: float
    missing_n: int
    duration_s: float

    def as_dict(self) -> dict[str, Any]:
        """Values by name."""
        return dict(vars(self))


def rate(t_s: F64) -> Rate:
    """From stamps (n,) s of the clip's clock (a crystal). The line through stamps over sample numbers; gaps are
    counted as whole samples. Its uncertainty is that of the line with residuals that have memory (blocks). Raises
    CalibrationError."""
    t = np.asarray(t_s, np.float64)
    if len(t) < 100 or not np.isfinite(t).all() or (np.diff(t) < 0).any():
        raise CalibrationError("the rate needs at least 100 samples with time stamps that run forward.")
    steps = np.diff(t)
    usual = float(np.median(steps[steps > 0])) if (steps > 0).any() else 0.0
    if not usual > 0:
        raise CalibrationError("the time stamps stand still: the rate cannot be found from them.")
    # Stamps that come in bursts have a useless median: the mean is near enough to count gaps.
    mean = float(steps.mean())
    usual = usual if abs(usual / mean - 1) < 0.2 else mean
    jumps = np.where(steps > 1.5 * usual, np.maximum(1, np.rint(steps / usual)), 1.0)
    i = np.concatenate([[0.0], np.cumsum(jumps)])
    slope, start = np.polyfit(i, t - t[0], 1)
    off = t - t[0] - start - slope * i
    parts = np.array_split(np.arange(len(t)), min(10, len(t) // 10))
    slopes = np.array([np.polyfit(i[p], (t - t[0])[p], 1)[0] for p in parts])
    # A tenth is tenfold shorter; the slope of a line has variance over length cubed, ten of them make 10^2.
    wide = float(student.ppf(0.975, max(1, len(parts) - 1))) / NORMAL_95
    slope_std = float(slopes.std(ddof=1) / len(parts) ** 1.5) * wide if len(parts) > 2 else float(off.std() / i[-1])
    drift = np.polyfit(np.arange(len(slopes)), slopes, 1)[0] * (len(slopes) - 1) / slope if len(parts) > 2 else 0.0
    return Rate(float(1 / slope), float(slope_std / slope**2), float(off.std() * 1e6), float(-drift * 1e6),
                int((jumps - 1).sum()), float(t[-1] - t[0]))  # fmt: skip
