"""Means and deviations by side, for tables on the screen and the folder summary."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class MeanSd:
    """Mean and sample standard deviation of n known values; NaN where there are too few."""

    n: int
    mean: float
    sd: float


@dataclass(frozen=True)
class SideStatistics:
    """One metric over the steps of each side."""

    left: MeanSd
    right: MeanSd


def mean_sd(values: np.ndarray) -> MeanSd:
    """Over the finite values of a (n,) array."""
    known = values[np.isfinite(values)].astype(np.float64)
    n = len(known)
    return MeanSd(n, float(known.mean()) if n else float("nan"), float(known.std(ddof=1)) if n > 1 else float("nan"))


def side_statistics(steps: np.ndarray) -> dict[str, SideStatistics]:
    """For each float column of a steps table (structured, with `side` "L" or "R")."""
    left, right = steps["side"] == "L", steps["side"] == "R"
    return {
        name: SideStatistics(mean_sd(steps[name][left]), mean_sd(steps[name][right]))
        for name in steps.dtype.names or ()
        if steps.dtype[name].kind == "f"
    }
