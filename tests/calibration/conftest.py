"""A history of its own for each test, and the command line with `calibrate`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from trendel.app import cli


class Done(NamedTuple):
    """What a command gave."""

    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def _own_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRENDEL_CALIBRATIONS", str(tmp_path / "kept"))
    monkeypatch.setenv("TRENDEL_MOUNTINGS", str(tmp_path / "mountings"))


@pytest.fixture
def trendel_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """Run `trendel ...` in this process."""
    from trendel_calibration.command import add_commands

    if not any(command.callback.__name__ == "calibrate" for command in cli.app.registered_commands if command.callback):
        add_commands(cli.app)  # trendel is not installed with its entry points here

    def run(*words: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["trendel", *map(str, words)])
        code = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        out, err = capsys.readouterr()
        return Done(code, out, err)

    return run
