"""A session of two hours as a live run gives it: its size, and how fast any minute of it is reached."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import trendel
from tests.host.session.made import blocks, counts, hello, received
from trendel.clock import SimulatedClock
from trendel.recording.session import topics
from trendel.recording.session.rewrite import pack, rewrite
from trendel.recording.session.writer import SessionWriter
from trendel.simulation import GaitParameters, SensorModel, Session, Variability, simulate
from trendel.wire import layout
from trendel.wire.packets import encode_records

TWO_HOURS_S = 7200.0
RATE_HZ = 208.0
_PIECE_S = 120.0


def record_session(path: Path, seconds: float = TWO_HOURS_S) -> Path:
    """A session as a live run gives it: samples of a simulated runner with a real sensor's noise (a piece of them again
    and again), strides and status of the clip, steps and link counters of the host. It is not packed."""
    made = simulate(
        Session((("run", _PIECE_S),), GaitParameters(), Variability(), seed=1),
        SensorModel(rate_hz=RATE_HZ, rate_error=0.0, rate_drift=0.0, seed=1),
    )
    samples = counts(made.acc_mps2, made.gyr_radps)
    pieces = int(np.ceil(seconds * RATE_HZ / len(samples)))
    raws = blocks(np.concatenate([samples] * pieces)[: int(seconds * RATE_HZ)], RATE_HZ)
    clock, rng = SimulatedClock(), np.random.default_rng(3)
    writer = SessionWriter(path, clock=clock)
    writer.packet(hello())
    for k, sent in enumerate(received(raws, RATE_HZ, clock.now_ns())):
        clock.advance((sent.time_ns - clock.now_ns()) / 1e9)
        writer.packet(sent.raw, time_ns=sent.time_ns)
        if k % 4 == 0:  # 2.9 steps a second
            writer.add(topics.STEPS, {f"column_{i}_deg": float(f"{rng.normal(10, 3):.4g}") for i in range(24)})
        if k % 8 == 0:
            stride = np.frombuffer(rng.bytes(layout.DTYPES["Stride"].itemsize), layout.DTYPES["Stride"])
            writer.packet(encode_records(layout.KIND_STRIDE, stride, boot=1, sequence=k // 8))
        if k % 60 == 0:
            status = np.zeros(1, layout.DTYPES["Status"])
            writer.packet(encode_records(layout.KIND_STATUS, status, boot=1, sequence=k // 60))
            writer.add(topics.LINK, {"state": "connected", "bytes_n": 244 * k, "packets_n": k, "skipped_n": 0})
    assert writer.close(packed=False).error is None
    return path


@dataclass(frozen=True)
class Measured:
    """Sizes in bytes: while recording, finished, exported plain. Seconds: to pack; to open the file and read a minute
    of it, finished and plain; to read all of it as a Recording."""

    recording_bytes: int
    finished_bytes: int
    plain_bytes: int
    pack_s: float
    minute_s_median: float
    minute_s_max: float
    plain_minute_s_max: float
    read_s: float


def minute_s(path: Path, minute: int) -> tuple[float, int]:
    """(seconds, IMU blocks): opening `path` and reading the packets of its minute `minute`."""
    started = time.perf_counter()
    with trendel.open(path) as session:
        start_ns = session.start_ns + minute * 60 * 10**9
        found = [packet.raw for packet in session.packets(start_ns, start_ns + 60 * 10**9)]
    return time.perf_counter() - started, sum(raw[0] == layout.KIND_IMU for raw in found)


def measure(folder: Path) -> Measured:
    """Record two hours into `folder`, and measure."""
    path, plain = record_session(folder / "two_hours.mcap"), folder / "plain.mcap"
    recording_bytes, started = path.stat().st_size, time.perf_counter()
    pack(path)
    pack_s = time.perf_counter() - started
    rewrite(path, plain, packed=False)
    minutes = [*range(0, 120, 7), 119]
    took = [minute_s(path, minute)[0] for minute in minutes]
    plain_took = [minute_s(plain, minute)[0] for minute in minutes]
    started = time.perf_counter()
    trendel.read(path)
    return Measured(
        recording_bytes, path.stat().st_size, plain.stat().st_size, pack_s,
        float(np.median(took)), max(took), max(plain_took), time.perf_counter() - started,
    )  # fmt: skip
