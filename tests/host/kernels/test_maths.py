"""The kernels' own small mathematics against float64."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from trendel.kernels import mathf


def test_arctangent() -> None:
    rng = np.random.default_rng(0)
    angles = np.concatenate([np.linspace(-np.pi, np.pi, 4001)[1:-1], np.pi / 8 * np.arange(-7, 8)])
    for angle, size in zip(angles, 10.0 ** rng.uniform(-9, 9, len(angles)), strict=True):
        y, x = np.float32(size * np.sin(angle)), np.float32(size * np.cos(angle))
        assert mathf.atan2f(y, x) == pytest.approx(math.atan2(y, x), abs=5e-7)
    for y, x in ((0, 1), (1, 0), (-1, 0), (0, -1), (3, 3), (-3, -3)):
        assert mathf.atan2f(np.float32(y), np.float32(x)) == pytest.approx(math.atan2(y, x), abs=5e-7)
    assert mathf.atan2f(np.float32(0), np.float32(0)) == 0


@pytest.mark.parametrize(("ours", "theirs"), [(mathf.sinf, math.sin), (mathf.cosf, math.cos)])
def test_sine_and_cosine(ours: Callable[[np.float32], float], theirs: Callable[[float], float]) -> None:
    grid = np.concatenate([np.linspace(-np.pi, np.pi, 20001), np.pi / 4 * np.arange(-4, 5)]).astype(np.float32)
    grid = grid[np.abs(grid.astype(float)) <= np.pi]
    assert max(abs(ours(x) - theirs(float(x))) for x in grid) < 4e-7


def test_roots_limits_and_snapping() -> None:
    for x in np.float32([0.0, -1.0, 1e-12, 2.0, 1e30]):
        assert mathf.root(x) == np.sqrt(max(x, np.float32(0)))
    low, high = np.float32(-2), np.float32(3)
    assert [mathf.clip(np.float32(x), low, high) for x in (-9, -2, 1, 3, 9)] == [-2, -2, 1, 3, 3]
    for x in (1e-30, -1e-30, 1e-40):
        assert mathf.snap(np.float32(x)) == 0
    assert mathf.snap(np.float32(-1e-3)) == np.float32(-1e-3)
