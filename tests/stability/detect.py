"""A run of the study through the kernels' stability stage, step by step: the same code as on the clip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from tests.stability.generator import Steps
from tests.stability.scenarios import DT_S
from trendel.analysis.kernel_params import Setup, kernel_params
from trendel.analysis.parameters import Parameters
from trendel.analysis.stability import Baseline, Stability
from trendel.kernels.compile import zeros
from trendel.kernels.layout import DTYPES, NEW_ALERT
from trendel.kernels.metrics import M_OBLIQUITY_PEAK, M_TILT_MEAN
from trendel.kernels.stability import follow, show_course, stability_reset

ALERTS_MAX = 64
_VALID = np.uint32(1 << M_OBLIQUITY_PEAK | 1 << M_TILT_MEAN)


@dataclass(frozen=True)
class Fed:
    """What the stage takes of each step, (n,): samples, side, validity, float32 columns."""

    start_i: NDArray[np.uint32]
    end_i: NDArray[np.uint32]
    side: NDArray[np.int32]
    known: NDArray[np.int32]
    turned_n: NDArray[np.uint32]
    condition: NDArray[np.uint32]
    columns: NDArray[np.float32]  # (n, 6): step time s, quality, regularity, peak, tilt, obliquity (rad)


def feed(steps: Steps, announced: NDArray[np.generic] | None = None) -> Fed:
    """The same run as the stage takes it. announced: (n,) number of the condition (speed, grade) that was announced."""
    columns = np.stack(
        (
            (steps.end_i - steps.start_i) * DT_S,
            steps.quality,
            steps.regularity,
            np.radians(steps.peak_deg),
            np.radians(steps.tilt_deg),
            np.radians(steps.obliquity_deg),
        ),
        axis=1,
    )
    condition = np.zeros(len(steps.side), np.uint32) if announced is None else announced.astype(np.uint32)
    return Fed(steps.start_i, steps.end_i, steps.side, steps.known, steps.turned_n, condition,
               columns.astype(np.float32))  # fmt: skip


@numba.njit(nogil=True)
def _loop(state, params, row, alert, start_i, end_i, side, known, turned_n, condition, columns, alerts, course):  # type: ignore[no-untyped-def]
    n = 0
    for i in range(len(side)):
        row.ic_i, row.end_i, row.side = start_i[i], end_i[i], side[i]
        row.step_time_s, row.quality, row.regularity = columns[i, 0], columns[i, 1], columns[i, 2]
        row.valid = _VALID if known[i] else np.uint32(0)
        row.metrics[M_OBLIQUITY_PEAK], row.metrics[M_TILT_MEAN] = columns[i, 3], columns[i, 4]
        if follow(state, params, row, columns[i, 5], turned_n[i], condition[i], alert) & NEW_ALERT and n < len(alerts):
            alerts[n] = alert
            n += 1
        if len(course):
            show_course(state, params, course[i])
    return n


def parameters(stability: Mapping[str, Any] | None = None, baseline: Baseline | None = None) -> np.recarray:
    """The kernels' parameters of the study, with other values of the stability stage where given."""
    made = Parameters(stability=Stability(**(stability or {})))
    return kernel_params(made, Setup(rate_hz=1 / DT_S, baseline=baseline))


def detect(fed: Fed, params: np.recarray, course: bool = False) -> tuple[NDArray[np.void], NDArray[np.void]]:
    """Alerts of a run (m,), and where asked for the Course after each step (n,), else (0,)."""
    state, alert, row = zeros("StabilityState"), zeros("Alert"), zeros("StepRow")
    alerts, kept = np.zeros(ALERTS_MAX, DTYPES["Alert"]), np.zeros(len(fed.side) * course, DTYPES["Course"])
    stability_reset(state[0], params[0])
    n = _loop(state[0], params[0], row[0], alert[0], fed.start_i, fed.end_i, fed.side, fed.known, fed.turned_n,
              fed.condition, fed.columns, alerts, kept)  # fmt: skip
    return alerts[:n], kept
