"""Errors over the physiological grid of simulated runs: step rate, contact time, foot strike, mounting, sample rate."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from tests.validation import workers
from tests.validation.reliability import mean_interval, slope
from tests.validation.synthetic import METRICS, TOLERANCE, Scored, consumer, runner, scored

FOOT_STRIKES = ("rear", "mid", "fore")
STEP_RATES_SPM = (140, 160, 180, 200, 220)
CONTACTS_MS = (150, 180, 210, 240, 270, 300, 330)
FLIGHT_MS = (20.0, 185.0)  # shorter is hardly running; longer would lift the body by more than anyone does on the level
RATES_HZ = (52, 104, 208, 416, 833)
PER_STRIKE = 2
RUNS_PER_RATE = 12
SECONDS = 60.0


@dataclass(frozen=True)
class Cell:
    """Runs of one condition. Intervals are Student's t over the runs, each of which is one mean."""

    name: tuple[object, ...]
    runs: tuple[Scored, ...]

    def bias(self, metric: str) -> tuple[float, float]:
        """Mean over runs of their bias, and half of its 95 % interval."""
        values = np.array([r.bias(metric) for r in self.runs])
        return mean_interval(values[np.isfinite(values)])

    def rmse(self, metric: str) -> float:
        """Root of the mean squared difference over all runs, each with the same weight."""
        return float(np.sqrt(np.nanmean([r.square(metric) for r in self.runs])))

    def biased(self, metric: str) -> bool:
        """The bias is beyond its interval: the interval does not hold zero."""
        mean, half = self.bias(metric)
        return bool(abs(mean) > half)

    def beyond(self, metric: str) -> bool:
        """The bias is beyond what is tolerated in any condition."""
        return bool(abs(self.bias(metric)[0]) > TOLERANCE[metric])

    def total(self, field: str) -> int:
        """Sum over the runs of true_n, found_n, invented_n, sided_n or right_n."""
        return int(sum(getattr(r, field) for r in self.runs))


def plausible(step_rate_spm: float, contact_ms: float) -> bool:
    """Whether anyone runs so."""
    return FLIGHT_MS[0] <= 60e3 / step_rate_spm - contact_ms <= FLIGHT_MS[1]


def pairs() -> list[tuple[int, int]]:
    """Step rates with contact times that go together."""
    return [(s, c) for s in STEP_RATES_SPM for c in CONTACTS_MS if plausible(s, c)]


def condition(step_rate_spm: int, contact_ms: int, per_strike: int = PER_STRIKE, seconds: float = SECONDS) -> Cell:
    """Runs of that step rate and contact time: each foot strike, each in a mounting and by a sensor of its own."""
    runs = []
    for n, strike in enumerate(FOOT_STRIKES):
        for k in range(per_strike):
            rng = np.random.default_rng([step_rate_spm, contact_ms, n, k])
            gait = runner(rng, step_rate_spm, contact_ms, strike)
            runs.append(scored(gait, consumer(rng), seconds, int(rng.integers(1 << 31))))
    return Cell((step_rate_spm, contact_ms), tuple(runs))


@cache
def cells() -> tuple[Cell, ...]:
    """The grid at 208 Hz."""
    return tuple(workers.spread(condition, pairs()))


@cache
def by_strike() -> tuple[Cell, ...]:
    """The same runs by foot strike."""
    return tuple(
        Cell((name,), tuple(r for c in cells() for r in c.runs[n * PER_STRIKE : (n + 1) * PER_STRIKE]))
        for n, name in enumerate(FOOT_STRIKES)
    )


def at_rate(rate_hz: int) -> Cell:
    """The same runners, one after another out of the whole grid, at that sample rate."""
    runs = []
    for n, k in enumerate(np.linspace(0, len(pairs()) - 1, RUNS_PER_RATE).round().astype(int)):
        step_rate, contact = pairs()[k]
        rng = np.random.default_rng([7, step_rate, contact])
        gait = runner(rng, step_rate, contact, FOOT_STRIKES[n % 3])
        runs.append(scored(gait, consumer(rng, rate_hz), SECONDS, n))
    return Cell((rate_hz,), tuple(runs))


@cache
def by_rate() -> tuple[Cell, ...]:
    """The runs at each sample rate."""
    return tuple(workers.spread(at_rate, [(rate,) for rate in RATES_HZ]))


def flagged() -> tuple[int, int, int]:
    """Biases of the grid (cell times metric) beyond their interval, beyond their tolerance, and all of them."""
    every = [(c, m) for c in cells() for m in METRICS]
    return sum(c.biased(m) for c, m in every), sum(c.beyond(m) for c, m in every), len(every)


def gain(metric: str) -> tuple[float, float]:
    """How much of a true difference between runs of the grid is seen: slope of the estimate's mean on the true one's,
    and half of its 95 % interval."""
    runs = [r for c in cells() for r in c.runs if r.found_n]
    means = np.array([[np.nanmean(r.truth[metric]), np.nanmean(r.estimate[metric])] for r in runs])
    means = means[np.isfinite(means).all(axis=1)]
    return slope(means[:, 0], means[:, 1])
