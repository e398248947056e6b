"""`trendel analyze RUN.csv`: what it prints, what it writes, and how it fails."""

import csv
import errno
import json
from pathlib import Path

import pytest

import trendel
from tests.host.app.conftest import Cli
from trendel.app.options import AnalyzeOptions, ReadOptions, parse_columns
from trendel.app.outputs import OutputError, to_json, write_atomically
from trendel.app.screen import show_result, stdout_console
from trendel.errors import ParameterError

SIGNALS = ["t_s", "tilt_deg", "obliquity_deg", "rotation_deg", "vertical_m"]
SIGNALS += ["acc_forward_mps2", "acc_left_mps2", "acc_up_mps2", "vgrf_bw", "segment"]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_prints_a_table_that_fits_and_writes_the_files(cli: Cli, run_csv: Path) -> None:
    said = cli("analyze", run_csv)
    assert said.code == 0, said.err
    assert max(map(len, said.out.splitlines()[:-1])) <= 80  # the last line names the folder, however long it is
    for words in ("contact time", "vertical oscillation", "pelvic drop", "left", "right", "cadence 16", "running"):
        assert words in said.out
    folder = run_csv.with_name("run.trendel")
    names = ["alerts.csv", "report.html", "steps.csv", "strides.csv", "summary.json", "waveforms.csv"]
    assert sorted(path.name for path in folder.iterdir()) == names
    steps = _rows(folder / "steps.csv")
    assert {row["side"] for row in steps} == {"L", "R"}
    assert 50 < len(steps) < 75  # 25 s at 2.8 steps a second, the ramps may lose some
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["mode"] == "refined"


