"""From packets as they arrive to samples for the kernels. No I/O, no clock of its own; lost bytes raise nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from trendel.constants import RATE_MAX_HZ, RATE_MIN_HZ
from trendel.errors import LinkError
from trendel.links.clip_clock import ClipClock
from trendel.links.protocol import Arrival
from trendel.recording import FLAG_SATURATED
from trendel.wire import layout
from trendel.wire.packets import Hello, ImuBlock, RecordBlock, Unknown
from trendel.wire.receiver import LossCounts, Receiver
from trendel.wire.records import own_layout
from trendel.wire.settings import calibrate, decode_setting

_LONGEST_NS = 86_400_000_000_000  # a loss of more than a day is a wrong index
_KINDS = {struct.kind: struct.name.lower() for struct in layout.RECORDS}


@dataclass(frozen=True, eq=False)
class Samples:
    """Samples of one block, later than all before.

    Attributes:
        lost_n: samples missing just before these, whether lost on the way or by the clip.
        acc_mps2: (n, 3) float32, sensor frame. gyr_radps: (n, 3) float32. flags: (n,) uint32, FLAG_SATURATED.
        dt_s: interval between them as the clip measured it.
        clip_ns: clip time of the first. host_ns: the same moment by the host's clock, as well as it is known.
        arrived_ns: host time at which they came.
    """

    lost_n: int
    acc_mps2: npt.NDArray[np.float32]
    gyr_radps: npt.NDArray[np.float32]
    flags: npt.NDArray[np.uint32]
    dt_s: float
    clip_ns: int
    host_ns: int
    arrived_ns: int


@dataclass(frozen=True)
class Record:
    """What the clip reports: a 'stride', 'event' or 'status', values by name as the clip's layout has them."""

    kind: str
    values: dict[str, float | int]


@dataclass(frozen=True)
class Notice:
    """A sentence about the run; `level` 2: info, 3: warning."""

    level: int
    sentence: str


Taken: TypeAlias = Samples | Record | Notice


