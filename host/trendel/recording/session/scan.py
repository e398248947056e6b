"""Finding what is whole in an MCAP file that may be unfinished, torn or damaged.

The file is walked record by record from its start, and its index is not used: an unfinished file has none. Where the
walk meets bytes that are no record, it goes on at the next chunk, which zstd's name in its header gives away."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from mmap import mmap
from typing import NamedTuple, TypeVar

import zstandard
from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.records import Channel, Metadata, Schema

MAGIC = b"\x89MCAP0\r\n"
MAX_CHUNK_BYTES = 1 << 26
"""A chunk that says it unpacks to more is damaged."""
_RECORD = struct.Struct("<BQ")
_CHUNK = struct.Struct("<QQQII")
_DATA_N = struct.Struct("<Q")
_MESSAGE = struct.Struct("<HIQQ")
_MARK = b"\x04\x00\x00\x00zstd"
_MARK_AT = _RECORD.size + _CHUNK.size - 4
_HIGHEST_OPCODE = int(Opcode.DATA_END)
# As plain numbers, since looking them up in the enumeration costs more than the rest of the walk.
_CHANNEL_OPCODE = int(Opcode.CHANNEL)
_CHUNK_OPCODE = int(Opcode.CHUNK)
_FOOTER_OPCODE = int(Opcode.FOOTER)
_MESSAGE_OPCODE = int(Opcode.MESSAGE)
_MESSAGE_INDEX_OPCODE = int(Opcode.MESSAGE_INDEX)
_METADATA_OPCODE = int(Opcode.METADATA)
_SCHEMA_OPCODE = int(Opcode.SCHEMA)
_PRIVATE_OPCODE = 0x80

_Buffer = bytes | mmap
_T = TypeVar("_T", Channel, Metadata, Schema)


class ChunkRef(NamedTuple):
    """A chunk in the file: data of `data_n` bytes at `data_at`; first and last time of its messages."""

    start_ns: int
    end_ns: int
    size: int
    crc: int
    compression: str
    data_at: int
    data_n: int


@dataclass(frozen=True)
class RawMessage:
    """A message as it is in the file."""

    channel_id: int
    sequence: int
    time_ns: int
    data: bytes


@dataclass
class Definitions:
    """Channels, schemas and metadata seen so far."""

    channels: dict[int, Channel] = field(default_factory=dict)
    schemas: dict[int, Schema] = field(default_factory=dict)
    metadata: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass
class Scan:
    """What a file holds. `is_finished`: it ends as MCAP files do. `lost_n`: bytes that belong to no whole record."""

    chunks: list[ChunkRef] = field(default_factory=list)
    known: Definitions = field(default_factory=Definitions)
    is_finished: bool = False
    lost_n: int = 0


def scan(data: _Buffer) -> Scan:
    """Walk the file `data`, whatever it holds after its magic bytes. Never raises for what it finds."""
    found = Scan()
    view = memoryview(data)
    at, size = len(MAGIC), len(view)
    footer_end = -1
    while at < size:
        if at + _RECORD.size <= size:
            opcode, length = _RECORD.unpack_from(view, at)
            # Five of six records; they say nothing that is not in the chunk before them.
            if opcode == _MESSAGE_INDEX_OPCODE and at + _RECORD.size + length <= size:
                at += _RECORD.size + length
                continue
        if footer_end == at and bytes(view[at:]) == MAGIC:
            found.is_finished = True
            return found
        end = _record(view, at, found)
        if end is None:
            following = _next_chunk(data, view, at + 1)
            found.lost_n += following - at
            at = following
            continue
        if view[at] == _FOOTER_OPCODE:
            footer_end = end
        at = end
    return found


def _record(view: memoryview, at: int, found: Scan) -> int | None:
    """Take the record at `at`; its end, or None where there is no whole record."""
    if at + _RECORD.size > len(view):
        return None
    opcode, length = _RECORD.unpack_from(view, at)
    body, end = at + _RECORD.size, at + _RECORD.size + length
    if end > len(view) or opcode == 0 or _HIGHEST_OPCODE < opcode < _PRIVATE_OPCODE:
        return None
    if opcode == _CHUNK_OPCODE:
        chunk = _chunk(view, body, length)
        if chunk is None:
            return None
        found.chunks.append(chunk)
    elif opcode in (_SCHEMA_OPCODE, _CHANNEL_OPCODE, _METADATA_OPCODE) and not _define(
        opcode, bytes(view[body:end]), found.known
    ):
        return None
    return end


def _chunk(view: memoryview, body: int, length: int) -> ChunkRef | None:
    if length < _CHUNK.size + _DATA_N.size:
        return None
    start_ns, end_ns, size, crc, name_n = _CHUNK.unpack_from(view, body)
    data_at = body + _CHUNK.size + name_n + _DATA_N.size
    if name_n > 16 or data_at > body + length:
        return None
    (data_n,) = _DATA_N.unpack_from(view, data_at - _DATA_N.size)
    if data_at + data_n != body + length or size > MAX_CHUNK_BYTES:
        return None
    name = bytes(view[body + _CHUNK.size : data_at - _DATA_N.size]).decode("ascii", "replace")
    return ChunkRef(start_ns, end_ns, size, crc, name, data_at, data_n)


def _next_chunk(data: _Buffer, view: memoryview, at: int) -> int:
    """Where the next chunk of zstd that can be whole begins, from `at` on; the file's end where there is none."""
    while True:
        mark = data.find(_MARK, at + _MARK_AT)
        if mark < 0:
            return len(view)
        start = mark - _MARK_AT
        if view[start] == _CHUNK_OPCODE:
            (length,) = struct.unpack_from("<Q", view, start + 1)
            body = start + _RECORD.size
            if body + length <= len(view) and _chunk(view, body, length) is not None:
                return start
        at = start + 1


