"""Made-up runs for the journal."""

import hashlib
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from trendel.journal import Clip, Journal, NewRun, Settled

UPRIGHT = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
ON_ITS_SIDE = (0.0, 1.0, 0.0, -1.0, 0.0, 0.0, 0.0, 0.0, 1.0)
KERNELS = "0123456789abcdef"
METRICS = ("obliquity_peak_deg", "pelvic_drop_deg")
ZONE = timezone(timedelta(hours=2))
NOON = datetime(2026, 5, 1, 12, 0, tzinfo=ZONE)


def hash_of(k: object) -> str:
    return hashlib.sha256(str(k).encode()).hexdigest()


def settled(mean: float = 5.0, sd: float = 1.0, n: int = 1000) -> tuple[Settled, ...]:
    return tuple(Settled(metric, side, mean, sd, n) for metric in METRICS for side in ("left", "right"))


def new_run(k: object, **changes: Any) -> NewRun:
    given: dict[str, Any] = {
        "hash": hash_of(k),
        "runner": "Anna",
        "clip": Clip("C1"),
        "source": f"run{k}.csv",
        "duration_s": 1800.0,
        "rate_hz": 208.0,
        "kernel_hash": KERNELS,
        "parameter_hash": "p",
        "mode": "refined",
        "place": "sacrum",
        "axes": UPRIGHT,
        "settled": settled(),
        "summary": {"steps": 5000, "notes": ["Grüße"]},
    }
    return NewRun(**(given | changes))


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


def filled(path: Path) -> None:
    """A journal with something in every table."""
    clock = Clock()
    with Journal(path, clock=clock) as journal:
        for k in range(3):
            journal.add_run(new_run(k, started_at=NOON - timedelta(days=3 - k)))
        journal.add_run(new_run("b", runner="Ben", clip=Clip("unknown", "LSM6DSO"), place="", axes=ON_ITS_SIDE))
        journal.add_pain("Anna", "knee", "left", 4, run=hash_of(2), note="downhill")
        journal.add_note("Ben", "new shoes")
