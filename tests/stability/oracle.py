"""How early a drift can be told at all: a detector that knows of each run what no detector can know beforehand.

It is given the run's noise (deviation, DFA exponent, wander and its time constant, hence the covariance of the block
means), the shape of a drift (linear over 2, 5, 10 or 20 minutes, then level) and runs in which nothing else happens:
the same runners and noise, with neither stops nor warm-ups. Unknown are the level, the side, the onset and the size.

Its evidence is the likelihood of "a drift of some kind is on" over that of "none is", averaged over onsets, lengths
and sizes (Shiryaev, Theory Probab Appl 1963; Pollak, Ann Stat 1985: near optimal where the shapes are known), from
data whitened by the Cholesky factor of their covariance. Its threshold is set on the very runs that it is judged by,
to the false alarms allowed. So it says what may be hoped for; it is no rival.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular, toeplitz

from tests.stability.generator import Draft, Steps, make
from tests.stability.report import table
from tests.stability.rivals import alarms
from tests.stability.scenarios import (
    ALPHAS,
    DRIFT_LENGTHS_MIN,
    DRIFT_WANDERS_DEG,
    DT_S,
    LIMITS,
    WITH_DRIFT,
    WITHOUT_DRIFT,
    Scenario,
)
from tests.stability.score import Truth, judge, truth_of

F64 = NDArray[np.float64]
BLOCK_N = 12
LEVEL_SD_DEG = 5.0
SIZES_DEG = (1.5, 2.0, 3.0)
CHANGE_MIN_DEG = 1.0
"""Drifts that are averaged over, and how far one of them must have come to count as being on."""
ONSET_EVERY, ONSET_FIRST = 6, 12
"""Onsets looked at: every so many blocks, from that block on."""
THRESHOLDS = tuple(np.geomspace(1.0, 30.0, 80).tolist())


@dataclass(frozen=True)
class Bound:
    """One run: its truth, and at each of THRESHOLDS the false alarms, and whether the drift is told in time."""

    truth: Truth
    scenario: Scenario
    false_n: tuple[int, ...]
    told: tuple[bool, ...]

    @property
    def size_deg(self) -> float:
        """Of the drift; 0 without."""
        return self.scenario.drift.size_deg if self.scenario.drift else 0.0


@cache
def correlated_blocks(alpha: float, half: int, blocks: int) -> F64:
    """(blocks,) autocovariance of means over BLOCK_N values of trendel.simulation.variability.correlated(half)."""
    whole = 1 << max(6, (2 * half - 1).bit_length())
    power = np.zeros(whole // 2 + 1)
    power[1:] = np.arange(1, whole // 2 + 1, dtype=np.float64) ** (1 - 2 * alpha)
    steps = np.fft.irfft(power, whole)
    steps /= steps[0]
    weight = np.convolve(np.ones(BLOCK_N), np.ones(BLOCK_N)) / BLOCK_N**2
    lags = np.arange(blocks)[:, None] * BLOCK_N + np.arange(-BLOCK_N + 1, BLOCK_N)
    return np.asarray(steps[np.abs(lags)] @ weight)


def covariances(scenario: Scenario, draft: Draft, blocks: int) -> tuple[F64, F64]:
    """(blocks, blocks) of the sides' sum and difference over sqrt(2), the unknown level included."""
    noise = scenario.noise
    long = correlated_blocks(draft.alpha, (draft.n + 1) // 2, blocks) * noise.correlated_share
    white = np.zeros(blocks)
    white[0] = (1 - noise.correlated_share) * (1 + 8 * noise.outliers) / BLOCK_N
    keep = np.exp(-BLOCK_N / (noise.wander_min * draft.cadence_spm / 2))
    wander = noise.wander_deg**2 * keep ** np.arange(blocks)

    def of(share: float) -> F64:
        return np.asarray(toeplitz(draft.sd**2 * (share * long + white) + wander) + LEVEL_SD_DEG**2)

    return of(1 + noise.common), of(1 - noise.common)


def block_means(steps: Steps) -> tuple[F64, F64]:
    """(n, 2) of left and right, steps limited to 6 degrees from their side's median of the first minutes; (n,) ends."""
    good = (steps.known > 0) & (steps.quality >= 0.6)
    sides = []
    for side in (1, -1):
        mine = np.flatnonzero(good & (steps.side == side))
        peak = steps.peak_deg[mine]
        mine = mine[: len(mine) // BLOCK_N * BLOCK_N]
        centre = np.median(peak[:200])
        means = np.clip(steps.peak_deg[mine], centre - 6, centre + 6).reshape(-1, BLOCK_N).mean(axis=1)
        sides.append((means, steps.end_s[mine].reshape(-1, BLOCK_N)[:, -1]))
    n = min(len(means) for means, _ in sides)
    both = np.stack([means[:n] for means, _ in sides], axis=1)
    return both, np.maximum(sides[0][1][:n], sides[1][1][:n])


def evidence(scenario: Scenario, draft: Draft, means: F64) -> F64:
    """(n, 2) log(1 + summed likelihood ratio) of drifts of left, of right, that have reached CHANGE_MIN_DEG."""
    n = len(means)
    minute = np.arange(n) * BLOCK_N * 2 / draft.cadence_spm
    onset = minute[ONSET_FIRST::ONSET_EVERY]
    length = np.array(DRIFT_LENGTHS_MIN)
    ramps = np.clip((minute[:, None, None] - onset[:, None]) / length, 0, 1).reshape(n, -1)
    sums = (means.sum(axis=1) / np.sqrt(2), (means[:, 0] - means[:, 1]) / np.sqrt(2))
    along, energy = np.zeros((2, n, ramps.shape[1])), np.zeros((n, ramps.shape[1]))
    for j, (values, covariance) in enumerate(zip(sums, covariances(scenario, draft, n), strict=True)):
        factor = cholesky(covariance, lower=True)
        white = solve_triangular(factor, values - values[0], lower=True)
        shape = solve_triangular(factor, ramps / np.sqrt(2), lower=True)
        energy += np.cumsum(shape**2, axis=0)
        one = np.cumsum(shape * white[:, None], axis=0)
        along += np.stack((one, one if j == 0 else -one))
    total = np.zeros((2, n))
    for size in SIZES_DEG:
        ratio = size * along - size**2 * energy / 2
        ratio[:, size * ramps < CHANGE_MIN_DEG] = -np.inf
        total += np.exp(np.minimum(ratio, 300.0)).sum(axis=2)
    return np.asarray(np.log1p(total).T)


def bound_run(job: tuple[Scenario, int, int]) -> Bound:
    """One run at every threshold."""
    scenario, k, seed = job
    scenario = replace(scenario, events=())
    steps = make(scenario, k, seed)
    draft = Draft(scenario, k, np.random.default_rng([seed, k, *scenario.name.encode()]))
    means, at = block_means(steps)
    scores = evidence(scenario, draft, means)
    truth = truth_of(scenario.name, k, steps)
    within = dict(LIMITS.delay_s).get(scenario.drift.size_deg, 0.0) if scenario.drift else 0.0
    # One side's drift moves the other side's evidence too: the side with more of it is told.
    by_side = [(at, np.where(scores[:, j] >= scores[:, 1 - j], scores[:, j], 0.0), (1, -1)[j]) for j in range(2)]
    outcomes = [judge(truth, alarms(by_side, threshold, DT_S)) for threshold in THRESHOLDS]
    return Bound(truth, scenario, tuple(o.false_n for o in outcomes), tuple(o.delay_s <= within for o in outcomes))


def bounds(seed: int, workers: int | None = None) -> list[Bound]:
    """Runs without drift that count, and those with a drift of one side by a size that must be told."""
    sizes = {size for size, _ in LIMITS.delay_s}
    wanted = [s for s in WITHOUT_DRIFT if s.counted]
    wanted += [s for s in WITH_DRIFT if s.drift and s.drift.side is None and s.drift.size_deg in sizes]
    jobs = [(s, k, seed) for s in wanted for k in range(s.runs)]
    with ProcessPoolExecutor(workers or os.cpu_count()) as pool:
        return list(pool.map(bound_run, jobs, chunksize=20))


def _chosen(runs: Sequence[Bound], groups: Sequence[object], size_deg: float) -> NDArray[np.intp]:
    """(n,) index of the threshold of each run: one for each group, with the most drifts told at the alarms allowed.

    All combinations are tried; groups are few.
    """
    false, told = np.array([r.false_n for r in runs]), np.array([r.told for r in runs], int)
    fresh, sized = np.array([r.size_deg == 0 for r in runs]), np.array([r.size_deg == size_deg for r in runs])
    allowed = LIMITS.false_alarms_per_h * sum(r.truth.hours for r in runs if r.size_deg == 0)
    members = [np.array([g == group for g in groups]) for group in dict.fromkeys(groups)]
    alarms_n = sum(np.ix_(*[false[m & fresh].sum(axis=0) for m in members]), start=np.zeros((), int))
    told_n = sum(np.ix_(*[told[m & sized].sum(axis=0) for m in members]), start=np.zeros((), int))
    best = np.unravel_index(np.argmax(np.where(alarms_n <= allowed, told_n, -1)), told_n.shape)
    index = np.zeros(len(runs), np.intp)
    for mine, i in zip(members, best, strict=True):
        index[mine] = i
    return index


def bound_table(runs: Sequence[Bound]) -> str:
    """Share told in time, for one threshold and for one for each wander; by wander and DFA exponent."""
    head = ["thresholds", "drift, degrees", "false alarms per hour", "in time %",
            *(f"wander {w:g}" for w in DRIFT_WANDERS_DEG), *(f"alpha {a:g}" for a in ALPHAS)]  # fmt: skip
    hours = sum(r.truth.hours for r in runs if r.size_deg == 0)
    rows = []
    for said, groups in (
        ("one", [0] * len(runs)),
        ("one for each wander", [r.scenario.noise.wander_deg for r in runs]),
    ):
        for size, _ in LIMITS.delay_s:
            index = _chosen(runs, groups, size)
            rate = sum(r.false_n[i] for r, i in zip(runs, index, strict=True) if r.size_deg == 0) / hours
            drifts = [(r, r.told[i]) for r, i in zip(runs, index, strict=True) if r.size_deg == size]
            shares = [float(np.mean([told for _, told in drifts]))]
            shares += [np.mean([t for r, t in drifts if r.scenario.noise.wander_deg == w]) for w in DRIFT_WANDERS_DEG]
            shares += [np.mean([t for r, t in drifts if r.truth.alpha == a]) for a in ALPHAS]
            rows.append([said, f"{size:g}", f"{rate:.3f}", *(f"{100 * p:.0f}" for p in shares)])
    return table(head, rows)
