"""A link that is held: reached once, and reached again, with growing pauses, whenever it is lost."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trendel.clock import Clock
from trendel.errors import LinkError
from trendel.links.moniker import Moniker
from trendel.links.protocol import Arrival, Change, Event, Inbox, Link, State
from trendel.wire.framing import FrameCounts, NotificationFramer, SerialFramer

if TYPE_CHECKING:
    from trendel.links.management import Carrier, Management


@dataclass(frozen=True)
class Patience:
    """Pauses between attempts to reach a clip again, s: the first, and the longest; each is twice the one before.

    A runner is out of range for a second, or a lap: attempts must neither be far apart nor drain the clip."""

    first_s: float = 0.3
    longest_s: float = 5.0


class HeldLink(Link):
    """What ble and usb share. A subclass reaches, lets go, feeds bytes and says when the link is lost.

    It makes its inbox when it is opened, in the running event loop; all its methods run there."""

    def __init__(self, moniker: Moniker, clock: Clock, patience: Patience) -> None:
        self.moniker, self.clock = moniker, clock
        self.counts = FrameCounts()
        self._patience = patience
        self._inbox = Inbox()
        self._lost = asyncio.Event()
        self._why_lost = ""
        self._task: asyncio.Task[None] | None = None
        self._opened = False
        self._last_ns = 0
        self._management: Management | None = None
        self._carrier: Carrier | None = None
        self._unmanaged, self._offers = "is not connected.", True
        self._early: list[Arrival] | None = []  # what came while the clip was being reached: told after the connection

    @abstractmethod
    async def _reach(self) -> str:
        """Reach the clip and begin to receive; whom, for a sentence. Raises LinkError, with nothing left open."""

    @abstractmethod
    async def _let_go(self) -> None:
        """Give up what `_reach` has opened. Raises nothing; may be called where nothing is open."""

    @property
    def dropped_n(self) -> int:
        """See Link."""
        return self._inbox.dropped_n

    @property
    def management(self) -> Management:
        """See Link."""
        if self._management is None:
            from trendel.links.management import Management

            self._management = Management(str(self.moniker))
            if self._carrier is not None:
                self._management.attach(self._carrier)
            else:
                self._management.detach(self._unmanaged, unmanaged=not self._offers)
        return self._management

    async def open(self) -> None:
        """See Link."""
        if self._opened:
            raise LinkError(f"{self.moniker}: was opened before: make another link.")
        self._opened = True
        self._connected(f"{await self._reach()} is connected.")
        self._task = asyncio.create_task(self._hold())

    async def close(self) -> None:
        """See Link."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
            self._manages(None, "was closed.")
            await self._let_go()
        self._inbox.end()

    def events(self) -> AsyncIterator[Event]:
        """See Link."""
        return self._inbox.events()

    def _feed(self, framer: NotificationFramer | SerialFramer, data: bytes | bytearray, time_ns: int) -> None:
        """Bytes have come. Packets of one moment are put a nanosecond apart, so that times keep their order."""
        for received in framer.feed(data):
            self._last_ns = max(time_ns, self._last_ns + 1)
            arrival = Arrival(self._last_ns, received)
            if self._early is None:
                self._inbox.put(arrival)
            else:
                self._early.append(arrival)

    def _manages(self, carrier: Carrier | None, why: str = "is not connected.", *, offers: bool = True) -> None:
        """By which connection the clip can be managed now; None: by none, and why: also where it `offers` none."""
        self._carrier, self._unmanaged, self._offers = carrier, why, offers
        if self._management is None:
            return
        if carrier is not None:
            self._management.attach(carrier)
        else:
            self._management.detach(why, unmanaged=not offers)

    def _answered(self, data: bytes | bytearray) -> None:
        if self._management is not None:
            self._management.feed(data)

    def _connected(self, sentence: str) -> None:
        early, self._early = self._early or [], None
        at_ns = early[0].time_ns - 1 if early else self.clock.now_ns()
        self._last_ns = max(at_ns, self._last_ns)
        self._inbox.put(Change(at_ns, "connected", sentence))
        for arrival in early:
            self._inbox.put(arrival)

    def _is_lost(self, why: str) -> None:
        """The link is lost; said once for each time that it was reached."""
        if not self._lost.is_set():
            self._why_lost = why
            self._lost.set()
            self._manages(None, why)

    def _change(self, state: State, sentence: str) -> None:
        self._last_ns = max(self.clock.now_ns(), self._last_ns + 1)
        self._inbox.put(Change(self._last_ns, state, sentence))

    async def _hold(self) -> None:
        try:
            while True:
                await self._lost.wait()
                self._change("lost", self._why_lost)
                await self._let_go()
                self._lost.clear()
                self._early = []
                self._connected(f"{await self._reach_again()} is connected again.")
        except asyncio.CancelledError:
            raise
        except Exception as error:  # a defect of ours or of a library: the reader must see it, not wait for ever
            self._inbox.end(error)

    async def _reach_again(self) -> str:
        pause_s, told = self._patience.first_s, ""
        while True:
            await asyncio.sleep(pause_s)
            self._lost.clear()  # a failed attempt may have set it
            try:
                return await self._reach()
            except LinkError as error:
                if str(error) != told:
                    told = str(error)
                    self._change("waiting", told)
            pause_s = min(2 * pause_s, self._patience.longest_s)
