"""summary.json: what was done, with what, and the numbers a person looks at first."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trendel.analysis.drivers import Pass
from trendel.analysis.parameters import Parameters
from trendel.analysis.tables import SEGMENTS, STABILITY_PHASES, Table
from trendel.constants import STANDARD_GRAVITY_MPS2
from trendel.kernels.compile import KERNEL_HASH
from trendel.kernels.layout import LAYOUT_HASH, LEVEL_WARNING, PHASE_SETTLING
from trendel.kernels.metrics import METRICS

if TYPE_CHECKING:
    from trendel.recording import Recording

SEGMENT_MIN_S = 1.0  # shorter ones are joined to the one before


def summarise(
    recording: Recording,
    done: Pass,
    steps: Table,
    strides: Table,
    mode: str,
    mass_kg: float | None,
    parameters: Parameters,
) -> dict[str, Any]:
    """The summary of a result as plain numbers, lists and text."""
    from trendel import __version__

    segments = segment_list(done.segments, recording.t_s, recording.rate_hz)
    metrics = {side: _means(steps, steps["side"] == letter) for side, letter in (("left", "L"), ("right", "R"))}
    metrics["both"] = _means(steps, np.ones(len(steps), bool))
    summary: dict[str, Any] = {
        "source": recording.source,
        "mode": mode,
        "rate_hz": float(recording.rate_hz),
        "duration_s": float(recording.duration_s),
        "steps": len(steps),
        "strides": len(strides),
        "steps_left": int((steps["side"] == "L").sum()),
        "steps_right": int((steps["side"] == "R").sum()),
        "running_s": sum(s["end_s"] - s["start_s"] for s in segments if s["segment"] == "running"),
        "cadence_spm": cadence(strides),
        "cadence_sd_spm": float(np.nanstd(strides["cadence_spm"], ddof=1)) if len(strides) > 1 else None,
        "metrics": metrics,
        "uncertainty": uncertainty(),
        "segments": segments,
        "samples": {**recording.counts.as_dict(), "lost": int(done.state.input.lost_n[0])},
        "stability": _stability(done),
        "mounting": _mounting(done),
        "gyroscope_bias_radps": [float(v) for v in done.state.attitude[0].bias_radps] if done.setup.has_gyro else None,
        "mass_kg": mass_kg,
        "metadata": recording.metadata,
        "notes": [*recording.notes, *_notes(recording, done, steps)],
        "versions": {
            "trendel": __version__,
            "kernels": KERNEL_HASH,
            "layout": f"{LAYOUT_HASH:08x}",
            "parameters": f"{int(done.params.param_hash[0]):08x}",
            "calibration": recording.metadata.get("calibration_applied"),
        },
        "parameters": parameters.to_dict(),
    }
    if mass_kg is not None and len(steps):
        peak = metrics["both"]["peak_vgrf_bw"]["mean"]
        summary["peak_vgrf_newton"] = None if peak is None else peak * mass_kg * STANDARD_GRAVITY_MPS2
    return summary


def _stability(done: Pass) -> dict[str, Any]:
    """Where the watch over hip stability ended: its phase, the baseline of this run, and how many alerts there were."""
    state = done.state.stability[0]
    phase = int(state.phase)
    left, right = (math.degrees(float(v)) for v in state.baseline)
    known = phase != PHASE_SETTLING
    loud = done.alerts["level"] >= LEVEL_WARNING
    return {
        "phase": STABILITY_PHASES[phase],
        "baseline_left_deg": left if known else None,
        "baseline_right_deg": right if known else None,
        "notices": int((~loud).sum()),
        "alarms": int(loud.sum()),
    }


def uncertainty() -> dict[str, Any]:
    """RMSE of one step of each metric that has been measured against plates or markers; None where none has."""
    known: dict[str, Any] = {metric.name: metric.rmse or None for metric in METRICS}
    return {**known, "meaning": "RMSE of one step against force plates or markers, few runners: see docs/accuracy.md"}


def cadence(strides: Table) -> float | None:
    """Steps per minute: the median over time (each stride weighs its duration), so that half the run was slower."""
    time = strides["stride_time_ms"]
    if len(time) == 0:
        return None
    order = np.argsort(-time)
    share = np.cumsum(time[order])
    return float(120e3 / time[order][np.searchsorted(share, share[-1] / 2)])


def segment_list(labels: npt.NDArray[np.uint8], t_s: npt.NDArray[np.float64], rate_hz: float) -> list[dict[str, Any]]:
    """Stretches of one label: segment, start_s, end_s. Those under a second join the one before, but for running."""
    if len(labels) == 0:
        return []
    cuts = np.flatnonzero(np.diff(labels)) + 1
    starts = np.concatenate([[0], cuts])
    stops = np.concatenate([cuts, [len(labels)]])
    found: list[list[Any]] = []
    for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
        name = SEGMENTS[int(labels[start])]
        short = stop - start < SEGMENT_MIN_S * rate_hz and name != "running"
        if found and (short or found[-1][0] == name) and found[-1][0] != "running":
            found[-1][2] = stop
        elif found and short:
            found.append(["unknown", start, stop])
        else:
            found.append([name, start, stop])
    ends = [float(t_s[stop]) if stop < len(t_s) else float(t_s[-1] + 1 / rate_hz) for _, _, stop in found]
    return [
        {"segment": name, "start_s": float(t_s[start]), "end_s": end}
        for (name, start, _), end in zip(found, ends, strict=True)
    ]


def _means(steps: Table, chosen: npt.NDArray[np.bool_]) -> dict[str, dict[str, float | int | None]]:
    result: dict[str, dict[str, float | int | None]] = {}
    for metric in METRICS:
        values = steps[metric.name][chosen]
        values = values[np.isfinite(values)]
        result[metric.name] = {
            "n": len(values),
            "mean": float(values.mean()) if len(values) else None,
            "sd": float(values.std(ddof=1)) if len(values) > 1 else None,
        }
        if metric.limits:
            # Whoever reads the mean reads how far it can be off.
            result[metric.name]["limits_of_agreement"] = metric.limits
    return result


def _mounting(done: Pass) -> dict[str, Any]:
    state = done.state.mounting[0]
    if done.setup.levelled:
        source = "the recording is level and lacks axes"
    elif done.learned_n:
        source = "learned while running"
    elif done.setup.axes is not None:
        source = "given"
    else:
        source = "learned while running" if int(state.phase) else "not found: too little running"
    rows = np.asarray(state.axes, np.float64).reshape(3, 3)
    return {
        "source": source,
        "settled": int(state.phase) == 2,
        "zero": "standing posture" if int(state.has_standing) else "running mean",
        "lean_assumed_deg": float(np.degrees(state.lean_rad)),
        "strides_learned_from": done.learned_n or int(state.strides_n),
        "r_pelvis_from_sensor": [[float(v) for v in row] for row in rows],
    }


def _notes(recording: Recording, done: Pass, steps: Table) -> list[str]:
    notes = []
    if len(steps) == 0:
        notes.append("No running was found: fewer than six running steps followed each other.")
    if not done.setup.has_gyro:
        notes.append(
            "Without a gyroscope there are no pelvic angles and no sides; times, oscillation and force are given."
        )
    elif len(steps) and done.setup.axes is None and int(done.state.mounting[0].phase) == 0:
        notes.append("The mounting was not found (too little running), so there are no pelvic angles and no sides.")
    if done.setup.levelled and len(steps):
        notes.append(f"The recording lacks {', '.join(recording.missing)}: what needs them is left out.")
    turned = _turned(recording, done)
    if turned:
        notes.append(turned)
    return notes


def _turned(recording: Recording, done: Pass) -> str:
    """A clip that turned on the belt, or a given mounting that is wrong."""
    state = done.state.mounting[0]
    if int(state.turned_n):
        at_s = recording.t_s[min(int(state.turned_i), len(recording) - 1)]
        times = "" if int(state.turned_n) == 1 else f" {int(state.turned_n)} times"
        return f"The clip turned on the belt{times}, last shortly before {at_s:.0f} s; " + (
            "the mounting does not hold after that."
            if done.setup.axes is not None
            else "its mounting was learned anew."
        )
    if done.setup.levelled or int(state.strides_n) < 20 or not int(done.state.contacts[0].steps_n):
        return ""
    axes = np.asarray(state.axes, np.float64).reshape(3, 3)
    up = np.asarray(state.up_run, np.float64)
    cosine = float(axes[2] @ up / max(float(np.linalg.norm(up)), 1e-9))
    angle = float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
    if angle > 30:
        return f"In running the clip is {angle:.0f} degrees off its mounting: it was turned, or the mounting is wrong."
    return ""
