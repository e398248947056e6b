"""The data dictionary: every column of every table with its type, unit and meaning. The only place that says it.

Types and units are those of the tables themselves; the meanings of metrics are those of kernels/metrics.py. Exports and
docs/tables.md (`python -m trendel.app.export`) are made from this.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from trendel.analysis.alerts import alerts_table
from trendel.analysis.kernel_params import Setup
from trendel.analysis.tables import Table, limit_column, signals_table, steps_table, strides_table
from trendel.analysis.waveforms import waveforms_table
from trendel.kernels.layout import DTYPES
from trendel.kernels.metrics import METRICS


@dataclass(frozen=True)
class Column:
    """One column: `dtype` is float64, int64 or string, as exports have it; `unit` is "" for texts and counts."""

    name: str
    dtype: str
    unit: str
    description: str


_COMMON = {
    "run": "number of the stretch of running that it belongs to, from 0",
    "side": "standing foot, L or R; empty where it is not known",
    "ic_s": "initial contact of that foot, in the recording's clock",
    "quality": "0 to 1: product of reductions for the reasons in flags",
    "flags": "reasons for less than full quality, joined by |",
}
_OWN: dict[str, dict[str, str]] = {
    "steps": {
        "step": "number of the step, from 0",
        "to_s": "toe-off of that foot",
        "end_s": "initial contact of the other foot, where the step ends",
        "step_time_ms": "from initial contact to that of the other foot",
        "regularity": "correlation of the vertical with that of the step before",
    },
    "strides": {
        "last_step": "number of the stride's last step in the table of steps",
        "end_s": "next initial contact of the same foot",
        "stride_time_ms": "from initial contact to the next of the same foot",
        "cadence_spm": "steps per minute: 120 s over the stride time",
        "stability_phase": "of hip stability: settling, learning the baseline, watching",
        "stability_change_left_deg": "obliquity peak on the left leg less the runner's baseline",
        "stability_change_right_deg": "obliquity peak on the right leg less the runner's baseline",
        "stability_evidence_left": "evidence of a drift on the left leg as a share of the limit of a warning",
        "stability_evidence_right": "evidence of a drift on the right leg as a share of the limit of a warning",
        "step_regularity": "correlation of the vertical with that of the step before",
        "stride_regularity": "correlation of the vertical with that of the stride before",
    },
    "alerts": {
        "time_s": "when it was told, in the recording's clock",
        "onset_s": "since when it has been so",
        "kind": "pelvic_drop, asymmetry, clip_moved, clip_loose or pain",
        "side": "standing leg on which the pelvis sinks more, L or R; of pain, where it hurts; empty for both",
        "level": "notice, warning or stop",
        "value": "obliquity peak at that time; of asymmetry, of this side less the other's",
        "baseline": "the same when fresh",
        "change": "value less baseline",
        "ci_low": "lower end of the 95 % interval of the change",
        "ci_high": "upper end of the 95 % interval of the change",
        "message": "what is told",
        "action": "one thing to do now",
    },
    "signals": {
        "t_s": "time of the sample, in the recording's clock",
        "tilt_deg": "pelvic tilt, anterior positive",
        "obliquity_deg": "pelvic obliquity, positive with the left side higher",
        "rotation_deg": "pelvic rotation about its slow mean, positive to the left",
        "vertical_m": "vertical position of the clip about its mean",
        "acc_forward_mps2": "levelled specific force, forward",
        "acc_left_mps2": "levelled specific force, to the left",
        "acc_up_mps2": "levelled specific force, up",
        "vgrf_bw": "estimated vertical ground reaction, 0 in flight",
        "segment": "what was being done: unknown, standing, walking or running",
    },
    "waveforms": {
        "signal": "column of the signals whose average stride this is",
        "side": "foot whose initial contact begins and ends the stride",
        "part": "all strides, or the first or last quarter of them",
        "phase_percent": "share of the stride's time",
        "mean": "mean over strides, in the unit of the signal",
        "sd": "standard deviation over strides, in the unit of the signal",
        "strides": "how many strides",
    },
}


def _empty() -> dict[str, Table]:
    clock = np.zeros(1)
    steps = steps_table(np.zeros(0, DTYPES["StepRow"]), clock, 1.0)
    strides = strides_table(np.zeros(0, DTYPES["StrideRow"]), clock, 1.0)
    none = np.zeros(0, np.uint8)
    signals = signals_table(np.zeros(0, DTYPES["Signal"]), none, clock[:0], Setup(rate_hz=100.0), steps)
    alerts = alerts_table(np.zeros(0, DTYPES["Alert"]), clock, 1.0)
    waves = waveforms_table(signals, strides)
    return {"steps": steps, "strides": strides, "alerts": alerts, "signals": signals, "waveforms": waves}


def _meaning(table: str, column: str) -> str:
    """Raises KeyError for a column that nobody has described."""
    own = _OWN[table] | {name: text for name, text in _COMMON.items() if name not in _OWN[table]}
    if column in own:
        return own[column]
    for metric in METRICS:
        if column == metric.name:
            return f"{metric.doc}; mean of both steps" if table == "strides" else metric.doc
        if column == f"asymmetry_{metric.name}":
            return f"{metric.name}: left less right of two steps that follow each other"
        if metric.limits and column in (limit_column(metric.name, "low"), limit_column(metric.name, "high")):
            end = "lower" if column == limit_column(metric.name, "low") else "upper"
            return f"{end} end of what {metric.name} may be within its published limits of agreement"
    raise KeyError(column)


_NAMES = {"f": "float64", "i": "int64", "u": "int64", "U": "string"}


@cache
def dictionary() -> dict[str, tuple[Column, ...]]:
    """The columns of each table, in order."""
    return {
        name: tuple(
            Column(c, _NAMES[table.data.dtype[c].kind], table.units.get(c, ""), _meaning(name, c))
            for c in table.columns
        )
        for name, table in _empty().items()
    }