@dataclass
class Intake:
    """Takes what a link brings of one clip, in the order in which it comes.

    Bounded: beside the Receiver it holds the last status and where the last block ended."""

    receiver: Receiver = field(default_factory=Receiver)
    clock: ClipClock = field(default_factory=ClipClock)
    status: dict[str, float | int] = field(default_factory=dict)
    setting: bytes | None = None
    """The calibration that samples are given with, as the clip's setting; None: as they come."""
    samples_n: int = 0
    gaps_n: int = 0
    rate_hz: float = 0.0
    delay_ns: int = 0
    """How long ago, beyond the least delay, the last sample was measured when it came."""
    _arrived_ns: int | None = None  # host time of the last block
    _unused_n: int = 0  # samples left out since
    _told: set[str] = field(default_factory=set)

    @property
    def losses(self) -> LossCounts:
        """What did not arrive."""
        return self.receiver.losses

    @property
    def hello(self) -> Hello | None:
        """Who the clip is, once it has said so."""
        return self.receiver.hello

    def take(self, arrival: Arrival) -> list[Taken]:
        """What a packet brings. Raises LinkError where another clip has come to the link's other end."""
        packet = arrival.received.packet
        found: list[Taken] = []
        if isinstance(packet, Hello):
            self._check(packet)
        before = (self.losses.samples_lost_n, self.losses.repeated_n, self.losses.reboots_n)
        self.receiver.take(packet)
        restarted = self.losses.reboots_n > before[2]
        if restarted:
            self.clock.reset()
            found.append(Notice(3, "The clip has restarted; what it measured meanwhile is missing."))
        if isinstance(packet, ImuBlock) and self.losses.repeated_n == before[1]:
            found += self._unscaled()
            if RATE_MIN_HZ <= 1e9 / int(packet.header["dt_ns"]) <= RATE_MAX_HZ:
                found.append(self._samples(packet, arrival.time_ns, self.losses.samples_lost_n - before[0]))
            else:
                found += self._once("Blocks say a rate that no clip has: they are kept, and left out here.")
                self._unused_n += len(packet.samples) + self.losses.samples_lost_n - before[0]
        elif isinstance(packet, RecordBlock):
            found += self._records(packet)
        elif isinstance(packet, Unknown) and packet.kind == layout.KIND_HELLO:
            sentence = f"The clip speaks version {packet.version}, this host {layout.VERSION}: update trendel."
            found += self._once(sentence + " Samples are read, and everything is recorded.")
        return found

    def _check(self, hello: Hello) -> None:
        known = self.hello
        if known is not None and known.fields["serial"] != hello.fields["serial"]:
            raise LinkError(
                f"Another clip answers now ({clip_name(hello)} instead of {clip_name(known)}): "
                "start again with one of them."
            )

    def _once(self, sentence: str) -> list[Taken]:
        if sentence in self._told:
            return []
        self._told.add(sentence)
        return [Notice(3, sentence)]

    def _unscaled(self) -> list[Taken]:
        if self.hello is not None:
            return []
        return self._once("The clip has not said who it is; its scales are taken to be those of this version.")

    def _samples(self, block: ImuBlock, arrived_ns: int, lost_n: int) -> Samples:
        header, n = block.header, len(block.samples)
        dt_ns = int(header["dt_ns"])
        first_ns = int(header["time_us"]) * 1000
        last_ns = first_ns + (n - 1) * dt_ns
        lost_n, self._unused_n = lost_n + self._unused_n, 0
        restarted = self._arrived_ns is not None and not self.clock.knows
        if restarted or lost_n * dt_ns > _LONGEST_NS:
            # Indices start anew with the clip, or cannot be: the host's clock says how long it was off.
            off_ns = arrived_ns - (self._arrived_ns or arrived_ns) - n * dt_ns
            lost_n = min(max(1, round(off_ns / dt_ns)), _LONGEST_NS // dt_ns)
        self.clock.see(last_ns, arrived_ns)
        host_ns = self.clock.host_ns(first_ns)
        assert host_ns is not None
        self._arrived_ns = arrived_ns
        self.samples_n += n
        self.gaps_n += lost_n > 0
        self.rate_hz = 1e9 / dt_ns
        self.delay_ns = arrived_ns - host_ns - (last_ns - first_ns)
        if self.hello is None:
            acc, gyr = block.physical()
        else:
            fields = self.hello.fields
            acc, gyr = block.physical(fields["acc_scale_mps2"], fields["gyr_scale_radps"])
        if self.setting is not None and not int(header["marks"]) & layout.IMU_CALIBRATED:
            acc, gyr = calibrate(decode_setting("calibration", self.setting), acc, gyr)
        return Samples(lost_n, acc, gyr, _flags(block), dt_ns * 1e-9, first_ns, host_ns, arrived_ns)

    def _records(self, block: RecordBlock) -> list[Taken]:
        kind = int(block.header["kind"])
        known = self.receiver.layout_of(block)
        own = own_layout(kind)
        if known is None and (own.version, own.size) == (block.header["version"], block.header["record_size"]):
            theirs = layout.LAYOUT_HASH if self.hello is None else int(self.hello.fields["layout_hash"])
            known = own if theirs == layout.LAYOUT_HASH else None
        if known is None:
            return self._once(
                f"The clip's {_KINDS[kind]} records are not described, so they are recorded but not shown."
            )
        columns = {name: values.tolist() for name, values in known.physical(block).items()}
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        if kind == layout.KIND_STATUS:
            self.status = rows[-1]
        return [Record(_KINDS[kind], row) for row in rows]


def clip_name(hello: Hello) -> str:
    """The name that a clip was given, with its serial number."""
    name = "".join(letter for letter in hello.name.rstrip("\0") if letter.isprintable())
    serial = f"{int(hello.fields['serial']):x}"
    return f"{name} ({serial})" if name else serial


def _flags(block: ImuBlock) -> npt.NDArray[np.uint32]:
    flags = np.zeros(len(block.samples), np.uint32)
    for key in ("acc", "gyr"):
        counts = block.samples[key]
        flags[((counts >= 32767) | (counts <= -32767)).any(axis=1)] = FLAG_SATURATED
    return flags
