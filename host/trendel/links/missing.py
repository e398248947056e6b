"""What of a clip's blocks and records has come, and what has not, by the numbers that the clip gives. No I/O."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from trendel.wire.layout import DTYPES, KIND_EVENT, KIND_STRIDE
from trendel.wire.packets import Hello, ImuBlock, Packet, RecordBlock

_BETWEEN_MAX = 8  # restarts in a row of which nothing was heard
_LOGGED = (KIND_STRIDE, KIND_EVENT)
_TIMED_SIZES = (DTYPES["Stride"].itemsize, DTYPES["Event"].itemsize)


class Ranges:
    """Whole numbers as half-open ranges; those that go on where the last ended cost nothing."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def __contains__(self, i: int) -> bool:
        k = bisect_right(self._starts, i) - 1
        return k >= 0 and i < self._ends[k]

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(self._starts, self._ends, strict=True)

    @property
    def end(self) -> int | None:
        """One beyond the greatest; None without any."""
        return self._ends[-1] if self._ends else None

    @property
    def total(self) -> int:
        """How many there are."""
        return sum(self._ends) - sum(self._starts)

    def add(self, start: int, end: int) -> None:
        """Add [start, end)."""
        if end <= start:
            return
        if self._ends and start == self._ends[-1]:
            self._ends[-1] = end
            return
        first = bisect_right(self._starts, start)
        if first and self._ends[first - 1] >= start:
            first -= 1
        last = bisect_right(self._starts, end)
        if first < last:
            start, end = min(start, self._starts[first]), max(end, self._ends[last - 1])
        self._starts[first:last] = [start]
        self._ends[first:last] = [end]

    def holes(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """What of [start, end) is not there."""
        k = max(0, bisect_right(self._starts, start) - 1)
        while start < end and k < len(self._starts):
            if self._starts[k] >= end:
                break
            if self._starts[k] > start:
                yield start, self._starts[k]
            start = max(start, self._ends[k])
            k += 1
        if start < end:
            yield start, end


@dataclass(frozen=True)
class Gap:
    """Numbers [start, end) that are missing; `end` None: up to whatever the last was."""

    start: int
    end: int | None


@dataclass
class _Numbers:
    """Of one boot: what is settled (here, or gone for good), from where on it is wanted, whether its end is known."""

    first: int | None
    settled: Ranges = field(default_factory=Ranges)
    is_open: bool = False
    live: int | None = None  # the first that came live

    def gaps(self) -> list[Gap]:
        if self.first is None:
            return []
        end = max(self.settled.end or 0, self.first)
        found = [Gap(*hole) for hole in self.settled.holes(self.first, end)]
        return [*found, Gap(end, None)] if self.is_open else found


@dataclass
class Missing:
    """Takes packets as they arrive live, and says what the clip's log has to be asked for.

    A recording begins with the first hello: blocks that were complete after it are wanted. After a restart it goes on:
    to the end of the boot before, and from the first block of the new one on.

    Attributes:
        live_n: samples of blocks that came live. home_n: samples that came from the log.
        gone_n: blocks that neither came nor are in the log any more.
        until_us: clip time at which the recording ends, in the last boot; None: with the last block.
    """

    live_n: int = 0
    home_n: int = 0
    gone_n: int = 0
    until_us: int | None = None
    block_n: int = 18
    _begin: tuple[int, int] | None = None  # boot and clip time of the first hello
    _boots: dict[int, _Numbers] = field(default_factory=dict)
    _records: dict[tuple[int, int], _Numbers] = field(default_factory=dict)
    _seen: dict[tuple[int, int], int] = field(default_factory=dict)  # the least number seen in the log
    _now: int | None = None  # boot

    @property
    def boots(self) -> list[int]:
        """Boots that the recording reaches over, modulo 65536, in order."""
        return list(self._boots)

    @property
    def blocks_n(self) -> int:
        """Blocks known to be missing; those that may follow the last of a boot are not counted."""
        return sum(g.end - g.start for numbers in self._boots.values() for g in numbers.gaps() if g.end is not None)

    @property
    def samples_n(self) -> int:
        """Samples known to be missing and not known to be gone."""
        return self.blocks_n * self.block_n

    @property
    def lacking_n(self) -> int:
        """Samples that are not there, whether they are still to be had or not."""
        return self.samples_n + self.gone_n * self.block_n

    def take(self, packet: Packet) -> None:
        """A packet has come live."""
        if isinstance(packet, Hello):
            boot = int(packet.fields["boot"])
            if self._begin is None and self._now is None:
                self._begin = boot, int(packet.fields["time_us"])
            self._boot(boot)
        elif isinstance(packet, ImuBlock):
            self._block(packet)
        elif isinstance(packet, RecordBlock) and packet.header["kind"] in _LOGGED:
            h = packet.header
            sequence, key = int(h["sequence"]), (int(h["boot"]), int(h["kind"]))
            first = sequence if key[0] == next(iter(self._boots), key[0]) else 0
            numbers = self._records.setdefault(key, _Numbers(first))
            numbers.settled.add(sequence, sequence + int(h["record_n"]))

    def gaps(self) -> dict[int, list[Gap]]:
        """Blocks that are missing, by boot, in order."""
        return {boot: gaps for boot, numbers in self._boots.items() if (gaps := numbers.gaps())}

    def wants_records(self, *, older: bool = False) -> bool:
        """Whether strides or events are missing; `older`: such as were made before all that `home_records` has seen."""
        for key, numbers in self._records.items():
            seen = self._seen.get(key) if older else None
            if any(seen is None or gap.start < seen for gap in numbers.gaps()):
                return True
        return False

    def home(self, block: ImuBlock) -> bool:
        """A block has come from the log; whether it belongs to the recording and was missing."""
        boot, sequence, n = (int(block.header[name]) for name in ("boot", "sequence", "sample_n"))
        numbers = self._boots.get(boot)
        if numbers is None or numbers.first is None or sequence < numbers.first or sequence in numbers.settled:
            return False
        numbers.settled.add(sequence, sequence + 1)
        if self._is_outside(block, boot, numbers):
            return False
        self.home_n += n
        return True

    def home_records(self, packet: RecordBlock) -> bool:
        """Strides or events have come from the log; whether any of them was missing."""
        h = packet.header
        numbers = self._records.get((int(h["boot"]), int(h["kind"])))
        sequence, end = int(h["sequence"]), int(h["sequence"]) + int(h["record_n"])
        if numbers is None or numbers.first is None:
            return False
        key = int(h["boot"]), int(h["kind"])
        self._seen[key] = min(sequence, self._seen.get(key, sequence))
        if self._is_before(packet):
            self._seen[key] = -1
            return False
        wanted = [g for g in numbers.gaps() if g.start < end and (g.end is None or sequence < g.end)]
        for gap in wanted:
            numbers.settled.add(max(gap.start, sequence), end if gap.end is None else min(end, gap.end))
        return bool(wanted)

    def give_up(self, boot: int, start: int, end: int) -> None:
        """Blocks [start, end) of a boot are not in the log."""
        numbers = self._boots[boot]
        for hole in list(numbers.settled.holes(max(start, numbers.first or 0), end)):
            self.gone_n += hole[1] - hole[0]
            numbers.settled.add(*hole)

    def close(self, boot: int) -> None:
        """All of a boot that is over, or of the recording's last, was looked for."""
        self._boots[boot].is_open = False

    def give_up_records(self) -> None:
        """The log has been asked for all of them."""
        for numbers in self._records.values():
            for gap in numbers.gaps():
                numbers.settled.add(gap.start, gap.start if gap.end is None else gap.end)
            numbers.is_open = False

    def finish(self, until_us: int | None) -> None:
        """Nothing comes live any more: what follows the last that came is wanted too, up to clip time `until_us`."""
        self.until_us = until_us
        if self._now is not None and self._boots[self._now].first is not None:
            self._boots[self._now].is_open = True
        for boot in self._boots:
            for kind in _LOGGED:
                self._records.setdefault((boot, kind), _Numbers(0)).is_open = True

    def _is_before(self, packet: RecordBlock) -> bool:
        """Whether the last record of a packet was made before the recording began."""
        size = int(packet.header["record_size"])
        if self._begin is None or packet.header["boot"] != self._begin[0] or size not in _TIMED_SIZES:
            return False
        last_ms = int.from_bytes(packet.body[-size:][:4], "little")  # strides and events begin with their time
        return last_ms < self._begin[1] // 1000

    def _is_outside(self, block: ImuBlock, boot: int, numbers: _Numbers) -> bool:
        time_us = int(block.header["time_us"])
        end_us = time_us + int(block.header["sample_n"]) * int(block.header["dt_ns"]) // 1000
        if self._begin is not None and boot == self._begin[0] and end_us < self._begin[1]:
            return numbers.live is not None and int(block.header["sequence"]) < numbers.live
        return self.until_us is not None and boot == self._now and time_us > self.until_us

    def _boot(self, boot: int) -> _Numbers:
        """What is known of a boot; a new one ends the one before."""
        if boot not in self._boots:
            if self._now is not None:
                self._boots[self._now].is_open = self._boots[self._now].first is not None
                between = (boot - self._now) % 0x10000 - 1
                for k in range(between if between <= _BETWEEN_MAX else 0):
                    self._boots[(self._now + 1 + k) % 0x10000] = _Numbers(0, is_open=True)
                for (of, _), numbers in self._records.items():
                    numbers.is_open |= of == self._now
            self._boots[boot] = _Numbers(None if self._now is None else 0)
            self._now = boot
        return self._boots[boot]

    def _block(self, block: ImuBlock) -> None:
        boot, sequence, n = (int(block.header[name]) for name in ("boot", "sequence", "sample_n"))
        numbers = self._boot(boot)
        if numbers.first is None:
            numbers.first = max(0, sequence - self._before(block))
            numbers.live = sequence
        self.block_n = max(self.block_n, n)
        if sequence >= numbers.first and sequence not in numbers.settled:
            self.live_n += n
            numbers.settled.add(sequence, sequence + 1)

    def _before(self, block: ImuBlock) -> int:
        """Blocks between the hello with which the recording begins and the first that came."""
        if self._begin is None or self._begin[0] != block.header["boot"]:
            return 0
        length_us = int(block.header["sample_n"]) * int(block.header["dt_ns"]) / 1e3
        return max(0, int((int(block.header["time_us"]) - self._begin[1]) / length_us) + 1)
