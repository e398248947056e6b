"""The samples of a session in order, each once, whether they came live or later from the clip's log.

A sample's place is its clip's boot and its index since that boot; both are in every IMU block. So blocks that came
twice, late or out of order need no guessing, and the result does not depend on how they came."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from trendel.errors import WireError
from trendel.recording.session.clocks import ClockFit, fit_clock
from trendel.recording.session.packets import StoredPacket
from trendel.recording.wording import counted
from trendel.wire import layout
from trendel.wire.packed import unpack
from trendel.wire.packets import Hello, PackedImu, decode

LIVE = "live"
"""Packets of this source came as soon as they were made, so their host times place a boot's clock."""
_MAX_TIME_US = 1 << 50
"""35 years: no sum of times leaves int64."""
_MAX_SHIFT_NS = 1 << 61
_Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Samples:
    """Samples of one clip, in order and each once.

    time_ns: (n,) int64, clip time; over a reboot carried on by the host's clock, so that it is one clock.
    host_offset_ns: host time less clip time, at the least delay seen; None where nothing came live.
    acc, gyr: (n, 3) int16 counts. range_code, marks: (n,) uint8, of ImuHeader. boot_i: (n,) int64, which boot, from 0.
    repeated_n: samples that came again. lost_n: samples missing between others of their boot. notes: sentences.
    clocks: for each boot the fit of its clock to the host's, of its own clip time; None where too little came live.
    shifts_ns: for each boot, what `time_ns` is more than its own clip time."""

    time_ns: _Int64
    host_offset_ns: int | None
    acc: npt.NDArray[np.int16]
    gyr: npt.NDArray[np.int16]
    range_code: npt.NDArray[np.uint8]
    marks: npt.NDArray[np.uint8]
    boot_i: _Int64
    repeated_n: int
    lost_n: int
    notes: tuple[str, ...]
    clocks: tuple[ClockFit | None, ...]
    shifts_ns: tuple[int, ...]

    def utc(self) -> tuple[_Int64, npt.NDArray[np.float64]] | None:
        """((n,) UTC in ns since 1970, (n,) its standard error in ns) of the samples by the host's clock; 0 and NaN for
        boots of which too little came live, None where that is so of all."""
        utc_ns, sd_ns = np.zeros_like(self.time_ns), np.full(len(self.time_ns), np.nan)
        for i, (fit, shift_ns) in enumerate(zip(self.clocks, self.shifts_ns, strict=True)):
            if fit is None:
                continue
            here = self.boot_i == i
            own_ns = self.time_ns[here] - shift_ns
            utc_ns[here], sd_ns[here] = fit.host_ns(own_ns), fit.sd_ns(own_ns)
        return (utc_ns, sd_ns) if any(self.clocks) else None


@dataclass
class Gathered:
    """IMU blocks of one clip as they came: by length, host times in ns (-1: not live) and packets; the first hello;
    how many packets of samples could not be decoded."""

    by_length: dict[int, tuple[list[int], list[bytes]]] = field(default_factory=dict)
    hello: Hello | None = None
    bad_n: int = 0

    @property
    def blocks_n(self) -> int:
        """Blocks gathered."""
        return sum(len(packets) for _, packets in self.by_length.values())

    def take(self, packet: StoredPacket) -> None:
        """Take a packet of any kind."""
        raw = packet.raw
        kind = raw[0] if len(raw) >= 2 and raw[1] == layout.VERSION else -1
        if kind == layout.KIND_IMU:
            self._block(raw, packet.time_ns if packet.source == LIVE else -1)
        elif kind in (layout.KIND_IMU_PACKED, layout.KIND_HELLO):
            try:
                decoded = decode(raw)
                if isinstance(decoded, PackedImu):
                    for block in unpack(decoded):
                        self._block(block.header.tobytes() + block.samples.tobytes(), -1)
                elif isinstance(decoded, Hello):
                    self.hello = self.hello or decoded
            except WireError:
                self.bad_n += 1

    def _block(self, raw: bytes, time_ns: int) -> None:
        times, packets = self.by_length.setdefault(len(raw), ([], []))
        times.append(time_ns)
        packets.append(raw)


