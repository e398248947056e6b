"""The journal's file: where it is, opening it safely, and SQLite's errors as sentences."""

import errno
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from trendel.errors import JournalError, reason
from trendel.journal import damage
from trendel.journal.schema import APPLICATION_ID, SCHEMA_VERSION, migrate, version_of

SUFFIXES = ("", ".sqlite", ".sqlite3", ".db")
"""What a journal's name may end in: a path given by mistake, such as a recording's, must not be taken for a journal."""
_MAGIC = b"SQLite format 3\0"
_COMPANIONS = ("-wal", "-shm", "-journal")
_VERSIONS_MAX = 9999  # beyond it the header is garbage, not news


def journal_path() -> Path:
    """TRENDEL_JOURNAL where it is set, otherwise journal.sqlite in the user's data folder."""
    given = os.environ.get("TRENDEL_JOURNAL")
    if given:
        return Path(given).expanduser()
    import platformdirs

    return Path(platformdirs.user_data_dir("trendel", appauthor=False)) / "journal.sqlite"


def companions(path: Path) -> list[Path]:
    """The files that SQLite may keep beside a database."""
    return [path.with_name(path.name + ending) for ending in _COMPANIONS]


def stored_version(path: Path) -> int | None:
    """Schema version by the file's header, without opening it as a database; None where it is no SQLite file.

    0 for an empty file. Raises OSError."""
    head = _head(path)
    if not head:
        return 0
    if len(head) < 100 or not head.startswith(_MAGIC):
        return None
    version = int.from_bytes(head[60:64], "big")
    return version if version <= _VERSIONS_MAX else None


def open_database(path: Path, wait_s: float) -> tuple[sqlite3.Connection, list[str]]:
    """Open the journal at `path`, making it where there is none; also gives sentences on what was found.

    A journal from a newer version and databases of other programs are refused and not touched. A damaged journal is
    moved aside, a new one started, and what could be read of the old one put into it. Raises JournalError.
    """
    path = path.absolute()
    with explained(path, wait_s):
        if path.is_dir():
            raise JournalError(f"The journal {path} is a folder: name a file in TRENDEL_JOURNAL.")
        path.parent.mkdir(parents=True, exist_ok=True)
        found = path.exists()
        identity = _identity(path)
        if found and _version_if_ours(path) is None:
            return _renew(path, wait_s, identity)
        try:
            return _connect(path, wait_s, check=found), []
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            if not damage.is_damage(error):
                raise
        return _renew(path, wait_s, identity)


def _version_if_ours(path: Path) -> int | None:
    """The version in the header, or None for a damaged one; raises JournalError for what is not to be touched."""
    version = stored_version(path)
    if version is None:
        if path.suffix.lower() not in SUFFIXES:
            raise JournalError(f"{path} is no journal: TRENDEL_JOURNAL must name a file that ends in .sqlite.")
        return None
    if version > SCHEMA_VERSION:
        raise _newer(path, version)
    head = _head(path)
    if head and int.from_bytes(head[68:72], "big") not in (0, APPLICATION_ID):
        raise JournalError(f"{path} is a database of another program: name another file in TRENDEL_JOURNAL.")
    return version


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(100)


def _newer(path: Path, version: int) -> JournalError:
    return JournalError(
        f"The journal {path} was written by a newer Trendel (schema {version}; this one knows {SCHEMA_VERSION}): "
        "nothing was touched; update Trendel, or name another file in TRENDEL_JOURNAL."
    )


def _connect(path: Path, wait_s: float, *, check: bool) -> sqlite3.Connection:
    """An open, checked, migrated connection; raises sqlite3.Error or JournalError.

    SQLite waits for locks itself, but not for every one: turning on the write-ahead log fails at once while another
    process does the same.
    """
    give_up = time.monotonic() + wait_s
    while True:
        try:
            return _connect_now(path, wait_s, check=check)
        except sqlite3.OperationalError as error:
            if not _is_busy(error) or time.monotonic() > give_up:
                raise
            time.sleep(0.05)


