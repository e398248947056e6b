"""Calibration records: what sessions and sidecars carry, whether one belongs to a recording, and applying it.

A record is data (docs/calibration.md); trendel_calibration makes them. Host and clip apply the same bytes of it, the
setting trendel/calibration, and give the same bits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from trendel.errors import CalibrationError
from trendel.wire.settings import calibrate, calibration_hash, decode_setting, encode_setting

SCHEMA: Final = "trendel.calibration/1"
_F32 = npt.NDArray[np.float32]
_RANGE_WITHIN = 0.02


def setting_of(record: Any, origin: str) -> bytes:
    """`record`, which comes from `origin`, as the clip's setting trendel/calibration: what is applied on clip and host.

    The gyroscope of a record of an accelerometer alone is left as it is. Raises CalibrationError where the record
    cannot be used."""
    if not isinstance(record, Mapping) or record.get("schema") != SCHEMA:
        raise CalibrationError(f"{origin} is no calibration record of this version ({SCHEMA}).")
    if record.get("raw_unit") != "si":
        raise CalibrationError(
            f"{origin} was made from values without units, so it fits nothing but the file it was made from: calibrate "
            "from a recording with units."
        )
    values = {name: _array(record, name, origin) for name in ("acc_matrix", "acc_bias")}
    if all(_is_empty(record.get(name)) for name in ("gyr_matrix", "gyr_bias")):
        values |= {"gyr_matrix": np.eye(3), "gyr_bias": np.zeros(3)}
    else:
        values |= {name: _array(record, name, origin) for name in ("gyr_matrix", "gyr_bias")}
    return encode_setting("calibration", **{name: value.ravel() for name, value in values.items()})


def _is_empty(values: Any) -> bool:
    return all(_is_empty(v) for v in values) if isinstance(values, list) else values is None


def _array(record: Mapping[str, Any], name: str, origin: str) -> npt.NDArray[np.float64]:
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
    return values


def hash_of(setting: bytes) -> str:
    """The hash of a calibration as the clip's hello has it, 8 hex digits."""
    return f"{calibration_hash(setting):08x}"


def full_serial(serial: str) -> str:
    """A clip's serial number as sessions write it, 16 hex digits, from how people write it; other text in lower
    case."""
    text = serial.strip().lower()
    try:
        return f"{int(text, 16):016x}"
    except ValueError:
        return text


def why_not(record: Mapping[str, Any], about: Mapping[str, Any]) -> str | None:
    """Why `record` does not belong to a recording with the metadata `about`, in words that end a sentence; None where
    it does. What either does not know is not compared."""
    pairs = (("clip_serial", "clip"), ("sensor", "sensor"))
    for key, word in pairs:
        mine, theirs = record.get(key), about.get(key)
        if mine is not None and theirs is not None and full_serial(str(mine)) != full_serial(str(theirs)):
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


def calibrated(setting: bytes, acc_mps2: _F32, gyr_radps: _F32 | None) -> tuple[_F32, _F32 | None]:
    """(n, 3) calibrated of (n, 3) float32 values in nominal SI units, by the bytes of setting_of."""
    gyr = np.zeros_like(acc_mps2) if gyr_radps is None else gyr_radps
    acc, turned = calibrate(decode_setting("calibration", setting), acc_mps2, gyr)
    return np.ascontiguousarray(acc), None if gyr_radps is None else np.ascontiguousarray(turned)
