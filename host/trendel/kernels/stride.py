"""The metrics of a step and of a stride, once a step, from the ring of ticks.

A tick stands for the interval around its centre; windows between two contacts weigh their first and last tick by the
part that lies inside, so that means and closures do not depend on the tick rate. Height and sway are double integrals
closed over the stride (a periodic motion has no mean velocity and no mean acceleration: Cavagna 1975, J Appl Physiol
39:174); a step by itself need not end as high and as fast as it began. Force and impact are in kernels/force.py.
"""

from __future__ import annotations

import numpy as np

from trendel.kernels.compile import f4, i4, kernel, record, u4
from trendel.kernels.force import impulse
from trendel.kernels.layout import (
    METRIC_N,
    PHASE_N,
    Q_ATTITUDE,
    Q_BRIDGED,
    Q_CONTACT_UNSURE,
    Q_IRREGULAR,
    Q_SATURATED,
    QUEUE_N,
    R_FWD,
    R_LEFT,
    R_OBL,
    R_ROT,
    R_TILT,
    R_UP,
    R_WPITCH,
    R_WROLL,
    RING_MASK,
)
from trendel.kernels.mathf import clip, root, snap
from trendel.kernels.metrics import (
    M_BRAKING,
    M_CONTACT,
    M_CONTRALATERAL,
    M_DROP,
    M_FLIGHT,
    M_IMPULSE,
    M_OBLIQUITY_PEAK,
    M_OSCILLATION,
    M_ROTATION_ROM,
    M_SWAY,
    M_TILT_MEAN,
    M_TILT_ROM,
)

_F0, _F1, _HALF, _F2 = np.float32(0.0), np.float32(1.0), np.float32(0.5), np.float32(2.0)
_TINY = np.float32(1e-6)
_U0, _U1, _U2 = np.uint32(0), np.uint32(1), np.uint32(2)
_I0, _I1, _I2 = np.int32(0), np.int32(1), np.int32(2)
_MASK, _QUEUE_MASK = np.int32(RING_MASK), np.uint32(QUEUE_N - 1)
_PHASE_STEP = np.float32(1 / PHASE_N)


def _bit(metric: int) -> np.uint32:
    return np.uint32(1 << metric)


_V_TIME = _bit(M_CONTACT) | _bit(M_FLIGHT)
_V_UP, _V_FORWARD, _V_IMPULSE = _bit(M_OSCILLATION), _bit(M_BRAKING), _bit(M_IMPULSE)
_V_ANGLE = _bit(M_TILT_MEAN) | _bit(M_TILT_ROM) | _bit(M_ROTATION_ROM)
_V_SWAY, _V_DROP, _V_PEAK, _V_CONTRA = _bit(M_SWAY), _bit(M_DROP), _bit(M_OBLIQUITY_PEAK), _bit(M_CONTRALATERAL)
_Q_BRIDGED, _Q_SATURATED, _Q_ATTITUDE = np.uint32(Q_BRIDGED), np.uint32(Q_SATURATED), np.uint32(Q_ATTITUDE)
_Q_CONTACT_UNSURE, _Q_IRREGULAR = np.uint32(Q_CONTACT_UNSURE), np.uint32(Q_IRREGULAR)


@kernel(f4(record("ContactState"), i4, f4, i4))
def at(state, tick, frac, column):
    """A ring column at a fractional tick, linearly."""
    a, b = state.ring[tick & _MASK, column], state.ring[(tick + _I1) & _MASK, column]
    return a + frac * (b - a)


@kernel(f4(f4, f4, f4))
def overlap(centre, start, stop):
    """The part (0 to 1) of the tick around centre that lies between start and stop, all in ticks."""
    low, high = centre - _HALF, centre + _HALF
    if low < start:
        low = start
    if high > stop:
        high = stop
    return high - low if high > low else _F0