def test_no_alert_is_told_from_too_little_running_to_judge(
    cli: Cli, run_csv: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "hip stability: not judged; it takes some 4 min" in cli("analyze", run_csv).out
    recording = trendel.read(run_csv)
    result = trendel.analyze(recording)
    result.strides.data["stability_phase"][-1] = "watching"
    show_result(stdout_console(), recording, result, "run.csv")
    assert "hip stability: no alert" in capsys.readouterr().out


def test_json_alone_on_stdout(cli: Cli, run_csv: Path, tmp_path: Path) -> None:
    said = cli("analyze", run_csv, "--json", "--out", tmp_path / "out")
    assert said.code == 0
    assert json.loads(said.out) == json.loads((tmp_path / "out" / "summary.json").read_text())


def test_signals_and_as_clip(cli: Cli, run_csv: Path, tmp_path: Path) -> None:
    assert cli("analyze", run_csv, "--signals", "--as-clip", "--out", tmp_path / "out").code == 0
    signals = _rows(tmp_path / "out" / "signals.csv")
    assert list(signals[0]) == SIGNALS
    assert len(signals) == len(run_csv.read_text().splitlines()) - 1
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["mode"] == "causal"


def test_parameters_go_out_and_come_back(cli: Cli, run_csv: Path, tmp_path: Path) -> None:
    assert cli("params", "--out", tmp_path / "p.toml").code == 0
    assert cli("params").out == (tmp_path / "p.toml").read_text()
    plain = json.loads(cli("analyze", run_csv, "--json").out)
    given = json.loads(cli("analyze", run_csv, "--json", "--params", tmp_path / "p.toml").out)
    assert given == plain


def test_a_parameter_that_is_not_one(cli: Cli, run_csv: Path, tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text("nonsense = 3\n")
    said = cli("analyze", run_csv, "--params", tmp_path / "p.toml")
    assert said.code == 2
    assert "nonsense" in said.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothere.csv"], "does not exist"),
        (["run.csv", "--out", "run.csv"], "something else has that name"),
        (["run.csv", "--column", "acc=3"], "NAME=COL"),
        (["run.csv", "--acc-unit", "furlong"], "furlong"),
        (["run.csv", "--mounting", "nothere.json"], "nothere.json"),
        (["run.csv", "--params", "nothere.toml"], "nothere.toml"),
        (["run.csv", "--mass-kg", "-4"], "mass"),
    ],
)
def test_errors_are_one_sentence_and_exit_2(
    cli: Cli, run_csv: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    monkeypatch.chdir(run_csv.parent)
    said = cli("analyze", *arguments)
    assert said.code == 2
    assert said.out == ""
    assert said.err.startswith("error: ") and said.err.count("\n") == 1 and words in said.err


def test_disk_full_is_said_and_leaves_nothing_half_written(
    cli: Cli, run_csv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trendel.analysis import Table

    def fill_up(self: Table, path: Path) -> None:
        Path(path).write_text("half a li")
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    assert cli("analyze", run_csv).code == 0
    folder = run_csv.with_name("run.trendel")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    monkeypatch.setattr(Table, "to_csv", fill_up)
    said = cli("analyze", run_csv)
    assert said.code == 2
    assert "The disk is full" in said.err and "--out" in said.err
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize(("code", "words"), [(errno.EACCES, "permission"), (errno.EROFS, "permission"), (5, "written")])
def test_output_errors_name_the_file(tmp_path: Path, code: int, words: str) -> None:
    def fail(path: Path) -> None:
        raise OSError(code, "Some reason", str(path))

    with pytest.raises(OutputError, match=words) as caught:
        write_atomically(tmp_path / "steps.csv", fail)
    assert str(tmp_path / "steps.csv") in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_json_has_no_nan() -> None:
    import numpy as np

    value = {"a": float("nan"), "b": np.float32(1.5), "c": [np.int64(2), (np.inf,)], "d": np.arange(2), "e": Path("x")}
    assert json.loads(to_json(value)) == {"a": None, "b": 1.5, "c": [2, [None]], "d": [0, 1], "e": "x"}


def test_a_column_left_empty_leaves_the_quantity_out(cli: Cli, run_csv: Path) -> None:
    assert parse_columns(["t=", "acc_x=a"]) == {"t": None, "acc_x": "a"}
    gyroscope = [word for axis in "xyz" for word in ("--column", f"gyr_{axis}=")]
    said = cli("analyze", run_csv, *gyroscope)
    assert said.code == 0, said.err
    assert "accelerometer only" in said.out
    with pytest.raises(ParameterError, match="twice: left out and clock"):
        parse_columns(["t=", "t=clock"])


@pytest.mark.parametrize(("given", "meant"), [("Auto", "auto"), ("PELVIS", "pelvis"), ("My.json", "My.json")])
def test_mounting_words_in_any_case(given: str, meant: str) -> None:
    assert AnalyzeOptions(mounting=given).mounting == meant
    assert AnalyzeOptions(mounting=given).fingerprint() == AnalyzeOptions(mounting=meant).fingerprint()


def test_parameters_written_where_a_file_is_no_folder(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("afile").write_text("")
    said = cli("params", "--out", "afile/x")
    assert said.code == 2
    assert "afile/x " in said.err and ".part" not in said.err and said.err.count("\n") == 1
    said = cli("params", "--out", "nofolder/x.toml")
    assert said.code == 2
    assert "nofolder/x.toml " in said.err and ".part" not in said.err


def test_columns_given_twice_are_refused() -> None:
    assert parse_columns(["t=time", "acc_x=a=b"]) == {"t": "time", "acc_x": "a=b"}
    with pytest.raises(ParameterError, match="twice"):
        parse_columns(["t=time", "t=clock"])


def test_fingerprint_follows_the_content_of_files_named(tmp_path: Path) -> None:
    file = tmp_path / "p.toml"
    file.write_text("[input]\nbridge_max_ms = 200.0\n")
    first = AnalyzeOptions(params_file=file).fingerprint()
    assert first == AnalyzeOptions(params_file=file).fingerprint()
    file.write_text("[input]\nbridge_max_ms = 201.0\n")
    assert first != AnalyzeOptions(params_file=file).fingerprint()
    assert AnalyzeOptions().fingerprint() != AnalyzeOptions(read=ReadOptions(rate_hz=100.0)).fingerprint()
