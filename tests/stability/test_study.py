"""The study's own parts: the oracle's noise is the generator's, it tells drifts, and runs stay as they were fixed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import cholesky, solve_triangular

from tests.stability.generator import Draft, make
from tests.stability.oracle import THRESHOLDS, block_means, bound_run, covariances
from tests.stability.scenarios import TUNING_SEED, WITH_DRIFT, WITHOUT_DRIFT

BY_NAME = {s.name: s for s in WITHOUT_DRIFT + WITH_DRIFT}


@pytest.mark.parametrize("name", ["steady", "wander_05"])
def test_the_oracle_knows_the_generators_noise(name: str) -> None:
    """Whitened by its covariance, block means are white with variance 1."""
    scenario, whitened = BY_NAME[name], []
    for k in range(10):
        draft = Draft(scenario, k, np.random.default_rng([TUNING_SEED, k, *name.encode()]))
        means, _ = block_means(make(scenario, k, TUNING_SEED))
        both = (means.sum(axis=1) / np.sqrt(2), (means[:, 0] - means[:, 1]) / np.sqrt(2))
        for values, covariance in zip(both, covariances(scenario, draft, len(means)), strict=True):
            whitened.append(solve_triangular(cholesky(covariance, lower=True), values - values[0], lower=True)[20:])
    white = np.concatenate(whitened)
    assert np.mean(white**2) == pytest.approx(1.0, abs=0.1)
    assert abs(np.mean([np.mean(w[1:] * w[:-1]) for w in whitened])) < 0.05


def test_the_oracle_tells_a_large_drift_and_not_even_running() -> None:
    """At a threshold in the middle of its range."""
    fresh = [bound_run((BY_NAME["steady"], k, TUNING_SEED)) for k in range(5)]
    drifts = [bound_run((BY_NAME["drift_3_5_0.15"], k, TUNING_SEED)) for k in range(5)]
    i = next(i for i, threshold in enumerate(THRESHOLDS) if threshold > 8.0)
    assert sum(r.false_n[i] for r in fresh) <= 1
    assert sum(r.told[i] for r in drifts) >= 4


def test_runs_stay_as_they_were_fixed() -> None:
    """A change of the generator that changes the noise or what happens is seen here."""
    sums = [round(float(make(BY_NAME[name], 3, TUNING_SEED).peak_deg.sum()), 3) for name in ("steady", "stops", "hill")]
    assert sums == [64539.77, 80499.899, 46698.165]
