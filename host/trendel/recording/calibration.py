"""Calibration records: what sessions and sidecars carry, whether one belongs to a recording, and applying it.

A record is data (docs/calibration.md); trendel_calibration makes them. Applied it gives the bits that the clip gives:
float32, products summed from left to right."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from trendel.errors import CalibrationError

SCHEMA: Final = "trendel.calibration/1"
_F32 = npt.NDArray[np.float32]
_RANGE_WITHIN = 0.02


@dataclass(frozen=True, eq=False)
class Applied:
    """What of a record is applied: calibrated = matrix @ (nominal SI value - bias); float32, (3, 3) and (3,).

    gyr_matrix is None where the record is of an accelerometer alone. hash: 8 hex digits over these values."""

    acc_matrix: _F32
    acc_bias: _F32
    gyr_matrix: _F32 | None
    gyr_bias: _F32 | None
    hash: str


def parse_calibration(record: Any, origin: str) -> Applied:
    """What is to be applied of `record`, which comes from `origin`. Raises CalibrationError where it cannot be used."""
    if not isinstance(record, Mapping) or record.get("schema") != SCHEMA:
        raise CalibrationError(f"{origin} is no calibration record of this version ({SCHEMA}).")
    if record.get("raw_unit") != "si":
        raise CalibrationError(
            f"{origin} was made from values without units, so it fits nothing but the file it was made from: calibrate "
            "from a recording with units."
        )
    acc_matrix, acc_bias = _array(record, "acc_matrix", origin), _array(record, "acc_bias", origin)
    if record.get("gyr_matrix") is None or _all_none(record["gyr_matrix"]):
        return Applied(acc_matrix, acc_bias, None, None, str(record.get("hash", "")))
    gyr_matrix, gyr_bias = _array(record, "gyr_matrix", origin), _array(record, "gyr_bias", origin)
    return Applied(acc_matrix, acc_bias, gyr_matrix, gyr_bias, str(record.get("hash", "")))


def _all_none(values: Any) -> bool:
    return all(_all_none(v) for v in values) if isinstance(values, list) else values is None


def _array(record: Mapping[str, Any], name: str, origin: str) -> _F32:
    try:
        values = np.array(record.get(name), np.float64)
    except (TypeError, ValueError):
        values = np.empty(0)
    shape = (3, 3) if name.endswith("matrix") else (3,)
    good = values.shape == shape and bool(np.isfinite(values).all())
    if good and len(shape) == 2:
        # The bounds of the clip's setting: beyond them it is no calibration of a working sensor.
        off = values - np.diag(np.diag(values))
        good = bool((np.abs(np.diag(values) - 1.25) <= 0.75).all() and (np.abs(off) <= 0.5).all())
    elif good:
        good = bool((np.abs(values) <= (20.0 if name == "acc_bias" else 1.0)).all())
    if not good:
        raise CalibrationError(f"{origin} has {name} that is missing or that no working sensor has: calibrate again.")
    return values.astype(np.float32)


def why_not(record: Mapping[str, Any], about: Mapping[str, Any]) -> str | None:
    """Why `record` does not belong to a recording with the metadata `about`, in words that end a sentence; None where it
    does. What either does not know is not compared."""
    pairs = (("clip_serial", "clip"), ("sensor", "sensor"))
    for key, word in pairs:
        mine, theirs = record.get(key), about.get(key)
        if mine is not None and theirs is not None and str(mine).lower() != str(theirs).lower():
            return f"it is of {word} {mine}, this is {word} {theirs}"
    for key, unit in (("range_g", "g"), ("range_dps", "deg/s")):
        mine, theirs = _number(record.get(key)), _number(about.get(key))
        if mine is not None and theirs is not None and abs(mine - theirs) > _RANGE_WITHIN * theirs:
            return f"it was made at a range of {mine:g} {unit}, this is at {theirs:g} {unit}"
    return None


def _number(value: Any) -> float | None:
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if good else None


def check_belongs(record: Mapping[str, Any], about: Mapping[str, Any], origin: str) -> None:
    """Raises CalibrationError, in one sentence, where `record` from `origin` does not belong to what `about` says."""
    reason = why_not(record, about)
    if reason is not None:
        raise CalibrationError(f"{origin} does not belong here: {reason}; calibrate this clip as it is set now.")


def calibrated(applied: Applied, acc_mps2: _F32, gyr_radps: _F32 | None) -> tuple[_F32, _F32 | None]:
    """(n, 3) calibrated of (n, 3) float32 values in nominal SI units."""
    acc = _product(applied.acc_matrix, applied.acc_bias, acc_mps2)
    if gyr_radps is None or applied.gyr_matrix is None or applied.gyr_bias is None:
        return acc, gyr_radps
    return acc, _product(applied.gyr_matrix, applied.gyr_bias, gyr_radps)


def _product(matrix: _F32, bias: _F32, values: _F32) -> _F32:
    off = values.astype(np.float32, copy=False) - bias
    rows = [(off[:, 0] * m[0] + off[:, 1] * m[1]) + off[:, 2] * m[2] for m in matrix]
    return np.ascontiguousarray(np.column_stack(rows), dtype=np.float32)
