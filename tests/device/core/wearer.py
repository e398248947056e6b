"""A simulated clip that is worn, and what came of it: packets by kind, events, the log, the host's own kernels."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from tests.device.core.rig import core
from trendel.analysis.stream import Stream
from trendel.kernels.compile import zeros
from trendel.kernels.layout import DTYPES, SAMPLE_SATURATED
from trendel.kernels.pipeline import run as kernel_run
from trendel.simulation import Fatigue, SensorModel, Session, simulate
from trendel.wire import layout as lt
from trendel.wire.checkpoint import Checkpoint, Checkpoints
from trendel.wire.packed import unpack
from trendel.wire.packets import CheckpointPart, ImuBlock, PackedImu, Packet, RecordBlock, decode
from trendel.wire.settings import calibrate, decode_sectors
from trendel_core.clip import SimulatedClip

S = 1_000_000
ENTRY = np.dtype([("length", "<u2"), ("length_not", "<u2"), ("crc", "<u4")])


def worn(counts: npt.NDArray[np.int16], rate_hz: float = 208.0, **options: Any) -> SimulatedClip:
    """The clip, worn; skips where there is no compiler."""
    core()
    return SimulatedClip(counts, rate_hz, **options)


@functools.cache
def run(seconds: float = 60.0, grows_at_s: float = 0.0, rate_hz: float = 208.0, seed: int = 3) -> npt.NDArray[np.int16]:
    """(n, 6) counts: a few steps, standing, running; from grows_at_s on (0: never) the left hip sinks."""
    fatigue = Fatigue(left_deg=4.0, start_s=grows_at_s, end_s=grows_at_s + 60.0) if grows_at_s else Fatigue()
    segments = (("stand", 1.0), ("walk", 5.0), ("stand", 6.0), ("run", seconds), ("stand", 4.0))
    session = Session(segments, fatigue=fatigue, seed=seed)
    made = simulate(session, SensorModel(rate_hz=rate_hz))
    acc, gyr = made.acc_mps2 / (8 * lt.ACC_SCALE_MPS2), made.gyr_radps / (16 * lt.GYR_SCALE_RADPS)
    return np.clip(np.rint(np.hstack((acc, gyr))), -32768, 32767).astype(np.int16)


def packets(clip: SimulatedClip) -> list[Packet]:
    """What has left the radio since this was asked last."""
    return [decode(sent.raw) for sent in clip.take_sent()]


def events(found: Iterable[Packet]) -> npt.NDArray[np.void]:
    """(n,) Event records among packets."""
    bodies = [p.body for p in found if isinstance(p, RecordBlock) and p.header["kind"] == lt.KIND_EVENT]
    return np.frombuffer(b"".join(bodies), lt.DTYPES["Event"])


def strides(found: Iterable[Packet]) -> npt.NDArray[np.void]:
    """(n,) Stride records among packets."""
    bodies = [p.body for p in found if isinstance(p, RecordBlock) and p.header["kind"] == lt.KIND_STRIDE]
    return np.frombuffer(b"".join(bodies), lt.DTYPES["Stride"])


def named(rows: npt.NDArray[np.void]) -> list[str]:
    """Names of events."""
    return [lt.EVENTS[code] for code in rows["code"]]


def log_of(image: bytes, table: bytes) -> tuple[list[Packet], list[Packet]]:
    """(records, raw) packets of a log's image in the order in which they were written, damaged ones left out."""
    import zlib

    found: tuple[list[Packet], list[Packet]] = ([], [])
    sectors = decode_sectors(table)
    size, rows = int(sectors.header["sector_bytes"]), sectors.sectors
    for i in np.argsort(rows["sequence"]):
        if not rows["sequence"][i]:
            continue
        sector, at = image[size * i : size * (i + 1)], 32
        while at + ENTRY.itemsize < size:
            head = np.frombuffer(sector, ENTRY, 1, at)[0]
            n = int(head["length"])
            if n ^ int(head["length_not"]) != 0xFFFF or n == 0 or at + 8 + n > size:
                break
            raw = sector[at + 8 : at + 8 + n]
            if zlib.crc32(sector[at : at + 4] + raw) == head["crc"]:
                found[rows["class_id"][i]].append(decode(raw))
            at += 8 + (n + 3) // 4 * 4
    return found


def read_log(clip: SimulatedClip) -> tuple[list[Packet], list[Packet]]:
    """(records, raw) of the clip's log, through its files."""
    table = clip.read_file("/log/sectors")
    return log_of(clip.read_file("/log/flash"), table)


def blocks_and_checkpoints(raw: Iterable[Packet]) -> tuple[list[ImuBlock], list[Checkpoint]]:
    """What the raw part of a log holds."""
    gathered, blocks, checkpoints = Checkpoints(), [], []
    for packet in raw:
        if isinstance(packet, CheckpointPart) and (whole := gathered.add(packet)):
            checkpoints.append(whole)
        elif isinstance(packet, PackedImu):
            blocks += unpack(packet)
    return blocks, checkpoints


def flags_of(block: ImuBlock) -> npt.NDArray[np.uint32]:
    """(n,) marks as clip and host set them."""
    ends = [((block.samples[k] >= 32767) | (block.samples[k] <= -32767)).any(axis=1) for k in ("acc", "gyr")]
    return np.where(ends[0] | ends[1], SAMPLE_SATURATED, 0).astype(np.uint32)


def host_alerts(blocks: list[ImuBlock], stream: Stream, calibration: np.void | None = None) -> list[np.void]:
    """What Stream finds in the blocks: rows of its alerts' table as (kind, side, level, change in deg, time, onset)."""
    found, expected = [], int(blocks[0].header["sample_i"])
    for block in blocks:
        lost = int(block.header["sample_i"]) - expected
        done = [stream.gap(lost)] if lost else []
        acc, gyr = block.physical()
        if calibration is not None:
            acc, gyr = calibrate(calibration, acc, gyr)
        done.append(stream.push(acc, gyr, dt_s=int(block.header["dt_ns"]) * 1e-9, flags=flags_of(block)))
        expected = int(block.header["sample_i"]) + len(block.samples)
        for part in done:
            rows = part.alerts
            found += [tuple(rows[name][i] for name in rows.columns) for i in range(len(rows))]
    return found


def recompute(state: bytes, params: np.recarray, blocks: list[ImuBlock]) -> tuple[bytes, npt.NDArray[np.void]]:
    """(state, Alert rows) after these blocks in a row, from a state: the kernels themselves, sample by sample."""
    again = np.frombuffer(bytearray(state), DTYPES["State"]).view(np.recarray)
    parts = []
    for before, block in zip([None, *blocks], blocks, strict=False):
        lost = 0 if before is None else int(block.header["sample_i"] - before.header["sample_i"]) - len(before.samples)
        assert lost == 0, "this helper knows no gaps"
        samples = zeros("Sample", len(block.samples))
        samples["acc_mps2"], samples["gyr_radps"] = block.physical()
        samples["dt_s"] = np.float32(int(block.header["dt_ns"]) * 1e-9)
        samples["marks"] = flags_of(block)
        parts.append(samples)
    whole, counts = np.concatenate(parts).view(np.recarray), np.zeros(3, np.int64)
    rows = [np.zeros(len(whole) // 20 + 16, DTYPES[name]) for name in ("StepRow", "StrideRow", "Alert")]
    kernel_run(again, params, whole, zeros("Signal", 0), *rows, zeros("Out"), counts)
    return again.tobytes(), rows[2][: counts[2]]
