"""A small chart of weeks as SVG: a point for each run with its interval; hollow where runs do not compare."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape

_WIDTH, _HEIGHT = 460, 210
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 12, 12, 34
_CLASS = {"left": "L", "right": "R", "both": "B"}


@dataclass(frozen=True)
class Dot:
    """A value at a time with half of its interval (NaN: not known), of a side, and what is said of it."""

    when: datetime
    mean: float
    half: float
    side: str
    comparable: bool
    said: str


def chart(
    dots: Sequence[Dot], label: str, decimals: int, *, low: float | None = None, high: float | None = None
) -> str:
    """An <svg>; "" without dots. `low`, `high`: ends of the axis where they are fixed."""
    if not dots:
        return ""
    ends = [d.mean + sign * (0 if math.isnan(d.half) else d.half) for d in dots for sign in (-1, 1)]
    bottom = min(ends) if low is None else low
    top = max(ends) if high is None else high
    pad = 0.08 * (top - bottom) or 0.5
    bottom, top = (bottom - pad if low is None else low), (top + pad if high is None else high)
    begin, end = min(d.when for d in dots), max(d.when for d in dots)
    span = max((end - begin).total_seconds(), 86400.0)

    def x(when: datetime) -> float:
        return _LEFT + 8 + (_WIDTH - _LEFT - _RIGHT - 16) * (when - begin).total_seconds() / span

    def y(value: float) -> float:
        return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (top - value) / (top - bottom)

    parts = [f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" class="picture"><title>{escape(label)}</title>']
    for k in range(5):
        value = bottom + (top - bottom) * k / 4
        parts.append(f'<path class="grid" d="M{_LEFT} {y(value):.1f}H{_WIDTH - _RIGHT}"/>')
        parts.append(
            f'<text class="tick" x="{_LEFT - 5}" y="{y(value) + 4:.1f}" text-anchor="end">{value:.{decimals}f}</text>'
        )
    for when in _weeks(begin, end):
        text = f"{when.day} {when:%b}"
        parts.append(f'<text class="tick" x="{x(when):.1f}" y="{_HEIGHT - 14}" text-anchor="middle">{text}</text>')
    for dot in sorted(dots, key=lambda d: d.when):
        px, py, kind = x(dot.when) + {"left": -2, "right": 2}.get(dot.side, 0), y(dot.mean), _CLASS[dot.side]
        hollow = "" if dot.comparable else " hollow"
        bar = (
            ""
            if math.isnan(dot.half)
            else f'<path d="M{px:.1f} {y(dot.mean - dot.half):.1f}V{y(dot.mean + dot.half):.1f}"/>'
        )
        shape = (
            f'<rect x="{px - 3.6:.1f}" y="{py - 3.6:.1f}" width="7.2" height="7.2"/>'
            if dot.side == "right"
            else f'<circle cx="{px:.1f}" cy="{py:.1f}" r="4"/>'
        )
        parts.append(f'<g class="dot {kind}{hollow}"><title>{escape(dot.said)}</title>{bar}{shape}</g>')
    return "".join([*parts, "</svg>"])


def _weeks(begin: datetime, end: datetime) -> list[datetime]:
    """At most six dates, whole weeks apart."""
    weeks = max(1, math.ceil((end - begin).days / 7 / 5))
    return [begin + timedelta(weeks=weeks * k) for k in range((end - begin).days // (7 * weeks) + 1)]
