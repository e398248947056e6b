"""Gyroscope: scale and misalignment from turns between poses (Tedaldi, Pretto, Menegatti 2014, eq. 13 to 16).

Gravity after a turn, as the accelerometer has it, must be gravity before it, turned by the integrated rate. A turn
about gravity itself shows nothing. The Jacobian is that of the rotation with respect to the rates along the way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trendel.errors import CalibrationError
from trendel_calibration.result import F64
from trendel_calibration.robust import Fitted, fit

TURNS_MIN = 8


@dataclass(frozen=True, eq=False)
class Turns:
    """Movements between poses, all padded with rest to one length.

    rates: (n, length, 3) raw gyroscope less its bias, 0 where padded. forces: (n, length, 3) calibrated specific
        force.
    before, after: (n,) index of the pose on either side. dt_s: sampling interval."""

    rates: F64
    forces: F64
    before: np.ndarray
    after: np.ndarray
    dt_s: float


def gyr_fit(turns: Turns, up: F64) -> tuple[F64, Fitted]:
    """(matrix (3, 3) rad/s per raw unit, fit over its nine elements row by row) from turns, and `up` (m, 3): calibrated
    readings of the poses, in the frame that the matrix is to have. Raises CalibrationError."""
    if len(turns.before) < TURNS_MIN:
        raise CalibrationError(
            f"only {len(turns.before)} turns between poses were found, at least {TURNS_MIN} are needed for "
            "the gyroscope: "
            "turn the clip by about a quarter from pose to pose."
        )
    unit = up / np.linalg.norm(up, axis=1)[:, None]
    start_up, end_up = unit[turns.before], unit[turns.after]
    scale = float(np.sqrt((turns.rates**2).sum(axis=2).max()))
    if not scale > 0:
        raise CalibrationError(
            "the gyroscope reads nothing while the clip is turned: see that the right columns are read."
        )
    rates = turns.rates / scale

    def function(x: F64) -> tuple[F64, F64]:
        predicted, jacobian = turned(x.reshape(3, 3), rates, turns.dt_s, start_up)
        return predicted - end_up, jacobian

    first = _start(rates, turns, unit)
    found = fit(function, first.ravel(), 2, "turns")
    rms = float(np.sqrt((found.residuals[found.used] ** 2).sum(axis=1).mean()))
    if rms > 0.1 or found.used.mean() < 0.6:
        raise CalibrationError(
            "gravity and the gyroscope do not agree on the turns "
            f"({np.degrees(rms):.0f} degrees apart): see the sampling rate, and that no samples are missing."
        )
    back = Fitted(
        found.x / scale, found.covariance / scale**2, found.residuals, found.used, found.sd, found.jacobian * scale
    )
    return found.x.reshape(3, 3) / scale, back


def turned(m: F64, rates: F64, dt_s: float, start_up: F64) -> tuple[F64, F64]:
    """Directions (n, 3) that `start_up` (n, 3) have in the sensor's frame after turns at m @ rates (n, length, 3), and
    their derivatives (n, 3, 9) by the elements of m row by row.

    Between samples the rate is taken as linear: the rotation vector of an interval is the mean rate and, for the
    turning of its axis, the cross product of its ends over 12 (coning, Bortz 1971)."""
    omega = rates @ m.T
    mean = 0.5 * (omega[:, :-1] + omega[:, 1:]) * dt_s
    step = mean + np.cross(omega[:, :-1], omega[:, 1:]) * (dt_s**2 / 12.0)
    q = _prefix(step)  # (n, length - 1, 4): from the start's frame to the frame after each interval
    u_end = _rotate_back(q[:, -1], start_up)
    # A small change of the rate in one interval turns the end by -[u_end]x R(end <- interval) dm rate dt.
    middle = 0.5 * (rates[:, :-1] + rates[:, 1:]) * dt_s
    r = _matrices(q)  # columns: axes of the later frame in the start's frame
    r_end = r[:, -1]
    # Sum over intervals of R(start <- k) e_i w_j: (n, 3, i, j).
    summed = np.einsum("nkai,nkj->naij", r, middle, optimize=True)
    in_end = np.einsum("nab,naij->nbij", r_end, summed, optimize=True)
    cross = np.zeros((len(u_end), 3, 3))
    x, y, z = u_end.T
    cross[:, 0, 1], cross[:, 0, 2] = -z, y
    cross[:, 1, 0], cross[:, 1, 2] = z, -x
    cross[:, 2, 0], cross[:, 2, 1] = -y, x
    jacobian = np.einsum("nab,nbij->naij", cross, in_end).reshape(len(u_end), 3, 9)
    return u_end, jacobian


def end_rotations(m: F64, turns: Turns) -> F64:
    """(n, 3, 3): what takes the coordinates before each turn to those after it."""
    omega = turns.rates @ m.T
    mean = 0.5 * (omega[:, :-1] + omega[:, 1:]) * turns.dt_s
    step = mean + np.cross(omega[:, :-1], omega[:, 1:]) * (turns.dt_s**2 / 12.0)
    return np.swapaxes(_matrices(_prefix(step)[:, -1]), -1, -2)


def _start(rates: F64, turns: Turns, unit: F64) -> F64:
    """A matrix near the right one without any knowledge of scale or sign: du/dt = -omega x u is linear in it, with the
    direction of the raw force for u on the way. What the hand accelerates averages out over a turn; the ends are
    exact."""
    forces = turns.forces
    size = np.linalg.norm(forces, axis=2)
    along = forces / np.maximum(size, 1e-12)[:, :, None]
    # The change over a turn is the sum of [u]x M w dt.
    x, y, z = np.moveaxis(along, 2, 0)
    zero = np.zeros_like(x)
    cross = np.stack([np.stack([zero, -z, y], -1), np.stack([z, zero, -x], -1), np.stack([-y, x, zero], -1)], -2)
    rows = np.einsum("nkai,nkj->naij", cross, rates * turns.dt_s, optimize=True).reshape(len(rates), 3, 9)
    change = unit[turns.after] - unit[turns.before]
    weight = np.ones(len(rates))
    m = np.zeros(9)
    for _ in range(8):
        a = (rows * weight[:, None, None]).reshape(-1, 9)
        m = np.linalg.lstsq(a, (change * weight[:, None]).ravel(), rcond=1e-6)[0]
        off = np.linalg.norm(change - rows @ m, axis=1)
        weight = 1.0 / np.sqrt(1.0 + (off / max(0.05, float(np.median(off)))) ** 2)
    return m.reshape(3, 3)


def _prefix(step: F64) -> F64:
    """(n, k, 4) products of the rotations by `step` (n, k, 3), each over all before it."""
    angle = np.linalg.norm(step, axis=2)
    half = 0.5 * np.sinc(angle / (2 * np.pi))
    q = np.concatenate([np.cos(angle / 2)[..., None], step * half[..., None]], axis=2)
    # Doubling: after i rounds each product spans 2^i intervals.
    reach = 1
    while reach < q.shape[1]:
        q = np.concatenate([q[:, :reach], _product(q[:, :-reach], q[:, reach:])], axis=1)
        reach *= 2
    return np.asarray(q / np.linalg.norm(q, axis=2)[..., None])


def _product(p: F64, q: F64) -> F64:
    pw, px, py, pz = np.moveaxis(p, -1, 0)
    qw, qx, qy, qz = np.moveaxis(q, -1, 0)
    return np.stack(
        [
            pw * qw - px * qx - py * qy - pz * qz,
            pw * qx + px * qw + py * qz - pz * qy,
            pw * qy - px * qz + py * qw + pz * qx,
            pw * qz + px * qy - py * qx + pz * qw,
        ],
        axis=-1,
    )


def _matrices(q: F64) -> F64:
    """(..., 3, 3) of unit quaternions (..., 4): later frame to the start's."""
    w, x, y, z = np.moveaxis(q, -1, 0)
    return np.stack(
        [
            np.stack([1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)], -1),
            np.stack([2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)], -1),
            np.stack([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)], -1),
        ],
        -2,
    )


def _rotate_back(q: F64, v: F64) -> F64:
    """v (n, 3), of the start's frame, in the later frame."""
    return np.asarray(np.einsum("nab,na->nb", _matrices(q), v))
