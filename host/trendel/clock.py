"""The host's time, always injected, so that hours of a run can be tested in seconds."""

import time
from typing import Protocol


class Clock(Protocol):
    """Gives the host's time."""

    def now_ns(self) -> int:
        """UTC in ns since 1970-01-01; it never runs backward."""


class HostClock:
    """UTC as the computer had it when this was made, carried on by its monotonic clock: no step, no leap."""

    def __init__(self) -> None:
        self._offset_ns = time.time_ns() - time.monotonic_ns()

    def now_ns(self) -> int:
        """See Clock."""
        return self._offset_ns + time.monotonic_ns()


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
