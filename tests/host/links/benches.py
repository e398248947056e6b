"""Links for the contract tests, each with something at its other end."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.host.links.made import csv_file, session_file
from trendel.clock import HostClock
from trendel.errors import CoreError
from trendel.links import Link, make_link, parse_moniker

if TYPE_CHECKING:
    from trendel.links.sim.bench import Bench
    from trendel.links.sim.usb_port import UsbPort

Benched = Callable[[Path], AbstractAsyncContextManager[Link]]
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
async def sim(folder: Path) -> AsyncIterator[Link]:
    """The simulated clip in this process."""
    yield make_link(f"sim:{csv_file(folder, 30.0)}?speed=20")


@asynccontextmanager
async def ble(folder: Path) -> AsyncIterator[Link]:
    """Bluetooth by bleak's API over HCI over TCP, to a simulated clip."""
    from trendel.links.ble import BleLink
    from trendel.links.sim.backend import over_transport
    from trendel.links.sim.serve import hci_served

    async with running_bench(folder) as bench, hci_served(bench, "tcp-server:127.0.0.1:0") as way:
        backend = over_transport(way.partition("bumble:")[2]).backend()
        yield BleLink(parse_moniker("ble:Anna"), HostClock(), backend=backend)


@asynccontextmanager
async def usb(folder: Path) -> AsyncIterator[Link]:
    """A serial port that is a pty, with a simulated clip at its other end."""
    pytest.importorskip("pty", reason="this system has no ptys")
    from trendel.links.sim.usb_port import UsbPort
    from trendel.links.usb import UsbLink

    port = UsbPort(folder / "ttyACM0")
    async with running_bench(folder, port):
        yield UsbLink(parse_moniker(f"usb:{port.path}"), HostClock())


@asynccontextmanager
async def zephyr(folder: Path) -> AsyncIterator[Link]:
    """The firmware as a Linux process: Zephyr's own Bluetooth stack at the other end."""
    need_simulation()
    from tests.device.zephyr.native import WHY_NOT, running

    if WHY_NOT:
        pytest.skip(WHY_NOT)
    from trendel.links.ble import BleLink

    async with running(folder, speed=2.0) as clip:
        clip.say("button")  # the link pairs by itself where it has to
        yield BleLink(parse_moniker("ble:Trendel"), HostClock(), backend=clip.adapter().backend())


def need_simulation() -> None:
    """Skip where the simulated clip cannot be; where it can, have it compiled, which may take longer than a test."""
    pytest.importorskip("bumble", reason="bumble is not installed: pip install 'trendel[sim]'")
    pytest.importorskip("serial", reason="pyserial is not installed: pip install 'trendel[links]'")
    pytest.importorskip("cffi", reason="cffi is not installed: pip install 'trendel[core]'")
    from trendel_core.binding import load
    from trendel_core.kernels import kernel_functions

    try:
        load()
    except CoreError as error:
        pytest.skip(str(error), allow_module_level=True)
    kernel_functions()


@asynccontextmanager
async def running_bench(folder: Path, port: UsbPort | None = None, **options: Any) -> AsyncIterator[Bench]:
    """A simulated clip, twenty times as fast, whose time passes."""
    from trendel.links.sim.bench import Bench, Options, measured_of

    chosen = Options(**({"speed": 20.0} | options))
    bench = Bench(await measured_of(str(csv_file(folder, 30.0)), chosen), chosen, port=port)
    await bench.start()
    try:
        yield bench
        bench.check()
    finally:
        await bench.stop()


@asynccontextmanager
async def firmware(folder: Path) -> AsyncIterator[Link]:
    """The clip that the environment names."""
    yield make_link(os.environ[FIRMWARE])


BENCHES: dict[str, Benched] = {
    "replay-session": replay_session,
    "replay-csv": replay_csv,
    "sim": sim,
    "ble": ble,
    "usb": usb,
    "zephyr": zephyr,
    "firmware": firmware,
}
SIMULATED = ("sim", "ble", "usb")
"""Those that need the simulated clip."""
