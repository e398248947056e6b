"""The protocol of every link: open it, take what arrives and what becomes of the link, close it."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self, TypeAlias

from trendel.clock import Clock
from trendel.links.moniker import Moniker
from trendel.wire.framing import FrameCounts, Received

if TYPE_CHECKING:
    from trendel.links.management import Management

State: TypeAlias = Literal["connected", "lost", "waiting", "ended"]


@dataclass(frozen=True, eq=False)
class Arrival:
    """A packet and the host time, in ns, at which it was received."""

    time_ns: int
    received: Received


@dataclass(frozen=True)
class Change:
    """What became of the link at `time_ns`, in a sentence. 'waiting': it is lost, and trying again did not help yet."""

    time_ns: int
    state: State
    sentence: str


Event: TypeAlias = Arrival | Change


class Link(ABC):
    """A link to one clip. It is opened once and closed once; between, it restores itself where it can.

    Attributes:
        moniker: what it was made from.
        clock: host time of all that arrives; a recording of it uses the same.
        counts: of bytes, packets and what was wrong with them, over all reconnections.
    """

    moniker: Moniker
    clock: Clock
    counts: FrameCounts

    @abstractmethod
    async def open(self) -> None:
        """Reach the clip and begin to receive. Raises LinkError, with nothing left open."""

    @abstractmethod
    async def close(self) -> None:
        """Let the clip go; may be called again, and while events are awaited: they end then."""

    @abstractmethod
    def events(self) -> AsyncIterator[Event]:
        """What happens, from the opening on, in order; the first is the change to 'connected'. Ends when the link is
        closed, or by itself where there is no more to come. For one reader."""

    @property
    @abstractmethod
    def dropped_n(self) -> int:
        """Packets that this host has dropped because nobody took them in time."""

    @property
    @abstractmethod
    def management(self) -> Management:
        """Requests to the clip, over whichever connection there is: the same object for the link's life. After 'ended'
        it still answers, until `close`. Raises LinkError where there is no clip, or smpclient is not installed."""

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


class Inbox:
    """Events between what receives and who reads; holds at most `room` arrivals, then drops new ones and counts them.

    All methods are for the event loop's own thread."""

    def __init__(self, room: int = 16_384) -> None:
        self.dropped_n = 0
        self._room = room
        self._held: deque[Event] = deque()
        self._wake = asyncio.Event()
        self._ended = False
        self._error: BaseException | None = None

    def __len__(self) -> int:
        return len(self._held)

    def put(self, event: Event) -> None:
        """Add an event; changes are never dropped."""
        if self._ended:
            return
        if isinstance(event, Arrival) and len(self._held) >= self._room:
            self.dropped_n += 1
            return
        self._held.append(event)
        self._wake.set()

    def end(self, error: BaseException | None = None) -> None:
        """Nothing more comes; `error` is raised at the reader after what is held."""
        if not self._ended:
            self._ended, self._error = True, error
            self._wake.set()

    async def events(self) -> AsyncIterator[Event]:
        """What was put, until the end."""
        while True:
            while self._held:
                yield self._held.popleft()
            if self._ended:
                if self._error is not None:
                    raise self._error
                return
            self._wake.clear()
            await self._wake.wait()
