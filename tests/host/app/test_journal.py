"""`trendel journal`, `trendel analyze --runner`: what a runner sees, and that nothing is kept without being asked."""

import csv
import json
import math
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

import trendel
from tests.host.app.conftest import Cli, write_run
from trendel.app.options import AnalyzeOptions
from trendel.app.remember import clip_of, recording_hash, remember, settled_means
from trendel.journal import Journal
from trendel.recording import Recording
from trendel.recording.started import started_at


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "data" / "journal.sqlite"
    monkeypatch.setenv("TRENDEL_JOURNAL", str(path))
    return path


@pytest.fixture
def analysed(cli: Cli, run_csv: Path, journal: Path) -> str:
    """One run of Anna's in the journal; its hash."""
    said = cli("analyze", run_csv, "--runner", "Anna", "--clip", "C7")
    assert said.code == 0, said.err
    with Journal(journal) as opened:
        return opened.run("last").hash


def test_nothing_is_kept_without_a_runner(cli: Cli, run_csv: Path, journal: Path) -> None:
    assert cli("analyze", run_csv).code == 0
    assert not journal.parent.exists()
    said = cli("analyze", run_csv, "--clip", "C7")
    assert said.code == 2 and "give --runner NAME with it" in said.err


def test_analyze_keeps_the_run_once(cli: Cli, run_csv: Path, journal: Path, analysed: str) -> None:
    again = run_csv.rename(run_csv.with_name("other.csv"))
    run_csv.with_suffix(".json").rename(again.with_suffix(".json"))
    said = cli("analyze", again, "--runner", "anna", "--clip", "C7", "--json")
    assert said.code == 0 and f"Run {analysed[:8]} was already in Anna's journal" in said.err
    summary = json.loads(said.out)
    with Journal(journal) as opened:
        (run,) = opened.runs()
        values = opened.baseline("Anna", "C7", run.kernel_hash).values
    assert run.source == "other.csv" and run.summary["metrics"] == summary["metrics"] and run.clip == "C7"
    assert run.kernel_hash == summary["versions"]["kernels"] and run.mode == "refined"
    # The drop over settled steps by hand, from the file.
    with again.with_name("other.trendel").joinpath("steps.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if "provisional" not in row["flags"] and row["side"] == "L"]
    drops = [float(row["pelvic_drop_deg"]) for row in rows if row["pelvic_drop_deg"]]
    assert values is not None
    mine = next(b for b in values if (b.metric, b.side) == ("pelvic_drop_deg", "left"))
    assert mine.mean == pytest.approx(np.mean(drops), abs=1e-3) and mine.n_strides == len(drops) >= 30


def test_settled_means_leave_provisional_steps_out(run_csv: Path) -> None:
    result = trendel.analyze(trendel.read(run_csv), mode="causal")
    steps = result.steps
    assert any("provisional" in flags for flags in steps["flags"])
    for settled in settled_means(result):
        letter = {"left": "L", "right": "R"}[settled.side]
        values = [
            float(row[settled.metric])
            for row in steps
            if row["side"] == letter and "provisional" not in row["flags"] and not math.isnan(row[settled.metric])
        ]
        assert (settled.mean, settled.sd, settled.n) == pytest.approx(
            (np.mean(values), np.std(values, ddof=1), len(values))
        )


def test_the_hash_is_of_the_measured_samples(run_csv: Path) -> None:
    recording = trendel.read(run_csv)

    def changed(**changes: object) -> str:
        given: dict[str, object] = {"t_s": recording.t_s, "source": "a", "metadata": {}}
        acc, gyr = changes.pop("acc", recording.acc_mps2), changes.pop("gyr", recording.gyr_radps)
        return recording_hash(Recording.from_arrays(acc, gyr, **(given | changes)))  # type: ignore[arg-type]

    known = recording_hash(recording)
    assert changed(source="b", metadata={"a": 1}) == known
    one = recording.acc_mps2.copy()
    one[100, 0] = np.nextafter(one[100, 0], np.float32(np.inf))
    assert len({known, changed(acc=one), changed(gyr=None), changed(t_s=recording.t_s + 1.0)}) == 4


def test_start_and_clip_are_taken_from_the_metadata(run_csv: Path) -> None:
    recording = trendel.read(
        run_csv, metadata={"started_at": "2026-05-01T18:30+02:00", "clip_serial": "C9", "sensor": "S"}
    )
    begun = started_at(recording)
    assert begun is not None and begun.isoformat() == "2026-05-01T18:30:00+02:00"
    assert (clip_of(recording, None).id, clip_of(recording, "C1").id) == ("C9", "C1")
    plain = trendel.read(run_csv, metadata={"sensor": "LSM6DSO"})
    assert started_at(plain) is None and clip_of(plain, None).id == "unknown (LSM6DSO)"
    zeros = trendel.read(run_csv, metadata={"sensor": "LSM6DSO", "clip_serial": "0" * 16})
    assert clip_of(zeros, None) == clip_of(plain, None) and "clip_serial" not in zeros.metadata
    dated = Recording.from_arrays(recording.acc_mps2, recording.gyr_radps, t_s=recording.t_s + 1.7e9)
    begun = started_at(dated)
    assert begun is not None and begun.timestamp() == pytest.approx(1.7e9 + recording.t_s[0], abs=0.01)


def test_a_run_is_listed_by_the_time_of_day_where_it_was(cli: Cli, tmp_path: Path, journal: Path) -> None:
    run = write_run(tmp_path / "run.csv", started_at="2026-05-02T06:30:00+09:30")
    assert cli("analyze", run, "--runner", "Anna").code == 0
    assert "2026-05-02 06:30" in cli("journal", "list").out and "2026-05-02 06:30" in cli("journal", "show", "last").out


def test_a_recording_without_running_is_not_kept(journal: Path) -> None:
    noise = np.random.default_rng(0).normal(0, 0.05, (2000, 3))
    standing = Recording.from_arrays(noise + [0, 0, 9.81], noise / 10, 200.0)
    assert "nothing to keep" in remember(standing, trendel.analyze(standing), "Anna")[0]
    assert not journal.exists()


def test_a_folder_is_kept_and_resumed(cli: Cli, tmp_path: Path, journal: Path) -> None:
    folder = tmp_path / "runs"
    folder.mkdir()
    for k in range(2):
        write_run(folder / f"{k}.csv", seed=k)
    assert cli("analyze", folder).code == 0
    said = cli("analyze", folder, "--runner", "Anna", "--jobs", "2")
    assert said.code == 0 and "2 of 2 recordings analysed, 0 failed" in said.out, said.err
    with Journal(journal) as opened:
        assert len(opened.runs("Anna")) == 2
    assert "2 already there" in cli("analyze", folder, "--runner", "Anna").out


def test_a_journal_that_cannot_be_used_is_said_before_the_work(cli: Cli, run_csv: Path, journal: Path) -> None:
    journal.parent.mkdir()
    with closing(sqlite3.connect(journal)) as db:
        db.execute("PRAGMA user_version = 99")
    said = cli("analyze", run_csv, "--runner", "Anna")
    assert said.code == 2 and "newer Trendel" in said.err and said.err.count("\n") == 1
    assert not run_csv.with_name("run.trendel").exists()
    for command in (["list"], ["pain", "knee", "--side", "left", "--level", "3"], ["delete", "--everything", "--yes"]):
        assert cli("journal", *command).code == 2
    said = cli("journal", "where")
    assert said.code == 0 and "schema version 99, this Trendel knows up to 1" in said.out


def test_list_show_pain_and_note(cli: Cli, analysed: str, journal: Path) -> None:
    said = cli("journal", "pain", "Knee", "--side", "left", "--level", 4, "--run", "last", "--note", "downhill")
    assert said.code == 0 and said.out.startswith("noted for Anna: knee, left, 4/10, ") and analysed[:8] in said.out
    assert cli("journal", "note", "new [red]shoes[/]").code == 0
    said = cli("journal", "list")
    assert said.code == 0 and max(map(len, said.out.splitlines())) <= 80
    for words in ("Anna", analysed[:8], "knee left 4/10", "new [red]shoes[/]"):
        assert words in said.out
    for name in ("last", analysed[:5]):
        said = cli("journal", "show", name)
        assert said.code == 0 and max(map(len, said.out.splitlines())) <= 80
        for words in ("run.csv", "clip C7", "pelvic drop", "pain: knee left 4/10, downhill"):
            assert words in said.out
    listed = json.loads(cli("journal", "list", "--json").out)
    assert [run["hash"] for run in listed["runs"]] == [analysed] and listed["pain"][0]["level"] == 4
    assert listed["runs"][0]["pain"] == [listed["pain"][0]["id"]]
    shown = json.loads(cli("journal", "show", "last", "--json").out)
    assert shown["summary"]["steps"] == shown["runs"][0]["steps"] and shown["summary"]["source"] == "run.csv"
    assert cli("journal", "runners").out.startswith("Anna: 1 run, the newest of ")


def test_alerts_of_a_run_are_told(cli: Cli, analysed: str, journal: Path) -> None:
    assert "Hip stability: not judged" in cli("journal", "show", "last").out
    assert "alert" not in cli("journal", "list").out.split("\n", 3)[3]
    with closing(sqlite3.connect(journal)) as database:
        (text,) = database.execute("SELECT summary FROM runs").fetchone()
        stability = {"baseline_left_deg": 5.0, "baseline_right_deg": 5.0, "phase": "watching"}
        for counts, said in (((0, 0), "no alert"), ((2, 1), "2 alerts, 1 notice")):
            summary = json.loads(text) | {
                "stability": stability | dict(zip(("alarms", "notices"), counts, strict=True))
            }
            database.execute("UPDATE runs SET summary = ?", (json.dumps(summary),))
            database.commit()
            assert f"Hip stability: {said}." in cli("journal", "show", "last").out
    assert "2 alerts, 1 notice" in cli("journal", "list").out
    assert json.loads(cli("journal", "list", "--json").out)["runs"][0]["stability"]["alarms"] == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["pain", "knee", "--side", "left", "--level", "11"], "0 (none) to 10"),
        (["pain", "knee", "--side", "middle", "--level", "1"], "left, right or both"),
        (["pain", "knee", "--side", "left", "--level", "1", "--when", "noon"], "write it as 2026-05-01T18:30"),
        (["pain", "knee", "--side", "left", "--level", "1", "--run", "ffffffff"], "No run begins with ffffffff"),
        (["pain", "knee", "--side", "left", "--level", "1", "--runner", "Ana"], "no runner 'Ana'"),
        (["note", " "], "empty"),
        (["show", "xyz"], "names no run"),
        (["delete"], "one of --run RUN, --runner NAME and --everything"),
        (["delete", "--everything", "--runner", "Anna"], "one of --run RUN"),
        (["delete", "--runner", "Anna"], "repeat the command with --yes"),
        (["export", "journal.txt"], "ends in .json, or a folder"),
        (["import", "missing.json"], "cannot be read"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    cli: Cli, journal: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    with Journal(journal) as opened:
        opened.add_runner("Anna")
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    done = cli("journal", *arguments)
    assert done.code == 2 and said in done.err and done.err.count("\n") == 1 and done.err.startswith("error: ")


def test_the_first_pain_entry_may_come_before_the_first_run(cli: Cli, journal: Path) -> None:
    assert "empty" in cli("journal", "pain", "hip", "--side", "both", "--level", "2").err
    assert cli("journal", "pain", "hip", "--side", "both", "--level", "2", "--runner", "Anna").code == 0
    said = cli("journal", "pain", "hip", "--side", "both", "--level", "3", "--when", "2120-01-01T10:00Z")
    assert said.code == 0 and "in the future: kept and marked" in said.err
    assert "dated ahead of time" in " ".join(cli("journal", "list").out.split())


def test_two_runners_must_be_told_apart(cli: Cli, journal: Path) -> None:
    with Journal(journal) as opened:
        opened.add_runner("Anna")
        opened.add_runner("Ben")
    said = cli("journal", "list")
    assert said.code == 2 and "say whose with --runner (Anna, Ben)" in said.err
    assert "Nothing is kept of Ben yet" in cli("journal", "list", "--runner", "ben").out


def test_export_import_and_delete(cli: Cli, analysed: str, journal: Path, tmp_path: Path) -> None:
    file = tmp_path / "export.json"
    for _ in range(2):  # an earlier export may be replaced
        assert cli("journal", "export", file).code == 0
    (tmp_path / "thesis.json").write_text("{}")
    said = cli("journal", "export", tmp_path / "thesis.json")
    assert said.code == 2 and "no earlier export" in said.err and (tmp_path / "thesis.json").read_text() == "{}"
    assert cli("journal", "export", tmp_path / "tables").code == 0
    assert (tmp_path / "tables" / "runs.csv").is_file()
    said = cli("journal", "delete", "--everything", "--yes")
    assert said.code == 0 and str(journal) in said.out and list(journal.parent.iterdir()) == []
    assert "nothing to delete" in cli("journal", "delete", "--everything", "--yes").out
    assert "2 entries added" in cli("journal", "import", file).out
    assert "everything was there already" in cli("journal", "import", file).out
    assert analysed[:8] in cli("journal", "list").out
    assert cli("journal", "delete", "--run", analysed[:6], "--yes").code == 0
    assert "Nothing is kept of Anna yet" in cli("journal", "list").out
    assert cli("journal", "delete", "--runner", "Anna", "--yes").code == 0
    assert "empty" in cli("journal", "runners").out


@pytest.mark.parametrize(("answer", "left"), [("n", 1), ("", 1), ("y", 0), ("Yes", 0)])
def test_delete_asks(cli: Cli, journal: Path, monkeypatch: pytest.MonkeyPatch, answer: str, left: int) -> None:
    with Journal(journal) as opened:
        opened.add_runner("Anna")
    asked: list[str] = []
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda text: asked.append(text) or answer)
    assert cli("journal", "delete", "--runner", "anna").code == 0
    assert asked == ["Delete Anna with 0 runs, all pain entries and notes, for good? [y/N] "]
    with Journal(journal) as opened:
        assert len(opened.runners()) == left


