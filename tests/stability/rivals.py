"""Two plain detectors to be beaten: a fixed threshold on pelvic drop, and a rolling mean against the first 5
minutes.

Both are judged by the rules of score.py, alarm no more often than every rest_s as Trendel does, and end an alarm when
the mean falls below the threshold again.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tests.stability.generator import Steps
from trendel.kernels.layout import ALERT_DROP, DTYPES, LEVEL_WARNING

F64 = NDArray[np.float64]
FRESH_S = 300.0
REST_S = 300.0
FIXED_MEAN_S = 30.0
ROLLING_MEAN_S = 60.0


def rolling(time_s: F64, values: F64, window_s: float) -> F64:
    """(n,) mean of the values within the last window_s at each of these times; at least ten of them, else nan."""
    sums = np.concatenate(([0.0], np.cumsum(values)))
    first = np.searchsorted(time_s, time_s - window_s)
    count = np.arange(1, len(values) + 1) - first
    return np.where(count >= 10, (sums[1:] - sums[first]) / np.maximum(count, 1), np.nan)


def fixed_score(steps: Steps) -> list[tuple[F64, F64, int]]:
    """Time, what is compared with the threshold (degrees) and side: mean pelvic drop over 30 s."""
    made = []
    for side in (1, -1):
        here = (steps.side == side) & (steps.known > 0)
        made.append((steps.end_s[here], rolling(steps.end_s[here], steps.drop_deg[here], FIXED_MEAN_S), side))
    return made


def rolling_score(steps: Steps) -> list[tuple[F64, F64, int]]:
    """The same: mean obliquity peak over 60 s less that over the first five minutes."""
    made = []
    for side in (1, -1):
        here = (steps.side == side) & (steps.known > 0)
        t, peak = steps.end_s[here], steps.peak_deg[here]
        change = rolling(t, peak, ROLLING_MEAN_S) - peak[t < FRESH_S].mean()
        change[t < FRESH_S] = np.nan
        made.append((t, change, side))
    return made


def alarms(scores: list[tuple[F64, F64, int]], threshold: float, dt_s: float) -> NDArray[np.void]:
    """Alerts (m,) of warning level where a score passes the threshold."""
    found = []
    for t, score, side in scores:
        above = score > threshold
        rises = np.flatnonzero(above & ~np.concatenate(([False], above[:-1])))
        found += [(t[i], side) for i in rises]
    kept: list[tuple[float, int]] = []
    for when, side in sorted(found):
        if not kept or when - kept[-1][0] >= REST_S:
            kept.append((float(when), side))
    made = np.zeros(len(kept), DTYPES["Alert"])
    made["kind"], made["level"] = ALERT_DROP, LEVEL_WARNING
    made["at_i"] = [round(when / dt_s) for when, _ in kept]
    made["side"] = [side for _, side in kept]
    return made
