"""Aperiodic motion: smooth noise of a given spectrum, with its derivatives; what no two strides have in common."""

import numpy as np
from numpy.typing import ArrayLike

from trendel.simulation.curve import F64, Curve


class Wander:
    """Noise as a uniform cubic B-spline, several curves at once, from `start_s` to `end_s`.

    `density(f)` gives for frequencies in Hz (n,) the one-sided power density of each curve's *second* derivative,
    (m, n) in its unit squared per Hz. It holds up to about 0.35 of `knots_hz`; above half of it there is nothing.
    The value is twice differentiable, its second derivative piecewise linear.
    """

    def __init__(self, start_s: float, end_s: float, knots_hz: float, density: ArrayLike, rng: np.random.Generator):
        """`density` is given at the frequencies `frequencies(...)` returns, (m, n)."""
        wanted = np.atleast_2d(np.asarray(density, np.float64))
        whole = _length(start_s, end_s, knots_hz)
        f = np.fft.rfftfreq(whole, 1 / knots_hz)[1:]
        # Second differences of the coefficients are the second derivative at the knots; straight lines between them
        # weigh it by sinc^2.
        step = (2 - 2 * np.cos(2 * np.pi * f / knots_hz)) * knots_hz**2 * np.sinc(f / knots_hz) ** 2
        size = np.sqrt(wanted * knots_hz * whole / 4) / step
        noise = rng.standard_normal((2, *wanted.shape))
        spectrum = np.zeros((len(wanted), whole // 2 + 1), complex)
        spectrum[:, 1:] = size * (noise[0] + 1j * noise[1])
        n = int(np.ceil((end_s - start_s) * knots_hz)) + 5
        self._start, self._hz = start_s, knots_hz
        self._c = np.ascontiguousarray(np.fft.irfft(spectrum, whole, axis=1)[:, :n])

    @staticmethod
    def frequencies(start_s: float, end_s: float, knots_hz: float) -> F64:
        """Where the density is asked for, Hz, (n,)."""
        return np.asarray(np.fft.rfftfreq(_length(start_s, end_s, knots_hz), 1 / knots_hz)[1:], np.float64)

    def __call__(self, t: F64, column: int) -> Curve:
        """Curve number `column` at `t`; beyond the ends it goes on with the outermost piece."""
        c, hz = self._c[column], self._hz
        at = (t - self._start) * hz
        i = np.clip(np.floor(at).astype(np.intp), 0, len(c) - 4)
        u = at - i
        v = 1 - u
        a, b, d, e = c[i], c[i + 1], c[i + 2], c[i + 3]
        return Curve(
            (a * v**3 + b * (4 - 6 * u**2 + 3 * u**3) + d * (4 - 6 * v**2 + 3 * v**3) + e * u**3) / 6,
            (-a * v**2 + b * (3 * u**2 - 4 * u) + d * (4 * v - 3 * v**2) + e * u**2) * (hz / 2),
            (a * v + b * (3 * u - 2) + d * (3 * v - 2) + e * u) * hz**2,
        )


def _length(start_s: float, end_s: float, knots_hz: float) -> int:
    """Coefficients that are made: a power of two, more than are used, so that the ends are not tied."""
    return 1 << int(np.ceil((end_s - start_s) * knots_hz * 1.1) + 16).bit_length()


def between(f: F64, table: tuple[tuple[float, ...], tuple[float, ...]]) -> F64:
    """A density from a table (Hz, log10 of the density): straight lines on log scales, nothing outside."""
    made = 10.0 ** np.interp(np.log(f), np.log(table[0]), table[1])
    made[(f < 0.7 * table[0][0]) | (f > table[0][-1])] = 0.0
    return made
