"""The gyroscope's reading at rest: its bias, how sure it is, and how it wanders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from trendel_calibration.result import F64
from trendel_calibration.static import Phase, block_means, quantum


@dataclass(frozen=True, eq=False)
class RestBias:
    """mean: (3,) raw units over all phases. covariance: (3, 3) of it. by_phase: (n, 3) best estimate in each phase.
    wander: (3,) standard deviation between phases beyond noise, raw units. middles: (n,) sample index of each phase."""

    mean: F64
    covariance: F64
    by_phase: F64
    wander: F64
    middles: F64

    def during(self, i: int, start: int, end: int) -> F64:
        """(end - start, 3) bias in the movement after phase `i`: the straight line between the phases around it."""
        share = (np.arange(start, end) - self.middles[i]) / (self.middles[i + 1] - self.middles[i])
        share = np.clip(share, 0.0, 1.0)[:, None]
        return np.asarray((1 - share) * self.by_phase[i] + share * self.by_phase[i + 1])

    def notes(self, gyr_matrix: F64) -> list[str]:
        """A sentence where the bias wandered much (0.05 degrees a second)."""
        size = np.degrees(np.abs(gyr_matrix) @ self.wander).max()
        return [f"The gyroscope's bias wandered by {size:.2f} deg/s between poses."] if size > 0.05 else []


def rest_bias(gyr: F64, phases: list[Phase], rate_hz: float) -> RestBias:
    """From raw rates (n, 3) and the phases at rest.

    How noisy the mean of a phase is comes from the blocks within phases. What phases differ by beyond that is wander
    (method of moments); each phase's own mean then counts in so far as wander is larger than noise (empirical
    Bayes)."""
    means, ends, squares, freedom = [], [], np.zeros(3), 0
    for phase in phases:
        part = gyr[phase.start : phase.end]
        blocks = block_means(part, rate_hz)
        means.append(part.mean(axis=0))
        ends.append(len(blocks))
        squares += ((blocks - blocks.mean(axis=0)) ** 2).sum(axis=0)
        freedom += len(blocks) - 1
    by_phase, blocks_n = np.array(means), np.array(ends, np.float64)[:, None]
    rounding = quantum(gyr) ** 2 / 12 / np.array([len(p) for p in phases])[:, None]
    noise = np.maximum(squares / max(1, freedom) / blocks_n, rounding + 1e-30)  # (n, 3) variance of each phase's mean
    wander, mean = np.zeros(3), by_phase[0]
    if len(phases) > 1:
        # Cochran's Q about the weighted mean, axis by axis (DerSimonian and Laird 1986).
        w = 1.0 / noise
        centre = (w * by_phase).sum(axis=0) / w.sum(axis=0)
        q = (w * (by_phase - centre) ** 2).sum(axis=0)
        spare = w.sum(axis=0) - (w**2).sum(axis=0) / w.sum(axis=0)
        beyond = q > chi2.ppf(0.95, len(phases) - 1)  # what chance can do is no wander
        wander = np.where(beyond, np.maximum(0.0, (q - (len(phases) - 1)) / spare), 0.0)
        w = 1.0 / (noise + wander)
        mean = (w * by_phase).sum(axis=0) / w.sum(axis=0)
        variance = 1.0 / w.sum(axis=0)
        share = wander / (noise + wander)
        by_phase = mean + share * (by_phase - mean)
    else:
        variance = noise[0]
    middles = np.array([(p.start + p.end) / 2 for p in phases])
    return RestBias(mean, np.diag(variance), by_phase, np.sqrt(wander), middles)
