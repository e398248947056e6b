"""Hip stability through the whole pipeline on real motion: recordings of fresh running, and runs stitched from strides.

A stitched run draws whole strides of the recorded runner's pelvis in random order and joins them over 0.25 s; a slow
wander and, on one side, a drift are added to obliquity: what sinks in that side's half of the mean stride is deepened,
so that its peak below the stride's mean grows by so much. Mounting, gyroscope bias and sensor noise are random. The
runner has but a dozen strides, so that the variation between steps is that of seconds; what wanders over minutes is
added, with the deviation of the study (tests/stability/scenarios.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from scipy.spatial.transform import Rotation

import trendel
from tests.stability.generator import wander
from tests.stability.score import Outcome, Truth, judge
from tests.validation import data, mocap
from tests.validation.data import F64
from trendel.analysis.drivers import one_pass
from trendel.analysis.kernel_params import Setup
from trendel.analysis.parameters import Parameters
from trendel.analysis.six_axes import SixAxes
from trendel.constants import STANDARD_GRAVITY_MPS2

RATE_HZ = 120.0
"""Half that of the markers: what every clip reaches."""
FADE_S = 0.25
WANDER_DEG, WANDER_S = 0.15, 240.0
ONSET_S, AFTER_S = 900.0, 300.0
WITHIN_S = {2.0: 90.0, 3.0: 45.0}
ACC_NOISE_MPS2, GYR_NOISE_RADPS, GYR_BIAS_RADPS = 0.05, 0.002, 0.01


@dataclass(frozen=True)
class Case:
    """A stitched run: drift in degrees and minutes (0: none, 40 minutes of it), seed."""

    size_deg: float
    length_min: float
    seed: int

    def __str__(self) -> str:
        return f"{self.size_deg:g} over {self.length_min:g} min, {self.seed}"


FEW = (Case(0.0, 0.0, 1), Case(2.0, 5.0, 2), Case(3.0, 5.0, 3))
MANY = tuple(
    Case(size, length, 10 * k + j)
    for k, (size, length) in enumerate(((0.0, 0.0), (2.0, 2.0), (2.0, 5.0), (2.0, 20.0), (3.0, 2.0), (3.0, 5.0)))
    for j in range(4)
)


def alerts_in_fresh() -> dict[str, list[str]]:
    """Messages of all alerts, notices too, by recording; those without are left out."""
    found = {}
    for kind in ("treadmill_force", "waist", "outdoor", "mocap"):
        for path in data.recordings_of(kind):
            alerts = trendel.analyze(data.recording(path), signals=False).alerts
            if len(alerts):
                found[path.stem] = [str(message) for message in alerts["message"]]
    return found


@cache
def _strides() -> tuple[list[F64], list[F64], Rotation]:
    """Whole strides from left contact to left contact at RATE_HZ: turns about the mean (m, 3), acceleration (m, 3);
    each begins FADE_S early. And the mean turn."""
    rec, truth, contacts = data.recording(mocap.run_path()), mocap.true_signals(), mocap.true_contacts()
    every = round(rec.rate_hz / RATE_HZ)
    turns = Rotation.from_quat(np.stack([truth[k] for k in ("qx", "qy", "qz", "qw")], axis=1))
    mean = turns.mean()
    acc = turns.apply(rec.acc_mps2.astype(np.float64)).reshape(len(turns), 3)[: len(turns) // every * every]
    acc = acc.reshape(-1, every, 3).mean(axis=1)
    small = (mean.inv() * turns).as_rotvec()[::every][: len(acc)]
    left = contacts["ic_s"][contacts["side"] == "L"].astype(float)
    starts = [round((s - FADE_S) * RATE_HZ) for s in left if s > FADE_S]
    fade = round(FADE_S * RATE_HZ)
    pieces = [(small[a : b + fade], acc[a : b + fade]) for a, b in pairwise(starts)]
    return [p[0] for p in pieces], [p[1] for p in pieces], mean


@cache
def _sinking() -> tuple[F64, F64]:
    """(100,) over the stride from left contact on: left side up as 1 degree more of the left's, of the right's drop."""
    truth, contacts = mocap.true_signals(), mocap.true_contacts()
    left = contacts["ic_s"][contacts["side"] == "L"].astype(float)
    phase = np.arange(100) / 100
    curves = [np.interp(a + phase * (b - a), truth["t_s"], truth["obliquity_left_up_deg"]) for a, b in pairwise(left)]
    curve = np.mean(curves, axis=0)
    curve -= curve.mean()
    shapes = [np.clip(sign * curve, 0, None) / (sign * curve).max() for sign in (1, -1)]
    # The stride's mean moves along: a peak of 1 stands 1 less the mean above it.
    one, other = (shape / (1 - shape.mean()) for shape in shapes)
    return one, -other


def _joined(pieces: list[F64], order: list[int], fade: int, n: int) -> tuple[F64, list[int]]:
    """(n, 3) of pieces in this order, each faded into the next; and where each begins."""
    made, starts, at = np.zeros((n + 2 * len(pieces[0]) + 4 * fade, 3)), [], 0
    share = (lambda x: x**2 * (3 - 2 * x))(np.linspace(0, 1, fade))[:, None]
    for k in order:
        piece = pieces[k]
        made[at : at + fade] = (1 - share) * made[at : at + fade] + share * piece[:fade] if at else piece[:fade]
        made[at + fade : at + len(piece)] = piece[fade:]
        starts.append(at + fade)
        at += len(piece) - fade
        if at >= n:
            break
    return made[:n], starts


def recording_of(case: Case) -> tuple[SixAxes, float, int]:
    """The stitched signals, the time at which the drift is complete, and its side (1 left)."""
    rng = np.random.default_rng([case.seed, 41])
    small, acc, mean = _strides()
    end_s = ONSET_S + case.length_min * 60
    n, fade = int((end_s + AFTER_S if case.size_deg else 2400.0) * RATE_HZ), round(FADE_S * RATE_HZ)
    order = rng.integers(0, len(small), n // (min(map(len, small)) - fade) + 1).tolist()
    turned, starts = _joined(small, order, fade, n)
    world, _ = _joined(acc, order, fade, n)
    world += np.array([0.0, 0.0, STANDARD_GRAVITY_MPS2]) - world.mean(axis=0)
    side = int(rng.choice((-1, 1)))
    strides = len(starts)
    time_s = np.array(starts) / RATE_HZ
    growth = case.size_deg * np.clip((time_s - ONSET_S) / max(case.length_min * 60, 1.0), 0, 1)
    tau = WANDER_S / float(np.diff(time_s).mean())
    size = np.stack([wander(strides, WANDER_DEG, tau, rng) for _ in range(2)], axis=1)
    size[:, 0 if side > 0 else 1] += growth
    added = np.zeros(n)
    for i, (a, b) in enumerate(pairwise(starts)):
        phase = np.linspace(0, 100, b - a, endpoint=False)
        for j, shape in enumerate(_sinking()):
            added[a:b] += (size[i, j] * np.interp(phase, np.arange(101), np.append(shape, shape[0])))[: n - a]
    return _sensed(mean * Rotation.from_rotvec(turned), world, np.radians(added), rng), end_s, side


def _sensed(q: Rotation, world: F64, lean_rad: F64, rng: np.random.Generator) -> SixAxes:
    """What a clip of random mounting measures; lean_rad: obliquity added, about the pelvis' forward axis."""
    forward = mocap.MOUNTING[0]
    q = q * Rotation.from_rotvec(lean_rad[:, None] * forward)
    gyr = (q[:-1].inv() * q[1:]).as_rotvec() * RATE_HZ
    gyr = np.concatenate([gyr[:1], gyr])
    mounting = Rotation.random(rng=rng)
    bias = GYR_BIAS_RADPS * rng.standard_normal(3)
    acc = mounting.apply(q.inv().apply(world)) + ACC_NOISE_MPS2 * rng.standard_normal(world.shape)
    return SixAxes.check(acc, mounting.apply(gyr) + bias + GYR_NOISE_RADPS * rng.standard_normal(gyr.shape), RATE_HZ)


@cache
def stitched(case: Case) -> Outcome:
    """One stitched run through the pipeline, judged as in the study."""
    samples, end_s, side = recording_of(case)
    done = one_pass(samples, Parameters(), Setup(rate_hz=RATE_HZ), signals_n=0)
    drifts = case.size_deg > 0
    truth = Truth(
        "stitched", case.seed, 0.0, len(samples) / RATE_HZ / 3600, ONSET_S if drifts else float("nan"),
        end_s if drifts else float("nan"), float("nan"), side if drifts else 0,
    )  # fmt: skip
    return judge(truth, done.alerts, dt_s=1 / RATE_HZ)
