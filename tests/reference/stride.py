"""Metrics of a step from whole arrays: the definitions of docs/design.md in numpy, float64, SI units.

A tick stands for the interval around its centre: tick k covers [k - 1/2, k + 1/2). Windows between two instants weigh
each tick by the part that lies inside.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.integrate import cumulative_simpson
from scipy.interpolate import make_interp_spline

F64 = npt.NDArray[np.float64]
PHASES = 24
G = 9.80665


def weights(n: int, start: float, stop: float) -> F64:
    """(n,) part of each tick that lies between two instants."""
    centre = np.arange(n)
    return np.clip(np.minimum(centre + 0.5, stop) - np.maximum(centre - 0.5, start), 0.0, 1.0)


def excursion(acc: F64, w: F64, dt: float) -> float:
    """Peak to peak of the double integral of acc, closed: neither mean acceleration nor mean velocity."""
    inside = w > 0
    acc, w = acc[inside], w[inside]
    velocity = np.cumsum(w * (acc - np.average(acc, weights=w)))
    height = np.concatenate([[0.0], np.cumsum(w * (velocity - np.average(velocity, weights=w)))])
    return float(np.ptp(height) * dt**2)


def excursion_continuous(acc: F64, start: float, stop: float, dt: float) -> float:
    """The same without ticks: a cubic spline through them, integrated on a fine grid by Simpson's rule."""
    low = max(int(start) - 4, 0)
    spline = make_interp_spline(np.arange(low, int(stop) + 5), acc[low : int(stop) + 5], k=3)
    t = np.linspace(start, stop, 2001)
    a = spline(t)
    velocity = cumulative_simpson(a - a.mean(), x=t * dt, initial=0.0)
    return float(np.ptp(cumulative_simpson(velocity - velocity.mean(), x=t * dt, initial=0.0)))


@dataclass
class Heights:
    """Vertical excursion of one step after another, closed over the stride about the mean of the last steps."""

    memory: int = 5
    means: int = 0
    level: float = 0.0
    last: tuple[float, float, float] | None = None  # gain of velocity and height from rest, duration

    def excursion(self, up: F64, ic: float, end: float, dt: float, chained: bool) -> float:
        """Peak to peak (m) of the next step; instants in ticks, dt seconds a tick, up m/s2."""
        w = weights(len(up), ic, end)
        inside = np.flatnonzero(w)
        a, h = up[inside] - G, w[inside] * dt
        gain, height, duration = self.integrate(a, h, 0.0)[0], self.integrate(a, h, 0.0)[1][-1], h.sum()
        self.means += 1
        self.level += (gain / duration - self.level) / min(self.means, self.memory)
        drop = 0.5 * self.level * duration**2
        if chained and self.last is not None:
            # Height and speed after both steps are those before them.
            last_gain, last_height, last_s = self.last
            last_gain -= self.level * last_s
            last_height -= 0.5 * self.level * last_s**2
            speed = last_gain - (last_height + last_gain * duration + height - drop) / (last_s + duration)
        else:
            speed = -(height - drop) / duration
        self.last = (gain, height, duration)
        return float(np.ptp(self.integrate(a - self.level, h, speed)[1]))

    @staticmethod
    def integrate(a: F64, h: F64, speed: float) -> tuple[float, F64]:
        """Velocity at the end, and heights from 0 on, of a piecewise constant acceleration over intervals h."""
        v = speed + np.concatenate([[0.0], np.cumsum(a * h)])
        return float(v[-1]), np.concatenate([[0.0], np.cumsum(h * (v[1:] + v[:-1]) / 2)])


def braking(forward: F64, ic: float, to: float, end: float, dt: float) -> float:
    """Largest loss of forward speed (m/s) in stance, about the step's mean; instants in ticks."""
    whole, stance = weights(len(forward), ic, end), weights(len(forward), ic, to)
    speed = np.cumsum(stance * (forward - np.average(forward, weights=whole))) * dt
    return -min(0.0, float(speed.min()))


def angle_metrics(tilt: F64, obliquity: F64, rotation: F64, ic: float, to: float, end: float) -> dict[str, float]:
    """Angles (rad) of one step in degrees; "obliquity_*" are those that drop and peak are made of."""
    whole = weights(len(tilt), ic, end)
    at_ic = [float(np.interp(ic, np.arange(len(x)), x)) for x in (tilt, obliquity, rotation)]
    ticks = np.arange(len(tilt))
    stance = obliquity[(ticks >= ic) & (ticks <= to)]
    deg = np.degrees
    return {
        "tilt_mean_deg": deg(np.average(tilt, weights=whole)),
        "tilt_rom_deg": deg(np.ptp(np.append(tilt[whole > 0], at_ic[0]))),
        "rotation_rom_deg": deg(np.ptp(np.append(rotation[whole > 0], at_ic[2]))),
        "obliquity_ic": deg(at_ic[1]),
        "obliquity_max": deg(max(stance.max(), at_ic[1])),
        "obliquity_min": deg(min(stance.min(), at_ic[1])),
        "obliquity_mean": deg(np.average(obliquity, weights=whole)),
    }


def side_metrics(now: dict[str, float], before: dict[str, float] | None, side: str) -> dict[str, float]:
    """Drop, obliquity peak about the stride's mean, drop against the horizontal; positive where the swing side is low.

    now, before: angle_metrics of this step and of the one before it (None where there is none).
    """
    sign, extreme = (1, "obliquity_max") if side == "L" else (-1, "obliquity_min")
    found = {
        "pelvic_drop_deg": sign * (now[extreme] - now["obliquity_ic"]),
        "contralateral_drop_peak_deg": sign * now[extreme],
    }
    if before is not None:
        mean = (now["obliquity_mean"] + before["obliquity_mean"]) / 2
        found["obliquity_peak_deg"] = sign * (now[extreme] - mean)
    return found


def resampled(x: F64, rise: float, next_rise: float) -> F64:
    """(PHASES, ...) x at equal phases of a step, from one mid rise on."""
    t = rise + np.arange(PHASES) * (next_rise - rise) / PHASES
    if x.ndim == 1:
        return np.interp(t, np.arange(len(x)), x)
    return np.stack([np.interp(t, np.arange(len(x)), column) for column in x.T], axis=1)


def likeness(a: F64, b: F64) -> float:
    """Correlation of two resampled steps."""
    return float(np.corrcoef(a, b)[0, 1])


def sway_m(before: F64, now: F64, stride_s: float) -> float:
    """Peak to peak medio-lateral excursion over two resampled steps, closed over the stride."""
    left = np.concatenate([before, now])
    return excursion(left, np.ones(len(left)), stride_s / len(left))
