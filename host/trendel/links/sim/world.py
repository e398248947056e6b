"""The simulated world: time, in which a clip measures, is carried out of reach, restarts, and a radio's turns pass."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from trendel.clock import SimulatedClock
from trendel.links.sim.air import INTERVAL_S
from trendel.links.sim.clip_code import ClipCode
from trendel.links.sim.faults import Schedule
from trendel.links.sim.mcuboot import OPERATION_S, Flash
from trendel.links.sim.outlet import Outlet

RESET_S = 0.25
"""From the answer to a reset to the reset itself (CONFIG_MCUMGR_GRP_OS_RESET_MS)."""
BOOT_S = 0.5
"""From a reset to advertising."""
ALONE = 20.0
"""While no host is subscribed, the world is at most so many times as fast: a host reconnects in its own time."""
_SLACK_S = 0.5
_SETTLE_N = 12  # events after the last packet, by which it has arrived


class TurnPace:
    """Lets host time pass between turns, so that `speed` times as much of the world's does; infinite: does not wait.

    Where the computer does not keep up, the world is slower: it makes up for a short delay only."""

    def __init__(self, speed: float) -> None:
        self.speed = speed
        self._due_s: float | None = None

    async def turn(self, world_s: float, fastest: float = math.inf) -> None:
        """Wait until `world_s` after the turn before, at most `fastest` times as fast as life."""
        now_s = asyncio.get_running_loop().time()
        speed = min(self.speed, fastest)
        due_s = (now_s if self._due_s is None else self._due_s) + (0.0 if math.isinf(speed) else world_s / speed)
        self._due_s = max(due_s, now_s - _SLACK_S)
        await asyncio.sleep(max(0.0, due_s - now_s))


@dataclass
class World:
    """One clip, switched on, and the air around it. `run` lets time pass until it is cancelled.

    What the sensor measures begins when a host first subscribes; from then on the schedule holds too. When it has
    measured all, it rests: its time stands still, while its radio and its management go on.

    Attributes:
        clock: the world's time, which the host's end uses too; it goes on by `pace`.
        on_start: called at each restart, before the outlet is switched on. on_gone: when the host has gone.
        has_room: whether the host's end keeps up; where it does not, time waits.
        ended: set once all that was measured has been sent and has arrived.
        restarts: what the bootloader did at each restart.
        cuts: at the next restarts power fails after so many operations of the bootloader.
    """

    code: ClipCode
    outlet: Outlet
    flash: Flash
    schedule: Schedule
    clock: SimulatedClock
    pace: TurnPace
    on_start: Callable[[], None] = lambda: None
    on_gone: Callable[[], None] = lambda: None
    has_room: Callable[[], bool] = lambda: True
    now_s: float = 0.0
    began_s: float | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    restarts: list[str] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)
    _power_lost: bool = False
    _answers: deque[tuple[float, bytes]] = field(default_factory=deque)
    _reset_at_s: float | None = None
    _done_n: int = 0
    _quiet_n: int = 0

    def __post_init__(self) -> None:
        self.outlet.on_host = self._host

    @property
    def played_s(self) -> float:
        """Time since the sensor began."""
        return 0.0 if self.began_s is None else self.now_s - self.began_s

    def reset_soon(self) -> None:
        """A reset was asked for."""
        self._reset_at_s = self.now_s + RESET_S

    def lose_power(self) -> None:
        """Power fails, and comes back at once."""
        self._power_lost = True

    def answer(self, response: bytes, after_s: float = 0.0) -> None:
        """Give the outlet an SMP response once the clip has worked on it for so long; one after the other."""
        last_s = self._answers[-1][0] if self._answers else self.now_s
        self._answers.append((max(last_s, self.now_s) + after_s, response))
        self._answer()

    def _answer(self) -> None:
        while self._answers and self._answers[0][0] <= self.now_s:
            self.outlet.answer(self._answers.popleft()[1])

    async def run(self) -> None:
        """Let time pass."""
        while True:
            await self.turn()

    async def turn(self) -> None:
        """One connection event."""
        while not self.has_room():
            await asyncio.sleep(0.001)
        await self.pace.turn(INTERVAL_S, math.inf if self.outlet.subscribed else ALONE)
        self.now_s += INTERVAL_S
        self.clock.advance(INTERVAL_S)
        self._carry()
        if self.began_s is not None and self.played_s <= self.code.end_s:
            self.code.advance(self.played_s)
        await self._show()
        self._answer()
        await self.outlet.event(self.now_s)
        waiting_n = self.code.pump() + self.outlet.waiting_n
        await self._restart_if_due()
        self._watch_for_the_end(waiting_n)

    def _host(self) -> None:
        if self.outlet.subscribed and self.began_s is None:
            self.began_s = self.now_s
        outlet = self.outlet
        if not outlet.connected:
            self._answers.clear()
            self.on_gone()
        self.code.host(connected=outlet.connected, subscribed=outlet.subscribed, payload_n=outlet.payload_n)

    def _carry(self) -> None:
        """Out of reach, and back."""
        at_s = self.played_s
        away = any(begin <= at_s < end for begin, end in self.schedule.outages) and at_s <= self.code.end_s
        self.outlet.reach(not away, self.now_s)

    async def _show(self) -> None:
        if self.code.advertised != self.outlet.alerting:
            self.outlet.alerting = self.code.advertised
            await self.outlet.advertise()

    async def _restart_if_due(self) -> None:
        asked = self._reset_at_s is not None and self.now_s >= self._reset_at_s
        reboots = self.schedule.reboots_s
        due = self._done_n < len(reboots) and self.played_s >= reboots[self._done_n]
        if not asked and not due and not self._power_lost:
            return
        self._done_n += due
        lost, self._power_lost, self._reset_at_s = self._power_lost, False, None
        self._answers.clear()
        await self.outlet.switch_off()
        before_n = self.flash.operations_n
        self._boot()
        self.code.restart(orderly=asked and not lost, firmware=self.flash.version, power_lost=lost)
        self.on_start()
        took_s = BOOT_S + OPERATION_S * (self.flash.operations_n - before_n)
        self.now_s += took_s
        self.clock.advance(took_s)
        await self.outlet.switch_on()

    def _boot(self) -> None:
        """What the bootloader does, until an image runs and stays for the time being."""
        while True:
            done = self.flash.boot(self.cuts.pop(0) if self.cuts else None)
            self.restarts.append(done)
            # A new image that fails its self-test resets the clip at once.
            if done != "cut" and not self.flash.fails:
                return

    def _watch_for_the_end(self, waiting_n: int) -> None:
        over = self.began_s is not None and self.played_s > self.code.end_s and self.outlet.subscribed
        self._quiet_n = self._quiet_n + 1 if over and not waiting_n else 0
        if self._quiet_n > _SETTLE_N:
            self.ended.set()
