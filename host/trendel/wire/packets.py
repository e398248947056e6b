"""Packets as frozen dataclasses: decoded from bytes that nobody trusts, encoded back to the same bytes."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from trendel.errors import WireError
from trendel.wire import layout as lt


@dataclass(frozen=True, eq=False)
class ImuBlock:
    """A block of raw samples.

    Attributes:
        header: 0-d record of layout.IMU_HEADER.
        samples: (n,) layout.IMU_SAMPLE, int16 counts in the sensor's axes.
    """

    header: np.void
    samples: NDArray[np.void]

    @property
    def times_us(self) -> NDArray[np.float64]:
        """(n,) clip time of each sample, microseconds; the first is the header's."""
        steps = np.arange(len(self.samples)) * (int(self.header["dt_ns"]) / 1000.0)
        return np.float64(self.header["time_us"]) + steps

    def physical(
        self, acc_scale_mps2: np.float32 = lt.ACC_SCALE_MPS2, gyr_scale_radps: np.float32 = lt.GYR_SCALE_RADPS
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(n, 3) specific force in m/s2 and (n, 3) rate in rad/s, sensor frame: one float32 product a value, as the
        clip computes it. The scales are those of the hello, of range code 0."""
        code = int(self.header["range_code"])
        acc = np.float32(acc_scale_mps2) * np.float32(1 << (code & 15))
        gyr = np.float32(gyr_scale_radps) * np.float32(1 << (code >> 4))
        return self.samples["acc"].astype(np.float32) * acc, self.samples["gyr"].astype(np.float32) * gyr


@dataclass(frozen=True, eq=False)
class Hello:
    """Who the clip is: a 0-d record of layout.HELLO."""

    fields: np.void

    @property
    def name(self) -> str:
        """The name that the runner gave; bytes that are not UTF-8 are replaced."""
        return bytes(self.fields["name"]).decode("utf-8", "replace")

    @property
    def boot_n(self) -> int:
        """Boots of the clip so far: with the serial number, the identity of a clip clock."""
        return int(self.fields["boot_n"])


@dataclass(frozen=True)
class FieldLayout:
    """One field of a described record; see layout.LayoutField."""

    offset: int
    type: str
    missing: bool
    per_unit: float
    name: str


@dataclass(frozen=True, eq=False)
class LayoutPart:
    """A layout packet: some of the fields of one kind of record."""

    header: np.void
    fields: tuple[FieldLayout, ...]


@dataclass(frozen=True, eq=False)
class Faults:
    """Fault counters: `header` of layout.FAULTS_HEADER, `counters` (n,) uint32 in the order of layout.FAULTS."""

    header: np.void
    counters: NDArray[np.uint32]

    def named(self) -> dict[str, int]:
        """Counters by name; those of a newer clip are called fault_17 and so on."""
        names = [*lt.FAULTS, *(f"fault_{i}" for i in range(len(lt.FAULTS), lt.FAULTS_MAX))]
        return {name: int(value) for name, value in zip(names, self.counters, strict=False)}


@dataclass(frozen=True, eq=False)
class RecordBlock:
    """Described records as they came; :class:`trendel.wire.records.Layouts` gives them meaning.

    Attributes:
        header: 0-d record of layout.RECORDS_HEADER.
        body: record_n x record_size bytes.
    """

    header: np.void
    body: bytes


@dataclass(frozen=True, eq=False)
class CheckpointPart:
    """A part of a kernel state: `header` of layout.CHECKPOINT_HEADER, `body` at least one byte."""

    header: np.void
    body: bytes


@dataclass(frozen=True)
class Unknown:
    """A packet of a kind or version that this host does not know: kept as it came."""

    kind: int
    version: int
    raw: bytes


@dataclass(frozen=True, eq=False)
class PackedImu:
    """Compressed blocks as they came; :func:`trendel.wire.packed.unpack` gives the blocks."""

    header: np.void
    raw: bytes


Packet: TypeAlias = ImuBlock | Hello | LayoutPart | Faults | RecordBlock | CheckpointPart | PackedImu | Unknown


def decode(raw: bytes | bytearray | memoryview) -> Packet:
    """The packet that `raw` is, whole and nothing else. Raises WireError if it does not fit the kind that it says."""
    raw = bytes(raw)
    if len(raw) < 4:
        raise WireError(f"A packet of {len(raw)} bytes is shorter than its first four fields.")
    if len(raw) > lt.STORED_MAX:
        raise WireError(f"A packet of {len(raw)} bytes is longer than any can be ({lt.STORED_MAX}).")
    kind, version = raw[0], raw[1]
    if kind in _RECORD_KINDS:  # their version is that of the layout; the frame around them is frozen
        return _records(raw)
    decoder = _DECODERS.get(kind)
    if decoder is None or version != lt.VERSION:
        return Unknown(kind, version, raw)
    return decoder(raw)


def _header(raw: bytes, dtype: np.dtype[np.void], what: str) -> np.void:
    if len(raw) < dtype.itemsize:
        raise WireError(f"{what} of {len(raw)} bytes is cut: its header alone has {dtype.itemsize}.")
    return np.frombuffer(raw, dtype, 1)[0]


def _exactly(raw: bytes, n: int, what: str) -> None:
    if len(raw) != n:
        raise WireError(f"{what} has {len(raw)} bytes where its header says {n}.")


def check_imu_header(header: np.void, what: str) -> None:
    """Raise WireError for a header of raw samples whose values cannot be."""
    n, code = int(header["sample_n"]), int(header["range_code"])
    if not 1 <= n <= lt.IMU_SAMPLES_MAX:
        raise WireError(f"{what} says {n} samples; 1 to {lt.IMU_SAMPLES_MAX} fit.")
    if (code & 15) >= lt.ACC_CODES or (code >> 4) >= lt.GYR_CODES:
        raise WireError(f"{what} has the unknown range code {code:#04x}.")
    if header["dt_ns"] == 0:
        raise WireError(f"{what} has no time between its samples.")
    if int(header["time_us"]) >= 1 << 63:
        raise WireError(f"{what} has a clip time beyond 292,000 years.")


def _imu(raw: bytes) -> ImuBlock:
    header = _header(raw, lt.IMU_HEADER, "An IMU block")
    check_imu_header(header, "An IMU block")
    n = int(header["sample_n"])
    start = lt.IMU_HEADER.itemsize
    _exactly(raw, start + n * lt.IMU_SAMPLE.itemsize, "An IMU block")
    return ImuBlock(header, np.frombuffer(raw, lt.IMU_SAMPLE, n, start))


def _hello(raw: bytes) -> Hello:
    _exactly(raw, lt.HELLO.itemsize, "A hello")
    fields = _header(raw, lt.HELLO, "A hello")
    scales = (float(fields["acc_scale_mps2"]), float(fields["gyr_scale_radps"]))
    if not all(1e-9 < scale < 1.0 for scale in scales):
        raise WireError("A hello has scales that no sensor has.")
    return Hello(fields)


def _layout(raw: bytes) -> LayoutPart:
    header = _header(raw, lt.LAYOUT_HEADER, "A layout packet")
    at, fields = lt.LAYOUT_HEADER.itemsize, []
    size, total = int(header["record_size"]), int(header["fields_n"])
    if not 1 <= total <= lt.FIELDS_MAX or not size >= 4 or size % 4:
        raise WireError(f"A layout packet describes {total} fields in {size} bytes, which no record has.")
    if int(header["field_first"]) + int(header["field_n"]) > total or header["field_n"] == 0:
        raise WireError("A layout packet has fields beyond those of its record.")
    for _ in range(int(header["field_n"])):
        entry = _header(raw[at : at + lt.LAYOUT_FIELD.itemsize], lt.LAYOUT_FIELD, "A field of a layout packet")
        at += lt.LAYOUT_FIELD.itemsize
        name_n = int(entry["name_n"])
        name = raw[at : at + name_n]
        at += name_n
        fields.append(_field(entry, name, size))
    _exactly(raw, at, "A layout packet")
    return LayoutPart(header, tuple(fields))


def _field(entry: np.void, name: bytes, record_size: int) -> FieldLayout:
    text = name.decode("ascii", "replace")
    per_unit = float(entry["per_unit"])
    if not 1 <= len(name) <= lt.NAME_MAX or not text.isidentifier() or not text.isascii():
        raise WireError("A layout packet has a field without a usable name.")
    if entry["type"] >= len(lt.TYPES):
        raise WireError(f"A layout packet gives {text} the unknown type {int(entry['type'])}.")
    kind = lt.TYPES[int(entry["type"])]
    if int(entry["offset"]) + np.dtype(kind).itemsize > record_size:
        raise WireError(f"A layout packet puts {text} beyond the end of its record.")
    if not (per_unit == 0.0 or 1e-12 < abs(per_unit) < 1e12):
        raise WireError(f"A layout packet gives {text} the scale {per_unit}.")
    return FieldLayout(int(entry["offset"]), kind, bool(entry["marks"] & lt.FIELD_MISSING), per_unit, text)


def _faults(raw: bytes) -> Faults:
    header = _header(raw, lt.FAULTS_HEADER, "A faults packet")
    n = int(header["counter_n"])
    if n > lt.FAULTS_MAX:
        raise WireError(f"A faults packet says {n} counters; at most {lt.FAULTS_MAX} can be.")
    _exactly(raw, lt.FAULTS_HEADER.itemsize + 4 * n, "A faults packet")
    return Faults(header, np.frombuffer(raw, "<u4", n, lt.FAULTS_HEADER.itemsize))


def _records(raw: bytes) -> RecordBlock:
    header = _header(raw, lt.RECORDS_HEADER, "A packet of records")
    n, size = int(header["record_n"]), int(header["record_size"])
    if not 1 <= n <= lt.RECORDS_MAX or size < 4 or size % 4:
        raise WireError(f"A packet of records says {n} records of {size} bytes.")
    _exactly(raw, lt.RECORDS_HEADER.itemsize + n * size, "A packet of records")
    return RecordBlock(header, raw[lt.RECORDS_HEADER.itemsize :])


def _packed(raw: bytes) -> PackedImu:
    header = _header(raw, lt.IMU_PACKED_HEADER, "A packed block")
    check_imu_header(header, "A packed block")
    blocks = int(header["block_n"])
    if not 1 <= blocks <= lt.PACKED_BLOCKS_MAX:
        raise WireError(f"A packed block says {blocks} blocks; 1 to {lt.PACKED_BLOCKS_MAX} can be.")
    _exactly(raw, lt.IMU_PACKED_HEADER.itemsize + int(header["coded_n"]), "A packed block")
    return PackedImu(header, raw)


def _checkpoint(raw: bytes) -> CheckpointPart:
    header = _header(raw, lt.CHECKPOINT_HEADER, "A part of a checkpoint")
    body = raw[lt.CHECKPOINT_HEADER.itemsize :]
    whole, offset = int(header["state_n"]), int(header["offset"])
    if not 1 <= whole <= lt.CHECKPOINT_MAX or not body or offset + len(body) > whole:
        raise WireError("A part of a checkpoint lies outside the state that it belongs to.")
    return CheckpointPart(header, body)


_RECORD_KINDS = frozenset(struct.kind for struct in lt.RECORDS)
_DECODERS: dict[int, Callable[[bytes], Packet]] = {
    lt.KIND_IMU: _imu,
    lt.KIND_HELLO: _hello,
    lt.KIND_LAYOUT: _layout,
    lt.KIND_FAULTS: _faults,
    lt.KIND_IMU_PACKED: _packed,
    lt.KIND_CHECKPOINT: _checkpoint,
}


def pack_header(dtype: np.dtype[np.void], kind: int, **values: object) -> bytes:
    """A header's bytes from its fields; those not given are 0. Raises WireError for a value that does not fit."""
    record = np.zeros((), dtype)
    for name, value in {"kind": kind, "version": lt.VERSION, **values}.items():
        try:
            record[name] = value
        except (OverflowError, ValueError, TypeError) as error:
            raise WireError(f"{value!r} does not fit into {name} of a packet of kind {kind}.") from error
    return record.tobytes()


def encode_imu(samples: NDArray[np.void], **header: object) -> bytes:
    """An IMU block: `samples` (n,) layout.IMU_SAMPLE, the header's fields by name. Raises WireError if it cannot be."""
    raw = pack_header(lt.IMU_HEADER, lt.KIND_IMU, **header, sample_n=len(samples)) + samples.tobytes()
    return _whole(raw)


def encode_hello(**fields: object) -> bytes:
    """A hello; scales and layout hash are this version's unless given."""
    own = {"acc_scale_mps2": lt.ACC_SCALE_MPS2, "gyr_scale_radps": lt.GYR_SCALE_RADPS, "layout_hash": lt.LAYOUT_HASH}
    return _whole(pack_header(lt.HELLO, lt.KIND_HELLO, **(own | fields)))


def encode_faults(counters: Iterable[int], **header: object) -> bytes:
    """A faults packet."""
    values = np.array(list(counters), "<u4")
    return _whole(pack_header(lt.FAULTS_HEADER, lt.KIND_FAULTS, **header, counter_n=len(values)) + values.tobytes())


def encode_records(kind: int, records: NDArray[np.void], **header: object) -> bytes:
    """A packet of records of one kind: `records` (n,) of the struct's dtype."""
    head = {"record_size": records.dtype.itemsize, "record_n": len(records)} | header
    return _whole(pack_header(lt.RECORDS_HEADER, kind, **head) + records.tobytes())


def encode_checkpoint(state: bytes, part_n: int = 1024, **header: object) -> list[bytes]:
    """The parts of a kernel state, of `part_n` bytes each at most."""
    head = {"state_n": len(state), "state_crc": zlib.crc32(state)} | header
    return [
        _whole(pack_header(lt.CHECKPOINT_HEADER, lt.KIND_CHECKPOINT, **head, offset=at) + state[at : at + part_n])
        for at in range(0, len(state), part_n)
    ]


def _whole(raw: bytes) -> bytes:
    decode(raw)  # nothing leaves that could not be read again
    return raw
