"""Speed and grade that are known from outside (a treadmill, a map), as the numbers that the kernels compare.

How much grade or speed changes a runner's peaks differs from runner to runner, so no coefficient is assumed: where a
change is announced, the level is taken anew.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from trendel.errors import ParameterError, reason
from trendel.kernels.layout import SAMPLE_CONDITION

SPEED_STEP_MPS = 0.3
GRADE_STEP_PERCENT = 1.5
"""Smaller changes are taken for the same condition."""
_SHIFT, _MOST = 8, 255


@dataclass(frozen=True)
class Condition:
    """What holds from time_s (s, the recording's clock) on; speed m/s, grade per cent uphill, None where unknown."""

    time_s: float
    speed_mps: float | None = None
    grade_percent: float | None = None

    def __post_init__(self) -> None:
        for name, low, high in (("time_s", -1e12, 1e12), ("speed_mps", 0.0, 15.0), ("grade_percent", -60.0, 60.0)):
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise ParameterError(f"a condition's {name} of {value!r} cannot be; it lies in {low:g} to {high:g}.")


class Numbering:
    """Gives each speed and grade its number: that of the first one seen that is near it; the first of all is 0."""

    def __init__(self) -> None:
        self._known: list[tuple[float, float]] = []
        self._now = (math.nan, math.nan)

    def number(self, speed_mps: float | None, grade_percent: float | None) -> int:
        """0 to 255; what is None stays as it was."""
        now = tuple(old if new is None else new for new, old in zip((speed_mps, grade_percent), self._now, strict=True))
        self._now = (now[0], now[1])
        for i, (speed, grade) in enumerate(self._known):
            if not abs(now[0] - speed) > SPEED_STEP_MPS and not abs(now[1] - grade) > GRADE_STEP_PERCENT:
                return i if i <= _MOST else 1 + (i - 1) % _MOST
        self._known.append(self._now)
        i = len(self._known) - 1
        return i if i <= _MOST else 1 + (i - 1) % _MOST


def condition_marks(number: int) -> int:
    """A number as the bits of a sample."""
    return number << _SHIFT & SAMPLE_CONDITION


def marks_of(conditions: Iterable[Condition], t_s: npt.NDArray[np.float64]) -> npt.NDArray[np.uint32]:
    """(n,) bits for samples at t_s; before the first condition its own number holds.

    Raises ParameterError where their times and the recording's do not meet.
    """
    ordered = sorted(conditions, key=lambda c: c.time_s)
    if ordered and (ordered[0].time_s > t_s[-1] or (len(ordered) > 1 and ordered[-1].time_s < t_s[0])):
        raise ParameterError(
            f"the conditions' times, {ordered[0].time_s:g} to {ordered[-1].time_s:g} s, are not the recording's, "
            f"{t_s[0]:g} to {t_s[-1]:g} s: give them on its clock."
        )
    numbering, marks = Numbering(), np.zeros(len(t_s), np.uint32)
    for c in ordered:
        marks[np.searchsorted(t_s, c.time_s) :] = condition_marks(numbering.number(c.speed_mps, c.grade_percent))
    return marks


def read_conditions(path: str | Path) -> Sequence[Condition]:
    """Conditions of a CSV file with the columns time_s and speed_mps, grade_percent or both; raises ParameterError."""
    try:
        with Path(path).open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ParameterError(f"cannot read the conditions in {path}: {reason(error)}.") from error
    names = set(rows[0]) if rows else set()
    if "time_s" not in names or not names & {"speed_mps", "grade_percent"}:
        raise ParameterError(f"{path} holds no conditions: it needs the columns time_s and speed_mps or grade_percent.")
    found = []
    for line, row in enumerate(rows, start=2):
        try:
            values = {name: float(row[name]) for name in ("speed_mps", "grade_percent") if row.get(name)}
            found.append(Condition(float(row["time_s"]), **values))
        except (TypeError, ValueError) as error:
            raise ParameterError(f"{path}, line {line}: time, speed and grade must be numbers.") from error
        except ParameterError as error:
            raise ParameterError(f"{path}, line {line}: {error}") from error
    return found
