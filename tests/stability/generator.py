"""Runs at the level of steps: what the pipeline would hand to the stability stage, with the truth beside it.

Each event is a function of its own; its docstring is its definition. Everything is drawn from one seeded generator a
run, so a run is the same whatever is run besides it. Nothing here is computed through trendel.kernels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.stability.scenarios import ALPHAS, DT_S, RUN_MIN, Scenario
from trendel.simulation.variability import correlated

F64 = NDArray[np.float64]


@dataclass
class Steps:
    """One run, one entry a step that the pipeline gives out (n,). Angles in degrees, times in seconds.

    Attributes:
        start_i, end_i: samples (of DT_S) of its initial contact and the next.
        side: 1 left, -1 right.
        peak_deg, drop_deg: obliquity peak and pelvic drop.
        obliquity_deg, tilt_deg: means of the step's angles.
        contact_s, sway_m, regularity: as in the tables.
        known: 0 where the metrics are not valid.
        quality: 0 to 1.
        condition: number of the speed and grade, for where they are announced.
        turned_n: times that the mounting found the clip turned, so far.
        truth_deg: (n, 2) drift of left and right.
        onset_s, reached_s: when it began and when it was complete, or nan.
        problem_s: when the recording problem came, or nan.
        event_s: (m,) ends of what must not alarm by itself: stops, walks, surges, turns, gaps.
        drift_side: 1, -1, 0 both.
        alpha: DFA exponent.
    """

    start_i: NDArray[np.uint32]
    end_i: NDArray[np.uint32]
    side: NDArray[np.int32]
    peak_deg: F64
    drop_deg: F64
    obliquity_deg: F64
    tilt_deg: F64
    contact_s: F64
    sway_m: F64
    regularity: F64
    known: NDArray[np.int32]
    quality: F64
    condition: NDArray[np.uint32]
    turned_n: NDArray[np.uint32]
    truth_deg: F64
    onset_s: float
    reached_s: float
    problem_s: float
    event_s: F64
    drift_side: int
    alpha: float

    @property
    def end_s(self) -> F64:
        return self.end_i * DT_S


class Draft:
    """A run while it is being made: arrays over all steps (n,), the gaps in it, and the runner's traits."""

    def __init__(self, scenario: Scenario, k: int, rng: np.random.Generator) -> None:
        r, noise = scenario.runner, scenario.noise
        self.rng = rng
        self.alpha = ALPHAS[k % len(ALPHAS)]
        self.cadence_spm = rng.uniform(*r.cadence_spm)
        self.n = n = int(RUN_MIN * self.cadence_spm)
        self.minute = np.arange(n) / self.cadence_spm  # of running; stops come on top
        self.left = np.arange(n) % 2 == 0
        mean, half = rng.uniform(*r.peak_deg), rng.uniform(*r.asymmetry_deg) / 2
        half *= rng.choice((-1.0, 1.0))
        self.peak = np.where(self.left, mean + half, mean - half)
        self.speed_effect, self.cadence_per_mps = rng.uniform(*r.speed_effect_deg), rng.uniform(*r.cadence_per_mps)
        self.grade_effect, self.cadence_effect = rng.uniform(*r.grade_effect_deg), rng.uniform(*r.cadence_effect_deg)
        self.contact = np.full(n, rng.uniform(*r.contact_ms) / 1e3)
        self.sd = float(np.clip(noise.sd_deg * np.exp(noise.sd_spread * rng.standard_normal()), *noise.sd_limits_deg))
        self.speed = np.zeros(n)  # change of speed (m/s), with what follows from it
        self.cadence_share = np.zeros(n)  # change of cadence at the same speed, chosen or by fatigue
        self.added = np.zeros(n)  # degrees, both sides alike
        self.skewed = np.zeros(n)  # degrees, added on the left and taken off on the right
        self.noise_share = np.ones(n)
        self.pause_s = np.zeros(n)  # nothing is given out for so long before the step
        self.known = np.ones(n, np.int32)
        self.quality = np.ones(n)
        self.kept = np.ones(n, bool)
        self.obliquity, self.tilt = np.full(n, rng.normal(0, 1.0)), np.full(n, rng.normal(8.0, 3.0))
        self.regularity = np.full(n, rng.uniform(0.9, 0.97))
        self.turned = np.zeros(n, np.uint32)
        self.problem_min = float("nan")
        self.condition = np.zeros(n, np.uint32)
        self.event_min: list[float] = []

    def between(self, start: float, stop: float) -> NDArray[np.bool_]:
        """Steps between two minutes of running."""
        return (self.minute >= start) & (self.minute < stop)

    def eased(self, start: float, stop: float, ease_min: float = 0.1) -> F64:
        """1 between two minutes, 0 outside, with linear edges inside."""
        return np.clip(np.minimum(self.minute - start, stop - self.minute) / ease_min, 0.0, 1.0)


