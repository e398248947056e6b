"""atheris: any bytes into packets, framing, layouts and the receiver. Only WireError may come out; memory is bounded.

Run by `python -m tests.fuzz`; by itself `python tests/fuzz/wire_target.py [libFuzzer's options]`.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["trendel.wire"]):
    from trendel.errors import WireError
    from trendel.wire.framing import FRAME_MAX, NotificationFramer, SerialFramer, frame
    from trendel.wire.packed import unpack
    from trendel.wire.packets import ImuBlock, PackedImu, RecordBlock
    from trendel.wire.receiver import Receiver


def one(data: bytes) -> None:
    """A stream cut into pieces, then the same bytes as a notification, framed rightly, and as a packet."""
    framer, receiver = SerialFramer(), Receiver()
    step = 1 + data[0] % 97 if data else 1
    found = [r for at in range(0, len(data), step) for r in framer.feed(data[at : at + step])]
    assert len(framer._held) <= FRAME_MAX
    assert framer.counts.bytes_n == len(data) and framer.counts.skipped_n <= len(data)
    found += NotificationFramer().feed(data)
    if 0 < len(data) <= 2048:
        found += SerialFramer().feed(frame(data))
    for received in found:
        receiver.take(received.packet)
        look(received.packet, receiver)


def look(packet: object, receiver: Receiver) -> None:
    """Read all of a packet."""
    if isinstance(packet, PackedImu):
        try:
            blocks = unpack(packet)
        except WireError:
            return
        assert len(blocks) == packet.header["block_n"]
    elif isinstance(packet, ImuBlock):
        assert len(packet.physical()[0]) == len(packet.times_us)
    elif isinstance(packet, RecordBlock):
        layout = receiver.layout_of(packet)
        if layout is not None:
            layout.physical(packet)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
