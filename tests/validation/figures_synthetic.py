"""Figures of the simulated runs: bias and RMSE over the grid, sensor faults, two hours."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from tests.validation import faults, grid, long_run
from tests.validation.figures import OTHER, OURS, TRUTH, save
from tests.validation.page import digits
from tests.validation.synthetic import TOLERANCE

SHOWN = {
    "ic_ms": "initial contact (ms)",
    "to_ms": "toe-off (ms)",
    "contact_time_ms": "contact time (ms)",
    "vertical_oscillation_mm": "vertical oscillation (mm)",
    "pelvic_drop_deg": "pelvic drop (deg)",
    "obliquity_peak_deg": "obliquity peak (deg)",
    "tilt_rom_deg": "tilt, range (deg)",
    "peak_vgrf_bw": "peak force (BW)",
}


def _heat(path: Path, title: str, rmse: bool) -> None:
    """Each metric over step rate and contact time. Colours end at twice the tolerance."""
    figure, axes = plt.subplots(2, 4, figsize=(17, 8))
    columns, rows = list(grid.CONTACTS_MS), list(grid.STEP_RATES_SPM)
    for ax, (metric, name) in zip(axes.ravel(), SHOWN.items(), strict=True):
        values = np.full((len(rows), len(columns)), np.nan)
        limit = 2 * TOLERANCE[metric]
        for cell in grid.cells():
            r, c = rows.index(int(str(cell.name[0]))), columns.index(int(str(cell.name[1])))
            values[r, c] = cell.rmse(metric) if rmse else cell.bias(metric)[0]
            beyond = abs(values[r, c]) > TOLERANCE[metric]
            star = "*" if not rmse and cell.biased(metric) else ""
            strong = abs(values[r, c]) > (0.6 * limit)
            ax.text(c, r, f"{values[r, c]:.{digits(metric)}f}{star}", ha="center",
                    va="center", fontsize=8, color="white" if strong else TRUTH,
                    fontweight="bold" if beyond else "normal")  # fmt: skip
        if rmse:
            image = ax.imshow(values, origin="lower", cmap="cividis_r", vmin=0, vmax=limit, aspect="auto")
        else:
            image = ax.imshow(values, origin="lower", cmap="PuOr", vmin=-limit, vmax=limit, aspect="auto")
        figure.colorbar(image, ax=ax, shrink=0.9)
        ax.set_title(f"{name}; tolerance {TOLERANCE[metric]:g}", fontsize=9)
        ax.set_xticks(range(len(columns)), [str(c) for c in columns])
        ax.set_yticks(range(len(rows)), [str(r) for r in rows])
        ax.grid(visible=False)
    for ax in axes[-1]:
        ax.set_xlabel("contact time (ms)")
    for ax in axes[:, 0]:
        ax.set_ylabel("steps per minute")
    figure.suptitle(title, fontsize=10)
    save(figure, path)


def grid_bias(path: Path) -> None:
    """Bias; bold beyond the tolerance, * beyond its interval."""
    runs = len(grid.cells()[0].runs)
    _heat(path, f"bias over {runs} simulated runs a cell; * beyond its 95 % interval, bold beyond the tolerance", False)


def grid_rmse(path: Path) -> None:
    """RMSE of single steps."""
    _heat(path, "RMSE of single steps of the same simulated runs; bold beyond the tolerance of a bias", True)


def fault_bars(path: Path) -> None:
    """RMSE of steps under each fault, in tolerances."""
    cells = faults.cells()
    shown = ("contact_time_ms", "vertical_oscillation_mm", "pelvic_drop_deg", "obliquity_peak_deg", "tilt_mean_deg")
    figure, axes = plt.subplots(1, len(shown), figsize=(14, 0.24 * len(cells) + 1.2), sharey=True)
    y = np.arange(len(cells))[::-1]
    for ax, metric in zip(axes, shown, strict=True):
        rmse = np.array([c.rmse(metric) for c in cells])
        bias = np.array([c.bias(metric)[0] for c in cells])
        top = max(2.5 * TOLERANCE[metric], 1.3 * rmse[1])
        ax.barh(y, np.minimum(rmse, top), 0.7, color=OURS, alpha=0.55, label="RMSE")
        ax.plot(np.clip(np.abs(bias), 0, top), y, "D", ms=3.5, color=OTHER, label="bias, absolute")
        for yy, value in zip(y, rmse, strict=True):
            if value > top:
                ax.text(top, yy, f"{value:.1f}", va="center", ha="right", fontsize=7)
        ax.axvline(rmse[1], color=TRUTH, lw=0.8, ls="--", label="ordinary sensor, RMSE")
        ax.set_xlim(0, top)
        ax.set_title(metric, fontsize=9)
        ax.grid(axis="y", visible=False)
    axes[0].set_yticks(y, [str(c.name[0]) for c in cells], fontsize=8)
    axes[0].set_ylim(-0.7, len(cells) - 0.3)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper right", ncols=3, fontsize=8)
    save(figure, path)


def two_hours(path: Path) -> None:
    """Mean error of each block of ten minutes."""
    growth = long_run.measure().growth
    names = list(dict.fromkeys(g.name for g in growth))
    figure, axes = plt.subplots(2, 5, figsize=(14, 5.2))
    for ax, name in zip(axes.ravel(), names, strict=False):
        for g in growth:
            if g.name == name:
                colour, line = (OURS, "-") if g.mode == "refined" else (OTHER, "--")
                minutes = (np.arange(len(g.blocks)) + 0.5) * long_run.BLOCK_S / 60
                ax.plot(minutes, g.blocks, line, marker="o", ms=3, color=colour, label=g.mode)
        middle = float(np.mean(ax.get_ylim()))
        half = max(TOLERANCE.get(name, 0.5) / 2, 0.55 * float(np.ptp(ax.get_ylim())))
        ax.set_ylim(middle - half, middle + half)
        ax.axhline(0, color="0.5", lw=0.6)
        ax.set_title(name, fontsize=9)
    axes[0, 0].legend(fontsize=8)
    for ax in axes[-1]:
        ax.set_xlabel("time (min)")
    figure.suptitle("mean error of ten-minute blocks; the axis spans the tolerance of a bias or more", fontsize=10)
    save(figure, path)
