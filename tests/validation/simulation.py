"""`python -m tests.validation.simulation`: simulated signals beside recorded ones, as a figure and as numbers."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from tests.validation import figures
from tests.validation.data import F64, columns, files
from trendel.constants import STANDARD_GRAVITY_MPS2 as G
from trendel.simulation.gait import GaitParameters
from trendel.simulation.sensor import SensorModel
from trendel.simulation.session import Session
from trendel.simulation.simulate import SimulatedRun, simulate

RUNNER = GaitParameters(3.65, 175.9, 250.5, 5.5, 5.0, 6.0, 8.1, 11.9, "mid")
"""The mocap runner in numbers: speed, steps, contact and angles as measured from markers and force plates."""

NAMES = ("forward (g)", "left (g)", "up (g)", "roll rate (rad/s)", "pitch rate (rad/s)", "yaw rate (rad/s)")
BANDS_HZ = ((0.5, 4.0), (4.0, 10.0), (10.0, 24.0))


def recorded() -> tuple[F64, F64, F64, float]:
    """Time (n,), six signals (n, 6) in the pelvis frame, left contacts, rate of the mocap run."""
    got = columns(files("mocap", "treadmill_run.csv")[0])
    contacts = columns(files("mocap", "treadmill_run.contacts.csv")[0])
    signals = [
        sign * got[f"{kind}_{axis}"] / scale
        for kind, scale in (("acc", G), ("gyr", 1.0))
        for axis, sign in ((f"z_{_unit(kind)}", -1.0), (f"y_{_unit(kind)}", 1.0), (f"x_{_unit(kind)}", 1.0))
    ]
    return got["t_s"], np.stack(signals, axis=1), contacts["ic_s"][contacts["side"] == "L"], 240.0


def _unit(kind: str) -> str:
    return "mps2" if kind == "acc" else "radps"


def simulated() -> tuple[F64, F64, F64, float]:
    """The same of a simulated run of the same numbers, by an ideal sensor, with the markers' 25 Hz limit."""
    run: SimulatedRun = simulate(Session((("run", 40.0),), RUNNER, seed=4), SensorModel.ideal(240.0))
    both = np.concatenate((run.acc_mps2 / G, run.gyr_radps), axis=1).astype(np.float64)
    spectrum = np.fft.rfft(both, axis=0)
    f = np.fft.rfftfreq(len(both), 1 / 240.0)
    limited = np.fft.irfft(spectrum / (1 + (f / 25.0) ** 8)[:, None], len(both), axis=0)
    steady = run.steps[run.steps["steady"]]
    return run.t_s, limited, steady["ic_s"][steady["side"] == "L"], 240.0


def mean_stride(t: F64, signals: F64, left_s: F64, points: int = 200) -> F64:
    """(points, 6) mean over strides that begin with a left contact."""
    made = [
        [np.interp(np.linspace(a, b, points, endpoint=False), t, x) for x in signals.T] for a, b in pairwise(left_s)
    ]
    return np.asarray(made).mean(axis=0).T


def band_power(signals: F64, rate_hz: float) -> tuple[F64, F64]:
    """Frequencies and power density (f, 6), mean over 4 s windows."""
    n = int(4 * rate_hz)
    window = np.hanning(n)[:, None]
    parts = [signals[a : a + n] for a in range(0, len(signals) - n + 1, n // 2)]
    power = [np.abs(np.fft.rfft((p - p.mean(axis=0)) * window, axis=0)) ** 2 for p in parts]
    return np.fft.rfftfreq(n, 1 / rate_hz), np.mean(power, axis=0) / (rate_hz * (window**2).sum())


def main() -> None:
    """Draw the figure, print the figures of merit."""
    figures.style()
    real, made = recorded(), simulated()
    strides = [mean_stride(*x[:3]) for x in (real, made)]
    spectra = [band_power(x[1], x[3]) for x in (real, made)]
    figure, axes = plt.subplots(3, 6, figsize=(16, 8))
    for k, name in enumerate(NAMES):
        for (t, x, left, _), colour in ((real, figures.TRUTH), (made, figures.OURS)):
            row = 0 if colour == figures.TRUTH else 1
            shown = (t >= left[3]) & (t < left[3] + 3)
            axes[row, k].plot(t[shown] - left[3], x[shown, k], color=colour, lw=0.9)
            axes[row, k].set_title(f"{name}, {'recorded' if row == 0 else 'simulated'}")
        low = min(axes[r, k].get_ylim()[0] for r in (0, 1))
        high = max(axes[r, k].get_ylim()[1] for r in (0, 1))
        for row in (0, 1):
            axes[row, k].set_ylim(low, high)
        for (f, p), colour in zip(spectra, (figures.TRUTH, figures.OURS), strict=True):
            keep = (f > 0.5) & (f < 30)
            axes[2, k].semilogy(f[keep], p[keep, k], color=colour, lw=0.9)
        axes[2, k].set_xlabel("Hz")
        r = np.corrcoef(strides[0][:, k], strides[1][:, k])[0, 1]
        distances = [
            10 * np.log10(np.divide(*(p[(f >= a) & (f < b), k].sum() for f, p in reversed(spectra))))
            for a, b in BANDS_HZ
        ]
        print(f"{name:20} r of mean strides {r:5.2f}; dB in bands", " ".join(f"{d:+5.1f}" for d in distances))
    figures.save(figure, Path(__file__).parents[2] / "docs" / "figures" / "simulation.png")


if __name__ == "__main__":
    main()
