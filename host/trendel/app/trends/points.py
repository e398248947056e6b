"""A run of the journal as points with their uncertainty, and whether runs may be compared."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trendel.journal import Run
from trendel.journal.baseline import HURST

_NORMAL_95 = 1.96
LEFT, RIGHT, BOTH = "left", "right", "both"


@dataclass(frozen=True)
class Series:
    """What is followed: a name for people, the unit, decimals, and for each side where the summary keeps it."""

    key: str
    label: str
    unit: str
    decimals: int
    sides: tuple[str, ...]


SERIES = (
    Series("obliquity_peak_deg", "obliquity peak", "deg", 1, (LEFT, RIGHT)),
    Series("pelvic_drop_deg", "pelvic drop", "deg", 1, (LEFT, RIGHT)),
    Series("asymmetry", "asymmetry of the obliquity peak, left less right", "deg", 1, (BOTH,)),
    Series("cadence_spm", "cadence", "steps/min", 0, (BOTH,)),
    Series("vertical_oscillation_mm", "vertical oscillation (clip)", "mm", 0, (BOTH,)),
)


@dataclass(frozen=True)
class Value:
    """A run's mean, and half of its 95 % interval; NaN where that is not known."""

    mean: float
    half: float


@dataclass(frozen=True, eq=False)
class Point:
    """A run. `comparable`: same clip worn the same way, by the same kernels, as the newest. `values` by (key, side)."""

    run: Run
    comparable: bool
    values: dict[tuple[str, str], Value]

    @property
    def when(self) -> datetime:
        """When it was run, as well as it is known."""
        return self.run.when

    @property
    def running_s(self) -> float:
        """How long it was, running alone."""
        return float(self.run.summary.get("running_s") or 0.0)

    @property
    def distance_m(self) -> float | None:
        """How far, where the recording said so."""
        said = (self.run.summary.get("metadata") or {}).get("distance_m")
        return float(said) if isinstance(said, (int, float)) and not isinstance(said, bool) and said > 0 else None


def points_of(runs: Sequence[Run]) -> list[Point]:
    """Oldest first."""
    ordered = sorted(runs, key=lambda run: run.when)
    if not ordered:
        return []
    newest = next((run for run in reversed(ordered) if run.mounting is not None), ordered[-1])
    key = (newest.clip, newest.mounting, newest.kernel_hash)
    return [Point(run, (run.clip, run.mounting, run.kernel_hash) == key, _values(run.summary)) for run in ordered]


def _values(summary: dict[str, Any]) -> dict[tuple[str, str], Value]:
    found: dict[tuple[str, str], Value] = {}
    metrics = summary.get("metrics") or {}
    for series in SERIES:
        for side in series.sides:
            known = (metrics.get(side) or {}).get(series.key) or {}
            if known.get("mean") is not None:
                found[series.key, side] = Value(float(known["mean"]), _half(known.get("sd"), known.get("n")))
    left, right = (found.get(("obliquity_peak_deg", side)) for side in (LEFT, RIGHT))
    if left is not None and right is not None:
        found["asymmetry", BOTH] = Value(left.mean - right.mean, math.hypot(left.half, right.half))
    if summary.get("cadence_spm") is not None:
        half = _half(summary.get("cadence_sd_spm"), summary.get("strides"))
        found["cadence_spm", BOTH] = Value(float(summary["cadence_spm"]), half)
    return found


def _half(sd: float | None, n: int | None) -> float:
    """Steps are not independent: sd * n**(H - 1), as for baselines (journal/baseline.py)."""
    return math.nan if sd is None or not n else _NORMAL_95 * sd * n ** (HURST - 1)
