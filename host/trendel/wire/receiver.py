"""What a connection has brought: hello and layouts kept, losses counted by sequence. No I/O, no clock."""

from __future__ import annotations

from dataclasses import dataclass, field

from trendel.errors import WireError
from trendel.wire.packets import Faults, Hello, ImuBlock, LayoutPart, Packet, RecordBlock, Unknown
from trendel.wire.records import Layouts, RecordLayout

_WRAP = 1 << 32
_HALF = 1 << 31


@dataclass
class LossCounts:
    """What did not arrive, by the numbers that the clip gives.

    Attributes:
        blocks_n: IMU blocks received that were new.
        blocks_lost_n: sequence numbers that were skipped.
        samples_lost_n: sample indices that were skipped, whether on the way or in the clip.
        repeated_n: IMU blocks that came again or late.
        records_lost_n: described records that were skipped.
        reboots_n: changes of the boot number.
        unknown_n: packets of a kind or version that this host does not know.
        undescribed_n: packets of records whose layout was not known when they came.
        bad_layouts_n: layouts that cannot be.
    """

    blocks_n: int = 0
    blocks_lost_n: int = 0
    samples_lost_n: int = 0
    repeated_n: int = 0
    records_lost_n: int = 0
    reboots_n: int = 0
    unknown_n: int = 0
    undescribed_n: int = 0
    bad_layouts_n: int = 0


@dataclass
class Receiver:
    """Follows one clip's packets; feed it each packet as it comes.

    Bounded: it holds the last hello, the last faults, one layout a kind, and the next number expected of each kind.
    """

    losses: LossCounts = field(default_factory=LossCounts)
    layouts: Layouts = field(default_factory=Layouts)
    hello: Hello | None = None
    faults: Faults | None = None
    _boot: int | None = None
    _next_block: tuple[int, int] | None = None
    _next_record: dict[int, int] = field(default_factory=dict)

    def take(self, packet: Packet) -> None:
        """Follow a packet. Nothing is raised: what is wrong is counted."""
        if isinstance(packet, Unknown):
            self.losses.unknown_n += 1
        elif isinstance(packet, Hello):
            self._hello(packet)
        elif isinstance(packet, LayoutPart):
            self._layout(packet)
        elif isinstance(packet, Faults):
            self.faults = packet
        elif isinstance(packet, ImuBlock):
            self._block(packet)
        elif isinstance(packet, RecordBlock):
            self._records(packet)

    def layout_of(self, block: RecordBlock) -> RecordLayout | None:
        """The layout by which a packet of records is to be read, if it is known and of its version."""
        layout = self.layouts.get(int(block.header["kind"]))
        fits = layout is not None and (layout.version, layout.size) == (
            block.header["version"],
            block.header["record_size"],
        )
        return layout if fits else None

    def _hello(self, hello: Hello) -> None:
        known = self.hello
        identity = ("serial", "layout_hash")
        if known is not None and any(known.fields[name] != hello.fields[name] for name in identity):
            self.layouts.clear()
        self._same_boot(int(hello.fields["boot"]))
        self.hello = hello

    def _layout(self, part: LayoutPart) -> None:
        try:
            self.layouts.add(part)
        except WireError:
            self.losses.bad_layouts_n += 1

    def _same_boot(self, boot: int) -> None:
        if self._boot is not None and boot != self._boot:
            self.losses.reboots_n += 1
            self._next_block = None
            self._next_record.clear()
        self._boot = boot

    def _block(self, block: ImuBlock) -> None:
        h = block.header
        self._same_boot(int(h["boot"]))
        sequence, sample_i, n = int(h["sequence"]), int(h["sample_i"]), int(h["sample_n"])
        if self._next_block is not None:
            skipped = (sequence - self._next_block[0]) % _WRAP
            if skipped >= _HALF:
                self.losses.repeated_n += 1
                return
            self.losses.blocks_lost_n += skipped
            missing = (sample_i - self._next_block[1]) % _WRAP
            self.losses.samples_lost_n += missing if missing < _HALF else 0
        self.losses.blocks_n += 1
        self._next_block = (sequence + 1) % _WRAP, (sample_i + n) % _WRAP

    def _records(self, block: RecordBlock) -> None:
        h = block.header
        self._same_boot(int(h["boot"]))
        kind, sequence = int(h["kind"]), int(h["sequence"])
        expected = self._next_record.get(kind)
        if expected is not None:
            skipped = (sequence - expected) % _WRAP
            self.losses.records_lost_n += skipped if skipped < _HALF else 0
        self._next_record[kind] = (sequence + int(h["record_n"])) % _WRAP
        if self.layout_of(block) is None:
            self.losses.undescribed_n += 1
