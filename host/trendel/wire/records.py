"""Described records: from the clip's layout packets to numpy arrays and physical values.

A clip says how its stride, event and status records lie; a host of any age decodes what it knows by name.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from trendel.errors import WireError
from trendel.wire import layout as lt
from trendel.wire.packets import FieldLayout, LayoutPart, RecordBlock, pack_header


@dataclass(frozen=True)
class RecordLayout:
    """How one kind of record lies.

    Attributes:
        kind: of its packets.
        version: of its packets.
        size: bytes of a record.
        fields: in the clip's order.
    """

    kind: int
    version: int
    size: int
    fields: tuple[FieldLayout, ...]

    @property
    def dtype(self) -> np.dtype[np.void]:
        """Raw integers and floats by name; bytes that no field claims are skipped."""
        return np.dtype(
            {
                "names": [f.name for f in self.fields],
                "formats": [f"<{f.type}" for f in self.fields],
                "offsets": [f.offset for f in self.fields],
                "itemsize": self.size,
            }
        )

    def raw(self, block: RecordBlock) -> NDArray[np.void]:
        """(n,) records of :attr:`dtype`. Raises WireError if the block is of another kind, version or size."""
        header = block.header
        if (header["kind"], header["version"], header["record_size"]) != (self.kind, self.version, self.size):
            raise WireError(
                f"Records of kind {int(header['kind'])}, version {int(header['version'])} are read by the layout of "
                f"kind {self.kind}, version {self.version}."
            )
        return np.frombuffer(block.body, self.dtype)

    def physical(self, block: RecordBlock) -> dict[str, NDArray[np.generic]]:
        """Columns by name: float64 in the unit of the name (NaN: not known), integers as they are without a scale."""
        records = self.raw(block)
        return {f.name: _column(records[f.name], f) for f in self.fields}


def _column(raw: NDArray[np.generic], layout: FieldLayout) -> NDArray[np.generic]:
    if layout.per_unit == 0.0:
        return raw
    values = raw.astype(np.float64) / layout.per_unit
    if layout.missing and raw.dtype.kind in "iu":
        bits = 8 * raw.dtype.itemsize
        values[raw == (2**bits - 1 if raw.dtype.kind == "u" else -(2 ** (bits - 1)))] = np.nan
    return values


@dataclass
class Layouts:
    """The layouts of one clip, gathered from its layout packets.

    Bounded: one layout a kind, and what is half gathered is given up when another layout hash arrives.
    """

    _done: dict[int, RecordLayout] = field(default_factory=dict)
    _parts: dict[int, tuple[tuple[int, ...], dict[int, FieldLayout]]] = field(default_factory=dict)

    def add(self, part: LayoutPart) -> RecordLayout | None:
        """Take a layout packet; the layout that it has made complete, else None. Raises WireError if the whole
        cannot be: a name twice."""
        h = part.header
        kind = int(h["record_kind"])
        identity = tuple(int(h[n]) for n in ("layout_hash", "record_version", "record_size", "fields_n"))
        known, fields = self._parts.get(kind, (identity, {}))
        if known != identity:
            fields = {}
        fields.update(enumerate(part.fields, int(h["field_first"])))
        self._parts[kind] = (identity, fields)
        if len(fields) < identity[3]:
            return None
        del self._parts[kind]
        ordered = tuple(fields[i] for i in range(identity[3]))
        if len({f.name for f in ordered}) != len(ordered):
            raise WireError(f"The layout of records of kind {kind} has a name twice.")
        self._done[kind] = RecordLayout(kind, identity[1], identity[2], ordered)
        return self._done[kind]

    def get(self, kind: int) -> RecordLayout | None:
        """The layout of records of that kind, if it is known."""
        return self._done.get(kind)

    def clear(self) -> None:
        """Forget everything: another clip, or other firmware."""
        self._done.clear()
        self._parts.clear()


def own_layout(kind: int) -> RecordLayout:
    """The layout of a kind of record as this version writes it."""
    struct = next(s for s in lt.RECORDS if s.kind == kind)
    dtype = lt.DTYPES[struct.name]
    fields = tuple(
        FieldLayout(int(dtype.fields[f.name][1]), f.type, f.missing, f.per_unit, f.name)  # type: ignore[index]
        for f in struct.fields
    )
    return RecordLayout(kind, lt.VERSION, dtype.itemsize, fields)


def encode_layout(layout: RecordLayout, layout_hash: int = lt.LAYOUT_HASH, boot: int = 0) -> list[bytes]:
    """The layout packets of a kind of record, each of at most layout.PACKET_MAX bytes."""
    groups: list[list[bytes]] = [[]]
    room = lt.PACKET_MAX - lt.LAYOUT_HEADER.itemsize
    for f in layout.fields:
        name = f.name.encode("ascii")
        entry = np.zeros((), lt.LAYOUT_FIELD)
        entry["offset"], entry["type"], entry["name_n"] = f.offset, lt.TYPES.index(f.type), len(name)
        entry["marks"], entry["per_unit"] = lt.FIELD_MISSING if f.missing else 0, f.per_unit
        coded = entry.tobytes() + name
        if sum(map(len, groups[-1])) + len(coded) > room:
            groups.append([])
        groups[-1].append(coded)
    packets, first = [], 0
    for group in groups:
        header = pack_header(
            lt.LAYOUT_HEADER,
            lt.KIND_LAYOUT,
            boot=boot,
            layout_hash=layout_hash,
            record_kind=layout.kind,
            record_version=layout.version,
            record_size=layout.size,
            fields_n=len(layout.fields),
            field_first=first,
            field_n=len(group),
        )
        packets.append(header + b"".join(group))
        first += len(group)
    return packets


def own_layouts(boot: int = 0) -> list[bytes]:
    """The layout packets that a clip of this version sends after its hello."""
    return [packet for struct in lt.RECORDS for packet in encode_layout(own_layout(struct.kind), boot=boot)]
