"""What counts: false alarms, delay, the right side. The same rules for the detector and for its rivals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.stability.generator import Steps
from tests.stability.scenarios import DT_S
from trendel.kernels.layout import ALERT_ASYMMETRY, ALERT_DROP, LEVEL_WARNING

F64 = NDArray[np.float64]


@dataclass(frozen=True)
class Truth:
    """What is known of a run besides its steps."""

    scenario: str
    k: int
    alpha: float
    hours: float
    onset_s: float
    reached_s: float
    problem_s: float
    side: int


def truth_of(scenario: str, k: int, steps: Steps) -> Truth:
    """The truth of a run."""
    hours = float(steps.end_i[-1]) * DT_S / 3600
    return Truth(scenario, k, steps.alpha, hours, steps.onset_s, steps.reached_s, steps.problem_s, steps.drift_side)


@dataclass(frozen=True)
class Outcome:
    """One run judged.

    Attributes:
        false_n: alarms (warning or above, of whatever kind) without cause: before the drift or the recording problem
            began, or in a run without either; and every alarm of fatigue where there is only a recording problem.
        false_fatigue_n: those of them that speak of fatigue.
        notices_n: notices, all of them.
        delay_s: from the drift's completion to the first alarm on the right side after its onset (negative: before it
            was complete), inf if there is none. Both sides' drift: any alarm of drop. From the problem's beginning to
            the first alarm of it where there is one.
        wrong_n: alarms of drop on the wrong side after the onset, before the right one.
        onset_error_s: estimated less true onset of that alarm.
        covered: its interval of 95 % holds the true change (None where there is no alarm).
    """

    truth: Truth
    false_n: int
    false_fatigue_n: int
    notices_n: int
    delay_s: float
    wrong_n: int
    onset_error_s: float
    covered: bool | None


def judge(
    truth: Truth,
    alerts: NDArray[np.void],
    drift_deg: F64 | None = None,
    time_s: F64 | None = None,
    dt_s: float = DT_S,
) -> Outcome:
    """Judge the alerts of one run. drift_deg (n, 2) and time_s (n,): true drift, for the interval's coverage."""
    at = alerts["at_i"] * dt_s
    loud = alerts["level"] >= LEVEL_WARNING
    fatigue = (alerts["kind"] == ALERT_DROP) | (alerts["kind"] == ALERT_ASYMMETRY)
    problem = ~fatigue
    cause = np.zeros(len(at), bool)
    delay, wrong, onset_error, covered = float("inf"), 0, float("nan"), None
    if np.isfinite(truth.onset_s):
        cause = fatigue & (at > truth.onset_s)
        right = loud & cause & (alerts["kind"] == ALERT_DROP)
        off = right & (alerts["side"] == -truth.side) if truth.side else np.zeros(len(at), bool)
        if truth.side:
            right &= alerts["side"] == truth.side
        if right.any():
            i = int(np.argmax(right))
            delay, wrong = float(at[i] - truth.reached_s), int(off[:i].sum())
            onset_error = float(alerts["onset_i"][i] * dt_s - truth.onset_s)
            if drift_deg is not None and time_s is not None:
                true = np.array([np.interp(at[i], time_s, drift_deg[:, j]) for j in range(2)])
                side = int(alerts["side"][i])
                actual = true[0] if side > 0 else true[1] if side < 0 else true.min()
                change, error = np.degrees(alerts["change"][i]), np.degrees(alerts["error"][i])
                covered = bool(abs(change - actual) <= 1.96 * error)
        else:
            wrong = int(off.sum())
    elif np.isfinite(truth.problem_s):
        cause = problem & (at > truth.problem_s)
        if (loud & cause).any():
            delay = float(at[int(np.argmax(loud & cause))] - truth.problem_s)
    false = loud & ~cause
    return Outcome(truth, int(false.sum()), int((false & fatigue).sum()), int((~loud).sum()), delay, wrong,
                   onset_error, covered)  # fmt: skip
