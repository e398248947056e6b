"""How large a session is, how fast any minute of it is reached, and what recording costs."""

import time
from pathlib import Path

import numpy as np

import trendel
from tests.host.session.made import Sent, blocks, counts, hello, received
from tests.soak.pipeline import run_pipeline
from trendel.clock import SimulatedClock
from trendel.recording.session import topics
from trendel.recording.session.writer import SessionWriter
from trendel.simulation import GaitParameters, SensorModel, Session, Variability, simulate
from trendel.wire import layout
from trendel.wire.packets import encode_records

_TWO_HOURS_S = 7200.0
_RATE = 208.0
_PIECE_S = 120.0


def _two_hours(path: Path, seconds: float) -> Path:
    """A session as a live run gives it: samples of a simulated runner with a real sensor's noise (a piece of them again
    and again), strides and status of the clip, steps, strides and link counters of the host."""
    made = simulate(
        Session((("run", _PIECE_S),), GaitParameters(), Variability(), seed=1),
        SensorModel(rate_hz=_RATE, rate_error=0.0, rate_drift=0.0, seed=1),
    )
    samples = counts(made.acc_mps2, made.gyr_radps)
    pieces = int(np.ceil(seconds * _RATE / len(samples)))
    raws = blocks(np.concatenate([samples] * pieces)[: int(seconds * _RATE)], _RATE)
    clock, rng = SimulatedClock(), np.random.default_rng(3)
    writer = SessionWriter(path, clock=clock)
    writer.packet(hello())
    for k, sent in enumerate(received(raws, _RATE, clock.now_ns())):
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
    assert writer.close().error is None
    return path


def test_two_hours_at_208_hz_are_below_12_mb_and_any_minute_is_near(tmp_path: Path) -> None:
    # Blocks of a minute do not see each other, so size goes with time, from the schemas on.
    sizes = {s: _two_hours(tmp_path / f"{s:g}.mcap", s).stat().st_size for s in (120.0, 240.0)}
    per_s = (sizes[240.0] - sizes[120.0]) / 120.0
    assert sizes[240.0] + (_TWO_HOURS_S - 240.0) * per_s < 12e6
    path = tmp_path / "240.mcap"
    took = []
    for minute in (0, 3, 1, 2):
        started = time.perf_counter()
        with trendel.open(path) as session:
            start_ns = session.start_ns + minute * 60 * 10**9
            packets: list[Sent] = [
                Sent(packet.time_ns, packet.raw) for packet in session.packets(start_ns, start_ns + 60 * 10**9)
            ]
        took.append(time.perf_counter() - started)
        imu = [packet for packet in packets if packet.raw[0] == layout.KIND_IMU]
        assert abs(len(imu) - 60 * _RATE / layout.IMU_SAMPLES_MAX) <= 2
    assert min(took) < 0.05, took


def test_833_hz_through_packets_frames_and_file_take_little_of_a_core(tmp_path: Path) -> None:
    cost = run_pipeline(tmp_path / "run.mcap", 60.0, 833.0)
    assert cost.core_share < 0.10, cost
