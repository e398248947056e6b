"""The clip's way to a host: Bluetooth or USB, as the simulated world sees it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable


class Outlet(ABC):
    """Carries packets of the stream and answers to SMP. Its methods run in the event loop.

    Attributes:
        connected, subscribed: whether a host is there, and wants the stream.
        payload_n: bytes that a packet may have.
        room_n: packets that it takes now.
        waiting_n: what was taken and has not gone out yet.
        alerting: the advertising flag of an alert: 0 none, 1 left, 2 right, 3 both or neither; None: not to be found.
        loses: whether a packet of the stream is lost on its way though it was taken.
        on_host: called after `connected`, `subscribed` or `payload_n` has changed.
        on_request: takes bytes of SMP requests.
    """

    def __init__(self) -> None:
        self.connected = self.subscribed = False
        self.alerting: int | None = 0
        self.loses: Callable[[bytes], bool] = lambda packet: False
        self.on_host: Callable[[], None] = lambda: None
        self.on_request: Callable[[bytes], None] = lambda data: None

    @property
    @abstractmethod
    def payload_n(self) -> int: ...

    @property
    @abstractmethod
    def room_n(self) -> int: ...

    @property
    @abstractmethod
    def waiting_n(self) -> int: ...

    @abstractmethod
    def send(self, packet: bytes) -> None:
        """Take a packet of the stream; not more than `room_n`."""

    @abstractmethod
    def answer(self, response: bytes) -> None:
        """Take an SMP response."""

    @abstractmethod
    async def switch_on(self) -> None:
        """The clip has started."""

    @abstractmethod
    async def switch_off(self) -> None:
        """The clip restarts, or is switched off: whoever is connected loses it."""

    @abstractmethod
    async def advertise(self) -> None:
        """`alerting` has changed."""

    @abstractmethod
    def reach(self, within: bool, now_s: float) -> None:
        """Whether the clip is in reach (or plugged in)."""

    @abstractmethod
    async def event(self, now_s: float) -> None:
        """A turn: what waits goes out as far as it fits."""
