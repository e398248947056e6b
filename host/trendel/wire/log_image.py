"""The clip's log read from its bytes: any sectors of it, in any order (docs/log.md, device/core/src/log_format.h).

Sectors and entries say themselves what they are, with CRCs. So a host may fetch only some, at different times, while
the clip goes on writing; what is torn is skipped and counted, nothing is raised."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from trendel.wire import layout as lt

SECTOR_BYTES = 4096
RECORDS, RAW = 0, 1
"""Classes of sectors: strides, events, hellos, faults; packed samples and checkpoints."""
KEPT = ("newest", "periodic", "alert")
"""Why a raw sector is kept, by its number in the clip's table."""

SECTOR_HEADER_N, ENTRY_HEADER_N = 32, 8
_MAGIC = 0x4C54
_SECTOR = struct.Struct("<HBBIIII3I")
_CRC_N = 16
_ENTRY = struct.Struct("<HHI")
_ERASED = 0xFFFFFFFF


@dataclass(frozen=True)
class SectorHeader:
    """Start of a sector.

    Attributes:
        class_id: RECORDS or RAW. sequence: grows with each sector that is opened. boot_n: the boot that opened it.
        erase_n: how often the sector was erased.
        keep: index of KEPT. released: a host has had it.
    """

    class_id: int
    sequence: int
    boot_n: int
    erase_n: int
    keep: int
    released: bool


@dataclass(frozen=True)
class Entry:
    """A packet of the log, and where it was: sequence, class and boot of its sector, offset in it."""

    sequence: int
    class_id: int
    boot_n: int
    offset: int
    packet: bytes


def sector_header(data: bytes) -> SectorHeader | None:
    """What a sector's first bytes say; None where it is not in use, or its header is damaged."""
    if len(data) < SECTOR_HEADER_N:
        return None
    magic, version, class_id, sequence, erase_n, boot_n, crc, *marks = _SECTOR.unpack_from(data)
    if magic != _MAGIC or version != lt.VERSION or class_id not in (RECORDS, RAW) or sequence == 0:
        return None
    if crc != zlib.crc32(data[:_CRC_N]):
        return None
    periodic, alert, released = (mark != _ERASED for mark in marks)
    keep = 0 if released else 2 if alert else 1 if periodic else 0
    return SectorHeader(class_id, sequence, boot_n, erase_n, keep, released)


def entry_length(data: bytes, offset: int) -> int | None:
    """Bytes of the packet of the entry at `offset`, by its header alone; None where none begins there."""
    if offset + ENTRY_HEADER_N >= SECTOR_BYTES or offset + ENTRY_HEADER_N > len(data):
        return None
    length, complement, _ = _ENTRY.unpack_from(data, offset)
    fits = length ^ complement == 0xFFFF and 0 < length <= lt.STORED_MAX
    return length if fits and offset + ENTRY_HEADER_N + length <= SECTOR_BYTES else None


def next_offset(offset: int, length: int) -> int:
    """Where the entry after one of `length` bytes begins."""
    return offset + ENTRY_HEADER_N + ((length + 3) & ~3)


def sector_entries(data: bytes, header: SectorHeader) -> tuple[list[Entry], int]:
    """(good entries in order, how many damaged places) of a sector, or of as much of its start as `data` has.

    Beyond an entry whose header is damaged the next whole one is looked for, each four bytes."""
    entries: list[Entry] = []
    damaged_n, at = 0, SECTOR_HEADER_N
    while at + ENTRY_HEADER_N < min(SECTOR_BYTES, len(data)):
        if data[at : at + 4] == b"\xff\xff\xff\xff":
            if data.count(0xFF, at) == len(data) - at:
                break  # erased: nothing was written from here on
            follows = _resume(data, at + 4)
            damaged_n += 1
        elif (length := entry_length(data, at)) is None:
            follows = _resume(data, at + 4)
            damaged_n += 1
        elif _is_good(data, at, length):
            start = at + ENTRY_HEADER_N
            entries.append(Entry(header.sequence, header.class_id, header.boot_n, at, data[start : start + length]))
            follows = next_offset(at, length)
        elif at + ENTRY_HEADER_N + length > len(data):
            break  # the rest was not read
        else:
            damaged_n += 1
            follows = next_offset(at, length)
        if follows is None:
            break
        at = follows
    return entries, damaged_n


def _is_good(data: bytes, at: int, length: int) -> bool:
    crc = int.from_bytes(data[at + 4 : at + 8], "little")
    start = at + ENTRY_HEADER_N
    packet = data[start : start + length]
    return len(packet) == length and zlib.crc32(packet, zlib.crc32(data[at : at + 4])) == crc


def _resume(data: bytes, after: int) -> int | None:
    """Where, at or behind `after`, an entry is whole; None if none is."""
    words = np.frombuffer(data, "<u4", (len(data) - after) // 4, after)
    lengths = words & 0xFFFF
    likely = ((words >> 16) ^ lengths == 0xFFFF) & (lengths > 0) & (lengths <= lt.STORED_MAX)
    for i in np.flatnonzero(likely).tolist():
        if _is_good(data, after + 4 * i, int(lengths[i])):
            return after + 4 * i
    return None


@dataclass
class LogImage:
    """Sectors of one clip's log as far as they were read.

    Attributes:
        sectors: bytes of each sector that is in use, by its place in the flash.
        damaged_n: places that could not be read; of `entries`, once they were asked for.
    """

    sectors: dict[int, bytes] = field(default_factory=dict)
    damaged_n: int = 0

    def put(self, sector_i: int, data: bytes) -> SectorHeader | None:
        """Keep a sector; what it is, None (and nothing kept) where it holds nothing."""
        header = sector_header(data)
        if header is None:
            self.sectors.pop(sector_i, None)
        else:
            self.sectors[sector_i] = bytes(data[:SECTOR_BYTES])
        return header

    def headers(self) -> dict[int, SectorHeader]:
        """Of the sectors held, by place."""
        found = ((i, sector_header(data)) for i, data in self.sectors.items())
        return {i: header for i, header in found if header is not None}

    def entries(self, class_id: int | None = None) -> Iterator[Entry]:
        """Entries in the order in which the clip wrote them, sector after sector: of one class, or of all."""
        self.damaged_n = 0
        headers = self.headers()
        for i in sorted(headers, key=lambda i: headers[i].sequence):
            if class_id in (None, headers[i].class_id):
                entries, damaged_n = sector_entries(self.sectors[i], headers[i])
                self.damaged_n += damaged_n
                yield from entries

    @classmethod
    def of_flash(cls, flash: bytes, sectors: Iterable[int] | None = None) -> LogImage:
        """Of the flash's bytes from its first sector on: all of its `sectors`, or some."""
        image = cls()
        for i in range(len(flash) // SECTOR_BYTES) if sectors is None else sectors:
            image.put(i, flash[SECTOR_BYTES * i : SECTOR_BYTES * (i + 1)])
        return image
