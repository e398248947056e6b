"""A recording in the firmware's IMU, its strides and samples over its own Bluetooth stack to the host, bit for bit."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import numpy as np
import pytest

from tests.device.zephyr.native import Native, needs_firmware, running
from tests.device.zephyr.recomputed import strides
from tests.host.recording.made import running as made_running
from trendel.clock import HostClock
from trendel.links import parse_moniker
from trendel.links.ble import BleLink
from trendel.links.packetise import counts_of
from trendel.links.protocol import Arrival
from trendel.wire import layout as lt
from trendel.wire.packets import Hello, ImuBlock, RecordBlock

pytestmark = needs_firmware

RATE_HZ, SECONDS, SPEED = 208.0, 40.0, 1.0
RUNS = int(os.environ.get("TRENDEL_NATIVE_RUNS", "1"))


def recording() -> np.ndarray:
    """(n, 6) int16: somebody running."""
    _, acc, gyr = made_running(SECONDS, RATE_HZ)
    samples, _ = counts_of(acc, gyr)
    return np.concatenate([samples["acc"], samples["gyr"]], axis=1)


@pytest.mark.parametrize("run", range(RUNS))
def test_samples_and_strides_are_those_of_the_recording_to_the_bit(run: int, tmp_path: Path) -> None:
    counts = recording()
    arrived = asyncio.run(_streamed(tmp_path, counts))
    packets = [arrival.received.packet for arrival in arrived]
    hello = next(packet for packet in packets if isinstance(packet, Hello))
    assert hello.fields["hardware"] == 3 and hello.fields["kernel_hash"] != 0
    blocks = [packet for packet in packets if isinstance(packet, ImuBlock)]
    sequences = [int(block.header["sequence"]) for block in blocks]
    times = np.array([arrival.time_ns for arrival in arrived]) / 1e9
    pause = f"longest pause of arrivals {np.diff(times).max():.2f} s, {int(np.diff(times).argmax())} of {len(times)}"
    assert sequences == list(range(len(blocks))), f"a block was lost, or is not from the first on; {pause}"
    sampled = np.concatenate([block.samples for block in blocks])
    taken = np.concatenate([sampled["acc"], sampled["gyr"]], axis=1)
    first = _found(taken, counts)
    assert np.array_equal(taken[first : first + len(counts)], counts), "samples differ from the recording"
    told = [record for packet in packets for record in _strides_in(packet)]
    again = strides(blocks, RATE_HZ)
    assert len(told) > SECONDS / 2
    assert told == again[: len(told)] and len(again) - len(told) <= 2, "the clip's kernels gave other bits"


def _strides_in(packet: object) -> list[bytes]:
    if not isinstance(packet, RecordBlock) or packet.header["kind"] != lt.KIND_STRIDE:
        return []
    n = int(packet.header["record_size"])
    return [packet.body[at : at + n] for at in range(0, len(packet.body), n)]


def _found(taken: np.ndarray, counts: np.ndarray) -> int:
    """Where in what was taken the recording begins: the IMU rests before."""
    for first in range(len(taken) - len(counts) + 1):
        if np.array_equal(taken[first : first + 50], counts[:50]):
            return first
    raise AssertionError("the recording's first samples did not arrive")


async def _streamed(folder: Path, counts: np.ndarray) -> list[Arrival]:
    found: list[Arrival] = []
    async with running(folder, counts=counts, dt_ns=1e9 / RATE_HZ, speed=SPEED) as clip:
        link = BleLink(parse_moniker("ble:Trendel"), HostClock(), backend=clip.adapter().backend())
        async with link, asyncio.timeout(20.0 + 2.0 * SECONDS / SPEED):
            async for event in link.events():
                if isinstance(event, Arrival):
                    found.append(event)
                    await _play_or_end(clip, found, len(counts))
                    if _samples_n(found) > len(counts) + 600:
                        break
    return found


async def _play_or_end(clip: Native, found: list[Arrival], wanted_n: int) -> None:
    """The recording begins once some samples at rest have come."""
    if sum(isinstance(arrival.received.packet, ImuBlock) for arrival in found) == 3:
        clip.say("play")


def _samples_n(found: list[Arrival]) -> int:
    last = next((a.received.packet for a in reversed(found) if isinstance(a.received.packet, ImuBlock)), None)
    return 0 if last is None else int(last.header["sample_i"])
