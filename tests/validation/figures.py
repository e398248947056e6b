"""The figures of docs/accuracy.md: agreement of contacts, orientation beside VQF, pelvic angles against markers."""

from __future__ import annotations

import io
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from tests.validation import mocap, orientation, outdoor, treadmill, waist
from tests.validation.agreement import agreement
from tests.validation.data import F64

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

OURS, TRUTH, OTHER, LEFT, RIGHT = "#0b6e99", "#222222", "#c9762b", "#009e73", "#d55e00"
DPI = 80


def style() -> None:
    """One look for all figures, the same bytes from run to run."""
    plt.rcdefaults()
    plt.rcParams.update(
        {
            "font.size": 9,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.alpha": 0.25,
            "legend.frameon": False,
            "figure.constrained_layout.use": True,
        }
    )


def save(figure: Figure, path: Path) -> None:
    """Write a small PNG (128 colours) without a date or version in it."""
    raw = io.BytesIO()
    figure.savefig(raw, dpi=DPI, metadata={"Software": None})
    plt.close(figure)
    Image.open(raw).convert("RGB").quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)


def bland_altman(path: Path) -> None:
    """IC, TO and contact time on the treadmill, by slope; the mocap run's 9.9 s beside them."""
    metrics = (("ic_ms", "initial contact"), ("to_ms", "toe-off"), ("contact_time_ms", "contact time"))
    figure, axes = plt.subplots(1, 3, figsize=(12, 4.2), sharey=True)
    trials = treadmill.trials()
    colours = plt.get_cmap("viridis")
    extra = mocap.step_differences()
    contact = 1e3 * (mocap.true_contacts()["to_s"] - mocap.true_contacts()["ic_s"])
    for ax, (metric, name) in zip(axes, metrics, strict=True):
        for trial in trials:
            x = trial.means["contact_time_ms"]
            ax.scatter(x, trial.differences[metric], s=9, color=colours((trial.slope_deg + 10) / 20), linewidths=0)
        e = extra[metric]
        ax.scatter(np.full(len(e), contact.mean()), e, s=16, marker="x", color=TRUTH, linewidths=0.8)
        found = treadmill.over_all(metric)
        ax.axhline(found.bias, color=OURS, label=f"bias {found.bias:+.1f} ms")
        limits = found.limits
        for k, limit in enumerate(limits):
            text = f"limits of agreement {limits[0]:+.0f} to {limits[1]:+.0f} ms" if k == 0 else None
            ax.axhline(limit, color=OURS, ls="--", lw=1, label=text)
        ax.axhline(0, color="0.5", lw=0.6)
        ax.set_title(f"{name}: {found.n} steps, RMSE {found.rmse:.1f} ms")
        ax.set_xlabel("contact time, mean of both (ms)")
        ax.legend(loc="upper left", fontsize=8)
    low, high = axes[0].get_ylim()
    axes[0].set_ylim(low, high + 0.22 * (high - low))
    axes[0].set_ylabel("Trendel less force plate (ms)")
    mappable = plt.cm.ScalarMappable(matplotlib.colors.Normalize(-10, 10), colours)
    figure.colorbar(mappable, ax=axes, label="slope (deg)", shrink=0.8)
    figure.suptitle(
        "Treadmill trials of one runner (dots, by slope) and the mocap run of another (crosses)", fontsize=10
    )
    save(figure, path)


def orientation_trials(path: Path) -> None:
    """Inclination error of each trial beside VQF's."""
    errors = orientation.measure()
    vqf = orientation.measure_vqf()
    figure, ax = plt.subplots(figsize=(9, 4.2))
    y = np.arange(len(errors.names))[::-1]
    ax.barh(y + 0.2, errors.trendel, 0.38, color=OURS, label=f"Trendel, mean {errors.mean:.2f}")
    ax.barh(y - 0.2, vqf, 0.38, color=OTHER, label=f"VQF (6-axis, causal), mean {vqf.mean():.2f}")
    ax.set_yticks(y, [name.replace("_", " ") for name in errors.names])
    ax.set_xlabel("inclination RMSE (deg), while moving")
    ax.grid(axis="y", visible=False)
    ax.legend(loc="upper right")
    save(figure, path)


def angle_waveforms(path: Path) -> None:
    """Tilt, obliquity, rotation of the mocap run: truth and estimate over 3 s, and the mean stride of all."""
    measured = mocap.measure()
    signals, truth, contacts = measured.result.signals, measured.truth, mocap.true_contacts()
    t = signals["t_s"]
    late = t - t[0] >= mocap.SETTLE_S
    figure, axes = plt.subplots(3, 2, figsize=(11, 7), width_ratios=(2.2, 1))
    phase = np.linspace(0, 1, 101)
    starts = contacts["ic_s"][contacts["side"] == "L"]
    starts = starts[starts > mocap.SETTLE_S]
    for (name, column), (ax, mean_ax) in zip(mocap.ANGLES.items(), axes, strict=True):
        true = np.interp(t, truth["t_s"], truth[column])
        true = true - true[late].mean()
        mine = signals[f"{name}_deg"] - signals[f"{name}_deg"][late].mean()
        part = (t >= 4.0) & (t < 7.0)
        for k in range(len(contacts["ic_s"])):
            if 4.0 <= contacts["ic_s"][k] < 7.0:
                colour = LEFT if contacts["side"][k] == "L" else RIGHT
                ax.axvspan(contacts["ic_s"][k], min(contacts["to_s"][k], 7.0), color=colour, alpha=0.08, lw=0)
        ax.plot(t[part], true[part], color=TRUTH, lw=1.4, label="markers")
        ax.plot(t[part], mine[part], color=OURS, lw=1.2, ls="--", label="Trendel, true mounting")
        ax.set_ylabel(f"{name} (deg)")
        ax.set_title(
            f"RMSE {measured.given.rmse_deg[name]:.2f} deg over {t[-1] - t[0] - mocap.SETTLE_S:.0f} s", loc="left"
        )
        for values, colour, line in ((true, TRUTH, "-"), (mine, OURS, "--")):
            _mean_stride(mean_ax, t, values, starts, phase, colour, line)
    low, high = axes[0, 0].get_ylim()
    axes[0, 0].set_ylim(low, high + 0.2 * (high - low))
    axes[0, 0].legend(loc="upper right", ncols=2, fontsize=8)
    axes[0, 1].set_title("mean stride +- SD, left contact to left contact", fontsize=9)
    axes[2, 0].set_xlabel("time (s); shaded: left foot (green), right foot (orange) on the ground by force plate")
    axes[2, 1].set_xlabel("part of the stride")
    save(figure, path)


