"""The sampling state machine and the alert's output, on a clock that the tests turn."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.device.core.rig import core
from trendel.wire import layout as lt

S = 1_000_000
INPUTS = ("TICK", "MOTION", "RUNNING", "CHARGER", "SHIP", "STREAM", "SYNC", "SYNC_END", "IMU_FAILED")
ORDERS = ("RUN_END", "FLUSH", "IMU_OFF", "IMU_WAKE", "IMU_STREAM", "RUN_START", "RADIO_ON", "RADIO_OFF")
IMU = {"IMU_OFF", "IMU_WAKE", "IMU_STREAM"}
# what the IMU does in each state
IMU_OF = {
    "shipping": "IMU_OFF",
    "idle": "IMU_WAKE",
    "armed": "IMU_STREAM",
    "run": "IMU_STREAM",
    "sync": "IMU_WAKE",
    "fault": "IMU_OFF",
}


class Machine:
    """The state machine with the orders' effects beside it."""

    def __init__(self, shipping: bool = False) -> None:
        self.c = core()
        self.s = self.c.ffi.new("trendel_sampling_t *")
        self.now_us = 0
        self.imu, self.radio = "", False
        self.in_run, self.runs = False, 0
        self.carry_out(self.c.lib.trendel_sampling_init(self.s, shipping, 0))

    def carry_out(self, word: int) -> set[str]:
        orders = {name for i, name in enumerate(ORDERS) if word & (1 << i)}
        assert len(orders & IMU) <= 1
        for name in orders & IMU:
            self.imu = name
        self.radio = ("RADIO_ON" in orders or self.radio) and "RADIO_OFF" not in orders
        if "RUN_END" in orders:
            assert self.in_run and "FLUSH" in orders
            self.in_run = False
        if "RUN_START" in orders:
            assert not self.in_run
            self.in_run, self.runs = True, self.runs + 1
        return orders

    def step(self, name: str, wait_s: float = 0) -> set[str]:
        self.now_us += int(wait_s * S)
        word = self.c.lib.trendel_sampling_step(self.s, INPUTS.index(name), self.now_us)
        return self.carry_out(word)

    @property
    def state(self) -> str:
        return lt.STATES[self.s.state]


def test_a_day_of_a_clip() -> None:
    m = Machine()
    assert (m.state, m.imu, m.radio) == ("idle", "IMU_WAKE", True)
    assert m.step("MOTION", 3600) == {"IMU_STREAM"}
    assert m.state == "armed"
    assert m.step("RUNNING", 20) == {"RUN_START"}
    for _ in range(10):
        assert m.step("RUNNING", 200) == set()  # a run goes on over stops of less than five minutes
    assert m.step("TICK", 299) == set()
    assert m.step("TICK", 2) == {"RUN_END", "FLUSH", "IMU_WAKE"}
    assert m.state == "idle"
    assert m.step("SYNC", 10) == {"FLUSH"}
    assert m.state == "sync"
    m.step("SYNC", 29)
    assert m.step("TICK", 29) == set()
    m.step("TICK", 2)
    assert m.state == "idle"
    assert m.step("SHIP") == {"FLUSH", "IMU_OFF", "RADIO_OFF"}
    for name in ("MOTION", "SYNC", "STREAM", "RUNNING", "TICK", "IMU_FAILED"):
        assert m.step(name, 1e6) == set()
    assert m.step("CHARGER") == {"IMU_WAKE", "RADIO_ON"}


def test_carried_but_not_run_goes_back_to_sleep() -> None:
    m = Machine()
    m.step("MOTION")
    m.step("MOTION", 50)
    assert m.step("TICK", 59) == set()
    assert m.step("TICK", 1) == {"IMU_WAKE"}
    assert m.runs == 0


def test_a_broken_imu_is_tried_less_and_less_often() -> None:
    m = Machine()
    m.step("MOTION")
    waits = []
    for _ in range(12):
        assert m.step("IMU_FAILED") == {"IMU_OFF"}
        wait = 0
        while m.state == "fault":
            m.step("TICK", 1)
            wait += 1
        waits.append(wait)
        assert m.imu == "IMU_STREAM"
    assert waits == [5, 10, 20, 40, 80, 160, 320, 320, 320, 320, 320, 320]
    m.step("RUNNING", 400)  # it works again: a later failure starts from the beginning
    m.step("IMU_FAILED")
    assert not m.in_run
    m.step("TICK", 5)
    assert m.state == "armed"


@settings(deadline=None)
@given(st.booleans(), st.lists(st.tuples(st.sampled_from(INPUTS), st.sampled_from([0, 1, 31, 61, 301])), max_size=60))
def test_orders_and_state_agree_in_any_life(shipping: bool, life: list[tuple[str, int]]) -> None:
    m = Machine(shipping)
    for name, wait in life:
        m.step(name, wait)
        assert m.imu == IMU_OF[m.state]
        assert m.s.streaming == (m.imu == "IMU_STREAM")
        assert m.in_run == (m.state == "run")
        assert m.radio == (m.state != "shipping")


class Alert:
    def __init__(self) -> None:
        self.c = core()
        self.a = self.c.ffi.new("trendel_alarm_t *")

    def start(self, side: int, now_us: int, level: int = 2) -> bool:
        return bool(self.c.lib.trendel_alert_start(self.a, side, level, now_us))

    def at(self, now_us: int) -> Any:
        return self.c.lib.trendel_alert_output(self.a, now_us)

    def pulses(self, from_us: int, to_us: int) -> int:
        levels = [self.at(t).light for t in range(from_us, to_us, 50_000)]
        return sum(b and not a for a, b in zip([False, *levels], levels, strict=False))


@pytest.mark.parametrize(("side", "pulses", "flag"), [(1, 2, 1), (-1, 3, 2), (0, 1, 3)])
def test_an_alert_says_which_side(side: int, pulses: int, flag: int) -> None:
    a = Alert()
    assert a.start(side, 7 * S)
    assert a.pulses(7 * S, 60 * S) == pulses
    assert a.at(60 * S).advertised == flag
    assert not a.at(60 * S).light


def test_an_alert_repeats_and_then_is_quiet() -> None:
    a = Alert()
    assert a.start(1, 0)
    assert not a.start(-1, S)  # one at a time
    assert a.pulses(0, 600 * S) == 3 * 2
    a.c.lib.trendel_alert_end(a.a, 600 * S)
    assert a.at(601 * S).advertised == 0
    assert not a.start(1, 700 * S)
    assert a.start(1, 901 * S)


def test_a_graver_alert_is_given_at_once() -> None:
    a = Alert()
    assert a.start(1, 0, level=2)
    assert a.pulses(0, 30 * S) == 2
    assert a.start(1, 30 * S, level=3)  # while the first holds
    assert not a.start(1, 31 * S, level=2) and not a.start(1, 31 * S, level=3)
    assert a.pulses(30 * S, 600 * S) == 3 * 2
    a.c.lib.trendel_alert_end(a.a, 600 * S)
    assert not a.start(1, 700 * S, level=3)
    later = Alert()
    assert later.start(-1, 0, level=2)
    later.c.lib.trendel_alert_end(later.a, 10 * S)
    assert later.start(-1, 20 * S, level=3)  # so soon after the first


def test_a_runner_may_want_no_vibration() -> None:
    a = Alert()
    a.a.silent = True
    a.start(1, 0)
    assert (a.at(1).light, a.at(1).vibration) == (True, False)
