"""Functions of time with their first two derivatives: sums, products, Fourier series, pulses, ramps, splines.

Everything the simulated runner does is made of these, so that rates and accelerations are analytic, not differences.
All are twice continuously differentiable in time, except that a pulse starts with a kink in its acceleration.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Curve:
    """A function on some instants: value, first and second derivative to time, each (n,)."""

    x: F64
    d1: F64
    d2: F64

    def __add__(self, other: "Curve") -> "Curve":
        return Curve(self.x + other.x, self.d1 + other.d1, self.d2 + other.d2)

    def __sub__(self, other: "Curve") -> "Curve":
        return Curve(self.x - other.x, self.d1 - other.d1, self.d2 - other.d2)

    def __mul__(self, other: "Curve") -> "Curve":
        return Curve(
            self.x * other.x,
            self.d1 * other.x + self.x * other.d1,
            self.d2 * other.x + 2 * self.d1 * other.d1 + self.x * other.d2,
        )

    def scaled(self, k: float) -> "Curve":
        return Curve(k * self.x, k * self.d1, k * self.d2)

    def of(self, f: F64, df: F64, ddf: F64) -> "Curve":
        """f(this), from f and its derivatives at this curve's values (chain rule)."""
        return Curve(f, df * self.d1, ddf * self.d1**2 + df * self.d2)


def zero(n: int) -> Curve:
    """The curve that is 0 at `n` instants."""
    return Curve(np.zeros(n), np.zeros(n), np.zeros(n))


@dataclass(frozen=True)
class Fourier:
    """sum of amplitude cos(2 pi k phase + angle) over (k, amplitude, angle in rad)."""

    terms: tuple[tuple[int, float, float], ...]

    def __call__(self, phase: Curve) -> Curve:
        f, df, ddf = np.zeros_like(phase.x), np.zeros_like(phase.x), np.zeros_like(phase.x)
        for k, amplitude, angle in self.terms:
            w = 2 * np.pi * k
            c, s = amplitude * np.cos(w * phase.x + angle), amplitude * np.sin(w * phase.x + angle)
            f += c
            df -= w * s
            ddf -= w * w * c
        return phase.of(f, df, ddf)


@dataclass(frozen=True)
class Pulse:
    """A damped oscillation after an event: displacement Im(u^3 exp((2 pi i f - decay) u + i angle)), u after the event.

    Its acceleration starts from zero with a slope: the sudden onset that soft tissue and a braking foot give. It is
    scaled by its largest acceleration; it leaves neither velocity nor displacement behind.
    """

    frequency_hz: float
    decay_per_s: float
    angle_rad: float
    delay_s: float = 0.0

    def __call__(self, since_s: F64, amplitude_mps2: F64) -> Curve:
        u = np.maximum(since_s - self.delay_s, 0.0)
        k = complex(-self.decay_per_s, 2 * np.pi * self.frequency_hz)
        turning = np.exp(k * u + 1j * self.angle_rad) * (amplitude_mps2 / self._peak)
        return Curve(
            (turning * u**3).imag,
            (turning * (3 * u**2 + k * u**3)).imag,
            (turning * (6 * u + 6 * k * u**2 + k * k * u**3)).imag,
        )

    def spent(self, after_s: float) -> bool:
        """Whether what is left this long after the event is below a hundred-thousandth of its largest."""
        u = max(after_s - self.delay_s, 0.0)
        rate = abs(complex(-self.decay_per_s, 2 * np.pi * self.frequency_hz))
        left = (6 * u + 6 * rate * u**2 + rate**2 * u**3) * np.exp(-self.decay_per_s * u)
        return u > 0 and left < 1e-5 * self._peak

    @cached_property
    def _peak(self) -> float:
        u = np.linspace(0.0, 0.4, 1600)
        k = complex(-self.decay_per_s, 2 * np.pi * self.frequency_hz)
        shape = (6 * u + 6 * k * u**2 + k * k * u**3) * np.exp(k * u + 1j * self.angle_rad)
        return float(np.abs(shape.imag).max())


def rise(t: F64, start_s: float, length_s: float) -> Curve:
    """0 before `start_s`, 1 after `length_s` more, a quintic between."""
    u = np.clip((t - start_s) / length_s, 0.0, 1.0)
    return Curve(
        u**3 * (10 - 15 * u + 6 * u**2),
        30 * u**2 * (1 - u) ** 2 / length_s,
        60 * u * (1 - u) * (1 - 2 * u) / length_s**2,
    )


class Spline:
    """Natural cubic splines through (knots,) times and (knots, m) values: m curves at once.

    Beyond the first and last knot the outer polynomials go on. Raises ValueError for fewer than three knots or times
    that do not increase.
    """

    def __init__(self, t_s: F64, values: ArrayLike) -> None:
        y = np.asarray(values, np.float64)
        y = y[:, None] if y.ndim == 1 else y
        h = np.diff(t_s)
        if len(t_s) < 3 or len(y) != len(t_s) or not (h > 0).all():
            raise ValueError("a spline needs three or more increasing times, and a value for each.")
        slope = np.diff(y, axis=0) / h[:, None]
        right = 6 * np.diff(slope, axis=0)
        # Thomas' algorithm for the second derivatives; the ends are zero.
        diagonal, over = (2 * (h[:-1] + h[1:])).tolist(), h[1:-1].tolist()
        for i in range(1, len(diagonal)):
            w = over[i - 1] / diagonal[i - 1]
            diagonal[i] -= w * over[i - 1]
            right[i] -= w * right[i - 1]
        bend = np.zeros_like(y)
        for i in range(len(diagonal) - 1, -1, -1):
            above = over[i] * bend[i + 2] if i < len(over) else 0.0
            bend[i + 1] = (right[i] - above) / diagonal[i]
        self._t = t_s
        # One row a column: each is gathered by itself.
        self._y, self._bend = np.ascontiguousarray(y.T), np.ascontiguousarray(bend.T)
        self._slope = np.ascontiguousarray((slope - h[:, None] * (2 * bend[:-1] + bend[1:]) / 6).T)
        self._third = np.ascontiguousarray((np.diff(bend, axis=0) / h[:, None]).T)

    def piece(self, t: F64) -> NDArray[np.intp]:
        """Which piece each instant is in, (n,)."""
        return np.clip(np.searchsorted(self._t, t, side="right") - 1, 0, len(self._t) - 2)

    def __call__(self, t: F64, columns: Sequence[int] | None = None) -> list[Curve]:
        """The curves (or those named by number) at `t`."""
        i = self.piece(t)
        u = t - self._t[i]
        made = []
        for k in range(len(self._y)) if columns is None else columns:
            y, a, b, c = self._y[k][i], self._slope[k][i], self._bend[k][i], self._third[k][i]
            made.append(
                Curve(
                    y + u * (a + u * (b / 2 + u * c / 6)),
                    a + u * (b + u * c / 2),
                    b + u * c,
                )
            )
        return made