def growing_noise(d: Draft) -> None:
    """The step noise grows linearly to twice its size between minute 10 and minute 50."""
    d.noise_share *= 1 + np.clip((d.minute - 10) / 40, 0, 1)


def warm_up(d: Draft) -> None:
    """A part that decays as exp(-3 t / T) with T 3 to 8 min: of each side's peak normal with 1.2 degrees (correlated
    by 0.7), of cadence normal with 2 %, of the noise up to half its size."""
    decay = np.exp(-3 * d.minute / d.rng.uniform(3, 8))
    both, own = d.rng.normal(0, 1.2 * np.sqrt(0.7)), d.rng.normal(0, 1.2 * np.sqrt(0.3), 2)
    d.added += both * decay
    d.added += np.where(d.left, own[0], own[1]) * decay
    d.cadence_share += d.rng.normal(0, 0.02) * decay
    d.noise_share *= 1 + d.rng.uniform(0, 0.5) * decay


def speed_session(d: Draft) -> None:
    """Six repeats of 3 min at +0.8 m/s with 3 min between them, from minute 12 on; 0.1 min to change."""
    for k in range(6):
        d.speed += 0.8 * d.eased(12 + 6 * k, 15 + 6 * k)
        d.condition[d.between(12 + 6 * k, 15 + 6 * k)] = 256


def surges(d: Draft) -> None:
    """Every 4 min from minute 6 on +1 m/s for 20 to 40 s."""
    for start in np.arange(6, RUN_MIN, 4):
        stop = start + d.rng.uniform(20, 40) / 60
        d.speed += d.eased(start, stop, 0.05)
        d.event_min.append(float(stop))


def turns(d: Draft) -> None:
    """About once a minute 2 to 5 s long: +-1 to 4 degrees of obliquity, half of it on the peaks with opposite signs,
    and 3 % cadence."""
    at = 0.5
    while at < RUN_MIN:
        length, size = d.rng.uniform(2, 5) / 60, d.rng.uniform(1, 4) * d.rng.choice((-1.0, 1.0))
        inside = d.between(at, at + length)
        d.obliquity[inside] += size
        d.skewed[inside] += size / 2
        d.cadence_share[inside] -= 0.03
        d.event_min.append(at + length)
        at += d.rng.uniform(0.5, 1.5)


def _pause(d: Draft, start: float, length_s: float) -> None:
    """A break at minute `start`: then for 15 s a normal rest of 0.8 degrees on each side that fades, and 3 % of
    cadence."""
    i = int(np.searchsorted(d.minute, start))
    d.pause_s[i] += length_s
    d.event_min.append(float(start))
    fade = np.clip(1 - (d.minute - start) * 4, 0, 1) * (d.minute >= start)
    size = d.rng.normal(0, 0.8, 2)
    d.added += np.where(d.left, size[0], size[1]) * fade
    d.cadence_share += d.rng.normal(0, 0.03) * fade


def stops(d: Draft) -> None:
    """Six stops of 20 to 120 s at random after minute 4."""
    for start in np.sort(d.rng.uniform(4, RUN_MIN - 2, 6)):
        _pause(d, start, d.rng.uniform(20, 120))


def walks(d: Draft) -> None:
    """Three walks of 2 to 5 min at random after minute 4; walking gives no steps."""
    for start in np.sort(d.rng.uniform(4, RUN_MIN - 4, 3)):
        _pause(d, start, d.rng.uniform(120, 300))


def gaps(d: Draft) -> None:
    """Ten gaps of 1 to 40 s: the steps in them are missing, the five after each have quality 0.4, and after one gap in
    five the sides are exchanged for 12 steps."""
    for start in np.sort(d.rng.uniform(1, RUN_MIN - 2, 10)):
        stop = start + d.rng.uniform(1, 40) / 60
        inside = d.between(start, stop)
        d.kept &= ~inside
        d.event_min.append(float(stop))
        after = int(np.searchsorted(d.minute, stop))
        d.quality[after : after + 5] = 0.4
        if d.rng.uniform() < 0.2:
            swap = slice(after, after + 12)
            d.left[swap] = ~d.left[swap]