def gather(packets: Iterable[StoredPacket]) -> dict[str, Gathered]:
    """What `packets` hold of samples, by device."""
    found: dict[str, Gathered] = {}
    for packet in packets:
        found.setdefault(packet.device, Gathered()).take(packet)
    return found


def order_main(found: Mapping[str, Gathered]) -> tuple[str, Samples] | None:
    """The device that sent the most blocks, and its samples; None where it sent none that can be used."""
    name = max(found, key=lambda device: found[device].blocks_n, default=None)
    samples = order(found[name]) if name is not None else None
    return (name, samples) if name is not None and samples is not None else None


def order(gathered: Gathered) -> Samples | None:
    """The samples gathered, in order and each once; None where there are none."""
    bad_n = gathered.bad_n
    parts: list[dict[str, npt.NDArray[np.generic]]] = []
    for length in sorted(gathered.by_length):
        times, packets = gathered.by_length[length]
        part = _expand(length, times, packets)
        bad_n += len(packets) - len(np.unique(part["block_i"])) if part is not None else len(packets)
        if part is not None:
            parts.append(part)
    notes = [f"{counted(bad_n, 'packet')} of samples left out that could not be decoded."] if bad_n else []
    if not parts:
        return None
    flat = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    rank, offsets = _boots(flat["boot"].astype(np.int64), flat["delay_ns"].astype(np.int64))
    place = (rank << 33) | flat["sample_i"].astype(np.int64)
    # Stable, so that of repeats the first of the shortest blocks is taken; they are the same anyway.
    _, kept = np.unique(place, return_index=True)
    flat = {key: values[kept] for key, values in flat.items()}
    boot_i = rank[kept]
    clocks = _clocks(parts)
    own_ns = flat["time_ns"].astype(np.int64)
    time_ns = _one_clock(own_ns, boot_i, offsets, clocks, notes)
    first = np.searchsorted(boot_i, np.arange(len(offsets)))
    shifts = tuple(int(time_ns[i] - own_ns[i]) for i in first.tolist())
    steps = np.diff(place[kept])[np.diff(boot_i) == 0]
    return Samples(
        time_ns=time_ns, host_offset_ns=offsets[0], acc=flat["acc"].astype(np.int16), gyr=flat["gyr"].astype(np.int16),
        range_code=flat["range_code"].astype(np.uint8), marks=flat["marks"].astype(np.uint8), boot_i=boot_i,
        repeated_n=len(place) - len(kept), lost_n=int((steps - 1).sum()), notes=tuple(notes),
        clocks=clocks, shifts_ns=shifts,
    )  # fmt: skip


def _expand(length: int, times: list[int], packets: list[bytes]) -> dict[str, npt.NDArray[np.generic]] | None:
    """Columns of the samples of blocks of equal `length`, those that can be decoded; None where none can."""
    n, rest = divmod(length - layout.IMU_HEADER.itemsize, layout.IMU_SAMPLE.itemsize)
    if rest or not 1 <= n <= layout.IMU_SAMPLES_MAX:
        return None
    dtype = np.dtype([("header", layout.IMU_HEADER), ("samples", layout.IMU_SAMPLE, (n,))])
    rows = np.frombuffer(b"".join(packets), dtype)
    h = rows["header"]
    good = (h["sample_n"] == n) & ((h["range_code"] & 15) < layout.ACC_CODES) & (h["dt_ns"] > 0)
    good &= ((h["range_code"] >> 4) < layout.GYR_CODES) & (h["time_us"] < _MAX_TIME_US)
    if not good.any():
        return None
    rows, host_ns = rows[good], np.array(times, np.int64)[good]
    h = rows["header"]
    k = np.arange(n)
    time_ns = h["time_us"].astype(np.int64)[:, None] * 1000 + k * h["dt_ns"].astype(np.int64)[:, None]
    # A block is sent when its last sample is there.
    delay_ns = np.where(host_ns >= 0, host_ns - time_ns[:, -1], np.iinfo(np.int64).max)
    samples = rows["samples"].reshape(-1)
    return {
        "time_ns": time_ns.reshape(-1),
        "sample_i": ((h["sample_i"].astype(np.int64)[:, None] + k) & 0xFFFFFFFF).reshape(-1),
        "acc": samples["acc"],
        "gyr": samples["gyr"],
        **{name: np.repeat(h[name], n) for name in ("boot", "range_code", "marks")},
        "delay_ns": np.repeat(delay_ns, n),
        "block_i": np.repeat(np.arange(len(rows)), n),
    }


