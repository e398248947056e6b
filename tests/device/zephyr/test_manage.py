"""The firmware managed over its own Bluetooth stack: who may, settings and files over restarts, and what is refused."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from bleak.exc import BleakError
from bumble.core import ProtocolError
from smpclient.generics import error
from smpclient.requests.file_management import FileStatus
from smpclient.requests.os_management import EchoWrite, MCUMgrParametersRead, ResetWrite
from smpclient.requests.settings_management import DeleteSetting, ReadSetting, WriteSetting

from tests.device.zephyr.host import asked, bleak_of, fault_counters, managed, read_file, unpaired
from tests.device.zephyr.native import REBOOTED, SOFTWARE, Native, needs_firmware, running
from trendel.wire.gatt import SMP_CHARACTERISTIC
from trendel.wire.settings import decode_sectors, decode_setting, encode_setting

pytestmark = needs_firmware

REFUSED = (BleakError, TimeoutError, ProtocolError)
ECHO = b"\x0a\0\0\5\0\0\1\0\xa1\x61d\x61x"


def test_management_needs_a_bond_and_bonds_need_the_button(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        async with running(tmp_path) as clip:
            async with unpaired(clip) as bleak:
                answers: list[bytes] = []
                with pytest.raises(BleakError):  # by which a host learns that it has to pair
                    await bleak.start_notify(SMP_CHARACTERISTIC, lambda _, data: answers.append(bytes(data)))
                await bleak.write_gatt_char(SMP_CHARACTERISTIC, ECHO, response=False)
                await asyncio.sleep(1.0)
                assert not answers
                with pytest.raises(REFUSED):
                    async with asyncio.timeout(10.0):
                        await bleak.pair()
            async with managed(clip, monkeypatch) as client:
                assert (await asked(client, EchoWrite(d="now"))).r == "now"
                counters = await fault_counters(client)
            assert counters["bonds_refused"] >= 1

    asyncio.run(asyncio.wait_for(work(), 90.0))


def test_settings_and_log_live_over_restarts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        async with running(tmp_path) as clip:
            async with managed(clip, monkeypatch) as client:
                await _manage(client)
                await asked(client, ResetWrite())
            assert await clip.exited() == REBOOTED
            await clip.start(SOFTWARE)
            async with managed(clip, monkeypatch, name="Berta") as client:
                read = await asked(client, ReadSetting(name="trendel/name"))
                assert decode_setting("name", read.val)["name"] == b"Berta"
                table = decode_sectors(await read_file(client, "/log/sectors"))
                assert int(table.header["boot_n"]) == 2
            await clip.kill()  # without a warning
            await clip.start()
            async with managed(clip, monkeypatch, name="Berta") as client:
                table = decode_sectors(await read_file(client, "/log/sectors"))
                assert int(table.header["boot_n"]) == 3

    asyncio.run(asyncio.wait_for(work(), 120.0))


async def _manage(client) -> None:  # type: ignore[no-untyped-def]
    text = "x" * 600
    assert (await asked(client, EchoWrite(d=text))).r == text
    parameters = await asked(client, MCUMgrParametersRead())
    assert parameters.buf_size >= 1600 and parameters.buf_count >= 2
    await asked(client, WriteSetting(name="trendel/name", val=encode_setting("name", name=b"Berta")))
    assert error(await client.request(WriteSetting(name="trendel/name", val=b"not one")))
    assert error(await client.request(WriteSetting(name="trendel/no_such", val=b"1")))
    assert error(await client.request(DeleteSetting(name="trendel/mode")))  # always there
    await asked(client, DeleteSetting(name="trendel/mounting"))  # not there: as wanted
    assert error(await client.request(ReadSetting(name="bt/keys")))
    assert error(await client.request(WriteSetting(name="bt/name", val=b"1")))
    table = decode_sectors(await read_file(client, "/log/sectors"))
    assert int(table.header["boot_n"]) == 1
    size = await asked(client, FileStatus(name="/log/flash"))
    assert size.len == int(table.header["sector_n"]) * int(table.header["sector_bytes"]) == 2 << 20
    answer = await client.request(FileStatus(name="/log/nothing"))
    assert error(answer)
    counters = await fault_counters(client)
    assert counters["writes_refused"] >= 2


def test_an_imu_that_does_not_answer_is_a_fault_and_heals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing else suffers: management works, and sampling comes back."""

    async def work() -> None:
        async with running(tmp_path, speed=2.0) as clip:
            clip.say("deaf 1")
            async with managed(clip, monkeypatch) as client:
                stream = await _subscribed(client)
                await asyncio.sleep(4.0)
                counters = await fault_counters(client)
                assert counters["imu_bus_errors"] > 0
                stream.clear()
                clip.say("deaf 0")
                await _blocks(stream, 10, 30.0)
                clip.say("stuck 1")
                await asyncio.sleep(4.0)
                assert (await fault_counters(client))["imu_stalls"] > 0
                clip.say("stuck 0")
                stream.clear()
                await _blocks(stream, 10, 30.0)

    asyncio.run(asyncio.wait_for(work(), 120.0))


async def _subscribed(client) -> list[bytes]:  # type: ignore[no-untyped-def]
    from trendel.wire.gatt import STREAM_PACKETS

    found: list[bytes] = []
    await bleak_of(client).start_notify(STREAM_PACKETS, lambda _, data: found.append(bytes(data)))
    return found


async def _blocks(stream: list[bytes], n: int, timeout_s: float) -> None:
    """Wait for so many blocks of samples."""
    async with asyncio.timeout(timeout_s):
        while sum(packet[0] == 1 for packet in stream) < n:
            await asyncio.sleep(0.05)


def test_power_lost_at_any_time_loses_no_more_than_was_not_committed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed three times while it writes: each boot mounts the log, and knows all boots before."""

    async def work() -> None:
        clip = Native(tmp_path)
        try:
            for boot in range(1, 4):
                await clip.start(6 if boot > 1 else 1)
                async with managed(clip, monkeypatch) as client:
                    await _blocks(await _subscribed(client), 20 + 7 * boot, 30.0)
                    table = decode_sectors(await read_file(client, "/log/sectors"))
                    assert int(table.header["boot_n"]) == boot
                    counters = await fault_counters(client)
                    assert counters["resets_brownout"] == boot - 1
                    assert counters["log_program_errors"] == 0
                await clip.kill()
        finally:
            await clip.stop()

    asyncio.run(asyncio.wait_for(work(), 120.0))
