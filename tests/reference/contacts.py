"""Steps, initial contact and toe-off from vertical and forward force: twin of kernels/contacts.py and events.py.

Means over ticks of about 10 ms. A Gaussian of 55 ms rises once in each running step through the middle of its last
extremes; between two rises duration, first harmonic and least force tell whether it was a running step. Initial contact
is half of the steepest drop of the forward force next to the rise, less a delay; where forward is not known, the
steepest rise of the vertical followed back to zero. Toe-off is what a half sine of force with one body weight on
average says of the moment at which the force falls through one body weight. All in float64.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d
from scipy.signal import lfilter

F64 = npt.NDArray[np.float64]
G = 9.80665


@dataclass(frozen=True)
class Step:
    """One running step; instants in ticks (centre of the tick is the whole number)."""

    ic: float
    to: float
    end: float
    clear: bool
    rise: int
    next_rise: int
    chain: int  # steps of one chain follow each other without a break


def tick_length(contacts: Any, rate_hz: float) -> int:
    """Samples in a tick."""
    return max(1, round(rate_hz * contacts.tick_ms / 1000))


def tick_means(x: npt.ArrayLike, tick_n: int) -> F64:
    """(n // tick_n, ...) means of x over ticks."""
    x = np.asarray(x, np.float64)
    whole = len(x) // tick_n
    return x[: whole * tick_n].reshape(whole, tick_n, *x.shape[1:]).mean(axis=1)


def samples_of(ticks: npt.ArrayLike, tick_n: int) -> F64:
    """Sample index of instants in ticks: the tick's whole number is at the centre of its samples."""
    return np.asarray(ticks, float) * tick_n + (tick_n - 1) / 2


def smooth(x: F64, sigma_ms: float, tick_s: float, half_max: int) -> tuple[F64, int]:
    """Gaussian of sigma_ms, cut off at 2.6 sigma or half_max ticks; gives the half length too."""
    sigma = sigma_ms / 1000 / tick_s
    half = min(half_max, max(1, int(np.ceil(2.6 * sigma))))
    return gaussian_filter1d(x, sigma, radius=half, mode="nearest"), half


def ticks_in(duration_ms: float, tick_s: float) -> int:
    """Whole ticks in a duration, rounded up but for a thousandth."""
    return int(np.ceil(duration_ms / 1000 / tick_s - 1e-3))


def rises_and_falls(
    slow: F64, level: F64, half: int, c: Any, tick_s: float
) -> tuple[list[tuple[int, float]], list[int]]:
    """Rises (first tick above, exact instant) and falls (first tick below) of the slow signal.

    They are where it crosses the middle of its last extremes, which fade towards the mean. The mean is causal and the
    smoother symmetric, so at tick k the mean is already that of tick k + half.
    """
    rises: list[tuple[int, float]] = []
    falls: list[int] = []
    high, top, bottom = False, G, G
    fade = min(1.0, tick_s / c.slow_tau_s)
    for k in range(len(slow) - half):
        if high and (k - 1 - rises[-1][0]) * tick_s * 1000 > c.step_max_ms:
            high, top, bottom = False, slow[k - 1], slow[k - 1]
        if high:
            top = max(top, slow[k])
            bottom += fade * (level[k + half] - bottom)
        else:
            bottom = min(bottom, slow[k])
            top += fade * (level[k + half] - top)
        if top - bottom <= c.slow_min_g * G:
            continue
        middle = (top + bottom) / 2
        if high and slow[k] < middle:
            high, bottom = False, slow[k]
            falls.append(k)
        elif not high and slow[k] >= middle:
            high, top = True, slow[k]
            last = slow[k - 1] if k > 0 else G
            back = np.clip((slow[k] - middle) / (slow[k] - last), 0.0, 1.0) if slow[k] > last else 0.0
            rises.append((k, k - float(back)))
    return rises, falls


def braking_onsets(forward: F64, first: int, last: int, c: Any, tick_s: float) -> list[tuple[float, float]]:
    """Every drop of forward force that is steepest between two ticks: its slope, and where its tangent begins."""
    padded = np.concatenate((forward[:1], forward, np.repeat(forward[-1:], 2)))
    drops = -np.diff(padded)  # drops[k + 1] is from tick k to the next
    reach = ticks_in(c.brake_half_ms, tick_s)
    falling = np.diff(forward) <= 0
    found = []
    for k in range(first, last):
        before, drop, after = drops[k : k + 3]
        if drop <= 0 or drop < before or drop <= after:
            continue
        top = k
        while top > max(0, k - reach) and falling[top - 1]:
            top -= 1
        bottom = k + 1
        while bottom < min(len(forward) - 1, k + reach) and falling[bottom]:
            bottom += 1
        if forward[top] - forward[bottom] < c.brake_min_g * G:
            continue
        parabola = np.polyfit([-1.0, 0.0, 1.0], [before, drop, after], 2)
        shift = float(np.clip(-parabola[1] / (2 * parabola[0]), -0.5, 0.5)) if parabola[0] < -1e-9 else 0.0
        slope = drop - 0.25 * (before - after) * shift
        middle = (forward[k] + forward[k + 1]) / 2 - drop * shift
        back = np.clip((forward[top] - middle) / slope, 0.0, 10.0)
        found.append((float(drop), k + 0.5 + shift - back + c.ic_lead_ms / 1000 / tick_s))
    return found


def rise_onset(up: F64, first: int, last: int, c: Any, tick_s: float) -> tuple[float, bool]:
    """The tangent at the steepest rise of the vertical, where it is zero; and whether the foot was off the ground."""
    slope = np.diff(up[first : last + 1])
    at = int(np.argmax(slope))
    tangent_back = np.clip((up[first + at] + up[first + at + 1]) / 2 / max(slope[at], 1e-6), 0.0, 10.0)
    clear = up[first:last].min() < c.flight_g * G
    return first + at + 0.5 - tangent_back - c.rise_delay_ms / 1000 / tick_s, bool(clear)


def initial_contact(
    up: F64, forward: F64 | None, rise: int, expected: float, width: float, c: Any, tick_s: float
) -> tuple[float, bool]:
    """Next to the mid rise; up and forward lightly smoothed; expected about that tick, within about width ticks."""
    first = max(rise - ticks_in(c.ic_back_ms, tick_s), 0)
    last = min(rise + ticks_in(c.ic_ahead_ms, tick_s), len(up) - 1)
    drops = [] if forward is None else braking_onsets(forward, first, last, c, tick_s)
    if not drops:
        return rise_onset(up, first, last, c, tick_s)
    return max(drops, key=lambda d: d[0] / (1 + ((d[1] - expected) / width) ** 2) ** 2)[1], True


def crest(up: F64, rise: int, next_rise: int) -> float:
    """Where the first harmonic of the vertical between two mid rises is highest, in ticks."""
    phase = np.angle(np.fft.fft(up[rise:next_rise] - G)[1])
    return rise + float(-phase / (2 * np.pi) % 1.0) * (next_rise - rise)


def propulsion_end(forward: F64 | None, fall: float, end: float, c: Any, tick_s: float) -> float:
    """Time (s) from the fall through one body weight to the least forward force soon after; forward smoothed."""
    first = int(np.floor(fall))
    last = min(first + ticks_in(c.fade_max_ms, tick_s), int(np.floor(end)) - 2)
    if forward is None or last - first < 2:
        return c.fade_usual_ms / 1000
    k = first + int(np.argmin(forward[first : last + 1]))
    shift = 0.0
    if k < last:
        parabola = np.polyfit([-1.0, 0.0, 1.0], forward[k - 1 : k + 2], 2)
        if parabola[0] > 1e-9:
            shift = float(np.clip(-parabola[1] / (2 * parabola[0]), -0.5, 0.5))
    return float(np.clip((k + shift - fall) * tick_s, c.fade_min_ms / 1000, c.fade_max_ms / 1000))


def toe_off(
    up: F64, even_up: F64, even_forward: F64 | None, rise: int, fall: int, next_rise: int, ic: float, end: float,
    c: Any, tick_s: float,
) -> tuple[float, bool]:  # fmt: skip
    """The fall through one body weight, a share of half the contact and one of the fading of propulsion later."""
    stop = min(fall + ticks_in(c.to_ahead_ms, tick_s), next_rise - 1)
    x = even_up[rise : stop + 1]
    crossings = np.flatnonzero((x[:-1] >= G) & (x[1:] < G))
    clear = len(crossings) > 0
    k = int(crossings[-1]) if clear else 0
    weight = rise + k + float((x[k] - G) / (x[k] - x[k + 1])) if clear else float(fall)
    duration = (end - ic) * tick_s
    if duration < c.step_min_ms / 2000 or weight < ic:
        return weight, False
    half_s = np.clip((crest(up, rise, next_rise) - ic) * tick_s, 0.0, duration)
    fade_s = propulsion_end(even_forward, weight, end, c, tick_s)
    tail_s = 2 * half_s / np.pi * np.arcsin(min(4 * half_s / (np.pi * duration), 1.0))
    contact_s = (weight - ic) * tick_s + tail_s + c.to_fade_share * (fade_s - c.fade_rest_ms / 1000)
    return (end, False) if contact_s >= duration else (ic + contact_s / tick_s, clear)


def verdict(up: F64, fine: F64, rise: int, next_rise: int, tick_s: float, c: Any) -> int:
    """Does the body nearly fly, and swing once up and down between these two mid rises? 0 no to 3 yes."""
    duration_ms = (next_rise - rise) * tick_s * 1000
    if not c.step_min_ms <= duration_ms <= c.step_max_ms:
        return 0
    inside = up[rise:next_rise] - G
    swing = 2 * np.abs(np.fft.fft(inside)[1]) / len(inside) / G
    least = fine[rise:next_rise].min() / G
    # 1: may be weak, 0: must be clear.
    weak = 1 - np.clip((duration_ms - c.step_slow_ms) / c.step_slow_span_ms, 0, 1)
    if duration_ms < c.step_min_weak_ms:
        weak = 0.0
    for answer, clear in ((3, 1 - weak), (2, (1 - weak) / 2)):
        swings = swing >= np.interp(clear, [0, 1], [c.swing_weak_g, c.swing_g])
        floats = least <= np.interp(clear, [0, 1], [c.float_weak_g, c.float_g])
        if swings and floats and (answer == 3 or weak > 0):
            return answer
    return int(swing >= c.swing_keep_g and least <= c.float_keep_g)


def find_steps(up: F64, forward: F64 | None, c: Any, tick_s: float) -> list[Step]:
    """The running steps of a whole recording.

    A run begins with start_steps in a row that are running by themselves. In it weaker ones count between others, and
    after a break resume_steps go on with it. It ends end_s after the last step that is running by itself.

    Args:
        up, forward: (n,) mean specific force of each tick, m/s2; forward None where it is not known.
        c: numbers in everyday units, named as in the parameter file's section [contacts].
        tick_s: duration of a tick.
    """
    slow, half = smooth(up, c.slow_sigma_ms, tick_s, 24)
    light, _ = smooth(up, c.fine_sigma_ms, tick_s, 6)
    light_forward = None if forward is None else smooth(forward, c.fine_sigma_ms, tick_s, 6)[0]
    even_up, _ = smooth(up, c.even_sigma_ms, tick_s, 6)
    even_forward = None if forward is None else smooth(forward, c.even_sigma_ms, tick_s, 6)[0]
    share = min(1.0, tick_s / c.level_tau_s)
    level, _ = lfilter([share], [1.0, share - 1.0], up, zi=[G * (1 - share)])
    rises, falls = rises_and_falls(slow, level, half, c, tick_s)
    expected = Expected(c)
    sure: list[Step] = []
    waiting: list[Step] = []
    running, last_good, in_a_row, chain = False, -np.inf, 0, 0
    before: tuple[int, float, bool] | None = None

    for rise, instant in rises:
        if before is not None and (rise - before[0]) * tick_s * 1000 > c.step_max_ms:
            waiting, in_a_row, chain, before = [], 0, chain + 1, None
            expected = expected if running else Expected(c)
        if running and (rise - 1 - last_good) * tick_s > c.end_s:
            running, expected = False, Expected(c)
            waiting, in_a_row, chain = [], 0, chain + 1
        mean_s, width_s = expected.where()
        about = instant - mean_s / tick_s
        found, clear = initial_contact(light, light_forward, rise, about, width_s / tick_s, c, tick_s)
        lag_s, plausible = expected.lag((instant - found) * tick_s)
        ic, clear = (found, clear) if plausible else (instant - lag_s / tick_s, False)
        if before is None:
            before = (rise, ic, clear)
            continue
        v = verdict(up, light, before[0], rise, tick_s, c)
        runs = (v >= 2 or (v == 1 and in_a_row > 0)) if running else v == 3
        if runs and before[1] >= 0:
            fall = next(k for k in falls if k > before[0])
            to, to_clear = toe_off(up, even_up, even_forward, before[0], fall, rise, before[1], ic, c, tick_s)
            waiting.append(Step(before[1], to, ic, before[2] and to_clear and clear, before[0], rise, chain))
            in_a_row += 1
            if v >= 2:
                last_good = rise
                running = running or in_a_row >= c.start_steps
                if running and in_a_row >= c.resume_steps:
                    sure, waiting = sure + waiting, []
        else:
            waiting, in_a_row, chain = [], 0, chain + 1
            expected = expected if running else Expected(c)
        before = (rise, ic, clear)
    return sure


class Expected:
    """The time from initial contact to mid rise: nearly the same throughout a run, so what is far from it is wrong."""

    def __init__(self, c: Any) -> None:
        self.c, self.n, self.mean_s = c, 0, 0.0

    def where(self) -> tuple[float, float]:
        """The lag (s) that contact usually has, and how far from it it usually is."""
        if self.n < 6:
            return self.c.lag_start_ms / 1000, self.c.lag_start_sd_ms / 1000
        return self.mean_s, self.c.lag_sd_ms / 1000

    def lag(self, found_s: float) -> tuple[float, bool]:
        """The lag to be used instead, and whether the one that was found can be right."""
        mean_s, width_s = self.where()
        reach_s = 1.5 * width_s
        plausible = bool(abs(found_s - mean_s) <= reach_s)
        self.n += 1
        taken_s = np.clip(found_s, mean_s - reach_s, mean_s + reach_s)
        self.mean_s += (taken_s - self.mean_s) / min(self.n, self.c.lag_memory_steps)
        return (found_s if plausible else mean_s), plausible


def frontal_sign(obliquity: F64, rotation: F64, step: Step, c: Any) -> float:
    """Positive where the left foot stands: both angles fall from the first to the last part of the step."""
    phase = (np.arange(step.rise, step.next_rise) - step.rise) / (step.next_rise - step.rise)
    o, r = (np.degrees(x[step.rise : step.next_rise]) for x in (obliquity, rotation))
    fall_o = o[(phase >= 0.1) & (phase < 0.35)].mean() - o[(phase >= 0.5) & (phase < 0.75)].mean()
    fall_r = r[phase < 0.4].mean() - r[(phase >= 0.6) & (phase < 0.95)].mean()
    sign = np.clip(fall_o / c.side_obliquity_deg, -1, 1)
    sign += c.side_rotation_weight * np.clip(fall_r / c.side_rotation_deg, -1, 1)
    return float(sign / (1 + c.side_rotation_weight))