def _define(opcode: int, body: bytes, known: Definitions) -> bool:
    if opcode == _SCHEMA_OPCODE:
        schema = _parsed(Schema, body)
        if schema is not None:
            known.schemas.setdefault(schema.id, schema)
        return schema is not None
    if opcode == _CHANNEL_OPCODE:
        channel = _parsed(Channel, body)
        if channel is not None:
            known.channels.setdefault(channel.id, channel)
        return channel is not None
    metadata = _parsed(Metadata, body)
    if metadata is not None:
        known.metadata.setdefault(metadata.name, metadata.metadata)
    return metadata is not None


def _parsed(kind: type[_T], body: bytes) -> _T | None:
    stream = ReadDataStream(BytesIO(body))
    try:
        record: _T = kind.read(stream)
    except (McapError, struct.error, ValueError):
        return None
    # The library takes what is there where a length says more.
    return record if stream.count == len(body) else None


def messages(view: memoryview, chunk: ChunkRef, known: Definitions) -> list[RawMessage] | None:
    """The messages of `chunk`, and its definitions into `known`; None where the chunk is damaged."""
    content = _unpacked(bytes(view[chunk.data_at : chunk.data_at + chunk.data_n]), chunk)
    if content is None or len(content) != chunk.size or (chunk.crc and zlib.crc32(content) != chunk.crc):
        return None
    found: list[RawMessage] = []
    for opcode, body, end in _records(content):
        if opcode == _MESSAGE_OPCODE and end - body >= _MESSAGE.size:
            channel_id, sequence, time_ns, _ = _MESSAGE.unpack_from(content, body)
            found.append(RawMessage(channel_id, sequence, time_ns, content[body + _MESSAGE.size : end]))
        elif opcode in (_SCHEMA_OPCODE, _CHANNEL_OPCODE):
            _define(opcode, content[body:end], known)
    return found


def _records(content: bytes) -> Iterator[tuple[int, int, int]]:
    at = 0
    while at + _RECORD.size <= len(content):
        opcode, length = _RECORD.unpack_from(content, at)
        body, at = at + _RECORD.size, at + _RECORD.size + length
        if at > len(content):
            return
        yield opcode, body, at


def _unpacked(data: bytes, chunk: ChunkRef) -> bytes | None:
    if chunk.compression == "":
        return data
    if chunk.compression != "zstd":
        return None
    try:
        # The frame says itself how much memory it wants; it is asked before it gets any.
        if zstandard.get_frame_parameters(data).content_size != chunk.size:
            return None
        return zstandard.ZstdDecompressor().decompress(data)
    except zstandard.ZstdError:
        return None
