"""Whole recordings as analysed, to be looked at: a jog at the waist, the treadmill trials, the outdoor run."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

import trendel
from tests.validation import data, outdoor, treadmill
from tests.validation.figures import LEFT, OTHER, OURS, RIGHT, TRUTH, save
from trendel.analysis import Result, Table
from trendel.constants import STANDARD_GRAVITY_MPS2

SIDE_COLOURS = {"L": LEFT, "R": RIGHT, "": "0.5"}
SEGMENT_COLOURS = {"running": OURS, "walking": "#e0a84e", "standing": "#9aa5ab", "unknown": "#e8e8e8"}
EXAMPLE = "jog_fast_SA05"


def _contacts(ax: Axes, steps: Table, start_s: float, stop_s: float) -> None:
    for k in range(len(steps)):
        a, b = float(steps["ic_s"][k]), float(steps["to_s"][k])
        if b > start_s and a < stop_s:
            colour = SIDE_COLOURS[str(steps["side"][k])]
            ax.axvspan(max(a, start_s), min(b, stop_s), color=colour, alpha=0.15, lw=0)


def _force(ax: Axes, result: Result, start_s: float, stop_s: float) -> None:
    t = result.signals["t_s"]
    part = (t >= start_s) & (t < stop_s)
    ax.plot(t[part], result.signals["acc_up_mps2"][part] / STANDARD_GRAVITY_MPS2, color=OURS, lw=1)
    ax.set_xlim(start_s, stop_s)


def waist_run(path: Path) -> None:
    """A jog: the whole of it, then 3 s of force, contacts, sides and angles."""
    paths = data.recordings_of("waist")
    chosen = next((p for p in paths if p.stem == EXAMPLE), paths[0])
    rec = data.recording(chosen)
    result = trendel.analyze(rec)
    t, steps = result.signals["t_s"], result.steps
    start = 40.0 if rec.duration_s > 45 else 0.0
    stop = start + 3.0
    figure, (drop, contact, force, angles) = plt.subplots(4, 1, figsize=(11, 9))
    for side, colour, name in (("L", LEFT, "left foot"), ("R", RIGHT, "right foot")):
        mine = steps["side"] == side
        for ax, column in ((drop, "pelvic_drop_deg"), (contact, "contact_time_ms")):
            ax.plot(steps["ic_s"][mine], steps[column][mine], ".", ms=4, color=colour, label=name)
            ax.set_xlim(float(t[0]), float(t[-1]))
    drop.set_ylabel("pelvic drop (deg)")
    drop.set_ylim(*_limits(steps["pelvic_drop_deg"]))
    drop.legend(loc="upper right", ncols=2, fontsize=8)
    contact.set_ylabel("contact time (ms)")
    contact.set_ylim(*_limits(steps["contact_time_ms"]))
    drop.set_title(
        f"{chosen.stem}: {len(steps)} steps, {result.summary['cadence_spm']:.1f} per minute, mounting found", loc="left"
    )
    _contacts(force, steps, start, stop)
    _force(force, result, start, stop)
    force.set_ylabel("specific force up (g)")
    _contacts(angles, steps, start, stop)
    part = (t >= start) & (t < stop)
    for name, colour in (("tilt", TRUTH), ("obliquity", OURS), ("rotation", OTHER)):
        angles.plot(t[part], result.signals[f"{name}_deg"][part], color=colour, lw=1.2, label=name)
    low, high = angles.get_ylim()
    angles.set_ylim(low, high + 0.2 * (high - low))
    angles.set_xlim(start, stop)
    angles.set_ylabel("angle (deg)")
    angles.set_xlabel("time (s); shaded: contacts found, left green, right orange")
    angles.legend(loc="upper right", ncols=3, fontsize=8)
    save(figure, path)


def _limits(values: np.ndarray) -> tuple[float, float]:
    low, high = np.nanpercentile(values, [1, 99])
    margin = 0.3 * (high - low) + 0.5
    return float(low - margin), float(high + margin)


def treadmill_runs(path: Path) -> None:
    """1.5 s of each trial: force of the plate, upward specific force of the clip, contacts of both."""
    trials = treadmill.trials()
    columns = 4
    rows = -(-len(trials) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(13, 1.75 * rows), sharex=True, sharey=True, squeeze=False)
    start, stop = 2.6, 4.1
    for ax, trial in zip(axes.ravel(), trials, strict=False):
        plate = data.columns(data.with_suffix(trial.path, ".vgrf.csv"))
        part = (plate["t_s"] >= start) & (plate["t_s"] < stop)
        ax.plot(plate["t_s"][part], plate["vgrf_bw"][part], color=TRUTH, lw=1)
        for k in range(len(trial.contacts["ic_s"])):
            a, b = trial.contacts["ic_s"][k], trial.contacts["to_s"][k]
            if b > start and a < stop:
                ax.plot([max(a, start), min(b, stop)], [-0.3, -0.3], color=TRUTH, lw=3, solid_capstyle="butt")
        _contacts(ax, trial.result.steps, start, stop)
        _force(ax, trial.result, start, stop)
        ax.set_title(f"{trial.path.stem}: {trial.speed_mps:g} m/s, {trial.slope_deg:+g} deg", fontsize=8)
        ax.set_ylim(-0.6, 5)
    for ax in axes[-1]:
        ax.set_xlabel("time (s)")
    figure.suptitle(
        "vertical force by plate (black, BW) and upward specific force of the clip (blue, g); contact by plate: black "
        "bar, found: grey band",
        fontsize=9,
    )
    save(figure, path)


def outdoor_run(path: Path) -> None:
    """25 minutes: segments, stride times at hip and ankle; then 4 s of running."""
    measured = outdoor.measure()
    result = measured.result
    t = result.signals["t_s"]
    figure, (bar, stride, close) = plt.subplots(3, 1, figsize=(11, 7), height_ratios=(0.5, 1.4, 1.2))
    for segment in result.summary["segments"]:
        a, b = segment["start_s"] / 60, segment["end_s"] / 60
        bar.axvspan(a, b, 0.5, 1.0, color=SEGMENT_COLOURS[segment["segment"]], lw=0)
    bar.axvspan(0, float(t[-1]) / 60, 0, 0.42, color=SEGMENT_COLOURS["unknown"], lw=0)
    for bout in outdoor.bouts():
        bar.axvspan(bout.start_s / 60, bout.end_s / 60, 0, 0.42, color=SEGMENT_COLOURS[bout.kind], lw=0)
    bar.set_yticks([0.21, 0.75], ["bouts by the ankle", "segments at the hip"])
    bar.set_ylim(0, 1)
    bar.grid(visible=False)
    for name, colour in SEGMENT_COLOURS.items():
        bar.plot([], [], "s", color=colour, label=name)
    bar.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=4, fontsize=8)
    runs = measured.ankle_runs
    stride.plot(
        measured.middle_s[runs] / 60, 1e3 * measured.ankle_stride_s[runs], ".", ms=4, color=OTHER, label="ankle"
    )
    stride.plot(measured.middle_s / 60, 1e3 * measured.hip_stride_s, ".", ms=2, color=OURS, label="hip (Trendel)")
    error = measured.error_percent
    stride.set_title(
        f"stride time over 8 s: {len(error)} windows, median difference {np.median(error):+.2f} %, "
        f"95 % of them within {np.percentile(np.abs(error), 95):.2f} %",
        loc="left",
    )
    stride.set_ylabel("stride time (ms)")
    stride.set_xlabel("time (min)")
    stride.set_ylim(600, 900)
    stride.legend(loc="upper right", ncols=2, fontsize=8)
    for ax in (bar, stride):
        ax.set_xlim(0, float(t[-1]) / 60)
    running = [s for s in result.summary["segments"] if s["segment"] == "running"]
    start = max(running, key=lambda s: s["end_s"] - s["start_s"])["start_s"] + 60 if running else 0.0
    _contacts(close, result.steps, start, start + 4)
    _force(close, result, start, start + 4)
    close.set_ylabel("specific force up (g)")
    close.set_xlabel("time (s); shaded: contacts found (no sides without a gyroscope)")
    save(figure, path)
