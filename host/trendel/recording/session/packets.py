"""Which channel of a session file a packet goes into, and how other programs are told to read it.

A packet whose struct has a fixed length is stored as it is, and is its own ROS 1 message; a kind and length has its
channel, such as /clip/live/imu/18 (18 samples). All others share /clip/live/bytes, as an array of bytes."""

import re
import struct
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from trendel.errors import SessionError
from trendel.recording.session import blocks, ros1
from trendel.wire import layout

BYTES = "bytes"
_LENGTH = struct.Struct("<I")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
_TOPIC = re.compile(r"/([a-z][a-z0-9_]{0,30})/([a-z][a-z0-9_]{0,30})/(bytes|hello|[a-z_]+/\d{1,4})")
_RECORD_KINDS = {struct_.kind: struct_ for struct_ in layout.RECORDS}
_RECORD_SIZE_AT = 8
_RESERVED = ("session", "user")


FROM_LOG = "log"
"""Packets of this source came later, from the clip's log."""


@dataclass(frozen=True)
class Described:
    """A kind of packet: `name` for the topic, `definition` in ROS 1's language, `shape`
    for blocks of it, where it has one length."""

    name: str
    schema: str
    definition: str
    shape: blocks.Shape | None = None


@dataclass(frozen=True)
class StoredPacket:
    """A packet as it was received: `raw` bytes, `time_ns` host time, `device` and `source` (live, log, ...) whence."""

    time_ns: int
    raw: bytes
    device: str
    source: str


OPAQUE = Described(BYTES, "trendel/Bytes", "# A packet as received, its length before it.\nuint8[] data\n")


def describe(raw: bytes) -> Described:
    """What channel `raw` belongs to; OPAQUE where no layout of this version fits its first bytes and its length."""
    if not 4 <= len(raw) <= layout.PACKET_MAX or raw[1] != layout.VERSION:
        return OPAQUE
    record_size = raw[_RECORD_SIZE_AT] if raw[0] in _RECORD_KINDS and len(raw) > _RECORD_SIZE_AT else 0
    return _describe(raw[0], len(raw), record_size)


def topic_of(device: str, source: str, described: Described) -> str:
    """The topic of such packets. Raises SessionError for a device or source that is no plain word."""
    for word in (device, source):
        if not _NAME.fullmatch(word) or device in _RESERVED:
            raise SessionError(f"{word[:40]!r} cannot name a device or source: use small letters, digits and _.")
    return f"/{device}/{source}/{described.name}"


def parse_topic(topic: str) -> tuple[str, str, bool] | None:
    """(device, source, whether as an array of bytes) of a topic of packets, or None."""
    found = _TOPIC.fullmatch(topic)
    return (found[1], found[2], found[3] == BYTES) if found and found[1] not in _RESERVED else None


def stored(raw: bytes, described: Described) -> bytes:
    """The message that holds `raw`."""
    return _LENGTH.pack(len(raw)) + raw if described.name == BYTES else raw


def restored(message: bytes, opaque: bool) -> bytes | None:
    """The packet in a message, or None where the message is damaged."""
    if not opaque:
        return message
    if len(message) < 4 or _LENGTH.unpack_from(message)[0] != len(message) - 4:
        return None
    return message[4:]


@cache
def _describe(kind: int, length: int, record_size: int) -> Described:
    if kind == layout.KIND_HELLO and length == layout.HELLO.itemsize:
        return _described("hello", "Hello", layout.HELLO, ("Hello",))
    if kind == layout.KIND_IMU:
        return _repeated("imu", "ImuHeader", "samples", "ImuSample", length)
    if kind == layout.KIND_FAULTS:
        return _repeated("faults", "FaultsHeader", "counters", "<u4", length)
    record = _RECORD_KINDS.get(kind)
    if record is not None and record_size == layout.DTYPES[record.name].itemsize:
        return _repeated(record.name.lower(), "RecordsHeader", "records", record.name, length)
    return OPAQUE


def _repeated(name: str, header: str, field: str, item: str, length: int) -> Described:
    head = layout.DTYPES[header]
    one: np.dtype[np.generic] = layout.DTYPES[item] if item in layout.DTYPES else np.dtype(item)
    n, rest = divmod(length - head.itemsize, one.itemsize)
    if n < 1 or rest:
        return OPAQUE
    fields = [(key, head[key]) for key in head.names or ()]
    whole = np.dtype([*fields, (field, one, (n,))])
    return _described(f"{name}/{n}", f"{name.capitalize()}{n}", whole, (header, item))


def _described(name: str, schema: str, dtype: np.dtype[np.void], structs: tuple[str, ...]) -> Described:
    meanings = {f.name: f.doc for key in structs if key in layout.BY_NAME for f in layout.BY_NAME[key].fields}
    comment = "A packet as received (docs/wire.md), byte for byte."
    is_imu = structs[0] == "ImuHeader"
    widths = _widths(layout.IMU_HEADER if is_imu else dtype)
    shape = blocks.Shape(dtype.itemsize, widths, blocks.IMU_LANES if is_imu else 0)
    assert shape.fits()
    return Described(name, f"trendel/{schema}", ros1.definition(dtype, comment, meanings), shape)


def _widths(dtype: np.dtype[Any]) -> tuple[int, ...]:
    """The integers that a packed `dtype` consists of, by their bytes; text is bytes."""
    if dtype.subdtype is not None:
        base, shape = dtype.subdtype
        return _widths(base) * int(np.prod(shape))
    if dtype.names is not None:
        return sum((_widths(dtype[name]) for name in dtype.names), ())
    return (1,) * dtype.itemsize if dtype.kind == "S" else (dtype.itemsize,)
