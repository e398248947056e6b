"""Arrays that a caller gives, checked."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trendel.errors import CalibrationError
from trendel_calibration.result import F64

_LEAST_S = 2.0


def checked_arrays(
    acc_raw: npt.ArrayLike, gyr_raw: npt.ArrayLike | None, rate_hz: float
) -> tuple[F64, F64 | None, float]:
    """Both as (n, 3) float64 and the rate; CalibrationError where they cannot be a recording."""
    try:
        rate = float(rate_hz)
    except (TypeError, ValueError):
        rate = 0.0
    if not 5 <= rate <= 10_000:
        raise CalibrationError(f"a rate of {rate_hz} Hz cannot be: give samples per second, 5 to 10000.")
    acc = _array(acc_raw, "accelerometer")
    gyr = None if gyr_raw is None else _array(gyr_raw, "gyroscope")
    if gyr is not None and len(gyr) != len(acc):
        raise CalibrationError(
            f"there are {len(acc)} accelerometer and {len(gyr)} gyroscope samples: give as many of both."
        )
    if len(acc) < _LEAST_S * rate:
        raise CalibrationError(f"{len(acc) / rate:.1f} s are too short to calibrate from.")
    return acc, gyr, rate


def _array(values: npt.ArrayLike, what: str) -> F64:
    try:
        array = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        raise CalibrationError(f"the {what} values are not numbers.") from None
    if array.ndim != 2 or array.shape[1] != 3:
        raise CalibrationError(f"the {what} values have shape {array.shape}; they must be (n, 3).")
    if not np.isfinite(array).all():
        bad = int((~np.isfinite(array)).any(axis=1).sum())
        raise CalibrationError(f"{bad} {what} samples are missing or infinite: cut them out, or record again.")
    if len(array) and (np.ptp(array, axis=0) == 0).any():
        raise CalibrationError(f"an axis of the {what} holds one value throughout: see the columns and the sensor.")
    return array
