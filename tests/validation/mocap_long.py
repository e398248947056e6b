"""A longer run out of the 9.9 s one: whole strides of it, joined smoothly at their ends and repeated.

Orientation and world acceleration of the markers are cross-faded over 0.25 s where the last stride meets the first, so
that they repeat exactly; the gyroscope follows from the orientation. The mean acceleration over the repeat is made
gravity, as it must be in a motion that comes back to where it began.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.spatial.transform import Rotation

import trendel
from tests.validation import data, mocap
from tests.validation.data import F64
from trendel.constants import STANDARD_GRAVITY_MPS2
from trendel.recording import Recording

TARGET_DEG = 0.8
DURATION_S = 120.0
TURNS = 5
FADE_S = 0.25
TILTS = ("tilt_anterior_deg", "obliquity_left_up_deg")
FIRST_STRIDE = 2  # the first contacts are needed before the repeat, for the fade


def _repeat(values: F64, first: int, period: int, fade: int, n: int) -> F64:
    """(n, k) of (m, k): period samples from first on, their end faded into what came before first, repeated."""
    one = values[first : first + period].copy()
    share = np.linspace(0.0, 1.0, fade)[:, None]
    share = share**2 * (3 - 2 * share)
    one[-fade:] = (1 - share) * one[-fade:] + share * values[first - fade : first]
    return np.tile(one, (-(-n // period), 1))[:n]


@cache
def long_run() -> tuple[Recording, dict[str, F64]]:
    """The recording (sensor as mounted in the original) and its true angles, columns as in the truth file."""
    rec, truth, contacts = data.recording(mocap.run_path()), mocap.measure().truth, mocap.true_contacts()
    rate = rec.rate_hz
    turns = Rotation.from_quat(np.stack([truth[k] for k in ("qx", "qy", "qz", "qw")], axis=1))
    mean = turns.mean()
    small = (mean.inv() * turns).as_rotvec()
    acc = turns.apply(rec.acc_mps2.astype(np.float64))
    starts = contacts["ic_s"][contacts["side"] == "L"]
    first, last = (round(float(s) * rate) for s in (starts[FIRST_STRIDE], starts[-1]))
    n, fade = int(DURATION_S * rate), int(FADE_S * rate)
    acc = _repeat(acc, first, last - first, fade, n)
    acc += np.array([0.0, 0.0, STANDARD_GRAVITY_MPS2]) - acc[: last - first].mean(axis=0)
    q = mean * Rotation.from_rotvec(_repeat(small, first, last - first, fade, n))
    between = (q[:-1].inv() * q[1:]).as_rotvec() * rate
    gyr = np.concatenate([between[:1], between])
    matrix = q.as_matrix() @ mocap.MOUNTING.T
    angles = {
        "t_s": np.arange(n) / rate,
        "tilt_anterior_deg": np.degrees(-np.arcsin(matrix[:, 2, 0])),
        "obliquity_left_up_deg": np.degrees(np.arcsin(matrix[:, 2, 1])),
        "rotation_left_deg": np.degrees(np.unwrap(np.arctan2(matrix[:, 1, 0], matrix[:, 0, 0]))),
    }
    return Recording.from_arrays(q.inv().apply(acc), gyr, rate, source="repeated strides"), angles


@cache
def measure() -> list[dict[str, float]]:
    """RMSE (deg) of each angle about its mean, mounting found, in TURNS random orientations of the sensor."""
    rec, truth = long_run()
    found = []
    for rotation in mocap.rotations(TURNS, seed=2):
        found.append(mocap.angle_rmse(trendel.analyze(mocap.turned(rec, rotation)), truth))
    return found


def definition_deg() -> float:
    """RMSE (deg) of rotation about its mean that is left if only the forward axis is another: level in the mean."""
    _, truth = long_run()
    rotation, tilt, obliquity = (np.radians(truth[column]) for column in ("rotation_left_deg", *TILTS))
    roll = np.arcsin(np.sin(obliquity) / np.cos(tilt))
    world_from_pelvis = Rotation.from_euler("ZYX", np.stack([rotation, tilt, roll], axis=1)).as_matrix()
    up = world_from_pelvis[:, 2].mean(axis=0)
    up /= np.linalg.norm(up)
    forward = world_from_pelvis @ (np.array([1.0, 0.0, 0.0]) - up[0] * up)
    return float(np.degrees(np.std(np.unwrap(np.arctan2(forward[:, 1], forward[:, 0])) - rotation)))
