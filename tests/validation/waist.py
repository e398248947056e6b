"""Cadence, sides and false alarms on belt-buckle recordings of joggers, walkers and jumpers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d

import trendel
from tests.validation import data
from tests.validation.data import F64

TARGET_CADENCE_PERCENT = 1.0
WINDOW_S = 8.0
STEP_BAND_HZ = (2.1, 3.7)


@dataclass(frozen=True)
class Jog:
    """One jog: cadence found and true (steps per minute), steps found, runs, sides, part of the time called running.

    jumpy: part of the steps whose time is more than 50 ms from the median. turned: the clip was taken for turned.
    """

    name: str
    subject: str
    cadence_spm: float
    truth_spm: float
    steps: int
    expected: float
    runs: int
    sided: float
    alternating: float
    running: float
    jumpy: float
    turned: bool

    @property
    def error_percent(self) -> float:
        return 100 * (self.cadence_spm / self.truth_spm - 1)


@dataclass(frozen=True)
class Negative:
    """A recording without running: what was found in it all the same."""

    name: str
    duration_s: float
    steps: int
    strides: int


def rough_vertical(acc_mps2: npt.NDArray[np.floating], rate_hz: float) -> F64:
    """(n,) specific force along its own slow mean (Gaussian, sigma 1 s): for frequencies, without any kernel."""
    acc = acc_mps2.astype(np.float64)
    mean = gaussian_filter1d(acc, rate_hz, axis=0)
    mean /= np.linalg.norm(mean, axis=1, keepdims=True)
    return np.einsum("ni,ni->n", acc, mean)


def spectral_cadence_spm(vertical: F64, rate_hz: float) -> float:
    """Median over short-time spectra (8 s, each second) of the strongest frequency from 2.1 to 3.7 Hz, per minute."""
    n = int(WINDOW_S * rate_hz)
    padded = 1 << 16
    frequency = np.fft.rfftfreq(padded, 1 / rate_hz)
    band = (frequency >= STEP_BAND_HZ[0]) & (frequency <= STEP_BAND_HZ[1])
    peaks = []
    for start in range(0, len(vertical) - n + 1, int(rate_hz)):
        part = vertical[start : start + n]
        spectrum = np.abs(np.fft.rfft((part - part.mean()) * np.hanning(n), padded))
        peaks.append(frequency[band][spectrum[band].argmax()])
    return 60 * float(np.median(peaks))


def _jog(path: Path) -> Jog:
    rec = data.recording(path)
    result = trendel.analyze(rec, signals=False)
    truth = spectral_cadence_spm(rough_vertical(rec.acc_mps2, rec.rate_hz), rec.rate_hz)
    steps = result.steps
    side, run = steps["side"], steps["run"]
    joined = np.abs(steps["ic_s"][1:] - steps["end_s"][:-1]) < 0.02
    follows = joined & (side[1:] != "") & (side[:-1] != "")
    cadence = result.summary["cadence_spm"]
    return Jog(
        name=path.stem,
        subject=str(data.sidecar(path).get("subject", path.stem)),
        cadence_spm=float("nan") if cadence is None else cadence,
        truth_spm=truth,
        steps=len(side),
        expected=truth / 60 * rec.duration_s,
        runs=len(np.unique(run)),
        sided=float(np.mean(side != "")) if len(side) else 0.0,
        alternating=float(np.mean(side[1:][follows] != side[:-1][follows])) if follows.any() else 0.0,
        jumpy=float(np.mean(np.abs(steps["step_time_ms"] - np.median(steps["step_time_ms"])) > 50))
        if len(side)
        else 0.0,
        running=result.summary["running_s"] / rec.duration_s,
        turned=any("turned" in note for note in result.summary["notes"]),
    )


@cache
def jogs() -> list[Jog]:
    """Every recording whose activity is a jog."""
    return [_jog(p) for p in data.recordings_of("waist") if "jog" in str(data.sidecar(p)["activity"])]


@cache
def negatives() -> list[Negative]:
    """Every recording whose activity is none: walking, jumping."""
    found = []
    for path in data.recordings_of("waist"):
        if "jog" not in str(data.sidecar(path)["activity"]):
            rec = data.recording(path)
            result = trendel.analyze(rec, signals=False)
            found.append(Negative(path.stem, rec.duration_s, len(result.steps), len(result.strides)))
    return found