def _connect_now(path: Path, wait_s: float, *, check: bool) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=wait_s, isolation_level=None)
    try:
        version = version_of(db)  # the header may be behind the write-ahead log
        if version > SCHEMA_VERSION:
            raise _newer(path, version)
        if version == 0 and db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise JournalError(f"{path} is a database of another program: name another file in TRENDEL_JOURNAL.")
        if check:
            damage.check(db)
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA secure_delete = ON")
        if db.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            db.execute("PRAGMA journal_mode = WAL")  # a network folder may not be able to, and stays as it is
        db.execute("PRAGMA synchronous = FULL")
        migrate(db)
        return db
    except BaseException:
        db.close()
        raise


def _renew(path: Path, wait_s: float, identity: tuple[int, int] | None) -> tuple[sqlite3.Connection, list[str]]:
    """Move the damaged file aside, start a new one, and salvage."""
    if _identity(path) != identity:  # another process has just done so
        return _connect(path, wait_s, check=True), []
    aside = damage.move_aside(path, companions(path))
    db = _connect(path, wait_s, check=False)
    with transaction(db):
        saved, lost = damage.salvage(aside, db)
    kept = "nothing could be read from the old one"
    if saved:
        kept = f"what could be read is in it ({saved} runners, runs, pain entries and notes), " + (
            "some could not" if lost else "which seems to be all"
        )
    return db, [f"The journal was damaged: it is kept as {aside}, and a new one was started; {kept}."]


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All or nothing, with the right to write from the start; raises sqlite3.Error."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield db
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            with suppress(sqlite3.Error):
                db.execute("ROLLBACK")
        raise


@contextmanager
def explained(path: Path, wait_s: float) -> Iterator[None]:
    """Errors of SQLite and of the file system as a JournalError with one sentence."""
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise JournalError(_sentence(path, wait_s, error)) from error
    except OSError as error:
        raise JournalError(_os_sentence(path, error)) from error


def _sentence(path: Path, wait_s: float, error: Exception) -> str:
    name = getattr(error, "sqlite_errorname", "") or ""
    if _is_busy(error):
        return (
            f"The journal {path} is in use by another program and did not become free within {wait_s:g} s: "
            "close that one, then repeat the command."
        )
    if name.startswith("SQLITE_FULL"):
        return f"The disk is full: nothing was added to the journal {path}; free some space and repeat the command."
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")):
        return f"The journal {path} or its folder cannot be written: name another file in TRENDEL_JOURNAL."
    if damage.is_damage(error):
        return f"The journal {path} is damaged: repeat the command, which moves it aside and saves what is readable."
    if name.startswith("SQLITE_CONSTRAINT"):
        return f"The journal does not take this entry ({error}): nothing was changed."
    return f"The journal {path} cannot be used ({error}): nothing was changed."


def _is_busy(error: Exception) -> bool:
    return (getattr(error, "sqlite_errorname", "") or "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


def _os_sentence(path: Path, error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk is full: nothing was added to the journal {path}; free some space and repeat the command."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"The journal {path} or its folder cannot be written: name another file in TRENDEL_JOURNAL."
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return f"The journal {path} cannot be made, a part of its path is a file: name another in TRENDEL_JOURNAL."
    return f"The journal {path} cannot be used: {reason(error)}."


def remove_files(path: Path) -> list[Path]:
    """Delete a journal's file, SQLite's files beside it, and journals that were moved aside; returns what went.

    Raises OSError."""
    gone = []
    for file in [path, *companions(path), *damage.moved_aside(path)]:
        try:
            file.unlink()
            gone.append(file)
        except FileNotFoundError:
            continue
        except PermissionError:
            time.sleep(0.2)  # on Windows a file that has just been closed may still be held for a moment
            file.unlink()
            gone.append(file)
    return gone