def _mean_stride(ax: Axes, t: F64, values: F64, starts: F64, phase: F64, colour: str, line: str) -> None:
    strides = [np.interp(a + phase * (b - a), t, values) for a, b in pairwise(starts)]
    mean, sd = np.mean(strides, axis=0), np.std(strides, axis=0)
    ax.plot(phase, mean, color=colour, ls=line, lw=1.3)
    ax.fill_between(phase, mean - sd, mean + sd, color=colour, alpha=0.15, lw=0)


def step_agreement(path: Path) -> None:
    """Step metrics of the mocap run, Bland-Altman, one dot a step."""
    given = mocap.measure().given
    figure, axes = plt.subplots(2, 4, figsize=(12, 5.4))
    for ax, (name, true) in zip(axes.ravel(), given.truth.items(), strict=True):
        _bland_altman(ax, true + given.differences[name] / 2, given.differences[name], name)
    figure.suptitle("Trendel less markers and force plates against the mean of both; one runner, 7.9 s", fontsize=10)
    save(figure, path)


def _bland_altman(ax: Axes, mean: F64, e: F64, name: str, trial: Any = None, size: float = 12) -> None:
    """Dots, bias and limits of agreement; name ends with its unit."""
    found = agreement(e, trial)
    ax.scatter(mean, e, s=size, color=OURS, alpha=0.6, linewidths=0)
    ax.axhline(found.bias, color=OTHER)
    for limit, ci in zip(found.limits, (found.low_ci, found.high_ci), strict=True):
        ax.axhline(limit, color=OTHER, ls="--", lw=1)
        ax.axhspan(*ci, color=OTHER, alpha=0.12, lw=0)
    ax.axhline(0, color="0.5", lw=0.6)
    unit = name.rsplit("_", 1)[1]
    ax.set_title(f"{name}: {found.bias:+.2f} ({found.limits[0]:+.2f} to {found.limits[1]:+.2f})", fontsize=8)
    ax.set_xlabel(f"mean of both ({unit})", fontsize=8)


def others(path: Path) -> None:
    """Bland-Altman of cadence at the waist, single strides outdoors, peak force and impulse on the treadmill."""
    jogs, strides, trials = waist.jogs(), outdoor.strides(), treadmill.trials()
    figure, axes = plt.subplots(1, 4, figsize=(14, 3.8))
    e = np.array([j.cadence_spm - j.truth_spm for j in jogs])
    _bland_altman(axes[0], np.array([j.truth_spm for j in jogs]) + e / 2, e, "cadence_spm", size=18)
    e = strides.difference_ms
    _bland_altman(axes[1], strides.ankle_ms + e / 2, e, "stride_time_ms", size=5)
    number = np.concatenate([np.full(len(t.differences["impulse_bws"]), k) for k, t in enumerate(trials)])
    for ax, metric in zip(axes[2:], ("peak_vgrf_bw", "impulse_bws"), strict=True):
        mean, e = (np.concatenate([getattr(t, f)[metric] for t in trials]) for f in ("means", "differences"))
        _bland_altman(ax, mean, e, metric, number)
    for ax, what in zip(
        axes, ("32 jogs at the waist", "outdoors, hip and ankle", "treadmill", "treadmill"), strict=True
    ):
        ax.set_ylabel(f"Trendel less truth; {what.replace('32', str(len(jogs)))}", fontsize=8)
    save(figure, path)


def all_figures(folder: Path) -> list[str]:
    """Write every figure; returns the file names."""
    from tests.validation import figures_conditions, figures_runs, figures_synthetic

    style()
    folder.mkdir(parents=True, exist_ok=True)
    made: dict[str, Any] = {
        "bland_altman.png": bland_altman,
        "orientation.png": orientation_trials,
        "mocap_angles.png": angle_waveforms,
        "mocap_steps.png": step_agreement,
        "others.png": others,
        "waist.png": figures_runs.waist_run,
        "treadmill.png": figures_runs.treadmill_runs,
        "outdoor.png": figures_runs.outdoor_run,
        "conditions.png": figures_conditions.conditions,
        "grid_bias.png": figures_synthetic.grid_bias,
        "grid_rmse.png": figures_synthetic.grid_rmse,
        "faults.png": figures_synthetic.fault_bars,
        "long_run.png": figures_synthetic.two_hours,
    }
    for name, draw in made.items():
        draw(folder / name)
    return list(made)
