"""Pelvic angles, sides and step metrics against optical markers and force plates, the clip any way round."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

import trendel
from tests.validation import data
from tests.validation.agreement import pair
from tests.validation.data import F64
from trendel.analysis import Result
from trendel.recording import Recording

TARGET_GIVEN_DEG = 0.6
TARGET_FOUND_DEG = 1.0
TARGET_HEADING_DEG = 3.0
TARGETS_STEP = {
    "pelvic_drop_deg": 0.5,
    "obliquity_peak_deg": 0.4,
    "vertical_oscillation_mm": 3.0,
    "contact_time_ms": 12.0,
}
SETTLE_S = 2.0
TURNS = 20
MATCH_S = 0.1
ANGLES = {"tilt": "tilt_anterior_deg", "obliquity": "obliquity_left_up_deg", "rotation": "rotation_left_deg"}
# Sensor x up, y to the left, z backward, as the recording's sidecar says.
MOUNTING = np.array([[0.0, 0.0, -1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])


@dataclass(frozen=True)
class Case:
    """One analysis of the recording: RMSE of each angle about its mean (deg), sides, heading error of the mounting.

    differences: estimate less truth of each step metric after the first seconds; early: of the steps before.
    truth: what differences were taken from, of metrics that are no instants.
    """

    rmse_deg: dict[str, float]
    sides_right: int
    sides_n: int
    mounting_error_deg: float
    differences: dict[str, F64]
    early: dict[str, F64]
    truth: dict[str, F64]

    def step_rmse(self, metric: str, early: bool = False) -> float:
        """RMSE over steps; early: with those of the first seconds."""
        e = np.concatenate([self.differences[metric], self.early[metric]]) if early else self.differences[metric]
        return float(np.sqrt(np.nanmean(e * e)))

    @property
    def worst_deg(self) -> float:
        return max(self.rmse_deg.values())


@dataclass(frozen=True)
class Measured:
    """The recording with its true mounting, and turned by TURNS random rotations with the mounting to be found."""

    path: Path
    truth: dict[str, npt.NDArray[Any]]
    result: Result
    given: Case
    found: list[Case]


def run_path() -> Path:
    """The recording."""
    return data.recordings_of("mocap")[0]


def turned(rec: Recording, rotation: F64) -> Recording:
    """The same run recorded by a sensor turned by rotation, (3, 3) new sensor from old."""
    assert rec.gyr_radps is not None
    return Recording.from_arrays(
        rec.acc_mps2 @ rotation.T, rec.gyr_radps @ rotation.T, rec.rate_hz, t_s=rec.t_s, source="turned"
    )


def rotations(n: int, seed: int = 1) -> F64:
    """(n, 3, 3) random rotations."""
    return np.asarray(Rotation.random(n, rng=np.random.default_rng(seed)).as_matrix())


def angle_rmse(result: Result, truth: dict[str, npt.NDArray[Any]], settle_s: float = SETTLE_S) -> dict[str, float]:
    """RMSE (deg) of each angle about its mean after the first seconds; truth is interpolated to the sample times."""
    t = result.signals["t_s"]
    late = t - t[0] >= settle_s
    rmse = {}
    for name, column in ANGLES.items():
        e = result.signals[f"{name}_deg"][late] - np.interp(t[late], truth["t_s"], truth[column])
        rmse[name] = float(np.std(e))
    return rmse


def side_count(result: Result, contacts: dict[str, npt.NDArray[Any]]) -> tuple[int, int]:
    """Steps whose side is that of the force plate's contact nearest to them, and steps near one at all."""
    i, k = pair(contacts["ic_s"], result.steps["ic_s"], MATCH_S)
    return int((contacts["side"][i] == result.steps["side"][k]).sum()), len(i)


def heading_error_deg(result: Result, mounting: F64) -> float:
    """Angle (deg) between the forward axis in use and the true one, both made level (about up)."""
    r = np.asarray(result.summary["mounting"]["r_pelvis_from_sensor"]) @ mounting.T
    return float(np.degrees(np.arctan2(r[0, 1], r[0, 0])))


