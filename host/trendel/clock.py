"""The host's time, always injected, so that hours of a run can be tested in seconds."""

import sys
import time
from typing import Protocol


class Clock(Protocol):
    """Gives the host's time."""

    def now_ns(self) -> int:
        """UTC in ns since 1970-01-01; it never runs backward."""


class HostClock:
    """UTC as the computer had it when this was made, carried on by a clock that knows no step and no leap, and goes on
    while the computer sleeps."""

    def __init__(self) -> None:
        self._offset_ns = time.time_ns() - _elapsed_ns()

    def now_ns(self) -> int:
        """See Clock."""
        return self._offset_ns + _elapsed_ns()


def _elapsed_ns() -> int:
    """ns since some moment, sleep included: which of the clocks has it differs by system."""
    if sys.platform == "linux":
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    if sys.platform == "darwin":
        return time.clock_gettime_ns(time.CLOCK_MONOTONIC)  # time.monotonic() there stands still in sleep
    return time.monotonic_ns()


class SimulatedClock:
    """A clock that stands still until it is told to go on."""

    def __init__(self, start_ns: int = 1_700_000_000_000_000_000) -> None:
        self._now_ns = start_ns

    def now_ns(self) -> int:
        """See Clock."""
        return self._now_ns

    def advance(self, seconds: float) -> None:
        """Let `seconds` (not negative) pass."""
        self._now_ns += max(0, round(seconds * 1e9))
