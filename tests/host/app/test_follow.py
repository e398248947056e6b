"""A run behind a link that fails in the ways that links do: what is in the session then, and what is said."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

pytest.importorskip("bleak", reason="bleak is not installed: pip install 'trendel[links]'")

from tests.host.links.fake_ble import Air, AirClip
from tests.host.links.made import run_async
from tests.host.session.made import hello, run
from trendel.app import marks
from trendel.app.follow import Ending, Run, open_unless, stopped_by_signals
from trendel.app.marks import Mark
from trendel.app.recorder import Recorder
from trendel.clock import HostClock
from trendel.errors import LinkError
from trendel.links import parse_moniker
from trendel.links.ble import BleLink
from trendel.links.held import Patience
from trendel.links.intake import Intake, Notice, Taken
from trendel.links.protocol import Change
from trendel.recording import read
from trendel.recording.session import open_session, topics
from trendel.wire.packets import encode_hello


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(marks.FOLDER_VARIABLE, str(tmp_path / "running"))


class _Heard:
    """A taker that notes sentences."""

    def __init__(self) -> None:
        self.sentences: list[str] = []

    def change(self, change: Change) -> None:
        self.sentences.append(change.sentence)

    def take(self, item: Taken) -> None:
        if isinstance(item, Notice):
            self.sentences.append(item.sentence)

    def mark(self, mark: Mark) -> None:
        self.sentences.append(mark.label)

    def tick(self) -> None:
        pass


def _link(clip: AirClip) -> BleLink:
    return BleLink(
        parse_moniker("ble:"), HostClock(), backend=Air([clip]).backend(), patience=Patience(0.01, 0.05), scan_s=0.1
    )


async def _until_heard(clip: AirClip) -> None:
    async with asyncio.timeout(5):
        while clip.client is None or clip.client.callback is None:
            await asyncio.sleep(0.005)


def test_a_session_over_disconnects_holds_all_that_was_sent_to_it(tmp_path: Path) -> None:
    clip = AirClip("Anna", "C0:00:00:00:00:01", [hello()], run(60.0))
    heard, out = _Heard(), tmp_path / "run.mcap"

    async def work() -> list[bytes]:
        sent: list[bytes] = []
        async with _link(clip) as link:
            recorder = Recorder(out, link.clock, {})
            ending = Ending()
            following = Run(link, Intake(), heard, recorder)
            task = asyncio.create_task(following.follow(ending))
            for k in range(6):
                await _until_heard(clip)
                sent += clip.packets[clip.position : clip.position + 40]
                clip.send(40)
                if k < 5:
                    clip.drop()
                    clip.send(10)
            following.mark(Mark("after"))
            ending.ask()  # what has arrived by now is still taken
            assert await task == "stopped"
            assert recorder.close("stopped").error is None
        return sent

    sent = run_async(work())
    with open_session(out) as session:
        stored = list(session.packets())
        assert sorted(p.raw for p in stored if p.raw[0] == 1) == sorted(sent)
        assert sum(p.raw[0] == 2 for p in stored) == 6  # a hello for each connection
        states = [message.content["state"] for message in session.messages(topics.LINK)]
        assert states.count("lost") == states.count("connected") - 1 == 5
        assert [message.content["label"] for message in session.messages(topics.MARKERS)] == ["after"]
    recording = read(out)
    assert recording.counts.gaps + (recording.counts.filled > 0) >= 1
    assert recording.duration_s == pytest.approx((6 * 40 + 5 * 10) * 18 / 208, abs=0.1)


def test_another_clip_ends_the_run_and_the_session_is_whole(tmp_path: Path) -> None:
    clip = AirClip("Anna", "C0:00:00:00:00:01", [hello()], [*run(5.0), encode_hello(serial=0x99, name=b"Ben")])
    out = tmp_path / "run.mcap"

    async def work() -> None:
        async with _link(clip) as link:
            recorder = Recorder(out, link.clock, {})
            clip.send(1000)
            with pytest.raises(LinkError, match="Another clip answers now"):
                await Run(link, Intake(), _Heard(), recorder).follow(Ending())
            recorder.close("another clip")

    run_async(work())
    with open_session(out) as session:
        assert session.is_finished
        assert sum(1 for _ in session.packets()) == len(clip.packets) + 1


def test_what_is_reached_but_silent_is_told(tmp_path: Path) -> None:
    clip = AirClip("Anna", "C0:00:00:00:00:01", [], [])

    async def work() -> None:
        async with _link(clip) as link:
            with pytest.raises(LinkError, match="sends nothing that a clip would send"):
                await Run(link, Intake(), _Heard(), silence_s=0.3).follow(Ending())
        assert clip.client is None

    run_async(work())


def test_a_disk_that_fails_at_the_end_costs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setattr(Path, "home", lambda: home)
    clip = AirClip("Anna", "C0:00:00:00:00:01", [hello()], run(5.0))
    out = tmp_path / "run.mcap"
    real = os.fsync

    def full(fd: int) -> None:
        if str(Path(f"/proc/self/fd/{fd}").readlink()) == str(out):
            raise OSError(28, "No space left on device")
        real(fd)

    if not Path("/proc/self/fd").exists():
        pytest.skip("tells files by /proc")

    async def work() -> tuple[Path, list[str]]:
        async with _link(clip) as link:
            recorder = Recorder(out, link.clock, {})
            ending = Ending()
            task = asyncio.create_task(Run(link, Intake(), _Heard(), recorder).follow(ending))
            monkeypatch.setattr(os, "fsync", full)
            clip.send(1000)
            await asyncio.sleep(0.6)
            ending.ask()
            await task
            closed = recorder.close("stopped")
            return closed.path, list(recorder.troubles)

    saved, troubles = run_async(work())
    assert saved.parent == home
    assert troubles[-1].endswith(f"the session is saved as {saved}.")
    with open_session(saved) as session:
        assert session.is_finished
        assert sum(1 for _ in session.packets()) == len(clip.packets) + 1


@pytest.mark.skipif(os.name != "posix", reason="sends SIGTERM")
def test_a_signal_stops_and_handlers_are_given_back() -> None:
    async def work() -> None:
        ending = Ending()
        with stopped_by_signals(ending):
            os.kill(os.getpid(), signal.SIGTERM)
            async with asyncio.timeout(2):
                await ending.stop.wait()
            os.kill(os.getpid(), signal.SIGTERM)
            async with asyncio.timeout(2):
                await ending.skip.wait()
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL

    run_async(work())


def test_looking_for_a_clip_can_be_given_up() -> None:
    clip = AirClip("Anna", "C0:00:00:00:00:01", [hello()], [], in_reach=False)

    async def work() -> bool:
        link = BleLink(parse_moniker("ble:Anna"), HostClock(), backend=Air([clip]).backend(), scan_s=60.0)
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(0.1, stop.set)
        async with asyncio.timeout(2):
            return await open_unless(link, stop)

    assert run_async(work()) is False