@kernel(u4(record("ContactState"), i4, i4))
def resample(state, start, stop):
    """The ring from tick start to stop as PHASE_N rows of the state's phase; the older one moves to phase_last."""
    for k in range(PHASE_N):
        state.phase_up_2[k] = state.phase_last[k, 0]
        for j in range(5):
            state.phase_last[k, j] = state.phase[k, j]
    n = np.float32(np.int32(stop - start))
    state.rot_mean_last = state.rot_mean
    rotation = _F0
    tick = start
    while tick < stop:
        rotation += state.ring[tick & _MASK, R_ROT]
        tick = tick + _I1
    state.rot_mean = rotation / n if n > _HALF else _F0
    step = n * _PHASE_STEP
    tick, frac = start, _F0
    for k in range(PHASE_N):
        state.phase[k, 0] = at(state, tick, frac, np.int32(R_UP))
        state.phase[k, 1] = at(state, tick, frac, np.int32(R_FWD))
        state.phase[k, 2] = at(state, tick, frac, np.int32(R_LEFT))
        state.phase[k, 3] = at(state, tick, frac, np.int32(R_WROLL))
        state.phase[k, 4] = at(state, tick, frac, np.int32(R_WPITCH))
        frac += step
        while frac >= _F1:
            frac -= _F1
            tick = tick + _I1
    return _U0


@kernel(f4(record("ContactState"), i4))
def likeness(state, back):
    """Correlation of the newest resampled vertical with that of 1 or 2 steps before, -1 to 1; 0 where one is flat."""
    mean_a, mean_b = _F0, _F0
    for k in range(PHASE_N):
        mean_a += state.phase[k, 0]
        mean_b += state.phase_last[k, 0] if back == _I1 else state.phase_up_2[k]
    mean_a, mean_b = mean_a * _PHASE_STEP, mean_b * _PHASE_STEP
    ab, aa, bb = _F0, _F0, _F0
    for k in range(PHASE_N):
        a = state.phase[k, 0] - mean_a
        b = (state.phase_last[k, 0] if back == _I1 else state.phase_up_2[k]) - mean_b
        ab += a * b
        aa += a * a
        bb += b * b
    norm = root(aa * bb)
    return clip(ab / norm, -_F1, _F1) if norm > _TINY else _F0


@kernel(f4(record("ContactState"), f4))
def sway_of_stride(state, stride_s):
    """Peak to peak medio-lateral excursion (m) over the newest two resampled steps, closed over the stride."""
    dt = stride_s * _HALF * _PHASE_STEP
    mean = _F0
    for k in range(PHASE_N):
        mean += state.phase_last[k, 2] + state.phase[k, 2]
    mean = mean * _HALF * _PHASE_STEP
    v, v_mean = _F0, _F0
    for k in range(PHASE_N):
        v += state.phase_last[k, 2] - mean
        v_mean += v
    for k in range(PHASE_N):
        v += state.phase[k, 2] - mean
        v_mean += v
    v_mean = v_mean * _HALF * _PHASE_STEP
    v, x, low, high = _F0, _F0, _F0, _F0
    for k in range(PHASE_N + PHASE_N):
        v += (state.phase_last[k, 2] if k < PHASE_N else state.phase[k - PHASE_N, 2]) - mean
        x += v - v_mean
        if x < low:
            low = x
        if x > high:
            high = x
    return (high - low) * dt * dt


@kernel(f4(record("ContactState"), record("Params"), f4, f4, f4, i4))
def start_speed(state, params, speed_gain, height, duration_s, chained):
    """Upward velocity (m/s) at initial contact of a step that gains this velocity and height from rest about gravity.

    The mean vertical, which the accelerometer's gain shifts, is that of many steps: a single step of two uneven
    ones does not end at the height and speed it began with. Two of them nearly do, and that closes them.
    """
    chain = chained != _I0 and state.up_off_n > _U0
    state.up_off_n += _U1
    share = _F1 / clip(np.float32(state.up_off_n), _F1, params.contacts.up_memory_n)
    state.up_off_mps2 = snap(state.up_off_mps2 + share * (speed_gain / duration_s - state.up_off_mps2))
    off, last_s = state.up_off_mps2, state.step_last_s
    gain = height - _HALF * off * duration_s * duration_s
    if chain:
        last_gain = state.up_last[0] - off * last_s
        last_height = state.up_last[1] - _HALF * off * last_s * last_s
        speed = last_gain - (last_height + last_gain * duration_s + gain) / (last_s + duration_s)
    else:
        speed = -gain / duration_s
    state.up_last[0], state.up_last[1] = snap(speed_gain), snap(height)
    return speed


