"""What a live run has given so far: all its rows, and the few numbers that a runner looks at."""

from collections import deque
from dataclasses import dataclass

import numpy as np

from trendel.analysis.alerts import alerts_table
from trendel.analysis.stream import Completed
from trendel.analysis.tables import SEGMENTS, Table, steps_table, strides_table
from trendel.kernels.layout import DTYPES

_RECENT_S = 30.0  # as long as the detector's own level looks back
_STALE_S = 5.0  # without a step for this long there is nothing to show
_STEPS_N = 120
_TABLES = ((steps_table, "StepRow"), (strides_table, "StrideRow"), (alerts_table, "Alert"))


@dataclass(frozen=True)
class Figures:
    """Means over the last half minute; NaN where nothing is known. `sink` and `change` are of the left and right leg.

    `sink_deg` is the obliquity peak, which the detector follows; `change_deg` how much more it is than the baseline.
    """

    cadence_spm: float
    oscillation_mm: float
    contact_ms: float
    sink_deg: tuple[float, float]
    change_deg: tuple[float, float]
    phase: str  # of the detector: settling, learning, watching


class Watch:
    """Takes what Stream.push returns."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.doing = SEGMENTS[0]
        self.course: list[tuple[float, float, float]] = []  # (time, change left, change right) of strides
        empty = [make(np.zeros(0, DTYPES[row]), np.zeros(1), 1.0) for make, row in _TABLES]
        self._steps, self._strides, self._alerts = ([table] for table in empty)
        self._recent: deque[np.void] = deque(maxlen=_STEPS_N)
        self._phase = "settling"

    def take(self, completed: Completed, now_s: float, segment: int) -> int:
        """Note what samples until `now_s` completed; how many alerts there were among it."""
        self.now_s, self.doing = now_s, SEGMENTS[segment]
        for kept, table in (
            (self._steps, completed.steps),
            (self._strides, completed.strides),
            (self._alerts, completed.alerts),
        ):
            if len(table):
                kept.append(table)
        self._recent.extend(completed.steps)
        for row in completed.strides:
            self._phase = str(row["stability_phase"])
            change = (float(row["stability_change_left_deg"]), float(row["stability_change_right_deg"]))
            self.course.append((float(row["end_s"]), *change))
        return len(completed.alerts)

    @property
    def steps(self) -> Table:
        return _joined(self._steps)

    @property
    def strides(self) -> Table:
        return _joined(self._strides)

    @property
    def alerts(self) -> Table:
        return _joined(self._alerts)

    def figures(self) -> Figures:
        """The numbers of this moment."""
        steps = [row for row in self._recent if row["end_s"] > self.now_s - _RECENT_S]
        if not steps or steps[-1]["end_s"] < self.now_s - _STALE_S:
            steps = []

        def mean(name: str, side: str = "LR") -> float:
            known = [float(r[name]) for r in steps if (len(side) == 2 or r["side"] == side) and np.isfinite(r[name])]
            return sum(known) / len(known) if known else float("nan")

        step_ms = mean("step_time_ms")
        _, left, right = self.course[-1] if self.course and steps else (0.0, float("nan"), float("nan"))
        return Figures(
            60e3 / step_ms,
            mean("vertical_oscillation_mm"),
            mean("contact_time_ms"),
            (mean("obliquity_peak_deg", "L"), mean("obliquity_peak_deg", "R")),
            (left, right),
            self._phase,
        )


def _joined(tables: list[Table]) -> Table:
    """One table of all rows; there is at least one table."""
    return Table(np.concatenate([table.data for table in tables]), tables[0].units)
