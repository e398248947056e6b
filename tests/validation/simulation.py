"""`python -m tests.validation.simulation`: simulated signals beside recorded ones, as figures and as tables.

Writes docs/figures/simulation*.png and the tables between the marks in docs/simulation.md.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np

from tests.validation import figures
from tests.validation import simulation_sources as sources
from tests.validation.data import F64
from tests.validation.simulation_signals import (
    BANDS_HZ,
    POINTS,
    Signals,
    band_powers_db,
    density,
    dfa,
    likeness,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DOCS = Path(__file__).parents[2] / "docs"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
SHOWN_S = 3.0
REACHES = {"markers": 3, "treadmill": 2, "belts": 4, "outdoors": 3}  # bands that the source has
BAND_NAMES = [f"{a:g} to {b:g} Hz" for a, b in BANDS_HZ]


def snippet(axis: Axes, signals: Signals, channel: int, colour: str, stride: int) -> None:
    """SHOWN_S of a channel from the start of a stride."""
    start = signals.strides_s[stride]
    inside = (signals.t_s >= start) & (signals.t_s < start + SHOWN_S)
    axis.plot(signals.t_s[inside] - start, signals.values[inside, channel], color=colour, lw=0.9)


def same_scale(*axes: Axes) -> None:
    """One range for all."""
    low, high = min(a.get_ylim()[0] for a in axes), max(a.get_ylim()[1] for a in axes)
    for axis in axes:
        axis.set_ylim(low, high)


def strides_and_spectra(pair: tuple[Signals, Signals], path: Path) -> None:
    """Recorded over simulated for 3 s, mean strides with their spread, spectra."""
    real, made = pair
    figure, axes = plt.subplots(4, len(real.channels), figsize=(2.7 * len(real.channels), 9.5), squeeze=False)
    for k, name in enumerate(real.channels):
        snippet(axes[0, k], real, k, figures.TRUTH, 1)
        snippet(axes[1, k], made, k, figures.OURS, 3)
        axes[0, k].set_title(name)
        same_scale(axes[0, k], axes[1, k])
        for signals, colour in ((real, figures.TRUTH), (made, figures.OURS)):
            strides = signals.strides()[:, k]
            mean, sd, phase = strides.mean(axis=0), strides.std(axis=0), np.arange(POINTS) / POINTS
            axes[2, k].plot(phase, mean, color=colour, lw=0.9)
            axes[2, k].fill_between(phase, mean - sd, mean + sd, color=colour, alpha=0.2, lw=0)
            f, p = density(signals.running(), signals.rate_hz)
            keep = (f > 0.5) & (f < BANDS_HZ[REACHES.get(real.name, 2) - 1][1] + 4)
            axes[3, k].semilogy(f[keep], p[keep, k], color=colour, lw=0.9)
        axes[2, k].set_xlabel("stride")
        axes[3, k].set_xlabel("Hz")
    for row, text in enumerate(("recorded", "simulated", "mean stride, one SD", "power density")):
        axes[row, 0].set_ylabel(text)
    figures.save(figure, path)


def belts_figure(real: list[Signals], made: list[Signals], path: Path) -> None:
    """Three belts over three simulated runners, each pair in one scale."""
    chosen = list(zip(real[1::4][:3], made[:3], strict=True))
    figure, axes = plt.subplots(2 * len(chosen), 6, figsize=(16, 3.4 * len(chosen)))
    for row, (a, b) in enumerate(chosen):
        for k, name in enumerate(a.channels):
            upper, lower = axes[2 * row, k], axes[2 * row + 1, k]
            snippet(upper, a, k, figures.TRUTH, 10)
            snippet(lower, b, k, figures.OURS, 10)
            same_scale(upper, lower)
            upper.set_title(f"{name}, {a.name}", fontsize=7)
            lower.set_title(b.name, fontsize=7)
    figures.save(figure, path)


def treadmill_figure(pairs: list[tuple[Signals, Signals]], path: Path) -> None:
    """Mean strides of force, up and forward of eight trials."""
    figure, axes = plt.subplots(3, len(pairs), figsize=(2.4 * len(pairs), 6.5))
    for column, (real, made) in enumerate(pairs):
        for row, k in enumerate((2, 1, 0)):
            for signals, colour in ((real, figures.TRUTH), (made, figures.OURS)):
                strides = signals.strides()[:, k]
                mean, sd, phase = strides.mean(axis=0), strides.std(axis=0), np.arange(POINTS) / POINTS
                axes[row, column].plot(phase, mean, color=colour, lw=0.9)
                axes[row, column].fill_between(phase, mean - sd, mean + sd, color=colour, alpha=0.2, lw=0)
        axes[0, column].set_title(real.name, fontsize=8)
    for row, name in enumerate(("force (BW)", "up (g)", "forward (g)")):
        axes[row, 0].set_ylabel(name)
    figures.save(figure, path)


def _db(values: F64, count: int) -> list[str]:
    return [f"{v:+.1f}" for v in values[:count]] + ["-"] * (len(BANDS_HZ) - count)


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *("| " + " | ".join(r) + " |" for r in rows), ""]


def pair_table(pair: tuple[Signals, Signals], reach: int) -> list[str]:
    """One recording and its simulated counterpart."""
    like = likeness(*pair)
    rows = [
        [name, f"{like.r[k]:.2f}", f"{like.spread[k]:.2f}", *_db(like.power_db[k], reach),
         " ".join(_db(like.apart_db[k], reach)[:reach])]
        for k, name in enumerate(like.channels)
    ]  # fmt: skip
    return _table(["signal", "r", "SD over strides", *BAND_NAMES, "not shared"], rows)


def treadmill_table(pairs: list[tuple[Signals, Signals]]) -> list[str]:
    """Each trial: correlation, powers and the error of the mean force."""
    rows = []
    for path, (real, made) in zip(sources.treadmill_trials(), pairs, strict=True):
        like, gait = likeness(real, made), sources.treadmill_gait(path)
        apart = made.strides()[:, 2].mean(axis=0) - real.strides()[:, 2].mean(axis=0)
        bands = [" ".join(_db(like.power_db[k], 3)[:3]) for k in (0, 1, 2)]
        rows.append([f"{gait.speed_mps:g} m/s, {100 * gait.grade:+.0f} %, {gait.foot_strike}",
                     *(f"{like.r[k]:.2f}" for k in (0, 1, 2)), *bands, f"{np.sqrt((apart**2).mean()):.2f}",
                     " ".join(f"{s:.1f}" for s in like.spread)])  # fmt: skip
    return _table(["trial", "r forward", "r up", "r force", "forward dB", "up dB", "force dB", "force RMSE (BW)",
                   "SD over strides"], rows)  # fmt: skip


def belts_table(real: list[Signals], made: list[Signals]) -> list[str]:
    """Medians of both populations, and how far runners of each differ."""

    def powers(signals: list[Signals], residual: bool) -> F64:
        return np.array([band_powers_db(s.residual() if residual else s.running(), s.rate_hz) for s in signals])

    whole, apart = ([powers(real, r), powers(made, r)] for r in (False, True))
    spread = [np.median([s.strides().std(axis=0).mean(axis=1) for s in group], axis=0) for group in (real, made)]
    rows = []
    for k, name in enumerate(real[0].channels):
        rows.append([name, f"{spread[1][k] / spread[0][k]:.2f}",
                     *_db(np.median(whole[1], axis=0)[k] - np.median(whole[0], axis=0)[k], 4),
                     " ".join(_db(np.median(apart[1], axis=0)[k] - np.median(apart[0], axis=0)[k], 4)),
                     " ".join(f"{v:.1f}" for v in whole[0].std(axis=0)[k]),
                     " ".join(f"{v:.1f}" for v in whole[1].std(axis=0)[k])])  # fmt: skip
    return _table(["signal", "SD over strides", *BAND_NAMES, "not shared", "runners differ, recorded",
                   "runners differ, simulated"], rows)  # fmt: skip


def _rhythm(signals: Signals) -> str:
    stride = np.diff(signals.strides_s)
    return f"{100 * stride.std() / stride.mean():.1f} %, alpha {dfa(stride):.2f} ({len(stride)} strides)"


def main() -> None:
    """Draw the figures, write the tables."""
    figures.style()
    told: list[str] = []
    markers = sources.mocap()
    strides_and_spectra(markers, DOCS / "figures" / "simulation.png")
    told += ["**Markers on a pelvis, 3.65 m/s** (figure below):", "", *pair_table(markers, 3)]
    trials = [sources.treadmill(path) for path in sources.treadmill_trials()]
    treadmill_figure(trials[::2], DOCS / "figures" / "simulation_treadmill.png")
    told += ["**Sacral accelerometer and force plate** (20 Hz low-pass, up clipped at zero, as their source did):", ""]
    told += treadmill_table(trials)
    real = [sources.waist(path) for path in sources.waist_jogs()]
    made = [sources.belt_runner(seed) for seed in range(1, len(real) + 1)]
    belts_figure(real, made, DOCS / "figures" / "simulation_belts.png")
    told += [
        f"**Belts of {len(real)} joggers** against {len(made)} random runners, medians:",
        "",
        *belts_table(real, made),
    ]
    outdoors = sources.outdoor()
    told += ["**A hip outdoors**, stride times: recorded " + _rhythm(outdoors[0]) + "; simulated "
             + _rhythm(outdoors[1]) + ".", "", *pair_table(outdoors, 3)]  # fmt: skip
    page = DOCS / "simulation.md"
    text = page.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    page.write_text(before + BEGIN + "\n" + "\n".join(told) + END + rest.split(END)[1], encoding="utf-8")
    print("\n".join(told))


if __name__ == "__main__":
    main()
