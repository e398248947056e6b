"""Agreement between an estimate and the truth: bias, limits of agreement, RMSE, bootstrap confidence intervals.

Limits of agreement are bias +- 1.96 standard deviations of the differences (Bland & Altman 1986, Lancet 327:307).
Steps of one trial are alike, so the bootstrap draws whole trials where there are several, single steps otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]
DRAWS = 4000
SEED = 20240229


@dataclass(frozen=True)
class Agreement:
    """Differences estimate less truth. Intervals are 95 %; `drawn` says what the bootstrap drew."""

    n: int
    trials: int
    bias: float
    sd: float
    rmse: float
    bias_ci: tuple[float, float]
    rmse_ci: tuple[float, float]
    low_ci: tuple[float, float]  # of the lower limit of agreement
    high_ci: tuple[float, float]  # of the upper one
    drawn: str

    @property
    def limits(self) -> tuple[float, float]:
        """The limits of agreement."""
        return self.bias - 1.96 * self.sd, self.bias + 1.96 * self.sd


def agreement(differences: F64, trial: npt.NDArray[np.int64] | None = None) -> Agreement:
    """Agreement over (n,) differences; trial (n,) says which trial each is of (default: all of one).

    Differences that are not finite are left out; with none left every number is NaN and n is 0.
    """
    trial = np.zeros(len(differences), np.int64) if trial is None else trial
    known = np.isfinite(differences)
    e, trial = differences[known], trial[known]
    trials = len(np.unique(trial))
    if len(e) == 0:
        nan = float("nan")
        none = (nan, nan)
        return Agreement(0, 0, nan, nan, nan, none, none, none, none, "nothing")
    unit = np.unique(trial, return_inverse=True)[1] if trials > 1 else np.arange(len(e))
    # A draw of units is a multinomial weight on the sums of each.
    n, s1, s2 = (np.bincount(unit, weights=w) for w in (np.ones_like(e), e, e * e))
    weights = np.random.default_rng(SEED).multinomial(len(n), np.full(len(n), 1 / len(n)), size=DRAWS)
    total = weights @ n
    bias, rmse = weights @ s1 / total, np.sqrt(weights @ s2 / total)
    sd = np.sqrt(np.maximum(rmse**2 - bias**2, 0.0) * total / np.maximum(total - 1, 1))
    return Agreement(
        n=len(e),
        trials=trials,
        bias=float(e.mean()),
        sd=float(e.std(ddof=1)) if len(e) > 1 else 0.0,
        rmse=float(np.sqrt(np.mean(e * e))),
        bias_ci=_interval(bias),
        rmse_ci=_interval(rmse),
        low_ci=_interval(bias - 1.96 * sd),
        high_ci=_interval(bias + 1.96 * sd),
        drawn="trials" if trials > 1 else "steps",
    )


def interval(values: F64, of: Callable[[F64], float] = np.mean) -> tuple[float, float]:
    """95 % bootstrap interval of a statistic of (n,) independent values."""
    rng = np.random.default_rng(SEED)
    drawn = values[rng.integers(0, len(values), (DRAWS, len(values)))]
    return _interval(np.array([of(row) for row in drawn]))


def _interval(drawn: F64) -> tuple[float, float]:
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), float(high)


def pair(truth_s: F64, estimate_s: F64, limit_s: float) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Indices into both of the events that are nearest to each other, mutually, and nearer than limit_s."""
    if len(truth_s) == 0 or len(estimate_s) == 0:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    distance = np.abs(truth_s[:, None] - estimate_s[None, :])
    nearest = distance.argmin(axis=1)
    back = distance.argmin(axis=0)
    rows = np.arange(len(truth_s))
    good = (back[nearest] == rows) & (distance[rows, nearest] < limit_s)
    return rows[good], nearest[good]
