"""The clip's settings: values as packed little-endian structs, one table; C header and docs/settings.md come from it.

They travel and are stored under keys `trendel/...` (MCUmgr's settings group). Each value but the two commands begins
with its version and ends with a CRC-32, so that a torn or foreign one is told from a good one wherever it is read.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trendel.errors import WireError
from trendel.wire.layout import ACC_CODES, GYR_CODES, Field, Struct, dtype_of

RATES_HZ = (104, 208, 416, 833)
"""Output data rates that the firmware has a parameter table for."""
RANGE_CODES = tuple(acc | gyr << 4 for gyr in range(GYR_CODES) for acc in range(ACC_CODES))
"""Range codes of the sensor, as in a block."""
MODES = ("run", "sync", "ship")
ERASE_WORD = 0x53415245  # "ERAS"
PARAMS_MAX = 4096  # bytes of a parameter record
SETTING_MAX = PARAMS_MAX + 16  # bytes of any value
NAME_MAX = 16

# What a write is answered with: 0 is success.
RESULTS = ("ok", "unknown_key", "length", "version", "crc", "value", "busy", "store", "access", "missing")


def _head() -> tuple[Field, ...]:
    return (Field("version", "u1", "of this kind of value"),)


_LISTED_N = 6


def _limited(
    name: str,
    kind: str,
    doc: str,
    shape: tuple[int, ...] = (),
    *,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    choices: tuple[int, ...] = (),
) -> Field:
    """A field that a person may write; its limits go into its meaning too."""
    if len(choices) > _LISTED_N:
        limits = ""
    elif choices:
        limits = " or ".join(filter(None, [", ".join(map(str, choices[:-1])), str(choices[-1])]))
    else:
        limits = f"{low:.5g} to {high:.5g}"
    told = "; ".join(filter(None, [doc, f"{limits} {unit}".strip()]))
    return Field(name, kind, told, shape, unit=unit, low=low, high=high, choices=choices)


_CRC = (Field("crc", "u4", "CRC-32 of the bytes before it"),)

STRUCTS: tuple[Struct, ...] = (
    Struct(
        "SettingName",
        "trendel/name: what the runner calls the clip.",
        (*_head(), Field("name", f"S{NAME_MAX}", "UTF-8, zeros at its end"), *_CRC),
    ),
    Struct(
        "SettingBaseline",
        "trendel/baseline: the runner's obliquity peaks in earlier runs, as the kernels take them.",
        (
            *_head(),
            Field("reserved", "u1", "0", (3,)),
            _limited("prior_rad", "f4", "left and right", (2,), unit="rad", low=-math.pi, high=math.pi),
            _limited("prior_n", "f4", "blocks of steps that it counts for", low=0.0, high=10_000.0),
            *_CRC,
        ),
    ),
    Struct(
        "SettingMounting",
        "trendel/mounting: the known rotation of the clip on this runner.",
        (
            *_head(),
            _limited("has_standing", "u1", "1: levelled to the standing posture", choices=(0, 1)),
            Field("reserved", "u1", "0", (2,)),
            _limited(
                "axes",
                "f4",
                "rows forward, left, up of the pelvis in the sensor frame; a rotation",
                (9,),
                low=-1.0,
                high=1.0,
            ),
            _limited(
                "lean_rad",
                "f4",
                "anterior tilt that the axes have in running",
                unit="rad",
                low=-math.pi / 2,
                high=math.pi / 2,
            ),
            *_CRC,
        ),
    ),
    Struct(
        "SettingThresholds",
        "trendel/thresholds: from which growth of the drop on the runner is warned, and how.",
        (
            *_head(),
            _limited("silent", "u1", "1: no vibration, light only", choices=(0, 1)),
            Field("reserved", "u1", "0", (2,)),
            _limited("notice_rad", "f4", "not above warning_rad", unit="rad", low=1e-4, high=math.pi / 2),
            _limited("warning_rad", "f4", "not above stop_rad", unit="rad", low=1e-4, high=math.pi / 2),
            _limited("stop_rad", "f4", "", unit="rad", low=1e-4, high=math.pi / 2),
            _limited("rest_s", "f4", "between alerts of a level", unit="s", low=0.0, high=86_400.0),
            *_CRC,
        ),
    ),
    Struct(
        "SettingCalibration",
        "trendel/calibration: calibrated = matrix @ (raw in SI units - bias), in float32 (see below).",
        (
            *_head(),
            Field("reserved", "u1", "0", (3,)),
            _limited(
                "acc_matrix",
                "f4",
                "by rows; on the diagonal from 0.5 on, beside it up to 0.5",
                (9,),
                low=-0.5,
                high=2.0,
            ),
            _limited("acc_bias", "f4", "", (3,), unit="m/s2", low=-20.0, high=20.0),
            _limited("gyr_matrix", "f4", "as acc_matrix", (9,), low=-0.5, high=2.0),
            _limited("gyr_bias", "f4", "", (3,), unit="rad/s", low=-1.0, high=1.0),
            *_CRC,
        ),
    ),
    Struct(
        "SettingMode",
        "trendel/mode: 0 run, 1 sync (the host reads the log; refused while a run is on), 2 ship. Only ship is kept.",
        (
            *_head(),
            _limited("mode", "u1", "place in run, sync, ship", choices=(0, 1, 2)),
            Field("reserved", "u1", "0", (2,)),
            *_CRC,
        ),
    ),
    Struct(
        "SettingRate",
        "trendel/rate_hz: output data rate; used from the next start of sampling on.",
        (*_head(), Field("reserved", "u1", "0"), _limited("rate_hz", "u2", "", unit="Hz", choices=RATES_HZ), *_CRC),
    ),
    Struct(
        "SettingRange",
        "trendel/range_code: as in a block; used from the next start of sampling on.",
        (
            *_head(),
            _limited("range_code", "u1", "as in a block", choices=RANGE_CODES),
            Field("reserved", "u1", "0", (2,)),
            *_CRC,
        ),
    ),
    Struct(
        "SettingRsc",
        "trendel/rsc: Running Speed and Cadence service, off unless told.",
        (*_head(), _limited("on", "u1", "", choices=(0, 1)), Field("reserved", "u1", "0", (2,)), *_CRC),
    ),
    Struct(
        "SettingParams",
        "trendel/params: start of a whole parameter record of the kernels for one rate; its bytes and a CRC-32 follow.",
        (*_head(), Field("reserved", "u1", "0"), Field("rate_hz", "u2", "that it is for")),
    ),
    Struct(
        "SettingLogRelease",
        "trendel/log/release: the host has, verified, all sectors up to this sequence. Write only.",
        (Field("sequence", "u4", "of the newest sector that may go"),),
    ),
    Struct(
        "SettingLogErase",
        "trendel/log/erase: erase the whole log. Write only; refused while a run is on.",
        (Field("word", "u4", f"{ERASE_WORD:#x}"),),
    ),
    Struct(
        "LogSectorsHeader",
        "File /log/sectors: what the log holds, taken when its first byte is read; sector_n x LogSectorRow follow.",
        (
            Field("version", "u1", "of this struct"),
            Field("reserved", "u1", "0", (3,)),
            Field("sector_n", "u4", "sectors of the log"),
            Field("sector_bytes", "u4", "of each"),
            Field("boot_n", "u4", "of this boot"),
            Field("next_sequence", "u4", "of the next sector that is opened"),
            Field("open_sector_i", "u4", "sector being written: records, raw; 4294967295: none", (2,)),
            Field("open_offset", "u4", "bytes written in it", (2,)),
        ),
    ),
    Struct(
        "LogSectorRow",
        "One sector of the log.",
        (
            Field("sequence", "u4", "0: not in use"),
            Field("class_id", "u1", "0 records, 1 raw"),
            Field("keep", "u1", "1 periodic sample, 2 alert"),
            Field("released", "u1", "1: a host has it"),
            Field("bad", "u1", "1: failed to erase or program since boot"),
        ),
    ),
)

BY_NAME = {struct.name: struct for struct in STRUCTS}
DTYPES: dict[str, np.dtype[np.void]] = {struct.name: dtype_of(struct) for struct in STRUCTS}


@dataclass(frozen=True)
class Key:
    """A key: `name` after `trendel/`, its struct, version, whether it is kept, read and written."""

    name: str
    struct: str
    version: int = 1
    stored: bool = True
    readable: bool = True


KEYS: tuple[Key, ...] = (
    Key("name", "SettingName"),
    Key("baseline", "SettingBaseline"),
    Key("mounting", "SettingMounting"),
    Key("thresholds", "SettingThresholds"),
    Key("calibration", "SettingCalibration"),
    Key("mode", "SettingMode"),
    Key("rate_hz", "SettingRate"),
    Key("range_code", "SettingRange"),
    Key("rsc", "SettingRsc"),
    Key("params", "SettingParams"),
    Key("log/release", "SettingLogRelease", version=0, stored=False, readable=False),
    Key("log/erase", "SettingLogErase", version=0, stored=False, readable=False),
)
PREFIX = "trendel/"
_BY_KEY = {key.name: key for key in KEYS}


def _key(name: str) -> Key:
    found = _BY_KEY.get(name.removeprefix(PREFIX))
    if found is None:
        raise WireError(f"A clip has no setting {name!r}; there are {', '.join(PREFIX + key.name for key in KEYS)}.")
    return found


def encode_setting(key_name: str, /, **fields: object) -> bytes:
    """The bytes of a setting's value from its fields; those not given are 0. `key_name` as in KEYS, prefix or not.

    Raises WireError for an unknown key or a value that does not fit.
    """
    key = _key(key_name)
    if key.struct == "SettingParams":
        raise WireError("trendel/params is made by encode_params.")
    record = np.zeros((), DTYPES[key.struct])
    if key.version:
        record["version"] = key.version
    for field, value in fields.items():
        try:
            record[field] = value
        except (OverflowError, ValueError, TypeError) as error:
            raise WireError(f"{value!r} does not fit into {field} of trendel/{key.name}.") from error
    raw = record.tobytes()
    return raw[:-4] + zlib.crc32(raw[:-4]).to_bytes(4, "little") if "crc" in DTYPES[key.struct].names else raw  # type: ignore[operator]


def decode_setting(name: str, raw: bytes) -> np.void:
    """The fields of a setting's value (0-d record). Raises WireError for one that is torn or of another version."""
    key = _key(name)
    dtype = DTYPES[key.struct]
    if key.struct == "SettingParams":
        raise WireError("trendel/params is read by decode_params.")
    if len(raw) != dtype.itemsize:
        raise WireError(f"trendel/{key.name} has {len(raw)} bytes, not {dtype.itemsize}.")
    record: np.void = np.frombuffer(raw, dtype, 1)[0]
    if key.version and record["version"] != key.version:
        raise WireError(f"trendel/{key.name} is of version {int(record['version'])}, this host's is {key.version}.")
    if key.version and zlib.crc32(raw[:-4]) != int(record["crc"]):
        raise WireError(f"trendel/{key.name} is damaged: its checksum is wrong.")
    return record


