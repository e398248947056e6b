"""`trendel clip log`: what is in a clip's log, a copy of it, and erasing what is home."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trendel.app.clip_info import log_summary
from trendel.app.clip_reach import Reached, with_clip
from trendel.app.outputs import write_text_atomically
from trendel.app.progress import fraction_bar
from trendel.app.screen import stdout_console
from trendel.app.sync import sync_mode
from trendel.app.synced import Known, clips_folder, partial_path
from trendel.errors import LinkError, TrendelError
from trendel.links.log_reading import PartialImage, Wanted, read_log, read_table, wanted
from trendel.links.management import RefusedError
from trendel.wire.log_image import SECTOR_BYTES, LogImage
from trendel.wire.settings import ERASE_WORD, Sectors, encode_setting

_FETCH_FIRST = (
    "The log is not on this computer: fetch it first (trendel sync, or trendel clip log get FILE), or --force."
)
_ERASE_S = 120.0  # 512 sectors of 0.1 s, and some


@dataclass(frozen=True)
class Copy:
    """A copy of a clip's log in a file: (place, bytes, CRC-32) of each sector, by sequence number."""

    file: Path
    sectors: dict[int, tuple[int, int, int]]

    @classmethod
    def load(cls, serial: int) -> Copy | None:
        """The newest one that this computer has made; None where there is none."""
        try:
            data = json.loads(_copy_path(serial).read_text(encoding="utf-8"))
            sectors = {int(sequence): (int(p), int(n), int(crc)) for sequence, (p, n, crc) in data["sectors"].items()}
            return cls(Path(data["file"]), sectors)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def save(self, serial: int) -> None:
        """Remember it. Raises OutputError."""
        data = {"file": str(self.file), "sectors": {str(k): list(v) for k, v in self.sectors.items()}}
        path = _copy_path(serial)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text_atomically(path, json.dumps(data) + "\n")

    def holds(self, sequence: int, n: int) -> bool:
        """Whether `n` bytes of a sector are in the file still, as they were read."""
        place, held_n, crc = self.sectors.get(sequence, (0, -1, 0))
        if held_n < n:
            return False
        try:
            with self.file.open("rb") as file:
                file.seek(place * SECTOR_BYTES)
                return zlib.crc32(file.read(held_n)) == crc
        except OSError:
            return False


def show_log(moniker: str, *, as_json: bool) -> None:
    """What is in it, and how much of that is on this computer. Raises TrendelError."""

    async def work(clip: Reached) -> dict[str, Any]:
        table = await read_table(clip.management)
        return log_summary(table) | {"not_home": len(_not_home(table, clip.serial))}

    found = with_clip(moniker, work)
    if as_json:
        print(json.dumps(found, indent=2))
        return
    console = stdout_console()
    console.print(
        f"{found['used']} of {found['sectors']} sectors are in use ({found['used_percent']:g} %): {found['records']} "
        f"with strides and events, {found['raw']} with raw samples.",
        soft_wrap=True,
    )
    console.print(f"{found['released']} may be overwritten, since a host has them. {found['bad']} are bad.")
    if found["not_home"]:
        console.print(f"{found['not_home']} are not on this computer yet: trendel sync, or trendel clip log get.")
    else:
        console.print("All of it is on this computer.")


def get_log(moniker: str, out: Path) -> None:
    """Copy it, byte for byte, into the file `out`; what is not in use is 0xFF there. Raises TrendelError."""

    async def work(clip: Reached) -> tuple[Copy, LogImage]:
        table = await read_table(clip.management)
        return await _copied(clip, table, wanted(table, 0), out, None)

    copy, image = with_clip(moniker, work)
    entries_n = sum(1 for _ in image.entries())
    torn = f"; {image.damaged_n} places were torn, as a loss of power leaves them" if image.damaged_n else ""
    print(f"{out}: {len(copy.sectors)} sectors with {entries_n} entries, each checked by its CRC{torn}.")


