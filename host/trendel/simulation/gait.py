"""What a simulated runner is made of: a few physiological parameters, and the shapes they scale.

The shapes are a handful of Fourier coefficients and damped pulses, chosen to look like two real runners at 3.3 to
3.7 m/s (pelvis markers of one, sacral accelerometer and force plate of the other); no recording is in here.
Stride phase 0 is left initial contact, one half is right initial contact.
"""

from dataclasses import dataclass

import numpy as np

from trendel.constants import STANDARD_GRAVITY_MPS2
from trendel.errors import ParameterError
from trendel.simulation.curve import F64, Fourier, Pulse

FOOT_STRIKES = {"rear": (0.060, 0.055, 1.0), "mid": (0.030, 0.050, 0.8), "fore": (0.0, 0.050, 0.55)}
"""Foot strike: share of the impact in a step's impulse, length of the impact (s), size of the braking onset."""

REFERENCE_DUTY = 0.735
"""Contact time over step time of the runner whose angles the shapes follow; other duties shift them to mid stance."""

# Angles of a unit: obliquity 1 rad peak to peak or so (scaled to the asked drop), tilt and rotation 1 peak to peak.
OBLIQUITY = Fourier(((1, 4.57, -0.541), (3, 3.06, -3.107), (5, 0.39, -1.885), (7, 0.31, -0.454)))
TILT = Fourier(((1, 0.57, -2.217), (2, 3.76, 1.431), (4, 0.71, 1.955), (6, 0.21, -2.618)))
ROTATION = Fourier(((1, 5.52, -1.536), (3, 1.19, -2.409), (5, 0.67, -2.618), (7, 0.30, 0.471)))

# Accelerations of the pelvis (g): against the centre of mass for up; all of it for forward and left.
UP = ((2, 0.25, -1.73), (4, 0.36, -1.354))
FORWARD = ((2, 0.696, -2.755), (4, 0.525, 0.955))
LEFT = ((1, 0.079, -1.75), (3, 0.197, -2.132))
# What contact sets off: (g, pulse). Forward is braking, sudden; left changes its sign with the side.
UP_PULSES = ((0.19, Pulse(13.0, 56.0, 0.12)),)
FORWARD_PULSES = ((-0.57, Pulse(6.0, 23.9, -1.015)), (0.374, Pulse(11.5, 41.2, 2.564, 0.018)))
LEFT_PULSES = ((1.04, Pulse(9.0, 23.7, 0.484, 0.006)), (0.84, Pulse(11.1, 25.7, 3.313, 0.031)))

STANCE = (1.0, 0.115, -0.061, 0.030)
"""Active part of the vertical force over stance: coefficients of sin(k pi s), k = 1 .. 4."""


