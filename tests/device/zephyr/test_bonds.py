"""Bonds of the firmware: kept over a restart without a new press of the button; unknown ones refused and counted."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from bleak import BleakClient, BleakScanner
from bumble.core import BaseBumbleError

from tests.device.zephyr.host import asked, fault_counters, managed, unpaired
from tests.device.zephyr.native import Native, needs_firmware, running
from trendel.links.sim.backend import Adapter
from trendel.wire.gatt import SMP_CHARACTERISTIC
from trendel.wire.settings import encode_setting

pytestmark = needs_firmware

AUTHENTICATION_FAILURE = 0x05
ECHO = b"\x0a\0\0\5\0\0\1\0\xa1\x61d\x61x"
RSC_SERVICE = "00001814-0000-1000-8000-00805f9b34fb"


async def _connected(adapter: Adapter) -> BleakClient:
    backend = adapter.backend()
    device = await BleakScanner.find_device_by_name("Trendel", 20.0, backend=backend.scanner)
    assert device is not None
    client = BleakClient(device, backend=backend.client)
    await client.connect()
    return client


def _connection(client: BleakClient) -> Any:
    """bumble's connection beneath."""
    return client._backend._held()  # type: ignore[attr-defined]


async def _echoed(client: BleakClient) -> bool:
    answers: list[bytes] = []
    await client.start_notify(SMP_CHARACTERISTIC, lambda _, data: answers.append(bytes(data)))
    await client.write_gatt_char(SMP_CHARACTERISTIC, ECHO, response=False)
    await asyncio.sleep(1.0)
    return bool(answers)


def test_a_bond_lives_over_a_restart_and_is_worth_nothing_to_another_clip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work() -> None:
        clip = Native(tmp_path)
        try:
            await clip.start()
            adapter = clip.adapter()
            await adapter.acquire()  # as long as it is on it knows its bonds
            client = await _connected(adapter)
            clip.say("button")
            await asyncio.sleep(0.2)
            await client.pair()
            assert await _echoed(client)
            await client.disconnect()
            await asyncio.sleep(1.0)
            await clip.kill()
            await clip.start(1)
            client = await _connected(adapter)
            await _connection(client).encrypt()
            assert await _echoed(client), "the clip forgot its bond"
            await client.disconnect()
            await clip.kill()
            clip.flash.unlink()  # another clip, or one that was erased
            await clip.start(1)
            client = await _connected(adapter)
            with pytest.raises((BaseBumbleError, TimeoutError)):
                async with asyncio.timeout(10.0):
                    await _connection(client).encrypt()
            await _connection(client).disconnect(AUTHENTICATION_FAILURE)  # as Linux does
            await asyncio.sleep(1.0)
            await adapter.release()
            async with managed(clip, monkeypatch) as other:
                assert (await fault_counters(other))["bonds_refused"] >= 1
        finally:
            await clip.stop()

    asyncio.run(asyncio.wait_for(work(), 120.0))


def test_running_speed_and_cadence_is_off_until_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from smpclient.requests.settings_management import WriteSetting

    async def work() -> None:
        async with running(tmp_path) as clip:
            async with unpaired(clip) as client:
                assert client.services.get_service(RSC_SERVICE) is None
            async with managed(clip, monkeypatch) as client:
                await asked(client, WriteSetting(name="trendel/rsc", val=encode_setting("rsc", on=1)))
            await asyncio.sleep(1.5)
            async with unpaired(clip) as client:
                assert client.services.get_service(RSC_SERVICE) is not None

    asyncio.run(asyncio.wait_for(work(), 60.0))
