"""Calibration without a jig: the clip at rest in any attitudes, and turned from one to the next.

D. Tedaldi, A. Pretto, E. Menegatti: A robust and easy to implement method for IMU calibration without external
equipments. ICRA 2014. Beyond the paper: no scale need be known beforehand; the threshold of rest is chosen by the
uncertainty that it leads to; every parameter has its covariance, the gyroscope's with what the accelerometer's
brings."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trendel.constants import STANDARD_GRAVITY_MPS2
from trendel.errors import CalibrationError
from trendel_calibration.acc_fit import FRAME, UPPER, acc_fit, matrix_of, spread_out
from trendel_calibration.checked import checked_arrays
from trendel_calibration.rest import RestBias, rest_bias
from trendel_calibration.result import F64, Calibration, Subject
from trendel_calibration.robust import Fitted
from trendel_calibration.static import Noise, Phase, noise_floor, static_phases, unrest
from trendel_calibration.turns import Turns, end_rotations, gyr_fit

LEAST_S = 0.6
MULTIPLES = (3.0, 6.0, 12.0, 25.0, 50.0, 100.0)
"""Thresholds tried, in noise powers. White noise over a window stays below 1.5; tables, floors and hands add to it."""
TURN_MAX_S = 30.0
"""What comes between poses is no turn any more when it takes longer: the gyroscope's drift is in it."""
_GUARD_S = 0.1


@dataclass(frozen=True, eq=False)
class Found:
    """Static phases and what the accelerometer fit makes of them."""

    phases: list[Phase]
    means: F64
    matrix: F64
    bias: F64
    fitted: Fitted
    multiple: float

    @property
    def cost(self) -> float:
        """Relative uncertainty of the scales: what the choice of threshold makes small."""
        return float(np.sqrt(np.trace(self.fitted.covariance[np.ix_([0, 3, 5], [0, 3, 5])])))


def poses(
    acc_raw: npt.ArrayLike,
    gyr_raw: npt.ArrayLike | None,
    rate_hz: float,
    *,
    gravity_mps2: float = STANDARD_GRAVITY_MPS2,
    subject: Subject | None = None,
) -> Calibration:
    """Calibrate from a recording in which the clip lies still in a dozen attitudes or more, two seconds each, and is
    turned by hand in between.

    acc_raw: (n, 3), counts or m/s2 or anything linear in it, with whatever offset. gyr_raw: (n, 3) likewise, or None:
    then the gyroscope's results are NaN. rate_hz: samples per second; the gyroscope's scale is as good as it is.
    gravity_mps2: at the place; the scale of the accelerometer is as good as it is. subject: who, when, which clip.
    Raises CalibrationError in one sentence where that cannot be."""
    acc, gyr, rate = checked_arrays(acc_raw, gyr_raw, rate_hz)
    quiet_gyr = np.zeros_like(acc) if gyr is None else gyr
    noise = noise_floor(acc, quiet_gyr, rate)
    found = best_phases(acc, quiet_gyr, rate, noise, gravity_mps2)
    acc_std = np.sqrt(np.diag(spread_out(found.fitted.covariance)))
    residuals = {"gravity_mps2": found.fitted.residuals[:, 0]}
    notes = []
    if (out_n := int((~found.fitted.used).sum())) > 0:
        notes.append(f"{out_n} of {len(found.phases)} poses do not fit the others and are set aside.")
    gyr_matrix, turns_used = np.full((3, 3), np.nan), np.zeros(0, bool)
    gyr_cov, gyr_bias = np.full((12, 12), np.nan), np.full(3, np.nan)
    gyr_std = np.full(12, np.nan)
    if gyr is not None:
        bias = rest_bias(gyr, found.phases, rate)
        force = (acc - found.bias) @ found.matrix.T
        turns = turns_between(force, gyr, rate, found.phases, bias)
        up = (found.means - found.bias) @ found.matrix.T
        gyr_matrix, fitted = gyr_fit(turns, up)
        gyr_cov = np.zeros((12, 12))
        gyr_cov[:9, :9] = _gyr_covariance(found, turns, gyr_matrix, fitted)
        gyr_cov[9:, 9:] = bias.covariance
        gyr_bias, turns_used = bias.mean, fitted.used
        gyr_std = np.sqrt(np.diag(gyr_cov))
        residuals["turn_rad"] = np.linalg.norm(fitted.residuals, axis=1)
        if (out_n := int((~fitted.used).sum())) > 0:
            notes.append(f"{out_n} of {len(fitted.used)} turns do not fit the others and are set aside.")
        notes += bias.notes(gyr_matrix)
    return Calibration(
        acc_matrix=found.matrix, acc_bias=found.bias, gyr_matrix=gyr_matrix, gyr_bias=gyr_bias,
        acc_matrix_std=acc_std[:9].reshape(3, 3), acc_bias_std=acc_std[9:],
        gyr_matrix_std=gyr_std[:9].reshape(3, 3), gyr_bias_std=gyr_std[9:],
        acc_covariance=spread_out(found.fitted.covariance), gyr_covariance=gyr_cov, residuals=residuals,
        poses=found.means, used=found.fitted.used, turns_used=turns_used, gyr_per_acc=np.full((3, 3), np.nan),
        method="poses", frame=FRAME, gravity_mps2=gravity_mps2, rate_hz=rate, subject=subject or Subject(),
        notes=tuple(notes),
    )  # fmt: skip


