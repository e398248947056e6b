"""How much a metric differs between two parts of a run, with an interval that knows that steps are not independent."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trendel.journal.baseline import HURST

F64 = npt.NDArray[np.float64]

STEPS_MIN = 20
_NORMAL_95 = 1.96


@dataclass(frozen=True)
class Change:
    """Mean before and after, and the 95 % interval of the difference."""

    before: float
    after: float
    low: float
    high: float

    @property
    def size(self) -> float:
        """After less before."""
        return self.after - self.before

    @property
    def told(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low > 0 or self.high < 0


def mean_error(values: F64) -> float:
    """Standard error of the mean of (n,) steps.

    Gait varies with long-range correlation, so it is sd * n**(H - 1) with H = 0.8 (Beran 1994; journal/baseline.py),
    several times what independent steps would give.
    """
    return float(values.std(ddof=1)) * len(values) ** (HURST - 1) if len(values) > 1 else math.inf


def change(before: F64, after: F64) -> Change | None:
    """Of two sets of steps, unknown values left out; None where either has fewer than STEPS_MIN."""
    before, after = before[np.isfinite(before)], after[np.isfinite(after)]
    if min(len(before), len(after)) < STEPS_MIN:
        return None
    a, b = float(before.mean()), float(after.mean())
    half = _NORMAL_95 * math.hypot(mean_error(before), mean_error(after))
    return Change(a, b, b - a - half, b - a + half)


def quarters(n: int) -> tuple[slice, slice]:
    """The first and the last quarter of n rows."""
    return slice(0, n // 4), slice(n - n // 4, n)
