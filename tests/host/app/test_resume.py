"""What a folder's results are counted as done by, and what is on disk after a repeat that changed, failed or stopped."""

import json
from pathlib import Path

import pytest

from tests.host.app.conftest import Cli, write_simple_run
from trendel.analysis import Parameters
from trendel.analysis.parameters import Contacts
from trendel.app import versions

ALL_FILES = {"steps.csv", "strides.csv", "signals.csv", "summary.json"}


@pytest.fixture
def study(cli: Cli, tmp_path: Path) -> Path:
    """A folder of one recording, analysed; its results are in study.trendel/a."""
    folder = tmp_path / "study"
    folder.mkdir()
    write_simple_run(folder / "a.csv")
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
