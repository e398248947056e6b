"""The simulated clip managed by the real smpclient, over bleak and over a serial port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

pytest.importorskip("bumble", reason="bumble is not installed: pip install 'trendel[sim]'")
pytest.importorskip("smpclient", reason="smpclient is not installed: pip install 'trendel[links]'")

from bleak.backends import BleakBackend
from smpclient import SMPClient
from smpclient.generics import error, success
from smpclient.requests.file_management import FileStatus
from smpclient.requests.image_management import ImageStatesRead, ImageStatesWrite
from smpclient.requests.os_management import EchoWrite, ResetWrite
from smpclient.requests.settings_management import ReadSetting, WriteSetting
from smpclient.transport.ble import SMPBLETransport
from smpclient.transport.serial import SMPSerialTransport

from tests.host.links.benches import need_simulation, running_bench
from tests.host.links.made import run_async
from trendel.clock import HostClock
from trendel.links import parse_moniker
from trendel.links.ble import BleLink
from trendel.links.protocol import Arrival
from trendel.links.sim.bench import Bench
from trendel.links.sim.mcuboot import image_hash
from trendel.links.sim.practice import practice_image
from trendel.links.sim.usb_port import UsbPort
from trendel.wire.settings import decode_sectors, decode_setting, encode_setting

need_simulation()


@asynccontextmanager
async def _by_bluetooth(bench: Bench, monkeypatch: pytest.MonkeyPatch, name: str) -> AsyncIterator[SMPClient]:
    backend = bench.adapter().backend()
    monkeypatch.setattr("bleak.get_platform_client_backend_type", lambda: (backend.client, BleakBackend.BLUEZ_DBUS))
    monkeypatch.setattr("bleak.get_platform_scanner_backend_type", lambda: (backend.scanner, BleakBackend.BLUEZ_DBUS))
    async with SMPClient(SMPBLETransport(), name, timeout_s=10.0) as client:
        yield client


async def _manage(client: SMPClient) -> None:
    """What each transport has to carry."""
    echo = await client.request(EchoWrite(d="x" * 600))
    assert success(echo) and echo.r == "x" * 600
    renamed = encode_setting("name", name=b"Berta")
    assert success(await client.request(WriteSetting(name="trendel/name", val=renamed)))
    read = await client.request(ReadSetting(name="trendel/name"))
    assert success(read) and decode_setting("name", read.val)["name"] == b"Berta"
    assert error(await client.request(WriteSetting(name="trendel/name", val=b"not one")))
    table = decode_sectors(await client.download_file("/log/sectors"))
    size = await client.request(FileStatus(name="/log/flash"))
    assert success(size) and size.len == int(table.header["sector_n"]) * int(table.header["sector_bytes"])


def test_over_bluetooth_and_an_image_is_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = practice_image((1, 2, 3, 0), 6000)

    async def work() -> None:
        async with running_bench(tmp_path) as bench:
            async with _by_bluetooth(bench, monkeypatch, "Anna") as client:
                await _manage(client)
                offsets = [offset async for offset in client.upload(image)]
                assert offsets[-1] == len(image) and len(offsets) > 2
                tested = await client.request(ImageStatesWrite(hash=image_hash(image) or b"", confirm=False))
                assert success(tested) and tested.images[1].pending
                assert success(await client.request(ResetWrite()))
            async with asyncio.timeout(5.0):
                while not bench.world.restarts:
                    await asyncio.sleep(0.01)
            async with _by_bluetooth(bench, monkeypatch, "Berta") as client:  # by its new name
                states = await client.request(ImageStatesRead())
                assert success(states) and states.images[0].version == "1.2.3" and not states.images[0].confirmed
            assert bench.world.restarts == ["swap"]

    run_async(work())


def test_over_a_serial_port(tmp_path: Path) -> None:
    pytest.importorskip("pty", reason="this system has no ptys")

    async def work() -> None:
        port = UsbPort(tmp_path / "clip")
        client = SMPClient(SMPSerialTransport(), str(port.smp_path), timeout_s=10.0)
        async with running_bench(tmp_path, port), client:
            await _manage(client)

    run_async(work())


def test_the_log_is_read_while_the_clip_streams(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over one connection: answers and blocks share it, and neither starves nor tears the other."""
    import cbor2

    from trendel.links.sim.smp_server import HEADER
    from trendel.wire.gatt import SMP_CHARACTERISTIC
    from trendel.wire.packets import ImuBlock
    from trendel.wire.receiver import Receiver

    async def work() -> None:
        async with running_bench(tmp_path, speed=10.0) as bench:
            link = BleLink(parse_moniker("ble:Anna"), HostClock(), backend=bench.adapter().backend())
            async with link:
                client, held, whole = link._client, bytearray(), asyncio.Event()
                assert client is not None

                def answered(_: object, data: bytearray) -> None:
                    held.extend(data)
                    if len(held) >= 8 and len(held) >= 8 + HEADER.unpack_from(held)[2]:
                        whole.set()

                await client.start_notify(SMP_CHARACTERISTIC, answered)
                got = b""
                for k in range(20):
                    held.clear()
                    whole.clear()
                    body = cbor2.dumps({"name": "/log/flash", "off": len(got)})
                    request = HEADER.pack(8, 0, len(body), 8, k, 0) + body
                    await client.write_gatt_char(SMP_CHARACTERISTIC, request, response=False)
                    await asyncio.wait_for(whole.wait(), 5.0)
                    got += cbor2.loads(bytes(held[8:]))["data"]
                assert len(got) > 40_000
                receiver, events = Receiver(), link.events()
                while receiver.losses.blocks_n < 30:
                    event = await anext(events)
                    if isinstance(event, Arrival):
                        receiver.take(event.received.packet)
                        assert not isinstance(event.received.packet, ImuBlock) or event.received.packet.samples.size
                assert receiver.losses.blocks_lost_n == 0

    run_async(work())
