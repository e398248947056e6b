"""The clip's log, brought to the host sector by sector; what was read survives a link that is lost, and the program."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from trendel.errors import LinkError, WireError
from trendel.links.management import Management
from trendel.wire.log_image import RECORDS, SECTOR_BYTES, LogImage, sector_header
from trendel.wire.settings import Sectors, decode_sectors

SECTORS, FLASH = "/log/sectors", "/log/flash"
_HEAD = struct.Struct("<4sIII")  # magic, place, sequence, CRC-32 of the sector
_MAGIC = b"TSEC"
_STRETCH = 8  # sectors read at a time


@dataclass(frozen=True)
class Wanted:
    """What is to be read.

    Attributes:
        places: sequence numbers of the sectors, by place. open_bytes: bytes used of those still written, by place.
        records: places of records. newest: greatest sequence number in the log.
    """

    places: dict[int, int]
    open_bytes: dict[int, int]
    records: set[int]
    newest: int


class PartialImage:
    """Sectors that were read and will not change, in a file that only grows; a torn end is left out."""

    def __init__(self, path: Path) -> None:
        """Read what is there. Raises LinkError where the file cannot be made."""
        self.path = path
        self.held: dict[tuple[int, int], bytes] = {}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists():
                self._load(path.read_bytes())
            self._file = path.open("ab")
        except OSError as error:
            raise LinkError(f"{path}: cannot be written ({error.strerror}): free the disk and try again.") from None

    def add(self, place: int, sequence: int, data: bytes) -> None:
        """Keep a whole sector that is full."""
        self.held[place, sequence] = data
        self._file.write(_HEAD.pack(_MAGIC, place, sequence, zlib.crc32(data)) + data)

    def sync(self) -> None:
        """Bring it to the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """It stays for the next time."""
        self._file.close()

    def remove(self) -> None:
        """It is needed no more."""
        self._file.close()
        self.path.unlink(missing_ok=True)

    def _load(self, data: bytes) -> None:
        at, size = 0, _HEAD.size + SECTOR_BYTES
        while at + size <= len(data):
            magic, place, sequence, crc = _HEAD.unpack_from(data, at)
            sector = data[at + _HEAD.size : at + size]
            if magic != _MAGIC or zlib.crc32(sector) != crc:
                break
            self.held[place, sequence] = sector
            at += size
        if at < len(data):
            os.truncate(self.path, at)


async def read_table(management: Management) -> Sectors:
    """The clip's table of sectors; reading it makes the clip commit what waits. Raises LinkError."""
    try:
        return decode_sectors(await management.read_file(SECTORS))
    except WireError as error:
        raise LinkError(f"The clip's log cannot be read by this version: {error}") from None


def wanted(table: Sectors, after: int, also: Collection[int] = ()) -> Wanted:
    """Sectors in use with a sequence number above `after`, and those with one in `also`: they were still written."""
    head = table.header
    used = {int(i): int(n) for i, n in zip(head["open_sector_i"], head["open_offset"], strict=True)}
    numbers = [int(sequence) for sequence in table.sectors["sequence"]]
    places = {i: n for i, n in enumerate(numbers) if n > after or (n and n in also)}
    records = {i for i in places if table.sectors[i]["class_id"] == RECORDS}
    return Wanted(places, {i: n for i, n in used.items() if i in places}, records, max(numbers, default=0))


async def read_log(
    management: Management, want: Wanted, partial: PartialImage, tell: Callable[[int, int], None]
) -> LogImage:
    """The sectors `want`ed: records first, then raw, oldest first. `tell` is given bytes done and in all.

    Raises LinkError where the link is lost; what was read is in `partial`, and is not read again."""
    image = LogImage()
    todo = []
    for place, sequence in want.places.items():
        known = partial.held.get((place, sequence))
        if known is not None:
            image.put(place, known)
        else:
            todo.append(place)
    total_n = SECTOR_BYTES * len(want.places)
    done_n = total_n - SECTOR_BYTES * len(todo)
    tell(done_n, total_n)
    todo.sort(key=lambda place: (place not in want.records, want.places[place]))
    try:
        for stretch in _stretches(todo, want):
            n = want.open_bytes.get(stretch[0], SECTOR_BYTES * len(stretch))
            data = await management.read_file(FLASH, SECTOR_BYTES * stretch[0], n)
            for k, place in enumerate(stretch):
                sector = data[SECTOR_BYTES * k : SECTOR_BYTES * (k + 1)].ljust(SECTOR_BYTES, b"\xff")
                header = sector_header(sector)
                if header is None or header.sequence != want.places[place]:
                    continue  # the clip has given it up meanwhile: the newer one comes with the next table
                image.put(place, sector)
                if place not in want.open_bytes:
                    partial.add(place, header.sequence, sector)
            partial.sync()
            done_n += SECTOR_BYTES * len(stretch)
            tell(done_n, total_n)
    finally:
        partial.sync()
    return image


def _stretches(places: list[int], want: Wanted) -> list[list[int]]:
    """Places in a row, a few at a time, so that requests follow each other; open sectors alone."""
    found: list[list[int]] = []
    for place in places:
        last = found[-1] if found else []
        follows = bool(last) and place == last[-1] + 1 and len(last) < _STRETCH
        if follows and place not in want.open_bytes and last[-1] not in want.open_bytes:
            last.append(place)
        else:
            found.append([place])
    return found
