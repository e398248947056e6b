"""The IMU's driver on an emulated chip: no sample lost or invented, times on the clip's clock, faults counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from tests.device.core.rig import core, samples_of
from trendel.wire import layout as lt
from trendel.wire.packets import ImuBlock, decode
from trendel_core import Core

NS = 1_000_000_000
NOMINAL_NS = NS / 208


@dataclass
class Bench:
    """Driver and emulated chip; `values` (n, 6) is what the chip measures, over and over."""

    c: Core
    values: np.ndarray
    dt_ns: float = NOMINAL_NS
    rate: int = 208

    def __post_init__(self) -> None:
        new = self.c.ffi.new
        self.sim, self.imu, self.faults = new("sim_lsm6_t *"), new("trendel_imu_t *"), new("trendel_faults_t *")
        self.buffer = bytearray(samples_of(self.values).tobytes())
        samples = self.c.ffi.from_buffer("trendel_imu_sample_t *", self.buffer)
        self.c.lib.sim_lsm6_open(self.sim, samples, len(self.values), self.dt_ns)
        self.now_ns = NS

    def start(self, rate: int = 0, code: int = 0x43, watermark: int = 18) -> int:
        self.c.lib.sim_lsm6_advance(self.sim, self.now_ns)  # it measures from now on
        bus = self.c.ffi.addressof(self.sim, "bus")
        result = self.c.lib.trendel_imu_start(self.imu, bus, self.faults, 5, rate or self.rate, code, watermark)
        return int(result)

    def run(self, seconds: float, latency_ns: int = 0, jitter_ns: int = 1) -> list[ImuBlock]:
        room = int(seconds * 1700 / 18) + 200
        blocks = self.c.ffi.new("trendel_imu_block_t[]", room)
        end = self.now_ns + int(seconds * NS)
        n = self.c.lib.sim_lsm6_run(self.sim, self.imu, self.now_ns, end, latency_ns, jitter_ns, blocks, room)
        self.now_ns = end
        raws = [bytes(self.c.ffi.buffer(blocks + i, 28 + 12 * blocks[i].header.sample_n)) for i in range(n)]
        return [block for block in map(decode, raws) if isinstance(block, ImuBlock)]

    def fault(self, name: str) -> int:
        return int(self.faults.counters[lt.FAULTS.index(name)])

    def truth(self, block: ImuBlock) -> np.ndarray:
        first = int(block.header["sample_i"])
        return self.values[np.arange(first, first + len(block.samples)) % len(self.values)]

    def check(self, blocks: list[ImuBlock]) -> None:
        """Every block holds the samples that its index names."""
        for block in blocks:
            got = np.column_stack((block.samples["acc"], block.samples["gyr"]))
            assert np.array_equal(got, self.truth(block)), int(block.header["sequence"])


@pytest.fixture
def values() -> np.ndarray:
    return np.random.default_rng(8).integers(-30000, 30000, (5003, 6)).astype(np.int16)


def bench(values: np.ndarray, **more: Any) -> Bench:
    return Bench(core(), values, **more)


@pytest.mark.parametrize(("rate", "off"), [(26, 0.0), (104, -0.03), (208, 0.021), (833, 0.05), (1666, -0.05)])
def test_every_sample_once_and_in_order(values: np.ndarray, rate: int, off: float) -> None:
    b = bench(values, dt_ns=NS / rate * (1 + off), rate=rate)
    assert b.start() == 0
    blocks = b.run(20)
    b.check(blocks)
    first = int(blocks[0].header["sample_i"])
    assert first % 18 == 0 and 0 <= first - rate // 10 < 18  # while the gyroscope starts, in whole drains
    indices = [int(block.header["sample_i"]) for block in blocks]
    assert indices == list(range(first, first + 18 * len(blocks), 18))
    assert 18 * len(blocks) > 0.97 * 20 * rate / (1 + off) - rate / 10 - 36
    assert not any(block.header["marks"] for block in blocks)
    assert blocks[-1].header["temperature_degc"] == 32  # 31.5, rounded
    # the rate is measured against the clip's clock, whatever the sheet says
    assert blocks[-1].header["dt_ns"] == pytest.approx(b.dt_ns, rel=20e-6)


def test_times_are_those_of_the_samples(values: np.ndarray) -> None:
    """Interrupts served up to 200 us late: the fit's times are much nearer, and even."""
    b = bench(values, dt_ns=NOMINAL_NS * 1.013)
    assert b.start() == 0
    blocks = b.run(60, jitter_ns=200_000)[100:]
    true_us = np.array([NS / 1e3 + (int(k.header["sample_i"]) + 1) * b.dt_ns / 1e3 for k in blocks])
    late_us = np.array([float(k.header["time_us"]) for k in blocks]) - true_us
    assert 50 < late_us.mean() < 150  # the mean delay cannot be seen from here
    assert late_us.std() < 15  # of 58 us that a uniform delay up to 200 us has
    rates = np.array([float(k.header["dt_ns"]) for k in blocks])
    assert np.abs(rates / b.dt_ns - 1).max() < 50e-6


