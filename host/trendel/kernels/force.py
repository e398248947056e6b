"""Vertical ground reaction of a step, its loading rate and the impact peak, from the ring of ticks.

Impulse: between two apexes of the body's flight the ground gives back what gravity took, so the contact's impulse is
body weight times the time between them: contact and half of the flight on either side (Cavagna 1975, J Appl Physiol
39:174; equal heights at the apexes). That is the mean of the times from contact to contact and from toe-off to toe-off;
for the latter the fall through body weight stands in, which is sharper.

Waveform: the sacrum is not the centre of mass - trunk and legs swing and wobble against it, and the belt against the
sacrum - so the force is a linear filter of its vertical and fore-aft acceleration, nothing outside contact, never
negative, and scaled to that impulse: the accelerometer's gain drops out. The filter's taps are in analysis/force.py.
Loading rate: the force this long after initial contact over that time.

Impact: the vertical, smoothed with a Gaussian of fixed width so that the output rate does not matter; its first peak
after initial contact, if it falls again before the active rise.
"""

from __future__ import annotations

import numpy as np

from trendel.kernels.compile import f4, i4, kernel, record, u4
from trendel.kernels.events import even
from trendel.kernels.layout import Q_NO_IMPACT, R_FWD, R_UP, RING_MASK
from trendel.kernels.mathf import clip
from trendel.kernels.metrics import M_IMPACT_PEAK, M_IMPACT_RATE, M_IMPULSE, M_LOADING_RATE, M_PEAK_FORCE

_F0, _F1, _HALF, _F2, _F8 = np.float32(0.0), np.float32(1.0), np.float32(0.5), np.float32(2.0), np.float32(8.0)
_TINY = np.float32(1e-6)
_U0, _U1 = np.uint32(0), np.uint32(1)
_I0, _I1 = np.int32(0), np.int32(1)
_MASK, _UP = np.int32(RING_MASK), np.int32(R_UP)
_V_FORCE = np.uint32(1 << M_PEAK_FORCE) | np.uint32(1 << M_LOADING_RATE)
_V_IMPULSE = np.uint32(1 << M_IMPULSE)
_V_IMPACT = np.uint32(1 << M_IMPACT_PEAK) | np.uint32(1 << M_IMPACT_RATE)
_Q_NO_IMPACT = np.uint32(Q_NO_IMPACT)


@kernel(f4(record("ContactState"), record("Params"), i4, f4, u4))
def ground_force(state, params, tick, forward_mean, forward_known):
    """The filtered force at a tick, m/s2 of no particular gain, not negative; ticks not there repeat the nearest."""
    p = params.force
    ring = state.ring
    newest = state.ticks_n - _I1
    oldest = newest - _MASK if newest > _MASK else _I0
    latest = tick + np.int32(p.half_n)
    total = _F0
    for k in range(0, np.uint32(p.taps_n)):  # noqa: PIE808 - without the 0 numba widens to uint64 arithmetic
        at = latest - np.int32(k)
        if at > newest:
            at = newest
        if at < oldest:
            at = oldest
        up = ring[at & _MASK, R_UP]
        if up < _F0:
            up = _F0
        if forward_known != _U0:
            total += p.up_taps[k] * up
            total += p.forward_taps[k] * (ring[at & _MASK, R_FWD] - forward_mean)
        else:
            total += p.alone_taps[k] * up
    return total if total > _F0 else _F0


@kernel(f4(record("ContactState"), record("Params"), f4, f4, i4))
def impulse(state, params, toe, step_s, chained):
    """Impulse of the contact from state.ic to toe (ticks after its tick) in body weights times seconds.

    A step that follows none (chained 0) takes the time to the next contact alone.
    """
    weight = params.contacts.gravity_mps2
    tick, centre = state.ic.tick, _F0
    while centre < toe + _F2:
        tick = tick + _I1
        centre += _F1
    fall = toe
    there = even(state, params, tick, _UP)
    while tick > state.ic.tick:
        here = even(state, params, tick - _I1, _UP)
        if here >= weight and there < weight:
            fall = centre - _F1 + clip((here - weight) / (here - there), _F0, _F1)
            break
        tick = tick - _I1
        centre -= _F1
        there = here
    fall_s = (fall - state.ic.frac) * state.tick_s
    last_s = state.fall_last_s
    state.fall_last_s = step_s - fall_s
    return _HALF * (step_s + fall_s + last_s) if chained != _I0 else step_s


@kernel(f4(f4, f4, f4))
def vertex(before, here, after):
    """Height of the parabola through three equidistant points of which the middle one is highest."""
    bend = _F2 * here - before - after
    if bend < _TINY:
        return here
    slope = after - before
    return here + slope * slope / (_F8 * bend)


