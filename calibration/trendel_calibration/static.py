"""Where a recording is at rest: phases in which neither sensor shows more than its own noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trendel_calibration.result import F64

WINDOW_S = 0.5
"""Spread is judged over this long: some sways of a hand, and short against a pose."""
_FLOOR_SHARE = 0.1
"""A recording for calibration is at rest for more than this share; the quietest windows give the noise."""


@dataclass(frozen=True)
class Noise:
    """Mean square of what each sensor shows at rest, summed over its axes, and the gyroscope's reading there.

    acc, gyr: raw units squared. gyr_rest: (3,) raw units."""

    acc: float
    gyr: float
    gyr_rest: F64


@dataclass(frozen=True)
class Phase:
    """Samples [start, end) at rest."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start


def moving_mean(values: F64, width: int) -> F64:
    """(n,) or (n, k) centred means over `width` samples, shorter at both ends."""
    sums = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0)])
    i = np.arange(len(values))
    a, b = np.maximum(0, i - width // 2), np.minimum(len(values), i - width // 2 + width)
    counts = (b - a).astype(np.float64)
    return np.asarray((sums[b] - sums[a]) / (counts if values.ndim == 1 else counts[:, None]))


def spread(values: F64, width: int, about: F64 | None = None) -> F64:
    """(n,) mean square of (n, 3) about their own moving mean, or `about` a fixed value, summed over axes."""
    centred = values - np.median(values, axis=0) if about is None else values - about
    square = moving_mean((centred**2).sum(axis=1), width)
    if about is not None:
        return square
    return np.maximum(0.0, square - (moving_mean(centred, width) ** 2).sum(axis=1))


def quantum(values: F64) -> float:
    """The step in which `values` (n, k) come; 0 where none shows."""
    steps = np.abs(np.diff(values[:20_000], axis=0))
    steps = steps[steps > 0]
    return float(steps.min()) if len(steps) else 0.0


def noise_floor(acc: F64, gyr: F64, rate_hz: float) -> Noise:
    """The noise of both sensors by the quietest tenth of the recording (n, 3), (n, 3)."""
    width = max(4, round(WINDOW_S * rate_hz))
    acc_spread, gyr_spread = spread(acc, width), spread(gyr, width)
    middle = slice(width // 2, max(width // 2 + 1, len(acc) - width // 2))
    acc_floor = float(np.quantile(acc_spread[middle], _FLOOR_SHARE))
    gyr_floor = float(np.quantile(gyr_spread[middle], _FLOOR_SHARE))
    # Rounding alone spreads by a twelfth of its step squared: quieter is not quieter but stuck.
    acc_floor = max(acc_floor, 3 * quantum(acc) ** 2 / 12)
    gyr_floor = max(gyr_floor, 3 * quantum(gyr) ** 2 / 12)
    quiet = (acc_spread <= 4 * acc_floor) & (gyr_spread <= 4 * gyr_floor)
    rest = gyr[quiet].mean(axis=0) if quiet.any() else np.median(gyr, axis=0)
    return Noise(acc_floor, gyr_floor, rest)


def unrest(acc: F64, gyr: F64, rate_hz: float, noise: Noise) -> F64:
    """(n,) by how many times both sensors spread more than their noise around each sample, whichever is more. The
    gyroscope's spread is about its reading at rest, so that slow even turns are not rest."""
    width = max(4, round(WINDOW_S * rate_hz))
    by_acc = spread(acc, width) / max(noise.acc, 1e-300)
    if not noise.gyr > 0:
        return by_acc
    return np.maximum(by_acc, spread(gyr, width, noise.gyr_rest) / noise.gyr)


def static_phases(unrest: F64, rate_hz: float, multiple: float, least_s: float) -> list[Phase]:
    """Phases of at least `least_s` with `unrest` (n,) up to `multiple`. A window that touches a movement is not at
    rest, so phases keep half a window away from it."""
    still = unrest <= multiple
    edges = np.flatnonzero(np.diff(np.concatenate([[False], still, [False]]).astype(np.int8)))
    pairs = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    return [Phase(a, b) for a, b in pairs if b - a >= least_s * rate_hz]


def block_means(values: F64, rate_hz: float, block_s: float = 0.25) -> F64:
    """(k, 3) means of consecutive blocks, so that noise with memory shows in their spread."""
    width = max(1, round(block_s * rate_hz))
    n = len(values) // width
    return np.asarray(values[: n * width].reshape(n, width, -1).mean(axis=1))
