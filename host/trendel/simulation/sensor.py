"""A sensor on a strap: what a real IMU makes of the specific force and angular rate of the pelvis. Seeded."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trendel.constants import STANDARD_GRAVITY_MPS2 as G
from trendel.errors import ParameterError
from trendel.simulation.curve import F64
from trendel.simulation.strap import Strap

Triple = tuple[float, float, float]
_SLIP_S = 0.4  # a clip that slips takes this long


@dataclass(frozen=True)
class SensorModel:
    """A consumer IMU in a clip. `ideal()` has no fault at all. Raises ParameterError for what cannot be."""

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
    strap_hz: float = 22.0  # see Strap; 0: fixed to the bone
    strap_damping: float = 0.35
    strap_share: float = 0.5
    nominal_stamps: bool = False  # time stamps by the sensor's own count and rate_hz, instead of the true times
    seed: int = 0
    rock_hz: float = 15.0
    rock_damping: float = 0.25
    rock_deg_per_g: float = 0.25
    strap_unsteady: float = 0.4
    cross_axis: float = 0.005  # size of what each axis reads of the others
    slip_s: float | None = None  # when the clip slips, and by how much
    slip_rotvec_deg: Triple = (0.0, 12.0, 0.0)  # in the pelvis frame
    lost_share: float = 0.0  # share of samples that never arrive
    lost_run: float = 12.0  # in runs of this mean length

    def __post_init__(self) -> None:
        if not 20 <= self.rate_hz <= 4000 or not abs(self.rate_error) + abs(self.rate_drift) <= 0.1:
            raise ParameterError("the rate must be 20 to 4000 Hz, its error and drift together within 10 %.")
        if not 0 <= self.lost_share <= 0.5 or not 1 <= self.lost_run <= 5000:
            raise ParameterError("lost samples must be at most half, in runs of 1 to 5000.")
        if min(self.acc_noise_mps2, self.gyr_noise_radps) < 0 or not 0 <= self.cross_axis <= 0.1:
            raise ParameterError("noise must not be negative, cross_axis must be 0 to 0.1.")
        if self.bits and not 8 <= self.bits <= 24:
            raise ParameterError(f"bits must be 8 to 24, or 0 for none; it is {self.bits}.")
        if self.range_g <= 1 or self.range_dps <= 0 or self.warming_time_s <= 0:
            raise ParameterError("range_g must be above 1, range_dps and warming_time_s above 0.")
        _ = self.strap

    @classmethod
    def ideal(cls, rate_hz: float = 208.0, mounting_rotvec_deg: Triple = (0.0, 0.0, 0.0)) -> "SensorModel":
        """A sensor without any fault."""
        none, one = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
        return cls(rate_hz, 0.0, 0.0, mounting_rotvec_deg, 0.0, 0.0, none, none, one, one, 0.0, bits=0, strap_hz=0.0,
                   rock_deg_per_g=0.0, cross_axis=0.0)  # fmt: skip

    @classmethod
    def random(cls, seed: int, rate_hz: float = 208.0) -> "SensorModel":
        """A consumer IMU (biases of tens of mg and half a degree a second, scales within a percent) anyhow mounted,
        on a strap of any kind between firm and loose."""
        rng = np.random.default_rng([seed, 78])

        def three(mean: float, sd: float) -> Triple:
            x, y, z = np.clip(rng.normal(mean, sd, 3), mean - 2.5 * sd, mean + 2.5 * sd).tolist()
            return x, y, z

        return cls(
            rate_hz, float(rng.uniform(-0.03, 0.03)), float(rng.uniform(-0.003, 0.003)), random_mounting_deg(seed),
            float(rng.uniform(0.01, 0.04)), float(rng.uniform(0.0008, 0.003)), three(0.0, 0.2), three(0.0, 0.007),
            three(1.0, 0.005), three(1.0, 0.004), strap_hz=float(rng.uniform(14.0, 28.0)),
            strap_damping=float(rng.uniform(0.2, 0.5)), strap_share=float(rng.uniform(0.2, 0.8)), seed=seed,
            rock_hz=float(rng.uniform(9.0, 20.0)), rock_damping=float(rng.uniform(0.15, 0.4)),
            rock_deg_per_g=float(np.clip(np.exp(rng.normal(-1.2, 0.6)), 0.05, 1.5)),
            strap_unsteady=float(rng.uniform(0.25, 0.55)),
        )  # fmt: skip

    @property
    def strap(self) -> Strap:
        return Strap(self.strap_hz, self.strap_damping, self.strap_share, self.rock_hz, self.rock_damping,
                     self.rock_deg_per_g, self.strap_unsteady)  # fmt: skip

    @property
    def r_pelvis_from_sensor(self) -> F64:
        """(3, 3), by Rodrigues' formula."""
        return rotation(np.radians(self.mounting_rotvec_deg))

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

    def arrived(self, n: int) -> NDArray[np.bool_]:
        """(n,) which samples arrive; the first and the last always do."""
        here = np.ones(n, bool)
        if not self.lost_share:
            return here
        rng = np.random.default_rng([self.seed, 3])
        gaps = max(1, round(n * self.lost_share / self.lost_run))
        starts = rng.integers(1, max(2, n - 1), gaps)
        for start, length in zip(starts, rng.geometric(1 / self.lost_run, gaps), strict=True):
            here[start : start + length] = False
        here[0] = here[-1] = True
        return here

    def measure(
        self, t_s: F64, acc_pelvis_mps2: F64, gyr_pelvis_radps: F64
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """What is recorded at true times (n,) for an ideal sensor's (n, 3) and (n, 3) in the pelvis frame."""
        rng = np.random.default_rng(self.seed)
        acc, gyr = self.strap.moves(
            acc_pelvis_mps2, gyr_pelvis_radps, self.rate_hz, np.random.default_rng([self.seed, 2])
        )
        acc, gyr = self._slipped(t_s, acc, gyr)
        warm = self.warming_k * (1 - np.exp(-t_s / self.warming_time_s))[:, None]
        made = []
        for number, values, noise, bias, scale, drift, limit in (
            (4, acc, self.acc_noise_mps2, self.acc_bias_mps2, self.acc_scale, self.acc_drift_mps2_per_k,
             self.range_g * G),
            (5, gyr, self.gyr_noise_radps, self.gyr_bias_radps, self.gyr_scale, self.gyr_drift_radps_per_k,
             np.radians(self.range_dps)),
        ):  # fmt: skip
            cross = self.cross_axis * np.random.default_rng([self.seed, number]).uniform(-1, 1, (3, 3))
            np.fill_diagonal(cross, scale)
            read = values @ (self.r_pelvis_from_sensor @ cross)
            read += np.asarray(bias) + drift * warm * np.array([1.0, -0.6, 0.8])
            if noise:
                read += rng.normal(0.0, noise, read.shape)
            if self.bits:
                count = float(1 << (self.bits - 1))
                read = np.clip(np.round(read / limit * count), -count, count - 1) * (limit / count)
            made.append(np.ascontiguousarray(read, dtype=np.float32))
        return made[0], made[1]

    def _slipped(self, t: F64, acc: F64, gyr: F64) -> tuple[F64, F64]:
        """The clip turns once against the pelvis, about a fixed axis."""
        if self.slip_s is None:
            return acc, gyr
        whole = np.radians(self.slip_rotvec_deg)
        u = np.clip((t - self.slip_s) / _SLIP_S, 0.0, 1.0)
        share, speed = u * u * (3 - 2 * u), 6 * u * (1 - u) / _SLIP_S
        turned_acc, turned_gyr = acc @ rotation(whole), gyr @ rotation(whole)
        during = np.flatnonzero((u > 0) & (u < 1))
        late = (u >= 1)[:, None]
        acc, gyr = np.where(late, turned_acc, acc), np.where(late, turned_gyr, gyr)
        for i in during:
            turn = rotation(share[i] * whole)
            acc[i], gyr[i] = acc[i] @ turn, gyr[i] @ turn + speed[i] * whole
        return acc, gyr


def rotation(rotvec: F64) -> F64:
    """(3, 3) rotation by a vector (rad), by Rodrigues' formula."""
    angle = float(np.linalg.norm(rotvec))
    if angle == 0.0:
        return np.eye(3)
    x, y, z = rotvec / angle
    k = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * (k @ k)


def random_mounting_deg(seed: int) -> Triple:
    """Any mounting, all orientations alike likely: R_pelvis_from_sensor as a rotation vector in degrees."""
    q = np.random.default_rng([seed, 79]).standard_normal(4)
    q /= np.linalg.norm(q) * (1.0 if q[0] >= 0 else -1.0)
    half = float(np.arccos(np.clip(q[0], -1.0, 1.0)))
    x, y, z = (np.degrees(2 * half) * q[1:] / max(float(np.sin(half)), 1e-12)).tolist()
    return x, y, z
