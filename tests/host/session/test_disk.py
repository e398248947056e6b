"""A disk that fails: told before or at once, and the run goes on in memory as long as it can."""

import errno
import math
import os
import resource
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import trendel
from tests.host.session.made import Sent, everything, record, run
from trendel.clock import SimulatedClock
from trendel.errors import SessionError
from trendel.recording.session import durable, topics, writer
from trendel.recording.session.writer import SessionWriter, space_note

_WRITE, _FSYNC = os.write, os.fsync


class _Disk:
    """os.write and os.fsync that fail while `error` is set, a write after half of its bytes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.error: int | None = None
        self.fsync_error: int | None = None
        monkeypatch.setattr(durable.os, "write", self._write)
        monkeypatch.setattr(durable.os, "fsync", self._fsync)

    def _write(self, fd: int, data: bytes) -> int:
        if self.error is not None:
            if len(data) > 1:
                return _WRITE(fd, data[: len(data) // 2])
            raise OSError(self.error, os.strerror(self.error))
        return _WRITE(fd, data)

    def _fsync(self, fd: int) -> None:
        if self.fsync_error is not None:
            raise OSError(self.fsync_error, os.strerror(self.fsync_error))
        _FSYNC(fd)


class _Live:
    """A session that is being recorded on a simulated clock."""

    def __init__(self, path: Path, **options: object) -> None:
        self.clock, self.said = SimulatedClock(), list[str]()
        self.writer = SessionWriter(path, clock=self.clock, on_trouble=self.said.append, **options)  # type: ignore[arg-type]

    def send(self, packets: list[bytes]) -> None:
        for raw in packets:
            self.clock.advance(0.0865)
            self.writer.packet(raw)

    def raws(self, path: Path) -> list[bytes]:
        with trendel.open(path) as session:
            return [packet.raw for packet in session.packets()]


@pytest.mark.parametrize("kind", ["write", "fsync"])
def test_a_full_disk_that_is_freed_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    disk, packets = _Disk(monkeypatch), run(30.0)
    live = _Live(tmp_path / "run.mcap")
    live.send(packets[:100])
    setattr(disk, "error" if kind == "write" else "fsync_error", errno.ENOSPC)
    live.send(packets[100:200])
    assert live.writer.is_failing and live.writer.in_memory_n > 0
    assert len(live.said) == 1 and "no space left" in live.said[0] and "in memory" in live.said[0]
    # What is on the disk at that moment is a session, too.
    on_disk = live.raws(tmp_path / "run.mcap")
    assert on_disk == packets[: len(on_disk)] and len(on_disk) >= 94
    disk.error = disk.fsync_error = None
    live.send(packets[200:])
    assert not live.writer.is_failing and "nothing was lost" in live.said[1]
    assert live.writer.close().error is None
    assert live.raws(tmp_path / "run.mcap") == packets
    with trendel.open(tmp_path / "run.mcap") as session:
        assert [m.content["message"] for m in session.messages(topics.NOTES)] == live.said


def test_a_disk_that_stays_full_leaves_the_session_to_be_saved_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, packets = _Disk(monkeypatch), run(20.0)
    live = _Live(tmp_path / "run.mcap")
    live.send(packets[:100])
    disk.error = errno.ENOSPC
    live.send(packets[100:])
    closed = live.writer.close()
    assert closed.error is not None and closed.pending_n > 0
    with pytest.raises(SessionError, match="cannot be written"):
        live.writer.move_to(tmp_path / "elsewhere.mcap")
    assert not (tmp_path / "elsewhere.mcap").exists()
    disk.error = None
    live.writer.move_to(tmp_path / "elsewhere.mcap")
    closed = live.writer.close()
    assert closed.error is None and closed.pending_n == 0
    assert live.raws(tmp_path / "elsewhere.mcap") == packets
    with trendel.open(tmp_path / "elsewhere.mcap") as session:
        assert session.is_finished and not any(vars(session.damage).values())


def test_memory_is_bounded_and_what_is_refused_is_counted_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, packets = _Disk(monkeypatch), run(30.0)
    live = _Live(tmp_path / "run.mcap", memory_bytes=20_000)
    disk.error = errno.EIO
    live.send(packets)
    assert live.writer.in_memory_n < 24_000
    assert live.writer.refused_n + live.writer.packets_n >= len(packets) > live.writer.packets_n
    assert any("memory is used up" in sentence for sentence in live.said)
    disk.error = None
    live.send(packets[:10])
    assert "were lost" in live.said[-1]
    assert live.writer.close().error is None
    kept = live.raws(tmp_path / "run.mcap")
    assert kept[:50] == packets[:50] and kept[-5:] == packets[5:10]


def test_a_place_that_cannot_be_written_is_told_before(tmp_path: Path) -> None:
    (tmp_path / "there.mcap").write_bytes(b"precious")
    for path, words in (
        (tmp_path / "there.mcap", "exists already"),
        (tmp_path / "no" / "folder" / "run.mcap", "cannot be made"),
        (Path("/proc/run.mcap"), "cannot be made"),
        (tmp_path / "run.csv", "ends with .mcap"),
    ):
        with pytest.raises(SessionError, match=words):
            SessionWriter(path)
    assert (tmp_path / "there.mcap").read_bytes() == b"precious"
    with pytest.raises(SessionError, match="exists already"):
        SessionWriter(tmp_path / "there.mcap", insist=True)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write into a read-only folder; /proc is tried instead")
def test_a_read_only_folder_is_told_before(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(SessionError, match="cannot be made"):
            SessionWriter(tmp_path / "run.mcap")
    finally:
        tmp_path.chmod(0o700)


def test_a_run_that_must_start_does_so_in_memory_and_is_written_when_it_can_be(tmp_path: Path) -> None:
    packets, folder = run(10.0), tmp_path / "later"
    live = _Live(folder / "run.mcap", insist=True)
    assert "in memory" in live.said[0]
    live.send(packets[:60])
    folder.mkdir()
    live.send(packets[60:])
    assert live.writer.close().error is None
    assert live.raws(folder / "run.mcap") == packets


def test_a_file_that_is_deleted_under_way_is_written_again(tmp_path: Path) -> None:
    packets, path = run(10.0), tmp_path / "run.mcap"
    live = _Live(path)
    live.send(packets[:60])
    path.unlink()
    live.send(packets[60:])
    live.writer.close()
    assert live.raws(path) == packets


def test_a_nearly_full_disk_is_said_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.mcap"
    assert space_note(path, hours=0.0) is None or "free" in str(space_note(path, hours=0.0))
    monkeypatch.setattr(writer.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 21_000_000})())
    live = _Live(path)
    assert live.said == [space_note(path, 1.0)] and "about 30 min" in live.said[0]
    live.send(run(70.0))
    assert len(live.said) == 1  # said once


def test_packing_that_finds_the_disk_full_leaves_the_session_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, packets = _Disk(monkeypatch), run(10.0)
    live = _Live(tmp_path / "run.mcap")
    live.send(packets)
    assert live.writer.close(packed=False).error is None
    size = (tmp_path / "run.mcap").stat().st_size
    disk.error = errno.ENOSPC
    assert live.writer.close().error is None
    assert "no space left" in live.said[0]
    assert [p.name for p in tmp_path.iterdir()] == ["run.mcap"]
    assert (tmp_path / "run.mcap").stat().st_size == size and live.raws(tmp_path / "run.mcap") == packets


def test_the_system_s_own_limit_on_a_file_s_size(tmp_path: Path) -> None:
    # Not simulated: the kernel refuses writes beyond 30 kB, in a process of its own.
    code = (
        "import resource, sys; from pathlib import Path; from tests.host.session.made import run\n"
        "from tests.host.session.test_disk import _Live\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, resource.RLIM_INFINITY))\n"
        "live = _Live(Path(sys.argv[1])); live.send(run(20.0))\n"
        "assert live.writer.is_failing and 'in memory' in live.said[0], live.said\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\n"
        "assert live.writer.close().error is None, live.said\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", code, tmp_path / "run.mcap"], check=True, env=environment)
    with trendel.open(tmp_path / "run.mcap") as session:
        assert [packet.raw for packet in session.packets()] == run(20.0)
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 30_000


def test_a_slow_disk_does_not_hold_up_who_receives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packets = run(20.0)
    live = _Live(tmp_path / "run.mcap", flush_s=math.inf)
    entered, go_on = threading.Event(), threading.Event()

    def slow(fd: int) -> None:
        entered.set()
        assert go_on.wait(10)
        _FSYNC(fd)

    live.send(packets[:50])
    monkeypatch.setattr(durable.os, "fsync", slow)
    flusher = threading.Thread(target=live.writer.flush)
    flusher.start()
    assert entered.wait(10)
    live.send(packets[50:])  # would hang here
    go_on.set()
    flusher.join()
    live.writer.close()
    assert live.raws(tmp_path / "run.mcap") == packets


def test_what_is_added_is_on_the_disk_within_a_second(tmp_path: Path) -> None:
    live = _Live(tmp_path / "run.mcap")
    for k, raw in enumerate(run(15.0)):
        live.clock.advance(0.0865)
        live.writer.packet(raw)
        if k % 7 == 0:
            on_disk = len(live.raws(tmp_path / "run.mcap"))
            assert (k + 1 - on_disk) * 0.0865 <= 0.6
    live.clock.advance(1.0)
    live.writer.tick()  # without a packet
    assert len(live.raws(tmp_path / "run.mcap")) == len(run(15.0))
    assert record(tmp_path / "other.mcap", [Sent(s.time_ns, s.raw) for s in everything(1.0)]).exists()
