"""The picture of the first screen as SVG: each leg's change from the baseline over the run, alerts on the time line."""

from __future__ import annotations

import math
from html import escape

import numpy as np
import numpy.typing as npt

from trendel.analysis import Result
from trendel.app.report.courses import bin_seconds, binned
from trendel.app.report.sides import NAMES, Side, baseline_words, watched
from trendel.app.report.timeline import Timeline, told

F64 = npt.NDArray[np.float64]

_MARKS = {"notice": "\u25c7", "warning": "\u25b2", "stop": "\u25a0"}
_WORDS = {"clip_moved": "clip moved", "clip_loose": "clip loose", "pain": "pain", "asymmetry": "sides apart"}
_LABEL_WIDTH = 88.0


def picture(result: Result, line: Timeline, sides: dict[str, Side], width: int, height: int) -> str:
    """An <svg> of that shape, said in words in its title for those who do not see it; "" if nothing is known."""
    courses = {letter: watched(result, letter) for letter in "LR"}
    if not any(len(times) for times, _ in courses.values()):
        return ""
    frame = _Frame(line, courses, result, width, height)
    parts = [
        f'<svg viewBox="0 0 {width} {height}" role="img" class="picture w{width}" '
        f'xmlns="http://www.w3.org/2000/svg"><title>{escape(_described(sides, line))}</title>',
        *frame.ground(sides),
        *(frame.course(letter, *courses[letter], sides[letter]) for letter in "LR"),
        *frame.end_labels(sides),
        *frame.alerts(result),
        "</svg>",
    ]
    return "".join(parts)


def _described(sides: dict[str, Side], line: Timeline) -> str:
    said = [
        f"{s.name} leg: {s.end:+.1f} degrees at the end, at most {s.worst:+.1f} at {line.since_start(s.worst_s)}"
        for s in sides.values()
        if s.status != "unknown"
    ]
    return "Change of the obliquity peak from the baseline over the run. " + "; ".join(said) + "."


