"""One bout of running as a function of time: every step its own, vertical from forces, the rest from shapes in phase.

Each curve of the pelvis is a sum of what the runner repeats (Fourier terms whose coefficients change from step to step,
pulses that contacts set off) and what no two strides share (wandering noise, slow changes of posture). All of it is the
pelvis' own motion and belongs to the truth.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from trendel.constants import STANDARD_GRAVITY_MPS2 as G
from trendel.errors import ParameterError
from trendel.simulation import shapes
from trendel.simulation.curve import F64, Curve, Fourier, Spline, zero
from trendel.simulation.gait import DUTY, REFERENCE_RISE_G, GaitParameters
from trendel.simulation.variability import bounded, correlated
from trendel.simulation.vertical import Vertical
from trendel.simulation.wander import Wander, between

_KNOTS_HZ = 128.0
_SLOW_HZ = 1.0
_CALIBRATED = ("pelvic_drop_deg", "tilt_rom_deg", "rotation_rom_deg", "vertical_oscillation_mm", "contact_time_ms")
_ENVELOPE = Fourier(((2, 0.30, -0.75),))  # what wanders does so more after contact
FORWARD, LEFT, UP, ROLL, TILT, TURN = range(6)


@dataclass(frozen=True)
class Variability:
    """Standard deviations from step to step, as shares of the mean (0.02 is 2 %), and their DFA exponent.

    `shape` is that of each harmonic's amplitude and (in rad) phase; `residual` scales the aperiodic motion, 1 that of
    one runner on a treadmill; `posture_deg` is the slow wandering of lean and tilt. Raises ParameterError.
    """

    alpha: float = 0.8
    step_time: float = 0.014
    contact_time: float = 0.018
    angles: float = 0.06
    impact: float = 0.2
    shape: float = 0.03
    residual: float = 1.0
    speed: float = 0.01
    posture_deg: float = 0.4

    def __post_init__(self) -> None:
        if not 0.5 <= self.alpha <= 1.2:
            raise ParameterError(f"alpha must be between 0.5 and 1.2; it is {self.alpha}.")
        for name, high in (("step_time", 0.08), ("contact_time", 0.1), ("angles", 0.3), ("impact", 0.6),
                           ("shape", 0.3), ("residual", 4.0), ("speed", 0.1), ("posture_deg", 3.0)):  # fmt: skip
            if not 0 <= getattr(self, name) <= high:
                raise ParameterError(f"{name} must be between 0 and {high:g}; it is {getattr(self, name)}.")

    @classmethod
    def none(cls) -> "Variability":
        """Every step like the last."""
        return cls(0.8, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)

    def scaled(self, by: float) -> "Variability":
        """The same with every deviation times `by`."""
        return replace(self, **{name: by * value for name, value in self.__dict__.items() if name != "alpha"})

    @classmethod
    def random(cls, seed: int) -> "Variability":
        """How steadily a runner drawn from a population runs: alpha 0.65 to 0.95, the rest by a half more or less."""
        rng = np.random.default_rng([seed, 80])

        def about(usual: float, low: float, high: float) -> float:
            return float(np.clip(usual * np.exp(rng.normal(0.0, 0.35)), low, high))

        return cls(float(rng.uniform(0.65, 1.0)), about(0.022, 0.01, 0.045), about(0.02, 0.008, 0.05),
                   about(0.08, 0.03, 0.2), about(0.2, 0.08, 0.4), about(0.05, 0.02, 0.15), about(2.2, 0.8, 4.0),
                   about(0.012, 0.004, 0.03), about(0.5, 0.2, 1.5))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Motion:
    """Pelvis against its travel: position (m; forward, left, up), attitude (rad), and the centre of mass; (n,) each."""

    forward: Curve
    left: Curve
    up: Curve
    roll: Curve
    tilt: Curve
    turn: Curve
    mass: Curve  # height of the centre of mass (m)
    contact: NDArray[np.int8]  # 0 flight, 1 left, 2 right, 3 both or standing

    @property
    def curves(self) -> tuple[Curve, ...]:
        return self.forward, self.left, self.up, self.roll, self.tilt, self.turn, self.mass


@dataclass(frozen=True)
class Scales:
    """What makes the true metrics those that were asked for."""

    left: float = 0.0175  # rad of the one-sided shape for a degree of drop
    right: float = 0.0175
    tilt: float = 0.0175  # rad of the unit shape for a degree
    turn: float = 0.0175
    up: float = 0.0  # how much more the pelvis rises at the step frequency than its shape says: share of the mass' own
    uneven_m: float = 0.0  # and of its part that differs between left and right
    contact: float = 1.0


class RunningBout:
    """Steps from `start_s` until `end_s`, the first a left one; `growth_deg(t)` adds to the drop of each side.

    The arrays ic_s, to_s, left (bool) have one entry a step.
    """

    def __init__(
        self,
        parameters: GaitParameters,
        start_s: float,
        end_s: float,
        rng: np.random.Generator,
        variability: Variability | None = None,
        growth_deg: Callable[[F64], tuple[F64, F64]] | None = None,
        scales: Scales | None = None,
    ) -> None:
        self.parameters = p = parameters
        self.variability = v = variability or Variability()
        self.scales = scales = scales or calibrated(p, v)
        n = int(np.ceil((end_s - start_s) / p.step_time_s * 1.15)) + 8
        even = np.arange(n) % 2 == 0
        sign = np.where(even, 1.0, -1.0)
        noise = [bounded(correlated(n, v.alpha, rng)) for _ in range(6)]
        step = p.step_time_s * (1 + v.step_time * noise[0]) * (1 + sign * p.step_time_asymmetry)
        ic = start_s + np.concatenate(([0.0], np.cumsum(step)[:-1]))
        n = max(4, int(np.searchsorted(ic, end_s)) + 1)
        contact = p.contact_time_s * (1 + v.contact_time * noise[1]) * (1 + sign * p.contact_time_asymmetry)
        # A contact stays shorter than its step: the rare long one is cut.
        contact = np.minimum(contact * scales.contact, (DUTY[1] + 0.015) * step)
        self.ic_s, self.left, self._step = ic[:n], even[:n], step[:n]
        self.to_s = self.ic_s + contact[:n]
        size = 1 + v.impact * noise[2][:n]
        own = bounded(rng.standard_normal((3, n)))
        self.vertical = Vertical(p, step[:n], contact[:n], size, v.impact * own)
        # How much later and how differently each pulse of a step comes.
        pulses = (*shapes.BRAKING, *shapes.SIDEWAYS, *shapes.LANDING[p.foot_strike])
        odd = bounded(rng.standard_normal((2, len(pulses), n)))
        late_s = 0.012 * v.impact * np.abs(odd[0])  # never before contact
        sizes = size * (1 + 0.8 * v.impact * odd[1])
        self._pulses = [
            (s, late_s[k], self._strength(s) * s.size_g * G * sizes[k] * (sign[:n] if s.by_side else 1.0))
            for k, s in enumerate(pulses)
        ]
        grown = growth_deg(self.ic_s) if growth_deg else (np.zeros(n), np.zeros(n))
        sizes = 1 + v.angles * np.stack([x[:n] for x in noise[3:6]])
        self._terms, table = self._table(n, sizes, grown, rng)
        self._spline = Spline(self.ic_s, np.concatenate(((np.arange(n) / 2)[:, None], table), axis=1))
        self._wander(start_s - 1.0, float(max(end_s, self.ic_s[-1])) + 2.0, rng)

    def _strength(self, pulse: shapes.Set) -> float:
        p = self.parameters
        if pulse in shapes.BRAKING:
            return p.braking
        return p.landing if pulse in shapes.LANDING[p.foot_strike] else p.own[1] * min(1.3, p.impact**0.5)

    def _moving(self, shape: Fourier, curve: int) -> shapes.Complex:
        """The motion (m) of this runner whose acceleration has this shape (g), which the ground balances."""
        p = self.parameters
        return p.displacement(shapes.grounded(p.shape(shapes.coefficients(shape), curve), p.duty))

    def _table(
        self, n: int, sizes: F64, grown: tuple[F64, F64], rng: np.random.Generator
    ) -> tuple[list[tuple[int, int]], F64]:
        """Which (curve, harmonic) there is, and the real and imaginary part of its coefficient at each step."""
        p, v, scales = self.parameters, self.variability, self.scales
        whole = shapes.styled(shapes.coefficients(shapes.OBLIQUITY), p.style, ROLL)
        half = shapes.level(shapes.warped(shapes.left_half(whole), p.duty))
        left = scales.left * (p.drop_left_deg * sizes[0] + grown[0])
        right = scales.right * (p.drop_right_deg * sizes[0] + grown[1])
        tilt = scales.tilt * p.tilt_rom_deg * sizes[1]
        turn = scales.turn * p.rotation_rom_deg * sizes[2]
        brake = p.own[0] * float(np.clip(p.speed_mps / 3.4, 0.5, 1.6) * np.exp(-2 * p.grade))
        # The pelvis moves the less against the centre of mass the less that itself moves.
        up = min(1.0, p.rise_g / REFERENCE_RISE_G) * self._moving(shapes.UP, UP)
        up[4:7] *= p.own[2]
        up[2] += scales.up * p.rise_m
        # It is lowest about mid stance, highest a quarter of a stride later.
        up[1] += scales.uneven_m * np.exp(-2j * np.pi * (lowest(p) + 0.375))
        motion: list[shapes.Complex] = [
            np.outer(np.ones(n), brake * self._moving(shapes.FORWARD, FORWARD)),
            np.outer(np.ones(n), self._moving(shapes.LEFT, LEFT)),
            np.outer(np.ones(n), up),
            np.outer(left, half) - np.outer(right, shapes.half_later(half)),
            np.outer(tilt, shapes.unit(p.shape(shapes.coefficients(shapes.TILT), TILT))),
            np.outer(turn, shapes.unit(p.shape(shapes.coefficients(shapes.ROTATION), TURN))),
        ]
        terms, columns = [], []
        for curve, c in enumerate(motion):
            for k in np.flatnonzero(np.abs(c).max(axis=0) > 0):
                now = c[:, k]
                if v.shape and k:
                    now = now * (
                        1 + v.shape * (bounded(correlated(n, v.alpha, rng)) + 1j * bounded(correlated(n, v.alpha, rng)))
                    )
                terms.append((curve, int(k)))
                columns += [now.real, now.imag]
        return terms, np.stack(columns, axis=1)

    def _wander(self, start_s: float, end_s: float, rng: np.random.Generator) -> None:
        p, v = self.parameters, self.variability
        self._aperiodic: Wander | None = None
        self._slow: Wander | None = None
        if v.residual:
            f = Wander.frequencies(start_s, end_s, _KNOTS_HZ)
            unit = np.array([G, G, G, 1.0, 1.0, 1.0])
            # The runner of the densities ran at 3.65 m/s; impacts and muscle work grow with speed, the frontal plane
            # moves as much as the hip gives way.
            give = float(np.clip((p.drop_left_deg + p.drop_right_deg) / 10.5, 0.3, 1.6))
            size = v.residual * unit * float(np.clip(p.speed_mps / 3.65, 0.5, 1.5)) ** 0.5
            size[ROLL] *= give
            density = np.stack([between(f, (shapes.RESIDUAL_HZ, row)) for row in shapes.RESIDUAL])
            density[3:] *= (2 * np.pi * f) ** 2
            self._aperiodic = Wander(start_s, end_s, _KNOTS_HZ, density * (size**2)[:, None], rng)
        if v.speed or v.posture_deg:
            f = Wander.frequencies(start_s, end_s, _SLOW_HZ)
            # 1/f between a cycle in two minutes and one in six seconds; speed through its integral, the position.
            pink = np.where((f > 1 / 120) & (f < 1 / 6), 1 / f, 0.0) / np.log(20.0)
            w4 = (2 * np.pi * f) ** 4
            lean = np.radians(v.posture_deg) ** 2 * pink * w4
            speed = (v.speed * p.speed_mps) ** 2 * pink * np.sqrt(w4)
            self._slow = Wander(start_s, end_s, _SLOW_HZ, np.stack((0.25 * lean, lean, 4 * lean, speed)), rng)

    def __call__(self, t: F64) -> Motion:
        """The motion at instants of the bout (n,), increasing or not."""
        i = np.clip(np.searchsorted(self.ic_s, t, side="right") - 1, 0, len(self.ic_s) - 1)
        made = [zero(len(t)) for _ in range(6)]
        phase, *coefficients = self._spline(t)
        turning: dict[int, tuple[Curve, Curve]] = {}
        for column, (curve, k) in enumerate(self._terms):
            real, imaginary = coefficients[2 * column : 2 * column + 2]
            if k not in turning:
                w = 2 * np.pi * k
                c, s = np.cos(w * phase.x), np.sin(w * phase.x)
                turning[k] = phase.of(c, -w * s, -w * w * c), phase.of(s, w * c, -w * w * s)
            made[curve] = made[curve] + real * turning[k][0] - imaginary * turning[k][1]
        if self._aperiodic is not None:
            swell = _ENVELOPE(phase)
            swell = Curve(1 + swell.x, swell.d1, swell.d2)
            for curve in range(6):
                made[curve] = made[curve] + swell * self._aperiodic(t, curve)
        if self._slow is not None:
            for curve, column in ((ROLL, 0), (TILT, 1), (TURN, 2), (FORWARD, 3)):
                made[curve] = made[curve] + self._slow(t, column)
        lean = made[TILT]
        made[TILT] = Curve(lean.x + np.radians(self.parameters.tilt_mean_deg), lean.d1, lean.d2)
        for pulse, late_s, size in self._pulses:
            made[pulse.curve] = made[pulse.curve] + self._felt(t, i, pulse, late_s, size)
        mass = self.vertical.height(t - self.ic_s[i], i)
        made[UP] = made[UP] + mass
        down = (t >= self.ic_s[i]) & (t < self.to_s[i])
        contact = np.where(down, np.where(self.left[i], 1, 2), 0).astype(np.int8)
        forward, left, up, roll, tilt, turn = made
        return Motion(forward, left, up, roll, tilt, turn, mass, contact)

    def _felt(self, t: F64, i: NDArray[np.intp], pulse: shapes.Set, late_s: F64, size: F64) -> Curve:
        """A pulse of this contact and of those before that can still be felt."""
        made = zero(len(t))
        for back in range(4):
            if back and pulse.pulse.spent(back * 0.9 * self.parameters.step_time_s):
                break
            j = i - back
            there = j >= 0
            j = np.maximum(j, 0)
            since = np.where(there, t - self.ic_s[j] - late_s[j], 0.0)
            made = made + pulse.pulse(since, size[j])
        return made


def lowest(p: GaitParameters) -> float:
    """Stride phase of the pelvis' lowest point in left stance."""
    return float((np.pi - np.angle(p.rise_m)) / (4 * np.pi)) % 0.5


