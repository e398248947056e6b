"""Contacts and vertical force of a sacral accelerometer against an instrumented treadmill."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import trendel
from tests.validation import data
from tests.validation.agreement import Agreement, agreement, pair
from tests.validation.data import F64
from trendel.analysis import Result

MATCH_S = 0.1
# Name here: column of the estimate, column of the truth, factor that brings the difference to the unit.
METRICS = {
    "ic_ms": ("ic_s", "ic_s", 1e3),
    "to_ms": ("to_s", "to_s", 1e3),
    "contact_time_ms": ("contact_time_ms", "gct_s", 1.0),
    "peak_vgrf_bw": ("peak_vgrf_bw", "peak_BW", 1.0),
    "impulse_bws": ("impulse_bws", "impulse_BWs", 1.0),
    "loading_rate_bwps": ("loading_rate_bwps", "lr25ms_BWps", 1.0),
}


@dataclass(frozen=True)
class Trial:
    """One trial: contacts of the plate (the first and last left out, which have no neighbour) and what was found."""

    path: Path
    speed_mps: float
    slope_deg: float
    result: Result
    contacts: dict[str, npt.NDArray[Any]]
    differences: dict[str, F64]
    means: dict[str, F64]  # of estimate and truth, for Bland-Altman
    inner: int
    inner_found: int
    extra: int


def _trial(path: Path) -> Trial:
    rec = data.recording(path)
    meta = data.sidecar(path)
    contacts = data.columns(data.with_suffix(path, ".contacts.csv"))
    result = trendel.analyze(rec)
    i, k = pair(contacts["ic_s"], result.steps["ic_s"], MATCH_S)
    differences, means = {}, {}
    for name, (column, truth_column, factor) in METRICS.items():
        truth = contacts[truth_column][i] * (1e3 if name == "contact_time_ms" else 1.0)
        estimate = result.steps[column][k]
        differences[name] = factor * (estimate - truth)
        means[name] = (estimate + truth) / 2
    n = len(contacts["ic_s"])
    inner = set(range(1, n - 1))
    inside = (result.steps["ic_s"] > contacts["ic_s"][0] - MATCH_S) & (
        result.steps["ic_s"] < contacts["ic_s"][-1] + MATCH_S
    )
    return Trial(
        path=path,
        speed_mps=float(meta["speed_mps"]),
        slope_deg=float(meta["slope_deg"]),
        result=result,
        contacts=contacts,
        differences=differences,
        means=means,
        inner=len(inner),
        inner_found=len(inner & set(i.tolist())),
        extra=int(inside.sum()) - len(i),
    )


@cache
def trials() -> list[Trial]:
    """All trials of treadmill_force/."""
    return [_trial(path) for path in data.recordings_of("treadmill_force")]


def over_all(metric: str) -> Agreement:
    """Agreement over all steps of all trials; the bootstrap draws trials."""
    differences = np.concatenate([t.differences[metric] for t in trials()])
    number = np.concatenate([np.full(len(t.differences[metric]), k) for k, t in enumerate(trials())])
    return agreement(differences, number)