def lost_samples(d: Draft) -> None:
    """Bursts of 1 to 10 steps with quality 0.5 and twice the noise, half of them without metrics: one step in
    twenty."""
    for start in d.rng.integers(0, d.n, d.n // 110):
        burst = slice(start, start + int(d.rng.integers(1, 11)))
        d.quality[burst] = 0.5
        d.noise_share[burst] *= 2
        if d.rng.uniform() < 0.5:
            d.known[burst] = 0


def surface(d: Draft) -> None:
    """Four stretches of 3 to 10 min: both sides change by a normal 0.3 degrees, camber changes the mean obliquity by a
    normal 1 degree and the sides against each other by a quarter of that, noise grows by up to 40 %."""
    for start in (8, 20, 32, 46):
        on = d.eased(start, start + d.rng.uniform(3, 10), 0.05)
        camber = d.rng.normal(0, 1.0)
        d.added += d.rng.normal(0, 0.3) * on
        d.obliquity += camber * on
        d.skewed += camber / 4 * on
        d.noise_share *= 1 + d.rng.uniform(0, 0.4) * on


def cadence_change(d: Draft) -> None:
    """Minutes 25 to 35 with a cadence raised by 5 % within 20 s."""
    d.cadence_share += 0.05 * d.eased(25, 35, 0.33)


def hill(d: Draft) -> None:
    """Minutes 20 to 40 uphill by 4 to 8 %: the peaks by the grade's effect, tilt by a quarter of a degree a per cent,
    cadence -3 %."""
    on, grade = d.eased(20, 40, 0.3), d.rng.uniform(4, 8)
    d.added += d.grade_effect * grade * on
    d.tilt += 0.25 * grade * on
    d.cadence_share -= 0.03 * on
    d.condition[d.between(20, 40)] = 256


def _slip_at(d: Draft, seconds: float) -> F64:
    """0 before a random minute 15 to 45, 1 after it, within so many seconds."""
    d.problem_min = float(d.rng.uniform(15, 45))
    return np.clip((d.minute - d.problem_min) * 60 / seconds, 0, 1)


def slip_heading(d: Draft) -> None:
    """Within 1 to 20 s by 10 to 25 degrees about the vertical: tilt (+-4 degrees twice a stride) is mixed into
    obliquity, so the peaks change by 4 sin(angle) with opposite signs; mean obliquity by the mean tilt's part, 8
    sin(angle) degrees."""
    on = _slip_at(d, d.rng.uniform(1, 20))
    part = np.sin(np.radians(d.rng.uniform(10, 25))) * d.rng.choice((-1.0, 1.0))
    d.skewed += 4 * part * on
    d.obliquity += 8 * part * on


def slip_tilt(d: Draft) -> None:
    """Within 1 to 20 s by 5 to 15 degrees about the left axis or (half of them) the forward axis: mean tilt or mean
    obliquity."""
    on = _slip_at(d, d.rng.uniform(1, 20))
    size = d.rng.uniform(5, 15) * d.rng.choice((-1.0, 1.0))
    if d.rng.uniform() < 0.5:
        d.tilt += size * on
    else:
        d.obliquity += size * on
    d.skewed += d.rng.normal(0, 0.5) * on


def turned(d: Draft) -> None:
    """Within 1 s by more than 25 degrees: the peaks change by a normal 2 degrees each, and 20 steps later the mounting
    says so."""
    on = _slip_at(d, 1.0)
    size = d.rng.normal(0, 2.0, 2)
    d.added += np.where(d.left, size[0], size[1]) * on
    d.tilt += 15 * on
    d.turned[int(np.searchsorted(d.minute, d.problem_min)) + 20 :] = 1


def loose(d: Draft) -> None:
    """Within 20 s the noise doubles, regularity falls by 0.2 and the mean angles shake by a normal 1.5 degrees each 10
    steps or so."""
    on = _slip_at(d, 20.0)
    d.noise_share *= 1 + on
    d.regularity -= 0.2 * on
    d.tilt += 1.5 * on * np.repeat(d.rng.standard_normal(d.n // 10 + 1), 10)[: d.n]
    d.obliquity += 1.5 * on * np.repeat(d.rng.standard_normal(d.n // 10 + 1), 10)[: d.n]


EVENTS: dict[str, Callable[[Draft], None]] = {
    f.__name__: f
    for f in (growing_noise, warm_up, speed_session, surges, turns, stops, walks, gaps, lost_samples, surface,
              cadence_change, hill, slip_heading, slip_tilt, turned, loose)
}  # fmt: skip


def wander(n: int, sd: float, tau_steps: float, rng: np.random.Generator) -> F64:
    """(n,) Ornstein-Uhlenbeck process in steady state: deviation sd, time constant tau_steps."""
    from scipy.signal import lfilter

    keep = np.exp(-1 / tau_steps)
    kick = sd * np.sqrt(1 - keep * keep) * rng.standard_normal(n)
    kick[0] = sd * rng.standard_normal()
    return np.asarray(lfilter([1.0], [1.0, -keep], kick))


def _step_noise(d: Draft, scenario: Scenario) -> F64:
    """(n,) of the peaks: white with outliers, long-range correlated, wandering; each side its own."""
    noise, rng, made = scenario.noise, d.rng, np.zeros(d.n)
    half = (d.n + 1) // 2
    shared = correlated(half, d.alpha, rng)
    even = np.arange(d.n) % 2 == 0
    for side in (even, ~even):
        m = int(side.sum())
        long = np.sqrt(noise.common) * shared + np.sqrt(1 - noise.common) * correlated(half, d.alpha, rng)
        white = rng.standard_normal(m) * np.where(rng.uniform(size=m) < noise.outliers, 3.0, 1.0)
        step = np.sqrt(noise.correlated_share) * long[:m] + np.sqrt(1 - noise.correlated_share) * white
        slow = wander(m, noise.wander_deg, noise.wander_min * d.cadence_spm / 2, rng)
        made[side] = d.sd * d.noise_share[side] * step + slow
    return made


def _drift(d: Draft, scenario: Scenario) -> tuple[F64, float, float, int]:
    """(n, 2) truth in degrees, onset and completion in minutes of running, side."""
    truth = np.zeros((d.n, 2))
    if scenario.drift is None:
        return truth, float("nan"), float("nan"), 0
    f = scenario.drift
    side = int(d.rng.choice((-1, 1))) if f.side is None else f.side
    onset = float(d.rng.uniform(*f.onset_min))
    share = np.clip((d.minute - onset) / f.length_min, 0, 1)
    if side >= 0:
        truth[:, 0] = f.size_deg * share
    if side <= 0:
        truth[:, 1] = f.size_deg * share
    return truth, onset, onset + f.length_min, side


def make(scenario: Scenario, k: int, seed: int) -> Steps:
    """Run k of a scenario."""
    rng = np.random.default_rng([seed, k, *scenario.name.encode()])
    d = Draft(scenario, k, rng)
    for name in scenario.events:
        EVENTS[name](d)
    truth, onset, reached, side = _drift(d, scenario)
    fatigue = scenario.drift.cadence_share if scenario.drift else 0.0
    share = truth.max(axis=1) / scenario.drift.size_deg if scenario.drift else np.zeros(d.n)
    cadence = d.cadence_spm * (1 + d.cadence_share + fatigue * share) + d.cadence_per_mps * d.speed
    step_s = 60 / cadence * (1 + 0.012 * correlated(d.n, d.alpha, rng))
    start = np.cumsum(d.pause_s + np.concatenate(([0.0], step_s[:-1])))
    true_side = np.arange(d.n) % 2 == 0
    peak = d.peak + d.added + d.speed_effect * d.speed + d.cadence_effect * 100 * d.cadence_share
    peak = peak + np.where(true_side, d.skewed, -d.skewed) + np.where(true_side, truth[:, 0], truth[:, 1])
    peak = peak + _step_noise(d, scenario)
    drop = 0.85 * peak - 0.5 + scenario.noise.drop_sd_deg * rng.standard_normal(d.n)
    tilt = d.tilt + 0.4 * correlated(d.n, d.alpha, rng)
    obliquity = d.obliquity + 0.4 * correlated(d.n, d.alpha, rng)
    contact = d.contact * (1 - 0.06 * d.speed) * (1 + 0.018 * correlated(d.n, d.alpha, rng))
    sway = 0.04 * (1 + 0.1 * correlated(d.n, d.alpha, rng))
    regularity = np.clip(d.regularity + 0.02 * rng.standard_normal(d.n), -1, 1)
    keep = d.kept

    def at(minute: float) -> float:
        return float(np.interp(minute, d.minute, start)) if np.isfinite(minute) else float("nan")

    return Steps(
        start_i=np.rint(start[keep] / DT_S).astype(np.uint32),
        end_i=np.rint((start + step_s)[keep] / DT_S).astype(np.uint32),
        side=np.where(d.left, 1, -1)[keep].astype(np.int32),
        peak_deg=peak[keep], drop_deg=drop[keep], obliquity_deg=obliquity[keep], tilt_deg=tilt[keep],
        contact_s=contact[keep], sway_m=sway[keep], regularity=regularity[keep], known=d.known[keep],
        quality=d.quality[keep], turned_n=d.turned[keep], condition=d.condition[keep], truth_deg=truth[keep],
        onset_s=at(onset), reached_s=at(reached), problem_s=at(d.problem_min),
        event_s=np.array([at(m) for m in sorted(d.event_min)]), drift_side=side, alpha=d.alpha,
    )  # fmt: skip
