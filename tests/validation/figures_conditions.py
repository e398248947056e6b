"""Error against speed, slope and step rate on the treadmill; steps and strides against their counts elsewhere."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from tests.validation import treadmill
from tests.validation.figures import OURS, TRUTH, save
from tests.validation.reliability import slope

ROWS = {
    "ic_ms": "initial contact (ms)",
    "to_ms": "toe-off (ms)",
    "contact_time_ms": "contact time (ms)",
    "peak_vgrf_bw": "peak force (BW)",
}


def conditions(path: Path) -> None:
    """Bias +- SD of each trial against its speed, slope and step rate, with the line through the biases."""
    trials = treadmill.trials()
    columns = (
        ("speed (m/s)", np.array([t.speed_mps for t in trials])),
        ("slope (deg)", np.array([t.slope_deg for t in trials])),
        ("steps per minute", np.array([t.step_rate_spm for t in trials])),
    )
    colours = plt.get_cmap("viridis")
    figure, axes = plt.subplots(len(ROWS), 3, figsize=(12, 10), sharey="row", sharex="col")
    for row, (metric, name) in zip(axes, ROWS.items(), strict=True):
        bias = treadmill.condition_biases(metric)
        limit = treadmill.TARGETS[metric]
        for ax, (label, x) in zip(row, columns, strict=True):
            spread = (x.max() - x.min()) * 0.012
            jitter = np.linspace(-spread, spread, len(x)) if label != "steps per minute" else 0.0
            for k, t in enumerate(trials):
                colour = colours((t.slope_deg + 10) / 20)
                at = (x + jitter)[k]
                ax.errorbar(at, bias[k], np.nanstd(t.differences[metric]), fmt="o", ms=5, color=colour, lw=1)
            gradient, half = slope(x, bias)
            ends = np.array([x.min(), x.max()])
            ax.plot(ends, bias.mean() + gradient * (ends - x.mean()), color=OURS, lw=1.2)
            ax.axhspan(-limit, limit, color="0.5", alpha=0.1, lw=0)
            ax.axhline(0, color=TRUTH, lw=0.6)
            ax.set_title(f"{gradient:+.3g} +- {half:.2g} per unit", fontsize=8, loc="right")
        row[0].set_ylabel(name)
    for ax, (label, _) in zip(axes[-1], columns, strict=True):
        ax.set_xlabel(label)
    figure.suptitle(
        "Trendel less force plate, mean +- SD of each trial of one runner; grey: the target of the RMSE; colour: slope",
        fontsize=10,
    )
    save(figure, path)
