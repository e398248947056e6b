"""The centre of mass over the steps of a bout: moved by the vertical ground force, which is zero in flight.

Each step's impulse is what makes the next contact happen at the height of this one, so that over the bout the mean
force is one body weight: v(i+1) = (g T (mc - T/2) - v(i) mc) / (T - mc), with T the step time and mc the centre of the
force in time after contact.
"""

import numpy as np
from numpy.typing import NDArray

from trendel.constants import STANDARD_GRAVITY_MPS2 as G
from trendel.simulation import shapes
from trendel.simulation.curve import F64, Curve
from trendel.simulation.gait import GaitParameters


class Vertical:
    """Forces of n steps: `step_s`, `contact_s` (n,), `impact` (n,) times the usual impact, `odd` (3, n) what varies
    of itself in the share, length and skew of the force."""

    def __init__(self, parameters: GaitParameters, step_s: F64, contact_s: F64, impact: F64, odd: F64) -> None:
        t = step_s
        self._contact = contact_s
        self._share = np.clip(parameters.impact_share * impact * (1 + odd[0]), 0.0, 0.18)
        self._length = np.minimum(parameters.impact_length_s * (1 + 0.4 * odd[1]), 0.45 * contact_s)
        self._shape = shapes.stance_coefficients(0.15 * odd[2], parameters.grade)
        beta, w = self._share, self._length
        mc = (1 - beta) * shapes.stance_centre(self._shape) * contact_s + beta * w / 2
        v = np.empty(len(t) + 1)
        # What repeats when every step is like the last two; a step alone would never settle if they differ.
        v[0] = -G * (t[0] / 2 - mc[0])
        for i in range(len(t)):
            v[i + 1] = (G * t[i] * (mc[i] - t[i] / 2) - v[i] * mc[i]) / (t[i] - mc[i])
        self._v, self._impulse = v[:-1], t + np.diff(v) / G

    def height(self, tau: F64, i: NDArray[np.intp]) -> Curve:
        """Height of the centre of mass (m) at `tau` seconds after contact of step `i`, (n,) each."""
        c, w, beta, impulse, v = self._contact[i], self._length[i], self._share[i], self._impulse[i], self._v[i]
        f, once, twice = shapes.stance_force(tau / c, self._shape[i])
        h, h1, h2 = shapes.impact_force(tau / w)
        force = impulse * ((1 - beta) * f / c + beta * h / w)
        push_v = impulse * ((1 - beta) * once + beta * h1)
        push_x = impulse * ((1 - beta) * twice * c + beta * h2 * w)
        return Curve(v * tau + G * (push_x - tau**2 / 2), v + G * (push_v - tau), G * (force - 1))
