"""The entries of a clip's log as runs: what was measured without a pause of ten minutes, in one boot of the clip."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from trendel.errors import WireError
from trendel.wire import layout as lt
from trendel.wire.checkpoint import Checkpoint, Checkpoints
from trendel.wire.log_image import Entry
from trendel.wire.packed import unpack
from trendel.wire.packets import (
    CheckpointPart,
    Faults,
    Hello,
    ImuBlock,
    LayoutPart,
    PackedImu,
    Packet,
    RecordBlock,
    decode,
)

PAUSE_MS = 600_000
"""So long without stride, sample or event ends a run; the clip itself ends one after five minutes of standing still."""
SHORT_MS = 60_000
"""Less than this, without a stride, is handling."""
_OF_RUNS = tuple(
    lt.EVENTS.index(name) for name in ("run_start", "run_end", "alert_start", "alert_end", "pain", "marker")
)


@dataclass(frozen=True)
class Item:
    """An entry as it is understood. start_ms, end_ms: clip time; None for what belongs to a whole boot."""

    entry: Entry
    packet: Packet
    start_ms: int | None
    end_ms: int | None
    is_activity: bool


@dataclass
class LoggedRun:
    """A run in the log.

    Attributes:
        boot_n: of the clip. start_ms, end_ms: clip time of its first and last moment.
        about: hellos, layouts and fault counters of the boot, in order. items: the rest, in order of clip time.
        strides_n, events: of Stride records, and records of Event. samples_n: raw samples.
        holes_n: strides whose numbers are missing between others.
    """

    boot_n: int
    start_ms: int
    end_ms: int
    about: list[Item] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    strides_n: int = 0
    holes_n: int = 0
    samples_n: int = 0
    events: list[np.void] = field(default_factory=list)

    @property
    def is_handling(self) -> bool:
        """Whether it is too short, and without a stride, to be a run."""
        return not self.strides_n and self.end_ms - self.start_ms < SHORT_MS

    @property
    def hello(self) -> Hello | None:
        """The last hello at or before the run's beginning."""
        hellos = [item.packet for item in self.about if isinstance(item.packet, Hello)]
        before = [h for h in hellos if int(h.fields["time_us"]) // 1000 <= self.start_ms]
        return before[-1] if before else hellos[0] if hellos else None

    def packets(self) -> Iterator[tuple[int, bytes]]:
        """(clip time in ms, packet) of everything, in the order of a session: who it is first, then by time."""
        for item in self.about:
            yield self.start_ms, item.entry.packet
        for item in self.items:
            yield item.start_ms or self.start_ms, item.entry.packet

    def blocks(self) -> list[ImuBlock]:
        """Raw blocks in order. What cannot be unpacked is left out."""
        found: dict[int, ImuBlock] = {}
        for item in self.items:
            for block in _blocks(item.packet):
                found.setdefault(int(block.header["sequence"]), block)
        return [found[sequence] for sequence in sorted(found)]

    def checkpoints(self) -> list[Checkpoint]:
        """Whole states of the kernels."""
        gathered, found = Checkpoints(), []
        parts = [item for item in self.items if isinstance(item.packet, CheckpointPart)]
        for item in sorted(parts, key=lambda item: (item.entry.sequence, item.entry.offset)):
            assert isinstance(item.packet, CheckpointPart)
            whole = gathered.add(item.packet)
            found += [whole] if whole is not None else []
        return found


def runs_of(entries: Iterable[Entry]) -> list[LoggedRun]:
    """The runs in `entries`, which come in the order in which they were written."""
    boots: dict[int, list[Item]] = {}
    for entry in entries:
        try:
            packet = decode(entry.packet)
        except WireError:
            continue  # whole, but of a kind that cannot be: of other firmware
        boots.setdefault(entry.boot_n, []).append(_item(entry, packet))
    return [run for boot_n, items in sorted(boots.items()) for run in _of_boot(boot_n, items)]


def _of_boot(boot_n: int, items: list[Item]) -> list[LoggedRun]:
    about = [item for item in items if item.start_ms is None and not isinstance(item.packet, CheckpointPart)]
    timed = _checkpoints_placed(items)
    runs: list[LoggedRun] = []
    for item in sorted((i for i in timed if i.is_activity), key=lambda i: (i.start_ms or 0, i.entry.sequence)):
        assert item.start_ms is not None and item.end_ms is not None
        if not runs or item.start_ms - runs[-1].end_ms > PAUSE_MS:
            runs.append(LoggedRun(boot_n, item.start_ms, item.end_ms, about))
        runs[-1].end_ms = max(runs[-1].end_ms, item.end_ms)
    for item in timed:
        run = _nearest(runs, item)
        if run is not None:
            run.items.append(item)
    for run in runs:
        run.items.sort(key=lambda i: (i.start_ms or 0, i.entry.class_id, i.entry.sequence, i.entry.offset))
        _count(run)
    return runs


def _checkpoints_placed(items: list[Item]) -> list[Item]:
    """Those with a time; a checkpoint bears that of the raw behind it, or before it."""
    found: list[Item] = []
    waiting: list[Item] = []
    last: Item | None = None
    for item in items:
        if isinstance(item.packet, CheckpointPart):
            waiting.append(item)
        elif item.start_ms is not None:
            found.append(item)
            if item.entry.class_id == 1:
                found += [Item(w.entry, w.packet, item.start_ms, item.start_ms, False) for w in waiting]
                waiting, last = [], item
    if last is not None:
        found += [Item(w.entry, w.packet, last.end_ms, last.end_ms, False) for w in waiting]
    return found


def _nearest(runs: list[LoggedRun], item: Item) -> LoggedRun | None:
    """The run that an item is in, or close to."""
    assert item.start_ms is not None and item.end_ms is not None
    for run in runs:
        if item.end_ms >= run.start_ms - SHORT_MS and item.start_ms <= run.end_ms + SHORT_MS:
            return run
    return None


def _count(run: LoggedRun) -> None:
    expected: int | None = None
    for item in sorted(run.items, key=lambda i: (i.entry.sequence, i.entry.offset)):
        packet = item.packet
        if isinstance(packet, RecordBlock) and packet.header["kind"] == lt.KIND_STRIDE:
            sequence, n = int(packet.header["sequence"]), int(packet.header["record_n"])
            run.holes_n += max(0, sequence - expected) if expected is not None else 0
            run.strides_n, expected = run.strides_n + n, sequence + n
        elif isinstance(packet, RecordBlock) and packet.header["kind"] == lt.KIND_EVENT:
            if packet.header["record_size"] == lt.DTYPES["Event"].itemsize:
                run.events += list(np.frombuffer(packet.body, lt.DTYPES["Event"]))
        elif isinstance(packet, PackedImu):
            run.samples_n += int(packet.header["block_n"]) * int(packet.header["sample_n"])
        elif isinstance(packet, ImuBlock):
            run.samples_n += len(packet.samples)


def _item(entry: Entry, packet: Packet) -> Item:
    start, end, is_activity = _when(packet)
    return Item(entry, packet, start, end, is_activity)


def _when(packet: Packet) -> tuple[int | None, int | None, bool]:
    if isinstance(packet, (PackedImu, ImuBlock)):
        h = packet.header
        n = int(h["sample_n"]) * (int(h["block_n"]) if isinstance(packet, PackedImu) else 1)
        return int(h["time_us"]) // 1000, (int(h["time_us"]) + n * int(h["dt_ns"]) // 1000) // 1000, True
    if isinstance(packet, RecordBlock) and packet.header["kind"] in (lt.KIND_STRIDE, lt.KIND_EVENT):
        size, body = int(packet.header["record_size"]), packet.body
        start, end = (int.from_bytes(part[:4], "little") for part in (body, body[-size:]))
        if packet.header["kind"] == lt.KIND_STRIDE:
            return start, end, True
        return start, end, len(body) > 4 and body[4] in _OF_RUNS
    if isinstance(packet, (Hello, LayoutPart, Faults)):
        return None, None, False
    return None, None, False


def _blocks(packet: Packet) -> list[ImuBlock]:
    if isinstance(packet, ImuBlock):
        return [packet]
    if isinstance(packet, PackedImu):
        try:
            return unpack(packet)
        except WireError:
            return []
    return []
