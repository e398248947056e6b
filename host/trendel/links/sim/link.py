"""`sim:FILE?faults=hard&speed=20`: a clip in this process: its own code behind virtual Bluetooth.

The link is the Bluetooth link itself, with bleak's API on a virtual adapter. Time is the simulated world's: at any
speed a recording of it has the true pace, on the clip's clock and on the host's."""

from __future__ import annotations

import asyncio
import contextlib

from trendel.clock import SimulatedClock
from trendel.links.ble import BleLink, Seen
from trendel.links.held import Patience
from trendel.links.moniker import Moniker
from trendel.links.sim.bench import Bench, measured_of, parse_options
from trendel.links.sim.clip_code import CClip, MakeCode
from trendel.links.sim.world import ALONE

_LOST_FIRST_S, _LOST_LONGEST_S = 0.3, 5.0
_ROOM = 8192  # arrivals that wait for the reader, beyond which the world waits


class SimLink(BleLink):
    """A BleLink to a simulated clip. It ends by itself when all that was measured has arrived, but the clip stays in
    reach, for its log, until the link is closed."""

    def __init__(self, moniker: Moniker, *, make: MakeCode = CClip) -> None:
        self.options = parse_options(moniker.options)
        speed = min(self.options.speed, ALONE)
        patience = Patience(_LOST_FIRST_S / speed, _LOST_LONGEST_S / speed)
        super().__init__(moniker, SimulatedClock(), patience=patience)
        self._make = make
        self._bench: Bench | None = None
        self._ending: asyncio.Task[None] | None = None

    @property
    def bench(self) -> Bench:
        """The clip and its air, once open."""
        assert self._bench is not None, "not opened"
        return self._bench

    async def open(self) -> None:
        """See Link."""
        if self._bench is None:
            measured = await measured_of(self.moniker.target, self.options)
            self._bench = Bench(measured, self.options, self._make)
            self.clock = self._bench.clock
            self._bench.world.has_room = lambda: len(self._inbox) < _ROOM
            self._backend = self._bench.adapter().backend()
            await self._bench.start()
        try:
            await super().open()
        except BaseException:
            if self._task is None:
                await self._bench.stop()
            raise
        self._ending = asyncio.create_task(self._until_the_end())

    async def close(self) -> None:
        """See Link."""
        if self._ending is not None:
            self._ending.cancel()
            await asyncio.gather(self._ending, return_exceptions=True)
        await super().close()
        if self._bench is not None:
            await self._bench.stop()

    async def _find(self) -> Seen:
        self._address = self.bench.radio.identity.address
        return await super()._find()

    async def _until_the_end(self) -> None:
        world = self.bench.world
        while not world.ended.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.2):
                    await world.ended.wait()
            try:
                self.bench.check()
            except Exception as error:  # a defect of ours: the reader must see it, not wait for ever
                self._inbox.end(error)
                return
        self._change("ended", "All that the simulated clip measured has been played.")
        self._inbox.end()
