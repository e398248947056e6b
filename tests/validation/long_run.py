"""A simulated run of two hours: does any error grow?"""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache

import numpy as np

import trendel
from tests.validation import workers
from tests.validation.data import F64
from tests.validation.reliability import slope
from tests.validation.synthetic import METRICS, STAND_S, Scored, recording, run, score
from trendel.simulation.gait import GaitParameters
from trendel.simulation.sensor import SensorModel

SECONDS = 7200.0
BLOCK_S = 600.0
TARGET_DEG = 0.2  # drift over the whole run
SHOWN = (
    "contact_time_ms",
    "vertical_oscillation_mm",
    "pelvic_drop_deg",
    "obliquity_peak_deg",
    "tilt_mean_deg",
    "tilt_rom_deg",
    "rotation_rom_deg",
    "peak_vgrf_bw",
)
ANGLES = {"tilt_deg": "tilt, every sample", "obliquity_deg": "obliquity, every sample"}


@dataclass(frozen=True)
class Growth:
    """One number: its mean error in each block (blocks,), and the change of that per hour with half of its interval."""

    name: str
    mode: str
    blocks: F64
    per_hour: float
    half: float

    @property
    def grows(self) -> bool:
        return bool(abs(self.per_hour) > self.half)


@dataclass(frozen=True)
class Long:
    """Both modes of the run."""

    scored: dict[str, Scored]
    growth: list[Growth]


def _growth(name: str, mode: str, blocks: F64) -> Growth:
    middle_h = (np.arange(len(blocks)) + 0.5) * BLOCK_S / 3600
    return Growth(name, mode, blocks, *slope(middle_h, blocks))


def compute(seconds: float = SECONDS) -> Long:
    """Simulate, analyse causal and refined, mean error of each block of ten minutes."""
    made = run(GaitParameters(), SensorModel(seed=3), seconds, seed=3)
    rec = recording(made)
    scores, growth = {}, []
    count = int(seconds / BLOCK_S)
    edges = STAND_S + BLOCK_S * np.arange(count + 1)
    for mode in ("causal", "refined"):
        result = trendel.analyze(rec, mode="causal" if mode == "causal" else "refined")
        scores[mode] = score(made.steps, result)
        block = np.digitize(scores[mode].ic_s, edges) - 1
        for name in METRICS:
            if name in SHOWN:
                e = scores[mode].differences[name]
                growth.append(_growth(name, mode, np.array([np.nanmean(e[block == k]) for k in range(count)])))
        t = result.signals["t_s"]
        block = np.digitize(t, edges) - 1
        for name, words in ANGLES.items():
            e = result.signals[name] - np.interp(t, made.t_s, made.truth[name])
            growth.append(_growth(words, mode, np.array([np.nanmean(e[block == k]) for k in range(count)])))
    return Long(scores, growth)


@cache
def begin() -> Future[Long]:
    """Start it: it takes longest."""
    return workers.ahead(compute)


def measure() -> Long:
    """What was found."""
    return begin().result()
