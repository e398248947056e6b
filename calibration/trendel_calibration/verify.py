"""Whether a calibration is good enough, against stated limits; what it changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from trendel_calibration.result import F64, NORMAL_95, Calibration

GRAVITY_LIMIT_MPS2 = 0.02
INCLINATION_LIMIT_DEG = 0.15
TURN_LIMIT_DEG = 1.0


@dataclass(frozen=True)
class Check:
    """A figure against its limit: `value` and `limit` in `unit`; None where it could not be found."""

    name: str
    value: float | None
    limit: float
    unit: str

    @property
    def passed(self) -> bool | None:
        """Whether it keeps the limit; None where it could not be found."""
        return None if self.value is None else self.value <= self.limit

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {"check": self.name, "value": self.value, "limit": self.limit, "unit": self.unit, "passed": self.passed}


def checks(cal: Calibration) -> list[Check]:
    """Residuals and 95 % uncertainties against what pelvic angles need (docs/calibration.md says how they carry on)."""
    scale = np.abs(np.diag(cal.acc_matrix))
    acc_scale = NORMAL_95 * float((np.diag(cal.acc_matrix_std) / scale).max()) * 100
    acc_bias = NORMAL_95 * float((cal.acc_bias_std * scale).max())
    found = [
        Check("gravity, residual over poses (RMS)", cal.gravity_rms_mps2, GRAVITY_LIMIT_MPS2, "m/s2"),
        Check("accelerometer scale, 95 %", acc_scale, 0.3, "%"),
        Check("accelerometer bias, 95 %", acc_bias, 0.03, "m/s2"),
    ]
    if cal.method == "poses":
        # In the frame of the box six positions know angles only as well as its sides are laid down.
        found.append(Check("inclination by these, 95 %", inclination_deg(cal), INCLINATION_LIMIT_DEG, "deg"))
    if cal.has_gyr:
        size = np.abs(np.diag(cal.gyr_matrix))
        gyr_scale = NORMAL_95 * float((np.diag(cal.gyr_matrix_std) / size).max()) * 100
        gyr_bias = NORMAL_95 * float(np.degrees((cal.gyr_bias_std * size).max()))
        turn = cal.turn_rms_rad
        # A turn by hand against an edge ends within some degrees of where it began: more cannot be asked of it.
        found += [
            Check("gyroscope scale, 95 %", gyr_scale, 0.5 if cal.method == "poses" else 1.0, "%"),
            Check("gyroscope bias, 95 %", gyr_bias, 0.05, "deg/s"),
            Check("rotation, closure of turns (RMS)", None if turn is None else float(np.degrees(turn)),
                  TURN_LIMIT_DEG if cal.method == "poses" else 2.0, "deg"),
        ]  # fmt: skip
    return found


def inclination_deg(cal: Calibration, directions_n: int = 200) -> float:
    """95 % of the error of the direction of gravity at rest that comes from the accelerometer's uncertainty, in
    degrees: root mean square over all attitudes, of both components together."""
    inverse = np.linalg.inv(cal.acc_matrix)
    total = 0.0
    for up in sphere(directions_n):
        raw = inverse @ up * cal.gravity_mps2
        jacobian = np.zeros((3, 12))
        for i in range(3):
            jacobian[i, 3 * i : 3 * i + 3] = raw
        jacobian[:, 9:] = -cal.acc_matrix
        across = (np.eye(3) - np.outer(up, up)) @ jacobian
        total += float(np.trace(across @ cal.acc_covariance @ across.T))
    return float(np.degrees(NORMAL_95 * np.sqrt(total / directions_n / 2) / cal.gravity_mps2))


def nominal_mps2(cal: Calibration, poses: F64) -> F64:
    """(n, 3) what `poses` (n, 3) would be taken for without calibration: SI values as they are; others by the one scale
    and the middle that make gravity right on average, as a data sheet would give them."""
    if cal.subject.raw_unit == "si":
        return poses
    scale = float(np.cbrt(np.linalg.det(cal.acc_matrix)))
    middle = np.zeros(3)
    if (
        np.abs(cal.acc_bias * scale).max() > 5.0
    ):  # unsigned counts: an offset that no sensor has is how they are written
        middle = np.full(3, float(np.median(cal.acc_bias)))
    return (poses - middle) * scale


def sphere(n: int) -> F64:
    """(n, 3) directions spread evenly over the sphere (Fibonacci)."""
    k = np.arange(n) + 0.5
    z, turn = 1 - 2 * k / n, np.pi * (1 + 5**0.5) * k
    r = np.sqrt(1 - z * z)
    return np.column_stack([r * np.cos(turn), r * np.sin(turn), z])


def differences(cal: Calibration, previous: dict[str, Any]) -> list[tuple[str, float, float, str]]:
    """What changed since the record `previous`: (name, largest change, its 95 % uncertainty by both, unit)."""
    rows = []
    for name, unit, factor in (
        ("acc_matrix", "% of scale", 100.0), ("acc_bias", "m/s2", 1.0),
        ("gyr_matrix", "% of scale", 100.0), ("gyr_bias", "deg/s", float(np.degrees(1.0))),
    ):  # fmt: skip
        try:
            before = np.array(previous.get(name), np.float64)
            before_std = np.array(previous.get(f"{name}_std"), np.float64)
        except (TypeError, ValueError):
            continue
        now, std = getattr(cal, name), getattr(cal, f"{name}_std")
        if before.shape != now.shape or not np.isfinite(before).all() or not np.isfinite(now).all():
            continue
        change = np.abs(now - before)
        place = np.unravel_index(int(change.argmax()), change.shape)
        both = np.sqrt(std[place] ** 2 + (before_std[place] ** 2 if before_std.shape == now.shape else 0.0))
        rows.append((name, float(change[place]) * factor, float(NORMAL_95 * both) * factor, unit))
    return rows