def _boots(boot: _Int64, delay_ns: _Int64) -> tuple[_Int64, list[int | None]]:
    """(rank of each sample's boot, for each boot host time less clip time or None where nothing of it came live).

    Boots are counted modulo 65536; they are ordered from the one that is farthest back."""
    numbers, inverse = np.unique(boot, return_inverse=True)
    by_rank = _ranked(numbers)
    rank = np.empty(len(numbers), np.int64)
    rank[by_rank] = np.arange(len(numbers))
    least = np.full(len(numbers), np.iinfo(np.int64).max)
    np.minimum.at(least, inverse, delay_ns)
    offsets = [None if least[i] == np.iinfo(np.int64).max else int(least[i]) for i in by_rank]
    return rank[inverse], offsets


def _clocks(parts: list[dict[str, npt.NDArray[np.generic]]]) -> tuple[ClockFit | None, ...]:
    """The clock of each boot, in the order of ranks, from the blocks that came live."""
    boot, end_ns, delay_ns = [], [], []
    for part in parts:
        ends = np.flatnonzero(np.diff(part["block_i"], append=-1))
        live = ends[part["delay_ns"][ends] != np.iinfo(np.int64).max]
        boot.append(part["boot"][live].astype(np.int64))
        end_ns.append(part["time_ns"][live].astype(np.int64))
        delay_ns.append(part["delay_ns"][live].astype(np.int64))
    boots, ends_ns, delays_ns = np.concatenate(boot), np.concatenate(end_ns), np.concatenate(delay_ns)
    numbers = np.unique(np.concatenate([part["boot"].astype(np.int64) for part in parts]))
    return tuple(
        fit_clock(ends_ns[boots == number], ends_ns[boots == number] + delays_ns[boots == number])
        for number in numbers[_ranked(numbers)].tolist()
    )


def _ranked(numbers: _Int64) -> _Int64:
    """Places of boots, which are counted modulo 65536, from the one that is farthest back."""
    return np.argsort((numbers - numbers[0] + 0x8000) % 0x10000 - 0x8000, kind="stable")


def _one_clock(
    time_ns: _Int64,
    boot_i: _Int64,
    offsets: list[int | None],
    clocks: tuple[ClockFit | None, ...],
    notes: list[str],
) -> _Int64:
    """Clip times of later boots on the clock of the first, by what the host's clock says of both: by the fits of both
    at the moment of the later start, or by the least delays where too little came live for a fit."""
    starts = np.flatnonzero(np.diff(boot_i, prepend=-1))
    if len(starts) < 2:
        return time_ns
    placed = time_ns.copy()
    unknown = 0
    for i in range(1, len(starts)):
        piece = slice(starts[i], starts[i + 1] if i + 1 < len(starts) else len(placed))
        shift = _shift_ns(time_ns[starts[i]], (offsets[0], offsets[i]), (clocks[0], clocks[i]))
        if abs(shift) < _MAX_SHIFT_NS:
            placed[piece] += shift
        before = placed[starts[i] - 1]
        if abs(shift) >= _MAX_SHIFT_NS or placed[starts[i]] <= before:
            # Nothing tells how long it was off: a second, so that it is a gap and not a bridge.
            placed[piece] += before + 1_000_000_000 - placed[starts[i]]
            unknown += 1
    notes.append(f"The clip restarted {counted(len(starts) - 1, 'time')}; its clock is carried on by the host's.")
    if unknown:
        notes.append(f"How long it was off is not known for {unknown} of them; taken as 1 s.")
    return placed


def _shift_ns(
    start_ns: np.int64, offsets: tuple[int | None, int | None], clocks: tuple[ClockFit | None, ClockFit | None]
) -> int:
    first, later = clocks
    if first is not None and later is not None:
        return first.clip_ns(int(later.host_ns(np.array([start_ns]))[0])) - int(start_ns)
    before, after = offsets
    return after - before if before is not None and after is not None else _MAX_SHIFT_NS
