"""A short simulated recording as a file, and the command line called in this process."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.plain_run import plain_run
from trendel.recording import Recording, write_recording


@dataclass(frozen=True)
class Said:
    """What a command ended with."""

    code: int
    out: str
    err: str


Cli = Callable[..., Said]


def write_run(path: Path, seed: int = 0, **metadata: object) -> Path:
    run = plain_run(run_s=25.0, end_s=2.0, seed=seed)
    recording = Recording.from_arrays(run.acc_mps2, run.gyr_radps, run.rate_hz, metadata=metadata)
    return write_recording(recording, path)


@pytest.fixture(scope="session")
def simulated_csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Written once; tests that write beside it copy it first."""
    return write_run(tmp_path_factory.mktemp("simulated") / "run.csv", participant="P1", condition="fresh")


@pytest.fixture
def run_csv(simulated_csv: Path, tmp_path: Path) -> Path:
    """A recording in a folder of its own."""
    for path in (simulated_csv, simulated_csv.with_suffix(".json")):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path / "run.csv"


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Call `trendel` with these arguments; gives exit code, stdout and stderr."""
    from trendel.app.cli import main

    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")

    def call(*arguments: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["trendel", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            main()
        said = capsys.readouterr()
        return Said(int(stop.value.code or 0), said.out, said.err)

    return call
