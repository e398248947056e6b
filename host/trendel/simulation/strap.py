"""How a clip moves against the pelvis: on its strap and the tissue under it, a mass on damped springs."""

from dataclasses import dataclass

import numpy as np

from trendel.constants import STANDARD_GRAVITY_MPS2 as G
from trendel.errors import ParameterError
from trendel.simulation.curve import F64

_ARM_M = 0.03  # from the axis about which the clip rocks to its sensor, upwards
_KNOT_S = 0.18  # how fast the hold of the strap changes: about once a step
# Which acceleration (forward, left, up) rocks the clip about which axis (roll, pitch, yaw).
_DRIVE = np.array([[0.0, 0.35, 0.1], [0.6, 0.15, 0.8], [0.15, 0.5, 0.1]])


@dataclass(frozen=True)
class Strap:
    """Two damped resonances: the clip bounces at `hz` and rocks at `rock_hz`; frequencies of 0 mean that it does not.

    `share` of the motion goes through the first; `rock_deg_per_g` is how far the clip leans for each g. `unsteady` is
    how much both vary from step to step (the standard deviation of the logarithm), as cloth and skin do.
    Raises ParameterError.
    """

    hz: float = 22.0
    damping: float = 0.3
    share: float = 0.6
    rock_hz: float = 15.0
    rock_damping: float = 0.25
    rock_deg_per_g: float = 0.25
    unsteady: float = 0.4

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1 or min(self.damping, self.rock_damping) <= 0 or min(self.hz, self.rock_hz) < 0:
            raise ParameterError("A strap needs a share of 0 to 1, damping above 0, frequencies of 0 or more.")
        if not 0 <= self.rock_deg_per_g <= 5 or not 0 <= self.unsteady <= 1.5:
            raise ParameterError("A strap's rock_deg_per_g must be 0 to 5, its unsteady 0 to 1.5.")

    def moves(self, acc: F64, gyr: F64, rate_hz: float, rng: np.random.Generator) -> tuple[F64, F64]:
        """What a sensor in the clip would read where one in the pelvis read (n, 3) m/s2 and (n, 3) rad/s."""
        if not (self.hz and self.share) and not (self.rock_hz and self.rock_deg_per_g):
            return acc, gyr
        n, pad = len(acc), int(rate_hz)
        knots = rng.standard_normal((2, int(n / rate_hz / _KNOT_S) + 3))
        at = np.arange(n) / (rate_hz * _KNOT_S)
        hold = [np.exp(self.unsteady * np.interp(at, np.arange(knots.shape[1]), k)) for k in knots]
        size = fast_length(n + 2 * pad)
        s = 2j * np.pi * np.fft.rfftfreq(size, 1 / rate_hz)

        def spectrum(values: F64) -> np.ndarray:
            still = np.zeros(size)
            still[:pad], still[pad : pad + n], still[pad + n :] = values[0], values, values[-1]
            return np.fft.rfft(still - values[0])

        def back(values: np.ndarray) -> F64:
            return np.asarray(np.fft.irfft(values, size)[pad : pad + n])

        acc_made, gyr_made = acc.copy(), gyr.copy()
        if self.hz and self.share:
            w, z = 2 * np.pi * self.hz, self.damping
            more = self.share * ((2 * z * w * s + w * w) / (s * s + 2 * z * w * s + w * w) - 1)
            for k in range(3):
                acc_made[:, k] += back(spectrum((acc[:, k] - acc[0, k]) * hold[0]) * more)
        if self.rock_hz and self.rock_deg_per_g:
            w, z = 2 * np.pi * self.rock_hz, self.rock_damping
            leans = np.radians(self.rock_deg_per_g) / G * w * w / (s * s + 2 * z * w * s + w * w)
            drive = acc - [0.0, 0.0, G]
            angle = np.empty_like(acc)
            for k in range(3):
                now = spectrum((drive @ _DRIVE[k]) * hold[1]) * leans
                angle[:, k] = back(now)
                gyr_made[:, k] += back(now * s)
                if k < 2:  # the arm is upwards: pitch moves it forward, roll to the right
                    acc_made[:, 1 - k] += (_ARM_M if k else -_ARM_M) * back(now * s * s)
            acc_made += np.cross(acc, angle)
        return acc_made, gyr_made


def fast_length(n: int) -> int:
    """A length of at least n whose only prime factors are 2, 3 and 5."""
    best = 1 << n.bit_length()
    five = 1
    while five < best:
        three = five
        while three < best:
            rest = -(-n // three)
            best = min(best, three << max(0, (rest - 1).bit_length()))
            three *= 3
        five *= 5
    return best
