"""A short simulated recording and its results, made once."""

from __future__ import annotations

from functools import cache

import trendel
from tests.plain_run import PlainRun, plain_run
from trendel.analysis import Result
from trendel.recording import Recording


def run(**changes: object) -> PlainRun:
    """The simulated run."""
    return plain_run(**changes)


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
