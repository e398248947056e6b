"""Initial contact and toe-off of a step, from what the sacrum can see of a foot.

Initial contact: the foot's first push against the ground is a braking one, and reaches the sacrum as a sudden drop of
forward acceleration, the middle of which comes about 9 ms later. Its spread from step to step is half of that of any
threshold on the vertical, which soft tissue and the leg's spring blur. Where forward is not known, the steepest rise
of the vertical is followed back to zero force.

Toe-off: at toe-off itself the vertical at the sacrum is anywhere between -0.3 and +0.6 g, but its fall through one body
weight is sharp. What follows is taken from mechanics: with a half sine of contact time tc and momentum balance
over a step of duration T (mean force is weight) the peak is pi T / (2 tc) body weights (Morin et al. 2005, J Appl
Biomech 21:167), so the force passes one body weight tc / pi asin(2 tc / (pi T)) before toe-off. The tail of a real step
outlasts that of the half sine by about 12 ms.
"""

from __future__ import annotations

import numpy as np

from trendel.kernels.compile import f4, i4, kernel, record, u4
from trendel.kernels.layout import R_FWD, R_UP, RING_MASK
from trendel.kernels.mathf import atan2f, clip, root

_F0, _F1, _HALF, _F2 = np.float32(0.0), np.float32(1.0), np.float32(0.5), np.float32(2.0)
_PI, _INV_PI = np.float32(np.pi), np.float32(1 / np.pi)
_TINY = np.float32(1e-6)
_U0, _U1 = np.uint32(0), np.uint32(1)
_I0, _I1, _NEVER = np.int32(0), np.int32(1), np.int32(-1)
_MASK = np.int32(RING_MASK)
_UP, _FWD = np.int32(R_UP), np.int32(R_FWD)
_LAG_FIRST_N = np.uint32(6)
_THOUSANDTH = np.float32(1e-3)
_ROUNDS = 8  # of the fixed point for contact time; each shrinks the error by more than half


@kernel(f4(record("ContactState"), record("Params"), i4, i4))
def fine(state, params, tick, column):
    """Lightly smoothed ring column at a tick; ticks that are not there yet repeat the newest."""
    p = params.contacts
    ring = state.ring
    newest = state.ticks_n - _I1
    total = ring[tick & _MASK, column] * p.fine_taps[0]
    for k in range(1, np.uint32(p.fine_half_n + _U1)):
        after = tick + np.int32(k)
        before = tick - np.int32(k)
        if after > newest:
            after = newest
        if before < _I0:
            before = _I0
        total += p.fine_taps[k] * (ring[after & _MASK, column] + ring[before & _MASK, column])
    return total


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


@kernel(u4(record("ContactState"), record("Params"), i4, i4, record("Instant")))
def braking_onset(state, params, first, last, instant):
    """Half of the steepest drop of forward force between two ticks, less its delay, into instant; 0 without a drop."""
    p = params.contacts
    here = fine(state, params, first, _FWD)
    steepest, at = _F0, first
    tick = first
    while tick < last:
        there = fine(state, params, tick + _I1, _FWD)
        if here - there > steepest:
            steepest, at = here - there, tick
        tick = tick + _I1
        here = there
    reach = whole_ticks(p.brake_half_s, state.tick_s)
    high_tick, high = at, fine(state, params, at, _FWD)
    while high_tick > _I0 and high_tick > at - reach:
        here = fine(state, params, high_tick - _I1, _FWD)
        if here < high:
            break
        high_tick, high = high_tick - _I1, here
    low_tick, low = at + _I1, fine(state, params, at + _I1, _FWD)
    while low_tick < state.ticks_n - _I1 and low_tick < at + reach:
        here = fine(state, params, low_tick + _I1, _FWD)
        if here > low:
            break
        low_tick, low = low_tick + _I1, here
    if high - low < p.brake_min_g * p.gravity_mps2:
        return _U0
    middle = _HALF * (high + low)
    tick, here = high_tick, high
    while tick < low_tick:
        there = fine(state, params, tick + _I1, _FWD)
        if here >= middle and there < middle:
            offset = clip((here - middle) / (here - there), _F0, _F1) - p.ic_delay_s / state.tick_s
            return set_instant(instant, tick, offset, _U1)
        tick = tick + _I1
        here = there
    return _U0


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
    is found far from the mean of that time (another wiggle of a loose clip) is replaced by it.
    """
    p = params.contacts
    first = rise - whole_ticks(p.ic_back_s, state.tick_s)
    if first < _I0:
        first = _I0
    last = rise + whole_ticks(p.ic_ahead_s, state.tick_s)
    if last > state.ticks_n - _I1:
        last = state.ticks_n - _I1
    clear = _U0
    if forward_known != _U0:
        clear = braking_onset(state, params, first, last, instant)
    if clear == _U0:
        clear = rise_onset(state, params, first, last, instant)
    lag_s = (np.float32(np.int32(rise - instant.tick)) - rise_frac - instant.frac) * state.tick_s
    mean_s, reach_s = state.lag_s, p.lag_sd_s
    if state.lag_n < _LAG_FIRST_N:
        mean_s, reach_s = p.lag_start_s, p.lag_start_sd_s
    off_s = clip(lag_s - mean_s, -reach_s, reach_s)
    state.lag_n += _U1
    state.lag_s += (mean_s + off_s - state.lag_s) / clip(np.float32(state.lag_n), _F1, p.lag_memory_n)
    if lag_s > mean_s + reach_s or lag_s < mean_s - reach_s:
        return set_instant(instant, rise, -rise_frac - mean_s / state.tick_s, _U0)
    return clear


@kernel(u4(record("ContactState"), record("Params"), i4))
def find_toe_off(state, params, rise):
    """Toe-off of the step from state.ic to state.next (whose mid rise is at tick rise), into state.to."""
    p = params.contacts
    weight = p.gravity_mps2
    tick = state.fall_tick + whole_ticks(p.to_ahead_s, state.tick_s)
    if tick > rise - _I1:
        tick = rise - _I1
    there = fine(state, params, tick, _UP)
    clear = _U0
    offset = _F0
    while tick > state.rise_tick:
        here = fine(state, params, tick - _I1, _UP)
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
    contact_s = fall_s
    for _ in range(_ROUNDS):
        share = clip(_F2 * _INV_PI * contact_s / step_s, _F0, _F1)
        contact_s = fall_s + contact_s * _INV_PI * atan2f(share, root(_F1 - share * share)) + p.to_tail_s
        if contact_s > step_s:
            contact_s = step_s
    if contact_s >= step_s:
        clear = _U0
    return set_instant(state.to, ic.tick, ic.frac + contact_s / state.tick_s, clear)