@dataclass(frozen=True)
class GaitParameters:
    """One way of running. Angles are against the standing posture; drop as docs/conventions.md has it."""

    speed_mps: float = 3.2
    step_rate_spm: float = 168.0
    contact_time_ms: float = 250.0
    drop_left_deg: float = 5.0
    drop_right_deg: float = 5.0
    tilt_mean_deg: float = 6.0
    tilt_rom_deg: float = 8.0
    rotation_rom_deg: float = 11.0
    foot_strike: str = "rear"
    step_time_asymmetry: float = 0.0  # left steps longer by this share of the mean, right ones shorter
    grade: float = 0.0  # rise over run: less impact and braking uphill, more downhill

    def __post_init__(self) -> None:
        for name, low, high in (
            ("speed_mps", 1.0, 8.0),
            ("step_rate_spm", 120.0, 240.0),
            ("contact_time_ms", 120.0, 400.0),
            ("drop_left_deg", 0.5, 20.0),
            ("drop_right_deg", 0.5, 20.0),
            ("tilt_mean_deg", -20.0, 30.0),
            ("tilt_rom_deg", 0.0, 30.0),
            ("rotation_rom_deg", 0.0, 40.0),
            ("step_time_asymmetry", -0.1, 0.1),
            ("grade", -0.25, 0.25),
        ):
            if not low <= getattr(self, name) <= high:
                raise ParameterError(f"{name} must be between {low:g} and {high:g}; it is {getattr(self, name)}.")
        if self.foot_strike not in FOOT_STRIKES:
            raise ParameterError(f"foot_strike must be rear, mid or fore; it is {self.foot_strike!r}.")
        if self.contact_time_s > 0.97 * self.step_time_s * (1 - abs(self.step_time_asymmetry)):
            raise ParameterError(
                f"contact_time_ms must leave a flight phase: at {self.step_rate_spm:g} steps a minute at most "
                f"{970 * self.step_time_s * (1 - abs(self.step_time_asymmetry)):.0f}; it is {self.contact_time_ms:g}."
            )

    @property
    def step_time_s(self) -> float:
        return 60.0 / self.step_rate_spm

    @property
    def contact_time_s(self) -> float:
        return self.contact_time_ms / 1000

    @property
    def impact_share(self) -> float:
        """Share of a step's vertical impulse that is impact: grows with speed, shrinks uphill."""
        share = FOOT_STRIKES[self.foot_strike][0] * self.speed_mps / 3.3
        return float(np.clip(share * (1 - 4 * self.grade), 0.0, 0.16))

    @property
    def impact_length_s(self) -> float:
        return min(FOOT_STRIKES[self.foot_strike][1], 0.4 * self.contact_time_s)

    @property
    def phase_shift(self) -> float:
        """How much later (share of a stride) mid stance comes than in the runner of the shapes."""
        return (self.contact_time_s / self.step_time_s - REFERENCE_DUTY) / 4

    def displacement(self, terms: tuple[tuple[int, float, float], ...], scale: float = 1.0) -> Fourier:
        """The motion (m) whose acceleration has these terms (g) when every step is like the last."""
        w = 2 * np.pi / (2 * self.step_time_s)
        made = tuple((k, -scale * a * STANDARD_GRAVITY_MPS2 / (k * w) ** 2, angle) for k, a, angle in terms)
        return Fourier(made).shifted(self.phase_shift)


def left_half() -> Fourier:
    """The part of obliquity that the left stance makes: OBLIQUITY where the left foot carries, little elsewhere.

    Less the same half a stride later it is OBLIQUITY again, so that each side can have its own size.
    """
    n = 512
    phase = np.arange(n) / n
    window = 0.5 + 0.55 * np.sin(2 * np.pi * (phase + 0.05)) + 0.08 * np.sin(6 * np.pi * (phase + 0.05))
    spectrum = np.fft.rfft(OBLIQUITY.values(phase) * window) / n
    keep = [(k, 2 * abs(spectrum[k]), float(np.angle(spectrum[k]))) for k in range(1, 9)]
    odd = {k: (a, angle) for k, a, angle in OBLIQUITY.terms}
    even = tuple((k, float(a), angle) for k, a, angle in keep if k % 2 == 0)
    return Fourier(even + tuple((k, a / 2, angle) for k, (a, angle) in odd.items()))


def unit(shape: Fourier) -> Fourier:
    """The shape with a peak to peak value of 1."""
    values = shape.values(np.arange(2048) / 2048)
    size = float(np.ptp(values))
    return Fourier(tuple((k, a / size, angle) for k, a, angle in shape.terms))


def stance_force(s: F64) -> tuple[F64, F64, F64]:
    """Active force over s = 0 .. 1 of stance with area 1, its integral and double integral; constant area beyond."""
    u = np.clip(s, 0.0, 1.0)
    area = sum(a * (1 - np.cos(k * np.pi)) / (k * np.pi) for k, a in enumerate(STANCE, 1))
    f, once, twice = np.zeros_like(u), np.zeros_like(u), np.zeros_like(u)
    for k, a in enumerate(STANCE, 1):
        w, c = k * np.pi, a / area
        f += c * np.sin(w * u)
        once += c * (1 - np.cos(w * u)) / w
        twice += c * (u / w - np.sin(w * u) / w**2)
    inside = (s > 0) & (s < 1)
    return np.where(inside, f, 0.0), once, twice + np.maximum(s - 1, 0.0)


def impact_force(x: F64) -> tuple[F64, F64, F64]:
    """The impact, 140 x^3 (1 - x)^3 over x = 0 .. 1 (area 1), its integral and double integral."""
    u = np.clip(x, 0.0, 1.0)
    once = u**4 * (35 - 84 * u + 70 * u**2 - 20 * u**3)
    twice = u**5 * (7 - 14 * u + 10 * u**2 - 2.5 * u**3)
    return 140 * u**3 * (1 - u) ** 3, once, twice + np.maximum(x - 1, 0.0)
