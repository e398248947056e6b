"""What the clip itself computed and reported: its strides and events, from the packets of a session."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from trendel.errors import WireError
from trendel.recording.session.packets import StoredPacket
from trendel.wire import layout as lt
from trendel.wire.packets import LayoutPart, RecordBlock, decode
from trendel.wire.records import Layouts, own_layout


@dataclass(frozen=True)
class ClipRecords:
    """Records of one kind, each once, in the order of boots and numbers.

    boot_i: (n,) which boot, from 0. columns: (n,) values by name, as the clip's layout has them. missing_n: numbers
    that are missing between others of their boot."""

    boot_i: npt.NDArray[np.int64]
    columns: dict[str, npt.NDArray[np.generic]]
    missing_n: int

    def __len__(self) -> int:
        return len(self.boot_i)


def clip_records(packets: Iterable[StoredPacket]) -> dict[str, ClipRecords]:
    """'stride' and 'event' records in `packets`, by kind; those whose layout is not known are left out."""
    layouts = Layouts()
    blocks: list[RecordBlock] = []
    for packet in packets:
        if not packet.raw or packet.raw[0] not in (lt.KIND_LAYOUT, lt.KIND_STRIDE, lt.KIND_EVENT):
            continue
        try:
            decoded = decode(packet.raw)
            if isinstance(decoded, LayoutPart):
                layouts.add(decoded)
            elif isinstance(decoded, RecordBlock):
                blocks.append(decoded)
        except WireError:
            continue
    found = {}
    for kind, name in ((lt.KIND_STRIDE, "stride"), (lt.KIND_EVENT, "event")):
        records = _of_kind(kind, [block for block in blocks if block.header["kind"] == kind], layouts)
        if records is not None:
            found[name] = records
    return found


def _of_kind(kind: int, blocks: list[RecordBlock], layouts: Layouts) -> ClipRecords | None:
    layout = layouts.get(kind) or own_layout(kind)
    rows: dict[tuple[int, int], dict[str, float | int]] = {}
    boots = sorted({int(block.header["boot"]) for block in blocks})
    for block in blocks:
        try:
            columns = layout.physical(block)
        except WireError:
            continue
        values = {name: column.tolist() for name, column in columns.items()}
        for k in range(int(block.header["record_n"])):
            place = boots.index(int(block.header["boot"])), int(block.header["sequence"]) + k
            rows.setdefault(place, {name: column[k] for name, column in values.items()})
    if not rows:
        return None
    places = sorted(rows)
    names = list(rows[places[0]])
    columns = {name: np.array([rows[place][name] for place in places]) for name in names}
    missing_n = sum(b[1] - a[1] - 1 for a, b in pairwise(places) if a[0] == b[0])
    return ClipRecords(np.array([place[0] for place in places], np.int64), columns, missing_n)
