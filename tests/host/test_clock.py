"""Clocks that are injected."""

import time

import pytest

from trendel.clock import HostClock, SimulatedClock


def test_the_host_s_clock_is_utc_and_does_not_step_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = HostClock()
    assert abs(clock.now_ns() - time.time_ns()) < 1e9
    monkeypatch.setattr(time, "time_ns", lambda: 0)  # somebody sets the computer's time
    first = clock.now_ns()
    assert first > 1_700_000_000_000_000_000
    assert clock.now_ns() >= first


def test_a_simulated_clock_goes_as_told_and_never_back() -> None:
    clock = SimulatedClock(1000)
    clock.advance(1.5)
    clock.advance(-1.0)
    assert clock.now_ns() == 1_500_001_000
