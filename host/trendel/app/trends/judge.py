"""Is the hip getting stronger: the last weeks' runs against the first, beyond what chance and method give."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from trendel.analysis.detectable import detectable
from trendel.app.trends.points import Point
from trendel.journal.baseline import Settled, merge

PERIOD = timedelta(days=14)
RUNS_MIN = 3
_NORMAL_95 = 1.96
Answer = Literal["less", "more", "same", "unknown"]


@dataclass(frozen=True)
class Trend:
    """One metric and side: `answer` says whether there is less or more of it than at first, in its unit.

    first, now: means of the first and last runs; low, high: 95 % interval of the difference; mdc: what the difference
    must exceed to be told from the method's own error. reason: why it is not known.
    """

    key: str
    side: str
    answer: Answer
    first: float = math.nan
    now: float = math.nan
    low: float = math.nan
    high: float = math.nan
    mdc: float = math.nan
    runs: tuple[int, int] = (0, 0)
    reason: str = ""

    @property
    def size(self) -> float:
        """Now less first."""
        return self.now - self.first


def judge(points: Sequence[Point], key: str, side: str) -> Trend:
    """The runs of the newest two weeks against those of the oldest two (of the later half against the earlier while
    there are fewer than four weeks), three of each at least, comparable ones only.

    The interval is that of the difference of two pooled means (random effects, journal/baseline.py), so that runs
    differing from day to day widen it. It counts as changed only where the interval leaves out zero and the size is
    beyond the minimal detectable change of two runs.
    """
    known = [p for p in points if p.comparable and (s := p.values.get((key, side))) and not math.isnan(s.half)]
    if not known:
        return Trend(key, side, "unknown", reason="no comparable runs")
    begin, end = known[0].when, known[-1].when
    first = [p for p in known if p.when <= begin + PERIOD]
    now = [p for p in known if p.when >= end - PERIOD]
    if end - begin < 2 * PERIOD:
        first_n, now_n = len(known) // 2, len(known) - len(known) // 2
        first, now = known[:first_n], known[-now_n:]
        if end - begin < PERIOD:
            return Trend(key, side, "unknown", reason=f"it takes {PERIOD.days} days of runs; there are "
                         f"{max(0, (end - begin).days)}")  # fmt: skip
    if min(len(first), len(now)) < RUNS_MIN:
        return Trend(key, side, "unknown", reason=f"it takes {RUNS_MIN} comparable runs at either end")
    a, b = (merge([_settled(p, key, side) for p in part]) for part in (first, now))
    half = _NORMAL_95 * math.hypot(a.mean_sd, b.mean_sd)
    size, mdc = b.mean - a.mean, detectable(key)
    told = abs(size) > half and (math.isnan(mdc) or abs(size) > mdc)
    answer: Answer = "same" if not told else "less" if size < 0 else "more"
    return Trend(key, side, answer, a.mean, b.mean, size - half, size + half, mdc, (len(first), len(now)))


def _settled(point: Point, key: str, side: str) -> Settled:
    known = (point.run.summary["metrics"].get(side) or {})[key]
    return Settled(key, side, float(known["mean"]), float(known["sd"]), int(known["n"]))


def sentence(trend: Trend, unit: str = "\u00b0") -> str:
    """In words, for the obliquity peak of a side."""
    hip = f"your {trend.side} hip"
    if trend.answer == "unknown":
        return f"Whether {hip} is getting stronger cannot be said yet: {trend.reason}."
    size = f"{abs(trend.size):.1f}{unit} {'less' if trend.size < 0 else 'more'} than at first"
    interval = f"95 % interval {trend.low:+.1f} to {trend.high:+.1f}, detectable from {trend.mdc:.1f}{unit}"
    if trend.answer == "same":
        return f"{hip.capitalize()}: no change that can be told ({size}; {interval})."
    verb = "holds better" if trend.answer == "less" else "holds less well"
    return f"{hip.capitalize()} {verb}: the pelvis sinks {size} ({interval})."
