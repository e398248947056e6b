"""A run into the tables: its runner, clip and mounting with it. Everything here is called within a transaction."""

import json
import sqlite3
import uuid
from datetime import datetime

from trendel.errors import JournalError
from trendel.journal import baselines
from trendel.journal.baseline import Axes, angle_between_deg, same_mounting
from trendel.journal.clock import aware
from trendel.journal.rows import Clip, NewRun, to_json


def put_runner(db: sqlite3.Connection, name: str, present: datetime) -> str:
    """Make the runner where there is none of that name; returns the name as it stands in the journal."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= 100:
        raise JournalError("A runner's name has 1 to 100 letters.")
    db.execute("INSERT INTO runners VALUES (?, ?) ON CONFLICT DO NOTHING", (name, present.isoformat()))
    return str(db.execute("SELECT name FROM runners WHERE name = ?", (name,)).fetchone()[0])


def clock_of_run(db: sqlite3.Connection, hash_: str, runner: str) -> str | None:
    """The clock flag of a run that is kept, None where it is not; raises JournalError where it is somebody else's."""
    row = db.execute(
        "SELECT clock, runner, runner = ? COLLATE NOCASE FROM runs WHERE hash = ?", (runner, hash_)
    ).fetchone()
    if row is None:
        return None
    clock, owner, is_hers = row
    if not is_hers:
        raise JournalError(
            f"This run is in the journal as {owner}'s: if it is {runner}'s, first take it out with "
            f"`trendel journal delete --run {hash_[:8]}`."
        )
    return str(clock)


def put_run(db: sqlite3.Connection, new: NewRun, runner: str, clock: str, present: datetime) -> None:
    """Insert a run, or put its new result in place of the earlier one, and form the baselines again."""
    earlier = db.execute("SELECT clip FROM runs WHERE hash = ?", (new.hash,)).fetchone()
    clip = new.clip
    db.execute("INSERT INTO clips VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (clip.id, clip.serial, clip.sensor))
    mounting = _put_mounting(db, runner, clip, new.place, new.axes) if new.axes else None
    row = {
        "hash": new.hash,
        "runner": runner,
        "clip": clip.id,
        "mounting": mounting,
        "source": new.source,
        "raw_path": new.raw_path,
        "started_at": aware(new.started_at, "The start of a run").isoformat() if new.started_at else None,
        "duration_s": new.duration_s,
        "rate_hz": new.rate_hz,
        "analysed_at": present.isoformat(),
        "kernel_hash": new.kernel_hash,
        "parameter_hash": new.parameter_hash,
        "mode": new.mode,
        "options": to_json(new.options),
        "summary": to_json(new.summary),
        "clock": clock,
    }
    updates = ", ".join(f"{name} = excluded.{name}" for name in row if name != "hash")
    db.execute(
        f"INSERT INTO runs ({', '.join(row)}) VALUES ({', '.join('?' * len(row))}) "
        f"ON CONFLICT (hash) DO UPDATE SET {updates}",
        tuple(row.values()),
    )
    db.execute("DELETE FROM settled WHERE run = ?", (new.hash,))
    if mounting:
        rows = [(new.hash, s.metric, s.side, float(s.mean), float(s.sd), int(s.n)) for s in new.settled]
        db.executemany("INSERT INTO settled VALUES (?, ?, ?, ?, ?, ?)", rows)
    for changed in {clip.id, earlier[0]} if earlier else {clip.id}:
        baselines.refresh(db, runner, changed)
    baselines.tidy(db)


def _put_mounting(db: sqlite3.Connection, runner: str, clip: Clip, place: str, axes: Axes) -> str:
    """Key of the mounting that this is, the nearest one in reach, made where there is none."""
    query = "SELECT id, place, axes FROM mountings WHERE runner = ? AND clip = ?"
    known = [(key, at, tuple(json.loads(text))) for key, at, text in db.execute(query, (runner, clip.id)).fetchall()]
    near = [(angle_between_deg(axes, other), key) for key, at, other in known if same_mounting(place, axes, at, other)]
    if near:
        return str(min(near)[1])
    key = uuid.uuid4().hex
    row = (key, runner, clip.id, place, to_json([float(value) for value in axes]))
    db.execute("INSERT INTO mountings VALUES (?, ?, ?, ?, ?)", row)
    return key
