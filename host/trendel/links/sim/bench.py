"""A simulated clip with everything around it: what `sim:` holds in its own process, and `clip simulate` for others."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from bumble.transport.common import AsyncPipeSink

from trendel.clock import HostClock, SimulatedClock
from trendel.errors import LinkError
from trendel.links.sim.adapter import Adapter, Closing
from trendel.links.sim.air import Air, AirController
from trendel.links.sim.clip_code import CClip, MakeCode
from trendel.links.sim.faults import parse_faults, schedule
from trendel.links.sim.gatt_server import Identity, Radio
from trendel.links.sim.groups import FileGroup, OsGroup, SettingsGroup
from trendel.links.sim.images import ImageGroup
from trendel.links.sim.mcuboot import Flash
from trendel.links.sim.outlet import Outlet
from trendel.links.sim.smp_server import Group, SmpServer
from trendel.links.sim.source import Measured, recorded, resting, runner
from trendel.links.sim.world import TurnPace, World
from trendel.wire.layout import KIND_HELLO, KIND_LAYOUT
from trendel.wire.settings import decode_setting

if TYPE_CHECKING:
    from trendel.links.sim.usb_port import UsbPort  # a pty, which not every system has

RESTS = "rest"
"""Instead of a file: a clip that lies on a table."""
_HOST_ADDRESS = "F0:00:00:00:00:{:02X}"


@dataclass(frozen=True)
class Options:
    """What may follow the file in `sim:FILE?...`.

    Attributes:
        faults: names of trendel.links.sim.faults.NAMED, joined by a plus.
        speed: multiple of true speed; infinite: as fast as it goes.
        seed: of everything that is random, the synthetic runner too.
        rate: Hz, to which the clip is set; None: the nearest to the recording's.
        name: the clip's.
        key: file of the public key of who may sign firmware; None: only hashes are checked.
    """

    faults: str = "none"
    speed: float = 1.0
    seed: int = 1
    rate: float | None = None
    name: str = "Anna"
    key: str | None = None


def parse_options(given: Mapping[str, str]) -> Options:
    """Of a moniker's options. Raises LinkError for one that is none."""
    known = [field.name for field in fields(Options)]
    for name in given:
        if name not in known:
            raise LinkError(f"sim: has no option {name[:40]!r}; it has {', '.join(known)}.")
    found: dict[str, Any] = dict(given)
    if "speed" in given:
        found["speed"] = math.inf if given["speed"] == "max" else _number("speed", given["speed"])
    if "rate" in given:
        found["rate"] = _number("rate", given["rate"])
    if "seed" in given:
        if not given["seed"].isdecimal():
            raise LinkError(f"sim: seed={given['seed'][:40]} is no whole number.")
        found["seed"] = int(given["seed"])
    parse_faults(found.get("faults", "none"))
    return Options(**found)


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise LinkError(f"sim: {name}={text[:40]} is no number above 0.")
    return value


class Bench:
    """A clip in its air. Made in the running event loop; `start` lets its time pass."""

    def __init__(
        self, measured: Measured, options: Options, make: MakeCode = CClip, port: UsbPort | None = None
    ) -> None:
        """`make`: of the clip's code, its own C by default. `port`: where it is reached by cable instead."""
        faults = parse_faults(options.faults)
        self.air = Air()
        self.clock = SimulatedClock(HostClock().now_ns())
        self.flash = Flash(key=_key(options.key))
        self.radio = Radio(self.air, Identity(name=options.name), faults.battery_percent, options.speed)
        outlet: Outlet = self.radio
        if port is not None:
            outlet = port
        outlet.loses = _loses(faults.lost, options.seed)
        code = make(measured, faults, options.name, outlet)
        plan = schedule(faults, measured.seconds, options.seed)
        self.world = World(code, outlet, self.flash, plan, self.clock, TurnPace(options.speed))
        self._images = ImageGroup(self.flash)
        groups: dict[int, Group] = {
            0: OsGroup(self.world.reset_soon),
            1: self._images,
            3: SettingsGroup(code),
            8: FileGroup(code),
        }
        self.smp = SmpServer(groups)
        self.world.on_start, self.world.on_gone = self._identify, self.smp.forget
        outlet.on_request = self._request
        self._task: asyncio.Task[None] | None = None
        self._hosts_n = 0

    async def start(self) -> None:
        """Switch the clip on, and let time pass."""
        self._identify()
        await self.world.outlet.switch_on()
        self._task = asyncio.create_task(self.world.run())

    async def stop(self) -> None:
        """Let time stand still, and switch the clip off."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self.world.outlet.switch_off()
        self.world.code.close()

    def check(self) -> None:
        """Raise what has ended the world, if anything has."""
        if self._task is not None and self._task.done() and not self._task.cancelled():
            self._task.result()

    def join(self) -> AirController:
        """The controller of one more host in this air."""
        self._hosts_n += 1
        address = _HOST_ADDRESS.format(self._hosts_n & 0xFF)
        return self.air.join(f"host {address}", address)

    def adapter(self) -> Adapter:
        """One more host's Bluetooth."""

        async def opened() -> tuple[Any, Any, Closing]:
            controller = self.join()

            async def closed() -> None:
                self.air.leave(controller)

            return controller, AsyncPipeSink(controller), closed

        return Adapter(opened, "The virtual Bluetooth")

    def _identify(self) -> None:
        """What the clip says of itself is taken from its settings, and from the image that runs, when it starts."""
        read = self.world.code.read_setting
        name, running_speed = read("trendel/name"), read("trendel/rsc")
        self.radio.identity = replace(
            self.radio.identity,
            name=_text(decode_setting("name", name[1])["name"]) if not name[0] else self.radio.identity.name,
            running_speed=not running_speed[0] and bool(decode_setting("rsc", running_speed[1])["on"]),
            firmware=".".join(map(str, self.flash.version)),
        )
        self.smp.forget()
        self._images.forget()

    def _request(self, data: bytes) -> None:
        responses = self.smp.feed(data)
        took_s, self._images.took_s = self._images.took_s, 0.0
        for response in responses:
            self.world.answer(response, took_s)


async def measured_of(file: str, options: Options) -> Measured:
    """What a moniker's file, or the synthetic runner where there is none, gives to measure. Raises LinkError."""
    if file == RESTS and not Path(file).exists():
        return resting(options.seed, options.rate)
    if file:
        return await asyncio.to_thread(recorded, Path(file), options.rate)
    return await asyncio.to_thread(runner, options.seed, options.rate)


def _text(raw: bytes) -> str:
    return bytes(raw).decode("utf-8", "replace")


def _key(file: str | None) -> bytes | None:
    if file is None:
        return None
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise LinkError(f"{file}: the public key cannot be read ({error.strerror}).") from None


def _loses(share: float, seed: int) -> Callable[[bytes], bool]:
    """Of blocks and records: what greets a subscriber meets empty buffers, and comes through."""
    rng = np.random.default_rng([seed, 3])
    return lambda packet: packet[0] not in (KIND_HELLO, KIND_LAYOUT) and rng.random() < share
