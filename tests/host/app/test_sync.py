"""`trendel sync`: runs without a host come home once, whole, and are only freed then."""

from __future__ import annotations

import asyncio
import csv
import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("bumble", reason="bumble is not installed: pip install 'trendel[sim]'")
pytest.importorskip("smpclient", reason="smpclient is not installed: pip install 'trendel[links]'")

import trendel
from tests.host.app.conftest import Cli
from tests.host.links.benches import need_simulation
from trendel.app import synced
from trendel.app.synced import Known, partial_path
from trendel.links import log_reading
from trendel.links.log_reading import PartialImage, read_log, read_table, wanted
from trendel.links.packetise import counts_of
from trendel.recording.log_runs import runs_of
from trendel.recording.session import open_session, topics
from trendel.wire.layout import EVENTS, KIND_EVENT
from trendel.wire.log_image import SECTOR_BYTES


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need_simulation()
    monkeypatch.setenv(synced.FOLDER_VARIABLE, str(tmp_path / "clips"))
    monkeypatch.setenv("TRENDEL_JOURNAL", str(tmp_path / "journal.sqlite"))


def test_a_run_alone_comes_home_and_is_analysed(cli: Cli, run_csv: Path, tmp_path: Path) -> None:
    link, out = f"sim:{run_csv}?faults=alone&speed=max", tmp_path / "home"
    assert cli("sync", "--link", link, out, "--mounting", "worn").code == 2  # whose?
    assert cli("analyze", run_csv, "--runner", "Mo", "--out", tmp_path / "o", "--alert-at", "1.5,2,4").code == 0
    said = cli("sync", "--link", link, out, "--runner", "Mo", "--mounting", "learn")
    assert said.code == 0
    assert "warns Mo at 1.5, 2, 4 degrees" in said.out and "finds out itself" in said.out
    (path,) = out.glob("*_Anna.mcap")
    assert "1 new run" in said.out and "The clip may free what is home." in said.out
    assert "checkpoint" in said.out and "0 not" in said.out
    with open_session(path) as session:
        assert {packet.source for packet in session.packets()} == {"log"}
        (verified,) = (message.content for message in session.messages(topics.CONFIGURATION))
        assert verified["strides_n"] > 20 and verified["recomputed"]["states_differ_n"] == 0
    # The same samples as recorded live, and the clip's own strides beside them.
    of_log, of_csv = trendel.analyze(trendel.read(path)).steps, trendel.analyze(trendel.read(run_csv)).steps
    assert len(of_log) == pytest.approx(len(of_csv), abs=2) and len(of_log) > 40
    assert trendel.read(path).metadata["started_at"].startswith(path.name[:4])
    assert cli("analyze", path, "--out", tmp_path / "out").code == 0
    rows = list(csv.DictReader((tmp_path / "out" / "clip_strides.csv").open()))
    assert len(rows) == verified["strides_n"]
    near = np.abs(of_log["ic_s"][:, None] - [float(row["ic_s"]) for row in rows]).min(axis=0)
    assert np.median(near) < 0.03  # on one axis of time
    events = [row["event"] for row in csv.DictReader((tmp_path / "out" / "clip_events.csv").open())]
    assert "run_start" in events and "run_end" in events
    known = json.loads(next((tmp_path / "clips").glob("*.json")).read_text())
    assert known["through"] > 2 and not list((tmp_path / "clips").glob("*.partial"))


class _Clip:
    """A management that reads a simulated clip's files, and is lost after some reads."""

    def __init__(self, clip: object, reads_n: int = 10**9) -> None:
        self.clip, self.left_n, self.bytes_n = clip, reads_n, 0

    async def read_file(self, path: str, offset: int = 0, n: int | None = None) -> bytes:
        if path == log_reading.FLASH:
            self.left_n -= 1
            if self.left_n < 0:
                raise trendel.errors.LinkError("lost")
        data: bytes = self.clip.read_file(path, offset, n)  # type: ignore[attr-defined]
        self.bytes_n += len(data)
        return data


