"""Initial contact and toe-off of a step, from what the sacrum can see of a foot.

Initial contact: the foot's first push against the ground is a braking one and reaches the sacrum as a sudden drop of
forward acceleration. Its onset is where the tangent at the steepest drop meets the level before it. A loose or
anterior clip rings, so that a step has several drops; the one is taken that is steep and lies where contact has lain
in the steps before. Where forward is not known, the steepest rise of the vertical is followed back to zero force.

Toe-off: at toe-off itself the vertical at the sacrum may be anywhere within half a body weight, but its fall through
one body weight is sharp and nearly coincides with that of the ground force. A half sine that balances momentum over the
step (Morin et al. 2005, J Appl Biomech 21:167) takes tc / pi asin(2 tc / (pi T)) from there to toe-off, with contact
time tc and step time T; half the contact is taken as the time from initial contact to the crest of the step's first
harmonic, which depends on no single instant. Feet that push longer let go later: forward acceleration is least shortly
after toe-off, and half of what that comes later than in a half sine is added.
"""

from __future__ import annotations

import numpy as np

from trendel.kernels.compile import f4, i4, kernel, nested, record, u4
from trendel.kernels.layout import FINE_HALF_MAX, R_FWD, R_UP, RING_MASK
from trendel.kernels.mathf import atan2f, clip, cosf, root, sinf

_F0, _F1, _HALF, _F2 = np.float32(0.0), np.float32(1.0), np.float32(0.5), np.float32(2.0)
_TWO_PI = np.float32(2 * np.pi)
_TINY = np.float32(1e-6)
_U0, _U1 = np.uint32(0), np.uint32(1)
_I0, _I1, _I2 = np.int32(0), np.int32(1), np.int32(2)
_MASK = np.int32(RING_MASK)
_UP, _FWD = np.int32(R_UP), np.int32(R_FWD)
_LAG_FIRST_N = np.uint32(6)
_SINE_MEAN = np.float32(2 / np.pi)
_THOUSANDTH = np.float32(1e-3)
_LAG_REACH = np.float32(1.5)  # of its width: what lies further from the mean is no contact


@kernel(f4(record("ContactState"), nested(FINE_HALF_MAX + 1), u4, i4, i4))
def smooth(state, weights, half_n, tick, column):
    """Ring column at a tick, smoothed symmetrically; ticks that are not there yet repeat the newest."""
    ring = state.ring
    newest = state.ticks_n - _I1
    total = ring[tick & _MASK, column] * weights[0]
    for k in range(1, np.uint32(half_n + _U1)):
        after = tick + np.int32(k)
        before = tick - np.int32(k)
        if after > newest:
            after = newest
        if before < _I0:
            before = _I0
        total += weights[k] * (ring[after & _MASK, column] + ring[before & _MASK, column])
    return total


@kernel(f4(record("ContactState"), record("Params"), i4, i4))
def fine(state, params, tick, column):
    """Lightly smoothed, for initial contact."""
    return smooth(state, params.contacts.fine_taps, params.contacts.fine_half_n, tick, column)


@kernel(f4(record("ContactState"), record("Params"), i4, i4))
def even(state, params, tick, column):
    """Smoothed so far that the ringing of a loose clip does not cross one body weight again, for toe-off."""
    return smooth(state, params.contacts.even_taps, params.contacts.even_half_n, tick, column)


@kernel(u4(record("Instant"), i4, f4, u4))
def set_instant(instant, tick, offset, clear):
    """Put a moment offset ticks after tick into an instant, with the fraction between 0 and 1."""
    while offset < _F0:
        offset += _F1
        tick = tick - _I1
    while offset >= _F1:
        offset -= _F1
        tick = tick + _I1
    instant.tick = tick
    instant.frac = offset
    instant.clear = clear
    return clear


@kernel(i4(f4, f4))
def whole_ticks(duration_s, tick_s):
    """Whole ticks in a duration, rounded up, at most 40; a thousandth of a tick more is rounding error, not a tick."""
    n = _I0
    left = duration_s
    while left > _THOUSANDTH * tick_s and n < np.int32(40):
        left = left - tick_s
        n = n + _I1
    return n


