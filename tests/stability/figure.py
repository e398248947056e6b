"""The figure of docs/stability.md: drifts told in time against false alarms, for the detector and its rivals."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt

from tests.stability.report import METHODS, NAMES, operating
from tests.stability.scenarios import LIMITS
from tests.stability.study import Judged
from tests.validation.figures import OTHER, OURS, TRUTH, save, style

COLOURS = {"ours": OURS, "fixed": TRUTH, "rolling": OTHER}
MARKS = {"ours": "o", "fixed": "s", "rolling": "^"}
LEAST_RATE = 1e-3


def roc(runs: Sequence[Judged], path: Path) -> None:
    """Both sizes of drift side by side; the asked-for corner is shaded."""
    style()
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.8), sharey=True)
    for axis, (size, within) in zip(axes, LIMITS.delay_s, strict=True):
        for method in METHODS:
            rows = operating(runs, method)
            x, y = [max(r[1], LEAST_RATE) for r in rows], [100 * r[2][size][0] for r in rows]
            axis.plot(x, y, color=COLOURS[method], marker=MARKS[method], markersize=4, label=NAMES[method])
        axis.axvspan(
            LEAST_RATE, LIMITS.false_alarms_per_h, ymin=LIMITS.share / 1.05, ymax=1, color="#009e73", alpha=0.2
        )
        axis.set(
            xscale="log", xlim=(LEAST_RATE, 20), ylim=(0, 105), xlabel="false alarms per hour of running without drift"
        )
        axis.set_title(f"drift of {size:g} degrees, told within {within:g} s")
    axes[0].set_ylabel("share of runs, %")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(METHODS))
    save(figure, path)
