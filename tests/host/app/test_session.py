"""`trendel session`, and `trendel analyze` of a session."""

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import trendel
from tests.host.app.conftest import Cli
from tests.host.session.made import SERIAL, Sent, blocks, counts, hello, received
from tests.plain_run import plain_run
from trendel.clock import SimulatedClock
from trendel.recording.session import topics
from trendel.recording.session.writer import SessionWriter


def _record(path: Path, *, finish: bool = True) -> SessionWriter:
    """A session of the simulated run that the other commands are tested on, with a step, a marker and an alert."""
    made = plain_run(run_s=25.0, end_s=2.0)
    clock = SimulatedClock()
    writer = SessionWriter(path, clock=clock)
    raws = blocks(counts(made.acc_mps2, made.gyr_radps), made.rate_hz)
    for sent in [Sent(clock.now_ns(), hello()), *received(raws, made.rate_hz, clock.now_ns())]:
        clock.advance((sent.time_ns - clock.now_ns()) / 1e9)
        writer.packet(sent.raw, time_ns=sent.time_ns)
    writer.add(topics.STEPS, {"side": "L", "contact_time_ms": 250.5, "step": 1})
    writer.add(topics.STEPS, {"side": "R", "contact_time_ms": None, "step": 2})
    writer.marker("turn")
    writer.add(topics.ALERTS, {"side": "L", "message": "slow down"})
    writer.close() if finish else writer.flush()
    return writer


@pytest.fixture(scope="module")
def session_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _record(tmp_path_factory.mktemp("session") / "run.mcap").path


@pytest.fixture
def run_mcap(session_file: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "run.mcap"
    copy.write_bytes(session_file.read_bytes())
    return copy


def test_a_session_is_analysed_as_the_same_samples_in_a_csv(run_mcap: Path, cli: Cli) -> None:
    from_session = cli("analyze", run_mcap, "--json")
    assert from_session.code == 0, from_session.err
    other = run_mcap.with_name("other.csv")
    assert cli("session", "export", run_mcap, other).code == 0
    from_csv = cli("analyze", other, "--json")
    a, b = json.loads(from_session.out), json.loads(from_csv.out)
    assert a["steps"] > 50
    differing = {key for key in a if a[key] != b[key]}
    assert differing <= {"source", "metadata"}, differing  # the names of the files, and what the CSV cannot hold
    for name in ("steps.csv", "strides.csv"):
        tables = [(run_mcap.with_name(f"{stem}.trendel") / name).read_bytes() for stem in ("run", "other")]
        assert tables[0] == tables[1]


def test_sessions_and_csv_are_found_in_one_folder(run_mcap: Path, run_csv: Path, cli: Cli) -> None:
    assert run_mcap.parent == run_csv.parent
    run_mcap.rename(run_mcap.with_name("live.mcap"))
    said = cli("analyze", run_mcap.parent, "--out", run_mcap.parent / "out")
    assert said.code == 0, said.err
    with (run_mcap.parent / "out" / "all_summary.csv").open() as stream:
        assert {Path(row["recording"]).name for row in csv.DictReader(stream)} >= {"live.mcap", "run.csv"}


def test_the_journal_learns_clip_and_time_from_the_session(
    run_mcap: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRENDEL_JOURNAL", str(run_mcap.with_name("journal.sqlite")))
    assert cli("analyze", run_mcap, "--runner", "Me").code == 0
    (run,) = json.loads(cli("journal", "list", "--json").out)["runs"]
    assert run["clip"] == f"{SERIAL:016x}" and run["started_at"].startswith("2023-11-1")


def test_info(run_mcap: Path, cli: Cli) -> None:
    said = cli("session", "info", run_mcap)
    assert said.code == 0
    for words in ("finished, nothing damaged", "at 208.00 Hz, 0 missing", "marker at", "turn", "slow down"):
        assert words in said.out
    about = json.loads(cli("session", "info", run_mcap, "--json").out)
    assert about["devices"]["clip"]["samples"] == len(trendel.read(run_mcap))


def test_an_unfinished_session_opens_and_is_repaired(tmp_path: Path, cli: Cli) -> None:
    path = _record(tmp_path / "run.mcap", finish=False).path
    cut = path.read_bytes()[:-100]
    path.write_bytes(cut)
    assert "damaged" in cli("session", "info", path).out
    said = cli("session", "repair", path)
    assert said.code == 0 and "run.repaired.mcap" in said.out.replace("\n", "")
    assert path.read_bytes() == cut
    assert "finished, nothing damaged" in cli("session", "info", tmp_path / "run.repaired.mcap").out
    again = cli("session", "repair", path)
    assert again.code == 2 and "exists already" in again.err
    assert cli("analyze", path, "--json").code == 0


def test_exports(run_mcap: Path, cli: Cli) -> None:
    folder = run_mcap.parent
    for name in ("samples.csv", "samples.parquet", "plain.mcap", "LOUD.MCAP"):
        assert cli("session", "export", run_mcap, folder / name).code == 0
    assert np.array_equal(trendel.read(folder / "LOUD.MCAP").acc_mps2, trendel.read(run_mcap).acc_mps2)
    steps = cli("session", "export", run_mcap, folder / "steps.csv", "--channel", "/session/steps")
    assert steps.code == 0
    recording = trendel.read(run_mcap)
    table = pq.read_table(folder / "samples.parquet")
    assert table["acc_x_mps2"].to_numpy().tobytes() == recording.acc_mps2[:, 0].tobytes()
    assert json.loads(table.schema.metadata[b"trendel"])["rate_hz"] == recording.rate_hz
    with (folder / "steps.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["side"], row["contact_time_ms"]) for row in rows] == [("L", "250.5"), ("R", "")]
    assert np.array_equal(trendel.read(folder / "plain.mcap").acc_mps2, recording.acc_mps2)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("session", "info", "none.mcap"), "cannot be read"),
        (("session", "info", "garbage.mcap"), "is no session"),
        (("session", "repair", "garbage.mcap"), "is no session"),
        (("session", "export", "run.mcap", "out.xls"), "ends with one of"),
        (("session", "export", "run.mcap", "run.mcap"), "exists already"),
        (("session", "export", "run.mcap", "run.mcap", "--overwrite"), "exists already"),
        (("session", "export", "run.mcap", "out.csv", "--channel", "/session/none"), "has no messages"),
        (("session", "export", "run.mcap", "out.mcap", "--channel", "/session/steps"), "whole"),
        (("session", "export", "run.mcap", "none/out.csv"), "cannot be written"),
        (("session", "export", "run.mcap", "none/out.parquet"), "cannot be written"),
        (("session", "export", "run.mcap", "none/out.mcap"), "cannot be made"),
        (("analyze", "garbage.mcap"), "is no session"),
        (("analyze", "run.mcap", "--acc-unit", "g"), "leave out acc_unit"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    run_mcap: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], words: str
) -> None:
    monkeypatch.chdir(run_mcap.parent)
    Path("garbage.mcap").write_bytes(b"nothing of the kind")
    before = run_mcap.read_bytes()
    said = cli(*arguments)
    assert said.code == 2 and said.out == ""
    assert said.err.startswith("error: ") and words in said.err and said.err.count("\n") == 1
    assert run_mcap.read_bytes() == before
    assert {path.name for path in Path().iterdir()} == {"garbage.mcap", "run.mcap"}
