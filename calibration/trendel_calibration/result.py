"""What a calibration is: two matrices and two biases, how sure each is, and where they come from."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from trendel.errors import CalibrationError
from trendel.recording.calibration import hash_of, setting_of

F64 = npt.NDArray[np.float64]

NORMAL_95 = 1.959964
"""Half the width of a 95 % interval in standard deviations of a normal distribution."""


def now_utc() -> str:
    """The time now, ISO 8601, UTC, whole seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True)
class Subject:
    """What was calibrated, by whom and when; what is not known is None.

    serial: of the clip, hexadecimal. sensor: as a recording's metadata have it. range_g, range_dps: ranges in use.
    temperature_degc: of the sensor. raw_unit: 'si' where raw values were m/s2 and rad/s by the sensor's nominal scales,
    'raw' where they were counts or anything else. source: the file or link. when: ISO 8601, UTC."""

    serial: str | None = None
    sensor: str | None = None
    range_g: float | None = None
    range_dps: float | None = None
    temperature_degc: float | None = None
    raw_unit: str = "raw"
    source: str | None = None
    who: str | None = None
    when: str = field(default_factory=now_utc)


@dataclass(frozen=True, eq=False)
class Calibration:
    """acc_mps2 = acc_matrix @ (acc_raw - acc_bias); gyr_radps = gyr_matrix @ (gyr_raw - gyr_bias).

    acc_matrix: (3, 3) m/s2 per raw unit. acc_bias: (3,) raw units. gyr_matrix: (3, 3) rad/s per raw unit. gyr_bias:
        (3,) raw units. Both give one right-handed frame, stated in `frame`.
    *_std: standard uncertainty of each element, such that value +- 1.96 std is its 95 % interval (small samples are
        allowed for); 0 where an element is fixed by the choice of frame.
    acc_covariance, gyr_covariance: (12, 12), of the matrix row by row and then the bias.
    residuals: by name, what the fit leaves: 'gravity_mps2' (n,) size of calibrated gravity less gravity at each pose,
        'turn_rad' (m,) angle between gravity as measured and as turned there by the gyroscope, after each turn.
    poses: (n, 3) mean raw accelerometer values of the static phases used. used: (n,) bool, False: set aside as outlier.
    gyr_per_acc: (3, 3) raw gyroscope units per m/s2, what the gyroscope reads of acceleration; NaN where not measured.
        It is not applied.
    turns_used: (m,) bool. method, gravity_mps2, rate_hz: how it was found. notes: sentences.
    """

    acc_matrix: F64
    acc_bias: F64
    gyr_matrix: F64
    gyr_bias: F64
    acc_matrix_std: F64
    acc_bias_std: F64
    gyr_matrix_std: F64
    gyr_bias_std: F64
    acc_covariance: F64
    gyr_covariance: F64
    residuals: dict[str, F64]
    poses: F64
    used: npt.NDArray[np.bool_]
    turns_used: npt.NDArray[np.bool_]
    gyr_per_acc: F64
    method: str
    frame: str
    gravity_mps2: float
    rate_hz: float
    subject: Subject = field(default_factory=Subject)
    notes: tuple[str, ...] = ()

    @property
    def who(self) -> str | None:
        """Who calibrated."""
        return self.subject.who

    @property
    def when(self) -> str:
        """When, ISO 8601, UTC."""
        return self.subject.when

    @property
    def serial(self) -> str | None:
        """Serial number of the clip, hexadecimal."""
        return self.subject.serial

    @property
    def sensor(self) -> str | None:
        """The IMU, as recordings name it."""
        return self.subject.sensor

    @property
    def range(self) -> tuple[float | None, float | None]:
        """Ranges in use: g and deg/s."""
        return self.subject.range_g, self.subject.range_dps

    @property
    def has_gyr(self) -> bool:
        """Whether the gyroscope's scale was found."""
        return bool(np.isfinite(self.gyr_matrix).all())

    def acc_mps2(self, acc_raw: npt.ArrayLike) -> F64:
        """(n, 3) calibrated specific force, m/s2."""
        return (np.asarray(acc_raw, np.float64) - self.acc_bias) @ self.acc_matrix.T

    def gyr_radps(self, gyr_raw: npt.ArrayLike) -> F64:
        """(n, 3) calibrated rate, rad/s."""
        return (np.asarray(gyr_raw, np.float64) - self.gyr_bias) @ self.gyr_matrix.T

    @property
    def gravity_rms_mps2(self) -> float:
        """Root mean square of the gravity residual over the poses used, m/s2."""
        return float(np.sqrt(np.mean(self.residuals["gravity_mps2"][self.used] ** 2)))

    @property
    def turn_rms_rad(self) -> float | None:
        """Root mean square of the residual of the turns used, rad; None where there were none."""
        turns = self.residuals.get("turn_rad")
        if turns is None or not self.turns_used.any():
            return None
        return float(np.sqrt(np.mean(turns[self.turns_used] ** 2)))

    def record(self) -> dict[str, Any]:
        """The calibration record: plain JSON values, what sessions carry (docs/calibration.md)."""
        about = self.subject
        body: dict[str, Any] = {
            "schema": "trendel.calibration/1",
            "method": self.method,
            "who": about.who,
            "when": about.when,
            "clip_serial": about.serial,
            "sensor": about.sensor,
            "range_g": about.range_g,
            "range_dps": about.range_dps,
            "temperature_degc": about.temperature_degc,
            "raw_unit": about.raw_unit,
            "source": about.source,
            "rate_hz": self.rate_hz,
            "gravity_mps2": self.gravity_mps2,
            "frame": self.frame,
        }
        for name in ("acc_matrix", "acc_bias", "gyr_matrix", "gyr_bias"):
            body[name] = plain(getattr(self, name))
            body[f"{name}_std"] = plain(getattr(self, f"{name}_std"))
        body["gyr_per_acc"] = plain(self.gyr_per_acc)
        body["acc_covariance"], body["gyr_covariance"] = plain(self.acc_covariance), plain(self.gyr_covariance)
        body["residuals"] = {name: plain(values) for name, values in self.residuals.items()}
        body["gravity_rms_mps2"], body["turn_rms_rad"] = self.gravity_rms_mps2, self.turn_rms_rad
        body["poses"], body["poses_used"] = plain(self.poses), self.used.tolist()
        body["turns_used"] = self.turns_used.tolist()
        body["notes"] = list(self.notes)
        return body | {"hash": record_hash(body)}


def plain(values: npt.ArrayLike) -> Any:
    """An array as nested lists, what is not finite as None."""
    array = np.asarray(values)
    if array.ndim:
        return [plain(value) for value in array]
    number = float(array)
    return number if np.isfinite(number) else None


def record_hash(record: dict[str, Any]) -> str:
    """8 hex digits over what of a record is applied: the clip's own hash where it can be put on a clip."""
    try:
        return hash_of(setting_of(record, "the record"))
    except CalibrationError:
        names = ("raw_unit", "acc_matrix", "acc_bias", "gyr_matrix", "gyr_bias")
        return f"{zlib.crc32(json.dumps([record.get(name) for name in names]).encode()):08x}"
