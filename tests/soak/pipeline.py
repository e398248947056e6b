"""The way of a sample from the sensor's numbers to the file: packetise, frame, take apart, write."""

import resource
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.host.recording.made import running
from tests.host.session.made import RANGE_CODE, counts
from trendel.clock import Clock, HostClock, SimulatedClock
from trendel.recording.session.writer import SessionWriter
from trendel.wire.framing import SerialFramer, frame
from trendel.wire.layout import IMU_SAMPLES_MAX
from trendel.wire.packets import encode_imu

_USB_N = 64
"""USB full speed brings at most so many bytes at once."""


@dataclass(frozen=True)
class Cost:
    """What it cost: processor seconds for each second of samples, bytes of the file, growth of memory in MB."""

    seconds: float
    core_share: float
    file_bytes: int
    packed_bytes: int
    pack_s: float
    grown_mb: float


def run_pipeline(path: Path, seconds: float, rate_hz: float, *, real_time: bool = False) -> Cost:
    """Send so many `seconds` through, on a simulated clock or in real time, and pack the session at the end."""
    _, acc, gyr = running(20.0, rate_hz)
    samples = counts(acc, gyr)
    clock: Clock = HostClock() if real_time else SimulatedClock()
    writer, framer = SessionWriter(path, clock=clock), SerialFramer()
    blocks_n = int(seconds * rate_hz) // IMU_SAMPLES_MAX
    started, cpu_s, middle_mb = time.monotonic(), 0.0, 0.0
    for k in range(blocks_n):
        elapsed_s = (k + 1) * IMU_SAMPLES_MAX / rate_hz
        if isinstance(clock, SimulatedClock):
            clock.advance(IMU_SAMPLES_MAX / rate_hz)
        else:
            time.sleep(max(0.0, started + elapsed_s - time.monotonic()))
        i = k * IMU_SAMPLES_MAX % (len(samples) - IMU_SAMPLES_MAX)
        before = time.process_time()
        _one(writer, framer, samples[i : i + IMU_SAMPLES_MAX], k, rate_hz)
        cpu_s += time.process_time() - before
        if k == blocks_n // 2:
            middle_mb = _memory_mb()
    grown_mb = _memory_mb() - middle_mb
    closed = writer.close(packed=False)
    assert closed.error is None and closed.packets_n == blocks_n == framer.counts.packets_n
    size, before = path.stat().st_size, time.process_time()
    writer.close()
    return Cost(seconds, cpu_s / seconds, size, path.stat().st_size, time.process_time() - before, grown_mb)


def _one(writer: SessionWriter, framer: SerialFramer, samples: np.ndarray, k: int, rate_hz: float) -> None:
    time_us = round(k * IMU_SAMPLES_MAX * 1e6 / rate_hz)
    header = {"sequence": k, "time_us": time_us, "sample_i": k * IMU_SAMPLES_MAX, "dt_ns": round(1e9 / rate_hz)}
    framed = frame(encode_imu(samples, **header, boot=1, range_code=RANGE_CODE))
    for at in range(0, len(framed), _USB_N):
        for received in framer.feed(framed[at : at + _USB_N]):
            writer.packet(received.raw)


def _memory_mb() -> float:
    """The most memory that the process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
