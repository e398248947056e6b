"""The journal: runners, runs, baselines, pain and notes in one SQLite file."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from trendel.errors import JournalError
from trendel.journal import baselines, transfer, writing
from trendel.journal.baseline import Axes, Settled
from trendel.journal.clock import aware, clock_flag, clock_sentence, now
from trendel.journal.database import explained, journal_path, open_database, remove_files, transaction
from trendel.journal.rows import (
    Baseline,
    BaselineAnswer,
    Clip,
    Mounting,
    NewRun,
    Note,
    Pain,
    Run,
    Runner,
    clip_id,
    from_row,
)

# A date ahead of time says nothing of the order: then the time of entry counts.
RUN_TIME = "julianday(CASE WHEN clock = 'future' OR started_at IS NULL THEN analysed_at ELSE started_at END)"
_PAIN_TIME = "julianday(CASE clock WHEN 'future' THEN entered_at ELSE felt_at END)"
_Row = TypeVar("_Row")


class Journal:
    """A runner's journal, opened; use it as a context manager.

    Attributes:
        path: the file.
        messages: sentences to be said aloud: damage found, odd clocks. They gather until the journal is closed.

    Every method raises JournalError with one sentence; a write is whole or has not happened.
    """

    def __init__(
        self, path: str | Path | None = None, *, wait_s: float = 5.0, clock: Callable[[], datetime] = now
    ) -> None:
        """Open the journal at `path`, or where :func:`journal_path` says; waits for locks up to wait_s seconds."""
        self.path = (Path(path) if path is not None else journal_path()).absolute()
        self._wait_s = wait_s
        self._now = clock
        self._db, self.messages = open_database(self.path, wait_s)
        if self.messages:
            with self._writing() as db:
                baselines.refresh_all(db)

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; nothing more can be asked."""
        self._db.close()

    # Runners

    def add_runner(self, name: str) -> Runner:
        """The runner of that name (capitals do not matter), made where there is none."""
        with self._writing() as db:
            return self.runner(writing.put_runner(db, name, self._now()))

    def runners(self) -> tuple[Runner, ...]:
        """All runners, by name."""
        return self._rows(Runner, "SELECT * FROM runners ORDER BY name")

    def runner(self, name: str | None = None) -> Runner:
        """The runner of that name, or the only one where no name is given; raises JournalError."""
        known = self.runners()
        if name is None:
            if len(known) == 1:
                return known[0]
            if not known:
                raise JournalError("The journal is empty: `trendel analyze RUN.csv --runner NAME` adds the first run.")
            names = ", ".join(runner.name for runner in known)
            raise JournalError(f"The journal holds {len(known)} runners: say whose with --runner ({names}).")
        wanted = " ".join(name.split())
        found = self._rows(Runner, "SELECT * FROM runners WHERE name = ?", wanted)
        if not found:
            names = ", ".join(runner.name for runner in known) or "nobody yet"
            raise JournalError(f"There is no runner {wanted!r} in the journal; it holds {names}.")
        return found[0]

    # Runs

    def add_run(self, new: NewRun) -> tuple[Run, bool]:
        """Keep a run, and form the baselines of its runner and clip again; gives it and whether it is new.

        A run that is there already, by its hash, takes the new result in place of its earlier one: it counts once.
        """
        with self._writing() as db:
            runner = writing.put_runner(db, new.runner, self._now())
            known = writing.clock_of_run(db, new.hash, runner)
            flag = self._flag_run(new, runner) if known is None else known
            writing.put_run(db, new, runner, flag, self._now())
        return self.run(new.hash), known is None

    def has_run(self, hash_: str, runner: str) -> bool:
        """Whether this run of this runner is kept."""
        return bool(self._all("SELECT 1 FROM runs WHERE hash = ? AND runner = ?", hash_, runner))

    def runs(self, runner: str | None = None) -> tuple[Run, ...]:
        """Runs of a runner, or of all, newest first."""
        where, arguments = ("WHERE runner = ?", (runner,)) if runner else ("", ())
        return self._rows(Run, f"SELECT * FROM runs {where} ORDER BY {RUN_TIME} DESC, rowid DESC", *arguments)

    def run(self, name: str, runner: str | None = None) -> Run:
        """A run by the beginning of its hash, or "last" for the newest of that runner."""
        if name == "last":
            runs = self.runs(runner)
            if not runs:
                raise JournalError(
                    "There is no run in the journal yet: `trendel analyze RUN.csv --runner NAME` adds one."
                )
            return runs[0]
        prefix = name.lower()
        if len(prefix) < 4 or set(prefix) - set("0123456789abcdef"):
            raise JournalError(
                f"{name!r} names no run: give 'last' or four letters or more as `trendel journal list` shows."
            )
        found = self._rows(Run, "SELECT * FROM runs WHERE substr(hash, 1, ?) = ?", len(prefix), prefix)
        if len(found) != 1:
            many = f"{len(found)} runs begin with {name}: give more letters" if found else f"no run begins with {name}"
            raise JournalError(f"{many[0].upper()}{many[1:]}; `trendel journal list` shows them.")
        return found[0]

    def kernel_hashes(self, runner: str) -> frozenset[str]:
        """The kernels by which a runner's runs were analysed."""
        return frozenset(hash_ for (hash_,) in self._all("SELECT kernel_hash FROM runs WHERE runner = ?", runner))

    def outdated_runs(self, runner: str, kernel_hash: str, newest_n: int) -> tuple[Run, ...]:
        """Those of a runner's newest runs whose results come from other kernels than these, newest first."""
        query = f"SELECT * FROM runs WHERE runner = ? ORDER BY {RUN_TIME} DESC, rowid DESC LIMIT ?"
        return self._rows(Run, f"SELECT * FROM ({query}) WHERE kernel_hash != ?", runner, newest_n, kernel_hash)

    def delete_run(self, hash_: str) -> None:
        """Forget a run; pain and notes that named it stay, baselines are formed again without it."""
        run = self.run(hash_)
        with self._writing() as db:
            db.execute("DELETE FROM runs WHERE hash = ?", (run.hash,))
            baselines.refresh(db, run.runner, run.clip)
            baselines.tidy(db)
        self._wipe_log()

    # Baselines

    def baseline(
        self,
        runner: str,
        clip: Clip | str,
        kernel_hash: str,
        *,
        parameter_hash: str | None = None,
        place: str | None = None,
        axes: Axes | None = None,
    ) -> BaselineAnswer:
        """What is usual for a runner with this clip, from runs analysed by these kernels, or None and why not.

        With `place` or `axes` (as in Mounting) the baseline of that mounting; without, that of the mounting worn last.
        A baseline of another clip or mounting is never given: `reason` says that there is one.
        """
        known = self._rows(Runner, "SELECT * FROM runners WHERE name = ?", runner)
        if not known:
            return BaselineAnswer(None, f"{runner} has no runs in the journal yet: there is nothing to compare with.")
        mountings = {m.id: m for m in self.mountings(runner)}
        asked = baselines.Asked(known[0].name, clip_id(clip), kernel_hash, parameter_hash, place, axes)
        return baselines.answer(asked, self.baselines(runner), mountings)

    def baselines(self, runner: str) -> tuple[Baseline, ...]:
        """All baselines of a runner, those set aside too."""
        return self._rows(Baseline, "SELECT * FROM baselines WHERE runner = ? ORDER BY set_aside, metric, side", runner)

    def mountings(self, runner: str) -> tuple[Mounting, ...]:
        """The ways in which a runner has worn clips."""
        return self._rows(Mounting, "SELECT * FROM mountings WHERE runner = ? ORDER BY rowid", runner)

    def settled(self, run: str, metric: str, side: str) -> Settled | None:
        """Settled mean and deviation of one run, by its hash; None where it has none."""
        query = "SELECT metric, side, mean, sd, n FROM settled WHERE run = ? AND metric = ? AND side = ?"
        found = self._all(query, run, metric, side)
        return Settled(*found[0]) if found else None

    # Pain and notes

    def add_pain(
        self,
        runner: str,
        place: str,
        side: str,
        level: int,
        *,
        felt_at: datetime | None = None,
        run: str | None = None,
        note: str = "",
    ) -> Pain:
        """Keep a pain entry: place in the runner's words, side left, right or both, level 0 to 10."""
        place = " ".join(place.split()).lower()
        if not 1 <= len(place) <= 100:
            raise JournalError("Say where it hurts, such as knee or hip.")
        if side not in ("left", "right", "both"):
            raise JournalError(f"The side is left, right or both, not {side!r}.")
        if isinstance(level, bool) or not isinstance(level, int) or not 0 <= level <= 10:
            raise JournalError(f"The level of pain is a whole number from 0 (none) to 10 (worst), not {level!r}.")
        name = self.runner(runner).name
        of_run = self._run_of(run, name)
        present = self._now()
        at = aware(felt_at, "The time of a pain entry") if felt_at else present
        last = max((entry.felt_at for entry in self.pain(name) if entry.clock != "future"), default=None)
        flag = clock_flag(at, present, last)
        self._say(clock_sentence(flag, "pain entry", at, last))
        key = uuid.uuid4().hex
        row = (key, name, of_run, place, side, level, at.isoformat(), present.isoformat(), note.strip(), flag)
        with self._writing() as db:
            db.execute(f"INSERT INTO pain VALUES ({', '.join('?' * len(row))})", row)
        return self._rows(Pain, "SELECT * FROM pain WHERE id = ?", key)[0]

    def pain(self, runner: str) -> tuple[Pain, ...]:
        """All pain entries of a runner, newest first."""
        return self._rows(Pain, f"SELECT * FROM pain WHERE runner = ? ORDER BY {_PAIN_TIME} DESC, rowid DESC", runner)

    def add_note(self, runner: str, text: str, *, run: str | None = None) -> Note:
        """Keep a note."""
        if not text.strip():
            raise JournalError("The note is empty.")
        name = self.runner(runner).name
        key = uuid.uuid4().hex
        row = (key, name, self._run_of(run, name), self._now().isoformat(), text.strip())
        with self._writing() as db:
            db.execute("INSERT INTO notes VALUES (?, ?, ?, ?, ?)", row)
        return self._rows(Note, "SELECT * FROM notes WHERE id = ?", key)[0]

    def notes(self, runner: str) -> tuple[Note, ...]:
        """All notes of a runner, newest first."""
        return self._rows(
            Note, "SELECT * FROM notes WHERE runner = ? ORDER BY julianday(entered_at) DESC, rowid DESC", runner
        )

    # All of it

    def export(self, path: str | Path) -> None:
        """Everything as one JSON file; docs/journal.md describes it."""
        with self._reading() as db:
            transfer.export_json(db, Path(path), self._now())

    def export_csv(self, folder: str | Path) -> list[Path]:
        """Everything as one CSV file for each table, into `folder`."""
        with self._reading() as db:
            return transfer.export_csv(db, Path(folder))

    def import_export(self, path: str | Path) -> int:
        """Add what an export holds and this journal does not; returns the number of entries added."""
        tables = transfer.read_export(Path(path))
        with self._writing() as db:
            added = transfer.insert(db, tables, Path(path))
            baselines.refresh_all(db)
            baselines.tidy(db)
        return added

    def delete_runner(self, name: str) -> None:
        """Forget a runner with all runs, baselines, pain and notes; the space is overwritten with zeros."""
        runner = self.runner(name).name
        with self._writing() as db:
            db.execute("DELETE FROM runners WHERE name = ?", (runner,))
            baselines.tidy(db)
        self._wipe_log()

    def delete_everything(self) -> list[Path]:
        """Overwrite and remove the journal and every damaged one that was kept; this one is closed then."""
        with self._writing() as db:
            db.execute("DELETE FROM runners")
            db.execute("DELETE FROM clips")
        self._wipe_log()
        self.close()
        with explained(self.path, self._wait_s):
            return remove_files(self.path)

    # Inside

    def _flag_run(self, new: NewRun, runner: str) -> str:
        if new.started_at is None:
            return ""
        query = "SELECT started_at FROM runs WHERE runner = ? AND clock != 'future' AND started_at IS NOT NULL"
        last = max((datetime.fromisoformat(text) for (text,) in self._all(query, runner)), default=None)
        at = aware(new.started_at, "The start of a run")
        flag = clock_flag(at, self._now(), last)
        self._say(clock_sentence(flag, "run", at, last))
        return flag

    def _run_of(self, name: str | None, runner: str) -> str | None:
        if name is None:
            return None
        run = self.run(name, runner)
        if run.runner != runner:
            raise JournalError(f"The run {run.hash[:8]} is {run.runner}'s, not {runner}'s.")
        return run.hash

    def _say(self, sentence: str) -> None:
        if sentence:
            self.messages.append(sentence)

    def _wipe_log(self) -> None:
        """Empty the write-ahead log, which still holds what was deleted."""
        with explained(self.path, self._wait_s):
            busy = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            self._say("Another program reads the journal: traces of what was deleted go when it closes.")

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with explained(self.path, self._wait_s), transaction(self._db) as db:
            yield db

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """One consistent state, whatever other processes write meanwhile."""
        with explained(self.path, self._wait_s):
            self._db.execute("BEGIN")
            try:
                yield self._db
            finally:
                self._db.execute("ROLLBACK")

    def _all(self, query: str, *arguments: Any) -> list[tuple[Any, ...]]:
        with explained(self.path, self._wait_s):
            return self._db.execute(query, arguments).fetchall()

    def _rows(self, kind: type[_Row], query: str, *arguments: Any) -> tuple[_Row, ...]:
        """Rows as dataclasses: the tables' columns are their fields, in order."""
        with explained(self.path, self._wait_s):
            cursor = self._db.execute(query, arguments)
            names = [column[0] for column in cursor.description]
            return tuple(from_row(kind, names, row) for row in cursor)