@kernel(u4(record("ContactState"), record("Params"), record("PendingStep"), f4, f4, u4))
def measure_force(state, params, pending, toe, forward_mean, forward_known):
    """Peak force and loading rate of the step from state.force_ic to toe (in ticks); the impulse is in its row."""
    p = params.force
    row = pending.row
    dt = state.tick_s
    start = state.force_ic.frac
    edge = (toe - start) / p.edge_inv if p.edge_inv > _F1 else _HALF * (toe - start)
    rate_at = start + p.rate_s / dt
    if toe - start < _F2 or edge < _TINY:
        return _U0
    total, peak, loaded = _F0, _F0, _F0
    two_back, back = _F0, _F0
    tick, centre = state.force_ic.tick, _F0
    last = toe + _F1
    while centre <= last:
        low, high = centre - _HALF, centre + _HALF
        inside = clip(high, start, toe) - clip(low, start, toe)
        force = _F0
        if centre > start and centre < toe:
            share = clip((centre - start if centre - start < toe - centre else toe - centre) / edge, _F0, _F1)
            force = share * ground_force(state, params, tick, forward_mean, forward_known)
        total += inside * force
        if back >= two_back and back >= force:
            top = vertex(two_back, back, force)
            if top > peak:
                peak = top
        if centre >= rate_at and centre - _F1 < rate_at:
            loaded = force + (back - force) * (centre - rate_at)
        two_back, back = back, force
        tick = tick + _I1
        centre += _F1
    if total < _TINY:
        return _U0
    scale = row.metrics[M_IMPULSE] / (total * dt)
    row.metrics[M_PEAK_FORCE] = scale * peak
    row.metrics[M_LOADING_RATE] = scale * loaded / p.rate_s
    row.valid |= _V_FORCE
    return _U0


@kernel(f4(record("ContactState"), record("Params"), i4))
def smooth_up(state, params, tick):
    """The vertical at a tick, smoothed to the bandwidth of the impact."""
    p = params.force
    ring = state.ring
    total = ring[tick & _MASK, R_UP] * p.impact_taps[0]
    for k in range(1, np.uint32(p.impact_half_n + _U1)):
        j = np.int32(k)
        total += p.impact_taps[k] * (ring[(tick + j) & _MASK, R_UP] + ring[(tick - j) & _MASK, R_UP])
    return total


@kernel(u4(record("ContactState"), record("Params"), record("PendingStep"), f4))
def measure_impact(state, params, pending, toe):
    """First peak of the vertical after initial contact (g) and its rise (g/s); none: not valid, and a flag."""
    p = params.force
    if params.contacts.tick_s > p.impact_tick_max_s or state.force_ic.tick < np.int32(p.impact_half_n) + _I1:
        return _U0
    row = pending.row
    dt = state.tick_s
    gravity = params.contacts.gravity_mps2
    end = state.force_ic.frac + p.impact_s / dt
    give_up = end + p.impact_s / dt
    fall = p.impact_fall_g * gravity
    row.reasons |= _Q_NO_IMPACT
    tick, centre = state.force_ic.tick, _F0
    before, here = smooth_up(state, params, tick - _I1), smooth_up(state, params, tick)
    peak, peak_at, peak_tick, found = _F0, _F0, _I0, _U0
    while centre < toe:
        after = smooth_up(state, params, tick + _I1)
        if found == _U0:
            if centre > end:
                return _U0
            if centre >= state.force_ic.frac and here > before and here >= after:
                bend = _F2 * here - before - after
                shift = _HALF * (after - before) / bend if bend > _TINY else _F0
                peak, peak_at, peak_tick, found = vertex(before, here, after), clip(shift, -_HALF, _HALF), tick, _U1
        elif here > peak:
            found = _U0
        if found != _U0 and after < peak - fall:
            break
        if found != _U0 and centre > give_up:
            return _U0
        before, here = here, after
        tick = tick + _I1
        centre += _F1
    if found == _U0 or centre >= toe:
        return _U0
    back = peak_at - p.impact_rise_s / dt
    tick = peak_tick
    while back < _F0:
        back += _F1
        tick = tick - _I1
    low = smooth_up(state, params, tick)
    low += back * (smooth_up(state, params, tick + _I1) - low)
    row.metrics[M_IMPACT_PEAK] = peak / gravity
    row.metrics[M_IMPACT_RATE] = (peak - low) / gravity / p.impact_rise_s
    row.valid |= _V_IMPACT
    row.reasons &= ~_Q_NO_IMPACT
    return _U0


@kernel(u4(record("ContactState"), record("Params")))
def finish_force(state, params):
    """Measure what was put off when the newest step ended, for that sample had enough to do: force with the next one,
    impact with the one after it. The ring is as it was but for one tick more at most."""
    pending = state.queue[state.force_slot]
    state.force_due = np.uint32(state.force_due - _U1)
    if state.force_due != _U0:
        measure_force(state, params, pending, state.force_toe, state.force_forward, state.force_known)
    else:
        measure_impact(state, params, pending, state.force_toe)
    return _U0
