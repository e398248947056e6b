"""Migrations: from every version there was, all or nothing, and by two processes at once.

versions/N.sql is a journal as version N left it, with something in every table. When a migration is added, its
version's journal is added there, written by `python -m tests.host.journal.test_schema`.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.host.journal.made import filled
from trendel.errors import JournalError
from trendel.journal import SCHEMA_VERSION, Journal
from trendel.journal import schema as schema_module
from trendel.journal.schema import APPLICATION_ID, MIGRATIONS, TABLES, migrate, version_of

VERSIONS = Path(__file__).with_name("versions")


def _dump(path: Path) -> str:
    with closing(sqlite3.connect(path)) as db:
        lines = [*db.iterdump(), f"PRAGMA user_version = {version_of(db)};"]
        return "\n".join([*lines, f"PRAGMA application_id = {APPLICATION_ID};", ""])


def _tables(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(path)) as db:
        return {table: db.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in TABLES}


def _structure(path: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name").fetchall()


def test_every_version_is_kept_to_be_tested() -> None:
    assert {path.name for path in VERSIONS.iterdir()} == {f"{n}.sql" for n in range(1, SCHEMA_VERSION + 1)}


@pytest.mark.parametrize("version", range(SCHEMA_VERSION + 1))
def test_from_every_version(version: int, tmp_path: Path) -> None:
    old, new = tmp_path / "old.sqlite", tmp_path / "new.sqlite"
    with closing(sqlite3.connect(old)) as db:
        if version:
            db.executescript((VERSIONS / f"{version}.sql").read_text(encoding="utf-8"))
    with Journal(old) as journal:
        assert journal.messages == []
        runs = journal.runs()
        assert len(runs) == (4 if version else 0)
        if version:
            assert journal.pain("Anna")[0].note == "downhill" and journal.notes("Ben")[0].text == "new shoes"
            assert len(journal.baselines("Anna")) == 4
    Journal(new).close()
    assert _structure(old) == _structure(new)
    with closing(sqlite3.connect(old)) as db:
        assert version_of(db) == SCHEMA_VERSION
        assert db.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_migration_that_fails_leaves_the_version_before_it(tmp_path: Path) -> None:
    def second(db: sqlite3.Connection) -> None:
        db.execute("ALTER TABLE runs ADD COLUMN weather TEXT")

    def third(db: sqlite3.Connection) -> None:
        db.execute("DROP TABLE pain")
        db.execute("SELECT * FROM no_such_table")

    path = tmp_path / "journal.sqlite"
    filled(path)
    before = _tables(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        with pytest.raises(sqlite3.OperationalError):
            migrate(db, [*MIGRATIONS, second, third])
        assert version_of(db) == SCHEMA_VERSION + 1  # the second stands, of the third there is no trace
        assert migrate(db, [*MIGRATIONS, second]) == []
    after = _tables(path)
    assert after["pain"] == before["pain"]
    assert [row[:-1] for row in after["runs"]] == before["runs"]


def test_a_migration_that_fails_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(db: sqlite3.Connection) -> None:
        db.execute("SELECT * FROM no_such_table")

    path = tmp_path / "journal.sqlite"
    filled(path)
    before = _tables(path)
    monkeypatch.setattr(schema_module.migrate, "__defaults__", ((*MIGRATIONS, broken),))
    with pytest.raises(JournalError, match=r"no such table: no_such_table\): nothing was changed"):
        Journal(path)
    assert _tables(path) == before


def test_a_journal_from_a_newer_version_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    filled(path)
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    before = path.read_bytes()
    with pytest.raises(
        JournalError, match=r"written by a newer Trendel \(schema 2; this one knows 1\): nothing was touched"
    ):
        Journal(path)
    assert path.read_bytes() == before and [file.name for file in tmp_path.iterdir()] == ["journal.sqlite"]


def test_a_newer_version_that_is_still_in_the_log_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    filled(path)
    with closing(sqlite3.connect(path)) as other:
        other.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
        with pytest.raises(JournalError, match="written by a newer Trendel"):
            Journal(path)
    assert sorted(_tables(path)) == sorted(TABLES)


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        filled(Path(folder) / "journal.sqlite")
        text = _dump(Path(folder) / "journal.sqlite")
    (VERSIONS / f"{SCHEMA_VERSION}.sql").write_text(text, encoding="utf-8")
