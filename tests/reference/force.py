"""Ground reaction and impact of a step from whole arrays of ticks: numpy, float64, SI units, instants in ticks.

The filter is written out here as what it is: a sum of Gaussians at fixed lags.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]
G = 9.80665
TAPS_MAX = 6  # on either side of a smoother


@dataclass(frozen=True)
class Filter:
    """Weights of Gaussians of width sigma_s, spacing_s apart, the first ahead_n spacings after the moment in question.

    up, forward: where both are known; alone: of the vertical by itself. edge: share of contact over which the force
    rises from zero and falls to it; rate_s: time after contact that the loading rate is taken over.
    """

    up: tuple[float, ...]
    forward: tuple[float, ...]
    alone: tuple[float, ...]
    spacing_s: float
    sigma_s: float
    ahead_n: int
    edge: float
    rate_s: float


def inside(n: int, start: float, stop: float) -> F64:
    """(n,) part of each tick that lies between two instants."""
    centre = np.arange(n)
    return np.clip(np.minimum(centre + 0.5, stop) - np.maximum(centre - 0.5, start), 0.0, 1.0)


def widened(sigma_s: float, dt_s: float, tick_n: int) -> float:
    """Width that a Gaussian must have for sigma_s together with the mean over a tick (variances of both add up)."""
    offsets = np.arange(tick_n) * dt_s
    return float(np.sqrt(sigma_s**2 - offsets.var()))


def fall(up: F64, ic: float, to: float, sigma_ticks: float) -> float:
    """Last fall of the smoothed vertical through one gravity before toe-off (or shortly after it), in ticks."""
    half = min(TAPS_MAX, max(1, int(np.ceil(2.6 * sigma_ticks))))
    weight = np.exp(-0.5 * (np.arange(-half, half + 1) / sigma_ticks) ** 2)
    level = np.convolve(up, weight / weight.sum(), mode="same")
    for k in range(int(ic) + int(np.ceil(to - int(ic) + 2)) - 1, int(ic) - 1, -1):
        if level[k] >= G > level[k + 1]:
            return float(k + (level[k] - G) / (level[k] - level[k + 1]))
    return to


def filtered(f: Filter, gaussians: tuple[float, ...], x: F64, moments: F64, sigma_s: float, tick_s: float) -> F64:
    """x (n,) ticks through the filter, at these ticks; beyond its ends x goes on as it is there."""
    reach = 40
    padded = np.concatenate([np.full(reach, x[0]), x, np.full(reach, x[-1])])
    t = (np.arange(len(padded)) - reach) * tick_s
    half = np.ceil((f.ahead_n * f.spacing_s + 2.5 * sigma_s) / tick_s)
    found = np.zeros(len(moments))
    for i, m in enumerate(moments):
        lag = m * tick_s - t
        near = np.abs(lag) < (half + 0.5) * tick_s
        for k, weight in enumerate(gaussians):
            z = (lag[near] - (k - f.ahead_n) * f.spacing_s) / sigma_s
            bell = np.exp(-0.5 * z**2) / (sigma_s * np.sqrt(2 * np.pi))
            found[i] += weight * tick_s * float(bell @ padded[near])
    return found


def ground_reaction(
    f: Filter,
    up: F64,
    forward: F64 | None,
    window: tuple[float, float, float],
    impulse: float,
    dt_s: float,
    tick_n: int,
) -> dict[str, float]:
    """Peak (body weights) and loading rate (body weights a second) of a contact; window: ic, to, end."""
    ic, to, end = window
    tick_s = dt_s * tick_n
    sigma_s = widened(f.sigma_s, dt_s, tick_n)
    ticks = np.arange(int(ic), int(to) + 2)
    push = np.maximum(up, 0.0)
    if forward is None:
        shape = filtered(f, f.alone, push, ticks, sigma_s, tick_s)
    else:
        mean = np.average(forward, weights=inside(len(forward), ic, end))
        shape = filtered(f, f.up, push, ticks, sigma_s, tick_s)
        shape = shape + filtered(f, f.forward, forward - mean, ticks, sigma_s, tick_s)
    share = (ticks - ic) / (to - ic)
    shape = np.maximum(shape, 0.0) * np.clip(np.minimum(share, 1 - share) / f.edge, 0.0, 1.0)
    total = float(shape @ inside(len(up), ic, to)[ticks]) * tick_s
    best = int(shape.argmax())
    a, b, c = np.polyfit([-1.0, 0.0, 1.0], shape[best - 1 : best + 2], 2)
    return {
        "peak_vgrf_bw": impulse * (c - b**2 / (4 * a)) / total,
        "loading_rate_bwps": impulse * np.interp(ic + f.rate_s / tick_s, ticks, shape) / total / f.rate_s,
    }
