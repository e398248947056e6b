"""Ctrl-C at moments when only imports are running: one word and 130, never a traceback."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.host.app.conftest import write_run

MAIN = "from trendel.app.cli import main; main()"
STOP_AT = """\
import sys

class Stop:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            raise KeyboardInterrupt

sys.meta_path.insert(0, Stop())
"""


@pytest.mark.parametrize("module", ["typer", "trendel.errors", "trendel.app.single", "numba", "trendel.kernels.layout"])
def test_during_the_imports_of_a_single_run(run_csv: Path, module: str) -> None:
    command = [sys.executable, "-c", STOP_AT.format(module=module) + MAIN, "analyze", str(run_csv)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "stopped.\n")


def _spawned(parent: int) -> list[int]:
    """The workers of a process, as /proc shows them."""
    found = []
    for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        try:
            if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                found.append(int(child))
        except OSError:
            continue
    return found


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the workers in /proc")
def test_while_the_workers_of_a_folder_are_starting(tmp_path: Path) -> None:
    (tmp_path / "study").mkdir()
    for number in range(4):
        write_run(tmp_path / "study" / f"{number}.csv", seed=number)
    command = [sys.executable, "-c", MAIN, "analyze", str(tmp_path / "study"), "--jobs", "2"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        while process.poll() is None and len(_spawned(process.pid)) < 2:
            time.sleep(0.005)
        time.sleep(0.05)  # the parent is past the start of its workers, they are importing
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of them
        _, said = process.communicate(timeout=60)
    finally:
        if process.poll() is None:
            process.kill()
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert "the same command goes on from here" in said and said.endswith("stopped.\n")
