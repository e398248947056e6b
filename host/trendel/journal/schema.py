"""The tables of the journal and how a file of an older version becomes one of this version.

Rule: MIGRATIONS[k] takes a journal from version k to k + 1, in one transaction, and is never edited once released; a
change of the tables is a new function at the end. `PRAGMA user_version` holds the version. Keys are natural or random
text, never row numbers, so that journals of two machines can be merged.
"""

import sqlite3
from collections.abc import Callable, Sequence

APPLICATION_ID = 0x54524E4C  # "TRNL", in the file's header: this database is a journal
Migration = Callable[[sqlite3.Connection], None]

# In the order in which rows must be inserted, for their references.
TABLES = ("runners", "clips", "mountings", "runs", "settled", "baselines", "pain", "notes")
DERIVED = ("baselines",)
"""Tables that are computed from the others."""

_VERSION_1: tuple[str, ...] = (
    """CREATE TABLE runners (
        name TEXT NOT NULL PRIMARY KEY COLLATE NOCASE CHECK (length(name) BETWEEN 1 AND 100),
        created_at TEXT NOT NULL CHECK (
            created_at GLOB '????-??-??T*[+-]??:??' AND julianday(created_at) IS NOT NULL
        )
    )""",
    """CREATE TABLE clips (
        id TEXT NOT NULL PRIMARY KEY,
        serial TEXT NOT NULL,
        sensor TEXT NOT NULL
    )""",
    """CREATE TABLE mountings (
        id TEXT NOT NULL PRIMARY KEY,
        runner TEXT NOT NULL COLLATE NOCASE REFERENCES runners ON UPDATE CASCADE ON DELETE CASCADE,
        clip TEXT NOT NULL REFERENCES clips,
        place TEXT NOT NULL,
        axes TEXT NOT NULL CHECK (json_valid(axes) AND json_array_length(axes) = 9)
    )""",
    """CREATE TABLE runs (
        hash TEXT NOT NULL PRIMARY KEY CHECK (length(hash) = 64 AND hash NOT GLOB '*[^0-9a-f]*'),
        runner TEXT NOT NULL COLLATE NOCASE REFERENCES runners ON UPDATE CASCADE ON DELETE CASCADE,
        clip TEXT NOT NULL REFERENCES clips,
        mounting TEXT REFERENCES mountings ON DELETE SET NULL,
        source TEXT NOT NULL,
        raw_path TEXT,
        started_at TEXT CHECK (
            started_at IS NULL OR started_at GLOB '????-??-??T*[+-]??:??' AND julianday(started_at) IS NOT NULL
        ),
        duration_s REAL NOT NULL CHECK (duration_s >= 0),
        rate_hz REAL NOT NULL CHECK (rate_hz > 0),
        analysed_at TEXT NOT NULL CHECK (
            analysed_at GLOB '????-??-??T*[+-]??:??' AND julianday(analysed_at) IS NOT NULL
        ),
        kernel_hash TEXT NOT NULL,
        parameter_hash TEXT NOT NULL,
        mode TEXT NOT NULL,
        options TEXT NOT NULL CHECK (json_valid(options) AND json_type(options) = 'object'),
        summary TEXT NOT NULL CHECK (json_valid(summary) AND json_type(summary) = 'object'),
        clock TEXT NOT NULL CHECK (clock IN ('', 'future', 'before_last'))
    )""",
    "CREATE INDEX runs_of_runner ON runs (runner, clip)",
    """CREATE TABLE settled (
        run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
        metric TEXT NOT NULL,
        side TEXT NOT NULL CHECK (side IN ('left', 'right')),
        mean REAL NOT NULL CHECK (typeof(mean) = 'real'),
        sd REAL NOT NULL CHECK (sd >= 0),
        n INTEGER NOT NULL CHECK (n >= 2),
        PRIMARY KEY (run, metric, side)
    )""",
    """CREATE TABLE baselines (
        runner TEXT NOT NULL COLLATE NOCASE REFERENCES runners ON UPDATE CASCADE ON DELETE CASCADE,
        clip TEXT NOT NULL REFERENCES clips,
        mounting TEXT NOT NULL REFERENCES mountings ON DELETE CASCADE,
        kernel_hash TEXT NOT NULL,
        parameter_hash TEXT NOT NULL,
        metric TEXT NOT NULL,
        side TEXT NOT NULL CHECK (side IN ('left', 'right')),
        mean REAL NOT NULL,
        mean_sd REAL NOT NULL,
        between_sd REAL NOT NULL,
        sd REAL NOT NULL,
        n_strides INTEGER NOT NULL,
        runs TEXT NOT NULL CHECK (json_valid(runs) AND json_type(runs) = 'array'),
        newest_at TEXT NOT NULL CHECK (
            newest_at GLOB '????-??-??T*[+-]??:??' AND julianday(newest_at) IS NOT NULL
        ),
        set_aside TEXT NOT NULL,
        PRIMARY KEY (runner, clip, mounting, kernel_hash, parameter_hash, metric, side)
    )""",
    """CREATE TABLE pain (
        id TEXT NOT NULL PRIMARY KEY,
        runner TEXT NOT NULL COLLATE NOCASE REFERENCES runners ON UPDATE CASCADE ON DELETE CASCADE,
        run TEXT REFERENCES runs ON DELETE SET NULL,
        place TEXT NOT NULL CHECK (length(place) BETWEEN 1 AND 100),
        side TEXT NOT NULL CHECK (side IN ('left', 'right', 'both')),
        level INTEGER NOT NULL CHECK (typeof(level) = 'integer' AND level BETWEEN 0 AND 10),
        felt_at TEXT NOT NULL CHECK (
            felt_at GLOB '????-??-??T*[+-]??:??' AND julianday(felt_at) IS NOT NULL
        ),
        entered_at TEXT NOT NULL CHECK (
            entered_at GLOB '????-??-??T*[+-]??:??' AND julianday(entered_at) IS NOT NULL
        ),
        note TEXT NOT NULL,
        clock TEXT NOT NULL CHECK (clock IN ('', 'future', 'before_last'))
    )""",
    "CREATE INDEX pain_of_runner ON pain (runner)",
    """CREATE TABLE notes (
        id TEXT NOT NULL PRIMARY KEY,
        runner TEXT NOT NULL COLLATE NOCASE REFERENCES runners ON UPDATE CASCADE ON DELETE CASCADE,
        run TEXT REFERENCES runs ON DELETE SET NULL,
        entered_at TEXT NOT NULL CHECK (
            entered_at GLOB '????-??-??T*[+-]??:??' AND julianday(entered_at) IS NOT NULL
        ),
        text TEXT NOT NULL CHECK (length(text) > 0)
    )""",
)


def _first(db: sqlite3.Connection) -> None:
    """Version 0, an empty file, to 1."""
    for statement in _VERSION_1:
        db.execute(statement)
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")


MIGRATIONS: tuple[Migration, ...] = (_first,)
SCHEMA_VERSION = len(MIGRATIONS)


def migrate(db: sqlite3.Connection, migrations: Sequence[Migration] = MIGRATIONS) -> list[int]:
    """Bring `db` to the newest version; returns the versions it went through. Raises sqlite3.Error, then unchanged.

    Another process may do the same at the same time: the version is read again within each transaction.
    """
    gone: list[int] = []
    while True:
        if version_of(db) >= len(migrations):
            return gone
        db.execute("BEGIN IMMEDIATE")
        try:
            version = version_of(db)
            if version < len(migrations):
                migrations[version](db)
                db.execute(f"PRAGMA user_version = {version + 1}")
                gone.append(version + 1)
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise


def version_of(db: sqlite3.Connection) -> int:
    """The schema version of an open database; 0 is an empty one."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])
