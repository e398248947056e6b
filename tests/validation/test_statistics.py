"""The statistics of docs/accuracy.md against values that are known; no recordings needed."""

import numpy as np
import pytest

from tests.validation.agreement import agreement, pair
from tests.validation.reliability import icc, icc_agreement, icc_consistency, mean_interval, retest, slope

# Six subjects rated by four judges: table 2 of Shrout & Fleiss 1979, who print ICC(2,1) = .29 and ICC(3,1) = .71.
SHROUT_FLEISS = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], np.float64
)


def test_icc_of_the_published_example() -> None:
    assert round(float(icc_agreement(SHROUT_FLEISS)), 2) == 0.29
    assert round(float(icc_consistency(SHROUT_FLEISS)), 2) == 0.71


def test_icc_knows_a_constant_difference() -> None:
    x = np.arange(10.0)
    shifted = np.stack([x, x + 5], axis=1)
    assert icc_consistency(shifted) == pytest.approx(1.0)
    assert icc_agreement(shifted) < 0.5
    assert icc(shifted[:4]) is None
    found = icc(np.stack([x, x], axis=1))
    assert found is not None
    assert (found.value, found.n) == (pytest.approx(1.0), 10)


def test_limits_of_agreement_and_their_interval() -> None:
    """For n independent normal differences the standard error of a limit is about sqrt(3 / n) SD (Bland & Altman)."""
    e = np.random.default_rng(6).normal(2.0, 3.0, 400)
    found = agreement(e)
    assert found.limits == pytest.approx((2 - 5.88, 2 + 5.88), abs=0.5)
    for low, high in (found.low_ci, found.high_ci):
        assert (high - low) / 2 == pytest.approx(1.96 * 3 * np.sqrt(3 / 400), rel=0.2)


def test_the_bootstrap_draws_whole_trials() -> None:
    """Ten equal differences of each of twelve trials are worth twelve, not a hundred and twenty."""
    means = np.random.default_rng(2).normal(0.0, 1.0, 12)
    clustered = agreement(np.repeat(means, 10), np.repeat(np.arange(12), 10))
    apart = agreement(means)
    assert clustered.trials == 12
    for a, b in zip(clustered.bias_ci, apart.bias_ci, strict=True):
        assert a == pytest.approx(b, abs=0.05)


def test_coverage_of_the_bootstrap_interval_of_the_bias() -> None:
    """With sixteen trials, as on the treadmill: not far below 95 %."""
    rng = np.random.default_rng(3)
    trial = np.repeat(np.arange(16), 12)
    inside = 0
    for _ in range(200):
        e = np.repeat(rng.normal(0, 1, 16), 12) + rng.normal(0, 1, len(trial))
        low, high = agreement(e, trial).bias_ci
        inside += low <= 0 <= high
    assert 0.87 <= inside / 200 <= 0.99


def test_nothing_gives_nothing() -> None:
    found = agreement(np.array([np.nan]))
    assert found.n == 0
    assert np.isnan(found.bias)


def test_retest_recovers_the_error_it_is_given() -> None:
    rng = np.random.default_rng(4)
    values = rng.normal(100, 20, (200, 1)) + rng.normal(0, 3.0, (200, 4))
    found = retest(values)
    assert found.sem == pytest.approx(3.0, rel=0.1)
    assert found.sem_low < 3.0 < found.sem_high
    assert found.mdc95 == pytest.approx(2.772 * found.sem, rel=1e-3)


def test_slope_with_its_interval() -> None:
    x = np.arange(5.0)
    gradient, half = slope(x, 2 * x + 1)
    assert (gradient, half) == (pytest.approx(2.0), pytest.approx(0.0, abs=1e-9))
    # y = 1, 3, 2, 5, 4: slope 0.8, residual sum 3.6, standard error sqrt(1.2 / 10), t(0.975, 3) = 3.182.
    gradient, half = slope(x, np.array([1.0, 3.0, 2.0, 5.0, 4.0]))
    assert (gradient, half) == (pytest.approx(0.8), pytest.approx(3.182 * np.sqrt(0.12), rel=1e-3))


def test_interval_of_a_mean() -> None:
    mean, half = mean_interval(np.array([1.0, 2.0, 3.0]))
    assert (mean, half) == (pytest.approx(2.0), pytest.approx(4.303 / np.sqrt(3), rel=1e-3))


def test_events_pair_one_to_one() -> None:
    i, k = pair(np.array([0.0, 1.0, 2.0]), np.array([0.05, 0.06, 1.95]), 0.1)
    assert (i.tolist(), k.tolist()) == ([0, 2], [0, 2])