def test_a_damaged_journal_is_said_even_where_the_command_then_fails(cli: Cli, journal: Path) -> None:
    journal.parent.mkdir()
    journal.write_bytes(b"garbage")
    said = cli("journal", "list")
    assert said.code == 2 and "The journal was damaged: it is kept as " in said.err and "is empty" in said.err
    (aside,) = (file for file in journal.parent.iterdir() if "damaged" in file.name)
    assert aside.read_bytes() == b"garbage" and str(aside) in cli("journal", "where").out


def _older_kernels(journal: Path) -> None:
    with closing(sqlite3.connect(journal)) as db:
        db.execute("UPDATE runs SET kernel_hash = 'older'")
        db.execute("UPDATE baselines SET kernel_hash = 'older'")
        db.commit()


def test_after_an_upgrade_runs_are_analysed_again_where_their_recording_is_at_hand(
    cli: Cli, tmp_path: Path, run_csv: Path, journal: Path
) -> None:
    kept = write_run(tmp_path / "kept.csv", seed=1)
    moved = write_run(tmp_path / "moved.csv", seed=2)
    changed = write_run(tmp_path / "changed.csv", seed=3)
    for path in (kept, moved, changed):
        assert cli("analyze", path, "--runner", "Anna", "--clip", "C7").code == 0
    moved.unlink()
    changed.write_bytes(write_run(tmp_path / "x.csv", seed=4).read_bytes())
    _older_kernels(journal)
    said = cli("analyze", run_csv, "--runner", "Anna", "--clip", "C7")
    assert said.code == 0 and "The kernels have changed: 1 of Anna's runs were analysed again." in said.err
    assert "its recording is not there any more" in said.err and "its recording has changed since" in said.err
    assert "2 of Anna's recordings are not at hand any more" in said.err and "kept, but set aside" in said.err
    # First the earlier runs anew, then the comparison with them.
    assert "Hip stability: the baseline is from 1 run of Anna's" in said.err
    with Journal(journal) as opened:
        runs = {run.source: run for run in opened.runs("Anna")}
        new = runs["run.csv"].kernel_hash
        assert {name: run.kernel_hash for name, run in runs.items()} == {
            "run.csv": new,
            "kept.csv": new,
            "moved.csv": "older",
            "changed.csv": "older",
        }
        assert {(b.kernel_hash, len(b.runs), bool(b.set_aside)) for b in opened.baselines("Anna")} == {
            (new, 2, False),
            ("older", 2, True),
        }
    said = cli("analyze", run_csv, "--runner", "Anna", "--clip", "C7")
    assert "kernels have changed" not in said.err  # said once
    said = cli("journal", "renew")
    assert said.code == 0 and "0 of Anna's runs were analysed again" in said.err