def best_phases(acc: F64, gyr: F64, rate_hz: float, noise: Noise, gravity_mps2: float) -> Found:
    """Static phases at the threshold whose fit is surest, the lowest of those within a twentieth of it: too low a
    threshold loses poses, too high a one takes movement for rest. Raises CalibrationError where none can be fitted."""
    tried: list[Found] = []
    level = unrest(acc, gyr, rate_hz, noise)
    trouble: CalibrationError | None = None
    for multiple in MULTIPLES:
        phases = static_phases(level, rate_hz, multiple, LEAST_S)
        means = np.array([acc[p.start : p.end].mean(axis=0) for p in phases]).reshape(-1, 3)
        try:
            matrix, bias, fitted = acc_fit(means, gravity_mps2)
        except CalibrationError as error:
            trouble = error
            continue
        tried.append(Found(phases, means, matrix, bias, fitted, multiple))
    if not tried:
        assert trouble is not None
        raise trouble
    least = min(found.cost for found in tried)
    return next(found for found in tried if found.cost <= 1.05 * least)


def turns_between(force: F64, gyr: F64, rate_hz: float, phases: list[Phase], bias: RestBias) -> Turns:
    """Movements from each phase to the next, those that are not too long. `force`: (n, 3) calibrated specific force."""
    guard = round(_GUARD_S * rate_hz)
    spans = []
    for i, (a, b) in enumerate(itertools.pairwise(phases)):
        start, end = max(a.start, a.end - guard), min(b.end, b.start + guard)
        if end - start <= TURN_MAX_S * rate_hz:
            spans.append((i, start, end))
    length = max((end - start for _, start, end in spans), default=2)
    rates, forces = np.zeros((len(spans), length, 3)), np.zeros((len(spans), length, 3))
    for row, (i, start, end) in enumerate(spans):
        rates[row, : end - start] = gyr[start:end] - bias.during(i, start, end)
        forces[row, : end - start] = force[start:end]
    before = np.array([i for i, _, _ in spans], int)
    return Turns(rates, forces, before, before + 1, 1.0 / rate_hz)


def _gyr_covariance(found: Found, turns: Turns, gyr_matrix: F64, fitted: Fitted) -> F64:
    """(9, 9) covariance of the gyroscope's matrix: of the fit, with two corrections. Turns that follow each other share
    a pose, whose error (known from the accelerometer's residuals) enters them with opposite signs; and the
    accelerometer's own uncertainty comes along, to first order."""
    j = fitted.jacobian * fitted.used[:, None, None]
    flat = j.reshape(-1, 9)
    size = np.linalg.norm(flat, axis=0)
    inverse = np.linalg.inv((flat / size).T @ (flat / size)) / np.outer(size, size)
    pose = min((found.fitted.sd / np.linalg.norm(found.matrix @ (found.means - found.bias).T, axis=0).mean()) ** 2,
               0.45 * fitted.sd**2)  # fmt: skip
    along = end_rotations(gyr_matrix, turns)
    follows = np.flatnonzero(turns.after[:-1] == turns.before[1:])
    shared = np.einsum("nai,nba,nbj->ij", j[follows], along[follows + 1], j[follows + 1], optimize=True)
    shared = -pose * (shared + shared.T)
    acc_jacobian = _acc_jacobian(found, turns, gyr_matrix) * np.repeat(fitted.used, 3)[:, None]
    by_acc = inverse @ flat.T @ acc_jacobian
    # What the accelerometer's error leaves in the residuals is counted once, in the last term, not in the first too.
    left = acc_jacobian - flat @ by_acc
    squares = float((fitted.residuals[fitted.used] ** 2).sum())
    common = float(np.trace(left @ found.fitted.covariance @ left.T)) / max(squares, 1e-300)
    own = fitted.covariance * max(0.5, 1.0 - common)
    return np.asarray(own + inverse @ shared @ inverse + by_acc @ found.fitted.covariance @ by_acc.T)


def _acc_jacobian(found: Found, turns: Turns, gyr_matrix: F64) -> F64:
    """(3 n, 9): by how much the residuals of the turns change with the accelerometer's parameters."""
    x = np.concatenate([[found.matrix[place] for place in UPPER], found.bias])
    step = np.sqrt(np.diag(found.fitted.covariance))
    along = end_rotations(gyr_matrix, turns)

    def residuals(x: F64) -> F64:
        v = (found.means - x[6:]) @ matrix_of(x[:6]).T
        unit = v / np.linalg.norm(v, axis=1)[:, None]
        return np.asarray((np.einsum("nab,nb->na", along, unit[turns.before]) - unit[turns.after]).ravel())

    here = residuals(x)
    return np.column_stack([(residuals(x + step * (np.arange(9) == k)) - here) / step[k] for k in range(9)])
