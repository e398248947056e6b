"""The course of every metric over a run, in equal lengths of running: mean, the middle 80 % of steps, and how many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from trendel.analysis import Result
from trendel.app.report.timeline import Timeline
from trendel.app.screen import METRIC_LABELS

F64 = npt.NDArray[np.float64]

BINS_MAX = 240
_SECONDS = (5, 10, 15, 20, 30, 60, 120, 300, 600)
_LOW, _HIGH = 10, 90  # per cent


@dataclass(frozen=True)
class Bins:
    """Position on the axis, middle time, mean, middle 80 % and number of steps of each bin; NaN rows part stretches."""

    x: F64
    time_s: F64
    mean: F64
    low: F64
    high: F64
    n: npt.NDArray[np.int64]


def bin_seconds(length_s: float, most: int) -> float:
    """The shortest round length of which there are at most `most`."""
    return float(next((s for s in _SECONDS if length_s / s <= most), _SECONDS[-1]))


def binned(line: Timeline, times: F64, values: F64, seconds: float) -> Bins:
    """Values (n,) at times (n,), rising, in bins of `seconds` that begin anew with each stretch of running."""
    parts = []
    for begin, end in line.pieces.tolist():
        here = (times >= begin) & (times <= end) & np.isfinite(values)
        number = ((times[here] - begin) // seconds).astype(np.int64)
        bin_n = int((end - begin) // seconds) + 1
        middles = np.minimum(begin + (np.arange(bin_n) + 0.5) * seconds, end)
        at = np.append(middles, end)  # the last ends the line
        part = np.full((bin_n + 1, 6), np.nan)
        part[:, 0] = [line.position(t) for t in at.tolist()]
        part[:, 1] = at
        part[:, 2:] = _summaries(values[here], number, bin_n + 1)
        parts.append(part)
    table = np.concatenate([np.empty((0, 6)), *parts])
    x, time_s, mean, low, high, n = table.T
    return Bins(x, time_s, mean, low, high, n.astype(np.int64))


def _summaries(values: F64, number: npt.NDArray[np.int64], bin_n: int) -> F64:
    """(bin_n, 4) mean, low and high percentile (as numpy.percentile has them) and count of the values of each bin."""
    ordered = values[np.lexsort((values, number))]
    n = np.bincount(number, minlength=bin_n)[:bin_n]
    first = np.cumsum(n) - n
    found = np.full((bin_n, 4), np.nan)
    found[:, 3] = n
    some = n > 0
    found[some, 0] = np.add.reduceat(ordered, first[some]) / n[some] if some.any() else []
    for column, percent in ((1, _LOW), (2, _HIGH)):
        place = first[some] + percent / 100 * (n[some] - 1)
        below = np.floor(place).astype(np.int64)
        above = np.minimum(below + 1, first[some] + n[some] - 1)
        found[some, column] = ordered[below] + (place - below) * (ordered[above] - ordered[below])
    return found


def courses(result: Result, line: Timeline) -> dict[str, Any]:
    """All metrics, as the page's script takes them: shared positions and clocks, then rows of numbers by side."""
    seconds = bin_seconds(line.length, BINS_MAX)
    steps, strides = result.steps, result.strides
    shared: Bins | None = None
    metrics: list[dict[str, Any]] = []

    def put(of: str, label: str, unit: str, decimals: int, parts: dict[str, tuple[F64, F64]], sure: str = "") -> None:
        nonlocal shared
        rows = {}
        for name, (times, values) in parts.items():
            if np.isfinite(values).any():
                bins = binned(line, times, values, seconds)
                shared = bins if shared is None else shared
                rows[name] = [_short(part, decimals + 1) for part in (bins.mean, bins.low, bins.high)] + [
                    bins.n.tolist()
                ]
        if rows:
            metrics.append({"id": of, "label": label, "unit": unit, "decimals": decimals, "sides": rows, "note": sure})

    both = strides["end_s"].astype(np.float64)
    put("cadence_spm", "cadence", "steps/min", 0, {"B": (both, strides["cadence_spm"].astype(np.float64))})
    for column, label, unit, decimals in METRIC_LABELS:
        sided = {
            letter: (
                steps["ic_s"][steps["side"] == letter].astype(np.float64),
                steps[column][steps["side"] == letter].astype(np.float64),
            )
            for letter in "LR"
        }
        if not any(np.isfinite(values).any() for _, values in sided.values()):
            sided = {"B": (steps["ic_s"].astype(np.float64), steps[column].astype(np.float64))}
        put(column, label, unit, decimals, sided)
    at = shared.x.tolist() if shared is not None else []
    times = [line.since_start(t) for t in shared.time_s.tolist()] if shared is not None else []
    return {"seconds": seconds, "x": [round(v, 1) for v in at], "clock": times, "metrics": metrics}


def _short(values: F64, decimals: int) -> list[float | None]:
    return [round(v, decimals) if v == v else None for v in values.tolist()]