def _case(rec: Recording, mounting: Any, true_axes: F64, truth: Any, contacts: Any) -> tuple[Case, Result]:
    result = trendel.analyze(rec, mounting=mounting)
    right, n = side_count(result, contacts)
    late = contacts["ic_s"] >= SETTLE_S
    differences, true = differences_of(result, late)
    early, _ = differences_of(result, ~late)
    rmse, heading = angle_rmse(result, truth), heading_error_deg(result, true_axes)
    return Case(rmse, right, n, heading, differences, early, true), result


@cache
def measure() -> Measured:
    """Everything about the first recording of mocap/."""
    path = run_path()
    rec = data.recording(path)
    truth, contacts = true_signals(), true_contacts()
    given, result = _case(rec, MOUNTING, MOUNTING, truth, contacts)
    found = [_case(turned(rec, r), "auto", MOUNTING @ r.T, truth, contacts)[0] for r in rotations(TURNS)]
    return Measured(path, truth, result, given, found)


def true_signals() -> dict[str, npt.NDArray[Any]]:
    """Angles and vertical position of the pelvis by markers."""
    return data.columns(data.with_suffix(run_path(), ".truth.csv"))


def true_contacts() -> dict[str, npt.NDArray[Any]]:
    """Contacts of the force plates: ic_s, to_s, side."""
    return data.columns(data.with_suffix(run_path(), ".contacts.csv"))


@cache
def true_steps() -> dict[str, F64]:
    """Metrics of each step as docs/science.md defines them, from markers and force plates alone; NaN at the ends."""
    contacts, truth = true_contacts(), true_signals()
    ic, to, left = contacts["ic_s"], contacts["to_s"], contacts["side"] == "L"
    t, obliquity = truth["t_s"], truth["obliquity_left_up_deg"]
    names = (
        "contact_time_ms flight_time_ms vertical_oscillation_mm pelvic_drop_deg obliquity_peak_deg tilt_mean_deg "
        "tilt_rom_deg rotation_rom_deg"
    )
    steps = {name: np.full(len(ic), np.nan) for name in names.split()}
    steps["contact_time_ms"] = 1e3 * (to - ic)
    means = np.full(len(ic), np.nan)
    for k in range(len(ic) - 1):
        step, stance = (t >= ic[k]) & (t < ic[k + 1]), (t >= ic[k]) & (t <= to[k])
        means[k] = obliquity[step].mean()
        sign = 1.0 if left[k] else -1.0
        extreme = (sign * obliquity[stance]).max()
        steps["flight_time_ms"][k] = 1e3 * (ic[k + 1] - to[k])
        steps["vertical_oscillation_mm"][k] = 1e3 * np.ptp(truth["pos_up_m"][step])
        steps["pelvic_drop_deg"][k] = extreme - sign * np.interp(ic[k], t, obliquity)
        steps["tilt_mean_deg"][k] = truth["tilt_anterior_deg"][step].mean()
        steps["tilt_rom_deg"][k] = np.ptp(truth["tilt_anterior_deg"][step])
        steps["rotation_rom_deg"][k] = np.ptp(truth["rotation_left_deg"][step])
        if k:
            steps["obliquity_peak_deg"][k] = extreme - sign * (means[k - 1] + means[k]) / 2
    return steps


def differences_of(result: Result, wanted: npt.NDArray[np.bool_]) -> tuple[dict[str, F64], dict[str, F64]]:
    """Estimate less truth of each step metric, ic_ms and to_ms, of the wanted contacts (contacts,) that were found.

    And the truth of the same steps, for the metrics that have a size.
    """
    steps, contacts, true = result.steps, true_contacts(), true_steps()
    i, k = pair(contacts["ic_s"], steps["ic_s"], MATCH_S)
    kept = wanted[i]
    i, k = i[kept], k[kept]
    found = {
        "ic_ms": 1e3 * (steps["ic_s"][k] - contacts["ic_s"][i]),
        "to_ms": 1e3 * (steps["to_s"][k] - contacts["to_s"][i]),
    }
    return (
        found | {name: steps[name][k] - values[i] for name, values in true.items()},
        {name: values[i] for name, values in true.items()},
    )


def step_differences() -> dict[str, F64]:
    """Those with the true mounting, after the first 2 s."""
    return measure().given.differences


def worst_found(metric: str) -> float:
    """RMSE of a step metric, worst of all orientations with the mounting to be found."""
    return max(case.step_rmse(metric) for case in measure().found)
