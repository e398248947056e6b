"""Links for the contract tests, each with something at its other end."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from tests.host.links.made import csv_file, session_file
from tests.host.session.made import run
from trendel.clock import HostClock
from trendel.links import Link, make_link, parse_moniker
from trendel.wire.packets import encode_hello
from trendel.wire.records import own_layouts

_READY_N = 100
Bench = Callable[[Path], AbstractAsyncContextManager[Link]]
FIRMWARE = "TRENDEL_LINK"
"""Names the link to a real clip, which is then put under the contract too."""


@asynccontextmanager
async def replay_session(folder: Path) -> AsyncIterator[Link]:
    """A session played again."""
    yield make_link(f"replay:{session_file(folder)}@max")


@asynccontextmanager
async def replay_csv(folder: Path) -> AsyncIterator[Link]:
    """A CSV as packets."""
    yield make_link(f"replay:{csv_file(folder)}@max")


@asynccontextmanager
async def ble(folder: Path) -> AsyncIterator[Link]:
    """Bluetooth by bleak's API, to a clip in a made-up air."""
    pytest.importorskip("bleak", reason="bleak is not installed: pip install 'trendel[links]'")
    from tests.host.links.fake_ble import Air, AirClip
    from trendel.links.ble import BleLink

    clip = AirClip("Anna", "C0:00:00:00:00:01", _preamble(), run(300.0))
    link = BleLink(parse_moniker("ble:Anna"), HostClock(), backend=Air([clip]).backend())
    async with _every_millisecond(lambda: clip.send(1) if clip.client is not None and clip.client.callback else None):
        yield link


@asynccontextmanager
async def usb(folder: Path) -> AsyncIterator[Link]:
    """A serial port that is a pty."""
    pytest.importorskip("serial", reason="pyserial is not installed: pip install 'trendel[links]'")
    pytest.importorskip("pty", reason="this system has no ptys")
    from tests.host.links.fake_port import FakePort
    from trendel.links.usb import UsbLink

    port = FakePort(folder / "ttyACM0")
    packets = iter([*_preamble(), *run(300.0)])
    link = UsbLink(parse_moniker(f"usb:{port.path}"), HostClock())
    try:
        # A pty has no DTR, by which a clip knows that the port is open and ready: so some time after it is open.
        seen_n = 0

        def send() -> None:
            nonlocal seen_n
            seen_n = seen_n + 1 if port.is_read() else 0
            if seen_n > _READY_N:
                port.send(next(packets))

        async with _every_millisecond(send):
            yield link
    finally:
        port.unplug()


def _preamble() -> list[bytes]:
    layouts = own_layouts(1)
    return [encode_hello(boot=1, serial=7, rate_mhz=208_000, layout_n=len(layouts), name=b"Anna"), *layouts]


@asynccontextmanager
async def _every_millisecond(work: Callable[[], object]) -> AsyncIterator[None]:
    async def again() -> None:
        while True:
            work()
            await asyncio.sleep(0.001)

    task = asyncio.create_task(again())
    try:
        yield
    finally:
        task.cancel()


@asynccontextmanager
async def firmware(folder: Path) -> AsyncIterator[Link]:
    """The clip that the environment names."""
    yield make_link(os.environ[FIRMWARE])


BENCHES: dict[str, Bench] = {
    "replay-session": replay_session,
    "replay-csv": replay_csv,
    "ble": ble,
    "usb": usb,
    "firmware": firmware,
}
