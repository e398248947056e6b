"""Contacts and vertical force of a sacral accelerometer against an instrumented treadmill."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import trendel
from tests.validation import data, waveform
from tests.validation.agreement import Agreement, agreement, pair
from tests.validation.data import F64
from tests.validation.reliability import Icc, icc, slope
from trendel.analysis import Result

MATCH_S = 0.1
TARGETS = {"ic_ms": 10.0, "to_ms": 12.0, "contact_time_ms": 12.0, "peak_vgrf_bw": 0.125}
TARGET_WAVEFORM_BW = 0.16
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
    """One trial: contacts of the plate and what was found of them.

    differences, means: of estimate and truth, of each contact found. values: (2, n) truth and estimate of each metric
    that is no instant. contacts_n, found: all contacts of the plate, the first and last of the trial too; inner,
    inner_found: those with one before and after. extra: steps between them without one. squared: mean squared error
    of the force over each whole step, if there is a waveform.
    """

    path: Path
    speed_mps: float
    slope_deg: float
    step_rate_spm: float
    result: Result
    contacts: dict[str, npt.NDArray[Any]]
    differences: dict[str, F64]
    means: dict[str, F64]
    values: dict[str, F64]
    contacts_n: int
    found: int
    inner: int
    inner_found: int
    extra: int
    squared: F64 | None


def _trial(path: Path) -> Trial:
    rec = data.recording(path)
    meta = data.sidecar(path)
    contacts = data.columns(data.with_suffix(path, ".contacts.csv"))
    result = trendel.analyze(rec)
    i, k = pair(contacts["ic_s"], result.steps["ic_s"], MATCH_S)
    differences, means, values = {}, {}, {}
    for name, (column, truth_column, factor) in METRICS.items():
        truth = contacts[truth_column][i] * (1e3 if name == "contact_time_ms" else 1.0)
        estimate = result.steps[column][k]
        differences[name] = factor * (estimate - truth)
        means[name] = (estimate + truth) / 2
        values[name] = np.array([truth, estimate])
    plate = data.columns(data.with_suffix(path, ".vgrf.csv"))
    n = len(contacts["ic_s"])
    inner = set(range(1, n - 1))
    inside = (result.steps["ic_s"] > contacts["ic_s"][0] - MATCH_S) & (
        result.steps["ic_s"] < contacts["ic_s"][-1] + MATCH_S
    )
    return Trial(
        path=path,
        speed_mps=float(meta["speed_mps"]),
        slope_deg=float(meta["slope_deg"]),
        step_rate_spm=60 / float(np.mean(np.diff(contacts["ic_s"]))),
        result=result,
        contacts=contacts,
        differences=differences,
        means=means,
        values=values,
        contacts_n=n,
        found=len(i),
        inner=len(inner),
        inner_found=len(inner & set(i.tolist())),
        extra=int(inside.sum()) - len(i),
        squared=waveform.squared_by_step(result, plate["t_s"], plate["vgrf_bw"], contacts["ic_s"]),
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


def over_means(metric: str) -> Icc | None:
    """ICC(2,1) of plate and estimate over the trials' means; None for instants, which have no size."""
    if metric in ("ic_ms", "to_ms"):
        return None
    with np.errstate(invalid="ignore"):
        return icc(np.array([t.values[metric].mean(axis=1) for t in trials()]))


def force_rmse() -> tuple[float, float, float, int] | None:
    """RMSE (BW) of the force over whole steps with its interval (bootstrap over trials) and the steps; or None."""
    made = [t.squared[np.isfinite(t.squared)] for t in trials() if t.squared is not None]
    if not made or not sum(map(len, made)):
        return None
    sums, counts = np.array([m.sum() for m in made]), np.array([len(m) for m in made])
    drawn = np.random.default_rng(1).integers(0, len(made), (4000, len(made)))
    low, high = np.percentile(np.sqrt(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)), [2.5, 97.5])
    return float(np.sqrt(sums.sum() / counts.sum())), float(low), float(high), int(counts.sum())


def left_out(metric: str) -> tuple[float, float]:
    """Smallest and largest RMSE when one trial at a time is left out: how much hangs on one condition."""
    made = []
    for out in range(len(trials())):
        e = np.concatenate([t.differences[metric] for k, t in enumerate(trials()) if k != out])
        made.append(float(np.sqrt(np.nanmean(e * e))))
    return min(made), max(made)


def condition_biases(metric: str) -> F64:
    """(trials,) mean difference in each: their spread is what a runner's change of speed or slope would look like."""
    return np.array([np.nanmean(t.differences[metric]) for t in trials()])


def gain(metric: str) -> tuple[float, float]:
    """How much of a true difference between trials is seen: slope of the estimate's means on the plate's, and half of
    its 95 % interval. Below 1 the estimate keeps too near to its own average."""
    true, found = np.array([np.nanmean(t.values[metric], axis=1) for t in trials()]).T
    return slope(true, found)
