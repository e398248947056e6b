"""A short simulated recording and its results, made once."""

from __future__ import annotations

from functools import cache

import trendel
from trendel.analysis import Result
from trendel.recording import Recording
from trendel.simulation import SimpleRun, SimpleRunParameters, simple_run


@cache
def run(**changes: object) -> SimpleRun:
    """The generated run."""
    defaults: dict[str, object] = {"stand_s": 4.0, "walk_s": 0.0, "run_s": 30.0, "end_s": 3.0}
    return simple_run(SimpleRunParameters(**{**defaults, **changes}))  # type: ignore[arg-type]


@cache
def recording(gyr: bool = True, **metadata: object) -> Recording:
    """It as a recording."""
    made = run()
    return Recording.from_arrays(
        made.acc_mps2, made.gyr_radps if gyr else None, made.rate_hz, metadata=metadata, source="made"
    )


@cache
def result(mode: str = "refined", gyr: bool = True) -> Result:
    """It analysed."""
    return trendel.analyze(recording(gyr), mode=mode)  # type: ignore[arg-type]
