"""Recordings and sessions of a handled clip, as files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import trendel
from trendel.clock import SimulatedClock
from trendel.links.packetise import RANGE_CODE, counts_of
from trendel.recording import Recording
from trendel.recording.writer import write_recording
from trendel.wire.packets import encode_hello, encode_imu
from trendel.wire.records import own_layouts
from trendel_calibration.result import F64
from trendel_calibration.synthetic import Clip, Handled, Handling, perform, rotation

SERIAL = 0xC0FFEE
ABOUT = {"clip_serial": f"{SERIAL:016x}", "sensor": "simulated", "range_g": 16.0, "range_dps": 2000.0}


def write_csv(made: Handled, path: Path, **metadata: object) -> Path:
    """As a CSV with its sidecar."""
    t_s = np.arange(len(made.acc_raw)) / made.rate_hz
    recording = Recording.from_arrays(made.acc_raw, made.gyr_raw, t_s=t_s, metadata=ABOUT | metadata)
    return write_recording(recording, path)


def write_session(
    acc: F64, gyr: F64, rate_hz: float, path: Path, record: dict[str, object] | None = None, calibration_hash: int = 0
) -> Path:
    """As the session of a clip with the number SERIAL, with a calibration record where given."""
    samples, _ = counts_of(acc.astype(np.float32), gyr.astype(np.float32))
    writer = trendel.SessionWriter(path, clock=SimulatedClock(10**18), on_trouble=print)
    dt_ns = round(1e9 / rate_hz)
    writer.packet(
        encode_hello(boot=1, boot_n=1, serial=SERIAL, layout_n=len(own_layouts()), rate_mhz=round(rate_hz * 1e3),
                     range_code=RANGE_CODE, calibration_hash=calibration_hash)
    )  # fmt: skip
    for raw in own_layouts(1):
        writer.packet(raw)
    if record is not None:
        writer.add("/session/calibration", record)
    for n, first in enumerate(range(0, len(samples), 18)):
        writer.packet(
            encode_imu(samples[first : first + 18], boot=1, sequence=n, time_us=first * dt_ns // 1000, dt_ns=dt_ns,
                       sample_i=first, range_code=RANGE_CODE, temperature_degc=25),
            time_ns=10**18 + (first + 18) * dt_ns,
        )  # fmt: skip
    writer.close()
    return path


def with_mistakes(clip: Clip, seed: int = 0) -> Handled:
    """Six positions by a beginner: taken up too early once, a wrong side once, half a turn once; then right."""
    handling, rng = Handling(seed=seed, first_s=6.0), np.random.default_rng(seed)
    half, rest, none = np.pi, 4.0, np.zeros(3)
    x, y, z = np.eye(3)
    r = np.column_stack([[0, 0, 1.0], [1.0, 0, 0], [0, 1.0, 0]])
    stages: list[tuple[float, F64]] = [(6.0, none), (4.0, none)]

    def to(up: F64, seconds: float = rest) -> None:
        """The sensor's direction `up` comes up, by the shortest turn (or about an axis across, for half a turn)."""
        nonlocal r
        now = r.T @ np.array([0.0, 0.0, 1.0])
        cross, cosine = np.cross(up, now), float(up @ now)
        axis = cross / np.linalg.norm(cross) if np.linalg.norm(cross) > 1e-6 else np.roll(np.abs(up), 1)
        rotvec = axis * np.arccos(np.clip(cosine, -1, 1))
        stages.append((1.5, rotvec))
        stages.append((seconds, none))
        r = r @ rotation(rotvec)

    def spin(axis: F64, turns: float) -> None:
        nonlocal r
        stages.append((4.0, axis * 2 * half * turns))
        stages.append((rest, none))
        r = r @ rotation(axis * 2 * half * turns)

    to(-x, 1.6)  # too short
    to(np.array([-1.0, 0.5, 0.0]) / np.hypot(1, 0.5), 0.8)
    to(-x)
    to(z)  # wrong: y is asked for
    to(y)
    to(-y)
    to(z)
    to(-z)
    to(x)
    spin(x, -0.5)  # half a turn
    spin(x, -1.0)
    to(y)
    spin(y, -1.0)
    to(z)
    spin(z, -1.0)
    return perform(clip, handling, stages, np.column_stack([[0, 0, 1.0], [1.0, 0, 0], [0, 1.0, 0]]), rng)