def encode_params(record: bytes, rate_hz: int) -> bytes:
    """The value of trendel/params: `record` is a whole parameter record of the kernels, for one output data rate."""
    if not 0 < len(record) <= PARAMS_MAX:
        raise WireError(f"A parameter record of {len(record)} bytes is none: at most {PARAMS_MAX}.")
    head = np.zeros((), DTYPES["SettingParams"])
    head["version"], head["rate_hz"] = _key("params").version, rate_hz
    raw = head.tobytes() + record
    return raw + zlib.crc32(raw).to_bytes(4, "little")


def decode_params(raw: bytes) -> tuple[int, bytes]:
    """(rate in Hz, parameter record) of a value of trendel/params. Raises WireError for one that is torn or other."""
    size = DTYPES["SettingParams"].itemsize
    if len(raw) < size + 5 or zlib.crc32(raw[:-4]) != int.from_bytes(raw[-4:], "little"):
        raise WireError("trendel/params is damaged.")
    head = np.frombuffer(raw, DTYPES["SettingParams"], 1)[0]
    if head["version"] != _key("params").version:
        raise WireError(f"trendel/params is of version {int(head['version'])}.")
    return int(head["rate_hz"]), raw[size:-4]


def calibrate(
    calibration: np.void, acc_mps2: NDArray[np.float32], gyr_radps: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(n, 3) calibrated from (n, 3) raw values in SI units, float32: the same bits as on the clip.

    Each difference, product and sum is rounded to float32, products are summed from left to right. `calibration`: a
    record of SettingCalibration.
    """
    found = []
    for raw, part in ((acc_mps2, "acc"), (gyr_radps, "gyr")):
        matrix = np.asarray(calibration[f"{part}_matrix"], np.float32).reshape(3, 3)
        off = raw.astype(np.float32) - np.asarray(calibration[f"{part}_bias"], np.float32)
        rows = [(off[:, 0] * m[0] + off[:, 1] * m[1]) + off[:, 2] * m[2] for m in matrix]
        found.append(np.column_stack(rows).astype(np.float32, copy=False))
    return found[0], found[1]


def calibration_hash(raw: bytes) -> int:
    """What the hello says of a calibration: the CRC-32 in the value `raw` of trendel/calibration."""
    return int(decode_setting("calibration", raw)["crc"])


@dataclass(frozen=True)
class Sectors:
    """File /log/sectors: `header` a record of LogSectorsHeader, `sectors` (n,) of LogSectorRow."""

    header: np.void
    sectors: NDArray[np.void]


def decode_sectors(raw: bytes) -> Sectors:
    """The table of the log's sectors. Raises WireError if it is cut or of another version."""
    head = DTYPES["LogSectorsHeader"]
    if len(raw) < head.itemsize:
        raise WireError("/log/sectors is cut.")
    header: np.void = np.frombuffer(raw, head, 1)[0]
    n = int(header["sector_n"])
    if header["version"] != 1 or len(raw) != head.itemsize + n * DTYPES["LogSectorRow"].itemsize:
        raise WireError("/log/sectors is cut, or of another version than this host reads.")
    return Sectors(header, np.frombuffer(raw, DTYPES["LogSectorRow"], n, head.itemsize))
