"""Sensor to pelvis from a whole run at once: twin of kernels/mounting.py in matrices, float64.

For each pair of steps that follow each other, the horizontal force s of one is multiplied with that of the step before,
M = sum s(t) s(t - T)'. Fore-aft repeats with each step, medio-lateral turns its sign: the largest eigenvalue of M
belongs to fore-aft. For the horizontal rate it is the other way round. Forward is where force and upward velocity
correlate.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from tests.reference.stride import resampled

F64 = npt.NDArray[np.float64]


def _lag_product(now: F64, before: F64) -> F64:
    """(2, 2) symmetric part of the product of two resampled steps (n, 2), over their energy."""
    mean = (now.mean(axis=0) + before.mean(axis=0)) / 2
    a, b = now - mean, before - mean
    m = a.T @ b
    energy = (np.sum(a * a) + np.sum(b * b)) / 2
    return (m + m.T) / 2 / max(energy, 1e-12)


def level_frame(r_world_from_sensor: F64, forward_guess: F64) -> F64:
    """(n, 2, 3) rows forward and left of a level frame along the mean heading of forward_guess (sensor frame)."""
    x = (r_world_from_sensor @ forward_guess)[:, :2].mean(axis=0)
    x = x / np.linalg.norm(x)
    return np.array([[x[0], x[1], 0.0], [-x[1], x[0], 0.0]])


def learn(
    r_world_from_sensor: F64,
    acc: F64,
    gyr: F64,
    rises: list[tuple[int, int, int]],
    up: F64 | None = None,
    lean_deg: float = 0.0,
) -> F64:
    """(3, 3) rows forward, left, up of the pelvis in the sensor frame.

    Args:
        r_world_from_sensor: (n, 3, 3) of each tick; acc, gyr: (n, 3) means of each tick, sensor frame.
        rises: (rise, middle rise, next rise) ticks of steps in pairs that follow each other.
        up: (3,) standing posture's vertical in the sensor frame; default: the mean vertical over those steps.
        lean_deg: how far the forward axis is taken to point below the horizontal then.
    """
    if up is None:
        up = np.mean([r_world_from_sensor[b:c, 2, :].mean(axis=0) for _, b, c in rises], axis=0)
    up = up / np.linalg.norm(up)
    # Any level direction will do to start with: the one nearest to a sensor axis.
    guess = np.eye(3)[np.argmin(np.abs(up))]
    guess = guess - up * (guess @ up)
    guess /= np.linalg.norm(guess)

    total, pull = np.zeros((2, 2)), np.zeros(2)
    force_world = np.einsum("nij,nj->ni", r_world_from_sensor, acc)
    rate_world = np.einsum("nij,nj->ni", r_world_from_sensor, gyr)
    for first, middle, last in rises:
        frame = level_frame(r_world_from_sensor[first:last], guess)
        force, rate = force_world @ frame.T, rate_world @ frame.T
        total += _lag_product(resampled(force, middle, last), resampled(force, first, middle))
        total -= _lag_product(resampled(rate, middle, last), resampled(rate, first, middle))
        vertical = resampled(force_world[:, 2], middle, last)
        velocity = np.cumsum(vertical - vertical.mean())
        horizontal = resampled(force, middle, last)
        pull += [np.corrcoef(velocity, h)[0, 1] * h.std() for h in horizontal.T]
    _, vectors = np.linalg.eigh(total)
    along = vectors[:, -1]
    if along @ pull < 0:
        along = -along
    forward = along[0] * guess + along[1] * np.cross(up, guess)
    level = np.stack([forward, np.cross(up, forward), up])
    return Rotation.from_euler("y", -lean_deg, degrees=True).as_matrix() @ level
