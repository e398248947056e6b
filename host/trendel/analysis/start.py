"""The start of a refined run: what the first pass knew some seconds later, turned back to the first sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from trendel.analysis.kernel_params import Setup, Start
from trendel.constants import STANDARD_GRAVITY_MPS2
from trendel.kernels.layout import SAMPLE_CONDITION, SAMPLE_SATURATED

if TYPE_CHECKING:
    from trendel.analysis.drivers import Pass
    from trendel.recording import Recording


def turn_back(recording: Recording, first: Pass, setup: Setup) -> Start | None:
    """Orientation, slow heading and vertical motion at the first sample; None where a gap or no gyroscope forbids it.

    The orientation at the end of first.signals is integrated backward with the bias of setup; heading and height are
    those about which the motion in between is even.
    """
    n = len(first.signals)
    flags = recording.flags[:n] & ~np.uint32(SAMPLE_CONDITION)
    if n < 2 or n == len(recording) or recording.gyr_radps is None or (flags & ~np.uint32(SAMPLE_SATURATED)).any():
        return None
    start, q = _backward(
        first.signals["q_world_from_sensor"][-1],
        recording.gyr_radps[:n].astype(np.float64) - setup.bias_radps,
        recording.rate_hz,
    )
    w, x, y, z = q.T
    acc = recording.acc_mps2[:n].astype(np.float64)
    up = 2 * (x * z - w * y) * acc[:, 0] + 2 * (y * z + w * x) * acc[:, 1] + (1 - 2 * (x * x + y * y)) * acc[:, 2]
    t_s = np.arange(1, n + 1) / recording.rate_hz
    # Straight lines through velocity and height are the drift of a wrong mean force, first velocity and first height.
    velocity = np.cumsum(up) / recording.rate_hz
    force_mean, velocity_start = np.polyfit(t_s, velocity, 1)
    height = np.cumsum(velocity - velocity_start - force_mean * t_s) / recording.rate_hz
    drift, height_start = np.polyfit(t_s, height, 1)
    fx, fy, fz = setup.axes[0] if setup.axes is not None else (1.0, 0.0, 0.0)
    forward_x = (1 - 2 * (y * y + z * z)) * fx + 2 * (x * y - w * z) * fy + 2 * (x * z + w * y) * fz
    forward_y = 2 * (x * y + w * z) * fx + (1 - 2 * (x * x + z * z)) * fy + 2 * (y * z - w * x) * fz
    heading = np.array([forward_x.mean(), forward_y.mean()])
    size = float(np.linalg.norm(heading))
    if size < 0.1:
        return None
    return Start(
        start,
        tuple((heading / size).tolist()),
        (float(force_mean) - STANDARD_GRAVITY_MPS2, float(-velocity_start - drift), float(-height_start)),
    )


def _backward(
    q_last: npt.NDArray[np.float32], rate_radps: npt.NDArray[np.float64], rate_hz: float
) -> tuple[tuple[float, ...], npt.NDArray[np.float64]]:
    """Orientation before rates (n, 3), sensor frame, one interval each, that end in q_last; and (n, 4) after each."""
    angle = np.linalg.norm(rate_radps, axis=1) / rate_hz
    # sin(angle / 2) / (angle / 2) is numpy's sinc of angle / (2 pi).
    half = 0.5 * np.sinc(angle / (2 * np.pi)) / rate_hz
    inverse = np.column_stack([np.cos(angle / 2), -rate_radps * half[:, None]])
    w, x, y, z = (float(v) for v in q_last)
    found = np.empty((len(angle), 4))
    for i in range(len(angle) - 1, -1, -1):
        found[i] = w, x, y, z
        a, b, c, d = inverse[i]
        w, x, y, z = (
            w * a - x * b - y * c - z * d,
            w * b + x * a + y * d - z * c,
            w * c - x * d + y * a + z * b,
            w * d + x * c - y * b + z * a,
        )
    norm = float(np.sqrt(w * w + x * x + y * y + z * z))
    return (w / norm, x / norm, y / norm, z / norm), found / np.linalg.norm(found, axis=1)[:, None]
