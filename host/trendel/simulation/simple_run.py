"""A simple generated run: analytic pelvis motion, and the IMU signals that follow from it exactly.

Standing, walking, running, standing. Position and angles are closed formulas of time, so that acceleration and
angular rate are their analytic derivatives and the truth is exact. Every step is like the last but for sensor noise:
this shows that the tools work, not how well they measure a person.

Frames: world z up, x the direction of running; pelvis x forward, y left, z up; sensor as mounted.
Attitude is R_world_from_pelvis = Rz(rotation) Ry(tilt) Rx(roll). Signs as in docs/conventions.md.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from trendel.constants import STANDARD_GRAVITY_MPS2

LABEL = "simulated, simple generator"

F64 = NDArray[np.float64]

STEP_DTYPE = np.dtype(
    [
        ("side", "U1"),
        ("ic_s", "f8"),
        ("to_s", "f8"),
        ("contact_time_ms", "f8"),
        ("flight_time_ms", "f8"),
        ("vertical_oscillation_mm", "f8"),
        ("pelvic_drop_deg", "f8"),
        ("obliquity_peak_deg", "f8"),
        ("steady", "?"),
    ]
)


@dataclass(frozen=True)
class SimpleRunParameters:
    """What the simple run is made of. Angles are about the standing posture."""

    rate_hz: float = 208.0
    stand_s: float = 6.0
    walk_s: float = 12.0
    run_s: float = 60.0
    end_s: float = 4.0
    ramp_s: float = 2.5  # time from standing to full motion, and back
    step_rate_hz: float = 2.8
    contact_time_s: float = 0.25
    speed_mps: float = 3.0
    braking_mps: float = 0.18
    sway_mm: float = 14.0
    obliquity_left_deg: float = 5.0  # left side up by this much over the left foot
    obliquity_right_deg: float = 7.0  # right side up by this much over the right foot
    tilt_mean_deg: float = 6.0  # anterior, against standing
    tilt_rom_deg: float = 8.0
    rotation_rom_deg: float = 11.0
    mounting_rotvec_deg: tuple[float, float, float] = (8.0, -85.0, 12.0)  # R_pelvis_from_sensor
    acc_noise_mps2: float = 0.05  # one sigma for each sample and axis
    gyr_noise_radps: float = 0.003
    gyr_bias_radps: tuple[float, float, float] = (0.008, -0.005, 0.004)
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.contact_time_s < 1 / self.step_rate_hz:
            raise ValueError(
                f"contact_time_s must be between 0 and the step time {1 / self.step_rate_hz:.3f} s, "
                f"so that there is a flight phase; it is {self.contact_time_s}."
            )
        if self.run_s <= 2 * self.ramp_s or 0 < self.walk_s <= 2 * self.ramp_s:
            raise ValueError("run_s and walk_s must each be longer than two ramps (or walk_s be 0).")


@dataclass(frozen=True)
class SimpleRun:
    """Signals and truth of one generated run; n samples, float64 truth, float32 signals."""

    parameters: SimpleRunParameters
    t_s: F64  # (n,)
    acc_mps2: NDArray[np.float32]  # (n, 3) specific force, sensor frame
    gyr_radps: NDArray[np.float32]  # (n, 3) sensor frame
    tilt_deg: F64  # (n,) anterior positive
    obliquity_deg: F64  # (n,) left side higher positive
    rotation_deg: F64  # (n,) to the left positive
    position_m: F64  # (n, 3) world, about the standing place, without the travel along the way
    acc_world_mps2: F64  # (n, 3) kinematic acceleration
    r_world_from_sensor: F64  # (n, 3, 3)
    steps: NDArray[np.void]  # STEP_DTYPE, one row a running contact; steady is False in the ramps
    run_span_s: tuple[float, float]
    label: str = field(default=LABEL)

    @property
    def rate_hz(self) -> float:
        return self.parameters.rate_hz


@dataclass(frozen=True)
class _Curve:
    """A function of time on the sample grid with its first two derivatives, each (n,)."""

    x: F64
    d1: F64
    d2: F64

    def __add__(self, other: "_Curve") -> "_Curve":
        return _Curve(self.x + other.x, self.d1 + other.d1, self.d2 + other.d2)

    def __mul__(self, other: "_Curve") -> "_Curve":
        return _Curve(
            self.x * other.x,
            self.d1 * other.x + self.x * other.d1,
            self.d2 * other.x + 2 * self.d1 * other.d1 + self.x * other.d2,
        )

    def scaled(self, k: float) -> "_Curve":
        return _Curve(k * self.x, k * self.d1, k * self.d2)


def simple_run(parameters: SimpleRunParameters | None = None) -> SimpleRun:
    """Generate the run. The same parameters give the same arrays."""
    p = parameters or SimpleRunParameters()
    walk_start = p.stand_s
    run_start = walk_start + p.walk_s
    run_end = run_start + p.run_s
    n = round((run_end + p.end_s) * p.rate_hz)
    t = np.arange(n, dtype=np.float64) / p.rate_hz

    run = _envelope(t, run_start, run_end, p.ramp_s)
    step_s = 1 / p.step_rate_hz
    phase_s = t - run_start  # the first left contact is at run_start
    roll = run * _obliquity(phase_s, p)
    tilt = run * (
        _constant(t, np.radians(p.tilt_mean_deg)) + _sine(phase_s, p.step_rate_hz, -np.radians(p.tilt_rom_deg) / 2)
    )
    turn = run * _sine(phase_s, p.step_rate_hz / 2, np.radians(p.rotation_rom_deg) / 2)
    up = run * _vertical(phase_s, step_s, p.contact_time_s)
    along = run * _braking(phase_s, step_s, p.contact_time_s, p.braking_mps)
    left = run * _sway(phase_s, step_s, p.contact_time_s, p.sway_mm / 1000)
    travel_mps2 = p.speed_mps * run.d1

    if p.walk_s > 0:
        walk = _envelope(t, walk_start, run_start, p.ramp_s)
        roll, tilt, turn, up, left = (
            a + walk * b for a, b in zip((roll, tilt, turn, up, left), _walking(t - walk_start), strict=True)
        )
        travel_mps2 = travel_mps2 + 1.4 * walk.d1

    acc_world = np.stack((along.d2 + travel_mps2, left.d2, up.d2), axis=1)
    r_world_from_pelvis = _rotation_zyx(turn.x, tilt.x, roll.x)
    omega_pelvis = _body_rates(turn, tilt, roll)
    r_pelvis_from_sensor = _from_rotvec(np.radians(p.mounting_rotvec_deg))
    r_world_from_sensor = r_world_from_pelvis @ r_pelvis_from_sensor

    force_world = acc_world + np.array([0.0, 0.0, STANDARD_GRAVITY_MPS2])
    acc = np.einsum("nji,nj->ni", r_world_from_sensor, force_world)
    gyr = omega_pelvis @ r_pelvis_from_sensor
    rng = np.random.default_rng(p.seed)
    acc = acc + rng.normal(0.0, p.acc_noise_mps2, acc.shape)
    gyr = gyr + np.asarray(p.gyr_bias_radps) + rng.normal(0.0, p.gyr_noise_radps, gyr.shape)

    return SimpleRun(
        parameters=p,
        t_s=t,
        acc_mps2=np.ascontiguousarray(acc, dtype=np.float32),
        gyr_radps=np.ascontiguousarray(gyr, dtype=np.float32),
        tilt_deg=np.degrees(np.arcsin(-r_world_from_pelvis[:, 2, 0])),
        obliquity_deg=np.degrees(np.arcsin(r_world_from_pelvis[:, 2, 1])),
        rotation_deg=np.degrees(np.arctan2(r_world_from_pelvis[:, 1, 0], r_world_from_pelvis[:, 0, 0])),
        position_m=np.stack((along.x, left.x, up.x), axis=1),
        acc_world_mps2=acc_world,
        r_world_from_sensor=r_world_from_sensor,
        steps=_true_steps(p, run_start, run_end),
        run_span_s=(run_start, run_end),
    )


def _envelope(t: F64, start: float, end: float, ramp: float) -> _Curve:
    """0 to 1 over `ramp` seconds after `start`, back to 0 before `end`; twice continuously differentiable."""

    def rise(t0: float) -> _Curve:
        u = np.clip((t - t0) / ramp, 0.0, 1.0)
        return _Curve(
            u**3 * (10 - 15 * u + 6 * u**2), 30 * u**2 * (1 - u) ** 2 / ramp, 60 * u * (1 - u) * (1 - 2 * u) / ramp**2
        )

    return rise(start) + rise(end - ramp).scaled(-1.0)


def _constant(t: F64, value: float) -> _Curve:
    return _Curve(np.full_like(t, value), np.zeros_like(t), np.zeros_like(t))


def _sine(t: F64, frequency_hz: float, amplitude: float, phase: float = 0.0) -> _Curve:
    w = 2 * np.pi * frequency_hz
    s, c = np.sin(w * t + phase), np.cos(w * t + phase)
    return _Curve(amplitude * s, amplitude * w * c, -amplitude * w * w * s)


def _within_step(t: F64, step: float) -> tuple[F64, F64]:
    """Number of the step and time within it, from one division, so that the two never disagree at an edge."""
    count = np.floor(t / step)
    return count, t - count * step


def _vertical(t: F64, step: float, contact: float) -> _Curve:
    """Height under a half-sine ground force in stance and none in flight, one body weight on average.

    Force over body weight is (pi/2)(step/contact) sin(pi tau/contact) in stance; the acceleration is g times
    (force - 1), and both its integrals repeat with the step.
    """
    g = STANDARD_GRAVITY_MPS2
    _, tau = _within_step(t, step)
    w = np.pi / contact
    stance = tau < contact
    s, c = np.sin(w * tau), np.cos(w * tau)
    v0 = -g * (step - contact) / 2
    push_x = np.where(stance, step / 2 * (tau - s / w), step * (tau - contact / 2))
    push_v = np.where(stance, step / 2 * (1 - c), step)
    push_a = np.where(stance, step / 2 * w * s, 0.0)
    return _Curve(v0 * tau - g * tau**2 / 2 + g * push_x, v0 - g * tau + g * push_v, g * (push_a - 1))


def _braking(t: F64, step: float, contact: float, loss_mps: float) -> _Curve:
    """Forward motion about its mean: speed falls by `loss_mps` to mid-stance and is regained by toe-off."""
    _, tau = _within_step(t, step)
    stance = tau < contact
    w = 2 * np.pi / contact
    s, c = np.sin(w * tau), np.cos(w * tau)
    half = loss_mps / 2
    x = half * (tau * contact / step - np.where(stance, tau - s / w, contact))
    d1 = half * (contact / step - np.where(stance, 1 - c, 0.0))
    return _Curve(x, d1, -half * w * np.where(stance, s, 0.0))


def _sway(t: F64, step: float, contact: float, excursion_m: float) -> _Curve:
    """Side to side once a stride: over the left foot the pelvis is to the left and is pushed to the right.

    The push is a half sine in stance; in flight the sideways speed keeps. `excursion_m` is peak to peak.
    """
    count, tau = _within_step(t, step)
    stance = tau < contact
    w = np.pi / contact
    s, c = np.sin(w * tau), np.cos(w * tau)
    side = np.where(count % 2 == 0, 1.0, -1.0)
    k = side * excursion_m / (2 / w + step - contact)
    x = (step - contact) / 2 + np.where(stance, s / w, contact - tau)
    return _Curve(k * x, k * np.where(stance, c, -1.0), -k * w * np.where(stance, s, 0.0))


def _obliquity(t: F64, p: SimpleRunParameters) -> _Curve:
    """Left side up over the left foot, right side up over the right foot, each by its own amount."""
    lead = np.pi / 2 * (1 - p.contact_time_s * p.step_rate_hz)  # the extreme falls on mid-stance
    left, right = np.radians(p.obliquity_left_deg), np.radians(p.obliquity_right_deg)
    # sin^2 is positive at both extremes: it makes one larger and the other smaller.
    squared = _constant(t, 0.5) + _sine(t, p.step_rate_hz, -0.5, 2 * lead + np.pi / 2)
    return _sine(t, p.step_rate_hz / 2, (left + right) / 2, lead) + squared.scaled((left - right) / 2)


def _walking(t: F64) -> tuple[_Curve, _Curve, _Curve, _Curve, _Curve]:
    """Roll, tilt, turn (rad), up and left (m) of an ordinary walk of 114 steps a minute: no flight."""
    f = 1.9
    return (
        _sine(t, f / 2, np.radians(3.5)),
        _sine(t, f, np.radians(1.5)),
        _sine(t, f / 2, np.radians(4.0)),
        _sine(t, f, 0.021, -np.pi / 2),
        _sine(t, f / 2, 0.017),
    )


def _rotation_zyx(turn: F64, tilt: F64, roll: F64) -> F64:
    """Rz(turn) Ry(tilt) Rx(roll), (n, 3, 3); radians."""
    ct, st = np.cos(turn), np.sin(turn)
    cy, sy = np.cos(tilt), np.sin(tilt)
    cr, sr = np.cos(roll), np.sin(roll)
    rows = (
        np.stack((ct * cy, ct * sy * sr - st * cr, ct * sy * cr + st * sr), axis=-1),
        np.stack((st * cy, st * sy * sr + ct * cr, st * sy * cr - ct * sr), axis=-1),
        np.stack((-sy, cy * sr, cy * cr), axis=-1),
    )
    return np.stack(rows, axis=-2)


def _body_rates(turn: _Curve, tilt: _Curve, roll: _Curve) -> F64:
    """Angular rate in the pelvis frame, (n, 3) rad/s, of the attitude that `_rotation_zyx` gives."""
    cy, sy = np.cos(tilt.x), np.sin(tilt.x)
    cr, sr = np.cos(roll.x), np.sin(roll.x)
    return np.stack(
        (roll.d1 - turn.d1 * sy, tilt.d1 * cr + turn.d1 * cy * sr, turn.d1 * cy * cr - tilt.d1 * sr), axis=-1
    )


def _from_rotvec(rotvec_rad: F64) -> F64:
    """Rotation matrix of a rotation vector (Rodrigues), (3, 3)."""
    angle = float(np.linalg.norm(rotvec_rad))
    if angle == 0.0:
        return np.eye(3)
    x, y, z = rotvec_rad / angle
    k = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * (k @ k)


def _true_steps(p: SimpleRunParameters, run_start: float, run_end: float) -> NDArray[np.void]:
    """The contacts of the run, STEP_DTYPE; metrics are those of the steady stride, NaN in the ramps."""
    step = 1 / p.step_rate_hz
    count = int(np.floor((run_end - run_start - p.contact_time_s) / step)) + 1
    steps = np.zeros(count, STEP_DTYPE)
    k = np.arange(count)
    steps["side"] = np.where(k % 2 == 0, "L", "R")
    steps["ic_s"] = run_start + k * step
    steps["to_s"] = steps["ic_s"] + p.contact_time_s
    steps["contact_time_ms"] = 1000 * p.contact_time_s
    steps["flight_time_ms"] = 1000 * (step - p.contact_time_s)
    steps["steady"] = (steps["ic_s"] >= run_start + p.ramp_s) & (steps["ic_s"] + step <= run_end - p.ramp_s)

    fine = np.linspace(0.0, 2 * step, 4000, endpoint=False, dtype=np.float64)  # one stride
    obliquity = np.degrees(np.arcsin(np.sin(_obliquity(fine, p).x) * np.cos(_steady_tilt(fine, p))))
    height = _vertical(fine, step, p.contact_time_s).x
    steps["vertical_oscillation_mm"] = 1000 * np.ptp(height)
    for first, side, sign in ((0, "L", 1.0), (2000, "R", -1.0)):
        stance = sign * obliquity[first : first + int(np.ceil(p.contact_time_s / (2 * step) * 4000))]
        here = steps["side"] == side
        steps["pelvic_drop_deg"][here] = stance.max() - stance[0]
        steps["obliquity_peak_deg"][here] = stance.max() - sign * obliquity.mean()
    for name in ("vertical_oscillation_mm", "pelvic_drop_deg", "obliquity_peak_deg"):
        steps[name][~steps["steady"]] = np.nan
    return steps


def _steady_tilt(t: F64, p: SimpleRunParameters) -> F64:
    return np.radians(p.tilt_mean_deg) + _sine(t, p.step_rate_hz, -np.radians(p.tilt_rom_deg) / 2).x