@kernel(f4(record("ContactState"), record("Params"), record("PendingStep"), f4, f4, i4))
def measure_vertical(state, params, pending, toe, end, chained):
    """Oscillation and braking of the step from state.ic (tick 0 here) over toe-off to end, in ticks after it.

    Returns its mean forward force (m/s2).
    """
    m = pending.row.metrics
    dt = state.tick_s
    first = state.ic.tick
    start = state.ic.frac
    gravity = params.contacts.gravity_mps2
    fwd_sum, weight, v, height = _F0, _F0, _F0, _F0
    tick = first
    centre = _F0
    last = end + _HALF
    while centre <= last:
        w = overlap(centre, start, end)
        gain = w * (state.ring[tick & _MASK, R_UP] - gravity)
        height += w * (v + _HALF * gain)
        v += gain
        fwd_sum += w * state.ring[tick & _MASK, R_FWD]
        weight += w
        tick = tick + _I1
        centre += _F1
    if weight < _F1:
        return _F0
    fwd_mean = fwd_sum / weight
    v = start_speed(state, params, v * dt, height * dt * dt, weight * dt, chained) / dt
    off = state.up_off_mps2 + gravity
    height, low, high, speed, loss = _F0, _F0, _F0, _F0, _F0
    tick, centre = first, _F0
    while centre <= last:
        w = overlap(centre, start, end)
        gain = w * (state.ring[tick & _MASK, R_UP] - off)
        height += w * (v + _HALF * gain)
        v += gain
        if height < low:
            low = height
        if height > high:
            high = height
        speed += overlap(centre, start, toe) * (state.ring[tick & _MASK, R_FWD] - fwd_mean)
        if speed < loss:
            loss = speed
        tick = tick + _I1
        centre += _F1
    m[M_OSCILLATION] = (high - low) * dt * dt
    m[M_BRAKING] = -loss * dt
    pending.row.valid |= _V_UP | _V_FORWARD
    return fwd_mean


@kernel(f4(record("ContactState"), record("PendingStep"), f4, f4))
def measure_angles(state, pending, toe, end):
    """Tilt, rotation and the extremes of obliquity of the step; returns its mean obliquity (rad)."""
    m = pending.row.metrics
    first, start = state.ic.tick, state.ic.frac
    ring = state.ring
    obl = at(state, first, start, np.int32(R_OBL))
    pending.obl_ic, pending.obl_max, pending.obl_min = obl, obl, obl
    tilt = at(state, first, start, np.int32(R_TILT))
    rot = at(state, first, start, np.int32(R_ROT))
    tilt_low, tilt_high, rot_low, rot_high = tilt, tilt, rot, rot
    tilt_sum, obl_sum, weight = _F0, _F0, _F0
    tick, centre = first, _F0
    last = end + _HALF
    while centre <= last:
        w = overlap(centre, start, end)
        obl, tilt, rot = ring[tick & _MASK, R_OBL], ring[tick & _MASK, R_TILT], ring[tick & _MASK, R_ROT]
        tilt_sum += w * tilt
        obl_sum += w * obl
        weight += w
        if w > _F0:
            tilt_low = tilt if tilt < tilt_low else tilt_low
            tilt_high = tilt if tilt > tilt_high else tilt_high
            rot_low = rot if rot < rot_low else rot_low
            rot_high = rot if rot > rot_high else rot_high
        if centre >= start and centre <= toe:
            if obl > pending.obl_max:
                pending.obl_max = obl
            if obl < pending.obl_min:
                pending.obl_min = obl
        tick = tick + _I1
        centre += _F1
    if weight < _F1:
        return _F0
    m[M_TILT_MEAN] = tilt_sum / weight
    m[M_TILT_ROM] = tilt_high - tilt_low
    m[M_ROTATION_ROM] = rot_high - rot_low
    pending.row.valid |= _V_ANGLE
    return obl_sum / weight


