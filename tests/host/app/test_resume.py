"""What counts as done in a folder's results, and what is on disk after a repeat that changed, failed or stopped."""

import json
from pathlib import Path

import pytest

from tests.host.app.conftest import Cli, write_run
from trendel.analysis import Parameters
from trendel.analysis.parameters import Contacts
from trendel.analysis.result import Table
from trendel.app import versions

ALL_FILES = {"alerts.csv", "steps.csv", "strides.csv", "signals.csv", "summary.json", "waveforms.csv"}


@pytest.fixture
def study(cli: Cli, tmp_path: Path) -> Path:
    """A folder of one recording, analysed; its results are in study.trendel/a."""
    folder = tmp_path / "study"
    folder.mkdir()
    write_run(folder / "a.csv")
    assert cli("analyze", folder, "--signals").code == 0
    return folder


def _status(cli: Cli, *arguments: object) -> str:
    said = cli("analyze", *arguments, "--json")
    (recording,) = json.loads(said.out)["recordings"]
    return str(recording["status"])


def test_another_default_is_done_again(cli: Cli, study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _status(cli, study, "--signals") == "skipped"
    defaults = Contacts.__init__.__defaults__
    assert defaults is not None
    before = Parameters().to_dict()
    monkeypatch.setattr(Contacts.__init__, "__defaults__", (defaults[0] * 1.01, *defaults[1:]))
    assert Parameters().to_dict() != before
    assert _status(cli, study, "--signals") == "done"
    assert _status(cli, study, "--signals") == "skipped"


def test_the_same_parameters_from_a_file_are_the_same(cli: Cli, study: Path, tmp_path: Path) -> None:
    file = tmp_path / "p.toml"
    assert cli("params", "--out", file).code == 0
    assert _status(cli, study, "--signals", "--params", file) == "skipped"


@pytest.mark.parametrize("part", ["analysis", "recording"])
def test_other_code_is_done_again(cli: Cli, study: Path, monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    kept = versions.source_bytes
    monkeypatch.setattr(
        versions, "source_bytes", lambda path: kept(path) + (b"# edited" if path.parent.name == part else b"")
    )
    assert _status(cli, study, "--signals") == "done"


def test_another_version_is_done_again(cli: Cli, study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trendel.__version__", "99.0", raising=False)
    assert _status(cli, study, "--signals") == "done"


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_old_signals_go_when_a_repeat_makes_none(cli: Cli, study: Path) -> None:
    folder = study.with_name("study.trendel") / "a"
    assert {path.name for path in folder.iterdir()} == ALL_FILES
    assert _status(cli, study) == "done"
    assert {path.name for path in folder.iterdir()} == ALL_FILES - {"signals.csv"}


def test_a_single_repeat_too_but_never_a_file_that_is_not_ours(cli: Cli, run_csv: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "signals.csv").write_text("somebody's own\n")
    assert cli("analyze", run_csv, "--out", out).code == 0
    assert (out / "signals.csv").read_text() == "somebody's own\n"
    (out / "signals.csv").unlink()
    assert cli("analyze", run_csv, "--out", out, "--signals").code == 0
    assert {path.name for path in out.iterdir()} == ALL_FILES | {"report.html"}
    assert cli("analyze", run_csv, "--out", out).code == 0
    assert {path.name for path in out.iterdir()} == (ALL_FILES | {"report.html"}) - {"signals.csv"}


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_a_repeat_that_stops_while_writing_leaves_the_earlier_results(
    cli: Cli, study: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    folder = study.with_name("study.trendel") / "a"
    before = _contents(folder)
    kept, written = Table.to_csv, []

    def stop_at_the_last(self: Table, path: Path) -> None:
        kept(self, path)
        written.append(path)
        if len(written) == 3:
            raise error

    with monkeypatch.context() as patch:
        patch.setattr(Table, "to_csv", stop_at_the_last)
        assert cli("analyze", study, "--as-clip", "--signals").code in (2, 130)
    assert len(written) == 3
    assert _contents(folder) == before
    assert _status(cli, study, "--signals") == "skipped"


def test_a_set_that_is_half_old_does_not_count_as_done(cli: Cli, study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, renamed = Path.replace, []

    def stop_at_the_second(self: Path, target: Path) -> Path:
        renamed.append(target)
        if len(renamed) == 2:
            raise KeyboardInterrupt
        return kept(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", stop_at_the_second)
        assert cli("analyze", study, "--as-clip", "--signals").code == 130
    assert not list(study.with_name("study.trendel").rglob("*.part"))
    assert _status(cli, study, "--signals") == "done"


@pytest.mark.parametrize("name", sorted(ALL_FILES - {"summary.json"}))
def test_a_cut_file_does_not_count_as_done(cli: Cli, study: Path, name: str) -> None:
    path = study.with_name("study.trendel") / "a" / name
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    assert _status(cli, study, "--signals") == "done"
    assert path.read_bytes() == whole
