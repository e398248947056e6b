"""A run of the study through the stability stage of the kernels, one step after another; the same code as on the clip."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from tests.stability.generator import Steps
from tests.stability.scenarios import DT_S
from trendel.analysis.parameters import Baseline, Parameters, Setup, Stability, kernel_params
from trendel.kernels.compile import zeros
from trendel.kernels.layout import DTYPES, NEW_ALERT
from trendel.kernels.metrics import M_CONTACT, M_DROP, M_OBLIQUITY_PEAK, M_SWAY, M_TILT_MEAN
from trendel.kernels.stability import follow, stability_reset

ALERTS_MAX = 64


def rows_of(steps: Steps) -> NDArray[np.void]:
    """(n,) StepRow of a run."""
    made = np.zeros(len(steps.side), DTYPES["StepRow"])
    made["index"] = np.arange(len(made))
    made["side"], made["ic_i"], made["end_i"] = steps.side, steps.start_i, steps.end_i
    made["step_time_s"] = (steps.end_i - steps.start_i) * DT_S
    made["regularity"] = made["stride_regularity"] = steps.regularity
    made["quality"] = steps.quality
    for metric, values in (
        (M_OBLIQUITY_PEAK, np.radians(steps.peak_deg)),
        (M_DROP, np.radians(steps.drop_deg)),
        (M_TILT_MEAN, np.radians(steps.tilt_deg)),
        (M_CONTACT, steps.contact_s),
        (M_SWAY, steps.sway_m),
    ):
        made["metrics"][:, metric] = values
        made["valid"] |= np.where(steps.known, 1 << metric, 0).astype(np.uint32)
    return made


@numba.njit(nogil=True)
def _loop(state, params, rows, obliquity, turned_n, out, alerts, level, baseline):  # type: ignore[no-untyped-def]
    n = 0
    for i in range(len(rows)):
        if follow(state, params, rows[i], obliquity[i], turned_n[i], out) & NEW_ALERT and n < len(alerts):
            alerts[n] = out.alert
            n += 1
        for k in range(2):
            level[i, k] = out.course.level[k]
            baseline[i, k] = out.course.baseline[k]
    return n


def parameters(stability: Mapping[str, Any] | None = None, baseline: Baseline | None = None) -> np.recarray:
    """The kernels' parameters of the study, with other values of the stability stage where given."""
    made = Parameters(stability=Stability(**(stability or {})))
    return kernel_params(made, Setup(rate_hz=1 / DT_S, baseline=baseline))


def detect(steps: Steps, params: np.recarray) -> tuple[NDArray[np.void], NDArray[np.float32], NDArray[np.float32]]:
    """Alerts of a run (m,), and level and baseline (n, 2; rad) after each step."""
    state, out, alerts = zeros("StabilityState"), zeros("Out"), np.zeros(ALERTS_MAX, DTYPES["Alert"])
    stability_reset(state[0], params[0])
    level, baseline = np.zeros((2, len(steps.side), 2), np.float32)
    obliquity = np.radians(steps.obliquity_deg).astype(np.float32)
    n = _loop(state[0], params[0], rows_of(steps), obliquity, steps.turned_n, out[0], alerts, level, baseline)
    return alerts[:n], level, baseline
