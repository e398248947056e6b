"""Checks that every group of parameters makes of its values."""

from __future__ import annotations

import math
from dataclasses import fields

from trendel.errors import ParameterError


def within(group: object, **limits: tuple[float, float]) -> None:
    """Raise ParameterError unless each named value lies between its limits."""
    for name, (low, high) in limits.items():
        if not low <= getattr(group, name) <= high:
            raise ParameterError(
                f"parameter {type(group).__name__.lower()}.{name} is {getattr(group, name)!r}; "
                f"it must be between {low:g} and {high:g}."
            )


def positive(group: object) -> None:
    """Raise ParameterError unless every value is a finite number of at least 0, whole where it counts."""
    for f in fields(group):  # type: ignore[arg-type]
        value = getattr(group, f.name)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or value < 0:
            raise ParameterError(
                f"parameter {type(group).__name__.lower()}.{f.name} is {value!r}; it must be a number of at least 0."
            )
        if f.type == "int" and value != int(value):
            raise ParameterError(
                f"parameter {type(group).__name__.lower()}.{f.name} is {value!r}; it must be a whole number."
            )
