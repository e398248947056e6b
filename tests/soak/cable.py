"""A pty pair as a clip's cable: noise, frames in pieces, pulled out in the middle; nothing of the run is lost."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from pathlib import Path

from smp.packet import encode

from tests.device.core.rig import Clip, core
from tests.host.links.fake_port import FakePort
from tests.host.links.logged_clip import LoggedClip, values
from tests.soak.recovery import Driven, Whole, whole
from trendel.clock import SimulatedClock
from trendel.links import parse_moniker
from trendel.links.held import Patience
from trendel.links.usb import UsbLink
from trendel.links.usb_smp import PTY_SUFFIX, Lines
from trendel.wire.framing import frame


@dataclass(frozen=True)
class Cable(Whole):
    """Beside it: frames that were damaged, bytes that a full port dropped, times that it was plugged in again."""

    damaged_n: int = 0
    dropped_n: int = 0
    plugged_n: int = 0


def over_serial(folder: Path, seconds: float = 60.0, rate_hz: float = 833.0, unplugs_n: int = 6) -> Cable:
    """A pty pair at 833 Hz: noise between and within frames, frames in pieces, unplugged in the middle of them."""
    rng = random.Random(9)
    clip = Clip(core(), sector_n=512, records_quota=280)
    anna, clock = LoggedClip(clip, rate_hz), SimulatedClock()
    port, managed, lines = FakePort(folder / "tty"), FakePort(folder / f"tty{PTY_SUFFIX}"), Lines()
    link = UsbLink(parse_moniker(f"usb:{port.path}"), clock, patience=Patience(0.05, 0.2))
    run, counts = Driven(anna, clock, link), {"plugged": 0}

    async def serve() -> None:
        assert anna.air.smp is not None
        while True:
            for asked in lines.feed(managed.read()):
                managed.write(b"".join(encode(anna.air.smp.answer(asked), 127)))
            await asyncio.sleep(0.001)

    async def cable(raws: list[bytes]) -> None:
        stream = bytearray()
        for raw in raws:
            framed = bytearray(frame(raw))
            if rng.random() < 0.01:
                framed[rng.randrange(len(framed))] ^= 1 << rng.randrange(8)
            if rng.random() < 0.01:
                framed = bytearray(rng.randbytes(rng.randrange(1, 40))) + framed
            stream += framed
        while stream:
            n = rng.randrange(1, 700)
            port.write(bytes(stream[:n]))
            del stream[:n]
            await asyncio.sleep(0.0005)

    async def work(run: Driven) -> None:
        server = asyncio.create_task(serve())
        measured, sent_n = values(seconds, rate_hz), 0
        unplugs = set(rng.sample(range(2, int(seconds) - 2), unplugs_n))
        async with asyncio.timeout(10):
            while not port.is_read():
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.3)
        await cable([anna.hello()])
        for second in range(int(seconds)):
            part = measured[round(second * rate_hz) : round((second + 1) * rate_hz)]
            run.measure(part)
            new, sent_n = anna.made[sent_n:], len(anna.made)
            if second in unplugs:
                await cable(new[: len(new) // 2])
                port.unplug()
                managed.unplug()
                await asyncio.sleep(0.1)
                port.plug()
                managed.plug()
                counts["plugged"] += 1
                async with asyncio.timeout(10):
                    while not port.is_read():
                        await asyncio.sleep(0.01)
                await asyncio.sleep(0.1)
                await cable([anna.hello()])
            else:
                await cable(new)
        await asyncio.sleep(1.0)
        server_of_end.append(server)

    server_of_end: list[asyncio.Task[None]] = []

    async def whole_run() -> None:
        try:
            await run.follow(folder / f"cable-{seconds:g}.mcap", work)
        finally:
            for server in server_of_end:
                server.cancel()

    asyncio.run(whole_run())
    port.unplug()
    managed.unplug()
    found = whole(folder / f"cable-{seconds:g}.mcap", run, clip)
    return Cable(
        found.made_n, found.stored_n, found.doubled_n, found.home_n, 0.0,
        link.counts.errors_n, port.dropped_n, counts["plugged"],
    )  # fmt: skip
