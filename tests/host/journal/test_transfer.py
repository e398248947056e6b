"""Taking the journal along: complete, readable by others, and back without loss or doubling."""

import csv
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.host.journal.made import KERNELS, NOON, UPRIGHT, Clock, filled, hash_of, new_run
from trendel.errors import JournalError
from trendel.journal import Journal
from trendel.journal.schema import TABLES


@pytest.fixture
def path(tmp_path: Path) -> Path:
    filled(tmp_path / "journal.sqlite")
    return tmp_path / "journal.sqlite"


def _export(path: Path) -> dict[str, Any]:
    to = path.with_suffix(".json")
    with Journal(path, clock=Clock()) as journal:
        journal.export(to)
    return dict(json.loads(to.read_text(encoding="utf-8")))


def _sorted(tables: dict[str, list[dict[str, Any]]]) -> dict[str, list[str]]:
    return {name: sorted(json.dumps(row, sort_keys=True) for row in rows) for name, rows in tables.items()}


def test_an_export_is_complete_and_says_what_it_is(path: Path) -> None:
    content = _export(path)
    assert content["format"] == "trendel-journal" and content["version"] == 1 and content["schema"] == 1
    assert content["exported_at"] == NOON.isoformat()
    assert list(content["tables"]) == list(TABLES) and all(content["tables"].values())
    run = content["tables"]["runs"][0]
    assert run["summary"]["notes"] == ["Grüße"] and run["hash"] == hash_of(0)
    assert content["tables"]["mountings"][0]["axes"] == list(UPRIGHT)


def test_back_into_an_empty_journal_gives_the_same_journal(path: Path, tmp_path: Path) -> None:
    first = _export(path)
    with Journal(tmp_path / "b.sqlite") as journal:
        assert journal.import_export(path.with_suffix(".json")) == 2 + 4 + 1 + 1
        assert journal.import_export(path.with_suffix(".json")) == 0
        assert journal.baseline("Anna", "C1", KERNELS).values
    second = _export(tmp_path / "b.sqlite")
    assert _sorted(first["tables"]) == _sorted(second["tables"])


def test_two_machines_are_merged(path: Path, tmp_path: Path) -> None:
    """Runs of both make one baseline although each machine has named the mounting for itself; what is here stays."""
    _export(path)
    with Journal(tmp_path / "b.sqlite", clock=Clock()) as journal:
        journal.add_run(new_run(2, runner="anna", source="mine.csv"))
        journal.add_run(new_run(7, runner="anna", started_at=NOON - timedelta(days=1)))
        journal.import_export(path.with_suffix(".json"))
        assert journal.run(hash_of(2)).source == "mine.csv"
        assert len(journal.runs("Anna")) == 4 and len(journal.mountings("Anna")) == 1
        answer = journal.baseline("Anna", "C1", KERNELS)
        assert answer.values is not None and {len(b.runs) for b in answer.values} == {4}


def test_csv_files(path: Path, tmp_path: Path) -> None:
    with Journal(path) as journal:
        written = journal.export_csv(tmp_path / "new" / "folder")
    assert [file.name for file in written] == [f"{table}.csv" for table in TABLES]
    with (tmp_path / "new" / "folder" / "pain.csv").open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert (row["place"], row["side"], row["level"], row["run"]) == ("knee", "left", "4", hash_of(2))


def _changed(path: Path, change: Any) -> Path:
    content = _export(path)
    change(content)
    path.with_suffix(".json").write_text(json.dumps(content))
    return path.with_suffix(".json")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c.update(format="other"), "no export of a journal"),
        (lambda c: c.update(version=2), "newer Trendel"),
        (lambda c: c.update(version="1"), "does not say its version"),
        (lambda c: c.pop("tables"), "not complete"),
        (lambda c: c["tables"].pop("pain"), "not complete"),
        (lambda c: c["tables"].update(pain=[1]), "not complete"),
        (lambda c: c["tables"]["runs"][3].pop("summary"), "lacks 'summary'"),
        (lambda c: c["tables"]["pain"][0].update(level=11), "a row of pain that cannot be"),
        (lambda c: c["tables"]["pain"][0].update(level=[1]), "a row of pain that cannot be"),
        (lambda c: c["tables"]["mountings"][0].update(axes="x"), "a row of mountings that cannot be"),
        (lambda c: c["tables"]["runs"][0].update(runner="Nobody"), "a row of runs that cannot be"),
        (lambda c: c["tables"]["runs"][0].update(hash="../../etc"), "a row of runs that cannot be"),
        (lambda c: c["tables"]["runs"][0].update(analysed_at="yesterday"), "a row of runs that cannot be"),
        (lambda c: c["tables"]["runs"][0].update(analysed_at="2026-05-01T12:00:00"), "a row of runs that cannot be"),
        (lambda c: c["tables"]["runs"][0].update(started_at="2026-13-01T12:00+02:00"), "a row of runs that cannot be"),
        (lambda c: c["tables"]["runs"][0].update(summary=[]), "a row of runs that cannot be"),
        (lambda c: c["tables"]["mountings"][0].update(axes=["a"] * 9), "a row of mountings that cannot be"),
    ],
)
def test_exports_that_cannot_be_read_change_nothing(path: Path, tmp_path: Path, change: Any, said: str) -> None:
    file = _changed(path, change)
    with Journal(tmp_path / "b.sqlite") as journal:
        with pytest.raises(JournalError, match=said):
            journal.import_export(file)
        assert journal.runners() == () and journal.messages == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000])
def test_files_that_are_no_export(path: Path, content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(content)
    with Journal(path) as journal, pytest.raises(JournalError, match="no export of a journal"):
        journal.import_export(tmp_path / "x.json")
    with Journal(path) as journal, pytest.raises(JournalError, match=r"cannot be read: no such file"):
        journal.import_export(tmp_path / "missing.json")


def test_exports_that_cannot_be_written(path: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with Journal(path) as journal:
        for export, to in (
            (journal.export, "file/x.json"),
            (journal.export_csv, "file/x"),
            (journal.export, "no/x.json"),
        ):
            with pytest.raises(JournalError, match="was not written"):
                export(tmp_path / to)
        assert len(journal.runs()) == 4