async def _copied(clip: Reached, table: Sectors, want: Wanted, out: Path, held: Copy | None) -> tuple[Copy, LogImage]:
    """Read sectors into the file `out`, beside those that are `held` in it. Raises TrendelError."""
    partial = PartialImage(partial_path(clip.serial, clip.hello.boot_n))
    try:
        with fraction_bar("reading the clip's log") as bar:
            tell = bar or (lambda fraction: None)
            image = await read_log(clip.management, want, partial, lambda n, of: tell(n / max(1, of)))
    finally:
        partial.close()
    sectors = {} if held is None else dict(held.sectors)
    try:
        raw = bytearray(b"\xff" * (SECTOR_BYTES * int(table.header["sector_n"]))) if held is None else None
        raw = bytearray(out.read_bytes()) if raw is None else raw
        for place, sector in image.sectors.items():
            n = want.open_bytes.get(place, SECTOR_BYTES)
            raw[place * SECTOR_BYTES : (place + 1) * SECTOR_BYTES] = sector
            sectors[want.places[place]] = (place, n, zlib.crc32(sector[:n]))
        temporary = out.with_name(out.name + ".part")
        temporary.write_bytes(raw)
        temporary.replace(out)
    except OSError as error:
        raise TrendelError(f"{out}: cannot be written ({error.strerror}): choose another place.") from None
    copy = Copy(out.resolve(), sectors)
    copy.save(clip.serial)
    partial.path.unlink(missing_ok=True)
    return copy, image


def erase_log(moniker: str, *, force: bool) -> None:
    """Erase it, if all of it is on this computer. What was written since it was fetched, at the least what a clip logs
    of this very connection, is fetched first. Raises TrendelError before anything is erased."""

    async def work(clip: Reached) -> tuple[int, int, Path | None]:
        known, copy = Known.load(clip.serial), Copy.load(clip.serial)
        async with sync_mode(clip.management, lambda sentence: None):
            table = await read_table(clip.management)
            rest, file = _not_home(table, clip.serial), None
            if rest and not force:
                if not known.through and (copy is None or not copy.file.exists()):
                    raise LinkError(_FETCH_FIRST)
                rest, file = await _fetched(clip, table, rest, copy)
            if rest and not force:
                raise LinkError(f"{len(rest)} sectors of the log could not be fetched: nothing was erased.")
            try:
                await clip.management.set("log/erase", encode_setting("log/erase", word=ERASE_WORD), _ERASE_S)
            except RefusedError as error:
                if error.reason in ("EBUSY", "BUSY"):
                    raise LinkError(
                        "A run is on (it ends five minutes after the last step): nothing was erased."
                    ) from None
                raise
        known.through, known.open = 0, {}
        known.save(clip.serial)
        _copy_path(clip.serial).unlink(missing_ok=True)
        return len(table.sectors), len(rest), file

    sectors_n, lost_n, file = with_clip(moniker, work)
    if file is not None:
        print(f"{file} has what was not on this computer yet.")
    lost = f", {lost_n} of them nowhere else" if lost_n else ""
    print(f"The log is erased, {sectors_n} sectors{lost}.")


async def _fetched(clip: Reached, table: Sectors, rest: list[int], copy: Copy | None) -> tuple[list[int], Path]:
    """Fetch the rest into the copy, or one of its own; what is missing still, and where it is."""
    want = wanted(table, 0)
    places = {place: sequence for place, sequence in want.places.items() if sequence in rest}
    part = Wanted(places, {p: n for p, n in want.open_bytes.items() if p in places}, want.records, want.newest)
    held = copy if copy is not None and copy.file.exists() else None
    file = held.file if held is not None else clips_folder() / f"{clip.serial:016x}-{clip.hello.boot_n}-rest.bin"
    await _copied(clip, table, part, file, held)
    return _not_home(table, clip.serial), file


def _not_home(table: Sectors, serial: int) -> list[int]:
    """Sequence numbers of what is in use and not on this computer: neither in sessions nor in a copy."""
    known, copy = Known.load(serial), Copy.load(serial)
    want = wanted(table, 0)
    missing = []
    for place, sequence in want.places.items():
        n = want.open_bytes.get(place, SECTOR_BYTES)
        synced = sequence <= known.through and str(sequence) not in known.open
        if not synced and known.open.get(str(sequence), -1) < n and not (copy is not None and copy.holds(sequence, n)):
            missing.append(sequence)
    return missing


def _copy_path(serial: int) -> Path:
    return clips_folder() / f"{serial:016x}-copy.json"
