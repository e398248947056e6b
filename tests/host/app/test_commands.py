"""The smaller commands: --version, --help, warm, explain."""

import subprocess
import sys
from pathlib import Path

import trendel
from tests.host.app.conftest import Cli


def test_version(cli: Cli) -> None:
    said = cli("--version")
    assert (said.code, said.out) == (0, f"trendel {trendel.__version__}\n")


def test_help_names_every_command(cli: Cli) -> None:
    said = cli("--help")
    assert said.code == 0
    for command in ("analyze", "explain", "demo", "warm", "params"):
        assert command in said.out


def test_warm_compiles_once() -> None:
    from trendel.kernels.compile import KERNEL_HASH

    command = [sys.executable, "-c", "from trendel.app.cli import main; main()", "warm"]
    first, again = (subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(2))
    assert KERNEL_HASH in first and "compiled" in first
    assert KERNEL_HASH in again and "already compiled" in again


def test_explain_shows_every_stage(cli: Cli, run_csv: Path) -> None:
    said = cli("explain", run_csv, "--step", "10")
    assert said.code == 0
    assert max(map(len, said.out.splitlines())) <= 80
    for stage in ("attitude", "mounting", "contacts", "stride"):
        assert stage in said.out
    assert "contact: 2.5 ms after the onset" in said.out


def test_explain_of_a_step_that_is_not_there(cli: Cli, run_csv: Path) -> None:
    said = cli("explain", run_csv, "--step", "100000")
    assert said.code == 2
    assert "steps" in said.err
