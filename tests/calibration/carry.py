"""How errors of calibration carry into what trendel reports of a run, by simulation: one run, many sensors."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TypeAlias

import numpy as np

import trendel
import trendel_calibration as tc
from trendel.recording import Recording
from trendel.simulation.sensor import SensorModel
from trendel.simulation.session import Session
from trendel.simulation.simulate import simulate
from trendel_calibration.result import F64
from trendel_calibration.synthetic import Clip, Handling, handle

METRICS = ("pelvic_drop_deg", "obliquity_peak_deg", "tilt_mean_deg", "vertical_oscillation_mm", "peak_vgrf_bw")
MOUNTING = (8.0, -85.0, 12.0)
Error: TypeAlias = Callable[[F64, F64, float, np.random.Generator], tuple[F64, F64]]
"""(n, 3) acc and gyr with an error of a size, its signs drawn from the generator."""
RATE_HZ = 208.0


def _random(rng: np.random.Generator) -> F64:
    return np.asarray(rng.choice([-1.0, 1.0], 3))


def _off(rng: np.random.Generator) -> F64:
    return np.asarray(rng.choice([-1.0, 1.0], (3, 3)) * (1 - np.eye(3)))


KINDS: tuple[tuple[str, str, float, float, Error], ...] = (
    ("accelerometer bias", "m/s2", 0.4, 0.003, lambda a, g, s, r: (a + s * _random(r), g)),
    ("accelerometer scale", "%", 1.0, 0.04, lambda a, g, s, r: (a * (1 + s / 100 * _random(r)), g)),
    ("accelerometer axes", "deg", 0.6, 0.04, lambda a, g, s, r: (a @ (np.eye(3) + np.radians(s) * _off(r)).T, g)),
    ("gyroscope bias", "deg/s", 1.0, 0.002, lambda a, g, s, r: (a, g + np.radians(s) * _random(r))),
    ("gyroscope scale", "%", 1.0, 0.04, lambda a, g, s, r: (a, g * (1 + s / 100 * _random(r)))),
    ("gyroscope axes", "deg", 0.5, 0.03, lambda a, g, s, r: (a, g @ (np.eye(3) + np.radians(s) * _off(r)).T)),
)
"""name, unit, size without calibration (one sigma of a consumer sensor), half a 95 % interval after `poses`, error."""


@cache
def run(minutes: float = 1.5) -> tuple[F64, F64, F64]:
    """What an ideal sensor reads: stamps, acc, gyr, of ten seconds standing and then running; sensor frame."""
    session = Session((("stand", 10.0), ("run", 60 * minutes), ("stand", 5.0)), seed=5)
    made = simulate(session, SensorModel.ideal(RATE_HZ, MOUNTING))
    return made.t_s, made.acc_mps2.astype(np.float64), made.gyr_radps.astype(np.float64)


def reported(acc: F64, gyr: F64) -> dict[str, F64]:
    """Left and right means of each of METRICS of these signals; the mounting is found from the run."""
    t_s = run()[0]
    summary = trendel.analyze(Recording.from_arrays(acc, gyr, t_s=t_s)).summary["metrics"]
    return {name: np.array([summary[side][name]["mean"] for side in ("left", "right")], np.float64) for name in METRICS}


@cache
def ideal() -> tuple[tuple[str, tuple[float, ...]], ...]:
    """`reported` of the ideal sensor, hashable."""
    return tuple((name, tuple(values.tolist())) for name, values in reported(*run()[1:]).items())


def change(acc: F64, gyr: F64) -> dict[str, float]:
    """Largest change of either side's mean against the ideal sensor, by metric; NaN where a sensor gave no figure."""
    found, best = reported(acc, gyr), dict(ideal())
    return {name: float(np.abs(found[name] - np.array(best[name])).max()) for name in METRICS}


def carried(size: float, apply: Error, draws_n: int) -> dict[str, float]:
    """Root mean square of `change` over random signs of an error of `size`."""
    _, acc, gyr = run()
    rows = [change(*apply(acc, gyr, size, np.random.default_rng([seed, 11]))) for seed in range(draws_n)]
    return {name: float(np.sqrt(np.mean([row[name] ** 2 for row in rows]))) for name in METRICS}


def through_clip(seed: int) -> tuple[dict[str, float], dict[str, float]]:
    """Changes by a whole consumer clip: as it comes, and after calibration by poses."""
    clip = Clip.random(seed)
    made = handle(clip, Handling(seed=seed, poses_n=24))
    cal = tc.poses(made.acc_raw, made.gyr_raw, made.rate_hz)
    _, acc, gyr = run()
    raw_acc = acc @ np.linalg.inv(clip.acc_matrix).T + clip.acc_bias
    raw_gyr = gyr @ np.linalg.inv(clip.gyr_matrix).T + clip.gyr_bias
    return change(raw_acc, raw_gyr), change(cal.acc_mps2(raw_acc), cal.gyr_radps(raw_gyr))
