"""The shapes that a simulated runner's parameters scale: Fourier coefficients, damped pulses, densities of noise.

They are a few numbers chosen to look like real runners: pelvis markers of one at 3.65 m/s, sacral accelerometer and
force plate of another at 2.5 to 4.2 m/s on slopes, belt sensors of thirty; no recording is in here.
Stride phase 0 is left initial contact, one half is right initial contact; toe-off comes REFERENCE_DUTY / 2 later, and
where it comes at another phase the shapes are stretched in stance and in flight so that they keep to both events.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trendel.simulation.curve import F64, Fourier, Pulse

Complex = NDArray[np.complex128]
TERMS = 14  # harmonics of the stride that shapes have
REFERENCE_DUTY = 0.735  # contact time over step time of the runner of the shapes
_CORNER = 0.012  # share of the stride over which the stretching of stance goes over into that of flight

# Angles of a unit: scaled to what is asked. (harmonic of the stride, amplitude, angle in rad)
OBLIQUITY = Fourier(
    ((1, 4.57, -0.541), (3, 3.06, -3.107), (5, 0.39, -1.885), (7, 0.31, -0.454), (9, 0.20, 0.18), (11, 0.065, -1.3))
)
TILT = Fourier(((2, 3.76, 1.42), (4, 0.71, 1.955), (6, 0.21, -2.618), (8, 0.085, -0.38)))
ROTATION = Fourier(
    ((1, 5.52, -1.536), (3, 1.19, -2.409), (5, 0.67, -2.618), (7, 0.30, 0.471), (9, 0.15, -0.62), (11, 0.06, -2.1))
)

# Accelerations of the pelvis (g): against the centre of mass for up; all of it for forward and left. Braking pulses are
# short, so that what follows contact in time does not interfere with what follows it in phase.
UP = Fourier(((2, 0.25, -1.73), (4, 0.286, -1.387), (6, 0.12, 1.613)))
FORWARD = Fourier(((2, 0.442, -3.136), (4, 0.354, 0.978), (6, 0.190, 0.765), (8, 0.011, -0.447)))
LEFT = Fourier(((1, 0.086, -1.826), (3, 0.204, -2.117), (7, 0.016, 1.82), (9, 0.011, -0.053)))


@dataclass(frozen=True)
class Set:
    """A pulse that every contact sets off: on which curve, its size (g), whether its sign follows the side."""

    curve: int  # 0 forward, 1 left, 2 up
    size_g: float
    pulse: Pulse
    by_side: bool = False


BRAKING = (Set(0, -0.64, Pulse(3.0, 65.3, -0.1, 0.015)),)
SIDEWAYS = (
    Set(1, 1.04, Pulse(9.0, 23.7, 0.484, 0.006), True),
    Set(1, 0.84, Pulse(11.1, 25.7, 3.313, 0.031), True),
)
LANDING = {
    "rear": (
        Set(2, 1.3, Pulse(22.0, 70.0, -0.1)),
        Set(0, -0.77, Pulse(8.0, 110.0, -0.1, 0.011)),
    ),
    "mid": (Set(2, 0.25, Pulse(14.0, 56.0, 0.12)),),
    "fore": (Set(2, 0.10, Pulse(10.0, 50.0, 0.1, 0.01)),),
}
"""What the landing sets off in the pelvis, sharp after a heel strike. Upwards it is against the centre of mass."""

STRIKES = {"rear": (0.051, 0.057, 1.0), "mid": (0.025, 0.060, 0.8), "fore": (0.0, 0.050, 0.55)}
"""Foot strike: share of the impact in a step's impulse at 3.3 m/s, its length (s), size of the braking onset."""