def test_renew_does_what_analyze_did(cli: Cli, run_csv: Path, journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the options of then: units, parameters and mode, though the parameter file is gone."""
    params = run_csv.with_name("p.toml")
    assert cli("params", "--out", params).code == 0
    params.write_text(params.read_text().replace("lean_deg = 8.0", "lean_deg = 7.0"))
    assert cli("analyze", run_csv, "--runner", "Anna", "--as-clip", "--params", params, "--mass-kg", "61").code == 0
    params.unlink()
    with Journal(journal) as opened:
        before = opened.run("last")
    _older_kernels(journal)
    monkeypatch.chdir("/")
    said = cli("journal", "renew")
    assert said.code == 0 and "1 of Anna's runs were analysed again" in said.err
    with Journal(journal) as opened:
        after = opened.run("last")
    assert after.summary["parameters"]["mounting"]["lean_deg"] == 7.0
    assert after.mode == "causal" and after.summary == before.summary and after.options == before.options
    assert after.parameter_hash == before.parameter_hash and after.kernel_hash == before.kernel_hash
    assert "up to date" in cli("journal", "renew").out


def test_options_are_kept_with_absolute_paths(run_csv: Path, journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(run_csv.parent)
    (run_csv.parent / "m.json").write_text('{"forward": "x", "left": "y", "up": "z"}')
    recording = trendel.read(run_csv)
    options = AnalyzeOptions(mounting="m.json")
    remember(recording, trendel.analyze(recording), "Anna", raw_path=Path("run.csv"), options=options)
    with Journal(journal) as opened:
        run = opened.run("last")
    assert run.raw_path == str(run_csv) and run.options["mounting"] == str(run_csv.parent / "m.json")


def test_help_is_light() -> None:
    code = "from trendel.app.cli import app; app(['journal', '--help'], standalone_mode=False)"
    done = subprocess.run([sys.executable, "-X", "importtime", "-c", code], capture_output=True, text=True, check=True)
    assert not {"numpy", "numba", "sqlite3"} & {line.split("|")[-1].strip() for line in done.stderr.splitlines()}
    assert "is sent anywhere" in " ".join(done.stdout.split())
