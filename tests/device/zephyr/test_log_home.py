"""A run without a host on the firmware, brought home over the air, its kernels' states computed again to the bit."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np

from tests.device.zephyr.native import needs_firmware, running
from tests.host.recording.made import running as made_running
from trendel.analysis.recompute import Settings, recompute
from trendel.clock import HostClock
from trendel.links import parse_moniker
from trendel.links.ble import BleLink
from trendel.links.log_reading import PartialImage, read_log, read_table, wanted
from trendel.links.packetise import counts_of
from trendel.recording.log_runs import LoggedRun, runs_of

pytestmark = needs_firmware

RATE_HZ, SECONDS, SPEED = 208.0, 105.0, 4.0


def test_a_run_alone_comes_home_whole(tmp_path: Path) -> None:
    _, acc, gyr = made_running(SECONDS, RATE_HZ)
    samples, _ = counts_of(acc, gyr)
    counts = np.concatenate([samples["acc"], samples["gyr"]], axis=1)
    run = max(asyncio.run(asyncio.wait_for(_brought(tmp_path, counts), 200.0)), key=lambda run: run.strides_n)
    assert run.hello is not None
    assert run.strides_n > SECONDS / 2 and run.holes_n == 0
    blocks = run.blocks()
    sequences = [int(block.header["sequence"]) for block in blocks]
    assert sequences == list(range(sequences[0], sequences[0] + len(sequences)))
    again = recompute(run.hello, Settings(), blocks, run.checkpoints(), run.events)
    assert not again.why_not
    assert again.states_n >= 2 and again.states_differ_n == 0


async def _brought(folder: Path, counts: np.ndarray) -> list[LoggedRun]:
    async with running(folder, counts=counts, dt_ns=1e9 / RATE_HZ, speed=SPEED) as clip:
        await asyncio.sleep(2.0 / SPEED)
        clip.say("play")
        await asyncio.sleep((SECONDS + 3.0) / SPEED)
        link = BleLink(parse_moniker("ble:Trendel"), HostClock(), backend=clip.adapter().backend())
        async with link:
            assert link._client is not None
            clip.say("button")
            await asyncio.sleep(0.2)
            await link._client.pair()
            table = await read_table(link.management)
            partial = PartialImage(folder / "partial")
            image = await read_log(link.management, wanted(table, 0), partial, lambda done, of: None)
            partial.close()
        return runs_of(image.entries())
