"""The metrics of a step and of a stride, once a step, from the ring of ticks.

A tick stands for the interval around its centre; windows between two contacts weigh their first and last tick by the
part that lies inside, so that means and closures do not depend on the tick rate. Height and sway are double integrals
closed over the step and the stride (a periodic motion has no mean velocity and no mean acceleration: Cavagna 1975,
J Appl Physiol 39:174). Force is that of a half sine over the contact whose mean over the step is one body
weight (momentum balance; Morin et al. 2005, J Appl Biomech 21:167), so it needs no accelerometer gain.
"""

from __future__ import annotations

import numpy as np

from trendel.kernels.compile import f4, i4, kernel, nested, record, u4
from trendel.kernels.layout import (
    METRIC_N,
    PHASE_COLUMNS,
    PHASE_N,
    Q_ATTITUDE,
    Q_BRIDGED,
    Q_CONTACT_UNSURE,
    Q_IRREGULAR,
    Q_PROVISIONAL,
    Q_SATURATED,
    Q_SIDE_UNSURE,
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
    M_PEAK_FORCE,
    M_ROTATION_ROM,
    M_SWAY,
    M_TILT_MEAN,
    M_TILT_ROM,
)

_F0, _F1, _HALF, _F2 = np.float32(0.0), np.float32(1.0), np.float32(0.5), np.float32(2.0)
_TINY, _HALF_PI = np.float32(1e-6), np.float32(np.pi / 2)
_U0, _U1, _U2 = np.uint32(0), np.uint32(1), np.uint32(2)
_I0, _I1 = np.int32(0), np.int32(1)
_MASK = np.int32(RING_MASK)
_PHASE_STEP = np.float32(1 / PHASE_N)


def _bit(metric: int) -> np.uint32:
    return np.uint32(1 << metric)


_V_TIME = _bit(M_CONTACT) | _bit(M_FLIGHT)
_V_UP, _V_FORCE = _bit(M_OSCILLATION), _bit(M_PEAK_FORCE) | _bit(M_IMPULSE)
_V_FORWARD = _bit(M_BRAKING)
_V_ANGLE = _bit(M_TILT_MEAN) | _bit(M_TILT_ROM) | _bit(M_ROTATION_ROM)
_V_SWAY, _V_DROP, _V_PEAK, _V_CONTRA = _bit(M_SWAY), _bit(M_DROP), _bit(M_OBLIQUITY_PEAK), _bit(M_CONTRALATERAL)
_Q_PROVISIONAL, _Q_BRIDGED, _Q_SATURATED = np.uint32(Q_PROVISIONAL), np.uint32(Q_BRIDGED), np.uint32(Q_SATURATED)
_Q_CONTACT_UNSURE, _Q_IRREGULAR = np.uint32(Q_CONTACT_UNSURE), np.uint32(Q_IRREGULAR)
_Q_SIDE_UNSURE, _Q_ATTITUDE = np.uint32(Q_SIDE_UNSURE), np.uint32(Q_ATTITUDE)


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


@kernel(f4(nested(PHASE_N, PHASE_COLUMNS), nested(PHASE_N, PHASE_COLUMNS), i4))
def likeness(now, before, column):
    """Correlation of a column of two resampled steps, -1 to 1; 0 where either is constant."""
    mean_a, mean_b = _F0, _F0
    for k in range(PHASE_N):
        mean_a += now[k, column]
        mean_b += before[k, column]
    mean_a, mean_b = mean_a * _PHASE_STEP, mean_b * _PHASE_STEP
    ab, aa, bb = _F0, _F0, _F0
    for k in range(PHASE_N):
        a, b = now[k, column] - mean_a, before[k, column] - mean_b
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


@kernel(u4(record("ContactState"), record("Params"), record("PendingStep"), f4, f4))
def measure_vertical(state, params, pending, toe, end):
    """Oscillation and braking of the step from state.ic (tick 0 here) over toe-off to end, in ticks after it."""
    m = pending.row.metrics
    dt = state.tick_s
    first = state.ic.tick
    start = state.ic.frac
    up_sum, fwd_sum, weight = _F0, _F0, _F0
    tick = first
    centre = _F0
    last = end + _HALF
    while centre <= last:
        w = overlap(centre, start, end)
        up_sum += w * state.ring[tick & _MASK, R_UP]
        fwd_sum += w * state.ring[tick & _MASK, R_FWD]
        weight += w
        tick = tick + _I1
        centre += _F1
    if weight < _F1:
        return _U0
    up_mean, fwd_mean = up_sum / weight, fwd_sum / weight
    v, v_sum, speed, loss = _F0, _F0, _F0, _F0
    tick, centre = first, _F0
    while centre <= last:
        w = overlap(centre, start, end)
        v += w * (state.ring[tick & _MASK, R_UP] - up_mean)
        v_sum += w * v
        speed += overlap(centre, start, toe) * (state.ring[tick & _MASK, R_FWD] - fwd_mean)
        if speed < loss:
            loss = speed
        tick = tick + _I1
        centre += _F1
    v_mean = v_sum / weight
    v, height, low, high = _F0, _F0, _F0, _F0
    tick, centre = first, _F0
    while centre <= last:
        w = overlap(centre, start, end)
        v += w * (state.ring[tick & _MASK, R_UP] - up_mean)
        height += w * (v - v_mean)
        if height < low:
            low = height
        if height > high:
            high = height
        tick = tick + _I1
        centre += _F1
    m[M_OSCILLATION] = (high - low) * dt * dt
    m[M_BRAKING] = -loss * dt
    pending.row.valid |= _V_UP | _V_FORWARD
    return _U0


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


