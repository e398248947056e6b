"""From the clip's acceleration to vertical ground reaction: the constants of the filter, and its waveform.

The sacrum is not the centre of mass: trunk and legs move against it, and belt and soft tissue against the bone. The
filter is the linear one that comes nearest, in least squares, to the measured force of 16 treadmill trials of a runner
(2.5 to 4.2 m/s, slopes -10 to +10 degrees), as a sum of Gaussians every 20 ms; force is clipped at zero and scaled to
the impulse that momentum balance asks for. `python -m tests.validation.fit_force` finds the constants anew and says how
well they do on trials, slopes and speeds that they were not fitted to.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from trendel.kernels.layout import FORCE_HALF_MAX, FORCE_TAPS

if TYPE_CHECKING:
    from trendel.analysis.tables import Table

F64 = npt.NDArray[np.float64]

SPACING_S = 0.02
SIGMA_S = 0.012
AHEAD_N = 6  # the first Gaussian is this many spacings after the moment in question
UP = (-0.178, 0.045, -0.038, 0.128, 0.316, -0.161, 0.460, 0.117, 0.168, 0.078, 0.016, -0.030)
FORWARD = (0.117, -0.356, -0.004, 0.000, 0.078, 0.191, -0.455, 0.066, 0.072, -0.074, 0.016, -0.073)
ALONE = (-0.161, 0.153, -0.199, 0.125, 0.282, -0.079, 0.536, 0.112, 0.110, 0.013, 0.038, -0.009)  # of up, by itself
EDGE = 0.12  # share of contact over which force rises from zero, and falls to it
RATE_S = 0.025  # loading rate is the force after this time over it
_REACH = 2.5  # standard deviations of a Gaussian that are used


def blurred(sigma_s: float, dt_s: float, tick_n: int) -> float:
    """What a Gaussian of sigma_s still needs (s) after a mean over tick_n samples."""
    return math.sqrt(max(sigma_s**2 - dt_s**2 * (tick_n**2 - 1) / 12, (0.2 * dt_s * tick_n) ** 2))


def taps(weights: tuple[float, ...], sigma_s: float, step_s: float, half_max: int) -> tuple[int, F64]:
    """The filter on a grid: taps after the moment in question, and (2 * half + 1,) taps, latest sample first."""
    half = min(half_max, math.ceil((AHEAD_N * SPACING_S + _REACH * sigma_s) / step_s))
    lag = np.arange(-half, half + 1) * step_s
    total = np.zeros(len(lag))
    for k, weight in enumerate(weights):
        gauss = np.exp(-0.5 * ((lag - (k - AHEAD_N) * SPACING_S) / sigma_s) ** 2)
        total += weight * gauss * step_s / (sigma_s * math.sqrt(2 * math.pi))
    return half, total


def kernel_taps(dt_s: float, tick_n: int) -> dict[str, object]:
    """The members of ForceParams that hold the filter."""
    sigma_s, tick_s = blurred(SIGMA_S, dt_s, tick_n), dt_s * tick_n
    made: dict[str, object] = {}
    for name, weights in (("up_taps", UP), ("forward_taps", FORWARD), ("alone_taps", ALONE)):
        half, values = taps(weights, sigma_s, tick_s, FORCE_HALF_MAX)
        made[name] = np.concatenate([values, np.zeros(FORCE_TAPS - len(values))])
        made["half_n"], made["taps_n"] = half, len(values)
    return made


def vertical_force(t_s: F64, up_mps2: F64, forward_mps2: F64, steps: Table) -> F64:
    """Estimated vertical ground reaction at every sample, from the levelled specific force and the steps found.

    The formula of the kernels (kernels/force.py) at the rate of the recording: their peak and loading rate are of the
    same waveform at ticks of about 10 ms. Error: docs/accuracy.md.

    Args:
        t_s: (n,) s, in the clock of the steps.
        up_mps2, forward_mps2: (n,) m/s2; NaN where not known.
        steps: the steps table.

    Returns:
        (n,) body weights, 0 in flight, NaN outside steps.
    """
    t = t_s
    force = np.full(len(t), np.nan)
    if len(t) < 2 or not len(steps):
        return force
    dt = float(np.median(np.diff(t)))
    up = np.maximum(np.nan_to_num(up_mps2), 0.0)
    has_forward = np.isfinite(steps["braking_mps"])
    both = filtered(up, UP, dt)
    ahead = filtered(np.nan_to_num(forward_mps2), FORWARD, dt)
    alone = filtered(up, ALONE, dt)
    forward_gain = float(np.sum(taps(FORWARD, SIGMA_S, dt, 10**6)[1]))
    starts = np.searchsorted(t, steps["ic_s"])
    stops = np.searchsorted(t, steps["end_s"])
    for k, (start, stop) in enumerate(zip(starts.tolist(), stops.tolist(), strict=True)):
        ic, contact = steps["ic_s"][k], steps["contact_time_ms"][k] / 1e3
        impulse = steps["impulse_bws"][k]
        if stop - start < 2 or not contact > 0 or not np.isfinite(impulse):
            continue
        share = (t[start:stop] - ic) / contact
        edge = np.clip(np.minimum(share, 1 - share) / EDGE, 0.0, 1.0)
        shape = alone[start:stop]
        if has_forward[k]:
            shape = both[start:stop] + ahead[start:stop] - forward_gain * np.mean(forward_mps2[start:stop])
        raw = edge * np.maximum(shape, 0.0)
        total = raw.sum() * dt
        force[start:stop] = raw * (impulse / total) if total > 0 else np.nan
    return force


def filtered(x: F64, weights: tuple[float, ...], dt_s: float) -> F64:
    """(n,) x through the filter, ends repeated."""
    half, values = taps(weights, SIGMA_S, dt_s, 10**6)
    padded = np.concatenate([np.full(half, x[0]), x, np.full(half, x[-1])])
    # Some hundred taps at most. scipy.signal would do it in blocks, but takes a second to import.
    return np.convolve(padded, values, mode="valid")
