"""Test-retest on simulated runners: the same runner on several days, the clip mounted anew, by other sensors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from tests.validation import workers
from tests.validation.data import F64
from tests.validation.reliability import Icc, Retest, icc, retest
from tests.validation.synthetic import METRICS, Scored, scored
from trendel.simulation.gait import GaitParameters
from trendel.simulation.running import Variability
from trendel.simulation.sensor import SensorModel

RUNNERS = 6
SESSIONS = 3
SECONDS = 600.0
MINUTE_S = 60.0
SHOWN = tuple(m for m in METRICS if m not in ("ic_ms", "to_ms"))


@dataclass(frozen=True)
class Repeated:
    """One metric: error between sessions of ten minutes and between single minutes, and that of the truth itself."""

    metric: str
    session: Retest
    minute: Retest
    true_session: Retest
    consistency: Icc | None


def one(n: int, session: int) -> Scored:
    """Ten minutes of a runner on one day."""
    return scored(
        GaitParameters.random(n),
        SensorModel.random(100 * n + session),
        SECONDS,
        seed=1000 * n + session,
        variability=Variability.random(n),
    )


def _minutes(s: Scored, values: F64) -> F64:
    """Means of the nine whole minutes after the first step found."""
    number = ((s.ic_s - s.ic_s[0]) // MINUTE_S).astype(int)
    return np.array([np.nanmean(values[number == k]) for k in range(int(SECONDS / MINUTE_S) - 1)])


@cache
def sessions() -> tuple[tuple[Scored, ...], ...]:
    """Runners by sessions."""
    flat = workers.spread(one, [(n, k) for n in range(RUNNERS) for k in range(SESSIONS)])
    return tuple(tuple(flat[n * SESSIONS : (n + 1) * SESSIONS]) for n in range(RUNNERS))


@cache
def measure() -> tuple[Repeated, ...]:
    """Every metric."""
    made = []
    for metric in SHOWN:
        found = np.array([[np.nanmean(s.estimate[metric]) for s in row] for row in sessions()])
        true = np.array([[np.nanmean(s.truth[metric]) for s in row] for row in sessions()])
        minutes = np.array([np.concatenate([_minutes(s, s.estimate[metric]) for s in row]) for row in sessions()])
        made.append(Repeated(metric, retest(found), retest(minutes), retest(true), icc(found)))
    return tuple(made)


def write_detectable(path: Path) -> None:
    """The minimal detectable changes of a run, for `trendel trends`, which reads this file."""
    lines = [
        "# Written by `make accuracy` (tests/validation/retest.py); docs/accuracy.md has n and conditions.",
        "# MDC95 of a run's mean, in the metric's unit.",
        "[run]",
        *(f"{found.metric} = {found.session.mdc95:.6g}" for found in measure()),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
