"""How each hip held: what the detector followed on each leg, and what it told."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from trendel.analysis import Result
from trendel.app.report.change import mean_error

F64 = npt.NDArray[np.float64]
Status = Literal["sank", "hint", "held", "unknown"]

END_S = 180.0
"""The end of a run is its last three minutes of watched running."""
_SMOOTH_S = 60.0
_BACK_SHARE = 0.6  # below this share of the largest change it has come back
_NORMAL_95 = 1.96
NAMES = {"L": "left", "R": "right"}


@dataclass(frozen=True)
class Side:
    """One leg against the runner's baseline; degrees of obliquity peak, s of the recording's clock, NaN if not known.

    Attributes:
        status: "sank": warned of; "hint": a notice only; "held"; "unknown": not judged.
        baseline, end, low, high: the baseline; change at the end with its 95 % interval.
        worst, worst_s: the largest change of a minute, and when.
        since_s, level: onset and level of the gravest alert of this leg.
        noise: half width of the interval in which a minute's mean stays by chance.
        against: what the baseline is, in words that follow "than".
    """

    letter: str
    status: Status
    baseline: float = math.nan
    end: float = math.nan
    low: float = math.nan
    high: float = math.nan
    worst: float = math.nan
    worst_s: float = math.nan
    since_s: float = math.nan
    level: str = ""
    noise: float = math.nan
    against: str = "when you were fresh"

    @property
    def name(self) -> str:
        """left or right."""
        return NAMES[self.letter]

    @property
    def came_back(self) -> bool:
        """Whether it was warned of, and less at the end."""
        return self.status in ("sank", "hint") and self.end < _BACK_SHARE * self.worst


def sides_of(result: Result) -> dict[str, Side]:
    """Both legs."""
    return {letter: _side(result, letter) for letter in "LR"}


def watched(result: Result, letter: str) -> tuple[F64, F64]:
    """Times and changes from the baseline (n,) of strides while the detector watched that leg."""
    strides = result.strides
    values = strides[f"stability_change_{NAMES[letter]}_deg"].astype(np.float64)
    known = (strides["stability_phase"] == "watching") & np.isfinite(values)
    return strides["end_s"][known].astype(np.float64), values[known]


def _side(result: Result, letter: str) -> Side:
    times, values = watched(result, letter)
    if not len(times):
        return Side(letter, "unknown")
    steps = result.steps
    mine = (steps["side"] == letter) & np.isfinite(steps["obliquity_peak_deg"])
    end_s = float(times[-1])
    last = values[times > end_s - END_S]
    # Beside the end's own error there is that of the baseline, learned from the steps before the watching began.
    fresh = steps["obliquity_peak_deg"][mine & (steps["ic_s"] < times[0])].astype(np.float64)
    late = steps["obliquity_peak_deg"][mine & (steps["ic_s"] > end_s - END_S)].astype(np.float64)
    error = math.hypot(mean_error(fresh), mean_error(late))
    minute = late[: max(2, round(len(late) * _SMOOTH_S / END_S))]
    noise = _NORMAL_95 * math.hypot(mean_error(fresh), mean_error(minute))
    worst, worst_s = _worst(times, values)
    end = float(last.mean())
    baseline = result.summary["stability"][f"baseline_{NAMES[letter]}_deg"]
    alert = _gravest(result, letter)
    return Side(
        letter,
        "held" if alert is None else "hint" if alert["level"] == "notice" else "sank",
        math.nan if baseline is None else float(baseline),
        end,
        end - _NORMAL_95 * error,
        end + _NORMAL_95 * error,
        worst,
        worst_s,
        math.nan if alert is None else float(alert["onset_s"]),
        "" if alert is None else str(alert["level"]),
        noise,
        baseline_words(result),
    )


def baseline_words(result: Result) -> str:
    """What the baseline is, in words that follow "than"."""
    earlier = result.summary["stability"].get("compared_with_earlier_runs")
    return "in your earlier runs" if earlier else "when you were fresh"


def _worst(times: F64, values: F64) -> tuple[float, float]:
    """The largest mean of a minute, and its middle."""
    number = ((times - times[0]) // _SMOOTH_S).astype(int)
    n = np.bincount(number)
    means = np.where(n > 0, np.bincount(number, values) / np.maximum(n, 1), -np.inf)
    k = int(means.argmax())
    return float(means[k]), float(times[number == k].mean())


def _gravest(result: Result, letter: str) -> np.void | None:
    """The first alert of the highest level that says that the pelvis sinks more on this leg."""
    order = {"notice": 0, "warning": 1, "stop": 2}
    mine = [row for row in result.alerts if row["kind"] == "pelvic_drop" and str(row["side"]) in (letter, "")]
    return max(mine, key=lambda row: (order[str(row["level"])], -float(row["time_s"])), default=None)
