"""What the air loses comes home from the log of the clip's own C code, to the byte, while the run goes on."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("smpclient", reason="smpclient is not installed: pip install 'trendel[links]'")
pytest.importorskip("bleak", reason="bleak is not installed: pip install 'trendel[links]'")

from tests.device.core.rig import Clip, core
from tests.host.links.fake_ble import Air
from tests.host.links.logged_clip import LoggedClip, values
from tests.host.links.made import run_async
from trendel.app import marks
from trendel.app.follow import Ending, Run
from trendel.app.marks import Mark
from trendel.app.recorder import Recorder
from trendel.clock import SimulatedClock
from trendel.links import parse_moniker
from trendel.links.ble import BleLink
from trendel.links.held import Patience
from trendel.links.intake import Intake, Notice, Taken
from trendel.links.protocol import Change
from trendel.links.recovery import Habits, Recovery
from trendel.recording.session import open_session
from trendel.recording.session.samples import gather, order
from trendel.wire.layout import KIND_IMU

HABITS = Habits(quiet_s=1.5, longest_s=10.0)


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(marks.FOLDER_VARIABLE, str(tmp_path / "running"))


@pytest.fixture
def anna() -> Iterator[LoggedClip]:
    clip = Clip(core(), sector_n=64, records_quota=10)
    yield LoggedClip(clip)
    assert clip.nor.violations_n == 0
    clip.close()


class Heard:
    def __init__(self) -> None:
        self.sentences: list[str] = []

    def change(self, change: Change) -> None:
        self.sentences.append(change.sentence)

    def take(self, item: Taken) -> None:
        if isinstance(item, Notice):
            self.sentences.append(item.sentence)

    def mark(self, mark: Mark) -> None:
        pass

    def tick(self) -> None:
        pass


class Recording:
    """A recording of a clip that a test drives."""

    def __init__(self, anna: LoggedClip, out: Path, habits: Habits = HABITS) -> None:
        self.anna, self.out, self.heard = anna, out, Heard()
        backend, patience = Air([anna.air]).backend(), Patience(0.01, 0.05)
        self.clock = SimulatedClock()  # goes on as the clip's does
        self.link = BleLink(parse_moniker("ble:"), self.clock, backend=backend, patience=patience, scan_s=0.2)
        self.habits, self.ending = habits, Ending()

    async def follow(self, work: Callable[[Recording], object]) -> str:
        """Record while `work`, then stop; what has become of it."""
        async with self.link:
            recorder = Recorder(self.out, self.link.clock, {})
            self.recovery = Recovery(self.link.management, self.link.clock, recorder.home, self.habits)
            run = Run(self.link, Intake(), self.heard, recorder, recovery=self.recovery)
            task = asyncio.create_task(run.follow(self.ending))
            await work(self)  # type: ignore[misc]
            self.ending.ask()
            why = await task
            assert recorder.close(why).error is None
        return why

    async def goes(self, seconds: float, seed: int = 1) -> None:
        """The clip measures, some hundred times as fast as life."""
        measured = values(seconds, seed=seed)
        for at in range(0, len(measured), 208):
            self.clock.advance(len(measured[at : at + 208]) / self.anna.rate_hz)
            self.anna.go(measured[at : at + 208])
            await asyncio.sleep(0.01)

    async def reached(self) -> None:
        """Until the clip is connected again."""
        async with asyncio.timeout(5):
            while self.anna.air.client is None or self.anna.air.client.callback is None:
                await asyncio.sleep(0.005)

    def blocks(self) -> list[bytes]:
        """In the session."""
        with open_session(self.out) as session:
            return [packet.raw for packet in session.packets() if packet.raw[0] == KIND_IMU]


def test_lost_notifications_come_home_while_it_goes_on(anna: LoggedClip, tmp_path: Path) -> None:
    rng = random.Random(1)
    recording = Recording(anna, tmp_path / "run.mcap")

    async def work(_: Recording) -> None:
        await recording.goes(2.0)
        anna.lose = lambda: rng.random() < 0.05
        await recording.goes(60.0)
        async with asyncio.timeout(15):
            while recording.recovery.missing.home_n < 200:  # before the end
                recording.clock.advance(0.1)
                await asyncio.sleep(0.01)
        anna.lose = lambda: True  # nor do the last ones arrive
        await recording.goes(2.0)

    assert run_async(recording.follow(work)) == "stopped"
    assert len(anna.sent) < len(anna.made) - 20
    blocks = recording.blocks()
    assert sorted(blocks) == sorted(anna.made)
    assert recording.recovery.missing.lacking_n == 0
    assert any("came home from the clip's log: none is missing" in s for s in recording.heard.sentences)
    with open_session(recording.out) as session:
        assert sorted(p.raw for p in session.packets(source="live") if p.raw[0] == KIND_IMU) == sorted(anna.sent)


def test_disconnects_and_a_link_that_is_lost_under_the_fetching(anna: LoggedClip, tmp_path: Path) -> None:
    recording = Recording(anna, tmp_path / "run.mcap")
    rng = random.Random(2)

    async def work(_: Recording) -> None:
        await recording.goes(3.0)
        for k in range(8):
            anna.air.drop()
            await recording.goes(rng.uniform(0.5, 6.0), seed=k)
            await recording.reached()
            await recording.goes(rng.uniform(0.5, 3.0), seed=k)
            await asyncio.sleep(rng.uniform(0.0, 0.3))  # the next comes while some are fetched
        anna.air.drop()
        anna.air.in_reach = False
        await recording.goes(3.0)  # comes home after the end
        asyncio.get_running_loop().call_later(0.5, setattr, anna.air, "in_reach", True)

    run_async(recording.follow(work))
    assert sorted(recording.blocks()) == sorted(anna.made)
    assert anna.air.connections_n > 9


def test_the_boot_before_comes_home_too(anna: LoggedClip, tmp_path: Path) -> None:
    recording = Recording(anna, tmp_path / "run.mcap")

    async def work(_: Recording) -> None:
        await recording.goes(5.0)
        anna.air.drop()
        await recording.goes(12.0)
        anna.restart()  # what was not committed yet is lost: at most 16 blocks
        await recording.goes(1.0)
        anna.restart()  # a boot of which nothing is heard
        await recording.reached()
        await recording.goes(5.0)

    run_async(recording.follow(work))
    blocks = recording.blocks()
    assert len(blocks) == len(set(blocks))
    assert set(blocks) == set(anna.sent) | anna.logged()
    assert 0 < len(set(anna.made) - set(blocks)) <= 16 + 12  # those that waited in the clip's memory
    assert recording.recovery.missing.lacking_n == 0  # nothing that is known of is missing
    samples = order(next(iter(gather(open_session(recording.out).packets()).values())))
    assert samples is not None and samples.repeated_n == 0


def test_what_the_log_has_given_up_is_said(tmp_path: Path) -> None:
    small = Clip(core(), sector_n=16, records_quota=6)
    anna = LoggedClip(small)
    recording = Recording(anna, tmp_path / "run.mcap")

    async def work(_: Recording) -> None:
        await recording.goes(5.0)
        anna.air.drop()
        anna.air.in_reach = False
        await recording.goes(90.0)  # more than such a log holds
        anna.air.in_reach = True
        await recording.reached()
        await recording.goes(3.0)

    run_async(recording.follow(work))
    blocks = recording.blocks()
    assert set(anna.logged()) <= set(blocks) and len(blocks) == len(set(blocks))
    missing = recording.recovery.missing
    assert missing.gone_n == len(anna.made) - len(blocks) > 100
    assert f"{missing.gone_n * 18} are not in its log any more" in recording.heard.sentences[-1]
    small.close()


def test_a_second_ctrl_c_leaves_what_is_missing(anna: LoggedClip, tmp_path: Path) -> None:
    recording = Recording(anna, tmp_path / "run.mcap")

    async def work(_: Recording) -> None:
        await recording.goes(5.0)
        anna.air.drop()
        anna.air.in_reach = False
        await recording.goes(5.0)
        anna.air.in_reach = True
        await recording.reached()
        anna.air.mute = True
        await recording.goes(1.0)
        asyncio.get_running_loop().call_later(0.4, recording.ending.ask)

    run_async(recording.follow(work))
    assert recording.recovery.missing.samples_n > 900
    assert "were not fetched" in recording.heard.sentences[-1]
    assert sorted(recording.blocks()) == sorted(anna.sent)


def test_a_clip_that_stays_away_is_not_waited_for_for_ever(anna: LoggedClip, tmp_path: Path) -> None:
    recording = Recording(anna, tmp_path / "run.mcap", Habits(quiet_s=0.5))

    async def work(_: Recording) -> None:
        await recording.goes(2.0)
        anna.lose = lambda: True
        await recording.goes(1.0)
        anna.lose = lambda: False
        await recording.goes(1.0)
        anna.air.drop()
        anna.air.in_reach = False

    run_async(recording.follow(work))
    assert "were not fetched" in recording.heard.sentences[-1]


def test_an_older_clip_has_no_such_files(anna: LoggedClip, tmp_path: Path) -> None:
    assert anna.air.smp is not None
    anna.air.smp.files.clear()
    recording = Recording(anna, tmp_path / "run.mcap")

    async def work(_: Recording) -> None:
        await recording.goes(2.0)
        anna.lose = lambda: True
        await recording.goes(1.0)
        anna.lose = lambda: False
        await recording.goes(1.0)

    run_async(recording.follow(work))
    assert "refuses /log/sectors" in recording.heard.sentences[-1]
    assert "were not fetched" in recording.heard.sentences[-1]
