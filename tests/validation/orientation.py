"""Inclination error of trendel.orientation on hand-moved IMUs with optical truth, beside VQF in the same run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

import trendel
from tests.validation import data
from tests.validation.data import F64

TARGET_MEAN_DEG = 0.68
TARGET_FAST_TRANSLATION_DEG = 0.55
PUBLISHED = "VQF 6-axis causal 0.72 mean over 30 trials; Madgwick 2.0 to 2.7; Mahony 9.5"


@dataclass(frozen=True)
class InclinationErrors:
    """RMSE (deg) of each trial."""

    names: list[str]
    trendel: F64

    @property
    def mean(self) -> float:
        return float(self.trendel.mean())

    @property
    def fast_translation(self) -> float:
        """Mean over the trials of fast translation; NaN without one."""
        chosen = [e for name, e in zip(self.names, self.trendel, strict=True) if "fast_translation" in name]
        return float(np.mean(chosen)) if chosen else float("nan")


def inclination_rmse_deg(estimate: npt.NDArray[np.floating], truth: F64, judged: npt.NDArray[np.bool_]) -> float:
    """RMSE over the judged samples of the angle that remains after the best turn about the vertical, deg.

    e = estimate * conj(truth); the angle is 2 acos(sqrt(e_w^2 + e_z^2)). Quaternions (n, 4), w first.
    """
    a, b = estimate[judged].astype(np.float64), truth[judged]
    a /= np.linalg.norm(a, axis=1, keepdims=True)
    b = b / np.linalg.norm(b, axis=1, keepdims=True)
    w = np.einsum("ni,ni->n", a, b)
    z = -a[:, 0] * b[:, 3] - a[:, 1] * b[:, 2] + a[:, 2] * b[:, 1] + a[:, 3] * b[:, 0]
    angle = 2 * np.arccos(np.clip(np.sqrt(w * w + z * z), 0.0, 1.0))
    return float(np.degrees(np.sqrt(np.mean(angle**2))))


@cache
def measure() -> InclinationErrors:
    """All trials."""
    names, ours = [], []
    for trial in data.orientation_trials():
        q = trendel.orientation(trial.acc_mps2, trial.gyr_radps, trial.rate_hz)
        names.append(trial.name)
        ours.append(inclination_rmse_deg(q, trial.q_world_from_sensor, trial.judged))
    return InclinationErrors(names, np.array(ours))


@cache
def measure_vqf() -> F64:
    """RMSE (deg) of the C++ VQF on the same trials, in the same order; needs the vqf package (extra bench)."""
    from vqf import VQF

    errors = []
    for trial in data.orientation_trials():
        gyr = np.ascontiguousarray(trial.gyr_radps, np.float64)
        acc = np.ascontiguousarray(trial.acc_mps2, np.float64)
        q = np.asarray(VQF(1 / trial.rate_hz).updateBatch(gyr, acc)["quat6D"], np.float64)
        errors.append(inclination_rmse_deg(q, trial.q_world_from_sensor, trial.judged))
    return np.array(errors)
