"""The host's time, always injected, so that hours of a run can be tested in seconds."""

import time
from typing import Protocol


class Clock(Protocol):
    """Gives the host's time."""

    def now_ns(self) -> int:
        """UTC in ns since 1970-01-01; it never runs backward."""


class HostClock:
    """UTC as the computer had it when this was made, carried on by a clock that does not step when UTC is set, and that
    goes on while the computer sleeps where the system has such a one."""

    def __init__(self) -> None:
        self._offset_ns = time.time_ns() - _steady_ns()

    def now_ns(self) -> int:
        """See Clock."""
        return self._offset_ns + _steady_ns()


def _steady_ns() -> int:
    boot_time = getattr(time, "CLOCK_BOOTTIME", None)  # Linux
    return time.monotonic_ns() if boot_time is None else time.clock_gettime_ns(boot_time)


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
