"""A run second by second, as activity files have it: means of the steps and strides that ended within each second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trendel.analysis import Result
from trendel.analysis.conditions import Condition

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Seconds:
    """Values of each second of running, (n,) each; NaN where nothing ended within it.

    Attributes:
        second: whole seconds since the recording's begin; the values are of [second - 1, second).
        columns: by name, in the units of their names.
    """

    second: npt.NDArray[np.int64]
    columns: dict[str, F64]


def per_second(result: Result, start_s: float, conditions: Sequence[Condition] = ()) -> Seconds:
    """Means of each second in which a stride ended. Where `conditions` tell the speed: distance, step length
    (speed times step time) and vertical ratio (oscillation over step length) too."""
    steps, strides = result.steps, result.strides
    step_at = np.ceil(steps["end_s"].astype(np.float64) - start_s).astype(np.int64)
    stride_at = np.ceil(strides["end_s"].astype(np.float64) - start_s).astype(np.int64)
    second = np.unique(stride_at)

    def mean(
        at: npt.NDArray[np.int64], values: npt.NDArray[np.generic], chosen: npt.NDArray[np.bool_] | None = None
    ) -> F64:
        known = np.isfinite(values.astype(np.float64)) & np.isin(at, second)
        if chosen is not None:
            known &= chosen
        index = np.searchsorted(second, at[known])
        n = np.bincount(index, minlength=len(second))
        total = np.bincount(index, values[known].astype(np.float64), minlength=len(second))
        return np.where(n > 0, total / np.maximum(n, 1), np.nan)

    left, right = steps["side"] == "L", steps["side"] == "R"
    contact = steps["contact_time_ms"]
    contact_left, contact_right = mean(step_at, contact, left), mean(step_at, contact, right)
    columns = {
        "cadence_spm": mean(stride_at, strides["cadence_spm"]),
        "vertical_oscillation_mm": mean(step_at, steps["vertical_oscillation_mm"]),
        "contact_time_ms": mean(step_at, contact),
        "contact_balance_percent": 100.0 * contact_left / (contact_left + contact_right),
        "drop_left_deg": mean(step_at, steps["pelvic_drop_deg"], left),
        "drop_right_deg": mean(step_at, steps["pelvic_drop_deg"], right),
        "tilt_deg": mean(step_at, steps["tilt_mean_deg"]),
        "stability_left_deg": mean(stride_at, strides["stability_change_left_deg"]),
        "stability_right_deg": mean(stride_at, strides["stability_change_right_deg"]),
    }
    speed = _speed(conditions, (second + start_s).astype(np.float64))
    if speed is not None:
        columns["speed_mps"] = speed
        columns["distance_m"] = np.cumsum(np.nan_to_num(speed))  # each value is of one second
        columns["step_length_mm"] = 60e3 * speed / columns["cadence_spm"]
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = 100.0 * columns["vertical_oscillation_mm"] / columns["step_length_mm"]
        columns["vertical_ratio_percent"] = np.where(np.isfinite(ratio), ratio, np.nan)
    return Seconds(second, columns)


def _speed(conditions: Sequence[Condition], times: F64) -> F64 | None:
    """The speed that holds at each time; NaN before the first one that tells it. None where none does."""
    told = sorted((c.time_s, c.speed_mps) for c in conditions if c.speed_mps is not None)
    if not told:
        return None
    at = np.searchsorted([t for t, _ in told], times, side="right") - 1
    speeds = np.array([v for _, v in told], dtype=np.float64)
    return np.where(at >= 0, speeds[np.maximum(at, 0)], np.nan)