def test_a_full_fifo_is_a_gap_of_known_length(values: np.ndarray) -> None:
    b = bench(values)
    assert b.start() == 0
    before = b.run(10)
    b.now_ns += 4 * NS  # nobody serves the interrupt: 832 samples, of which the FIFO holds 341
    b.c.lib.sim_lsm6_advance(b.sim, b.now_ns)
    after = b.run(10)
    b.check([*before, *after])
    assert b.fault("imu_fifo_overruns") == 1
    assert b.fault("imu_samples_lost") == pytest.approx(832 - 341, abs=20)
    marked = [block for block in after if block.header["marks"] & lt.IMU_GAP]
    assert len(marked) == 1
    assert after[-1].header["dt_ns"] == pytest.approx(b.dt_ns, rel=50e-6)
    assert b.fault("clock_steps") == 0


@pytest.mark.parametrize("words", [0, 1, 5, 6, 40, 107])
def test_a_bus_error_within_the_fifo_shifts_nothing(values: np.ndarray, words: int) -> None:
    b = bench(values)
    assert b.start() == 0
    b.run(5)
    b.sim.fail_after_words = words
    b.sim.fail_at = b.sim.access_n + 2  # status, temperature, FIFO
    blocks = b.run(5)
    b.check(blocks)  # no word of one sample in another, and indices as they should be
    assert b.fault("imu_bus_errors") == 1
    assert b.fault("imu_samples_lost") == (words + 5) // 6


def test_any_access_may_fail_and_it_goes_on(values: np.ndarray) -> None:
    b = bench(values)
    assert b.start() == 0
    for offset in range(12):
        b.sim.fail_after_words = 7 * offset
        b.sim.fail_at = b.sim.access_n + offset
        b.check(b.run(2))
    assert b.fault("imu_bus_errors") == 12
    for at in range(18):
        fresh = bench(values)
        fresh.sim.fail_at = at
        result = fresh.start()
        assert (result, fresh.fault("imu_bus_errors")) in ((-1, 1), (0, 0))


def test_another_chip_is_refused(values: np.ndarray) -> None:
    b = bench(values)
    b.sim.registers[0x0F] = 0x6C
    assert b.start() == -2
    assert b.fault("imu_identity_wrong") == 1


@pytest.mark.parametrize(
    ("rate", "code", "watermark"), [(200, 0x43, 18), (208, 0x53, 18), (208, 0x44, 18), (208, 0, 19)]
)
def test_what_the_chip_cannot_do_is_refused(values: np.ndarray, rate: int, code: int, watermark: int) -> None:
    assert bench(values).start(rate, code, watermark) == -4


def test_ranges_go_to_the_registers(values: np.ndarray) -> None:
    """Full scales by the data sheet: accelerometer 00 2 g, 10 4 g, 11 8 g, 01 16 g; gyroscope bit 1 125 deg/s."""
    for code, ctrl1, ctrl2 in ((0x00, 0x50, 0x52), (0x11, 0x58, 0x50), (0x22, 0x5C, 0x54), (0x43, 0x54, 0x5C)):
        b = bench(values)
        assert b.start(code=code) == 0
        assert (b.sim.registers[0x10], b.sim.registers[0x11]) == (ctrl1, ctrl2)


def test_selftest(values: np.ndarray) -> None:
    still = np.zeros((10, 6), np.int16)
    b = bench(still)
    assert b.c.lib.sim_lsm6_selftest(b.sim, b.faults) == 0
    assert b.sim.registers[0x14] == 0 and b.sim.registers[0x10] == 0  # off again
    b.sim.broken_acc = True
    assert b.c.lib.sim_lsm6_selftest(b.sim, b.faults) == -3
    assert b.fault("selftest_failures") == 1


def test_sleep_and_shipping(values: np.ndarray) -> None:
    b = bench(values)
    b.start()
    assert b.c.lib.trendel_imu_wake_on_motion(b.imu) == 0
    assert b.sim.registers[0x10] == 0x20 and b.sim.registers[0x11] == 0
    assert b.sim.registers[0x5E] == 0x20 and b.sim.registers[0x58] == 0x80
    assert b.c.lib.trendel_imu_off(b.imu) == 0
    assert b.sim.registers[0x10] == 0 and b.sim.registers[0x5E] == 0
