"""Packet layouts: one declarative table; numpy dtypes, C header, docs/wire.md and the layout hash are derived from it.

Structs marked `frozen` are version 1 for ever: a host of any age streams from, and reflashes, a clip of any age. The
records (stride, event, status) may change: the clip describes them in layout packets, and the host decodes by that.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

VERSION = 1

# Kinds of packet: the first byte of each.
KIND_IMU, KIND_HELLO, KIND_LAYOUT, KIND_FAULTS = 1, 2, 3, 4
KIND_STRIDE, KIND_EVENT, KIND_STATUS = 5, 6, 7
KIND_IMU_PACKED, KIND_CHECKPOINT = 8, 9

PACKET_MAX = 244  # bytes of a live packet: the payload of a notification at an ATT MTU of 247
STORED_MAX = 2048  # bytes of a packet that only the log and USB carry (packed blocks, checkpoints)
IMU_SAMPLES_MAX = 18  # (PACKET_MAX - 28) / 12
RECORDS_MAX = 58  # of 4 bytes, the smallest record: (PACKET_MAX - 12) / 4
NAME_MAX = 32  # bytes of a field's name in a layout packet
FIELDS_MAX = 64  # fields of a record
FAULTS_MAX = 32  # counters in a faults packet
CHECKPOINT_MAX = 65536  # bytes of a kernel state
PACKED_BLOCKS_MAX = 16  # blocks in one packed block

# ImuHeader.marks
IMU_CALIBRATED, IMU_GAP, IMU_SATURATED, IMU_TIME_ESTIMATED = 1, 2, 4, 8
IMU_MARKS = (
    ("IMU_CALIBRATED", IMU_CALIBRATED, "calibration was applied on the clip: not to be applied again"),
    ("IMU_GAP", IMU_GAP, "samples were lost before the first of this block"),
    ("IMU_SATURATED", IMU_SATURATED, "a value of the block is at the end of its range"),
    ("IMU_TIME_ESTIMATED", IMU_TIME_ESTIMATED, "time_us was extrapolated, not taken at an interrupt"),
)

# Scales of range code 0, from the LSM6DS3TR-C data sheet (DocID030071, table 3): 0.061 mg and 4.375 mdps a count.
ACC_SCALE_MPS2 = np.float32(0.061e-3 * 9.80665)
GYR_SCALE_RADPS = np.float32(4.375e-3 * np.pi / 180.0)
ACC_CODES, GYR_CODES = 4, 5  # +-2 to 16 g; +-125 to 2000 deg/s; each code doubles

# Names of the fault counters by their place in a faults packet. Only ever appended to.
FAULTS = (
    "resets_watchdog",
    "resets_fault",
    "resets_brownout",
    "imu_bus_errors",
    "imu_fifo_overruns",
    "imu_samples_lost",
    "imu_identity_wrong",
    "log_program_errors",
    "log_erase_errors",
    "log_corrupt_entries",
    "log_entries_dropped",
    "packets_dropped",
    "kernel_cold_starts",
    "selftest_failures",
    "stack_low",
    "clock_steps",
    "imu_stalls",
    "settings_unusable",
    "writes_refused",
    "images_refused",
    "bonds_refused",
    "log_full",
)

# Event.code
EVENTS = (
    "boot",
    "wake",
    "idle",
    "run_start",
    "run_end",
    "alert_start",
    "alert_end",
    "pain",
    "marker",
    "cold_start",
    "battery_low",
    "log_full",
    "selftest",
    "shipping",
    "host_connected",
    "host_lost",
)

# FaultsHeader.reset_reason
RESETS = ("unknown", "power_on", "pin", "watchdog", "software", "fault", "brownout")

# Status.state
STATES = ("shipping", "idle", "armed", "run", "sync", "fault")

TYPES = ("u1", "i1", "u2", "i2", "u4", "i4", "f4", "u8", "i8")  # a field's type code is its place here
FIELD_MISSING = 1  # LayoutField.marks: the largest unsigned or the lowest signed value means "not known"


@dataclass(frozen=True)
class Field:
    """One member of a struct.

    Attributes:
        name: with its unit where it is a quantity.
        type: of :data:`TYPES`, or 'S16' for text.
        shape: of an array, else ().
        doc: meaning, with unit or coding.
        per_unit: value = raw / per_unit in the unit of the name; 0: an integer that is taken as it is.
        missing: the extreme code (255, -128, ...) means that the value is not known.
        unit, low, high, choices: of a setting that a person may write: what is taken, ends included.
    """

    name: str
    type: str
    doc: str
    shape: tuple[int, ...] = ()
    per_unit: float = 0.0
    missing: bool = False
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[int, ...] = ()


@dataclass(frozen=True)
class Struct:
    """A struct of a packet; `frozen`: never changes in any version."""

    name: str
    doc: str
    fields: tuple[Field, ...]
    frozen: bool = False
    kind: int = 0


def _head(kind: int) -> tuple[Field, ...]:
    return (
        Field("kind", "u1", f"{kind}"),
        Field("version", "u1", "of this kind of packet"),
        Field("boot", "u2", "boots of the clip so far, modulo 65536"),
    )


STRUCTS: tuple[Struct, ...] = (
    Struct(
        "ImuHeader",
        "Start of a block of raw samples; sample_n x ImuSample follow.",
        (
            *_head(KIND_IMU),
            Field("sequence", "u4", "blocks since boot"),
            Field("time_us", "u8", "clip time of the first sample, microseconds since boot"),
            Field("dt_ns", "u4", "measured interval between samples, nanoseconds"),
            Field("sample_i", "u4", "index since boot of the first sample"),
            Field("range_code", "u1", "bits 0-3: accelerometer, bits 4-7: gyroscope; the scale doubles with each code"),
            Field("sample_n", "u1", f"samples in the block, 1 to {IMU_SAMPLES_MAX}"),
            Field("marks", "u1", "IMU_* below"),
            Field("temperature_degc", "i1", "of the sensor, whole degrees; -128: not known"),
        ),
        frozen=True,
        kind=KIND_IMU,
    ),
    Struct(
        "ImuSample",
        "One reading: counts in the sensor's axes.",
        (Field("acc", "i2", "accelerometer x, y, z", (3,)), Field("gyr", "i2", "gyroscope x, y, z", (3,))),
        frozen=True,
    ),
    Struct(
        "Hello",
        "Who the clip is and how to read it: first after a connection opens, in each log and in each session.",
        (
            *_head(KIND_HELLO),
            Field("boot_n", "u4", "boots of the clip so far"),
            Field("serial", "u8", "number of the clip"),
            Field("time_us", "u8", "clip time when the hello was made"),
            Field("firmware", "u1", "version: major, minor, patch, 1 if built from changed sources", (4,)),
            Field("firmware_hash", "u4", "start of the hash of the firmware's sources"),
            Field("hardware", "u2", "board, 0: simulated"),
            Field("sensor", "u2", "WHO_AM_I of the IMU, 0: simulated"),
            Field("layout_hash", "u4", "of the records' layouts"),
            Field("kernel_layout_hash", "u4", "of the kernels' state; 0: no kernels on the clip"),
            Field("kernel_hash", "u4", "start of the hash of the kernels' sources"),
            Field("param_hash", "u4", "of the kernels' parameters"),
            Field("calibration_hash", "u4", "of the calibration on the clip, 0: none"),
            Field("rate_mhz", "u4", "nominal output data rate, thousandths of a hertz"),
            Field("acc_scale_mps2", "f4", "of a count at accelerometer range code 0"),
            Field("gyr_scale_radps", "f4", "of a count at gyroscope range code 0"),
            Field("log_bytes", "u4", "size of the clip's log"),
            Field("layout_n", "u1", "layout packets that follow"),
            Field("range_code", "u1", "as in a block"),
            Field("reserved", "u2", "0"),
            Field("name", "S16", "given by the runner: UTF-8, zeros at its end"),
        ),
        frozen=True,
        kind=KIND_HELLO,
    ),
    Struct(
        "LayoutHeader",
        "Start of a description of a kind of record; field_n x LayoutField with its name follow.",
        (
            *_head(KIND_LAYOUT),
            Field("layout_hash", "u4", "that of the hello"),
            Field("record_kind", "u1", "kind of the packets described"),
            Field("record_version", "u1", "version of those packets"),
            Field("record_size", "u1", "bytes of a record"),
            Field("fields_n", "u1", "fields in the whole record"),
            Field("field_first", "u1", "place of the first field in this packet"),
            Field("field_n", "u1", "fields in this packet"),
            Field("reserved", "u2", "0"),
        ),
        frozen=True,
        kind=KIND_LAYOUT,
    ),
    Struct(
        "LayoutField",
        "One field of a record; name_n bytes of name in ASCII follow at once, without padding.",
        (
            Field("offset", "u1", "byte in the record"),
            Field("type", "u1", "0 u8, 1 i8, 2 u16, 3 i16, 4 u32, 5 i32, 6 float, 7 u64, 8 i64"),
            Field("marks", "u1", "1: the largest unsigned or lowest signed value means not known"),
            Field("name_n", "u1", f"bytes of the name, 1 to {NAME_MAX}"),
            Field("per_unit", "f4", "value = raw / per_unit in the unit of the name; 0: an integer as it is"),
        ),
        frozen=True,
    ),
    Struct(
        "FaultsHeader",
        "Fault counters, kept over reboots; counter_n x uint32 follow, in the order of the table of faults.",
        (
            *_head(KIND_FAULTS),
            Field("counter_n", "u1", f"counters that follow, at most {FAULTS_MAX}"),
            Field("reset_reason", "u1", "why the clip started, of the table of resets"),
            Field("reserved", "u2", "0"),
            Field("time_us", "u8", "clip time"),
        ),
        frozen=True,
        kind=KIND_FAULTS,
    ),
    Struct(
        "RecordsHeader",
        "Start of a packet of described records (stride, event, status); record_n x record_size bytes follow.",
        (
            *_head(KIND_STRIDE),
            Field("sequence", "u4", "records of this kind since boot before the first of these"),
            Field("record_size", "u1", "bytes of a record, a multiple of 4"),
            Field("record_n", "u1", "records in the packet"),
            Field("reserved", "u2", "0"),
        ),
        frozen=True,
    ),
    Struct(
        "Stride",
        "One stride, quantised.",
        (
            Field("ic_ms", "u4", "clip time of its first contact", per_unit=1),
            Field("stride_time_ms", "u2", "to the next contact of the same foot", per_unit=20, missing=True),
            Field("contact_time_ms", "u1", "mean of its two steps", per_unit=0.5, missing=True),
            Field("contact_time_diff_ms", "i1", "left less right", per_unit=0.5, missing=True),
            Field("vertical_oscillation_mm", "u1", "mean of its two steps", per_unit=1, missing=True),
            Field("obliquity_peak_left_deg", "i1", "of the step on the left foot", per_unit=8, missing=True),
            Field("obliquity_peak_right_deg", "i1", "of the step on the right foot", per_unit=8, missing=True),
            Field("pelvic_drop_deg", "i1", "mean of its two steps", per_unit=8, missing=True),
            Field("tilt_mean_deg", "i1", "mean of its two steps", per_unit=4, missing=True),
            Field("impact_peak_g", "u1", "mean of its two steps", per_unit=20, missing=True),
            Field("reasons", "u1", "reasons behind the quality, Q_* of the kernels"),
            Field("side_quality", "u1", "bits 0-1: foot that starts it, 1 left, 2 right; bits 2-7: quality x 63"),
        ),
        kind=KIND_STRIDE,
    ),
    Struct(
        "Event",
        "Something that happened.",
        (
            Field("time_ms", "u4", "clip time", per_unit=1),
            Field("code", "u1", "see the table of events"),
            Field("side", "i1", "1 left, -1 right, 0 neither"),
            Field("size_deg", "i2", "of an alert: growth of the drop", per_unit=100, missing=True),
            Field("since_ms", "u4", "clip time since when", per_unit=1),
            Field("confidence", "u1", "0 to 1", per_unit=254, missing=True),
            Field("detail", "u1", "depends on the code"),
            Field("value", "u2", "depends on the code"),
        ),
        kind=KIND_EVENT,
    ),
    Struct(
        "Status",
        "How the clip is, every few seconds.",
        (
            Field("time_ms", "u4", "clip time", per_unit=1),
            Field("state", "u1", "see the table of states"),
            Field("battery_percent", "u1", "charge", per_unit=1, missing=True),
            Field("battery_mv", "u2", "voltage, millivolts", per_unit=1, missing=True),
            Field("rate_mhz", "u4", "output data rate as measured, thousandths of a hertz", per_unit=1),
            Field("log_used_percent", "u1", "of the log's sectors", per_unit=1, missing=True),
            Field("temperature_degc", "i1", "of the sensor", per_unit=1, missing=True),
            Field("queue_n", "u2", "packets that wait to be sent"),
            Field("dropped_n", "u4", "packets dropped since boot because the queue was full"),
        ),
        kind=KIND_STATUS,
    ),
    Struct(
        "ImuPackedHeader",
        "Blocks of raw samples in a row, compressed without loss (docs/log.md), as the log keeps them; coded_n bytes "
        "follow.",
        (
            *_head(KIND_IMU_PACKED),
            Field("sequence", "u4", "as in ImuHeader, of the first block; so are the next fields"),
            Field("time_us", "u8", "as in ImuHeader"),
            Field("dt_ns", "u4", "as in ImuHeader"),
            Field("sample_i", "u4", "as in ImuHeader"),
            Field("range_code", "u1", "as in ImuHeader"),
            Field("sample_n", "u1", "samples in each block: all have as many"),
            Field("marks", "u1", "as in ImuHeader"),
            Field("temperature_degc", "i1", "as in ImuHeader"),
            Field("block_n", "u1", f"blocks, 1 to {PACKED_BLOCKS_MAX}"),
            Field("reserved", "u1", "0"),
            Field("coded_n", "u2", "bytes of coded samples"),
        ),
        kind=KIND_IMU_PACKED,
    ),
    Struct(
        "CheckpointHeader",
        "A part of a kernel state; the bytes follow. A state restored from all parts goes on with the same bits.",
        (
            *_head(KIND_CHECKPOINT),
            Field("sample_i", "u4", "samples that the state has taken: the next block starts there"),
            Field("layout_hash", "u4", "of the kernels' state"),
            Field("param_hash", "u4", "of the kernels' parameters"),
            Field("state_crc", "u4", "CRC-32 of the whole state"),
            Field("state_n", "u4", "bytes of the whole state"),
            Field("offset", "u4", "of this part in the state"),
        ),
        kind=KIND_CHECKPOINT,
    ),
)

BY_NAME = {struct.name: struct for struct in STRUCTS}
RECORDS = tuple(struct for struct in STRUCTS if struct.kind in (KIND_STRIDE, KIND_EVENT, KIND_STATUS))


def dtype_of(struct: Struct) -> np.dtype[np.void]:
    """The packed little-endian numpy dtype of a struct."""
    return np.dtype([(f.name, f.type if f.type[0] == "S" else f"<{f.type}", f.shape) for f in struct.fields])


DTYPES: dict[str, np.dtype[np.void]] = {struct.name: dtype_of(struct) for struct in STRUCTS}
IMU_HEADER, IMU_SAMPLE, HELLO = DTYPES["ImuHeader"], DTYPES["ImuSample"], DTYPES["Hello"]
LAYOUT_HEADER, LAYOUT_FIELD = DTYPES["LayoutHeader"], DTYPES["LayoutField"]
FAULTS_HEADER, RECORDS_HEADER = DTYPES["FaultsHeader"], DTYPES["RecordsHeader"]
IMU_PACKED_HEADER, CHECKPOINT_HEADER = DTYPES["ImuPackedHeader"], DTYPES["CheckpointHeader"]


def _records_hash() -> int:
    text = repr([(s.name, s.kind, [(f.name, f.type, f.per_unit, f.missing) for f in s.fields]) for s in RECORDS])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "little")


LAYOUT_HASH = _records_hash()
"""Hash of the records' layouts as this host and a firmware of the same sources have them."""
