"""The minimal detectable change of a run's mean: smaller differences between two runs may be method alone.

detectable.toml is written by `make accuracy` from the simulated test-retest of tests/validation/retest.py (the same
runner on several days, clip mounted anew, other sensors); docs/accuracy.md has n and conditions. Real days differ more.
"""

from __future__ import annotations

import math
import tomllib
from functools import cache
from importlib.resources import files


def detectable(metric: str) -> float:
    """MDC95 of a run's mean in the metric's unit; NaN where it was not measured."""
    return _known().get(metric, math.nan)


@cache
def _known() -> dict[str, float]:
    text = (files("trendel.analysis") / "detectable.toml").read_text(encoding="utf-8")
    return {name: float(value) for name, value in tomllib.loads(text)["run"].items()}
