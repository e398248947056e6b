"""Settled means of several runs into one baseline with its uncertainty, and mountings told apart.

Each run i gives the mean m_i and standard deviation s_i of a metric (in degrees) over n_i settled steps of a side.

1. How well a run's own mean is known. Steps are not independent: gait varies with long-range correlation, and the mean
   of n such values has about the variance s**2 * n**(2 H - 2) (Beran, Statistics for Long-Memory Processes, 1994), not
   s**2 / n. H = 0.8, in the middle of the 0.6 to 1.0 of fresh runners: v_i = s_i**2 * n_i**-0.4.
2. How much runs differ. DerSimonian and Laird, Control Clin Trials 1986;7:177: with w_i = 1 / v_i, the weighted mean M
   and Q = sum w_i (m_i - M)**2: t2 = max(0, (Q - (k - 1)) / (sum w_i - sum w_i**2 / sum w_i)).
   With few runs that estimate is poor and often zero, and the baseline would be far too sure of itself. It is therefore
   averaged with a prior of 1 degree that weighs as much as PRIOR_RUNS runs (pooling as with a scaled inverse chi-square
   prior; Gelman et al., Bayesian Data Analysis, 3rd ed., 2.6). The one degree is an assumption, not a measurement: a
   clip put on anew and another day's gait are taken to change a settled mean by about that.
3. The baseline: weights 1 / (v_i + t2), mean sum(w m) / sum(w), variance of that mean 1 / sum(w).

A new run's settled mean then lies about the baseline's mean with the variance 1 / sum(w) + t2.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

Axes = tuple[float, ...]
"""Nine numbers: the rows forward, left and up of the pelvis in the sensor frame."""

HURST = 0.8
PRIOR_BETWEEN_SD = 1.0
PRIOR_RUNS = 3.0
STEPS_MIN = 30
"""Settled steps of a side that a run must have to count: about 20 s."""
RUNS_MAX = 20
"""The newest runs that a baseline rests on: a runner changes over months."""
SAME_MOUNTING_DEG = 30.0
"""A clip put on again at the same place sits within some ten degrees; beyond this it was turned."""


@dataclass(frozen=True)
class Settled:
    """Mean and standard deviation of a metric over n settled steps of a side ("left", "right") in one run."""

    metric: str
    side: str
    mean: float
    sd: float
    n: int


@dataclass(frozen=True)
class Merged:
    """mean of the runs' means; how well it is known; how much runs differ; sd of steps within a run; steps."""

    mean: float
    mean_sd: float
    between_sd: float
    sd: float
    n: int


def merge(runs: Sequence[Settled]) -> Merged:
    """One baseline from the settled values of one metric and side of at least one run; formula as above."""
    variances = [max(run.sd, 1e-6) ** 2 * run.n ** (2 * HURST - 2) for run in runs]
    between2 = _between(runs, variances)
    weights = [1 / (v + between2) for v in variances]
    total = math.fsum(weights)
    n = sum(run.n for run in runs)
    return Merged(
        mean=math.fsum(w * run.mean for w, run in zip(weights, runs, strict=True)) / total,
        mean_sd=total**-0.5,
        between_sd=math.sqrt(between2),
        sd=math.sqrt(math.fsum(run.n * run.sd**2 for run in runs) / n),
        n=n,
    )


def _between(runs: Sequence[Settled], variances: Sequence[float]) -> float:
    """Variance of settled means from run to run."""
    k = len(runs)
    estimate = 0.0
    if k > 1:
        weights = [1 / v for v in variances]
        total = math.fsum(weights)
        centre = math.fsum(w * run.mean for w, run in zip(weights, runs, strict=True)) / total
        q = math.fsum(w * (run.mean - centre) ** 2 for w, run in zip(weights, runs, strict=True))
        scale = total - math.fsum(w * w for w in weights) / total
        estimate = max(0.0, (q - (k - 1)) / scale)
    return (PRIOR_RUNS * PRIOR_BETWEEN_SD**2 + (k - 1) * estimate) / (PRIOR_RUNS + k - 1)


def angle_between_deg(a: Axes, b: Axes) -> float:
    """Angle of the rotation that takes one mounting into the other, degrees."""
    trace = math.fsum(x * y for x, y in zip(a, b, strict=True))
    return math.degrees(math.acos(min(1.0, max(-1.0, (trace - 1) / 2))))


def same_mounting(place: str, axes: Axes, other_place: str, other_axes: Axes) -> bool:
    """Whether a clip worn so is worn as it was: at the same place, and turned by no more than SAME_MOUNTING_DEG."""
    same_place = place.strip().casefold() == other_place.strip().casefold()
    return same_place and angle_between_deg(axes, other_axes) <= SAME_MOUNTING_DEG
