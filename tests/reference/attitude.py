"""Inclination from gyroscope and accelerometer: the model of kernels/attitude.py in matrices and float64.

Strapdown integration with scipy's rotations; a textbook Kalman filter with a 3 x 3 covariance (Joseph form) for each of
the two horizontal axes, written from the model

    angle' = bias + n_angle      velocity' = g angle + n_acc      bias' = n_bias      0 = velocity + n_velocity

that is x' = A x + n, z = H x + n_velocity with x = (angle, velocity, bias). Slow, and meant to be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

F64 = npt.NDArray[np.float64]
G = 9.80665
H = np.array([[0.0, 1.0, 0.0]])


@dataclass(frozen=True)
class Inclination:
    """What the filter gives; n samples.

    Attributes:
        r_world_from_sensor: (n, 3, 3); its heading is arbitrary.
        bias_radps: (n, 3) gyroscope bias in use at each sample, sensor frame.
        rest: (n,) bool, at rest as judged at the end of the last block.
        first_i: the first sample after the first inclination.
    """

    r_world_from_sensor: F64
    bias_radps: F64
    rest: npt.NDArray[np.bool_]
    first_i: int


def shortest_rotation_to_up(v: F64) -> F64:
    """(3, 3) rotation that takes the direction of v (3,) to (0, 0, 1) by the shortest way."""
    up = v / np.linalg.norm(v)
    axis = np.cross(up, [0.0, 0.0, 1.0])
    sine = np.linalg.norm(axis)
    if sine < 1e-12:
        return np.eye(3) if up[2] > 0 else np.diag([1.0, -1.0, -1.0])
    return Rotation.from_rotvec(axis / sine * np.arctan2(sine, up[2])).as_matrix()


def estimate(acc: F64, gyr: F64 | None, rate_hz: float, a: Any, bias_radps: F64 | None = None) -> Inclination:
    """Filter a whole recording.

    Args:
        acc: (n, 3) specific force, m/s2, sensor frame. gyr: (n, 3) rate, rad/s, or None.
        rate_hz: sampling rate.
        a: the numbers of the filter in everyday units, named as in the parameter file's section [attitude].
        bias_radps: (3,) gyroscope bias to start with.
    """
    acc = np.asarray(acc, np.float64)
    n = len(acc)
    has_gyro = gyr is not None
    turn_noise = np.radians(a.gyro_noise_deg_rts if has_gyro else a.no_gyro_turn_dps_rts)
    walk, bias_sd = np.radians([a.bias_walk_dps_rts, a.bias_init_dps]) if has_gyro else (0.0, 0.0)
    gyr = np.asarray(gyr, np.float64) if has_gyro else np.zeros((n, 3))
    block = max(1, round(rate_hz * a.block_ms / 1000))
    init_blocks = max(1, round(a.init_s * rate_hz / block))
    dt, block_s = 1 / rate_hz, block / rate_hz
    limit = np.radians(a.bias_limit_dps)

    bias = np.zeros(3) if bias_radps is None else np.asarray(bias_radps, float).copy()
    r = np.eye(3)
    r_raw = np.eye(3)  # integrated without any correction, while the first inclination is sought
    force_sum = np.zeros(3)
    velocity = np.zeros(2)
    velocity_variance = 0.0
    covariance = np.zeros((3, 3))
    mean_r = np.zeros((3, 3))
    rest_gyr, rest_acc, rest_s = np.zeros(3), np.zeros(3), 0.0
    all_r, all_bias, all_rest = np.empty((n, 3, 3)), np.empty((n, 3)), np.zeros(n, bool)

    for k, start in enumerate(range(0, n, block)):
        stop = min(start + block, n)
        turns = Rotation.from_rotvec((gyr[start:stop] - bias) * dt).as_matrix()
        for i in range(start, stop):
            r = r @ turns[i - start]
            all_r[i] = r
            if k < init_blocks:
                r_raw = r_raw @ turns[i - start]
                force_sum += r_raw @ acc[i]
        all_bias[start:stop] = bias
        all_rest[start:stop] = rest_s >= a.rest_hold_s
        if stop - start < block:
            break

        if k < init_blocks:
            # The mean force so far, in the integrated frame, points up.
            r = shortest_rotation_to_up(force_sum) @ r_raw
            angle = min(1.0, a.velocity_init_mps / (G * (k + 1) * block_s))
            covariance = np.diag([angle**2, a.velocity_init_mps**2, bias_sd**2])
        else:
            force = np.einsum("nij,nj->i", all_r[start:stop], acc[start:stop]) / block
            rate2 = np.mean(np.sum(gyr[start:stop] ** 2, axis=1))
            transition = np.array([[1.0, 0.0, block_s], [G * block_s, 1.0, 0.0], [0.0, 0.0, 1.0]])
            process = np.diag([turn_noise**2 + a.gyro_scale_error_rts**2 * rate2, a.acc_noise_mps_rts**2, walk**2])
            covariance = transition @ covariance @ transition.T + process * block_s
            velocity = velocity + force[:2] * block_s
            share = min(1.0, block_s / a.velocity_tau_s)
            velocity_variance += share * (np.mean(velocity**2) - velocity_variance)
            resting = rest_s >= a.rest_hold_s
            if resting:
                density = a.velocity_rest_noise_m_rts**2
            else:
                density = a.velocity_noise_m_rts**2 + a.velocity_motion_s * velocity_variance
            measured = np.array([[density / block_s]])
            gain = covariance @ H.T @ np.linalg.inv(H @ covariance @ H.T + measured)
            keep = np.eye(3) - gain @ H
            covariance = keep @ covariance @ keep.T + gain @ measured @ gain.T
            # (3, 2): angle, velocity and bias that explain the velocity seen along x and along y.
            found = gain * velocity
            velocity = velocity - found[1]
            # Force along +x says: turn the world about -y; force along +y: about +x.
            turn = np.array([found[0, 1], -found[0, 0], 0.0])
            rate = np.array([found[2, 1], -found[2, 0], 0.0])
            r = Rotation.from_rotvec(np.clip(turn, -0.5, 0.5)).as_matrix() @ r
            if not resting:
                bias = np.clip(bias - mean_r.T @ rate, -limit, limit)

        share = 1.0 if k == 0 else min(1.0, block_s / a.rest_tau_s)
        gyr_now, acc_now = gyr[start:stop].mean(axis=0), acc[start:stop].mean(axis=0)
        rest_gyr += share * (gyr_now - rest_gyr)
        rest_acc += share * (acc_now - rest_acc)
        quiet = (
            np.linalg.norm(gyr_now - rest_gyr) <= np.radians(a.rest_gyr_dps)
            and np.linalg.norm(acc_now - rest_acc) <= a.rest_acc_mps2
            and np.abs(rest_gyr).max() <= limit
        )
        rest_s = rest_s + block_s if quiet else 0.0
        if rest_s >= a.rest_hold_s:
            bias = bias + share * (rest_gyr - bias)
            if covariance[2, 2] > np.radians(a.bias_rest_dps) ** 2:
                covariance[2, :], covariance[:, 2] = 0.0, 0.0
                covariance[2, 2] = np.radians(a.bias_rest_dps) ** 2
        mean_r += min(1.0, block_s / a.frame_tau_s) * (r - mean_r)
    return Inclination(all_r, all_bias, all_rest, init_blocks * block)


def up_in_sensor(r_world_from_sensor: F64) -> F64:
    """(n, 3) the vertical in the sensor frame: all that inclination is."""
    return r_world_from_sensor[:, 2, :]


def up_of_quaternions(q_world_from_sensor: npt.ArrayLike) -> F64:
    """(n, 3) the vertical in the sensor frame from (n, 4) quaternions, w first."""
    q = np.asarray(q_world_from_sensor, np.float64)
    return Rotation.from_quat(q, scalar_first=True).inv().apply([0.0, 0.0, 1.0])


def angle_between_deg(a: F64, b: F64) -> F64:
    """(n,) angle between vectors (n, 3), degrees; good for small ones too."""
    cross = np.linalg.norm(np.cross(a, b), axis=-1)
    return np.degrees(np.arctan2(cross, np.sum(a * b, axis=-1)))


def pelvis_angles_deg(r_world_from_sensor: F64, axes: npt.ArrayLike) -> tuple[F64, F64, F64]:
    """Tilt, obliquity and heading (n,) in degrees, as docs/conventions.md defines them.

    axes: (3, 3) rows forward, left, up of the pelvis in the sensor frame.
    """
    forward, left, _ = np.asarray(axes, float).reshape(3, 3)
    x, y = r_world_from_sensor @ forward, r_world_from_sensor @ left
    heading = np.unwrap(np.arctan2(x[:, 1], x[:, 0]))
    return -np.degrees(np.arcsin(x[:, 2])), np.degrees(np.arcsin(y[:, 2])), np.degrees(heading)
