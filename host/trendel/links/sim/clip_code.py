"""What the simulated world asks of the clip's code: bytes in and bytes out, times in seconds of the world."""

from __future__ import annotations

from typing import Protocol

from trendel.links.sim.groups import ClipStore


class ClipCode(ClipStore, Protocol):
    """A clip without its radio. What it sends goes to the function that it was made with, which may refuse."""

    @property
    def end_s(self) -> float:
        """When what its sensor measures ends."""

    @property
    def advertised(self) -> int | None:
        """The alert in its advertising data (0: none); None while it is not to be found."""

    def advance(self, now_s: float) -> None:
        """Let time pass: it samples, computes, logs and sends."""

    def pump(self) -> int:
        """Send again what was refused; how many packets still wait."""

    def host(self, *, connected: bool, subscribed: bool, payload_n: int) -> None:
        """What became of the host; `payload_n`: bytes that a packet may have."""

    def restart(self) -> None:
        """Reset: what is in memory is lost."""