@kernel(f4(record("ContactState")))
def stride_likeness(state):
    """Correlation of the newest vertical with the one two steps before (same foot)."""
    mean_a, mean_b = _F0, _F0
    for k in range(PHASE_N):
        mean_a += state.phase[k, 0]
        mean_b += state.phase_up_2[k]
    mean_a, mean_b = mean_a * _PHASE_STEP, mean_b * _PHASE_STEP
    ab, aa, bb = _F0, _F0, _F0
    for k in range(PHASE_N):
        a, b = state.phase[k, 0] - mean_a, state.phase_up_2[k] - mean_b
        ab += a * b
        aa += a * a
        bb += b * b
    norm = root(aa * bb)
    return clip(ab / norm, -_F1, _F1) if norm > _TINY else _F0


@kernel(u4(record("State"), record("Params"), record("PendingStep"), i4))
def measure_step(state, params, pending, chained):
    """Fill a waiting step from the ring: instants, times, metrics; the side comes later. chained: it follows one."""
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
        # Half sine and momentum balance: mean force over the step is weight.
        row.metrics[M_PEAK_FORCE] = _HALF_PI * (end - start) / (toe - start)
        row.metrics[M_IMPULSE] = row.step_time_s
        row.valid |= _V_FORCE
    if c.ic.clear == _U0 or c.to.clear == _U0 or c.next.clear == _U0:
        row.reasons |= _Q_CONTACT_UNSURE
    pending.chained = np.uint32(chained)
    measure_vertical(c, params, pending, toe, end)
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
    if known:
        row.valid |= _V_DROP
        if state.mounting.has_standing != _U0:
            row.valid |= _V_CONTRA
    c.obl_last = obl_mean
    c.obl_last_ok = _U1 if known else _U0
    row.regularity, row.stride_regularity = _F0, _F0
    if c.phase_n >= _U1:
        row.regularity = likeness(c.phase, c.phase_last, _I0)
    if c.phase_n >= _U2:
        row.stride_regularity = stride_likeness(c)
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


@kernel(u4(record("PendingStep"), i4, u4))
def settle_side(pending, side, provisional):
    """Give the waiting step its side (1 left, -1 right, 0 unknown): what depends on it, and its quality."""
    row = pending.row
    row.side = side
    if side == _I0:
        row.valid &= ~(_V_DROP | _V_PEAK | _V_CONTRA)
        row.reasons |= _Q_SIDE_UNSURE
    elif side > _I0:
        row.metrics[M_DROP] = pending.obl_max - pending.obl_ic
        row.metrics[M_OBLIQUITY_PEAK] = pending.obl_max - pending.obl_mean
        row.metrics[M_CONTRALATERAL] = pending.obl_max
    else:
        row.metrics[M_DROP] = pending.obl_ic - pending.obl_min
        row.metrics[M_OBLIQUITY_PEAK] = pending.obl_mean - pending.obl_min
        row.metrics[M_CONTRALATERAL] = -pending.obl_min
    if provisional != _U0:
        row.reasons |= _Q_PROVISIONAL
    quality = _F1
    if row.reasons & (_Q_BRIDGED | _Q_SATURATED | _Q_ATTITUDE):
        quality = quality * _HALF
    if row.reasons & (_Q_CONTACT_UNSURE | _Q_IRREGULAR):
        quality = quality * np.float32(0.7)
    if row.reasons & _Q_PROVISIONAL:
        quality = quality * np.float32(0.8)
    row.quality = quality
    for j in range(METRIC_N):
        row.metrics[j] = snap(row.metrics[j]) if row.valid & (_U1 << np.uint32(j)) else _F0
    return _U0


@kernel(u4(record("StepRow"), record("StepRow")))
def copy_row(source, target):
    """Copy a step row."""
    target.index, target.segment_i, target.side = source.index, source.segment_i, source.side
    target.ic_i, target.ic_frac = source.ic_i, source.ic_frac
    target.to_i, target.to_frac = source.to_i, source.to_frac
    target.end_i, target.end_frac = source.end_i, source.end_frac
    target.step_time_s = source.step_time_s
    target.regularity, target.stride_regularity = source.regularity, source.stride_regularity
    target.quality, target.reasons, target.valid = source.quality, source.reasons, source.valid
    for j in range(METRIC_N):
        target.metrics[j] = source.metrics[j]
    return _U0


@kernel(u4(record("StepRow"), record("StepRow"), record("StrideRow")))
def make_stride(before, row, stride):
    """The stride of two steps in a row, into stride: means, left less right, time and regularity."""
    stride.index = row.index
    stride.segment_i = row.segment_i
    stride.side = before.side
    stride.ic_i, stride.ic_frac = before.ic_i, before.ic_frac
    stride.end_i, stride.end_frac = row.end_i, row.end_frac
    stride.stride_time_s = before.step_time_s + row.step_time_s
    stride.step_regularity = row.regularity
    stride.stride_regularity = row.stride_regularity
    stride.quality = row.quality if row.quality < before.quality else before.quality
    stride.reasons = row.reasons | before.reasons
    stride.valid = row.valid & before.valid
    sign = np.float32(row.side)
    for j in range(METRIC_N):
        if stride.valid & (_U1 << np.uint32(j)):
            stride.metrics[j] = _HALF * (row.metrics[j] + before.metrics[j])
            stride.left_minus_right[j] = snap(sign * (row.metrics[j] - before.metrics[j]))
        else:
            stride.metrics[j] = _F0
            stride.left_minus_right[j] = _F0
    return _U0