@kernel(u4(record("State"), record("Params"), record("PendingStep"), i4))
def measure_step(state, params, pending, chained):
    """Fill a waiting step, the queue's next, from the ring: instants, times, metrics; the side comes later, force and
    impact with the next two samples (finish_force). chained: it follows one."""
    c, p = state.contacts, params.contacts
    row = pending.row
    toe = np.float32(np.int32(c.to.tick - c.ic.tick)) + c.to.frac
    end = np.float32(np.int32(c.next.tick - c.ic.tick)) + c.next.frac
    row.reasons, row.valid, row.side, row.index = _U0, _U0, _I0, _U0
    for j in range(METRIC_N):
        row.metrics[j] = _F0
    row.ic_i = c.origin_i + np.uint32(c.ic.tick) * p.tick_n
    row.to_i = c.origin_i + np.uint32(c.to.tick) * p.tick_n
    row.end_i = c.origin_i + np.uint32(c.next.tick) * p.tick_n
    rate = np.float32(p.tick_n)
    row.ic_frac = c.ic.frac * rate + p.tick_centre
    row.to_frac = c.to.frac * rate + p.tick_centre
    row.end_frac = c.next.frac * rate + p.tick_centre
    start = c.ic.frac
    row.step_time_s = (end - start) * c.tick_s
    row.metrics[M_CONTACT] = (toe - start) * c.tick_s
    row.metrics[M_FLIGHT] = (end - toe) * c.tick_s
    if toe > start and end > toe:
        row.valid |= _V_TIME
        row.metrics[M_IMPULSE] = impulse(c, params, toe, row.step_time_s, chained)
        row.valid |= _V_IMPULSE
    if c.ic.clear == _U0 or c.to.clear == _U0 or c.next.clear == _U0:
        row.reasons |= _Q_CONTACT_UNSURE
    pending.chained = np.uint32(chained)
    forward_mean = measure_vertical(c, params, pending, toe, end, chained)
    obl_mean = measure_angles(c, pending, toe, end)
    known = params.input.has_gyro != _U0 and state.mounting.phase != _U0 and c.ic.tick >= state.mounting.known_tick
    pending.obl_mean = obl_mean
    if not known:
        row.valid &= ~(_V_ANGLE | _V_FORWARD)
        if params.input.levelled != _U0:
            row.valid |= _V_FORWARD
    elif chained != _I0 and c.obl_last_ok != _U0:
        pending.obl_mean = _HALF * (obl_mean + c.obl_last)
        row.valid |= _V_PEAK
        if params.input.has_left != _U0:
            row.metrics[M_SWAY] = sway_of_stride(c, row.step_time_s + c.step_last_s)
            row.valid |= _V_SWAY
    if row.valid & _V_IMPULSE:
        c.force_due, c.force_slot = _U2, (c.queue_i + c.queue_n) & _QUEUE_MASK
        c.force_ic.tick, c.force_ic.frac, c.force_ic.clear = c.ic.tick, c.ic.frac, c.ic.clear
        c.force_toe, c.force_forward = toe, forward_mean
        c.force_known = _U1 if row.valid & _V_FORWARD else _U0
    if known:
        row.valid |= _V_DROP
        if state.mounting.has_standing != _U0:
            row.valid |= _V_CONTRA
    c.obl_last = obl_mean
    c.obl_last_ok = _U1 if known else _U0
    row.regularity, row.stride_regularity = _F0, _F0
    if c.phase_n >= _U1:
        row.regularity = likeness(c, _I1)
    if c.phase_n >= _U2:
        row.stride_regularity = likeness(c, _I2)
    if chained != _I0:
        change = row.step_time_s - c.step_last_s
        limit = np.float32(0.15) * c.step_last_s
        if change > limit or change < -limit:
            row.reasons |= _Q_IRREGULAR
    if state.input.bridged_n != c.bridged_last_n:
        row.reasons |= _Q_BRIDGED
    if c.saturated_n != c.saturated_last_n:
        row.reasons |= _Q_SATURATED
    if state.attitude.settled_s < _F2 and params.input.has_gyro != _U0:
        row.reasons |= _Q_ATTITUDE
    return _U0
