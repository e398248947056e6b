"""The journal as one JSON file, to take along and to read back, and as CSV files, for other programs."""

import csv
import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from trendel.errors import JournalError, reason
from trendel.journal.baseline import same_mounting
from trendel.journal.rows import JSON_COLUMNS, to_json
from trendel.journal.schema import DERIVED, TABLES, version_of

FORMAT = "trendel-journal"
FORMAT_VERSION = 1
_COUNTED = ("runners", "runs", "pain", "notes")
# Those of a row; a full disk or a damaged journal is another matter.
_ROW_ERRORS = (sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.ProgrammingError, sqlite3.DataError)
Tables = dict[str, list[dict[str, Any]]]


def export_json(db: sqlite3.Connection, path: Path, exported_at: datetime) -> None:
    """Every row of every table as {"format", "version", "schema", "exported_at", "tables": {name: [row, ...]}}."""
    content = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "schema": version_of(db),
        "exported_at": exported_at.isoformat(),
        "tables": {table: _rows(db, table) for table in TABLES},
    }
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    _write(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def export_csv(db: sqlite3.Connection, folder: Path) -> list[Path]:
    """TABLE.csv for each table, with a header; JSON columns as text. Returns the files."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _not_written(folder, error) from error
    written = []
    for table in TABLES:
        path = folder / f"{table}.csv"
        cursor = db.execute(f"SELECT * FROM {table} ORDER BY rowid")
        names, rows = [column[0] for column in cursor.description], cursor.fetchall()

        def write(temporary: Path, names: list[str] = names, rows: list[Any] = rows) -> None:
            with temporary.open("w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file)
                writer.writerow(names)
                writer.writerows(rows)

        _write(path, write)
        written.append(path)
    return written


def read_export(path: Path) -> Tables:
    """The tables of an export; raises JournalError where the file is none that this version knows."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise JournalError(f"The export {path} cannot be read: {reason(error)}.") from error
    except (ValueError, RecursionError) as error:
        raise JournalError(f"{path} is no export of a journal: it is not JSON.") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise JournalError(f"{path} is no export of a journal: `trendel journal export FILE.json` writes one.")
    version = content.get("version")
    if not isinstance(version, int) or version < 1:
        raise JournalError(f"The export {path} does not say its version: nothing was added.")
    if version > FORMAT_VERSION:
        raise JournalError(
            f"The export {path} was written by a newer Trendel (format {version}; this one knows {FORMAT_VERSION}): "
            "update Trendel, then repeat the command."
        )
    tables = content.get("tables")
    good = isinstance(tables, dict) and all(
        isinstance(tables.get(name), list) and all(isinstance(row, dict) for row in tables[name])
        for name in TABLES
        if name not in DERIVED
    )
    if not good or not isinstance(tables, dict):
        raise JournalError(f"The export {path} is not complete: nothing was added.")
    return tables


def insert(db: sqlite3.Connection, tables: Tables, path: Path) -> int:
    """Add the rows of an export that are not there yet; returns how many runners, runs, pain entries and notes.

    What is there already stays as it is. Baselines are not taken over but formed again by the caller. To be called in a
    transaction; raises JournalError, sqlite3.Error.
    """
    added = dict.fromkeys(TABLES, 0)
    mountings: dict[str, str] = {}
    new_runs: set[str] = set()
    try:
        for table in TABLES:
            if table in DERIVED:
                continue
            columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
            query = f"INSERT INTO {table} VALUES ({', '.join('?' * len(columns))}) ON CONFLICT DO NOTHING"
            for row in tables[table]:
                if table == "mountings" and (same := _same_mounting(db, row)):
                    mountings[row["id"]] = same
                    continue
                if table == "runs":
                    row = {**row, "mounting": mountings.get(row["mounting"], row["mounting"])}
                if table == "settled" and row["run"] not in new_runs:
                    continue
                values = [to_json(row[name]) if name in JSON_COLUMNS else row[name] for name in columns]
                n = db.execute(query, values).rowcount
                added[table] += n
                if table == "runs" and n:
                    new_runs.add(row["hash"])
    except KeyError as error:
        lacks = f"a row of {table} lacks {error}"
        raise JournalError(f"The export {path} is not complete ({lacks}): nothing was added.") from error
    except (TypeError, ValueError, AttributeError, *_ROW_ERRORS) as error:
        raise JournalError(f"The export {path} holds a row of {table} that cannot be: nothing was added.") from error
    return sum(added[table] for table in _COUNTED)


def _same_mounting(db: sqlite3.Connection, row: dict[str, Any]) -> str | None:
    """Key of the mounting in the journal that is the same as this one of another journal."""
    mine = tuple(map(float, row["axes"]))
    known = db.execute(
        "SELECT id, place, axes FROM mountings WHERE runner = ? AND clip = ?", (row["runner"], row["clip"])
    )
    for key, place, axes in known.fetchall():
        if same_mounting(row["place"], mine, place, tuple(json.loads(axes))):
            return str(key)
    return None


def _rows(db: sqlite3.Connection, table: str) -> list[dict[str, Any]]:
    cursor = db.execute(f"SELECT * FROM {table} ORDER BY rowid")
    names = [column[0] for column in cursor.description]
    return [
        {name: json.loads(value) if name in JSON_COLUMNS else value for name, value in zip(names, row, strict=True)}
        for row in cursor
    ]


def _write(path: Path, write: Callable[[Path], object]) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        write(temporary)
        temporary.replace(path)
    except OSError as error:
        raise _not_written(path, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _not_written(path: Path, error: OSError) -> JournalError:
    return JournalError(f"The export {path} was not written: {reason(error)}; choose another place.")
