"""Damaged, foreign, locked, unwritable and full: a sentence, and nothing lost."""

import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
from contextlib import closing
from pathlib import Path

import pytest

from tests.host.journal.made import KERNELS, filled, hash_of, new_run
from trendel.errors import JournalError
from trendel.journal import Journal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    filled(tmp_path / "journal.sqlite")
    return tmp_path / "journal.sqlite"


def _aside(path: Path) -> list[Path]:
    return [file for file in path.parent.iterdir() if file.name.startswith("journal-damaged-")]


def test_an_undamaged_journal_is_left_alone(path: Path) -> None:
    Journal(path).close()
    assert [file.name for file in path.parent.iterdir()] == ["journal.sqlite"]


@pytest.mark.parametrize("kind", ["garbage", "no header", "cut", "a page of noise", "no table", "garbled version"])
def test_a_damaged_journal_is_kept_aside_and_a_new_one_started(path: Path, kind: str) -> None:
    content = bytearray(path.read_bytes())
    if kind == "garbage":
        content = bytearray(b"this was a journal once")
    elif kind == "no header":
        content[:100] = bytes(100)
    elif kind == "cut":
        del content[len(content) // 2 :]
    elif kind == "a page of noise":
        content[8192:12288] = random.Random(0).randbytes(4096)
    elif kind == "garbled version":
        content[60:64] = b"\xff\xee\xdd\xcc"
    path.write_bytes(content)
    if kind == "no table":
        with closing(sqlite3.connect(path)) as db:
            db.execute("DROP TABLE runs")
            db.commit()
        content = bytearray(path.read_bytes())
    with Journal(path) as journal:
        assert len(journal.messages) == 1
        (aside,) = _aside(path)
        assert f"The journal was damaged: it is kept as {aside}, and a new one was started" in journal.messages[0]
        assert aside.read_bytes() == bytes(content)
        journal.add_run(new_run("after"))
    with Journal(path) as journal:  # and it is a sound one
        assert journal.messages == [] and journal.has_run(hash_of("after"), "Anna")


def test_what_can_be_read_of_a_damaged_journal_is_saved(tmp_path: Path) -> None:
    """Every page in turn is overwritten: most of the runs are still there each time."""
    sound = tmp_path / "sound.sqlite"
    with Journal(sound) as journal:
        for k in range(40):
            journal.add_run(new_run(k, summary={"text": str(k) * 1500}))
        journal.add_pain("Anna", "knee", "left", 4, run=hash_of(7))
    content = sound.read_bytes()
    saved_runs, saved_pain = [], 0
    for page in range(1, len(content) // 4096):
        folder = tmp_path / str(page)
        folder.mkdir()
        damaged = bytearray(content)
        damaged[4096 * page : 4096 * (page + 1)] = random.Random(page).randbytes(4096)
        (folder / "journal.sqlite").write_bytes(damaged)
        with Journal(folder / "journal.sqlite") as journal:
            saved_runs.append(len(journal.runs()))
            saved_pain += sum(len(journal.pain(runner.name)) for runner in journal.runners())
            assert {run.hash for run in journal.runs()} <= {hash_of(k) for k in range(40)}
    assert len(saved_runs) > 15
    assert sorted(saved_runs)[len(saved_runs) // 2] >= 35 and saved_pain >= 0.8 * len(saved_runs)


@pytest.mark.parametrize("seed", range(30))
def test_any_damage_ends_in_a_journal_that_works(path: Path, seed: int) -> None:
    """Bits turned, parts zeroed, cut off or copied over each other: opened or moved aside, and nothing breaks later."""
    chance = random.Random(seed)
    content = bytearray(path.read_bytes())
    at, n = chance.randrange(100, len(content)), chance.choice([10, 500, 5000, 50_000])
    if seed % 4 == 0:
        for _ in range(chance.choice([1, 5, 50])):
            content[chance.randrange(100, len(content))] ^= 1 << chance.randrange(8)
    elif seed % 4 == 1:
        content[at : at + n] = bytes(len(content[at : at + n]))
    elif seed % 4 == 2:
        del content[at:]
    else:
        content[at : at + n] = content[: len(content[at : at + n])]
    path.write_bytes(content)
    with Journal(path) as journal:
        for file in _aside(path):
            assert file.read_bytes() == bytes(content)
        assert bool(journal.messages) == bool(_aside(path))
        journal.add_run(new_run("after"))
        for runner in journal.runners():
            assert journal.baseline(runner.name, "C1", KERNELS).reason
            assert all(entry.runner for entry in (*journal.pain(runner.name), *journal.notes(runner.name)))
        journal.export(path.with_suffix(".json"))


@pytest.mark.parametrize("kind", ["no header", "last page cut off", "no text"])
def test_damage_that_spares_the_rows_costs_nothing_else(path: Path, kind: str) -> None:
    content = bytearray(path.read_bytes())
    if kind == "no header":
        content[:100] = bytes(100)
    elif kind == "last page cut off":
        del content[-4096:]
    else:  # one note that is no text any more
        at = content.index(b"new shoes")
        content[at : at + 3] = b"\xff\xff\xff"
    path.write_bytes(content)
    with Journal(path) as journal:
        assert len(journal.messages) == 1 and len(journal.runs()) == 4 and len(journal.pain("Anna")) == 1
        if kind == "no text":
            assert journal.notes("Ben") == () and "some could not" in journal.messages[0]


def test_baselines_are_formed_again_from_what_was_saved(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        root = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'baselines'").fetchone()[0]
    content = bytearray(path.read_bytes())
    content[4096 * (root - 1) : 4096 * root] = bytes(4096)
    path.write_bytes(content)
    with Journal(path) as journal:
        answer = journal.baseline("Anna", "C1", KERNELS)
        assert answer.values is not None and len(answer.values) == 4 and len(journal.pain("Anna")) == 1


def test_committed_entries_in_the_log_of_a_damaged_journal_are_moved_with_it(path: Path) -> None:
    with closing(sqlite3.connect(path)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM runs").fetchall()  # holds the log back
        with Journal(path) as journal:
            journal.add_note("Anna", "in the log")
        log = path.with_name("journal.sqlite-wal").read_bytes()
        assert b"in the log" in log
    path.with_name("journal.sqlite-wal").write_bytes(log)
    path.write_bytes(b"garbage")
    Journal(path).close()
    assert any(file.name.endswith("-wal") and b"in the log" in file.read_bytes() for file in _aside(path))


def test_two_damaged_in_the_same_second_do_not_meet(path: Path) -> None:
    for k in range(3):
        path.write_bytes(b"garbage %d" % k)
        Journal(path).close()
    assert {file.read_bytes() for file in _aside(path)} == {b"garbage 0", b"garbage 1", b"garbage 2"}


@pytest.mark.parametrize("name", ["run.csv", "thesis.docx"])
def test_a_file_that_is_no_journal_is_not_touched(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("t_s,acc_x_mps2\n")
    with pytest.raises(JournalError, match=r"is no journal: TRENDEL_JOURNAL must name a file that ends in \.sqlite"):
        Journal(path)
    assert path.read_text() == "t_s,acc_x_mps2\n" and len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("application_id", [0, 77])
def test_a_database_of_another_program_is_not_touched(tmp_path: Path, application_id: int) -> None:
    path = tmp_path / "places.sqlite"
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA application_id = {application_id}")
        db.execute("CREATE TABLE bookmarks (url TEXT)")
        db.commit()
    before = path.read_bytes()
    with pytest.raises(JournalError, match="database of another program"):
        Journal(path)
    assert path.read_bytes() == before


def test_paths_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="is a folder"):
        Journal(tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(JournalError, match="a part of its path is a file"):
        Journal(tmp_path / "file" / "journal.sqlite")


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX permissions")
def test_a_folder_that_cannot_be_written() -> None:
    folder = Path(tempfile.mkdtemp())  # not below pytest's, which nobody else may enter
    folder.chmod(0o755)
    path = folder / "journal.sqlite"
    filled(path)
    code = (
        "import os, sys; sys.path[:0] = sys.argv[2].split(os.pathsep)\n"
        "import trendel.journal, trendel.journal.journal, sqlite3\n"
        "os.getuid() or os.setuid(65534)\n"
        "from trendel.errors import JournalError\n"
        "for name in (sys.argv[1], os.path.join(os.path.dirname(sys.argv[1]), 'new', 'journal.sqlite')):\n"
        "    try: trendel.journal.Journal(name); print('opened')\n"
        "    except JournalError as error: print(error)\n"
    )
    before = path.read_bytes()
    path.chmod(0o444)
    path.parent.chmod(0o555)
    try:
        done = subprocess.run(
            [sys.executable, "-c", code, str(path), os.pathsep.join(sys.path)], capture_output=True, text=True
        )
        unchanged = before == path.read_bytes()
    finally:
        path.parent.chmod(0o755)
        shutil.rmtree(folder)
    lines = done.stdout.splitlines()
    assert len(lines) == 2 and all("cannot be written: name another file" in line for line in lines), done
    assert unchanged


def test_a_full_disk(path: Path) -> None:
    with Journal(path) as journal:
        pages = journal._db.execute("PRAGMA page_count").fetchone()[0]
        journal._db.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(JournalError, match="disk is full: nothing was added"):
            journal.add_run(new_run("large", summary={"text": "x" * 200_000}))
        assert not journal.has_run(hash_of("large"), "Anna") and len(journal.runs("Anna")) == 3
        journal._db.execute("PRAGMA max_page_count = 1000000")
        journal.add_run(new_run("large", summary={"text": "x" * 200_000}))  # the same journal goes on
    with Journal(path) as journal:
        assert journal.messages == [] and len(journal.runs("Anna")) == 4


def test_a_journal_that_another_process_holds(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with Journal(path, wait_s=0.2) as journal:
            assert len(journal.runs()) == 4  # reading does not wait
            with pytest.raises(JournalError, match=r"in use by another program and did not become free within 0\.2 s"):
                journal.add_note("Anna", "waiting")
            other.execute("COMMIT")
            journal.add_note("Anna", "free")
            assert [note.text for note in journal.notes("Anna")] == ["free"]


def test_a_lock_that_ends_in_time_is_waited_for(path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.3, lambda: other.execute("COMMIT"))
    timer.start()
    with Journal(path, wait_s=10) as journal:
        journal.add_note("Anna", "waited")
    timer.join()
    other.close()
