"""All runs of the study, judged: the detector at several limits, and the rivals at several thresholds."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from tests.stability.detect import detect, feed, parameters
from tests.stability.generator import Steps, make
from tests.stability.rivals import alarms, fixed_score, rolling_score
from tests.stability.scenarios import DT_S, PROBLEMS, WITH_DRIFT, WITHOUT_DRIFT, Scenario
from tests.stability.score import Outcome, judge, truth_of
from trendel.analysis.stability import Stability
from trendel.kernels.layout import LEVEL_WARNING

EVENT_S = 300.0
SCALES = (0.3, 0.45, 0.6, 0.75, 0.9, 1.0, 1.15, 1.35, 1.6, 2.0, 3.0)
FIXED_DEG = tuple(np.arange(3.0, 16.01, 0.5).tolist())
ROLLING_DEG = tuple(np.arange(0.6, 5.01, 0.2).tolist())
SCENARIOS: tuple[Scenario, ...] = WITHOUT_DRIFT + PROBLEMS + WITH_DRIFT
BY_NAME = {s.name: s for s in SCENARIOS}


@dataclass(frozen=True)
class Judged:
    """One run: the detector as it is, and (false alarms, delay in s) of each method at each of its thresholds.

    after_event: false alarms within EVENT_S after an event that must not alarm by itself, and the hours of such time.
    announced: the same with each change of speed and grade announced.
    """

    outcome: Outcome
    announced: Outcome
    after_event: tuple[int, float]
    ours: tuple[tuple[int, float], ...]
    fixed: tuple[tuple[int, float], ...]
    rolling: tuple[tuple[int, float], ...]


@cache
def _scaled(scale: float) -> np.recarray:
    p = Stability()
    return parameters({"limit_slow": p.limit_slow * scale, "limit_quick": p.limit_quick * scale})


def judge_run(job: tuple[str, int, int]) -> Judged:
    """Make and judge a run: scenario, its number, seed."""
    name, k, seed = job
    steps = make(BY_NAME[name], k, seed)
    truth, fed = truth_of(name, k, steps), feed(steps)
    alerts = detect(fed, parameters_once())[0]
    outcome = judge(truth, alerts, steps.truth_deg, steps.end_s)

    def brief(o: Outcome) -> tuple[int, float]:
        return o.false_n, o.delay_s

    ours = tuple(brief(judge(truth, detect(fed, _scaled(scale))[0])) for scale in SCALES)
    fixed, change = fixed_score(steps), rolling_score(steps)
    return Judged(
        outcome,
        judge(truth, detect(feed(steps, steps.condition), parameters_once())[0]) if steps.condition.any() else outcome,
        _after_events(steps, alerts),
        ours,
        tuple(brief(judge(truth, alarms(fixed, x, DT_S))) for x in FIXED_DEG),
        tuple(brief(judge(truth, alarms(change, x, DT_S))) for x in ROLLING_DEG),
    )


def _after_events(steps: Steps, alerts: NDArray[np.void]) -> tuple[int, float]:
    def near(at_s: NDArray[np.float64]) -> NDArray[np.bool_]:
        last = np.searchsorted(steps.event_s, at_s, side="right") - 1
        return np.asarray((last >= 0) & (at_s - steps.event_s[np.maximum(last, 0)] < EVENT_S))

    if len(steps.event_s) == 0:
        return 0, 0.0
    loud = alerts[alerts["level"] >= LEVEL_WARNING]
    seconds = np.arange(float(steps.end_s[-1]))
    return int(near(loud["at_i"] * DT_S).sum()), float(near(seconds).sum()) / 3600


@cache
def parameters_once() -> np.recarray:
    """The study's parameters, made once a process."""
    return parameters()


def run_all(
    seed: int,
    scenarios: Iterable[Scenario] = SCENARIOS,
    workers: int | None = None,
    tell: Callable[[str], None] | None = None,
) -> list[Judged]:
    """Every run of these scenarios; `tell` is called with a line of progress each tenth of them."""
    jobs = [(s.name, k, seed) for s in scenarios for k in range(s.runs)]
    with ProcessPoolExecutor(workers or os.cpu_count()) as pool:
        found: list[Judged] = []
        for one in pool.map(judge_run, jobs, chunksize=20):
            found.append(one)
            if tell is not None and len(found) % max(1, len(jobs) // 10) == 0:
                tell(f"{len(found)} of {len(jobs)} runs")
        return found
