"""What a clip would send, and sessions of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.host.recording.made import running
from trendel.clock import SimulatedClock
from trendel.recording.session.writer import SessionWriter
from trendel.wire import layout
from trendel.wire.packets import encode_faults, encode_hello, encode_imu, encode_records
from trendel.wire.records import own_layouts

RANGE_CODE = 0x43  # 16 g, 2000 deg/s
SERIAL = 0x7E57
_SAMPLES_N = layout.IMU_SAMPLES_MAX


@dataclass(frozen=True)
class Sent:
    """A packet and the host time at which it was received."""

    time_ns: int
    raw: bytes


def counts(acc_mps2: np.ndarray, gyr_radps: np.ndarray) -> np.ndarray:
    """(n,) layout.IMU_SAMPLE of (n, 3) m/s2 and (n, 3) rad/s at RANGE_CODE."""
    samples = np.zeros(len(acc_mps2), layout.IMU_SAMPLE)
    acc_scale = float(layout.ACC_SCALE_MPS2) * (1 << (RANGE_CODE & 15))
    gyr_scale = float(layout.GYR_SCALE_RADPS) * (1 << (RANGE_CODE >> 4))
    samples["acc"] = np.clip(np.rint(acc_mps2 / acc_scale), -32768, 32767)
    samples["gyr"] = np.clip(np.rint(gyr_radps / gyr_scale), -32768, 32767)
    return samples


def hello(boot: int = 1, time_us: int = 0) -> bytes:
    """The hello of a simulated clip."""
    return encode_hello(boot=boot, boot_n=boot, serial=SERIAL, time_us=time_us, rate_mhz=208_000, name=b"made")


def blocks(samples: np.ndarray, rate_hz: float, boot: int = 1, first_us: int = 1_000_000, seed: int = 0) -> list[bytes]:
    """The IMU blocks of `samples`: whole ones, and the rest in a shorter one."""
    rng = np.random.default_rng(seed)
    made = []
    for k, i in enumerate(range(0, len(samples), _SAMPLES_N)):
        time_us = first_us + round(i * 1e6 / rate_hz) + int(rng.integers(-2, 3))
        dt_ns = round(1e9 / rate_hz) + int(rng.integers(-15, 16))
        part = samples[i : i + _SAMPLES_N]
        header = {"boot": boot, "sequence": k, "time_us": time_us, "dt_ns": dt_ns, "sample_i": i}
        made.append(encode_imu(part, **header, range_code=RANGE_CODE, temperature_degc=30))
    return made


def received(raws: list[bytes], rate_hz: float, start_ns: int, seed: int = 0) -> list[Sent]:
    """IMU blocks with host times: as each is full, some milliseconds late."""
    rng = np.random.default_rng(seed)
    late = rng.exponential(6e6, len(raws))
    times = [start_ns + round((k + 1) * _SAMPLES_N / rate_hz * 1e9 + late[k]) for k in range(len(raws))]
    return [Sent(t, raw) for t, raw in zip(np.maximum.accumulate(times).tolist(), raws, strict=True)]


def run(seconds: float = 10.0, rate_hz: float = 208.0, boot: int = 1, seed: int = 1) -> list[bytes]:
    """The IMU blocks of somebody running."""
    _, acc, gyr = running(seconds, rate_hz, seed=seed)
    return blocks(counts(acc, gyr), rate_hz, boot, seed=seed)


def everything(seconds: float = 10.0, rate_hz: float = 208.0) -> Iterator[Sent]:
    """All kinds of packets of a clip in `seconds`, in the order in which they are received."""
    start_ns = SimulatedClock().now_ns()
    for raw in (hello(), *own_layouts(boot=1), encode_faults([0, 1, 2], boot=1, time_us=5)):
        yield Sent(start_ns, raw)
    for k, sent in enumerate(received(run(seconds, rate_hz), rate_hz, start_ns)):
        yield sent
        if k % 8 == 7:
            stride = np.zeros(1, layout.DTYPES["Stride"])
            stride["ic_ms"], stride["stride_time_ms"] = k * 87, 14_286
            yield Sent(sent.time_ns, encode_records(layout.KIND_STRIDE, stride, boot=1, sequence=k // 8))
        if k % 40 == 20:
            status = np.zeros(1, layout.DTYPES["Status"])
            status["time_ms"] = k * 87
            yield Sent(sent.time_ns, encode_records(layout.KIND_STATUS, status, boot=1, sequence=k // 40))
        if k % 50 == 30:
            yield Sent(sent.time_ns, bytes([200, 1, 2, 3, k % 256]))  # a kind that nobody knows


def record(path: Path, packets: list[Sent], *, source: str = "live", finish: bool = True, packed: bool = True) -> Path:
    """A session of `packets`, on a simulated clock; not closed unless `finish`."""
    clock = SimulatedClock()
    writer = SessionWriter(path, clock=clock)
    for sent in packets:
        clock.advance((sent.time_ns - clock.now_ns()) / 1e9)
        writer.packet(sent.raw, source=source, time_ns=sent.time_ns)
    if finish:
        assert writer.close(packed=packed).error is None
    else:
        writer.flush()
    return path
