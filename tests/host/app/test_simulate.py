"""`trendel simulate` writes a recording that reads back, with truth beside it, the same for the same seed."""

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import trendel
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
