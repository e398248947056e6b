"""Everything that can be tuned: frozen, in everyday units, checked once."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from trendel.analysis.checks import positive, within
from trendel.analysis.stability import Stability
from trendel.errors import ParameterError, reason


@dataclass(frozen=True)
class Attitude:
    """Inclination filter, kernels/attitude.py. The noises are those of a consumer IMU.

    The scale error and the motion factor set how gyroscope and gravity share the work
    (docs/decisions/0002-attitude.md).
    """

    block_ms: float = 20.0  # one gravity correction per block
    init_s: float = 0.7  # the mean over it, about two steps, gives the first inclination
    gyro_noise_deg_rts: float = 0.05
    gyro_scale_error_rts: float = 0.01  # angle error per turned angle and root of a second
    velocity_noise_m_rts: float = 0.1
    velocity_motion_s: float = 5.0
    velocity_tau_s: float = 4.0
    velocity_rest_noise_m_rts: float = 0.02
    velocity_init_mps: float = 0.5
    start_angle_deg: float = 1.0  # how well a start from an earlier pass is known
    acc_noise_mps_rts: float = 0.05
    bias_walk_dps_rts: float = 0.0005
    bias_init_dps: float = 1.0
    bias_rest_dps: float = 0.03
    bias_limit_dps: float = 12.0
    bridge_tau_ms: float = 50.0
    bridge_rate_dps: float = 90.0
    bridge_acc_mps2: float = 8.0
    rest_tau_s: float = 0.5
    rest_gyr_dps: float = 2.0
    rest_acc_mps2: float = 0.5
    rest_hold_s: float = 1.5
    frame_tau_s: float = 3.0
    heading_tau_s: float = 0.8
    vertical_tau_s: float = 2.0
    no_gyro_turn_dps_rts: float = 6.0  # how fast posture wanders where no gyroscope sees it

    def __post_init__(self) -> None:
        positive(self)
        within(
            self, bridge_tau_ms=(1.0, 1000.0), block_ms=(1.0, 100.0), init_s=(0.1, 10.0), velocity_init_mps=(0.01, 10.0)
        )


@dataclass(frozen=True)
class Mounting:
    """Sensor to pelvis, kernels/mounting.py."""

    stand_angle_deg: float = 25.0
    stand_min_s: float = 1.0
    first_strides: int = 4
    settle_s: float = 2.0
    lean_deg: float = 8.0  # in running the pelvis tilts several degrees further forward than in standing
    settle_strides: int = 20
    memory_strides: int = 1000
    turn_strides: int = 10
    turn_up_deg: float = 20.0
    turn_heading_deg: float = 25.0

    def __post_init__(self) -> None:
        positive(self)


@dataclass(frozen=True)
class Contacts:
    """Steps, events and sides, kernels/contacts.py."""

    tick_ms: float = 10.0
    slow_sigma_ms: float = 55.0
    fine_sigma_ms: float = 10.0
    even_sigma_ms: float = 20.0
    slow_tau_s: float = 1.5
    slow_min_g: float = 0.08
    up_memory_steps: float = 5.0  # long against the sway from step to step, short after the run-up
    level_tau_s: float = 3.0
    flight_g: float = 0.4
    ic_back_ms: float = 60.0
    ic_ahead_ms: float = 50.0
    ic_lead_ms: float = 2.5
    rise_delay_ms: float = 2.0
    lag_start_ms: float = 10.0
    lag_start_sd_ms: float = 70.0
    lag_sd_ms: float = 20.0
    lag_memory_steps: float = 16.0
    brake_half_ms: float = 40.0
    brake_min_g: float = 0.15
    to_ahead_ms: float = 50.0
    to_fade_share: float = 0.55
    fade_rest_ms: float = 33.0
    fade_min_ms: float = 30.0
    fade_max_ms: float = 110.0
    fade_usual_ms: float = 63.0
    step_min_ms: float = 230.0
    step_max_ms: float = 500.0
    step_min_weak_ms: float = 300.0
    step_slow_ms: float = 400.0
    step_slow_span_ms: float = 40.0
    swing_g: float = 0.6
    swing_weak_g: float = 0.25
    float_g: float = 0.35
    float_weak_g: float = 0.7
    swing_keep_g: float = 0.15
    float_keep_g: float = 0.75
    start_steps: int = 6
    resume_steps: int = 2
    end_s: float = 1.5
    walk_rms_mps2: float = 0.4
    walk_tau_s: float = 1.0
    side_obliquity_deg: float = 4.0
    side_rotation_deg: float = 4.0
    side_rotation_weight: float = 0.4
    side_keep: float = 0.97
    side_vote_max: float = 10.0
    side_flip: float = 4.0
    step_share: float = 0.2

    def __post_init__(self) -> None:
        positive(self)
        within(self, start_steps=(1, 7), resume_steps=(1, 7), tick_ms=(2.0, 15.0), slow_sigma_ms=(10.0, 150.0))
        within(
            self,
            fine_sigma_ms=(1.0, 50.0),
            even_sigma_ms=(1.0, 50.0),
            lag_memory_steps=(1.0, 1e6),
            up_memory_steps=(1.0, 1e6),
            side_keep=(0.0, 1.0),
        )
        if not self.step_min_ms < self.step_max_ms:
            raise ParameterError("parameters contacts.step_min_ms and step_max_ms must be in that order.")


@dataclass(frozen=True)
class Force:
    """Impact, kernels/force.py. The filter to ground reaction has its constants in analysis/force.py."""

    impact_sigma_ms: float = 8.0  # width of the smoothing: -3 dB at 17 Hz
    impact_tick_max_ms: float = 12.0  # ticks must resolve it
    impact_ms: float = 60.0
    impact_fall_g: float = 0.1
    impact_rise_ms: float = 20.0

    def __post_init__(self) -> None:
        positive(self)
        within(self, impact_sigma_ms=(4.0, 20.0), impact_ms=(10.0, 150.0), impact_rise_ms=(5.0, 50.0))


@dataclass(frozen=True)
class Input:
    """What is believed of a sample."""

    acc_limit_mps2: float = 800.0
    gyr_limit_dps: float = 4000.0
    bridge_max_ms: float = 250.0

    def __post_init__(self) -> None:
        positive(self)
        within(self, acc_limit_mps2=(20.0, 1e4), gyr_limit_dps=(250.0, 1e5), bridge_max_ms=(0.0, 1000.0))


@dataclass(frozen=True)
class Parameters:
    """All parameters, by stage. Free of the output rate: :func:`kernel_params` adds it."""

    input: Input = field(default_factory=Input)
    attitude: Attitude = field(default_factory=Attitude)
    mounting: Mounting = field(default_factory=Mounting)
    contacts: Contacts = field(default_factory=Contacts)
    force: Force = field(default_factory=Force)
    stability: Stability = field(default_factory=Stability)

    def to_dict(self) -> dict[str, dict[str, float | int]]:
        """Nested plain numbers, as in the TOML file."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Parameters:
        """Parameters from nested numbers; what is not named keeps its default.

        Raises:
            ParameterError: an unknown section or name, or a value that cannot be.
        """
        groups = {
            "input": Input,
            "attitude": Attitude,
            "mounting": Mounting,
            "contacts": Contacts,
            "force": Force,
            "stability": Stability,
        }
        made: dict[str, Any] = {}
        for section, values in data.items():
            if section not in groups or not isinstance(values, dict):
                raise ParameterError(f"unknown parameter section [{section}]; there are {', '.join(groups)}.")
            known = {f.name for f in fields(groups[section])}
            for name in values:
                if name not in known:
                    raise ParameterError(f"unknown parameter {section}.{name}; `trendel params` prints all of them.")
            made[section] = groups[section](**values)
        return cls(**made)

    @classmethod
    def from_toml(cls, path: str | Path) -> Parameters:
        """Read a TOML file such as `trendel params` writes."""
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ParameterError(f"cannot read the parameter file {path}: {reason(error)}.") from error
        try:
            return cls.from_dict(tomllib.loads(text))
        except ParameterError as error:
            raise ParameterError(f"{path}: {error}") from error
        except tomllib.TOMLDecodeError as error:
            raise ParameterError(f"the parameter file {path} is not valid TOML: {error}.") from error

    def to_toml(self) -> str:
        """The same numbers as TOML text."""
        import tomli_w

        return tomli_w.dumps(self.to_dict())
