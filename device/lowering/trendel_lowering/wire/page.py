"""docs/wire.md: the packets for people."""

from __future__ import annotations

import numpy as np

from trendel.wire import layout as lt

_HEAD = """\
# On the wire

Written by `python -m trendel_lowering.wire` from `host/trendel/wire/layout.py`, the only definition; the clip's C
header and the golden vectors in `tests/golden` come from it too.

- Little-endian, nothing padded. Each packet starts with its kind and version; a host keeps kinds that it does not know.
- **BLE**: a notification is a packet, at most {packet_max} bytes (ATT MTU 247).
- **USB**: packet, CRC-32 (IEEE 802.3) in four bytes, COBS encoded, ended by a zero byte; packets of at most
  {stored_max} bytes.
- **Log**: the same packets, compressed where it pays ([log.md](log.md)).
- What is marked *frozen* is version 1 for ever: a host of any age streams from a clip of any age. Stride, event and
  status records may change: the clip describes them in layout packets after its hello, and a host reads by
  name what it knows.
- A connection begins with a hello, then as many layout packets as it says, then what there is.
- Clip time is microseconds since boot; with the serial number and the boot count of the hello it names an instant.
- Where a sequence number or a sample index jumps, something was lost, and how much.
- A raw value times the hello's scale times 2^range code, in float32, is the value in SI units, on clip and host.

| kind | packet |
|---|---|
"""

_EVENTS = """
- boot: detail is the reset's reason, as in FaultsHeader.
- alert_start: what the kernels raised (`Alert` of the kernels' layout). detail: bits 0-3 kind (1 drop, 2 asymmetry,
  3 clip moved, 4 clip loose), bits 4-7 level (1 notice, 2 warning, 3 stop). value: standard error of size_deg, 1/100
  degree. confidence: probability that the growth is not none, by that error. One that grows more urgent starts again.
- alert_end: the kernels let it go, or sampling ended; detail: kind.
- battery_low: detail is the charge in per cent, value the millivolts.
- log_full: the oldest strides and events are about to go, and no host has said that it has them; value: their sectors.
- host_connected, host_lost: value is the payload of a packet, bytes.
"""


def page() -> str:
    """The page's text."""
    parts = [_HEAD.format(packet_max=lt.PACKET_MAX, stored_max=lt.STORED_MAX)]
    for name in (name for name in vars(lt) if name.startswith("KIND_")):
        kind = getattr(lt, name)
        struct = next(s for s in lt.STRUCTS if s.kind == kind)
        via = "RecordsHeader, then " if struct in lt.RECORDS else ""
        parts.append(f"| {kind} | {via}{struct.name} |\n")
    parts += [struct_table(struct, lt.DTYPES[struct.name]) for struct in lt.STRUCTS]
    parts.append("\n## Marks of a block\n\n| bit | name | meaning |\n|---|---|---|\n")
    parts += [f"| {value} | {name} | {doc} |\n" for name, value, doc in lt.IMU_MARKS]
    for title, names in (
        ("Fault counters", lt.FAULTS),
        ("Resets", lt.RESETS),
        ("Events", lt.EVENTS),
        ("States", lt.STATES),
    ):
        parts.append(f"\n## {title}\n\nBy number, from 0; only ever appended to: {', '.join(names)}.\n")
        if title == "Events":
            parts.append(_EVENTS)
    return "".join(parts)


def struct_table(struct: lt.Struct, dtype: np.dtype[np.void]) -> str:
    """A struct as a section with a table."""
    frozen = " Frozen." if struct.frozen else ""
    text = f"\n## {struct.name}\n\n{struct.doc} {dtype.itemsize} bytes.{frozen}\n\n"
    text += "| byte | field | type | meaning |\n|---|---|---|---|\n"
    for field in struct.fields:
        at = dtype.fields[field.name][1]  # type: ignore[index]
        shape = "".join(f"[{n}]" for n in field.shape)
        scale = f"; raw / {field.per_unit:g}" if field.per_unit else ""
        missing = ", extreme value: not known" if field.missing else ""
        text += f"| {at} | {field.name} | {_type(field.type)}{shape} | {field.doc}{scale}{missing} |\n"
    return text


def _type(name: str) -> str:
    if name[0] == "S":
        return f"char[{name[1:]}]"
    return {"u": "u", "i": "i", "f": "f"}[name[0]] + str(8 * int(name[1:]))
