"""Malformed writes to the firmware, with a bond and without: it answers or is silent, and goes on sampling."""

from __future__ import annotations

import asyncio
import os
import random
import struct
import time
from pathlib import Path

import pytest
from bleak import BleakClient
from bleak.exc import BleakError
from smpclient.requests.os_management import EchoWrite

from tests.device.zephyr.host import asked, bleak_of, fault_counters, managed, unpaired
from tests.device.zephyr.native import needs_firmware, running
from trendel.wire.gatt import SMP_CHARACTERISTIC, STREAM_PACKETS

pytestmark = needs_firmware

FUZZ_S = float(os.environ.get("TRENDEL_FUZZ_S", "6"))
SMP_HEADER = struct.Struct(">BBHHBB")
BODIES = (
    b"\xa1\x64name\x6a/log/flash",
    b"\xa2\x64name\x6a/log/flash\x63off\x1b\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\xa2\x64name\x6ctrendel/name\x63val\x5a\x7f\xff\xff\xff",
    b"\xa1\x64data\x9f\x9f\x9f\x9f",
    b"\xbf\x64hash\x58\x20" + b"\0" * 32 + b"\xff",
    b"\xa3\x63off\x00\x63len\x1a\xff\xff\xff\xff\x64data\x44\0\0\0\0",
    b"",
)


def malformed(dice: random.Random) -> bytes:
    """An SMP request that is wrong somewhere: header, length, CBOR, or nothing but noise."""
    kind = dice.randrange(4)
    if kind == 0:
        return dice.randbytes(dice.randrange(1, 244))
    body = bytearray(dice.choice(BODIES))
    if kind == 2 and body:
        body[dice.randrange(len(body))] ^= 1 << dice.randrange(8)
    length = len(body) if kind != 3 else dice.choice((0, 1, len(body) + 1, 1023, 65535))
    # Never an order to reset or erase: those are obeyed from whoever is bonded.
    group, command = dice.choice(((0, 0), (0, 6), (1, 0), (1, 1), (3, 0), (3, 1), (8, 0), (8, 1), (8, 4), (77, 3)))
    return SMP_HEADER.pack(dice.choice((0, 2, 8, 10, 3, 7)), 0, length, group, dice.randrange(256), command) + body


async def _fuzzed(bleak: BleakClient, dice: random.Random, seconds: float) -> int:
    sent, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            await bleak.write_gatt_char(SMP_CHARACTERISTIC, malformed(dice)[:244], response=False)
        except BleakError:
            if not bleak.is_connected:
                break
        sent += 1
        await asyncio.sleep(0.004)
    return sent


@pytest.mark.parametrize("bonded", [False, True])
def test_it_stays_well(bonded: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dice = random.Random(7)

    async def work() -> None:
        async with running(tmp_path) as clip:
            stream: list[bytes] = []
            sent = 0
            while sent < 40 * FUZZ_S:  # it may hang up on who sends nonsense
                if bonded:
                    async with managed(clip, monkeypatch) as client:
                        await bleak_of(client).start_notify(STREAM_PACKETS, lambda _, data: stream.append(bytes(data)))
                        sent += await _fuzzed(bleak_of(client), dice, FUZZ_S)
                else:
                    async with unpaired(clip) as bleak:
                        await bleak.start_notify(STREAM_PACKETS, lambda _, data: stream.append(bytes(data)))
                        sent += await _fuzzed(bleak, dice, FUZZ_S)
                await asyncio.sleep(0.5)
                assert clip.alive
            indices = [struct.unpack_from("<I", packet, 4)[0] for packet in stream if packet[0] == 1]
            assert len(indices) > 5 * FUZZ_S, "the stream starved"
            async with managed(clip, monkeypatch) as client:
                assert (await asked(client, EchoWrite(d="well"))).r == "well"
                counters = await fault_counters(client)
            if bonded:
                assert counters["writes_refused"] > 0
            assert counters["stack_low"] == 0 and counters["log_program_errors"] == 0

    asyncio.run(asyncio.wait_for(work(), 90.0 + 3 * FUZZ_S))
