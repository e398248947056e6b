"""Many packets of one kind in one message: columns of integers, differenced, cut into bytes and compressed.

IMU samples hardly compress as they stand (1.05:1 with zstd), since neighbouring bytes have nothing to do with each
other. As columns, differenced until they are smallest, the high bytes nearly vanish: 1.9 to 2.1:1. What comes out
again are the same bytes."""

import math
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import zstandard

SCHEMA_NAME = "trendel/PacketBlock"
DESCRIPTION = """\
Packets as received, packets_n of packet_length bytes each, compressed without loss.
A packet is little-endian integers of `widths` bytes, then, where lanes_n is not 0, samples of lanes_n int16 each.
Columns: host time (ns, int64), each integer, each lane (with the samples of all packets in a row).
A column is differenced orders[column] times modulo 2^(8 width), each difference d is mapped to 2d (d >= 0) or
-2d - 1 (modulo too), and its bytes are sorted by significance: all lowest bytes first. `frames`: for host time and
integers together one frame, then for each lane one frame of its low bytes and one of its high bytes; before each frame
its length as uint32. Frames are zstd. trendel session export FILE.mcap PLAIN.mcap undoes it.
"""
DEFINITION = "".join(f"# {line}\n" for line in DESCRIPTION.splitlines()) + (
    "uint32 packets_n\nuint32 packet_length\nuint32 lanes_n\nuint8[] widths\nuint8[] orders\nuint8[] frames\n"
)
IMU_LANES = 6
_MAX_LANES = 16
_LEVEL = 15
_MAX_ORDER = 3
_MAX_PACKETS = 1 << 20
_MAX_BYTES = 1 << 26
_FRAME_N = struct.Struct("<I")
_START = struct.Struct("<III")

_Unsigned = npt.NDArray[Any]


class BlockError(ValueError):
    """The bytes are no block that was written here; never leaves the reader."""


@dataclass(frozen=True)
class Shape:
    """How packets of one kind are cut into columns: integers of `widths` bytes, then samples of `lanes` int16 each,
    where there are any."""

    length: int
    widths: tuple[int, ...]
    lanes: int = 0

    @property
    def samples_n(self) -> int:
        """Samples of one packet."""
        return (self.length - sum(self.widths)) // (2 * self.lanes) if self.lanes else 0

    def fits(self) -> bool:
        """Whether the parts make up the length."""
        whole = sum(self.widths) + 2 * self.lanes * self.samples_n == self.length
        return whole and self.lanes <= _MAX_LANES and all(w in (1, 2, 4, 8) for w in self.widths)


def encode(times_ns: npt.NDArray[np.int64], packets: bytes, shape: Shape) -> bytes:
    """A block of the n packets in `packets` (n x shape.length bytes), received at `times_ns` (n,)."""
    n = len(times_ns)
    rows = np.frombuffer(packets, np.uint8).reshape(n, shape.length)
    compress = zstandard.ZstdCompressor(level=_LEVEL).compress
    columns = [times_ns.view(np.uint64), *_header(rows, shape.widths)]
    coded = [_difference(column) for column in columns]
    frames = [compress(b"".join(_planes(column) for _, column in coded))]
    orders = [order for order, _ in coded]
    for lane in _lanes(rows, shape):
        order, column = _difference(lane)
        orders.append(order)
        planes = _planes(column)
        frames += [compress(planes[: len(column)]), compress(planes[len(column) :])]
    body = b"".join(_FRAME_N.pack(len(frame)) + frame for frame in frames)
    parts = (bytes(shape.widths), bytes(orders), body)
    return _START.pack(n, shape.length, shape.lanes) + b"".join(_FRAME_N.pack(len(part)) + part for part in parts)


def count(block: bytes) -> int:
    """The packets in a block, without decoding it. Raises BlockError."""
    return _parse(block)[0]


