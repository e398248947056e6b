"""`trendel analyze DIR`: resumable, failures listed, one table over all."""

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.host.app.conftest import Cli, write_run

COLLECTED = ["all_alerts.csv", "all_steps.csv", "all_strides.csv", "all_summary.csv"]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two good recordings, one of them in a subfolder, and one that is none."""
    folder = tmp_path_factory.mktemp("some") / "study"
    (folder / "day2").mkdir(parents=True)
    write_run(folder / "a.csv", seed=1, participant="P1", speed_mps=3.0)
    write_run(folder / "day2" / "b.csv", seed=2, participant="P2", side="not a result's column")
    (folder / "c.csv").write_text("this is no recording\n")
    return folder


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_folder_is_analysed_resumed_and_collected(cli: Cli, study: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = cli("analyze", study, "--out", out)
    assert said.code == 2  # one failed, the others are kept
    assert "2 of 3 recordings analysed, 1 failed" in said.out
    assert "failed: c.csv:" in said.err
    assert "a defect in Trendel" not in said.err

    steps = _rows(out / "all_steps.csv")
    each = [_rows(out / "a" / "steps.csv"), _rows(out / "day2" / "b" / "steps.csv")]
    assert len(steps) == sum(map(len, each))
    assert {(row["recording"], row["meta_participant"]) for row in steps} == {("a.csv", "P1"), ("day2/b.csv", "P2")}
    assert {row["side"] for row in steps} == {"L", "R"}
    assert [row["ic_s"] for row in steps] == [row["ic_s"] for rows in each for row in rows]
    summary = _rows(out / "all_summary.csv")
    assert [row["recording"] for row in summary] == ["a.csv", "day2/b.csv"]
    assert float(summary[0]["cadence_spm"]) == pytest.approx(168, abs=1)
    assert summary[1]["meta_speed_mps"] == ""
    first = {name: (out / name).read_bytes() for name in COLLECTED}

    again = cli("analyze", study, "--out", out)
    assert "0 of 3 recordings analysed, 2 already there, 1 failed" in again.out
    assert {name: (out / name).read_bytes() for name in COLLECTED} == first

    other = cli("analyze", study, "--out", out, "--as-clip")
    assert "2 of 3 recordings analysed, 1 failed" in other.out  # other options, other results

    two = cli("analyze", study, "--out", tmp_path / "two", "--jobs", "2")
    assert two.code == 2
    assert {name: (tmp_path / "two" / name).read_bytes() for name in COLLECTED} == first


def test_what_changed_is_done_again(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    folder.mkdir()
    for seed in (1, 2):
        write_run(folder / f"{seed}.csv", seed=seed, condition="fresh")
    assert cli("analyze", folder).code == 0
    sidecar = folder / "2.json"
    sidecar.write_text(json.dumps(json.loads(sidecar.read_text()) | {"condition": "tired"}))
    out = tmp_path / "study.trendel"
    (out / "1" / "strides.csv").unlink()
    said = cli("analyze", folder)
    assert "2 of 2 recordings analysed, 0 failed" in said.out
    assert [row["meta_condition"] for row in _rows(out / "all_summary.csv")] == ["fresh", "tired"]
    said = cli("analyze", folder, "--json")
    assert [item["status"] for item in json.loads(said.out)["recordings"]] == ["skipped", "skipped"]


def test_results_inside_the_folder_are_no_recordings(cli: Cli, run_csv: Path) -> None:
    folder = run_csv.parent
    for _ in range(2):
        said = cli("analyze", folder, "--out", folder / "results", "--signals")
        assert "of 1 recordings" in said.out


def test_empty_folder(cli: Cli, tmp_path: Path) -> None:
    said = cli("analyze", tmp_path)
    assert said.code == 2
    assert "no recording in" in said.err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("jobs", [1, 2])
def test_interrupt_is_clean_and_the_work_goes_on(cli: Cli, tmp_path: Path, jobs: int) -> None:
    folder = tmp_path / "study"
    folder.mkdir()
    first = write_run(folder / "00.csv")
    for number in range(1, 40):
        for suffix in (".csv", ".json"):
            os.link(first.with_suffix(suffix), folder / f"{number:02d}{suffix}")
    command = [sys.executable, "-c", "from trendel.app.cli import main; main()", "analyze", folder, "--jobs", str(jobs)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    seen = []
    for line in process.stderr:
        seen.append(line)
        if line.startswith("1/40 "):
            process.send_signal(signal.SIGINT)
            break
    _, rest = process.communicate(timeout=60)
    assert process.returncode == 130, seen
    assert "the same command goes on from here" in rest and "stopped." in rest
    assert "Traceback" not in rest
    assert not list(tmp_path.rglob("*.part"))
    said = cli("analyze", folder)
    assert said.code == 0
    assert " already there, 0 failed" in said.out
