"""Accelerometer: nine parameters from the size of gravity in many attitudes (Tedaldi, Pretto, Menegatti 2014, eq. 10).

Gravity's size says nothing of rotations, so the frame is chosen: x is the accelerometer's x axis, y lies in the plane
of its x and y axes. The matrix is then upper triangular, as in the paper: T K with T's lower triangle zero."""

from __future__ import annotations

import numpy as np

from trendel.errors import CalibrationError
from trendel_calibration.result import F64
from trendel_calibration.robust import Fitted, fit

UPPER = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
FRAME = "x along the accelerometer's x axis, y in the plane of its x and y axes"
POSES_MIN = 12
"""Nine unknowns, and some left to say how sure they are."""


def acc_fit(means: F64, gravity_mps2: float) -> tuple[F64, F64, Fitted]:
    """(matrix (3, 3), bias (3,), fit) from the mean raw readings (n, 3) of the poses.

    The fit is over x = (six elements of the upper triangle in m/s2 per raw unit, bias in raw units). Raises
    CalibrationError where the attitudes do not determine it."""
    if len(means) < POSES_MIN:
        raise CalibrationError(
            f"only {len(means)} poses at rest were found, at least {POSES_MIN} are needed (24 or more are "
            "good): lay the "
            "clip down in different attitudes, each for two seconds without touching it."
        )
    centre, radius = _sphere(means)
    scaled = (means - centre) / radius
    start = _ellipsoid(scaled)

    def function(x: F64) -> tuple[F64, F64]:
        m, b = matrix_of(x[:6]), x[6:]
        away = scaled - b
        v = away @ m.T
        size = np.linalg.norm(v, axis=1)
        unit = v / size[:, None]
        jacobian = np.empty((len(means), 9))
        for k, (i, j) in enumerate(UPPER):
            jacobian[:, k] = unit[:, i] * away[:, j]
        jacobian[:, 6:] = -unit @ m
        return (size - 1.0)[:, None], jacobian[:, None, :]

    found = fit(function, start, 1, "poses")
    # From gravities and radii to m/s2 and raw units: x_raw = unit * x + (0, centre).
    unit = np.concatenate([np.full(6, gravity_mps2 / radius), np.full(3, radius)])
    x = found.x * unit + np.concatenate([np.zeros(6), centre])
    covariance = found.covariance * np.outer(unit, unit)
    jacobian = found.jacobian * gravity_mps2 / unit
    in_si = Fitted(x, covariance, found.residuals * gravity_mps2, found.used, found.sd * gravity_mps2, jacobian)
    if np.sqrt(np.diag(covariance)[[0, 3, 5]]).max() > 0.02 * np.abs(x[[0, 3, 5]]).min():
        raise CalibrationError(
            "the attitudes are too much alike to tell scale from bias (uncertainty above 2 %): lay the "
            "clip on its other "
            "sides too, each once up and once down."
        )
    return matrix_of(x[:6]), x[6:], in_si


def matrix_of(upper: F64) -> F64:
    """(3, 3) upper triangular from its six elements, row by row."""
    m = np.zeros((3, 3))
    for value, place in zip(upper, UPPER, strict=True):
        m[place] = value
    return m


def spread_out(covariance: F64) -> F64:
    """(12, 12) over the matrix row by row and the bias, from (9, 9) over the upper triangle and the bias."""
    places = [3 * i + j for i, j in UPPER] + [9, 10, 11]
    whole = np.zeros((12, 12))
    whole[np.ix_(places, places)] = covariance
    return whole


def _sphere(means: F64) -> tuple[F64, float]:
    """Centre and radius of the sphere next to the points, by linear least squares."""
    middle = means.mean(axis=0)
    size = float(np.linalg.norm(means - middle, axis=1).mean())
    if not size > 0:
        raise CalibrationError("the accelerometer reads the same in every pose: see that the right columns are read.")
    scaled = (means - middle) / size
    a = np.column_stack([2 * scaled, np.ones(len(means))])
    solution = np.linalg.lstsq(a, (scaled**2).sum(axis=1), rcond=None)[0]
    radius = float(np.sqrt(max(1e-6, solution[3] + solution[:3] @ solution[:3])))
    return middle + size * solution[:3], size * radius


def _ellipsoid(points: F64) -> F64:
    """Start of the fit: the ellipsoid (x - b)' A (x - b) = 1 through (n, 3) by linear least squares; the unit sphere
    where that is none."""
    x, y, z = points.T
    a = np.column_stack([x * x, y * y, z * z, 2 * x * y, 2 * x * z, 2 * y * z, 2 * x, 2 * y, 2 * z])
    q = np.linalg.lstsq(a, np.ones(len(points)), rcond=None)[0]
    form = np.array([[q[0], q[3], q[4]], [q[3], q[1], q[5]], [q[4], q[5], q[2]]])
    sphere = np.array([1.0, 0, 0, 1, 0, 1, 0, 0, 0])
    try:
        b = -np.linalg.solve(form, q[6:])
        upper = np.linalg.cholesky(form / (1.0 + b @ form @ b)).T
    except np.linalg.LinAlgError:
        return sphere
    # An ellipsoid far from round is a sign of too few attitudes.
    if not 0.3 < np.diag(upper).min() < np.diag(upper).max() < 3.0 or np.abs(b).max() > 0.7:
        return sphere
    return np.concatenate([[upper[place] for place in UPPER], b])
