"""Simulated runs through the whole of Trendel, step by step against their analytic truth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

import trendel
from tests.validation.agreement import pair
from tests.validation.data import F64
from trendel.analysis import Result
from trendel.recording import Recording
from trendel.simulation.gait import GaitParameters
from trendel.simulation.sensor import SensorModel
from trendel.simulation.session import Session
from trendel.simulation.simulate import SimulatedRun, simulate

MATCH_S = 0.1
STAND_S = 8.0
FADE_S = 1.5  # of the first and last true contact: there the simulator fades one motion into the other
METRICS = (
    "ic_ms",
    "to_ms",
    "contact_time_ms",
    "flight_time_ms",
    "vertical_oscillation_mm",
    "pelvic_drop_deg",
    "obliquity_peak_deg",
    "tilt_mean_deg",
    "tilt_rom_deg",
    "rotation_rom_deg",
    "peak_vgrf_bw",
    "impulse_bws",
)
# How far a bias may go in any one condition: the RMSE that is asked of the recordings; where none is, what a runner
# could tell. Only to say which biases matter.
TOLERANCE = {
    "ic_ms": 10.0,
    "to_ms": 12.0,
    "contact_time_ms": 12.0,
    "flight_time_ms": 12.0,
    "vertical_oscillation_mm": 3.0,
    "pelvic_drop_deg": 0.5,
    "obliquity_peak_deg": 0.4,
    "tilt_mean_deg": 1.0,
    "tilt_rom_deg": 1.0,
    "rotation_rom_deg": 1.0,
    "peak_vgrf_bw": 0.125,
    "impulse_bws": 0.016,
}


@dataclass(frozen=True)
class Scored:
    """One simulated run as analysed. Arrays are one value a steady true step that was found, estimate less truth.

    true_n, found_n: steady true steps, and those of them found. invented_n: steps found without any true contact
    within 0.1 s, where running does not fade into standing. sided_n, right_n: those found that have a side, and the
    right one.
    """

    differences: dict[str, F64]
    truth: dict[str, F64]
    estimate: dict[str, F64]
    ic_s: F64
    true_n: int
    found_n: int
    invented_n: int
    sided_n: int
    right_n: int

    def bias(self, metric: str) -> float:
        """Mean difference; NaN where nothing was found."""
        e = self.differences[metric]
        e = e[np.isfinite(e)]
        return float(e.mean()) if len(e) else float("nan")

    def square(self, metric: str) -> float:
        """Mean squared difference."""
        e = self.differences[metric]
        e = e[np.isfinite(e)]
        return float((e * e).mean()) if len(e) else float("nan")


def recording(made: SimulatedRun) -> Recording:
    """The recording as Trendel gets it: signals and stamps, no truth."""
    return Recording.from_arrays(made.acc_mps2, made.gyr_radps, t_s=made.t_s, source=made.label)


def score(steps: npt.NDArray[np.void], result: Result) -> Scored:
    """Steps found against true ones (STEP_DTYPE of the simulator)."""
    found = result.steps
    i, k = pair(steps["ic_s"], found["ic_s"], MATCH_S)
    spare = np.delete(found["ic_s"], k)
    first, last = (steps["ic_s"][0], steps["ic_s"][-1]) if len(steps) else (np.inf, -np.inf)
    fading = ((spare < first) & (spare > first - FADE_S)) | ((spare > last) & (spare < last + FADE_S))
    steady = steps["steady"][i]
    i, k = i[steady], k[steady]
    truth, estimate = {}, {}
    for name in METRICS:
        column = {"ic_ms": "ic_s", "to_ms": "to_s"}.get(name, name)
        factor = 1e3 if column.endswith("_s") else 1.0
        truth[name] = factor * steps[column][i]
        estimate[name] = factor * found[column][k].astype(np.float64)
    sides = found["side"][k]
    return Scored(
        differences={name: estimate[name] - truth[name] for name in METRICS},
        truth=truth,
        estimate=estimate,
        ic_s=steps["ic_s"][i],
        true_n=int(steps["steady"].sum()),
        found_n=len(i),
        invented_n=int((~fading).sum()),
        sided_n=int((sides != "").sum()),
        right_n=int((sides == steps["side"][i]).sum()),
    )


def run(gait: GaitParameters, sensor: SensorModel, seconds: float, seed: int, **session: Any) -> SimulatedRun:
    """Standing, so many seconds of running, standing."""
    segments = (("stand", STAND_S), ("run", seconds), ("stand", 4.0))
    return simulate(Session(segments, gait, seed=seed, **session), sensor)


def scored(gait: GaitParameters, sensor: SensorModel, seconds: float, seed: int, **session: Any) -> Scored:
    """The same, analysed with the mounting to be found, refined."""
    made = run(gait, sensor, seconds, seed, **session)
    return score(made.steps, trendel.analyze(recording(made), signals=False))


def consumer(rng: np.random.Generator, rate_hz: float = 208.0) -> SensorModel:
    """A consumer IMU of its own biases, scales, noise and clock, any way up, on a strap between firm and loose."""
    return SensorModel.random(int(rng.integers(1 << 31)), rate_hz)


def runner(rng: np.random.Generator, step_rate_spm: float, contact_time_ms: float, foot_strike: str) -> GaitParameters:
    """Someone of that step rate, contact time and foot strike; all else as the simulator draws it from a population.

    Speed follows from contact time: the pelvis travels some 0.8 m over a foot, whatever the speed.
    """
    return replace(
        GaitParameters.random(int(rng.integers(1 << 31))),
        speed_mps=0.825 / (contact_time_ms / 1000),
        step_rate_spm=step_rate_spm,
        contact_time_ms=contact_time_ms,
        foot_strike=foot_strike,
        oscillation_mm=None,
    )
