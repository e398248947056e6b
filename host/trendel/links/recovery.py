"""What the air lost, fetched from the clip's log: in the background while live data goes on, and at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from trendel.clock import Clock
from trendel.errors import LinkError, WireError
from trendel.links.management import Management, RefusedError, UnmanagedError
from trendel.links.missing import Gap, Missing
from trendel.wire import log_image
from trendel.wire.log_image import SECTOR_BYTES
from trendel.wire.packed import unpack
from trendel.wire.packets import ImuBlock, PackedImu, Packet, RecordBlock, decode
from trendel.wire.settings import Sectors, decode_sectors

SECTORS, FLASH = "/log/sectors", "/log/flash"
_PROBE_N = 128  # bytes of a sector that tell with which block it begins
_POLL_S = 0.2
_REFUSALS_MAX = 3


@dataclass(frozen=True)
class Habits:
    """How recovery behaves; times by the link's clock but for the last two.

    Attributes:
        every_s: between rounds: each makes the clip commit what waits, which costs some of its compression.
        settle_s: after a reconnection, before a round: its first packets come first.
        bytes_per_s: of the log, while live data goes on: several times what a clip writes at 208 Hz.
        retry_s: after a round that failed.
        quiet_s: at the end, how long nothing may come home before it is given up.
        longest_s: at the end, in all.
    """

    every_s: float = 15.0
    settle_s: float = 1.0
    bytes_per_s: float = 16_000.0
    retry_s: float = 3.0
    quiet_s: float = 20.0
    longest_s: float = 600.0


@dataclass(frozen=True)
class _Sector:
    """A sector as the clip's table has it; `used_n`: bytes of it that are written."""

    i: int
    sequence: int
    used_n: int


