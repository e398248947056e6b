"""A run much longer than the longest of the 30 days before it.

Schuster Brandt Frandsen et al. 2025, Br J Sports Med 59:1203: 5,205 runners, 588,071 sessions, 18 months. Against
sessions of up to 10 % beyond the longest of the past 30 days, overuse injuries came at higher rates. The acute:chronic
workload ratio went the other way, and week-to-week ratios showed nothing, so neither is used here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from trendel.app.trends.points import Point

SOURCE = "Schuster Brandt Frandsen et al. 2025, Br J Sports Med 59:1203; 5,205 runners"
WINDOW = timedelta(days=30)


@dataclass(frozen=True)
class Band:
    """From `above` times the longest run: hazard rate ratio with its 95 % interval."""

    name: str
    above: float
    hazard: float
    low: float
    high: float


BANDS = (
    Band("small", 1.1, 1.64, 1.31, 2.05),
    Band("moderate", 1.3, 1.52, 1.16, 2.00),
    Band("large", 2.0, 2.28, 1.50, 3.48),
)


@dataclass(frozen=True)
class Spike:
    """A run against the longest of the 30 days before: `of` is distance where both are known, otherwise duration."""

    ratio: float
    of: str
    band: Band | None


def spike(points: Sequence[Point], k: int) -> Spike | None:
    """Of the k-th of the points, oldest first; None where there was no run in the 30 days before it."""
    this = points[k]
    before = [p for p in points[:k] if this.when - WINDOW <= p.when < this.when and p.running_s > 0]
    if not before or this.running_s <= 0:
        return None
    far = [p.distance_m for p in before]
    if this.distance_m is not None and all(d is not None for d in far):
        of, ratio = "distance", this.distance_m / max(d for d in far if d is not None)
    else:
        of, ratio = "duration", this.running_s / max(p.running_s for p in before)
    return Spike(ratio, of, next((band for band in reversed(BANDS) if ratio > band.above), None))


def sentence(found: Spike | None) -> str:
    """In words, of the newest run."""
    if found is None:
        return "Last run: no run in the 30 days before it to compare its length with."
    if found.band is None:
        return f"Last run: its {found.of} was {100 * found.ratio:.0f} % of the longest of the 30 days before; no spike."
    band = found.band
    proxy = " (found for distance; here duration stands in for it)" if found.of == "duration" else ""
    return (
        f"Last run: a {band.name} spike, its {found.of} {100 * (found.ratio - 1):+.0f} % of the longest of the 30 "
        f"days before. "
        f"Overuse injuries came {band.hazard:.2f} times as often after such runs (95 % interval {band.low:.2f} to "
        f"{band.high:.2f}){proxy}. Keep the next runs shorter."
    )
