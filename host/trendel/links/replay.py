"""`replay:FILE[@SPEED]`: a session or any other recording, as if its clip sent it now."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Iterable, Iterator
from itertools import chain, groupby
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from trendel.clock import HostClock, SimulatedClock
from trendel.errors import LinkError, RecordingError
from trendel.links.moniker import Moniker
from trendel.links.packetise import Timed, packets_of
from trendel.links.protocol import Arrival, Change, Event, Link
from trendel.recording import read
from trendel.recording.folder import is_session
from trendel.recording.session import SessionReader, open_session
from trendel.recording.session.packets import StoredPacket
from trendel.recording.session.samples import LIVE
from trendel.wire.framing import FrameCounts, NotificationFramer
from trendel.wire.layout import KIND_HELLO, KIND_LAYOUT

if TYPE_CHECKING:
    from trendel.links.management import Management

_FIRST = {KIND_HELLO: 0, KIND_LAYOUT: 1}
_YIELD_N = 16  # packets between giving way to others, where nothing is waited for


class Pace(Protocol):
    """Lets the time of a replay pass."""

    async def reach(self, replay_s: float) -> None:
        """Return when `replay_s` of the replay's time are over."""


class HostPace:
    """`speed` times as fast as life, from its first call on; infinite: does not wait."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._began_s: float | None = None
        self._calls_n = 0

    async def reach(self, replay_s: float) -> None:
        """See Pace."""
        now_s = asyncio.get_running_loop().time()
        self._began_s = now_s if self._began_s is None else self._began_s
        wait_s = 0.0 if math.isinf(self._speed) else self._began_s + replay_s / self._speed - now_s
        self._calls_n += 1
        if wait_s > 0.0 or self._calls_n % _YIELD_N == 0:
            await asyncio.sleep(max(0.0, wait_s))


class ReplayLink(Link):
    """Packets of a session as they were received live, or those that a clip would have sent of another recording.

    Its clock starts at the host's time and goes on by the recording's, whatever the speed: so what is recorded of it
    has the recording's own pace. A session that holds nothing live (synced from a log) is sent from its samples."""

    def __init__(self, moniker: Moniker, *, pace: Pace | None = None, start_ns: int | None = None) -> None:
        """`pace` and `start_ns`, the host time of its beginning, are the host's by default."""
        self.moniker = moniker
        self._time = SimulatedClock(HostClock().now_ns() if start_ns is None else start_ns)
        self.clock = self._time
        self.counts = FrameCounts()
        self._pace = pace or HostPace(moniker.speed)
        self._packets: Iterator[Timed] | None = None
        self._session: SessionReader | None = None
        self._closed = False

    @property
    def dropped_n(self) -> int:
        """See Link: a replay waits for its reader."""
        return 0

    @property
    def management(self) -> Management:
        """See Link: there is no clip."""
        raise LinkError(f"{self.moniker}: is a recording: there is no clip that could be asked.")

    async def open(self) -> None:
        """See Link."""
        if self._packets is not None or self._closed:
            raise LinkError(f"{self.moniker}: was opened before: make another link.")
        path = Path(self.moniker.target)
        try:
            self._packets = self._open_session(path) if is_session(path) else None
            if self._packets is None:
                recording = await asyncio.to_thread(read, path)
                self._packets = packets_of(recording)
        except RecordingError as error:
            raise LinkError(str(error)) from None

    async def close(self) -> None:
        """See Link."""
        self._closed = True
        if self._session is not None:
            self._session.close()
            self._session = None

    async def events(self) -> AsyncIterator[Event]:
        """See Link."""
        assert self._packets is not None, "not opened"
        began_ns = self.clock.now_ns()
        yield Change(began_ns, "connected", f"{Path(self.moniker.target).name} is played again.")
        framer = NotificationFramer(self.counts)
        while not self._closed and (timed := next(self._packets, None)) is not None:
            await self._pace.reach(timed.at_s)
            self._time.advance((began_ns - self.clock.now_ns()) / 1e9 + timed.at_s)
            for received in framer.feed(timed.raw):
                yield Arrival(self.clock.now_ns(), received)
        if self._closed:
            return
        yield Change(self.clock.now_ns(), "ended", f"{Path(self.moniker.target).name} has been played to its end.")

    def _open_session(self, path: Path) -> Iterator[Timed] | None:
        """Its live packets; None where it has none, so that its samples have to do."""
        self._session = open_session(path)
        packets = self._session.packets(source=LIVE)
        first = next(packets, None)
        if first is None:
            self._session.close()
            self._session = None
            return None

        return _timed(chain([first], packets))


def _timed(packets: Iterable[StoredPacket]) -> Iterator[Timed]:
    """Packets of the device that comes first. A session keeps no order among packets of one instant and of different
    kinds: the hello is put first there, its layouts next."""
    start_ns, device = None, None
    for time_ns, together in groupby(packets, key=lambda packet: packet.time_ns):
        for packet in sorted(together, key=lambda packet: _FIRST.get(packet.raw[0], len(_FIRST)) if packet.raw else 0):
            start_ns, device = (time_ns, packet.device) if start_ns is None else (start_ns, device)
            if packet.device == device:
                yield Timed((time_ns - start_ns) / 1e9, packet.raw)