@lru_cache(maxsize=256)
def calibrated(parameters: GaitParameters, variability: Variability) -> Scales:
    """Scales with which the means of the true metrics, variation included, are what was asked for.

    By repetition over a short bout with a fixed seed, without long memory so that its means settle.
    """
    from trendel.simulation.session import Session  # which knows this module
    from trendel.simulation.steps import true_steps

    p, v = parameters, replace(variability, alpha=0.5, speed=0.0, posture_deg=0.0)
    scales = Scales()
    want_up = p.oscillation_mm
    for turn in range(12):
        # Heights settle between steps only over many: first without variation, which hardly moves their mean.
        quiet = turn < 6
        length_s = (44 if quiet else 80) * p.step_time_s
        session = Session((("run", length_s),), p, Variability.none() if quiet else v, seed=5, scales=scales)
        steps = true_steps(session)
        left, right = (
            {name: float(np.nanmean(steps[name][steps["side"] == side])) for name in _CALIBRATED} for side in "LR"
        )
        both = {name: (left[name] + right[name]) / 2 for name in left}
        size_mm = both["vertical_oscillation_mm"]
        uneven = (
            left["vertical_oscillation_mm"] - right["vertical_oscillation_mm"]
        ) / 2 - p.oscillation_asymmetry * size_mm
        up = scales.up if want_up is None else scales.up + (want_up - size_mm) / 2000 / abs(p.rise_m)

        def towards(now: float, wanted: float, found: float) -> float:
            return now * float(np.clip(wanted / max(found, 1e-3), 0.4, 2.5))

        scales = Scales(
            towards(scales.left, p.drop_left_deg, left["pelvic_drop_deg"]),
            towards(scales.right, p.drop_right_deg, right["pelvic_drop_deg"]),
            towards(scales.tilt, p.tilt_rom_deg, both["tilt_rom_deg"]),
            towards(scales.turn, p.rotation_rom_deg, both["rotation_rom_deg"]),
            float(np.clip(up, -0.8, 0.8)) if quiet else scales.up,
            scales.uneven_m - uneven / 1000 / 1.41 if quiet else scales.uneven_m,
            towards(scales.contact, p.contact_time_ms, both["contact_time_ms"]),
        )
    return scales
