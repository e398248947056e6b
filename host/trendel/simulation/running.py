"""One bout of running as a function of time: every step its own, vertical from forces, the rest from shapes in phase.

Mechanics: the centre of mass is accelerated by F - 1 body weights. Force is zero in flight. Each step's impulse is what
makes the next contact happen at the height of this one, so that over the bout the mean force is one body weight.
Then v(i+1) = (g T (mc - T/2) - v(i) mc) / (T - mc), with T the step time and mc the centre of the force in time.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trendel.constants import STANDARD_GRAVITY_MPS2 as G
from trendel.simulation import gait
from trendel.simulation.curve import F64, Curve, Pulse, Spline, zero
from trendel.simulation.gait import GaitParameters
from trendel.simulation.variability import bounded, correlated

_BEFORE = 3  # contacts whose pulses can still be felt
_ONE_SIDED = gait.left_half()


@dataclass(frozen=True)
class Variability:
    """Standard deviations from step to step, as shares of the mean (0.02 is 2 %), and their DFA exponent."""

    alpha: float = 0.8
    step_time: float = 0.012
    contact_time: float = 0.018
    angles: float = 0.07
    impact: float = 0.15


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


class RunningBout:
    """Steps from `start_s` until `end_s`, the first a left one; `drop_growth_deg(t)` adds to the drop of each side.

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
    ) -> None:
        self.parameters = p = parameters
        v = variability or Variability()
        n = int(np.ceil((end_s - start_s) / p.step_time_s * 1.1)) + 8
        noise = [bounded(correlated(n, v.alpha, rng)) for _ in range(6)]
        even = np.arange(n) % 2 == 0
        step = p.step_time_s * (1 + v.step_time * noise[0]) * (1 + np.where(even, 1, -1) * p.step_time_asymmetry)
        ic = start_s + np.concatenate(([0.0], np.cumsum(step)[:-1]))
        n = max(4, int(np.searchsorted(ic, end_s)) + 1)
        # A contact stays shorter than its step: the rare long one is cut.
        contact = np.minimum(p.contact_time_s * (1 + v.contact_time * noise[1]), 0.985 * step)
        self.ic_s, self.left, self._step, self._contact = ic[:n], even[:n], step[:n], contact[:n]
        self.to_s = self.ic_s + self._contact
        self._impact = np.clip(p.impact_share * (1 + v.impact * noise[2][:n]), 0.0, 0.2)
        self._size = 1 + v.impact * noise[2][:n]
        self._jump()
        size = self._drop_scale()
        sizes = [1 + v.angles * x[:n] for x in noise[3:6]]
        grown = growth_deg(self.ic_s) if growth_deg else (np.zeros(n), np.zeros(n))
        left = size[0] * (p.drop_left_deg * sizes[0] + grown[0])
        right = size[1] * (p.drop_right_deg * sizes[0] + grown[1])
        columns = np.stack((np.arange(n) / 2, left, right, np.radians(p.tilt_rom_deg) * sizes[1],
                            np.radians(p.rotation_rom_deg) * sizes[2]), axis=1)  # fmt: skip
        self._spline = Spline(self.ic_s, columns)

    def _jump(self) -> None:
        """Vertical speed at each contact, and the impulse of each step (body weight seconds)."""
        t, beta = self._step, self._impact
        centre = gait.stance_force(np.ones(1))[2][0]  # double integral at 1: 1 - centre of area
        self._w = np.full_like(t, self.parameters.impact_length_s)
        mc = (1 - beta) * (1 - centre) * self._contact + beta * self._w / 2
        v = np.empty(len(t) + 1)
        v[0] = -G * (t[0] / 2 - mc[0])  # what repeats when every step is like the first
        for i in range(len(t)):
            v[i + 1] = (G * t[i] * (mc[i] - t[i] / 2) - v[i] * mc[i]) / (t[i] - mc[i])
        self._v, self._impulse = v[:-1], t + np.diff(v) / G

    def _drop_scale(self) -> tuple[float, float]:
        """Radians of each one-sided shape for a degree of drop, as `pelvic_drop_deg` is defined."""
        p = self.parameters
        half = _ONE_SIDED.shifted(p.phase_shift)
        phase = np.linspace(0.0, p.contact_time_s / p.step_time_s / 2, 400)
        tilt = gait.unit(gait.TILT).shifted(p.phase_shift)
        scale = np.radians(1.0) * np.ones(2)
        wanted = np.array([p.drop_left_deg, p.drop_right_deg])
        for _ in range(30):
            found = np.empty(2)
            for side in (0, 1):
                at = phase + side / 2
                roll = scale[0] * wanted[0] * half.values(at) - scale[1] * wanted[1] * half.values(at + 0.5)
                lean = np.radians(p.tilt_mean_deg) + np.radians(p.tilt_rom_deg) * tilt.values(at)
                angle = np.degrees(np.arcsin(np.sin(roll) * np.cos(lean))) * (1 - 2 * side)
                found[side] = angle.max() - angle[0]
            scale *= np.clip(wanted / np.maximum(found, 1e-6), 0.3, 3.0)
        return float(scale[0]), float(scale[1])

    def __call__(self, t: F64) -> Motion:
        """The motion at instants of the bout (n,), increasing or not."""
        p = self.parameters
        i = np.clip(np.searchsorted(self.ic_s, t, side="right") - 1, 0, len(self.ic_s) - 1)
        phase, left, right, tilt_rom, turn_rom = self._spline(t)
        half, shift = _ONE_SIDED.shifted(p.phase_shift), p.phase_shift
        roll = left * half(phase) - right * half.shifted(0.5)(phase)
        tilt = tilt_rom * gait.unit(gait.TILT).shifted(shift)(phase)
        tilt = Curve(tilt.x + np.radians(p.tilt_mean_deg), tilt.d1, tilt.d2)
        turn = turn_rom * gait.unit(gait.ROTATION).shifted(shift)(phase)
        mass, contact = self._centre_of_mass(t, i)
        brake = np.clip(p.speed_mps / 3.4, 0.5, 1.6)
        up = mass + p.displacement(gait.UP)(phase) + self._pulses(t, i, gait.UP_PULSES, False)
        onset = gait.FOOT_STRIKES[p.foot_strike][2] * (1 - 3 * p.grade)
        forward = p.displacement(gait.FORWARD, brake)(phase) + self._pulses(t, i, gait.FORWARD_PULSES, False).scaled(
            brake * onset
        )
        sideways = p.displacement(gait.LEFT)(phase) + self._pulses(t, i, gait.LEFT_PULSES, True)
        return Motion(forward, sideways, up, roll, tilt, turn, mass, contact)

    def _centre_of_mass(self, t: F64, i: NDArray[np.intp]) -> tuple[Curve, NDArray[np.int8]]:
        tau = t - self.ic_s[i]
        c, w, beta, impulse, v = self._contact[i], self._w[i], self._impact[i], self._impulse[i], self._v[i]
        f, once, twice = gait.stance_force(tau / c)
        h, h1, h2 = gait.impact_force(tau / w)
        force = impulse * ((1 - beta) * f / c + beta * h / w)
        push_v = impulse * ((1 - beta) * once + beta * h1)
        push_x = impulse * ((1 - beta) * twice * c + beta * h2 * w)
        height = Curve(v * tau + G * (push_x - tau**2 / 2), v + G * (push_v - tau), G * (force - 1))
        down = (tau >= 0) & (tau < c)
        return height, np.where(down, np.where(self.left[i], 1, 2), 0).astype(np.int8)

    def _pulses(self, t: F64, i: NDArray[np.intp], pulses: tuple[tuple[float, Pulse], ...], by_side: bool) -> Curve:
        made = zero(len(t))
        sign = np.where(self.left, 1.0, -1.0) if by_side else np.ones(len(self.left))
        size = self._size * sign * G
        for back in range(_BEFORE + 1):
            j = i - back
            there = j >= 0
            j = np.maximum(j, 0)
            since = np.where(there, t - self.ic_s[j], 0.0)
            for amplitude, pulse in pulses:
                made = made + pulse(since, amplitude * size[j])
        return made
