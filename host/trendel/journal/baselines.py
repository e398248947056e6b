"""The table of baselines: formed from the settled values of runs, and asked for at the start of a run."""

import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trendel.journal.baseline import RUNS_MAX, STEPS_MIN, Axes, Settled, angle_between_deg, merge, same_mounting
from trendel.journal.rows import Baseline, BaselineAnswer, Mounting, to_json


def refresh_all(db: sqlite3.Connection) -> None:
    """Form the baselines of every runner and clip again."""
    db.execute("DELETE FROM baselines")
    for runner, clip in db.execute("SELECT DISTINCT runner, clip FROM runs").fetchall():
        refresh(db, runner, clip)


def refresh(db: sqlite3.Connection, runner: str, clip: str) -> None:
    """Form the baselines of a runner and clip again, from all runs that are kept.

    There is one for each mounting, kernel hash and parameters, since values made otherwise are not comparable. Those of
    other kernels than the newest analysis used are set aside: kept and marked.
    """
    db.execute("DELETE FROM baselines WHERE runner = ? AND clip = ?", (runner, clip))
    groups: dict[tuple[str, ...], list[tuple[str, str, Settled]]] = defaultdict(list)
    rows = db.execute(
        "SELECT mounting, kernel_hash, parameter_hash, metric, side, hash, "
        "CASE WHEN clock = 'future' OR started_at IS NULL THEN analysed_at ELSE started_at END AS at, mean, sd, n "
        "FROM settled JOIN runs ON run = hash "
        "WHERE runner = ? AND clip = ? AND mounting IS NOT NULL AND n >= ? "
        "ORDER BY julianday(at) DESC, runs.rowid DESC",
        (runner, clip, STEPS_MIN),
    )
    for mounting, kernel, parameters, metric, side, hash_, at, mean, sd, n in rows:
        group = groups[mounting, kernel, parameters, metric, side]
        if len(group) < RUNS_MAX:
            group.append((hash_, at, Settled(metric, side, mean, sd, n)))
    newest = db.execute(
        "SELECT kernel_hash FROM runs WHERE runner = ? AND clip = ? ORDER BY julianday(analysed_at) DESC, rowid DESC",
        (runner, clip),
    ).fetchone()
    for (mounting, kernel, parameters, metric, side), members in groups.items():
        merged = merge([settled for _, _, settled in members])
        aside = "" if kernel == newest[0] else f"made by other kernels ({kernel}) than the newest run ({newest[0]})"
        row = (
            *(runner, clip, mounting, kernel, parameters, metric, side),
            *(merged.mean, merged.mean_sd, merged.between_sd, merged.sd, merged.n),
            *(to_json([hash_ for hash_, _, _ in members]), members[0][1], aside),
        )
        db.execute(f"INSERT INTO baselines VALUES ({', '.join('?' * len(row))})", row)


def tidy(db: sqlite3.Connection) -> None:
    """Forget mountings and clips that no run refers to any more."""
    db.execute("DELETE FROM mountings WHERE id NOT IN (SELECT mounting FROM runs WHERE mounting IS NOT NULL)")
    db.execute("DELETE FROM clips WHERE id NOT IN (SELECT clip FROM runs)")


@dataclass(frozen=True)
class Asked:
    """Which baseline is wanted; None where anything will do. `place` and `axes` say how the clip is worn."""

    runner: str
    clip: str
    kernel_hash: str
    parameter_hash: str | None
    place: str | None
    axes: Axes | None


def answer(asked: Asked, rows: Sequence[Baseline], mountings: Mapping[str, Mounting]) -> BaselineAnswer:
    """The baseline that fits, of the baselines `rows` of that runner, or None and a sentence that says why not."""
    without = "there is nothing to compare with"
    if not rows:
        return BaselineAnswer(None, f"{asked.runner} has no run yet with {STEPS_MIN} settled steps a side: {without}.")
    of_clip = [row for row in rows if row.clip == asked.clip]
    if not of_clip:
        others = " and ".join(sorted({row.clip for row in rows}))
        return BaselineAnswer(
            None,
            f"{asked.runner}'s baseline is from clip {others}, not from clip {asked.clip}, "
            f"which may measure otherwise: {without}.",
        )
    made = [row for row in of_clip if row.kernel_hash == asked.kernel_hash]
    if not made:
        return BaselineAnswer(
            None,
            f"{asked.runner}'s baseline was made by another version of the kernels and is set aside "
            f"(`trendel journal renew` makes it again from the recordings): {without}.",
        )
    set_so = [row for row in made if asked.parameter_hash in (None, row.parameter_hash)]
    if not set_so:
        return BaselineAnswer(None, f"{asked.runner}'s baseline was made with other parameters: {without}.")
    worn = [row for row in set_so if _fits(asked, mountings[row.mounting])]
    if not worn:
        return BaselineAnswer(None, f"{_worn_otherwise(asked, mountings[_newest(set_so).mounting])}: {without}.")
    newest = _newest(worn)
    same = ("mounting", "parameter_hash")
    values = tuple(row for row in worn if all(getattr(row, name) == getattr(newest, name) for name in same))
    n = len(newest.runs)
    runs = f"{n} run{'s' if n > 1 else ''} of {asked.runner}'s"
    reason = f"The baseline is from {runs}, the newest of {newest.newest_at:%Y-%m-%d}."
    return BaselineAnswer(values, reason, mountings[newest.mounting])


def _newest(rows: Sequence[Baseline]) -> Baseline:
    return max(rows, key=lambda row: (row.newest_at, row.mounting))


def _fits(asked: Asked, mounting: Mounting) -> bool:
    place = mounting.place if asked.place is None else asked.place
    return same_mounting(place, asked.axes or mounting.axes, mounting.place, mounting.axes)


def _worn_otherwise(asked: Asked, mounting: Mounting) -> str:
    whose = f"{asked.runner}'s baseline is from another mounting of the clip"
    if asked.place is not None and asked.place.strip().casefold() != mounting.place.strip().casefold():
        return f"{whose} (at {mounting.place or 'a place not named'}, now at {asked.place or 'a place not named'})"
    angle = angle_between_deg(asked.axes or mounting.axes, mounting.axes)
    return f"{whose} (it is now turned by {angle:.0f} degrees against it)"
