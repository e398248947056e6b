"""A damaged journal: telling it, moving it aside (never deleting it), and reading from it what can be read."""

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from trendel.journal.schema import DERIVED, SCHEMA_VERSION, TABLES

_DAMAGE = ("SQLITE_CORRUPT", "SQLITE_NOTADB")


class _Damaged(sqlite3.DatabaseError):
    """What the integrity check has found."""


def is_damage(error: Exception) -> bool:
    """Whether an error says that the file is damaged, not that it is locked, full or not to be written."""
    name = getattr(error, "sqlite_errorname", "") or ""
    # SQLite's own message may quote garbage that is no text.
    return isinstance(error, _Damaged | UnicodeDecodeError) or name.startswith(_DAMAGE)


def check(db: sqlite3.Connection) -> None:
    """SQLite's integrity check, that every table is there, and that text is text; raises as is_damage() tells."""
    found = db.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        raise _Damaged(found)
    if db.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION:
        names = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if missing := set(TABLES) - names:
            raise _Damaged(f"no table {', '.join(sorted(missing))}")
        for table in TABLES:
            try:
                for _ in db.execute(f"SELECT * FROM {table}"):
                    pass
            except sqlite3.OperationalError as error:
                if "decode" in str(error):  # has no code of SQLite's: it is Python that cannot read the text
                    raise _Damaged(str(error)) from error
                raise


def move_aside(path: Path, companions: Sequence[Path]) -> Path:
    """Rename the journal to NAME-damaged-DATE, its write-ahead log with it; returns where it is. Raises OSError."""
    date = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    suffix = path.suffix or ".sqlite"
    aside = path.with_name(f"{path.stem}-damaged-{date}{suffix}")
    k = 2
    while aside.exists():
        aside = path.with_name(f"{path.stem}-damaged-{date}-{k}{suffix}")
        k += 1
    # The log first: a new journal must never meet the log of the old one.
    for companion in companions:
        if companion.exists():
            companion.rename(aside.with_name(aside.name + companion.name.removeprefix(path.name)))
    path.rename(aside)
    return aside


def moved_aside(path: Path) -> list[Path]:
    """Journals that were moved aside from `path`, with their logs."""
    prefix = f"{path.stem}-damaged-"
    try:
        return sorted(file for file in path.parent.iterdir() if file.name.startswith(prefix) and file.is_file())
    except OSError:
        return []


def salvage(aside: Path, db: sqlite3.Connection) -> tuple[int, bool]:
    """Put the readable rows of a damaged journal into the new one `db`.

    Works on a copy, so that the damaged file stays as it was. Rows that break a rule of the tables are left. Where only
    the row of a runner or clip is gone, it is made again from its name. Baselines are not read: they are formed again
    from the runs.

    Returns:
        how many runners, runs, pain entries and notes were saved, and whether anything could not be read.
    """
    saved, lost = 0, False
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.sqlite"
        for ending in ("", "-wal"):
            source = aside.with_name(aside.name + ending)
            if source.exists():
                shutil.copyfile(source, copy.with_name(copy.name + ending))
        try:
            _mend_header(copy, db)
            with closing(sqlite3.connect(copy, isolation_level=None)) as old:
                old.text_factory = _text_or_bytes
                for table in TABLES:
                    if table not in DERIVED:
                        lost = not _salvage_table(old, db, table) or lost
        except (sqlite3.Error, UnicodeDecodeError):
            lost = True
    for table in ("runners", "runs", "pain", "notes"):
        saved += db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    return saved, lost


def _mend_header(copy: Path, db: sqlite3.Connection) -> None:
    """Give a copy the header and the length that SQLite wants before it reads anything: those of a journal.

    Page size, encoding and format are those of the new journal `db`; the free pages are forgotten, and what is cut off
    at the end becomes zeros (file format: https://www.sqlite.org/fileformat2.html, 1.3).
    """
    path = db.execute("PRAGMA database_list").fetchone()[2]
    page = int(db.execute("PRAGMA page_size").fetchone()[0])
    fresh = Path(path).read_bytes()[:100]
    content = bytearray(copy.read_bytes())
    stated = int.from_bytes(content[28:32], "big")
    pages = -(-len(content) // page)
    if content[:16] == fresh[:16] and pages < stated < 64 * max(pages, 16):
        pages = stated
    content.extend(bytes(pages * page - len(content)))
    content[:100] = fresh
    content[28:32] = pages.to_bytes(4, "big")
    content[32:40] = bytes(8)
    content[92:96] = content[24:28]  # says that the length is to be believed
    copy.write_bytes(content)


def _text_or_bytes(value: bytes) -> str | bytes:
    """Text where it is, otherwise as it is, which _sound() refuses: the rows behind it can still be read."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value


def _salvage_table(old: sqlite3.Connection, db: sqlite3.Connection, table: str) -> bool:
    """Copy the readable rows of a table; returns whether that was all of them."""
    columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
    try:
        known = {row[1] for row in old.execute(f"PRAGMA table_info({table})")}
    except (sqlite3.Error, UnicodeDecodeError):
        return False
    shared = [column for column in columns if column in known]
    if not shared:
        return False
    names, marks = ", ".join(shared), ", ".join("?" * len(shared))
    whole = True
    for order in ("ASC", "DESC"):  # from both ends towards the damage
        ended = False
        for values in _readable(old, f"SELECT {names} FROM {table} NOT INDEXED ORDER BY rowid {order}"):
            if values is None:
                ended = True
                continue
            row = dict(zip(shared, values, strict=True))
            try:
                if not all(_sound(value) for value in values):
                    raise sqlite3.IntegrityError
                _mend(db, table, row)
                db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING", [*row.values()])
            except sqlite3.IntegrityError:
                whole = False
        whole = whole and not ended
        if not ended:
            break
    return whole


def _mend(db: sqlite3.Connection, table: str, row: dict[str, Any]) -> None:
    """Make what `row` refers to where it is lost but for its name; where that cannot be made, refer to nothing."""
    if table != "runners" and "runner" in row:
        since = row.get("analysed_at") or row.get("entered_at") or _now()
        db.execute("INSERT INTO runners VALUES (?, ?) ON CONFLICT DO NOTHING", (row["runner"], since))
    if "clip" in row:
        db.execute("INSERT INTO clips VALUES (?, ?, 'unknown') ON CONFLICT DO NOTHING", (row["clip"], row["clip"]))
    for column, parent, key in (("mounting", "mountings", "id"), ("run", "runs", "hash")):
        if table != "settled" and row.get(column) is not None:
            there = db.execute(f"SELECT 1 FROM {parent} WHERE {key} = ?", (row[column],)).fetchone()
            row[column] = row[column] if there else None


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")


def _readable(old: sqlite3.Connection, query: str) -> Iterator[tuple[Any, ...] | None]:
    """Rows up to the first that cannot be read, and then None."""
    try:
        yield from old.execute(query)
    except (sqlite3.Error, UnicodeDecodeError):
        yield None


def _sound(value: Any) -> bool:
    """Whether a value can be one of the journal's: no blobs, no text with zero bytes."""
    return "\0" not in value if isinstance(value, str) else not isinstance(value, bytes)
