"""Several processes, and one that is killed: what was committed is there."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from trendel.journal import Journal

_WRITER = """
import os, sys; sys.path[:0] = sys.argv[1].split(os.pathsep)
from trendel.journal import Journal
from tests.host.journal.made import new_run
name, n = sys.argv[3], int(sys.argv[4])
for k in range(n):
    with Journal(sys.argv[2], wait_s=30) as journal:
        journal.add_run(new_run(f"{name}{k}", runner=name, summary={"text": "x" * 20000}))
        entry = journal.add_pain(name, "knee", "left", k % 11)
    print(entry.id, flush=True)
"""


def _writer(path: Path, name: str, n: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", _WRITER, os.pathsep.join(sys.path), str(path), name, str(n)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_processes_that_start_and_write_at_the_same_time(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    writers = [_writer(path, name, 8) for name in ("Anna", "Ben", "Cy")]
    for writer in writers:
        _, errors = writer.communicate(timeout=120)
        assert writer.returncode == 0, errors
    with Journal(path) as journal:
        assert journal.messages == []
        for name in ("Anna", "Ben", "Cy"):
            assert len(journal.runs(name)) == len(journal.pain(name)) == 8
            assert {len(b.runs) for b in journal.baselines(name)} == {8}


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_process_killed_while_it_writes_loses_nothing_that_was_committed(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    committed: set[str] = set()
    for round_ in range(3):
        writer = _writer(path, "Anna", 10_000)
        assert writer.stdout is not None
        committed.add(writer.stdout.readline().strip())
        time.sleep(0.2 + 0.117 * round_)
        writer.send_signal(signal.SIGKILL)
        committed |= set(writer.stdout.read().split())
        writer.wait()
        writer.stdout.close()
        assert writer.stderr is not None
        writer.stderr.close()
        with Journal(path) as journal:
            assert journal.messages == []
            assert committed <= {entry.id for entry in journal.pain("Anna")}
            baselines = journal.baselines("Anna")  # of whole runs only
            assert {len(b.runs) for b in baselines} == {min(20, len(journal.runs("Anna")))}
    assert len(committed) > 3