def two_runs() -> tuple[object, int]:
    """A simulated clip on whose log two runs are, in two boots, and a pause of a quarter of an hour in the first."""
    from tests.plain_run import plain_run
    from trendel_core.clip import SimulatedClip

    run = plain_run(run_s=25.0, end_s=2.0)
    samples, _ = counts_of(run.acc_mps2, run.gyr_radps)
    clip = SimulatedClip(np.column_stack((samples["acc"], samples["gyr"])), run.rate_hz, serial=9, sectors=128)
    for _ in range(2):
        clip.advance(clip.now_us + 1_000_000)
        clip.play()
        clip.advance(clip.now_us + 1_200_000_000)
    clip.flush()
    clip.reboot()
    clip.advance(clip.now_us + 1_000_000)
    clip.play()
    clip.advance(clip.now_us + 500_000_000)
    return clip, 3


def test_runs_are_told_apart_and_reading_goes_on_where_it_was_lost(tmp_path: Path) -> None:
    clip, runs_n = two_runs()

    async def read(lost_after: int) -> tuple[int, list[object], int]:
        management = _Clip(clip, lost_after)
        partial = PartialImage(partial_path(9, 2))
        try:
            table = await read_table(management)  # type: ignore[arg-type]
            want = wanted(table, 0)
            image = await read_log(management, want, partial, lambda n, of: None)  # type: ignore[arg-type]
        finally:
            partial.close()
        return management.bytes_n, list(image.entries()), image.damaged_n

    with pytest.raises(trendel.errors.LinkError):
        asyncio.run(read(3))
    held = partial_path(9, 2)
    assert held.stat().st_size > SECTOR_BYTES
    with held.open("ab") as file:
        file.write(b"TSECtorn")  # power went while it was written
    bytes_n, entries, damaged_n = asyncio.run(read(10**9))
    whole_n = asyncio.run(read(10**9))[0]
    assert damaged_n == 0 and whole_n < bytes_n  # what was read then is not read again
    held.unlink()
    assert asyncio.run(read(10**9))[0] > bytes_n
    runs = [run for run in runs_of(entries) if not run.is_handling]  # type: ignore[arg-type]
    assert len(runs) == runs_n and [run.boot_n for run in runs] == [1, 1, 2]
    assert all(run.strides_n > 20 and run.holes_n == 0 for run in runs)
    assert runs[1].start_ms - runs[0].end_ms > 600_000
    assert all(run.hello is not None and int(run.hello.fields["serial"]) == 9 for run in runs)
    times = [run.blocks()[0].header["time_us"] // 1000 for run in runs]
    assert all(run.start_ms <= t <= run.end_ms for run, t in zip(runs, times, strict=True))
    clip.close()  # type: ignore[attr-defined]


def test_what_is_home_is_not_brought_again(tmp_path: Path) -> None:
    """Also of sectors that were still written the first time: each entry once, whatever the clip does in between."""
    from trendel.app.sync import _entries

    clip, _ = two_runs()
    known, found, bytes_n = Known(), [], []
    for _ in range(3):
        management = _Clip(clip)
        entries, known.through, known.open, damaged_n = asyncio.run(_entries(management, 9, 2, known))  # type: ignore[arg-type]
        assert damaged_n == 0
        found += entries
        bytes_n.append(management.bytes_n)
        clip.mark()  # type: ignore[attr-defined]
        clip.advance(clip.now_us + 20_000_000)  # type: ignore[attr-defined]
    places = [(entry.sequence, entry.offset) for entry in found]
    assert len(places) == len(set(places)) and bytes_n[1] < bytes_n[0] / 4
    events = [e for e in found if e.packet[0] == KIND_EVENT and e.packet[12 + 4] == EVENTS.index("marker")]
    assert len(events) == 2  # the third came after the last reading
    clip.close()  # type: ignore[attr-defined]


def test_what_is_known_of_a_clip_outlives_damage(tmp_path: Path) -> None:
    Known(through=7, boots={"3": 5}).save(1)
    assert Known.load(1).through == 7 and Known.load(2) == Known()
    (tmp_path / "clips" / f"{1:016x}.json").write_text("{torn")
    assert Known.load(1) == Known()
