"""Serial over a pty: noise, partial writes, unplugging, and what is said."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("serial", reason="pyserial is not installed: pip install 'trendel[links]'")
pytest.importorskip("pty", reason="this system has no ptys")

from serial.tools.list_ports_common import ListPortInfo

from tests.host.links.fake_port import FakePort
from tests.host.links.made import arrivals, run_async, take
from tests.host.session.made import hello, run
from trendel.clock import HostClock
from trendel.errors import LinkError
from trendel.links import parse_moniker, usb
from trendel.links.held import Patience
from trendel.links.protocol import Arrival, Change
from trendel.links.usb import UsbLink
from trendel.wire.framing import frame


@pytest.fixture
def port(tmp_path: Path) -> Iterator[FakePort]:
    made = FakePort(tmp_path / "ttyACM0")
    yield made
    made.unplug()


def _link(port: FakePort | str) -> UsbLink:
    target = port.path if isinstance(port, FakePort) else port
    return UsbLink(parse_moniker(f"usb:{target}"), HostClock(), patience=Patience(0.01, 0.05))


async def _send(port: FakePort, data: bytes, piece_n: int = 64) -> None:
    """All of `data`, in pieces as USB brings them, as fast as it is read."""
    at = 0
    while at < len(data):
        before = port.dropped_n
        port.write(data[at : at + piece_n])
        at += min(piece_n, len(data) - at) - (port.dropped_n - before)
        await asyncio.sleep(0)


def test_everything_arrives_through_noise_and_pieces(port: FakePort) -> None:
    packets = [hello(), *run(20.0)]
    rng = np.random.default_rng(1)
    data = b""
    for k, raw in enumerate(packets):
        noise = rng.integers(1, 256, 40, np.uint8).tobytes() + b"\0" if k % 7 == 3 else b""
        data += noise + frame(raw)

    async def work() -> None:
        async with _link(port) as link:
            sender = asyncio.create_task(_send(port, data, 61))
            events = await take(link, len(packets))
            await sender
            assert [a.received.raw for a in arrivals(events)] == packets
            assert link.counts.errors_n == len([k for k in range(len(packets)) if k % 7 == 3])
            times = [event.time_ns for event in events]
            assert len(set(times)) == len(times) and times == sorted(times)

    run_async(work())


def test_unplugged_in_a_frame_and_plugged_in_again(port: FakePort) -> None:
    packets = run(20.0)

    async def work() -> None:
        found: list[bytes] = []
        states: list[str] = []
        async with _link(port) as link:

            async def follow() -> None:
                async for event in link.events():
                    if isinstance(event, Arrival):
                        found.append(event.received.raw)
                    else:
                        states.append(event.state)

            task = asyncio.create_task(follow())
            for k in range(3):
                for raw in packets[20 * k : 20 * k + 20]:
                    assert port.send(raw)
                port.write(frame(packets[0])[:50])
                async with asyncio.timeout(5):
                    while len(found) < 20 * (k + 1):
                        await asyncio.sleep(0.01)
                port.unplug()
                await asyncio.sleep(0.1)
                port.plug()
                async with asyncio.timeout(5):
                    while states.count("connected") < k + 2:
                        await asyncio.sleep(0.01)
            await link.close()
            await task
        assert found == packets[:60]
        assert states == ["connected", *(["lost", "waiting", "connected"] * 3)]
        assert link.counts.skipped_n >= 3 * 49

    run_async(work())


def test_what_cannot_be_opened_is_said_with_what_to_do(port: FakePort, tmp_path: Path) -> None:
    async def twice() -> None:
        async with _link(port):
            await _link(port).open()

    with pytest.raises(LinkError, match="in use by another program"):
        run_async(twice())
    (tmp_path / "file").write_text("x")
    for target, says in ((tmp_path / "none", "is not there"), (tmp_path / "file", "cannot be opened")):
        with pytest.raises(LinkError, match=says) as caught:
            run_async(_link(str(target)).open())
        assert str(caught.value).endswith(".")


def test_a_port_is_found_by_its_product(port: FakePort, monkeypatch: pytest.MonkeyPatch) -> None:
    def found(*names: str, one: bool = False) -> list[ListPortInfo]:
        ports = []
        for k, name in enumerate(names):
            info = ListPortInfo(str(port.path))
            info.product, info.serial_number = name, "7e57" if one else f"7e5{k}"
            ports.append(info)
        return ports

    async def opened() -> list[object]:
        async with _link("") as link:
            port.send(hello())
            return list(await take(link, 1))

    monkeypatch.setattr(usb.list_ports, "comports", lambda: found("Arduino", "Trendel clip"))
    first = run_async(opened())[0]
    assert isinstance(first, Change) and first.sentence == f"The clip on {port.path} is connected."
    monkeypatch.setattr(usb.list_ports, "comports", lambda: found("Arduino"))
    with pytest.raises(LinkError, match="plug it in"):
        run_async(opened())
    monkeypatch.setattr(usb.list_ports, "comports", lambda: found("Trendel clip", "Trendel clip"))
    with pytest.raises(LinkError, match="Several clips"):
        run_async(opened())
    # The second port of a clip is for its management.
    monkeypatch.setattr(usb.list_ports, "comports", lambda: found("Trendel clip", "Trendel clip", one=True))
    assert run_async(opened())


def test_closing_gives_the_port_back(port: FakePort) -> None:
    async def work() -> None:
        descriptors = Path("/proc/self/fd")
        before = len(list(descriptors.iterdir())) if descriptors.exists() else 0
        for _ in range(3):
            async with _link(port):
                await asyncio.sleep(0.02)
            assert not port.is_read()
        if before:
            assert len(list(descriptors.iterdir())) == before

    run_async(work())
