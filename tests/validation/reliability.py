"""Intraclass correlation of two methods, and test-retest error: what is left when nothing has changed.

ICC(2,1) absolute agreement and ICC(3,1) consistency are those of Shrout & Fleiss (1979, Psychol Bull 86:420), single
measurement, from the mean squares of a two-way table. SEM and minimal detectable change are those of Weir (2005,
J Strength Cond Res 19:231): SEM is the root of the within-subject mean square, MDC95 = 1.96 sqrt(2) SEM.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2, t

from tests.validation.data import F64

DRAWS = 2000
SEED = 20240301


@dataclass(frozen=True)
class Icc:
    """An intraclass correlation with its 95 % bootstrap interval over n subjects (here trials)."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Retest:
    """Within-runner error of one measurement, in the metric's unit; the 95 % interval is that of a variance."""

    runners: int
    measurements: int
    sem: float
    sem_low: float
    sem_high: float

    @property
    def mdc95(self) -> float:
        """The smallest difference between two measurements that is one, with 95 % confidence."""
        return 1.96 * 2**0.5 * self.sem


def _mean_squares(table: F64) -> tuple[F64, F64, F64]:
    """Mean squares between rows, between columns and of the rest, of (..., n, k) tables."""
    n, k = table.shape[-2:]
    grand = table.mean(axis=(-2, -1))
    rows, columns = table.mean(axis=-1), table.mean(axis=-2)
    between_rows = k * ((rows - grand[..., None]) ** 2).sum(axis=-1) / (n - 1)
    between_columns = n * ((columns - grand[..., None]) ** 2).sum(axis=-1) / (k - 1)
    rest = table - rows[..., :, None] - columns[..., None, :] + grand[..., None, None]
    return between_rows, between_columns, (rest**2).sum(axis=(-2, -1)) / ((n - 1) * (k - 1))


def icc_agreement(table: F64) -> F64:
    """ICC(2,1) of (..., n subjects, k methods): a constant difference between methods counts against it."""
    n, k = table.shape[-2:]
    rows, columns, rest = _mean_squares(table)
    return np.asarray((rows - rest) / (rows + (k - 1) * rest + k * (columns - rest) / n))


def icc_consistency(table: F64) -> F64:
    """ICC(3,1) of (..., n subjects, k methods): a constant difference does not."""
    k = table.shape[-1]
    rows, _, rest = _mean_squares(table)
    return np.asarray((rows - rest) / (rows + (k - 1) * rest))


def icc(table: F64) -> Icc | None:
    """ICC(2,1) of (n, k) finite values with its interval; None with fewer than five subjects."""
    table = table[np.isfinite(table).all(axis=1)]
    n = len(table)
    if n < 5:
        return None
    drawn = table[np.random.default_rng(SEED).integers(0, n, (DRAWS, n))]
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = np.nanpercentile(icc_agreement(drawn), [2.5, 97.5])
    return Icc(float(icc_agreement(table)), float(low), float(high), n)


def retest(values: F64) -> Retest:
    """Within-runner error of (runners, repeats) measurements of the same thing."""
    runners, repeats = values.shape
    freedom = runners * (repeats - 1)
    squares = float(((values - values.mean(axis=1, keepdims=True)) ** 2).sum())
    low, high = squares / chi2.ppf([0.975, 0.025], freedom)
    return Retest(runners, values.size, float(np.sqrt(squares / freedom)), float(np.sqrt(low)), float(np.sqrt(high)))


def slope(x: F64, y: F64) -> tuple[float, float]:
    """Least squares slope of y on x, (n,) each, and half of its 95 % interval (Student's t)."""
    x = x - x.mean()
    gradient = float((x * y).sum() / (x * x).sum())
    rest = y - y.mean() - gradient * x
    error = float(np.sqrt((rest**2).sum() / (len(x) - 2) / (x * x).sum()))
    return gradient, float(t.ppf(0.975, len(x) - 2)) * error


def mean_interval(values: F64) -> tuple[float, float]:
    """Mean of (n,) independent values and half of its 95 % interval (Student's t); NaN for a single one."""
    n = len(values)
    if n < 2:
        return (float(values.mean()) if n else float("nan")), float("nan")
    return float(values.mean()), float(t.ppf(0.975, n - 1) * values.std(ddof=1) / np.sqrt(n))
