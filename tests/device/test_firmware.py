"""`make firmware` where there is no Zephyr: one sentence, exit code 2."""

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).resolve().parents[2] / "device" / "zephyr" / "firmware.py"


def _run(**changes: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "ZEPHYR_BASE"} | changes
    return subprocess.run(
        [sys.executable, str(PROGRAM)], capture_output=True, text=True, env=environment, timeout=60, check=False
    )


def test_without_a_workspace_it_says_so() -> None:
    done = _run()
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("ZEPHYR_BASE is not set") and done.stderr.count("\n") == 1


def test_a_folder_that_is_no_workspace_is_named(tmp_path: Path) -> None:
    done = _run(ZEPHYR_BASE=str(tmp_path))
    assert done.returncode == 2
    assert str(tmp_path) in done.stderr and done.stderr.count("\n") == 1