class _Frame:
    """Axes in viewBox units."""

    def __init__(
        self, line: Timeline, courses: dict[str, tuple[F64, F64]], result: Result, width: int, height: int
    ) -> None:
        self.line, self.width, self.height = line, width, height
        self.left, self.right, self.top, self.bottom = 34, 66, 14, 62
        self.smooth = {k: _smooth(line, *v) for k, v in courses.items()}
        known = np.concatenate([y for _, y in self.smooth.values()])
        known = known[np.isfinite(known)]
        self.zero = baseline_words(result)
        self.warning = float(result.summary["parameters"]["stability"]["warning_deg"])
        self.low = math.floor(min(-1.0, float(known.min(initial=0.0)) - 0.3))
        self.high = math.ceil(max(2.0, float(known.max(initial=0.0)) + 0.4))

    def x(self, position: float) -> float:
        return self.left + (self.width - self.left - self.right) * position / max(self.line.length, 1e-9)

    def y(self, degrees: float) -> float:
        share = (degrees - self.low) / (self.high - self.low)
        return self.height - self.bottom - (self.height - self.top - self.bottom) * share

    def ground(self, sides: dict[str, Side]) -> list[str]:
        x0, x1 = self.x(0), self.x(self.line.length)
        noise = max((s.noise for s in sides.values() if math.isfinite(s.noise)), default=0.0)
        low, high = max(self.low, -noise), min(self.high, noise)
        parts = [f'<rect class="noise" x="{x0:.1f}" y="{self.y(high):.1f}" width="{x1 - x0:.1f}" '
                 f'height="{self.y(low) - self.y(high):.1f}"/>']  # fmt: skip
        every = max(1, math.ceil((self.high - self.low) / 6))
        for degrees in range(self.low, self.high + 1):
            if degrees % every:
                continue
            y, kind = self.y(degrees), "zero" if degrees == 0 else "grid"
            parts.append(f'<path class="{kind}" d="M{x0:.1f} {y:.1f}H{x1:.1f}"/>')
            label = "0" if degrees == 0 else f"{degrees:+d}\u00b0"
            parts.append(f'<text class="tick" x="{x0 - 6:.1f}" y="{y + 4:.1f}" text-anchor="end">{label}</text>')
        if self.warning < self.high:
            y = self.y(self.warning)
            parts.append(f'<path class="limit" d="M{x0:.1f} {y:.1f}H{x1:.1f}"/>')
            parts.append(f'<text class="small" x="{x0 + 4:.1f}" y="{y - 4:.1f}">a warning needs this much</text>')
        said = f"0: {self.zero}. Grey: chance"
        parts.append(f'<text class="small" x="{x0 + 4:.1f}" y="{self.y(low) - 4:.1f}">{said}</text>')
        parts += [*self._breaks(), *self._ticks()]
        return parts

    def _breaks(self) -> list[str]:
        parts = []
        for begin, end, seconds in self.line.breaks():
            a, b = self.x(begin), self.x(end)
            top, height = self.top, self.height - self.top - self.bottom
            parts.append(
                f'<rect class="break" x="{a:.1f}" y="{top}" width="{b - a:.1f}" height="{height}">'
                f"<title>break of {told(seconds)}</title></rect>"
            )
        return parts

    def _ticks(self) -> list[str]:
        y = self.height - self.bottom
        parts = []
        for position, label in self.line.ticks(5 if self.width < 500 else 10):
            x = self.x(position)
            parts.append(f'<path class="grid" d="M{x:.1f} {y}v5"/>')
            parts.append(f'<text class="tick" x="{x:.1f}" y="{y + 17}" text-anchor="middle">{label}</text>')
        unit = "h:min" if self.line.has_hours else "min"
        parts.append(f'<text class="tick" x="{self.width - 4}" y="{y + 17}" text-anchor="end">{unit}</text>')
        return parts

    def course(self, letter: str, times: F64, values: F64, side: Side) -> str:
        """The line, broken where there is a gap."""
        x, y = self.smooth[letter]
        d, pen = [], "M"
        for px, py in zip(x.tolist(), y.tolist(), strict=True):
            if not math.isfinite(py):
                pen = "M"
                continue
            d.append(f"{pen}{self.x(px):.1f} {self.y(py):.1f}")
            pen = "L"
        return f'<path class="course {letter}" d="{"".join(d)}"/>'

    def end_labels(self, sides: dict[str, Side]) -> list[str]:
        """Names and last values at the right edge, kept apart."""
        ends: list[tuple[str, float, float]] = []
        for letter, (_, y) in self.smooth.items():
            known = y[np.isfinite(y)]
            if len(known):
                ends.append((letter, self.y(float(known[-1])), sides[letter].end))
        ends.sort(key=lambda e: e[1])
        if len(ends) == 2 and ends[1][1] - ends[0][1] < 28:
            middle = (ends[0][1] + ends[1][1]) / 2
            (a, _, end_a), (b, _, end_b) = ends
            ends = [(a, middle - 14, end_a), (b, middle + 14, end_b)]
        x = self.x(self.line.length) + 7
        return [
            f'<text class="end {letter}" x="{x:.1f}" y="{y - 1:.1f}">{NAMES[letter]}</text>'
            f'<text class="end big {letter}" x="{x:.1f}" y="{y + 14:.1f}">{end:+.1f}\u00b0</text>'
            for letter, y, end in ends
        ]

    def alerts(self, result: Result) -> list[str]:
        """Marks on a line of their own, with a bar since the onset; words for the gravest."""
        y = self.height - self.bottom + 34
        rows = sorted(result.alerts, key=lambda r: float(r["time_s"]))
        at = {float(r["time_s"]): self.x(float(self.line.position(float(r["time_s"])))) for r in rows}
        kept: list[float] = []
        for row in sorted(rows, key=lambda r: -list(_MARKS).index(str(r["level"]))):  # the gravest get their words
            if all(abs(at[float(row["time_s"])] - at[t]) > _LABEL_WIDTH for t in kept):
                kept.append(float(row["time_s"]))
        parts = [f'<path class="grid" d="M{self.x(0):.1f} {y}H{self.x(self.line.length):.1f}"/>']
        if not rows:
            parts.append(f'<text class="small" x="{self.x(0):.1f}" y="{y + 16}">no alerts</text>')
        for row in rows:
            time_s, side = float(row["time_s"]), str(row["side"])
            onset, x = self.x(float(self.line.position(float(row["onset_s"])))), at[time_s]
            parts.append(f'<path class="since {side}" d="M{onset:.1f} {y}H{x:.1f}"/>')
            parts.append(
                f'<text class="mark {side} {row["level"]}" x="{x:.1f}" y="{y + 5}" text-anchor="middle">'
                f"{_MARKS[str(row['level'])]}<title>{escape(str(row['message']))}</title></text>"
            )
            if time_s in kept:
                anchor = "end" if x > self.width - 100 else "middle" if x > 70 else "start"
                when = self.line.since_start(time_s)
                unit = "h" if when.count(":") == 2 else "min"
                said = f"{_WORDS.get(str(row['kind']), row['level'])} at {when} {unit}"
                parts.append(f'<text class="small" x="{x:.1f}" y="{y + 21}" text-anchor="{anchor}">{said}</text>')
        return parts


def _smooth(line: Timeline, times: F64, values: F64) -> tuple[F64, F64]:
    """Positions and means of equal lengths of running; NaN between stretches."""
    if not len(times):
        return np.empty(0), np.empty(0)
    bins = binned(line, times, values, bin_seconds(line.length, 160))
    return bins.x, bins.mean
