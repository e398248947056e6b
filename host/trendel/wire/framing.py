"""Framing without I/O: bytes in any pieces in, whole packets and counters out.

USB: a packet, its CRC-32 (IEEE 802.3, little-endian), COBS encoded, ended by a zero byte. BLE: a notification is a
packet; the radio has a CRC of its own. Corrupt bytes are counted and skipped, memory is bounded, nothing is raised.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

from cobs import cobs

from trendel.errors import WireError
from trendel.wire import layout as lt
from trendel.wire.packets import Packet, decode

CRC_N = 4
FRAME_MAX = lt.STORED_MAX + CRC_N + (lt.STORED_MAX + CRC_N) // 254 + 1
"""Bytes of the longest frame without its zero: COBS adds one byte in 254."""


@dataclass
class FrameCounts:
    """What a framer has seen.

    Attributes:
        bytes_n: bytes taken.
        packets_n: packets given.
        skipped_n: bytes that belong to no good packet (frame ends and CRC of good frames are not counted).
        cobs_n: frames that are not COBS.
        crc_n: frames whose CRC is wrong or missing.
        long_n: frames longer than any can be.
        malformed_n: good frames whose packet's fields cannot be.
    """

    bytes_n: int = 0
    packets_n: int = 0
    skipped_n: int = 0
    cobs_n: int = 0
    crc_n: int = 0
    long_n: int = 0
    malformed_n: int = 0

    @property
    def errors_n(self) -> int:
        """Frames that were lost, whatever the reason."""
        return self.cobs_n + self.crc_n + self.long_n + self.malformed_n


def frame(packet: bytes) -> bytes:
    """A packet as it goes over USB, with the zero that ends it. Raises WireError if it is too long."""
    if not 0 < len(packet) <= lt.STORED_MAX:
        raise WireError(f"A packet of {len(packet)} bytes cannot be framed; 1 to {lt.STORED_MAX} can.")
    return cobs.encode(packet + zlib.crc32(packet).to_bytes(CRC_N, "little")) + b"\0"


@dataclass(frozen=True, eq=False)
class Received:
    """A packet as it came and what it is."""

    raw: bytes
    packet: Packet


@dataclass
class SerialFramer:
    """Packets from a byte stream. Holds at most one frame (FRAME_MAX bytes) between calls."""

    counts: FrameCounts = field(default_factory=FrameCounts)
    _held: bytearray = field(default_factory=bytearray)
    _skipping: bool = False

    def feed(self, data: bytes | bytearray | memoryview) -> list[Received]:
        """Take bytes; the packets that they complete, in order."""
        self.counts.bytes_n += len(data)
        found: list[Received] = []
        *ended, rest = bytes(data).split(b"\0")
        for piece in ended:
            if self._hold(piece):
                self._finish(found)
            self._held.clear()
            self._skipping = False
        self._hold(rest)
        return found

    def _hold(self, piece: bytes) -> bool:
        """Keep a piece of the current frame; False if the frame is given up."""
        if not self._skipping and len(self._held) + len(piece) > FRAME_MAX:
            self.counts.long_n += 1
            self.counts.skipped_n += len(self._held)
            self._held.clear()
            self._skipping = True
        if self._skipping:
            self.counts.skipped_n += len(piece)
            return False
        self._held += piece
        return True

    def _finish(self, found: list[Received]) -> None:
        if not self._held:
            return  # zeros in a row: how a sender makes sure that it starts afresh
        try:
            body = cobs.decode(self._held)
        except cobs.DecodeError:
            self.counts.cobs_n += 1
            self.counts.skipped_n += len(self._held)
            return
        packet, crc = body[:-CRC_N], body[-CRC_N:]
        if not packet or zlib.crc32(packet) != int.from_bytes(crc, "little"):
            self.counts.crc_n += 1
            self.counts.skipped_n += len(self._held)
            return
        _take(packet, self.counts, found)


@dataclass
class NotificationFramer:
    """Packets from BLE: each notification is one."""

    counts: FrameCounts = field(default_factory=FrameCounts)

    def feed(self, data: bytes | bytearray | memoryview) -> list[Received]:
        """Take a notification; the packet that it is, or nothing."""
        self.counts.bytes_n += len(data)
        found: list[Received] = []
        if len(data) > lt.STORED_MAX:
            self.counts.long_n += 1
            self.counts.skipped_n += len(data)
        else:
            _take(bytes(data), self.counts, found)
        return found


def _take(raw: bytes, counts: FrameCounts, found: list[Received]) -> None:
    try:
        found.append(Received(raw, decode(raw)))
    except WireError:
        counts.malformed_n += 1
        counts.skipped_n += len(raw)
    else:
        counts.packets_n += 1