@kernel(f4(record("ContactState"), record("Params"), i4))
def braking_tangent(state, params, at):
    """Onset of the drop of forward force from tick at to the next, in ticks after at; 1 where it is no drop.

    The steepest point lies on the parabola through three differences; the level before is the maximum before it.
    """
    p = params.contacts
    reach = whole_ticks(p.brake_half_s, state.tick_s)
    here, there = fine(state, params, at, _FWD), fine(state, params, at + _I1, _FWD)
    before = fine(state, params, at - _I1, _FWD) - here if at > _I0 else _F0
    drop, after = here - there, there - fine(state, params, at + _I2, _FWD)
    bend = before - drop - drop + after
    shift = clip(_HALF * (before - after) / bend, -_HALF, _HALF) if bend < -_TINY else _F0
    steepest = drop - np.float32(0.25) * (before - after) * shift
    high_tick, high = at, here
    while high_tick > _I0 and high_tick > at - reach:
        here = fine(state, params, high_tick - _I1, _FWD)
        if here < high:
            break
        high_tick, high = high_tick - _I1, here
    low_tick, low = at + _I1, there
    while low_tick < state.ticks_n - _I1 and low_tick < at + reach:
        here = fine(state, params, low_tick + _I1, _FWD)
        if here > low:
            break
        low_tick, low = low_tick + _I1, here
    if high - low < p.brake_min_g * p.gravity_mps2 or steepest < _TINY:
        return _F1
    middle = there + _HALF * drop - drop * shift
    return _HALF + shift - clip((high - middle) / steepest, _F0, np.float32(10.0)) + p.ic_lead_s / state.tick_s


@kernel(u4(record("ContactState"), record("Params"), i4, i4, f4, f4, record("Instant")))
def braking_onset(state, params, first, last, expected, width, instant):
    """Onset of the drop of forward force between two ticks, into instant; 0 without a drop.

    Of several the one with the largest slope, weighed by how near to expected (ticks after first) it begins; width in
    ticks. A drop counts where it is steeper than the ones a tick before and after.
    """
    found, best = _U0, _F0
    before = fine(state, params, first - _I1, _FWD) - fine(state, params, first, _FWD) if first > _I0 else _F0
    here = fine(state, params, first + _I1, _FWD)
    drop = fine(state, params, first, _FWD) - here
    tick = first
    while tick < last:
        there = fine(state, params, tick + _I2, _FWD)
        after = here - there
        if drop > _F0 and drop >= before and drop > after:
            onset = braking_tangent(state, params, tick)
            if onset < _F1:
                off = (np.float32(np.int32(tick - first)) + onset - expected) / width
                near = _F1 / (_F1 + off * off)
                score = drop * near * near
                if score > best:
                    best = score
                    found = set_instant(instant, tick, onset, _U1)
        before, drop, here = drop, after, there
        tick = tick + _I1
    return found


@kernel(u4(record("ContactState"), record("Params"), i4, i4, record("Instant")))
def rise_onset(state, params, first, last, instant):
    """The steepest rise of the vertical between ticks first and last, followed back to zero force, into instant."""
    p = params.contacts
    here = fine(state, params, first, _UP)
    steepest, value, at, least = _TINY, here, first, here
    tick = first
    while tick < last:
        there = fine(state, params, tick + _I1, _UP)
        if here < least:
            least = here
        if there - here > steepest:
            steepest, value, at = there - here, _HALF * (there + here), tick
        here = there
        tick = tick + _I1
    back = clip(value / steepest, _F0, np.float32(10.0))
    clear = _U1 if least < p.flight_g * p.gravity_mps2 else _U0
    return set_instant(instant, at, _HALF - back - p.rise_delay_s / state.tick_s, clear)


@kernel(u4(record("ContactState"), record("Params"), i4, f4, u4, record("Instant")))
def find_initial_contact(state, params, rise, rise_frac, forward_known, instant):
    """Initial contact next to the mid rise of the vertical, into instant; returns 1 where it is clear.

    The mid rise is rise_frac ticks before tick rise. It follows contact by nearly the same time throughout a run: what
    is found far from the mean of that time is replaced by it.
    """
    p = params.contacts
    first = rise - whole_ticks(p.ic_back_s, state.tick_s)
    if first < _I0:
        first = _I0
    last = rise + whole_ticks(p.ic_ahead_s, state.tick_s)
    if last > state.ticks_n - _I1:
        last = state.ticks_n - _I1
    mean_s, width_s = state.lag_s, p.lag_sd_s
    if state.lag_n < _LAG_FIRST_N:
        mean_s, width_s = p.lag_start_s, p.lag_start_sd_s
    clear = _U0
    if forward_known != _U0:
        expected = np.float32(np.int32(rise - first)) - rise_frac - mean_s / state.tick_s
        clear = braking_onset(state, params, first, last, expected, width_s / state.tick_s, instant)
    if clear == _U0:
        clear = rise_onset(state, params, first, last, instant)
    reach_s = _LAG_REACH * width_s
    lag_s = (np.float32(np.int32(rise - instant.tick)) - rise_frac - instant.frac) * state.tick_s
    off_s = clip(lag_s - mean_s, -reach_s, reach_s)
    state.lag_n += _U1
    state.lag_s += (mean_s + off_s - state.lag_s) / clip(np.float32(state.lag_n), _F1, p.lag_memory_n)
    if lag_s > mean_s + reach_s or lag_s < mean_s - reach_s:
        return set_instant(instant, rise, -rise_frac - mean_s / state.tick_s, _U0)
    return clear


