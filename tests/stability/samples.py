"""A check of the study by whole recordings: simulated signals through the pipeline, with random mounting and sensor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from tests.stability.score import Outcome, Truth, judge
from trendel.analysis.drivers import one_pass
from trendel.analysis.kernel_params import Setup
from trendel.analysis.parameters import Parameters
from trendel.analysis.six_axes import SixAxes
from trendel.kernels.metrics import M_OBLIQUITY_PEAK
from trendel.simulation import Fatigue, GaitParameters, SensorModel, Session, Variability, simulate

RATE_HZ = 104.0
STAND_S, ONSET_S = 20.0, 900.0
FRESH = ((0.0, 10.0),) * 6
TIRING = tuple((size, length) for size in (2.0, 3.0) for length in (2.0, 5.0, 20.0)) * 2
DRIFTS = FRESH + TIRING
"""(degrees of drop, minutes) of each run; side and everything else by its number."""


@dataclass(frozen=True)
class Checked:
    """A run of signals: what was asked for and found.

    Attributes:
        size_deg, length_min: drift of the drop that was asked for.
        peak_deg: growth of the obliquity peak that the pipeline measured.
        sd_deg: deviation of its obliquity peaks from step to step before the onset, mean of the sides.
        outcome: judged as in the study.
    """

    size_deg: float
    length_min: float
    peak_deg: float
    sd_deg: float
    outcome: Outcome


def run(k: int, size_deg: float, length_min: float, seed: int) -> Checked:
    """One run: standing, then running until 8 minutes after the drift is complete."""
    rng = np.random.default_rng([seed, k, 77])
    side = int(rng.choice((-1, 1)))
    end_s = ONSET_S + length_min * 60
    left_deg, right_deg = (size_deg, 0.0) if side > 0 else (0.0, size_deg)
    gait = GaitParameters(
        step_rate_spm=float(rng.uniform(160, 180)),
        drop_left_deg=float(rng.uniform(3.5, 7)),
        drop_right_deg=float(rng.uniform(3.5, 7)),
    )
    session = Session(
        (("stand", STAND_S), ("run", end_s + 480.0 - STAND_S)),
        gait=gait,
        variability=Variability(alpha=float(rng.choice((0.7, 0.8, 0.9))), angles=0.14),
        fatigue=Fatigue(left_deg=left_deg, right_deg=right_deg, start_s=ONSET_S, end_s=end_s),
        seed=int(rng.integers(1 << 30)),
    )
    mounting = Rotation.random(random_state=int(rng.integers(1 << 30))).as_matrix()
    made = simulate(session, SensorModel(rate_hz=RATE_HZ, seed=int(rng.integers(1 << 30))))
    samples = SixAxes.check(made.acc_mps2 @ mounting.T, made.gyr_radps @ mounting.T, RATE_HZ)
    done = one_pass(samples, Parameters(), Setup(rate_hz=RATE_HZ), signals_n=0)
    drifts = size_deg > 0
    truth = Truth("samples", k, 0.0, len(samples) / RATE_HZ / 3600, ONSET_S if drifts else float("nan"),
                  end_s if drifts else float("nan"), float("nan"), side)  # fmt: skip
    peak = np.degrees(done.steps["metrics"][:, M_OBLIQUITY_PEAK])
    time_s, mine = done.steps["ic_i"] / RATE_HZ, done.steps["side"] == side
    fresh, late = (time_s > 300) & (time_s < ONSET_S), time_s > end_s
    sd = [peak[fresh & (done.steps["side"] == s)].std() for s in (1, -1)]
    growth = float(peak[late & mine].mean() - peak[fresh & mine].mean())
    alerts = done.alerts.copy()
    return Checked(size_deg, length_min, growth, float(np.mean(sd)), judge(truth, alerts, dt_s=1 / RATE_HZ))


def run_all(seed: int) -> list[Checked]:
    """Every run."""
    return [run(k, size, length, seed) for k, (size, length) in enumerate(DRIFTS)]