RESIDUAL_HZ = (1.0, 3.0, 5.0, 7.0, 10.0, 14.0, 20.0, 28.0, 40.0, 56.0)
RESIDUAL = (
    (-4.5, -4.9, -4.3, -4.1, -4.0, -3.8, -3.7, -4.1, -4.6, -5.4),
    (-4.5, -3.4, -3.1, -2.8, -3.4, -3.5, -3.2, -3.9, -4.6, -5.4),
    (-5.5, -3.8, -3.5, -3.1, -3.2, -3.2, -3.3, -3.9, -4.5, -5.4),
    (-2.8, -3.2, -3.0, -2.7, -2.8, -3.4, -3.7, -4.3, -5.0, -5.9),
    (-2.8, -3.8, -2.8, -2.7, -3.1, -3.6, -3.9, -4.4, -5.0, -5.9),
    (-2.7, -2.8, -2.6, -2.5, -3.1, -3.7, -3.7, -4.4, -5.0, -5.9),
)
"""What no two strides share, log10 of power density: forward, left, up in g^2/Hz, rates of roll, tilt, turn in
(rad/s)^2/Hz. Of one runner; belts on other runners show 3 to 8 dB more."""


def coefficients(shape: Fourier) -> Complex:
    """(TERMS + 1,) complex c with shape = Re sum c_k exp(2 pi i k phase)."""
    made = np.zeros(TERMS + 1, complex)
    for k, a, angle in shape.terms:
        made[k] += a * np.exp(1j * angle)
    return made


def level(c: Complex) -> Complex:
    """The shape without its mean."""
    return np.where(np.arange(len(c)) > 0, c, 0.0)


def unit(c: Complex) -> Complex:
    """The shape with a mean of 0 and a peak to peak value of 1."""
    c = level(c)
    n = 2048
    over = np.fft.irfft(np.concatenate((2 * c[:1].real, c[1:])) * n / 2, n)
    return np.asarray(c / np.ptp(over))


def values(c: Complex, phase: F64) -> F64:
    """The shape at stride phases."""
    return np.real(np.exp(2j * np.pi * phase[:, None] * np.arange(len(c))) @ c)


def left_half(whole: Complex) -> Complex:
    """The part of obliquity that the left stance makes: the shape where the left foot carries, little elsewhere.

    Less the same half a stride later it is the odd harmonics of `whole` again, so that each side can have its size.
    """
    n = 512
    phase = np.arange(n) / n
    window = 0.5 + 0.55 * np.sin(2 * np.pi * (phase + 0.05)) + 0.08 * np.sin(6 * np.pi * (phase + 0.05))
    spectrum = 2 * np.fft.rfft(values(whole, phase) * window)[: TERMS + 1] / n
    odd = np.arange(TERMS + 1) % 2 == 1
    made = np.where(odd, whole / 2, spectrum)
    made[0], made[9:] = 0.0, np.where(odd[9:], made[9:], 0.0)
    return made


def warped(c: Complex, duty: float) -> Complex:
    """The shape of a runner whose stance is `duty` of the step: stance of the shape over stance, flight over flight."""
    if duty == REFERENCE_DUTY:
        return c
    n = 2048
    phase = np.arange(n) / n
    edges = np.array([0.0, duty / 2, 0.5])
    edges = np.concatenate((edges[:2] - 0.5, edges[:2], edges[:2] + 0.5, edges[:2] + 1))
    theirs = np.array([0.0, REFERENCE_DUTY / 2])
    theirs = np.concatenate((theirs - 0.5, theirs, theirs + 0.5, theirs + 1))
    # A mean of the broken line over a short window rounds its corners.
    window = (np.arange(33) - 16) / 16 * _CORNER
    weight = np.cos(np.pi / 2 * window / _CORNER * 16 / 17) ** 2
    line = np.interp((phase[:, None] + window).ravel(), edges, theirs).reshape(n, -1) @ (weight / weight.sum())
    made = 2 * np.fft.rfft(values(c, line))[: TERMS + 1] / n
    made[0] = made[0].real / 2
    return np.asarray(np.where(np.abs(made) > 1e-3 * np.abs(made).max(), made, 0.0))


