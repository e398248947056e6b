"""Noise and rate against signals of which both are known."""

from __future__ import annotations

import numpy as np
import pytest

from trendel.errors import CalibrationError
from trendel_calibration.noise import allan, noise
from trendel_calibration.rate import rate
from trendel_calibration.result import F64


def naive_allan(x: F64, m: int) -> float:
    """Overlapping Allan deviation by its definition: differences of neighbouring means of m."""
    means = np.array([x[i : i + m].mean() for i in range(len(x) - m + 1)])
    return float(np.sqrt(0.5 * np.mean((means[m:] - means[:-m]) ** 2)))


def test_allan_is_its_definition() -> None:
    x = np.cumsum(np.random.default_rng(0).normal(size=(600, 3)), axis=0)
    curve = allan(x, 10.0)
    for k in range(0, len(curve.tau_s), 5):
        m = round(curve.tau_s[k] * 10)
        assert np.allclose(curve.deviation[k], [naive_allan(x[:, i], m) for i in range(3)])


def test_random_walk_of_white_noise() -> None:
    rng = np.random.default_rng(1)
    n, hz = 208 * 240, 208.0
    found = noise(rng.normal([0, 0, 9.8], 0.02, (n, 3)), rng.normal(0.01, 0.0015, (n, 3)), hz)
    true = 0.0015 / np.sqrt(hz)
    assert np.abs(found.random_walk / true - 1).max() < 0.05
    assert (np.abs(found.random_walk - true) < 3 * found.random_walk_std).all()
    assert np.abs(found.velocity_random_walk / (0.02 / np.sqrt(hz)) - 1).max() < 0.05
    assert np.abs(found.gyr_sigma / 0.0015 - 1).max() < 0.02
    inside = [(c.low <= t) & (t <= c.high) for c, t in ((found.gyr, true / np.sqrt(found.gyr.tau_s)[:, None]),)]
    assert np.mean(inside) > 0.85


def test_bias_instability_of_a_flat_floor() -> None:
    rng = np.random.default_rng(2)
    n, hz = 100 * 2000, 100.0
    # First-order Gauss-Markov noises of several time constants add up to a flat piece.
    floor = np.zeros((n, 3))
    for tau_s in (2.0, 10.0, 50.0):
        a = np.exp(-1 / (tau_s * hz))
        steps = rng.normal(0, 1e-4 * np.sqrt(1 - a * a), (n, 3))
        from scipy.signal import lfilter

        floor += lfilter([1.0], [1.0, -a], steps, axis=0)
    found = noise(rng.normal([0, 0, 9.8], 0.02, (n, 3)), floor + rng.normal(0, 1e-4, (n, 3)), hz)
    assert (found.gyr_instability > 0.5e-4).all() and (found.gyr_instability < 2e-4).all()


def test_movement_is_refused() -> None:
    rng = np.random.default_rng(0)
    acc, gyr = rng.normal([0, 0, 9.8], 0.02, (208 * 40, 3)), rng.normal(0, 0.001, (208 * 40, 3))
    acc[4160:4260] += 1.0 * np.sin(np.arange(100))[:, None]
    with pytest.raises(CalibrationError, match="moved 20 s after"):
        noise(acc, gyr, 208.0)
    with pytest.raises(CalibrationError, match="too few"):
        noise(acc[:2000], gyr[:2000], 208.0)


def test_rate_with_jitter_and_missing_samples() -> None:
    scores = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        i = np.delete(np.arange(6000), np.arange(2500, 2530))
        t = i / 207.3 + rng.normal(0, 3e-5, len(i))
        found = rate(np.sort(t))
        assert found.missing_n == 30 and abs(found.rate_hz - 207.3) < 0.001
        scores.append((found.rate_hz - 207.3) / found.rate_std_hz)
    assert 0.85 <= np.mean(np.abs(scores) < 1.96) <= 1.0
    with pytest.raises(CalibrationError):
        rate(np.zeros(500))
