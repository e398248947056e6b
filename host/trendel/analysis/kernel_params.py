"""The kernels' parameters: what is tuned and what a recording brings along, rounded once to the kernels' bytes."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from trendel.analysis import force
from trendel.analysis.parameters import Parameters
from trendel.analysis.stability import Baseline, stability_params
from trendel.constants import RATE_MAX_HZ, RATE_MIN_HZ, STANDARD_GRAVITY_MPS2
from trendel.errors import ParameterError
from trendel.kernels.layout import DTYPES, FINE_HALF_MAX, LAYOUT_HASH, MAGIC_PARAMS, SIZE_PARAMS, SLOW_HALF_MAX


@dataclass(frozen=True)
class Start:
    """Orientation and motion at the first sample.

    Attributes:
        q_world_from_sensor: (4,) w first.
        heading: (2,) unit vector, slow forward direction in the world.
        vertical: mean upward specific force less gravity m/s2, upward velocity m/s, height about its mean m.
    """

    q_world_from_sensor: tuple[float, ...] = (1.0, 0.0, 0.0, 0.0)
    heading: tuple[float, ...] = (1.0, 0.0)
    vertical: tuple[float, ...] = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Setup:
    """What a recording or a clip brings along.

    Attributes:
        rate_hz: output data rate.
        has_gyro: False for accelerometer-only input.
        has_left: False where the medio-lateral axis is missing.
        levelled: axes are forward, left, up and level; no attitude is computed.
        axes: (3, 3) rows forward, left, up of the pelvis in the sensor frame, or None where unknown.
        has_standing: the axes are levelled to the standing posture.
        bias_radps: (3,) gyroscope bias to start with, sensor frame.
        lean_rad: mean anterior tilt that the axes have in running; taken off the tilt.
        baseline: the runner's own from earlier runs, or None where unknown.
        start: orientation and motion at the first sample, or None where unknown.
    """

    rate_hz: float
    has_gyro: bool = True
    has_left: bool = True
    levelled: bool = False
    axes: tuple[tuple[float, float, float], ...] | None = None
    has_standing: bool = False
    bias_radps: tuple[float, float, float] = (0.0, 0.0, 0.0)
    start: Start | None = None
    lean_rad: float = 0.0
    baseline: Baseline | None = None


def _taps(sigma_ticks: float, half_max: int) -> tuple[int, list[float]]:
    """Gaussian taps from the centre outwards, normalised to a two-sided sum of one, zero padded to half_max + 1."""
    half = min(half_max, max(1, math.ceil(2.6 * sigma_ticks)))
    raw = [math.exp(-0.5 * (k / sigma_ticks) ** 2) for k in range(half + 1)]
    total = raw[0] + 2 * sum(raw[1:])
    return half, [v / total for v in raw] + [0.0] * (half_max - half)


def kernel_params(parameters: Parameters, setup: Setup) -> np.recarray:
    """The kernels' parameter record, (1,) of dtype Params: computed in float64, rounded once to float32.

    Raises:
        ParameterError: the rate is outside what the kernels are made for.
    """
    rate = setup.rate_hz
    if not RATE_MIN_HZ <= rate <= RATE_MAX_HZ:
        raise ParameterError(
            f"a rate of {rate:g} Hz is outside {RATE_MIN_HZ:g} to {RATE_MAX_HZ:g} Hz; check the times or --rate-hz."
        )
    p = parameters
    a, m, c = p.attitude, p.mounting, p.contacts
    rad = math.pi / 180.0
    record = np.zeros(1, DTYPES["Params"]).view(np.recarray)
    block_n = max(1, round(rate * a.block_ms / 1e3))
    tick_n = max(1, round(rate * c.tick_ms / 1e3))
    tick_s = tick_n / rate
    start = setup.start or Start()
    gyro_noise = a.gyro_noise_deg_rts if setup.has_gyro else a.no_gyro_turn_dps_rts
    slow_half, slow_taps = _taps(c.slow_sigma_ms / 1e3 / tick_s, SLOW_HALF_MAX)
    fine_half, fine_taps = _taps(c.fine_sigma_ms / 1e3 / tick_s, FINE_HALF_MAX)
    impact_sigma_s = force.blurred(p.force.impact_sigma_ms / 1e3, 1 / rate, tick_n)
    impact_half, impact_taps = _taps(impact_sigma_s / tick_s, FINE_HALF_MAX)
    even_half, even_taps = _taps(c.even_sigma_ms / 1e3 / tick_s, FINE_HALF_MAX)
    axes = setup.axes or ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    values: dict[str, dict[str, Any]] = {
        "input": {
            "dt_s": 1 / rate,
            "dt_min_s": 0.5 / rate,
            "dt_max_s": 2.0 / rate,
            "acc_limit_mps2": p.input.acc_limit_mps2,
            "gyr_limit_radps": p.input.gyr_limit_dps * rad,
            "bridge_max_n": round(p.input.bridge_max_ms / 1e3 * rate),
            "has_gyro": int(setup.has_gyro),
            "has_left": int(setup.has_left),
            "levelled": int(setup.levelled),
        },
        "attitude": {
            "block_n": block_n,
            "block_inv": 1 / block_n,
            "gravity_mps2": STANDARD_GRAVITY_MPS2,
            "init_blocks_n": max(1, round(a.init_s * rate / block_n)),
            "start_given": int(setup.start is not None),
            "q_start": start.q_world_from_sensor,
            "heading_start": start.heading,
            "vertical_start": start.vertical,
            "start_angle2": (a.start_angle_deg * rad) ** 2,
            "gyro_noise2": (gyro_noise * rad) ** 2,
            "gyro_scale2": a.gyro_scale_error_rts**2,
            "vel_noise2": a.velocity_noise_m_rts**2,
            "vel_motion": a.velocity_motion_s,
            "vel_tau_s": a.velocity_tau_s,
            "vel_rest2": a.velocity_rest_noise_m_rts**2,
            "acc_noise2": a.acc_noise_mps_rts**2,
            "bias_walk2": (a.bias_walk_dps_rts * rad) ** 2 if setup.has_gyro else 0.0,
            "bias_init2": (a.bias_init_dps * rad) ** 2 if setup.has_gyro else 0.0,
            "bias_rest2": (a.bias_rest_dps * rad) ** 2,
            "bias_limit_radps": a.bias_limit_dps * rad,
            "bridge_tau_s": a.bridge_tau_ms / 1e3,
            "bridge_rate_radps": a.bridge_rate_dps * rad,
            "bridge_acc_mps2": a.bridge_acc_mps2,
            "vel_init_mps": a.velocity_init_mps,
            "rest_tau_s": a.rest_tau_s,
            "rest_gyr_radps": a.rest_gyr_dps * rad,
            "rest_acc_mps2": a.rest_acc_mps2,
            "rest_hold_s": a.rest_hold_s,
            "frame_tau_s": a.frame_tau_s,
            "heading_tau_s": a.heading_tau_s,
            "vertical_tau_s": a.vertical_tau_s,
        },
        "mounting": {
            "given": int(setup.axes is not None or setup.levelled),
            "has_standing": int(setup.has_standing),
            "axes": np.asarray(axes, float).ravel(),
            "bias_radps": setup.bias_radps,
            "stand_cos_min": math.cos(m.stand_angle_deg * rad),
            "stand_min_n": max(1, round(m.stand_min_s * rate / block_n)),
            "settle_n": m.settle_strides,
            "first_n": m.first_strides,
            "settle_s": m.settle_s,
            "lean_rad": m.lean_deg * rad,
            "lean_given_rad": setup.lean_rad,
            "memory_n": m.memory_strides,
            "turn_n": m.turn_strides,
            "turn_up_cos": math.cos(m.turn_up_deg * rad),
            "turn_heading_rad": m.turn_heading_deg * rad,
        },
        "contacts": {
            "tick_n": tick_n,
            "tick_inv": 1 / tick_n,
            "tick_s": tick_s,
            "tick_centre": (tick_n - 1) / 2,
            "slow_half_n": slow_half,
            "slow_taps": slow_taps,
            "fine_half_n": fine_half,
            "fine_taps": fine_taps,
            "even_half_n": even_half,
            "even_taps": even_taps,
            "slow_tau_s": c.slow_tau_s,
            "slow_min_g": c.slow_min_g,
            "up_memory_n": c.up_memory_steps,
            "level_tau_s": c.level_tau_s,
            "gravity_mps2": STANDARD_GRAVITY_MPS2,
            "flight_g": c.flight_g,
            "ic_back_s": c.ic_back_ms / 1e3,
            "ic_ahead_s": c.ic_ahead_ms / 1e3,
            "ic_lead_s": c.ic_lead_ms / 1e3,
            "rise_delay_s": c.rise_delay_ms / 1e3,
            "brake_half_s": c.brake_half_ms / 1e3,
            "to_ahead_s": c.to_ahead_ms / 1e3,
            "to_fade_share": c.to_fade_share,
            "fade_rest_s": c.fade_rest_ms / 1e3,
            "fade_min_s": c.fade_min_ms / 1e3,
            "fade_max_s": c.fade_max_ms / 1e3,
            "fade_usual_s": c.fade_usual_ms / 1e3,
            "brake_min_g": c.brake_min_g,
            "lag_start_s": c.lag_start_ms / 1e3,
            "lag_start_sd_s": c.lag_start_sd_ms / 1e3,
            "lag_sd_s": c.lag_sd_ms / 1e3,
            "lag_memory_n": c.lag_memory_steps,
            "step_min_s": c.step_min_ms / 1e3,
            "step_max_s": c.step_max_ms / 1e3,
            "step_min_weak_s": c.step_min_weak_ms / 1e3,
            "step_slow_s": c.step_slow_ms / 1e3,
            "step_slow_inv": 1e3 / c.step_slow_span_ms,
            "swing_g": c.swing_g,
            "swing_weak_g": c.swing_weak_g,
            "float_g": c.float_g,
            "float_weak_g": c.float_weak_g,
            "swing_keep_g": c.swing_keep_g,
            "float_keep_g": c.float_keep_g,
            "start_n": c.start_steps,
            "resume_n": c.resume_steps,
            "end_s": c.end_s,
            "walk_rms_mps2": c.walk_rms_mps2,
            "walk_tau_s": c.walk_tau_s,
            "obl_scale_rad": c.side_obliquity_deg * rad,
            "rot_scale_rad": c.side_rotation_deg * rad,
            "rot_weight": c.side_rotation_weight,
            "side_keep": c.side_keep,
            "side_vote_max": c.side_vote_max,
            "side_flip": c.side_flip,
            "step_share": c.step_share,
        },
        "force": {
            **force.kernel_taps(1 / rate, tick_n),
            "edge_inv": 1 / force.EDGE,
            "rate_s": force.RATE_S,
            "impact_tick_max_s": p.force.impact_tick_max_ms / 1e3,
            "impact_half_n": impact_half,
            "impact_taps": impact_taps,
            "impact_s": p.force.impact_ms / 1e3,
            "impact_fall_g": p.force.impact_fall_g,
            "impact_rise_s": p.force.impact_rise_ms / 1e3,
        },
        "stability": stability_params(p.stability, setup.baseline),
    }
    for stage, group in values.items():
        view = record[stage]
        missing = set(view.dtype.names or ()) ^ set(group)
        if missing:
            raise AssertionError(f"kernel parameters of {stage} do not match the layout: {sorted(missing)}")
        for name, value in group.items():
            view[name][0] = value
    # A clip puts its settings into a table and hashes the same way: CRC-32 of the record while its header is zero.
    record.param_hash = zlib.crc32(record.tobytes())
    record.magic, record.layout_hash, record.bytes_n = MAGIC_PARAMS, LAYOUT_HASH, SIZE_PARAMS
    return record