def decode(block: bytes) -> tuple[npt.NDArray[np.int64], bytes, Shape]:
    """What `encode` was given. Raises BlockError for anything that it would not have made."""
    n, shape, orders, body = _parse(block)
    frames = list(_cut(body))
    if len(frames) != 1 + 2 * shape.lanes:
        raise BlockError("frames")
    rows = np.empty((n, shape.length), np.uint8)
    widths = (8, *shape.widths)
    first = _decompress(frames[0], n * sum(widths))
    at, columns = 0, []
    for width, order in zip(widths, orders, strict=False):
        columns.append(_integrate(first[at : at + n * width], width, order))
        at += n * width
    at = 0
    for width, column in zip(shape.widths, columns[1:], strict=True):
        rows[:, at : at + width] = column.view(np.uint8).reshape(n, width)
        at += width
    samples = np.empty((n * shape.samples_n, shape.lanes), "<u2")
    for lane in range(shape.lanes):
        planes = b"".join(_decompress(frame, len(samples)) for frame in frames[1 + 2 * lane : 3 + 2 * lane])
        samples[:, lane] = _integrate(planes, 2, orders[len(widths) + lane])
    rows[:, at:] = samples.reshape(n, shape.samples_n * shape.lanes).view(np.uint8)
    return columns[0].view(np.int64), rows.tobytes(), shape


def _parse(block: bytes) -> tuple[int, Shape, bytes, bytes]:
    if len(block) < _START.size:
        raise BlockError("short")
    n, length, lanes = _START.unpack_from(block)
    parts = list(_cut(block[_START.size :]))
    if len(parts) != 3 or not 0 < n <= _MAX_PACKETS or n * length > _MAX_BYTES:
        raise BlockError("header")
    shape = Shape(length, tuple(parts[0]), lanes)
    if not shape.fits() or len(parts[1]) != 1 + len(parts[0]) + lanes or max(parts[1]) > _MAX_ORDER:
        raise BlockError("shape")
    return n, shape, parts[1], parts[2]


def _cut(data: bytes) -> list[bytes]:
    parts, at = [], 0
    while at < len(data):
        if at + 4 > len(data):
            raise BlockError("length")
        (n,) = _FRAME_N.unpack_from(data, at)
        at += 4 + n
        if at > len(data):
            raise BlockError("length")
        parts.append(data[at - n : at])
    return parts


def _header(rows: npt.NDArray[np.uint8], widths: tuple[int, ...]) -> list[_Unsigned]:
    columns, at = [], 0
    for width in widths:
        columns.append(np.ascontiguousarray(rows[:, at : at + width]).view(f"<u{width}")[:, 0])
        at += width
    return columns


def _lanes(rows: npt.NDArray[np.uint8], shape: Shape) -> list[_Unsigned]:
    samples = np.ascontiguousarray(rows[:, sum(shape.widths) :]).view("<u2").reshape(-1, max(shape.lanes, 1))
    return [np.ascontiguousarray(samples[:, lane]) for lane in range(shape.lanes)]


def _difference(column: _Unsigned) -> tuple[int, _Unsigned]:
    """(order, column): differenced as often as makes it smallest, folded so that small negatives are small too."""
    best: tuple[float, int, _Unsigned] = (math.inf, 0, column)
    sign_bit = 8 * column.itemsize - 1
    for order in range(_MAX_ORDER + 1):
        if order:
            column = np.diff(column, prepend=column.dtype.type(0))
        folded: _Unsigned = (column << 1) ^ (0 - (column >> sign_bit))
        # Bits, roughly; the first values are large whatever the order.
        size = float(np.log2(folded[_MAX_ORDER:] + 1.0).sum())
        if size < best[0]:
            best = (size, order, folded)
    return best[1], best[2]


def _integrate(planes: bytes, width: int, order: int) -> _Unsigned:
    folded = np.frombuffer(planes, np.uint8).reshape(width, -1).T.copy().view(f"<u{width}")[:, 0]
    column: _Unsigned = (folded >> 1) ^ (0 - (folded & 1))
    for _ in range(order):
        column = np.cumsum(column, dtype=column.dtype)
    return column


def _planes(column: _Unsigned) -> bytes:
    return column.view(np.uint8).reshape(-1, column.itemsize).T.tobytes()


def _decompress(frame: bytes, size: int) -> bytes:
    try:
        # The frame says itself how much it holds; memory is taken by that, so it is asked first.
        if zstandard.get_frame_parameters(frame).content_size != size:
            raise BlockError("size")
        return zstandard.ZstdDecompressor().decompress(frame)
    except zstandard.ZstdError as error:
        raise BlockError(str(error)) from None
