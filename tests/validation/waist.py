"""Cadence, sides and false alarms on belt-buckle recordings of joggers, walkers and jumpers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

import trendel
from tests.validation import data
from tests.validation.data import F64
from tests.validation.waist_steps import Counted, compare, rough_vertical

TARGET_CADENCE_PERCENT = 1.0
TARGET_FOUND = 0.97
TARGET_ALTERNATING = 0.995
WINDOW_S = 8.0
STEP_BAND_HZ = (2.1, 3.7)


@dataclass(frozen=True)
class Jog:
    """One jog: cadence found and true (per minute), steps found and counted by waist_steps, runs, sides, time running.

    alternating: steps that follow each other without a break, both with a side: those that change it, and all of them.
    jumpy: part of the steps whose time is more than 50 ms from the median. turned: the clip was taken for turned.
    """

    name: str
    subject: str
    cadence_spm: float
    truth_spm: float
    steps: int
    counted: Counted
    runs: int
    sided: float
    alternating_n: int
    neighbours_n: int
    running: float
    jumpy: float
    turned: bool

    @property
    def recall(self) -> float:
        return self.counted.found / max(self.counted.true, 1)

    @property
    def alternating(self) -> float:
        return self.alternating_n / max(self.neighbours_n, 1)

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
        counted=compare(rec, (steps["ic_s"] + steps["to_s"]) / 2),
        runs=len(np.unique(run)),
        sided=float(np.mean(side != "")) if len(side) else 0.0,
        alternating_n=int(np.sum(side[1:][follows] != side[:-1][follows])),
        neighbours_n=int(follows.sum()),
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
