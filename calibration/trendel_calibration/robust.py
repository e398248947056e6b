"""Least squares that outliers do not bend, with a covariance that is honest for few residuals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares
from scipy.stats import t as student

from trendel.errors import CalibrationError
from trendel_calibration.result import F64, NORMAL_95

Fit = Callable[[F64], tuple[F64, F64]]
"""Parameters (p,) -> residuals (n, k) and their Jacobian (n, k, p)."""

_MAD = 1.4826  # median absolute deviation to standard deviation, of a normal distribution
_OUTLIER = 4.5
"""Residuals beyond so many robust standard deviations are set aside: one good pose in 150,000."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """x: (p,) parameters. covariance: (p, p), widened for few residuals. residuals: (n, k). used: (n,) bool. sd: of a
    residual's component. jacobian: (n, k, p)."""

    x: F64
    covariance: F64
    residuals: F64
    used: npt.NDArray[np.bool_]
    sd: float
    jacobian: F64


def fit(function: Fit, start: F64, dof_each: int, what: str) -> Fitted:
    """Parameters that make residuals small: first with a loss that grows linearly for large ones (soft L1), whose scale
    is the robust spread of the residuals; then what stands out is set aside and the rest fitted by plain least squares,
    so that the usual covariance s^2 (J'J)^-1 holds.

    Args:
        function: see Fit. start: (p,). dof_each: independent components among the k of a residual.
        what: what the residuals belong to, for messages.
    Raises CalibrationError where they do not determine the parameters.
    """
    function = _remembered(function)
    x = start
    n, p = len(function(x)[0]), len(start)
    if n * dof_each <= p:
        raise CalibrationError(f"{n} {what} are too few for {p} unknowns: record more.")
    used = np.ones(n, bool)
    for _ in range(3):
        residuals = function(x)[0]
        scale = _robust_sd(residuals, p / dof_each)
        x = _solve(function, x, used, "soft_l1", 2.0 * max(scale, 1e-12))
    for i in range(5):
        residuals = function(x)[0]
        scale = _robust_sd(residuals, p / dof_each)
        size = np.linalg.norm(residuals, axis=1) / np.sqrt(dof_each)
        now = size <= _OUTLIER * max(scale, 1e-12)
        if now.sum() * dof_each <= p:
            now = np.ones(n, bool)
        x = _solve(function, x, now, "linear", 1.0)
        if (now == used).all() and i > 0:
            break
        used = now
    residuals, jacobian = function(x)
    j = jacobian[used].reshape(-1, p)
    dof = int(used.sum()) * dof_each - p
    sd = float(np.sqrt((residuals[used] ** 2).sum() / dof))
    # Columns are scaled, so that parameters in counts and in parts do not make the matrix look singular.
    size = np.linalg.norm(j, axis=0)
    if not np.isfinite(size).all() or (size == 0).any() or np.linalg.cond(j / size) > 1e5:
        raise CalibrationError(f"the {what} do not determine everything: lay the clip on more of its sides and edges.")
    inverse = np.linalg.inv((j / size).T @ (j / size)) / np.outer(size, size)
    # Student's t for few degrees of freedom, as a wider standard deviation: 1.96 of it is the 95 % interval.
    wide = float(student.ppf(0.975, dof)) / NORMAL_95
    return Fitted(x, inverse * (sd * wide) ** 2, residuals, used, sd, jacobian)


def _remembered(function: Fit) -> Fit:
    """`function` that is not computed again where it was computed last: residuals and Jacobian are asked for apart."""
    last: list[tuple[F64, tuple[F64, F64]]] = []

    def remembered(x: F64) -> tuple[F64, F64]:
        if not last or not np.array_equal(last[0][0], x):
            last[:] = [(x.copy(), function(x))]
        return last[0][1]

    return remembered


def _robust_sd(residuals: F64, parameters_each: float) -> float:
    """Of a component, by the median of their sizes; widened since the fit has drawn them in."""
    n = len(residuals)
    if residuals.shape[1] == 1:
        sd = _MAD * float(np.median(np.abs(residuals)))
    else:
        # The size of two independent components has the median 1.177 sd.
        sd = float(np.median(np.linalg.norm(residuals, axis=1))) / 1.1774
    return sd / np.sqrt(max(0.2, 1.0 - parameters_each / n))


def _solve(
    function: Fit, start: F64, used: npt.NDArray[np.bool_], loss: Literal["linear", "soft_l1"], scale: float
) -> F64:
    def residuals(x: F64) -> F64:
        return np.asarray(function(x)[0][used].ravel())

    def jacobian(x: F64) -> F64:
        return np.asarray(function(x)[1][used].reshape(-1, len(start)))

    answer = least_squares(
        residuals,
        start,
        jac=jacobian,
        loss=loss,
        f_scale=scale,
        x_scale="jac",
        xtol=1e-10,
        ftol=1e-10,
        gtol=1e-10,
        max_nfev=60,
    )
    return np.asarray(answer.x)
