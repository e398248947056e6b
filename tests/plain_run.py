"""A run for tests: standing, walking, running, standing, each step like the last, with the truth at every sample."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, cached_property

import numpy as np
import numpy.typing as npt

from trendel.simulation import (
    GaitParameters,
    Instants,
    SensorModel,
    Session,
    SimulatedRun,
    Variability,
    simulate,
)

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PlainParameters:
    """What a plain run is made of; segments of 0 s are left out."""

    rate_hz: float = 208.0
    stand_s: float = 5.0
    walk_s: float = 0.0
    run_s: float = 30.0
    end_s: float = 3.5
    step_rate_hz: float = 2.8
    contact_time_s: float = 0.25
    tilt_mean_deg: float = 6.0
    drop_left_deg: float = 5.0
    drop_right_deg: float = 7.0
    mounting_rotvec_deg: tuple[float, float, float] = (8.0, -85.0, 12.0)
    acc_noise_mps2: float = 0.05
    gyr_noise_radps: float = 0.003
    gyr_bias_radps: tuple[float, float, float] = (0.008, -0.005, 0.004)
    seed: int = 0

    @property
    def session(self) -> Session:
        """Its segments, without variation."""
        gait = GaitParameters(
            speed_mps=3.0, step_rate_spm=60 * self.step_rate_hz, contact_time_ms=1000 * self.contact_time_s,
            drop_left_deg=self.drop_left_deg, drop_right_deg=self.drop_right_deg, tilt_mean_deg=self.tilt_mean_deg,
            foot_strike="mid",
        )  # fmt: skip
        kinds = (("stand", self.stand_s), ("walk", self.walk_s), ("run", self.run_s), ("stand", self.end_s))
        return Session(tuple(k for k in kinds if k[1]), gait, Variability.none(), seed=self.seed)

    @property
    def sensor(self) -> SensorModel:
        """Noise and bias of the gyroscope, nothing else."""
        return replace(
            SensorModel.ideal(self.rate_hz, self.mounting_rotvec_deg), acc_noise_mps2=self.acc_noise_mps2,
            gyr_noise_radps=self.gyr_noise_radps, gyr_bias_radps=self.gyr_bias_radps, seed=self.seed,
        )  # fmt: skip


@dataclass(frozen=True)
class PlainRun:
    """The simulated run and its truth; n samples."""

    parameters: PlainParameters
    made: SimulatedRun

    @property
    def rate_hz(self) -> float:
        return self.parameters.rate_hz

    @property
    def t_s(self) -> F64:
        return self.made.t_s

    @property
    def acc_mps2(self) -> npt.NDArray[np.float32]:
        return self.made.acc_mps2

    @property
    def gyr_radps(self) -> npt.NDArray[np.float32]:
        return self.made.gyr_radps

    @property
    def steps(self) -> npt.NDArray[np.void]:
        return self.made.steps

    @property
    def tilt_deg(self) -> F64:
        return self.made.truth["tilt_deg"]

    @property
    def obliquity_deg(self) -> F64:
        return self.made.truth["obliquity_deg"]

    @property
    def rotation_deg(self) -> F64:
        return self.made.truth["rotation_deg"]

    @property
    def vertical_m(self) -> F64:
        return self.made.truth["vertical_m"]

    @cached_property
    def _now(self) -> Instants:
        return self.made.session.at(self.t_s)

    @property
    def acc_world_mps2(self) -> F64:
        """(n, 3) kinematic acceleration; the way is straight."""
        return self._now.acc_way_mps2

    @property
    def r_world_from_sensor(self) -> F64:
        """(n, 3, 3)."""
        return self._now.r_world_from_pelvis @ self.made.sensor.r_pelvis_from_sensor


@cache
def plain_run(**changes: object) -> PlainRun:
    """The run with these parameters, made once."""
    parameters = PlainParameters(**changes)  # type: ignore[arg-type]
    return PlainRun(parameters, simulate(parameters.session, parameters.sensor))
