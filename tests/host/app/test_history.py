"""`trendel analyze --runner`: earlier runs, the runner's limits and the runner's pain come into the result."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

import trendel
import trendel.analysis
from tests.host.app.conftest import Cli, write_run
from trendel.app.history import analyse
from trendel.app.options import AnalyzeOptions, Keep
from trendel.app.remember import remember
from trendel.journal import Journal


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "data" / "journal.sqlite"
    monkeypatch.setenv("TRENDEL_JOURNAL", str(path))
    return path


def alerts_of(run: Path) -> list[dict[str, str]]:
    with run.with_suffix(".trendel").joinpath("alerts.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def compared(result: trendel.analysis.Result) -> bool:
    return bool(result.summary["stability"].get("compared_with_earlier_runs"))


def keep_run(path: Path, clip: str = "C7") -> None:
    recording = trendel.read(path)
    keep = Keep("Anna", clip)
    result, options, _ = analyse(recording, AnalyzeOptions(), keep)
    remember(recording, result, keep.runner, keep.clip, raw_path=path, options=options)


def test_a_second_run_begins_at_the_first_ones_baseline(tmp_path: Path, journal: Path) -> None:
    first, second = (write_run(tmp_path / f"{seed}.csv", seed=seed) for seed in (0, 1))
    result, _, said = analyse(trendel.read(first), AnalyzeOptions(), Keep("Anna", "C7"))
    assert not said and not compared(result)
    keep_run(first)
    result, _, said = analyse(trendel.read(second), AnalyzeOptions(), Keep("anna", "C7"))
    assert compared(result)
    assert "the baseline is from 1 run of Anna's" in said[0]
    # The same run again is not compared with itself.
    result, _, said = analyse(trendel.read(first), AnalyzeOptions(), Keep("Anna", "C7"))
    assert not compared(result) and not said


@pytest.mark.parametrize("what", ["clip", "mounting", "kernels"])
def test_a_baseline_that_does_not_fit_is_set_aside_and_said(
    what: str, tmp_path: Path, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (write_run(tmp_path / f"{seed}.csv", seed=seed) for seed in (0, 1))
    keep_run(first)
    recording, clip = trendel.read(second), "C7"
    if what == "clip":
        clip = "C8"
    elif what == "kernels":
        monkeypatch.setattr("trendel.kernels.compile.KERNEL_HASH", "0" * 16)
    else:
        turn = np.array([[0.0, 0.0, 1.0], [0.0, -1.0, 0.0], [1.0, 0.0, 0.0]])
        assert recording.gyr_radps is not None
        recording = trendel.Recording.from_arrays(
            recording.acc_mps2 @ turn.T, recording.gyr_radps @ turn.T, recording.rate_hz
        )
    result, _, said = analyse(recording, AnalyzeOptions(), Keep("Anna", clip))
    assert not compared(result)
    expected = {"clip": "from clip C7, not from clip C8", "mounting": "another mounting", "kernels": "set aside"}
    assert expected[what] in said[0] and said[0].endswith(".")


def test_limits_are_the_runners_own(cli: Cli, tmp_path: Path, journal: Path) -> None:
    first, second = (write_run(tmp_path / f"{seed}.csv", seed=seed) for seed in (0, 1))
    assert cli("analyze", first, "--runner", "Anna", "--alert-at", "0.8,1.5,3").code == 0
    said = cli("analyze", second, "--runner", "Anna", "--json")
    assert "Alerts at 0.8, 1.5, 3 degrees as in Anna's last run" in said.err
    assert "The baseline is from 2 runs" in said.err
    stability = json.loads(said.out)["parameters"]["stability"]
    assert [stability[name] for name in ("notice_deg", "warning_deg", "stop_deg")] == [0.8, 1.5, 3.0]
    for wrong in ("1,2", "3,2,1", "a,b,c", "0,1,2"):
        failed = cli("analyze", second, "--alert-at", wrong)
        assert failed.code == 2 and "--alert-at" in failed.err and "Traceback" not in failed.err


def test_pain_says_stop_before_everything_else(cli: Cli, tmp_path: Path, journal: Path) -> None:
    run = write_run(tmp_path / "run.csv", started_at="2026-05-01T18:30:00+02:00")
    assert cli("analyze", run, "--runner", "Anna").code == 0
    assert not alerts_of(run)
    entered = cli("journal", "pain", "hip", "--side", "left", "--level", "4", "--when", "2026-05-01T18:30:20+02:00")
    assert entered.code == 0 and "stop running" in entered.err
    said = cli("analyze", run, "--runner", "Anna")
    assert "stop: pain left" in said.out and "You noted pain, left hip, 4 of 10" in said.out
    (alert,) = alerts_of(run)
    assert (alert["kind"], alert["level"], alert["side"]) == ("pain", "stop", "L")
    assert float(alert["time_s"]) == pytest.approx(20.0, abs=0.1) and alert["change"] == ""
    assert alert["message"].count(". ") == 0 and alert["action"].count(". ") == 0
    # A folder's alerts are collected.
    assert cli("analyze", tmp_path, "--runner", "Anna", "--out", tmp_path / "out").code == 0
    with (tmp_path / "out" / "all_alerts.csv").open(newline="") as file:
        (collected,) = csv.DictReader(file)
    assert collected["recording"] == "run.csv" and {name: collected[name] for name in alert} == alert
    with (tmp_path / "out" / "all_summary.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["notices"], row["alarms"]) == ("0", "0")  # pain is counted for itself


def test_pain_of_other_days_and_of_level_0_says_nothing(cli: Cli, tmp_path: Path, journal: Path) -> None:
    run = write_run(tmp_path / "run.csv", started_at="2026-05-01T18:30:00+02:00")
    assert cli("analyze", run, "--runner", "Anna").code == 0
    for when, level in (("2026-04-30T18:30+02:00", 5), ("2026-05-03T18:30+02:00", 5), ("2026-05-01T19:00+02:00", 0)):
        assert cli("journal", "pain", "knee", "--side", "both", "--level", level, "--when", when).code == 0
    assert cli("analyze", run, "--runner", "Anna").code == 0
    assert not alerts_of(run)
    with Journal(journal) as opened:
        opened.add_pain("Anna", "knee", "both", 2, run="last")
    assert cli("analyze", run, "--runner", "Anna").code == 0
    assert [row["kind"] for row in alerts_of(run)] == ["pain"]
