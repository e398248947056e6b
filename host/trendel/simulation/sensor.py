"""A sensor on a strap: what a real IMU makes of the specific force and angular rate of the pelvis. Seeded."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trendel.constants import STANDARD_GRAVITY_MPS2 as G
from trendel.errors import ParameterError
from trendel.simulation.curve import F64

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class SensorModel:
    """A consumer IMU. `ideal()` has no fault at all."""

    rate_hz: float = 208.0
    rate_error: float = 0.01  # the true rate is rate_hz (1 + rate_error)
    rate_drift: float = 0.002  # and changes by this much more as it warms
    mounting_rotvec_deg: Triple = (8.0, -85.0, 12.0)  # R_pelvis_from_sensor
    acc_noise_mps2: float = 0.02  # one sigma of a sample and axis
    gyr_noise_radps: float = 0.0015
    acc_bias_mps2: Triple = (0.15, -0.10, 0.20)
    gyr_bias_radps: Triple = (0.008, -0.005, 0.004)
    acc_scale: Triple = (1.004, 0.997, 1.006)
    gyr_scale: Triple = (1.003, 0.996, 1.002)
    warming_k: float = 8.0  # from the start to the end of warming
    warming_time_s: float = 400.0
    acc_drift_mps2_per_k: float = 0.003
    gyr_drift_radps_per_k: float = 0.0002
    range_g: float = 16.0
    range_dps: float = 2000.0
    bits: int = 16  # 0: not quantised, not limited
    strap_hz: float = 22.0  # resonance of clip, strap and soft tissue; 0: fixed to the bone
    strap_damping: float = 0.35
    strap_share: float = 0.35  # how much of the motion goes through it
    nominal_stamps: bool = False  # time stamps by the sensor's own count and rate_hz, instead of the true times
    seed: int = 0

    def __post_init__(self) -> None:
        if not 20 <= self.rate_hz <= 4000 or not abs(self.rate_error) + abs(self.rate_drift) <= 0.1:
            raise ParameterError("the rate must be 20 to 4000 Hz, its error and drift together within 10 %.")
        if not 0 <= self.strap_share <= 1 or self.strap_damping <= 0 or self.strap_hz < 0:
            raise ParameterError("strap_share must be 0 to 1, strap_damping above 0, strap_hz not negative.")

    @classmethod
    def ideal(cls, rate_hz: float = 208.0, mounting_rotvec_deg: Triple = (0.0, 0.0, 0.0)) -> "SensorModel":
        """A sensor without any fault."""
        none, one = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
        return cls(rate_hz, 0.0, 0.0, mounting_rotvec_deg, 0.0, 0.0, none, none, one, one, 0.0, bits=0, strap_hz=0.0)

    @property
    def r_pelvis_from_sensor(self) -> F64:
        """(3, 3), by Rodrigues' formula."""
        rotvec = np.radians(self.mounting_rotvec_deg)
        angle = float(np.linalg.norm(rotvec))
        if angle == 0.0:
            return np.eye(3)
        x, y, z = rotvec / angle
        k = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
        return np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * (k @ k)

    def sample_times(self, length_s: float) -> tuple[F64, F64]:
        """True times of the samples in `length_s`, and the stamps the recording gives them; (n,) each.

        Raises ParameterError where there would be no sample.
        """
        n = int(length_s * self.rate_hz * 1.11) + 2
        nominal = np.arange(n) / self.rate_hz
        # Each interval is 1 / rate; its drift follows the temperature.
        slow = self.rate_error + self.rate_drift * (1 - np.exp(-nominal / self.warming_time_s))
        true = np.concatenate(([0.0], np.cumsum(1 / (self.rate_hz * (1 + slow[:-1])))))
        n = int(np.searchsorted(true, length_s))
        if n < 2:
            raise ParameterError(f"{length_s:g} s are too short for a recording.")
        return true[:n], (nominal if self.nominal_stamps else true)[:n]

    def measure(
        self, t_s: F64, acc_pelvis_mps2: F64, gyr_pelvis_radps: F64
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """What is recorded at true times (n,) for an ideal sensor's (n, 3) and (n, 3) in the pelvis frame."""
        rng = np.random.default_rng(self.seed)
        turn = self.r_pelvis_from_sensor
        warm = self.warming_k * (1 - np.exp(-t_s / self.warming_time_s))[:, None]
        made = []
        for values, noise, bias, scale, drift, limit in (
            (acc_pelvis_mps2, self.acc_noise_mps2, self.acc_bias_mps2, self.acc_scale, self.acc_drift_mps2_per_k,
             self.range_g * G),
            (gyr_pelvis_radps, self.gyr_noise_radps, self.gyr_bias_radps, self.gyr_scale, self.gyr_drift_radps_per_k,
             np.radians(self.range_dps)),
        ):  # fmt: skip
            read = self._through_strap(values) @ turn
            read = read * np.asarray(scale) + np.asarray(bias) + drift * warm * np.array([1.0, -0.6, 0.8])
            if noise:
                read += rng.normal(0.0, noise, read.shape)
            if self.bits:
                count = float(1 << (self.bits - 1))
                read = np.clip(np.round(read / limit * count), -count, count - 1) * (limit / count)
            made.append(np.ascontiguousarray(read, dtype=np.float32))
        return made[0], made[1]

    def _through_strap(self, values: F64) -> F64:
        """Part of the motion goes through a damped resonance (2 z w s + w^2) / (s^2 + 2 z w s + w^2)."""
        if not self.strap_hz or not self.strap_share:
            return values
        n, pad = len(values), int(self.rate_hz)
        still = np.concatenate((np.repeat(values[:1], pad, 0), values, np.repeat(values[-1:], pad, 0)))
        size = _fast_length(len(still))
        s = 2j * np.pi * np.fft.rfftfreq(size, 1 / self.rate_hz)
        w, z = 2 * np.pi * self.strap_hz, self.strap_damping
        response = (2 * z * w * s + w * w) / (s * s + 2 * z * w * s + w * w)
        mixed = 1 + self.strap_share * (response - 1)
        made = np.empty_like(values)
        for k in range(3):
            about = still[0, k]
            made[:, k] = np.fft.irfft(np.fft.rfft(still[:, k] - about, size) * mixed, size)[pad : pad + n] + about
        return made


def _fast_length(n: int) -> int:
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
