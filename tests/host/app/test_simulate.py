"""`trendel simulate` writes a recording that reads back, with truth beside it, the same for the same seed."""

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import trendel
from tests.host.app.conftest import Cli
from trendel.app.cli import app
from trendel.errors import RecordingError


def _made(path: Path, *options: str) -> Path:
    result = CliRunner().invoke(app, ["simulate", str(path), "--minutes", "0.5", *options])
    assert result.exit_code == 0, result.output
    return path


def test_files_read_back_and_say_that_they_are_simulated(tmp_path: Path) -> None:
    run = _made(tmp_path / "run.csv", "--drop-right", "8")
    recording = trendel.read(run)
    assert recording.metadata["simulated"] is True
    assert json.loads(run.with_suffix(".json").read_text())["gait"]["drop_right_deg"] == 8
    assert recording.rate_hz == pytest.approx(208 * 1.01, rel=1e-3)
    truth = list(csv.DictReader((tmp_path / "run.truth.csv").open()))
    assert len(truth) == len(recording.t_s)
    assert float(truth[-1]["t_s"]) == pytest.approx(recording.t_s[-1])
    assert {row["segment"] for row in truth} == {"stand", "walk", "run", "jump"}
    contacts = list(csv.DictReader((tmp_path / "run.contacts.csv").open()))
    assert {row["side"] for row in contacts} == {"L", "R"} and len(contacts) > 70


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    first, again = _made(tmp_path / "a.csv", "--seed", "5"), _made(tmp_path / "b.csv", "--seed", "5")
    other = _made(tmp_path / "c.csv", "--seed", "6")
    assert first.read_bytes() == again.read_bytes() != other.read_bytes()


def test_existing_files_are_kept(tmp_path: Path) -> None:
    run = _made(tmp_path / "run.csv")
    with pytest.raises(RecordingError, match="exists already"):
        CliRunner().invoke(app, ["simulate", str(run)], catch_exceptions=False)
    _made(run, "--overwrite")


def test_options_reach_the_runner_and_the_sensor(tmp_path: Path) -> None:
    run = tmp_path / "run.csv"
    options = ("--session", "stand 4, run 20", "--speed", "4", "--contact-time", "220", "--oscillation", "90",
               "--asymmetry", "0.02", "--foot-strike", "fore", "--alpha", "0.7", "--variation", "0.5",
               "--growth-left", "2", "--mounting", "random", "--gyro-bias", "1,0,-1", "--rate-error", "0.05",
               "--rate-hz", "104", "--strap", "2", "--slip-at", "12", "--lost", "0.02", "--seed", "4")  # fmt: skip
    result = CliRunner().invoke(app, ["simulate", str(run), *options])
    assert result.exit_code == 0, result.output
    told = json.loads(run.with_suffix(".json").read_text())
    assert told["segments"] == [["stand", 4.0], ["run", 20.0]]
    gait, sensor = told["gait"], told["sensor"]
    assert (gait["speed_mps"], gait["contact_time_ms"], gait["oscillation_mm"]) == (4.0, 220.0, 90.0)
    assert gait["step_rate_spm"] == pytest.approx(173.6)  # what goes with the speed
    assert told["variability"]["alpha"] == 0.7 and told["fatigue"]["left_deg"] == 2.0
    assert sensor["slip_s"] == 12 and sensor["gyr_bias_radps"][0] == pytest.approx(0.01745, rel=1e-3)
    assert trendel.read(run).rate_hz == pytest.approx(104 * 1.05, rel=0.01)


def test_a_tiring_run_grows_from_the_minute_that_was_given(tmp_path: Path) -> None:
    options = ("--session", "run 72", "--growth-left", "6", "--growth-from", "0.6", "--growth-until", "0.8")
    assert CliRunner().invoke(app, ["simulate", str(tmp_path / "run.csv"), *options]).exit_code == 0
    steps = [row for row in csv.DictReader((tmp_path / "run.contacts.csv").open()) if row["steady"] == "1"]

    def peak(side: str, start_s: float, end_s: float) -> float:
        mine = [r for r in steps if r["side"] == side and start_s <= float(r["ic_s"]) < end_s]
        return sum(float(r["obliquity_peak_deg"]) for r in mine) / len(mine)

    assert peak("L", 48, 72) - peak("L", 0, 36) == pytest.approx(6, abs=1)
    assert abs(peak("L", 18, 36) - peak("L", 0, 18)) < 1 and abs(peak("R", 48, 72) - peak("R", 0, 36)) < 1


def test_a_random_runner_is_that_of_the_seed(tmp_path: Path) -> None:
    told = []
    for name, seed, more in (("a", "3", ()), ("b", "3", ("--speed", "3.1")), ("c", "4", ())):
        run = tmp_path / f"{name}.csv"
        options = ("--session", "run 10", "--random-runner", "--seed", seed, *more)
        assert CliRunner().invoke(app, ["simulate", str(run), *options]).exit_code == 0
        told.append(json.loads(run.with_suffix(".json").read_text())["gait"])
    assert told[0]["drop_left_deg"] == told[1]["drop_left_deg"] != told[2]["drop_left_deg"]
    assert told[1]["speed_mps"] == 3.1


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--step-rate", "220", "--contact-time", "290"), "it can be 109 to 265"),
        (("--session", "stand 6, swim 4"), "stand, walk, run or jump"),
        (("--session", "stand six"), "in seconds; 'stand six' is not"),
        (("--session", "stand 6", "--minutes", "2"), "not both"),
        (("--session", "run 99999"), "10 hours"),
        (("--mounting", "1,2"), "three numbers"),
        (("--rate-error", "0.5"), "within 10 %"),
        (("--alpha", "3"), "alpha must be between"),
        (("--growth-left", "3", "--drop-left", "30"), "drop_left_deg must be between"),
        (("--growth-left", "3", "--growth-from", "12", "--minutes", "2"), "--growth-from must come before"),
        (("--growth-left", "3", "--growth-from", "12", "--growth-until", "14", "--minutes", "2"), "the end of running"),
        (("--growth-until", "1", "--minutes", "2"), "give --growth-left or --growth-right"),
        (("--slip", "0,9,0"), "give --slip-at"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_exit_code_2(
    cli: Cli, tmp_path: Path, options: tuple[str, ...], says: str
) -> None:
    said = cli("simulate", tmp_path / "run.csv", *options)
    assert said.code == 2 and says in said.err and said.err.count("\n") == 1
    assert not list(tmp_path.iterdir())