def grounded(c: Complex, duty: float) -> Complex:
    """The acceleration without its mean, which the ground takes: over stance as half a sine, nothing in flight."""
    n = 2048
    phase = np.arange(n) / n % 0.5
    push = np.where(phase < duty / 2, np.sin(np.pi * phase / (duty / 2)), 0.0)
    spectrum = 2 * np.fft.rfft(push)[: TERMS + 1] / n
    made = c - c[0].real * 2 * spectrum / spectrum[0].real
    made[0] = 0.0
    return np.asarray(made)


def half_later(c: Complex) -> Complex:
    """The shape half a stride later."""
    return c * (1 - 2 * (np.arange(len(c)) % 2))


def styled(c: Complex, style: int, channel: int) -> Complex:
    """The shape as another runner might have it: each harmonic larger or smaller by some 20 %, earlier or later by
    some 0.25 rad, and a little of the harmonics that differ between left and right. Style 0 is the shape itself."""
    if style == 0:
        return c
    rng = np.random.default_rng([style, channel])
    k = np.arange(len(c))
    noise = rng.standard_normal((4, len(c)))
    made = c * np.exp(0.2 * noise[0] + 0.25j * noise[1])
    size = np.where(k > 0, np.abs(c).max() / np.maximum(k, 1) ** 1.5, 0.0)
    return np.asarray(made + 0.07 * size * (noise[2] + 1j * noise[3]))


def stance_coefficients(skew: F64, grade: float) -> F64:
    """(n, 4) coefficients of sin(k pi s) of the active vertical force over stance, with area 1.

    `skew` (n,) is added to the second, which moves the peak earlier. Fitted to 16 trials of one runner; the dependence
    on grade (rise over run) is that of those trials, and as others have it: downhill the force comes early.
    """
    n = len(skew)
    c = np.stack((np.ones(n), np.clip(0.105 - 0.45 * grade + skew, -0.2, 0.3),
                  np.full(n, -0.062 - 0.35 * grade).clip(-0.12, 0.05), np.full(n, 0.027)), axis=1)  # fmt: skip
    k = np.arange(1, 5)
    return np.asarray(c / (c @ ((1 - np.cos(k * np.pi)) / (k * np.pi)))[:, None])


def stance_centre(c: F64) -> F64:
    """(n,) Where in stance (0 .. 1) the centre of the active force's area lies."""
    return np.asarray(1 - c @ (1 / (np.arange(1, 5) * np.pi)))


def stance_force(s: F64, c: F64) -> tuple[F64, F64, F64]:
    """Active force at s = 0 .. 1 of stance with coefficients `c` (n, 4), its integral and double integral.

    Before stance all are 0; after it the force is 0 and the integral 1.
    """
    u = np.clip(s, 0.0, 1.0)
    f, once, twice = np.zeros_like(u), np.zeros_like(u), np.zeros_like(u)
    for k in range(1, 5):
        w, a = k * np.pi, c[:, k - 1]
        sine, cosine = np.sin(w * u), np.cos(w * u)
        f += a * sine
        once += a * (1 - cosine) / w
        twice += a * (u / w - sine / w**2)
    inside = (s > 0) & (s < 1)
    return np.where(inside, f, 0.0), once, twice + np.maximum(s - 1, 0.0)


def impact_force(x: F64) -> tuple[F64, F64, F64]:
    """The impact, 140 x^3 (1 - x)^3 over x = 0 .. 1 (area 1), its integral and double integral."""
    u = np.clip(x, 0.0, 1.0)
    once = u**4 * (35 - 84 * u + 70 * u**2 - 20 * u**3)
    twice = u**5 * (7 - 14 * u + 10 * u**2 - 2.5 * u**3)
    return 140 * u**3 * (1 - u) ** 3, once, twice + np.maximum(x - 1, 0.0)
