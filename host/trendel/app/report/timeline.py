"""The time axis of a report: running to scale, long breaks cut short, so that hours of gaps hide nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trendel.app.alert_screen import clock

F64 = npt.NDArray[np.float64]

BREAK_S = 60.0
"""A break longer than this is cut short."""
_TICKS_MIN = (0.25, 0.5, 1, 2, 5, 10, 15, 20, 30, 60, 120, 240)
_SHOWN_SHARE = 0.03  # of the running time, for a break that is cut short


@dataclass(frozen=True)
class Timeline:
    """Stretches of running, s of the recording's clock, and where they lie on the axis.

    Attributes:
        start_s: beginning of the recording, from which times are told.
        pieces: (n, 2) begin and end of each stretch.
        at: (n,) position of each stretch's begin on the axis, in seconds of axis.
        length: of the whole axis.
    """

    start_s: float
    pieces: F64
    at: F64
    length: float

    @classmethod
    def of(cls, start_s: float, ic_s: F64, end_s: F64) -> Timeline:
        """From the steps' first contacts and ends."""
        if not len(ic_s):
            return cls(start_s, np.empty((0, 2)), np.empty(0), 0.0)
        cuts = np.flatnonzero(ic_s[1:] - end_s[:-1] > BREAK_S)
        firsts = np.concatenate([[0], cuts + 1])
        lasts = np.concatenate([cuts, [len(ic_s) - 1]])
        pieces = np.column_stack([ic_s[firsts], end_s[lasts]])
        lengths = pieces[:, 1] - pieces[:, 0]
        shown = max(_SHOWN_SHARE * float(lengths.sum()), 1.0)
        at = np.concatenate([[0.0], np.cumsum(lengths[:-1] + shown)])
        return cls(start_s, pieces, at, float(at[-1] + lengths[-1]))

    def position(self, time_s: npt.ArrayLike) -> F64:
        """Where times lie on the axis; those in a break lie in its cut."""
        times = np.asarray(time_s, np.float64)
        if not len(self.pieces):
            return np.zeros_like(times)
        knots_t = self.pieces.ravel()
        knots_x = np.column_stack([self.at, self.at + self.pieces[:, 1] - self.pieces[:, 0]]).ravel()
        return np.asarray(np.interp(times, knots_t, knots_x))

    def breaks(self) -> list[tuple[float, float, float]]:
        """Begin and end on the axis, and true length in s, of each break that is cut short."""
        lengths = self.pieces[:, 1] - self.pieces[:, 0]
        return [
            (float(self.at[k] + lengths[k]), float(self.at[k + 1]), float(self.pieces[k + 1, 0] - self.pieces[k, 1]))
            for k in range(len(self.pieces) - 1)
        ]

    def ticks(self, most: int) -> list[tuple[float, str]]:
        """At most about `most` positions with their time since the start, at round times within the running."""
        if not len(self.pieces):
            return []
        step_s = 60.0 * next((s for s in _TICKS_MIN if self.length / (60 * s) <= most), _TICKS_MIN[-1])
        hours = self.has_hours
        found: list[tuple[float, str]] = []
        for (begin, end), at in zip(self.pieces.tolist(), self.at.tolist(), strict=True):
            first = np.ceil((begin - self.start_s) / step_s) * step_s
            round_ones = np.arange(first, end - self.start_s + 1e-9, step_s).tolist()
            # After a break the time is told where it goes on, since round times may be few.
            for since in [*([begin - self.start_s] if len(self.pieces) > 1 else []), *round_ones]:
                x = at + since + self.start_s - begin
                if not found or x - found[-1][0] > 0.7 * step_s:
                    found.append((x, _tick(since, hours=hours, seconds=step_s < 60)))
        return found

    @property
    def has_hours(self) -> bool:
        """Whether ticks are h:min, not minutes."""
        return bool(len(self.pieces)) and float(self.pieces[-1, 1]) - self.start_s >= 3600

    def since_start(self, time_s: float) -> str:
        """A time of the recording's clock as it is told: min:s, or h:min:s from an hour on."""
        return told(time_s - self.start_s)


def told(seconds: float) -> str:
    """min:s, or h:min:s from an hour on."""
    s = max(0, int(seconds))  # as on the screen: a watch shows the second that has begun
    return f"{s // 3600}:{s % 3600 // 60:02d}:{s % 60:02d}" if s >= 3600 else f"{s // 60}:{s % 60:02d}"


def _tick(since_s: float, *, hours: bool, seconds: bool) -> str:
    if seconds:
        return clock(since_s)
    m = round(since_s / 60)
    return f"{m // 60}:{m % 60:02d}" if hours else f"{m}"


def spoken(seconds: float) -> str:
    """A length of time in words: 40 s, 31 min, 2 h 5 min."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    m = round(seconds / 60)
    return f"{m // 60} h {m % 60} min" if m >= 60 else f"{m} min"
