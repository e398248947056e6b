"""The clip's self-test names what is broken, and logs how it went."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.device.core.rig import RECORDS, Clip, core, samples_of
from trendel.wire import layout as lt
from trendel.wire.packets import RecordBlock
from trendel.wire.records import own_layout

CODE, IMU_BUS, IMU_WHO, IMU_MOVE, LOG = 1, 2, 4, 8, 16
WHO_AM_I = 0x0F


class Whole:
    """A clip with its emulated IMU, lying still."""

    def __init__(self) -> None:
        self.clip = Clip(core())
        self.sim = self.clip.core.ffi.new("sim_lsm6_t *")
        self.still = bytearray(samples_of(np.zeros((10, 6), np.int16)).tobytes())
        buffer = self.clip.core.ffi.from_buffer("trendel_imu_sample_t *", self.still)
        self.clip.core.lib.sim_lsm6_open(self.sim, buffer, 10, 1e9 / 208)

    def run(self) -> int:
        return int(self.clip.core.lib.sim_clip_selftest(self.sim, self.clip.recorder, 5_000_000))

    def event(self) -> dict[str, Any]:
        """The newest event in the log."""
        blocks = [e for e in self.clip.entries(RECORDS) if isinstance(e, RecordBlock)]
        return {name: column[-1] for name, column in own_layout(lt.KIND_EVENT).physical(blocks[-1]).items()}

    @property
    def counted(self) -> int:
        return int(self.clip.faults.counters[lt.FAULTS.index("selftest_failures")])


@pytest.fixture
def whole() -> Iterator[Whole]:
    made = Whole()
    yield made
    made.clip.close()


def test_a_good_clip(whole: Whole) -> None:
    assert whole.run() == 0
    event = whole.event()
    assert (event["code"], event["detail"], event["time_ms"]) == (lt.EVENTS.index("selftest"), 0, 5000)
    assert np.isnan(event["size_deg"]) and np.isnan(event["confidence"])
    assert whole.counted == 0


def test_a_sensor_that_does_not_move(whole: Whole) -> None:
    whole.sim.broken_acc = True
    assert whole.run() == IMU_MOVE
    assert (whole.event()["detail"], whole.counted) == (IMU_MOVE, 1)


def test_another_sensor(whole: Whole) -> None:
    whole.sim.registers[WHO_AM_I] = 0x69
    assert whole.run() == IMU_WHO
    assert (whole.event()["detail"], whole.counted) == (IMU_WHO, 1)


def test_no_sensor(whole: Whole) -> None:
    whole.sim.fail_at = whole.sim.access_n
    assert whole.run() == IMU_BUS
    assert (whole.event()["detail"], whole.counted) == (IMU_BUS, 1)


def test_a_dead_flash(whole: Whole) -> None:
    whole.clip.nor.off = True
    assert whole.run() == LOG
    assert whole.counted == 1