@kernel(u4(record("ContactState"), record("Params"), i4, i4))
def measure_swing(state, params, start, stop):
    """First harmonic of the vertical between two mid rises (ticks start to stop): its size and its crest."""
    n = np.float32(np.int32(stop - start))
    turn = _TWO_PI / n
    c1, s1 = cosf(turn), sinf(turn)
    c, s, re, im = _F1, _F0, _F0, _F0
    tick = start
    while tick < stop:
        up = state.ring[tick & _MASK, R_UP] - params.contacts.gravity_mps2
        re += up * c
        im += up * s
        c, s = c * c1 - s * s1, s * c1 + c * s1
        tick = tick + _I1
    state.swing_mps2 = _F2 * root(re * re + im * im) / n
    crest = atan2f(im, re) / _TWO_PI
    if crest < _F0:
        crest += _F1
    state.crest = crest * n
    return _U0


@kernel(f4(record("ContactState"), record("Params"), i4, f4, u4))
def propulsion_end(state, params, tick, offset, forward_known):
    """Time (s) from an instant, offset ticks after tick, to the least forward force soon after it."""
    p = params.contacts
    usual = p.fade_usual_s
    last = tick + whole_ticks(p.fade_max_s, state.tick_s)
    if last > state.next.tick - _I2:
        last = state.next.tick - _I2
    if forward_known == _U0 or last - tick < _I2:
        return usual
    least_tick, least = tick, even(state, params, tick, _FWD)
    at = tick + _I1
    while at <= last:
        here = even(state, params, at, _FWD)
        if here < least:
            least_tick, least = at, here
        at = at + _I1
    shift = _F0
    if least_tick < last:
        before, after = even(state, params, least_tick - _I1, _FWD), even(state, params, least_tick + _I1, _FWD)
        bend = before - least - least + after
        if bend > _TINY:
            shift = clip(_HALF * (before - after) / bend, -_HALF, _HALF)
    fade_s = (np.float32(np.int32(least_tick - tick)) + shift - offset) * state.tick_s
    return clip(fade_s, p.fade_min_s, p.fade_max_s)


@kernel(u4(record("ContactState"), record("Params"), i4, u4))
def find_toe_off(state, params, rise, forward_known):
    """Toe-off of the step from state.ic to state.next (whose mid rise is at tick rise), into state.to."""
    p = params.contacts
    weight = p.gravity_mps2
    tick = state.fall_tick + whole_ticks(p.to_ahead_s, state.tick_s)
    if tick > rise - _I1:
        tick = rise - _I1
    there = even(state, params, tick, _UP)
    clear = _U0
    offset = _F0
    while tick > state.rise_tick:
        here = even(state, params, tick - _I1, _UP)
        if here >= weight and there < weight:
            offset = clip((here - weight) / (here - there), _F0, _F1)
            tick = tick - _I1
            clear = _U1
            break
        tick = tick - _I1
        there = here
    if clear == _U0:
        tick = state.fall_tick
    ic = state.ic
    step_s = (np.float32(np.int32(state.next.tick - ic.tick)) + (state.next.frac - ic.frac)) * state.tick_s
    fall_s = (np.float32(np.int32(tick - ic.tick)) + (offset - ic.frac)) * state.tick_s
    if step_s < p.step_min_s * _HALF or fall_s < _F0:
        return set_instant(state.to, tick, offset, _U0)
    half_s = (np.float32(np.int32(state.rise_tick - ic.tick)) + (state.crest - ic.frac)) * state.tick_s
    half_s = clip(half_s, _F0, step_s)
    fade_s = propulsion_end(state, params, tick, offset, forward_known)
    # A half sine that balances momentum leaves one body weight tc / pi asin(2 tc / (pi T)) before its end.
    duty = clip(_SINE_MEAN * _F2 * half_s / step_s, _F0, _F1)
    tail_s = _SINE_MEAN * half_s * atan2f(duty, root(_F1 - duty * duty))
    contact_s = fall_s + tail_s + p.to_fade_share * (fade_s - p.fade_rest_s)
    if contact_s >= step_s:
        contact_s, clear = step_s, _U0
    return set_instant(state.to, ic.tick, ic.frac + contact_s / state.tick_s, clear)
