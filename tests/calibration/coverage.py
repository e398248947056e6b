"""Synthetic clips with random errors: how often the truth lies in the stated intervals, and what is left after."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

import trendel_calibration as tc
from trendel_calibration.result import F64, NORMAL_95
from trendel_calibration.synthetic import Clip, Handling, handle
from trendel_calibration.verify import sphere

PARAMETERS = ("acc_matrix", "acc_bias", "gyr_matrix", "gyr_bias")


@dataclass(frozen=True, eq=False)
class Trial:
    """One clip: errors over standard uncertainties by parameter; over many attitudes, before and after calibration, the
    root mean square error of the size of gravity (m/s2) and the largest of its direction (degrees), and so on."""

    scores: dict[str, F64]
    gravity_before_mps2: float
    gravity_after_mps2: float
    gravity_worst_mps2: float
    inclination_before_deg: float
    inclination_after_deg: float
    inclination_rms_deg: float
    gyr_scale_percent: float


def trial(seed: int) -> Trial:
    """Calibrate the clip `seed`: 24 to 36 poses of 2.5 s; odd ones in counts, even ones in SI units."""
    clip = Clip.random(seed, counts=seed % 2 == 1)
    made = handle(clip, Handling(seed=seed, poses_n=24 + seed % 13))
    cal = tc.poses(made.acc_raw, made.gyr_raw, made.rate_hz)
    scores = {}
    for name in PARAMETERS:
        std = getattr(cal, f"{name}_std")
        free = std > 0
        scores[name] = ((getattr(cal, name) - getattr(clip, name))[free] / std[free]).ravel()
    up = 9.80665 * sphere(300)
    raw = up @ np.linalg.inv(clip.acc_matrix).T + clip.acc_bias
    step = np.array(clip.quantum[0] * 16 * 9.80665 / 32768 if clip.quantum[0] == 1.0 else 1.0)
    before, after = (raw * step if clip.quantum[0] == 1.0 else raw), cal.acc_mps2(raw)
    return Trial(
        scores,
        float(np.sqrt(np.mean((np.linalg.norm(before, axis=1) - 9.80665) ** 2))),
        float(np.sqrt(np.mean((np.linalg.norm(after, axis=1) - 9.80665) ** 2))),
        float(np.abs(np.linalg.norm(after, axis=1) - 9.80665).max()),
        float(angles_deg(before, up).max()),
        float(angles_deg(after, up).max()),
        float(np.sqrt(np.mean(angles_deg(after, up) ** 2))),
        float(100 * np.abs(np.diag(cal.gyr_matrix) / np.diag(clip.gyr_matrix) - 1).max()),
    )


def angles_deg(a: F64, b: F64) -> F64:
    """(n,) between vectors (n, 3)."""
    size = np.linalg.norm(np.cross(a, b), axis=1)
    return np.asarray(np.degrees(np.arctan2(size, (a * b).sum(axis=1))))


def coverage(trials: Iterable[Trial], name: str | None = None) -> tuple[float, int]:
    """(share of parameters within their 95 % interval, how many parameters), of one kind or of all."""
    names = PARAMETERS if name is None else (name,)
    scores = np.concatenate([trial.scores[n] for trial in trials for n in names])
    return float((np.abs(scores) <= NORMAL_95).mean()), len(scores)
