"""Calibration of clips: fitting, procedures, and records of what was found.

    import trendel_calibration as tc
    cal = tc.poses(acc_raw, gyr_raw, rate_hz)       # raw counts or SI, (n, 3)
    cal = tc.ferraris(acc_raw, gyr_raw, rate_hz)    # six positions and three rotations
    acc_mps2 = (acc_raw - cal.acc_bias) @ cal.acc_matrix.T

Names are loaded when first used. Trendel itself never imports this package: it reads calibration records as data
(trendel.recording.calibration)."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trendel_calibration.any_poses import poses as poses
    from trendel_calibration.result import Calibration as Calibration
    from trendel_calibration.result import Subject as Subject
    from trendel_calibration.six_positions import ferraris as ferraris

_HOME = {
    "poses": "any_poses",
    "ferraris": "six_positions",
    "Calibration": "result",
    "Subject": "result",
}

__all__ = ["Calibration", "Subject", "ferraris", "poses"]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(import_module(f"trendel_calibration.{_HOME[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'trendel_calibration' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
