"""What is no running: standing, walking, jumping on the spot. Simple motions, right in size and rhythm."""

import numpy as np

from trendel.constants import STANDARD_GRAVITY_MPS2 as G
from trendel.simulation.curve import F64, Curve, Fourier, Pulse, Spline, zero
from trendel.simulation.running import Motion
from trendel.simulation.variability import bounded, correlated

WALK_SPEED_MPS = 1.4
_HEEL = Pulse(14.0, 60.0, 0.0)


class Standing:
    """On both feet, swaying by millimetres."""

    def __init__(self, start_s: float) -> None:
        self._start = start_s

    def __call__(self, t: F64) -> Motion:
        phase = Curve(0.35 * (t - self._start), np.full_like(t, 0.35), np.zeros_like(t))
        sway = Fourier(((1, 0.0015, 0.3),))(phase)
        none = zero(len(t))
        return Motion(sway, sway.scaled(0.7), none, none, none, none, none, np.full(len(t), 3, np.int8))


class Walking:
    """112 steps a minute, no flight: the pelvis rises over each foot by some 4 cm."""

    def __init__(self, start_s: float, end_s: float, rng: np.random.Generator, alpha: float = 0.8) -> None:
        n = int((end_s - start_s) * 2.2) + 8
        step = 60 / 112 * (1 + 0.02 * bounded(correlated(n, alpha, rng)))
        self.ic_s = start_s + np.concatenate(([0.0], np.cumsum(step)[:-1]))
        self._size = 1 + 0.1 * bounded(correlated(n, alpha, rng))
        self._spline = Spline(self.ic_s, np.stack((np.arange(n) / 2, self._size), axis=1))

    def __call__(self, t: F64) -> Motion:
        phase, size = self._spline(t)

        def shape(*terms: tuple[int, float, float]) -> Curve:
            return size * Fourier(terms)(phase)

        i = np.clip(np.searchsorted(self.ic_s, t, side="right") - 1, 0, len(self.ic_s) - 1)
        heel = _HEEL(np.maximum(t - self.ic_s[i], 0.0), 0.25 * G * self._size[i])
        mass = shape((2, 0.019, 2.6), (4, 0.002, 0.5))
        return Motion(
            forward=shape((2, 0.010, -0.5), (4, 0.002, 1.0)) - heel,
            left=shape((1, 0.020, -1.2), (3, 0.001, 0.4)),
            up=mass + heel,
            roll=shape((1, 0.055, -1.0), (3, 0.012, -2.0)),
            tilt=shape((2, 0.025, 1.0), (4, 0.005, 0.0)),
            turn=shape((1, 0.080, -1.8), (3, 0.010, 0.3)),
            mass=mass,
            contact=np.full(len(t), 3, np.int8),
        )


class Jumping:
    """Both feet, once in 0.95 s: a half-sine push of 0.55 s, then flight."""

    period_s, contact_s = 0.95, 0.55

    def __init__(self, start_s: float) -> None:
        self._start = start_s

    def __call__(self, t: F64) -> Motion:
        period, contact = self.period_s, self.contact_s
        since = t - self._start
        tau = since - period * np.floor(since / period)
        w, stance = np.pi / contact, tau < contact
        s, c = np.sin(w * tau), np.cos(w * tau)
        v0 = -G * (period - contact) / 2
        push_x = np.where(stance, period / 2 * (tau - s / w), period * (tau - contact / 2))
        push_v = np.where(stance, period / 2 * (1 - c), period)
        push_a = np.where(stance, period / 2 * w * s, 0.0)
        mass = Curve(v0 * tau - G * tau**2 / 2 + G * push_x, v0 - G * tau + G * push_v, G * (push_a - 1))
        none = zero(len(t))
        beat = Curve(since / period, np.full_like(t, 1 / period), np.zeros_like(t))
        lean = Fourier(((1, 0.12, 2.5),))(beat)
        return Motion(none, none, mass, none, lean, none, mass, np.where(stance, 3, 0).astype(np.int8))
