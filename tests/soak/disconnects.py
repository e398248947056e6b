"""An hour over a bad link, as fast as it goes: disconnects at random and lost notifications, through bleak's API.

What is lost on the way stays lost, as no log is asked for it: it must be counted, and nothing else be missing."""

import asyncio
import random
from dataclasses import dataclass
from pathlib import Path

from tests.host.links.fake_ble import Air, AirClip
from tests.host.session.made import hello, run
from trendel.app.follow import Ending, Run
from trendel.app.marks import Mark
from trendel.app.recorder import Recorder
from trendel.clock import HostClock
from trendel.links import parse_moniker
from trendel.links.ble import BleLink
from trendel.links.held import Patience
from trendel.links.intake import Intake, Taken
from trendel.links.protocol import Change
from trendel.recording.session import open_session
from trendel.wire.layout import IMU_SAMPLES_MAX, KIND_IMU

_LOSS = 0.02
_BURST_N = 4
_BURST_S = 0.0005


@dataclass(frozen=True)
class BadLink:
    """Blocks that the clip made, that reached the host, that are in the session; samples missing, and counted so."""

    made_n: int
    received_n: int
    stored_n: int
    missing_n: int
    counted_n: int
    connections_n: int
    same_bytes: bool


class _Nobody:
    """Watches nothing."""

    def change(self, change: Change) -> None:
        pass

    def take(self, item: Taken) -> None:
        pass

    def mark(self, mark: Mark) -> None:
        pass

    def tick(self) -> None:
        pass


def over_a_bad_link(folder: Path, seconds: float = 3600.0, disconnects_n: int = 20, seed: int = 1) -> BadLink:
    """Record `seconds` of running at 208 Hz over such a link."""
    clip = AirClip("Anna", "C0:00:00:00:00:01", [hello()], run(seconds))
    sent: list[bytes] = []
    intake, out = Intake(), folder / "bad-link.mcap"

    async def work() -> None:
        rng = random.Random(seed)
        drops = set(rng.sample(range(1, len(clip.packets) - 1), disconnects_n))
        link = BleLink(
            parse_moniker("ble:"), HostClock(), backend=Air([clip]).backend(), patience=Patience(0.01, 0.05), scan_s=0.1
        )
        async with link:
            recorder, ending = Recorder(out, link.clock, {}), Ending()
            task = asyncio.create_task(Run(link, intake, _Nobody(), recorder).follow(ending))
            for k, raw in enumerate(clip.packets):
                # The first and the last arrive, so that everything lost lies between samples.
                if rng.random() < _LOSS and 0 < k < len(clip.packets) - 1:
                    clip.position += 1
                    continue
                while k == len(clip.packets) - 1 and (clip.client is None or clip.client.callback is None):
                    await asyncio.sleep(0.01)
                if clip.client is not None and clip.client.callback is not None:
                    sent.append(raw)
                clip.send(1)
                if k in drops:
                    clip.drop()
                if k % _BURST_N == 0:
                    await asyncio.sleep(_BURST_S)
            ending.ask()
            await task
            assert recorder.close("the end").error is None

    asyncio.run(work())
    with open_session(out) as session:
        stored = [packet.raw for packet in session.packets() if packet.raw[0] == KIND_IMU]
    missing = (len(clip.packets) - len(sent)) * IMU_SAMPLES_MAX
    counted = intake.losses.samples_lost_n
    same = sorted(stored) == sorted(sent)
    return BadLink(len(clip.packets), len(sent), len(stored), missing, counted, clip.connections_n, same)