class Recovery:
    """Keeps what comes home by calling `keep` with each packet, byte for byte as the clip would have sent it."""

    def __init__(
        self, management: Management, clock: Clock, keep: Callable[[bytes], None], habits: Habits | None = None
    ) -> None:
        self.missing = Missing()
        self._management, self._clock, self._keep = management, clock, keep
        self._habits = habits or Habits()
        self._first: dict[int, tuple[int, int] | None] = {}  # by a sector's sequence, (boot, number) of its first block
        self._allowed_n, self._allowed_ns = 0.0, clock.now_ns()
        self._last_ns = clock.now_ns()
        self._due_ns: int | None = None
        self._refused_n = 0  # times in a row
        self._useless = ""  # why this clip cannot be asked

    @property
    def why_not(self) -> str:
        """Why the clip cannot be asked at all, in a sentence; empty where it can."""
        return self._useless

    def sentence(self) -> str:
        """What came home, and what did not."""
        missing = self.missing
        came = f"{missing.home_n} samples came home from the clip's log" if missing.home_n else "Nothing was fetched"
        if not missing.lacking_n:
            return f"{came}: none is missing." if missing.home_n else "No sample is missing."
        why = f" {self._useless}" if self._useless else ""
        gone = f"{missing.gone_n * missing.block_n} are not in its log any more" if missing.gone_n else ""
        left = f"{missing.samples_n} were not fetched" if missing.samples_n else ""
        return f"{came}; {' and '.join(part for part in (gone, left) if part)}.{why}"

    def reached(self) -> None:
        """The clip was reached again."""
        self._due_ns = self._clock.now_ns() + round(self._habits.settle_s * 1e9)

    async def run(self) -> None:
        """Fetch in the background, until cancelled."""
        while True:
            await asyncio.sleep(_POLL_S)
            if self._useless or not self._is_due():
                continue
            try:
                await self._blocks(limited=True)
                self._last_ns, self._due_ns = self._clock.now_ns(), None
            except LinkError as error:
                self._note(error)
                self._due_ns = self._clock.now_ns() + round(self._habits.retry_s * 1e9)

    async def finish(self, until_us: int | None, tell: Callable[[], None] | None = None) -> None:
        """Fetch what is still missing, up to the clip time `until_us`; cancel to leave it where it is. `tell` is called
        now and then. Returns when all is settled, or nothing came for long."""
        self.missing.finish(until_us)
        loop = asyncio.get_running_loop()
        began_s = quiet_s = loop.time()
        before: tuple[int, ...] = ()
        rounds = asyncio.create_task(self._rounds())
        try:
            while not rounds.done():
                await asyncio.wait([rounds], timeout=_POLL_S)
                now = (self.missing.home_n, self.missing.gone_n, len(self._first))
                quiet_s = loop.time() if now != before else quiet_s
                before = now
                if tell is not None:
                    tell()
                if loop.time() - quiet_s > self._habits.quiet_s or loop.time() - began_s > self._habits.longest_s:
                    return
            rounds.result()
        finally:
            rounds.cancel()
            await asyncio.gather(rounds, return_exceptions=True)

    async def _rounds(self) -> None:
        while not self._useless and (self.missing.gaps() or self.missing.wants_records()):
            try:
                await self._blocks(limited=False)
                await self._records()
            except LinkError as error:
                self._note(error)
                await asyncio.sleep(_POLL_S)

    def _note(self, error: LinkError) -> None:
        self._refused_n = self._refused_n + 1 if isinstance(error, RefusedError) else 0
        if isinstance(error, UnmanagedError) or self._refused_n == _REFUSALS_MAX:
            self._useless = str(error)

    def _is_due(self) -> bool:
        if not self._management.is_connected or not (self.missing.gaps() or self.missing.wants_records()):
            return False
        now_ns = self._clock.now_ns()
        if self._due_ns is not None:
            return now_ns >= self._due_ns
        return now_ns - self._last_ns >= self._habits.every_s * 1e9

    async def _table(self) -> Sectors:
        raw = await self._management.read_file(SECTORS)
        try:
            return decode_sectors(raw)
        except WireError as error:
            raise RefusedError(str(error), "version") from None

    # ---- raw ----

    async def _blocks(self, *, limited: bool) -> None:
        """Ask for all blocks that are missing now: those that the clip has made by then are committed when its table is
        read. Raises LinkError; what has come home until then is kept."""
        wanted = self.missing.gaps()
        if not wanted:
            return
        sectors = _in_order(await self._table(), log_image.RAW)
        self._first = {s.sequence: self._first[s.sequence] for s in sectors if s.sequence in self._first}
        read: dict[int, bool] = {}  # by a sector's sequence, whether all of it was read
        for boot, gaps in wanted.items():
            for gap in gaps:
                found = await self._holding(sectors, boot, gap)
                for sector in found:
                    if sector.sequence not in read:
                        read[sector.sequence] = await self._sector(sector, limited=limited)
                if not all(read[sector.sequence] for sector in found):
                    continue
                if gap.end is None:
                    self.missing.close(boot)
                else:
                    self.missing.give_up(boot, gap.start, gap.end)
        self._refused_n = 0

    async def _holding(self, sectors: list[_Sector], boot: int, gap: Gap) -> list[_Sector]:
        """The sectors that may hold a gap: from the last that begins at or before it to the last that begins in it."""
        low, high = 0, len(sectors)  # the first sector that begins behind the gap's start is in [low, high]
        while low < high:
            middle = (low + high) // 2
            at, first = await self._begins(sectors, middle, high)
            if first is None or self._compare(first, (boot, gap.start)) > 0:
                high = middle
            else:
                low = at + 1
        found = sectors[max(0, low - 1) : low]
        for k in range(low, len(sectors)):
            _, first = await self._begins(sectors, k, k + 1)
            beyond = (boot, gap.end) if gap.end is not None else ((boot + 1) % 0x10000, 0)
            if first is not None and self._compare(first, beyond) >= 0:
                break
            found.append(sectors[k])
        return found

    def _compare(self, a: tuple[int, int], b: tuple[int, int]) -> int:
        """Below 0 where block `a` (boot, number) was made before `b`."""
        boots = (a[0] - b[0] + 0x8000) % 0x10000 - 0x8000
        return boots if boots else a[1] - b[1]

    async def _begins(self, sectors: list[_Sector], k: int, end: int) -> tuple[int, tuple[int, int] | None]:
        """(place, first block) of the first sector from `k` on, before `end`, that holds blocks; (end - 1, None)
        where none does, as those full of checkpoints."""
        for at in range(k, end):
            sector = sectors[at]
            first = self._first.get(sector.sequence)
            if sector.sequence not in self._first:
                first = await self._probe(sector)
                if first is not None or sector.used_n == SECTOR_BYTES:
                    self._first[sector.sequence] = first
            if first is not None:
                return at, first
        return end - 1, None

    async def _probe(self, sector: _Sector) -> tuple[int, int] | None:
        at = log_image.SECTOR_HEADER_N
        while at + log_image.ENTRY_HEADER_N < sector.used_n:
            n = min(_PROBE_N, sector.used_n - at)
            data = await self._management.read_file(FLASH, SECTOR_BYTES * sector.i + at, n)
            length = log_image.entry_length(bytes(at) + data, at) if len(data) == n else None
            if length is None:
                return None
            block = _first_block(data[log_image.ENTRY_HEADER_N :])
            if block is not None:
                return block
            at = log_image.next_offset(at, length)
        return None

    async def _sector(self, sector: _Sector, *, limited: bool) -> bool:
        """Read a sector and keep what was missing; False where the clip has given it up meanwhile."""
        data = await self._read(sector, limited=limited)
        header = log_image.sector_header(data)
        if header is None or header.sequence != sector.sequence:
            return False
        for entry in log_image.sector_entries(data, header)[0]:
            packet = _decoded(entry.packet)
            if isinstance(packet, PackedImu) and self._is_wanted(packet):
                try:
                    for block in await asyncio.to_thread(unpack, packet):
                        self._home(block)
                except WireError:
                    continue
            elif isinstance(packet, ImuBlock):
                self._home(packet)
        return True

    def _is_wanted(self, packet: PackedImu) -> bool:
        h = packet.header
        start, n = int(h["sequence"]), int(h["block_n"])
        gaps = self.missing.gaps().get(int(h["boot"]), [])
        return any(gap.start < start + n and (gap.end is None or start < gap.end) for gap in gaps)

    def _home(self, block: ImuBlock) -> None:
        if self.missing.home(block):
            self._keep(block.header.tobytes() + block.samples.tobytes())

    # ---- records ----

    async def _records(self) -> None:
        """Strides and events that are missing: from the newest sector back to where there can be none."""
        if not self.missing.wants_records():
            return
        for sector in reversed(_in_order(await self._table(), log_image.RECORDS)):
            data = await self._read(sector, limited=False)
            header = log_image.sector_header(data)
            if header is None or header.sequence != sector.sequence:
                continue
            if header.boot_n % 0x10000 not in self.missing.boots:
                break
            for entry in log_image.sector_entries(data, header)[0]:
                packet = _decoded(entry.packet)
                if isinstance(packet, RecordBlock) and self.missing.home_records(packet):
                    self._keep(entry.packet)
            if not self.missing.wants_records(older=True):
                break
        self.missing.give_up_records()

    # ---- reading ----

    async def _read(self, sector: _Sector, *, limited: bool) -> bytes:
        if limited:
            await self._allowance(sector.used_n)
        data = await self._management.read_file(FLASH, SECTOR_BYTES * sector.i, sector.used_n)
        return data.ljust(SECTOR_BYTES, b"\xff")

    async def _allowance(self, n: int) -> None:
        """Wait until `n` bytes may be read: live data has the air first."""
        while True:
            now_ns = self._clock.now_ns()
            more_n = (now_ns - self._allowed_ns) / 1e9 * self._habits.bytes_per_s
            self._allowed_n = min(self._allowed_n + more_n, 2.0 * SECTOR_BYTES)
            self._allowed_ns = now_ns
            if self._allowed_n >= n:
                self._allowed_n -= n
                return
            await asyncio.sleep(0.01)


def _in_order(table: Sectors, class_id: int) -> list[_Sector]:
    """The sectors of a class that hold something, oldest first."""
    rows, head = table.sectors, table.header
    used = {int(i): int(n) for i, n in zip(head["open_sector_i"], head["open_offset"], strict=True)}
    found = [
        _Sector(i, int(row["sequence"]), used.get(i, SECTOR_BYTES))
        for i, row in enumerate(rows)
        if row["sequence"] and row["class_id"] == class_id
    ]
    return sorted(found, key=lambda sector: sector.sequence)


def _decoded(raw: bytes) -> Packet | None:
    try:
        return decode(raw)
    except WireError:
        return None


def _first_block(start: bytes) -> tuple[int, int] | None:
    """(boot, number) of the block, or first packed block, of which `start` are the first bytes; None for others."""
    from trendel.wire import layout as lt

    if len(start) < 8 or start[0] not in (lt.KIND_IMU, lt.KIND_IMU_PACKED) or start[1] != lt.VERSION:
        return None
    return int.from_bytes(start[2:4], "little"), int.from_bytes(start[4:8], "little")
