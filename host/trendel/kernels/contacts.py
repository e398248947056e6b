"""Steps from the vertical: a tick of about 10 ms, one mid rise a step, then initial contact and toe-off around it.

All signals are averaged over ticks and kept in a short ring, so the work of a step is the same at any output rate. A
smooth copy of the vertical specific force (Gaussian, sigma 55 ms) rises once in each running step, through the middle
of its last extremes; between two rises the step is judged: duration, first harmonic and least force tell running from
walking and jumping (in running the body flies or nearly so, and its vertical motion is one swing a step: Cavagna,
Thys & Zamboni 1976). The instants of a step are found in kernels/events.py.
"""

from __future__ import annotations

import numpy as np

from trendel.kernels.compile import f4, i4, kernel, record, u4
from trendel.kernels.events import find_initial_contact, find_toe_off, fine, measure_swing
from trendel.kernels.layout import (
    Q_SIDE_UNSURE,
    QUEUE_N,
    R_FWD,
    R_LEFT,
    R_OBL,
    R_ROT,
    R_TILT,
    R_UP,
    R_WPITCH,
    R_WROLL,
    RING_COLUMNS,
    RING_MASK,
)
from trendel.kernels.mathf import clip, snap

_F0, _F1, _HALF, _F2 = np.float32(0.0), np.float32(1.0), np.float32(0.5), np.float32(2.0)
_TICK_SHARE = np.float32(0.05)
_MOTION_MOST = np.float32(4.0)
_U0, _U1 = np.uint32(0), np.uint32(1)
_I0, _I1, _I2, _I3, _NEVER = np.int32(0), np.int32(1), np.int32(2), np.int32(3), np.int32(-1)
_MASK = np.int32(RING_MASK)
_QUEUE_MASK = np.uint32(QUEUE_N - 1)
_Q_SIDE_UNSURE = np.uint32(Q_SIDE_UNSURE)


@kernel(u4(record("ContactState")))
def break_chain(state):
    """The next step does not follow the last one: nothing spans them; steps that wait and are not sure are dropped."""
    state.good_n = _U0
    state.queue_n = state.sure_n
    state.phase_n = _U0
    state.obl_last_ok = _U0
    if state.running == _U0:
        # What rises between runs (walking) says nothing of the lag in running.
        state.lag_s = _F0
        state.lag_n = _U0
    return _U0


@kernel(u4(record("ContactState")))
def forget_side(state):
    """Sides are voted anew from the next step."""
    state.vote = _F0
    state.side_zero = _I0
    state.side_sure = _U0
    return _U0


@kernel(u4(record("ContactState")))
def lean_side(state):
    """Take the side that the vote leans to, where a step can wait no longer for a clear one."""
    if state.side_zero == _I0:
        if state.vote > _F0:
            state.side_zero = _I1
        elif state.vote < _F0:
            state.side_zero = _NEVER
    return _U0


@kernel(u4(record("ContactState"), record("PendingStep")))
def give_side(state, pending):
    """The side of a waiting step as known now; one that only leans is marked unsure."""
    pending.row.side = state.side_zero if pending.parity == _U0 else -state.side_zero
    if state.side_sure == _U0 and state.side_zero != _I0:
        pending.row.reasons |= _Q_SIDE_UNSURE
    return _U0


@kernel(u4(record("ContactState")))
def end_running(state):
    """Close the running segment: what waits and is sure keeps its side, and the next segment votes anew."""
    lean_side(state)
    for k in range(QUEUE_N):
        if np.uint32(k) < state.sure_n:
            give_side(state, state.queue[(state.queue_i + np.uint32(k)) & _QUEUE_MASK])
    state.running = _U0
    forget_side(state)
    state.parity = _U0
    break_chain(state)
    return _U0


@kernel(u4(record("ContactState"), record("Params"), u4))
def contacts_reset(state, params, sample_n):
    """Start the ticks anew at sample sample_n; what was emitted and the sides' vote are kept until running ends."""
    for j in range(RING_COLUMNS):
        state.sums[j] = _F0
    state.tick_i = _U0
    state.ticks_n = _I0
    state.origin_i = sample_n
    state.level_off_mps2 = _F0
    state.tick_s = params.contacts.tick_s
    state.tick_sum_s = _F0
    state.motion2 = _F0
    state.slow_high = _U0
    state.slow_last = params.contacts.gravity_mps2
    state.slow_max = params.contacts.gravity_mps2
    state.slow_min = params.contacts.gravity_mps2
    state.rise_tick = _NEVER
    state.fall_tick = _NEVER
    end_running(state)
    return _U0


@kernel(f4(record("ContactState"), record("Params"), i4))
def slow_up(state, params, tick):
    """The step-finding copy of the vertical (m/s2) at a tick that has slow_half_n ticks after it."""
    p = params.contacts
    ring = state.ring
    total = ring[tick & _MASK, R_UP] * p.slow_taps[0]
    for k in range(1, np.uint32(p.slow_half_n + _U1)):
        j = np.int32(k)
        total += p.slow_taps[k] * (ring[(tick + j) & _MASK, R_UP] + ring[(tick - j) & _MASK, R_UP])
    return total


@kernel(i4(record("ContactState"), record("Params"), i4, i4))
def judge_step(state, params, start, stop):
    """Is the vertical between two mid rises (ticks start to stop) a running step?

    0: no. 1: not by itself, but as a weak or irregular step between running ones it is. 2: yes, in a run; elsewhere it
    could be walking. 3: yes.
    """
    p = params.contacts
    duration = np.float32(np.int32(stop - start)) * state.tick_s
    if duration < p.step_min_s or duration > p.step_max_s:
        return _I0
    least = fine(state, params, start, np.int32(R_UP))
    tick = start
    while tick < stop:
        light = fine(state, params, tick, np.int32(R_UP))
        if light < least:
            least = light
        tick = tick + _I1
    swing = state.swing_mps2 / p.gravity_mps2
    least = least / p.gravity_mps2
    # The longer a step lasts the more likely it is walking, and the clearer it must be; so, too, where it is so short
    # that it may be half a step of walking.
    clear = clip((duration - p.step_slow_s) * p.step_slow_inv, _F0, _F1)
    if duration < p.step_min_weak_s:
        clear = _F1
    more_swing, less_float = p.swing_g - p.swing_weak_g, p.float_weak_g - p.float_g
    if swing >= p.swing_weak_g + clear * more_swing and least <= p.float_weak_g - clear * less_float:
        return _I3
    half = _HALF * clear
    if clear < _F1 and swing >= p.swing_weak_g + half * more_swing and least <= p.float_weak_g - half * less_float:
        return _I2
    return _I1 if swing >= p.swing_keep_g and least <= p.float_keep_g else _I0


@kernel(u4(record("ContactState"), record("Params")))
def watch_pause(state, params):
    """Where no mid rise has followed the last one for longer than a step can last, the next one is a first one."""
    if state.rise_tick < _I0:
        return _U0
    since = np.int32(state.ticks_n - _I1 - np.int32(params.contacts.slow_half_n) - state.rise_tick)
    if np.float32(since) * state.tick_s <= params.contacts.step_max_s:
        return _U0
    state.rise_tick = _NEVER
    break_chain(state)
    if state.slow_high != _U0:
        # That rise was none of a step (standing up, a turn): the next one must not wait for its fall.
        state.slow_high = _U0
        state.slow_max = state.slow_last
        state.slow_min = state.slow_last
    return _U1


@kernel(f4(record("ContactState"), record("Params"), i4, i4))
def side_sign(state, params, start, stop):
    """Which foot stands, from a step between two mid rises: near +1 left, near -1 right.

    The pelvis is highest on the side of the standing foot in mid stance and sinks there towards the next contact; it is
    turned towards that side's back in swing. Both turn their sign from step to step, so only the fall of
    obliquity and of rotation within the step count, not their zero.
    """
    p = params.contacts
    n = np.float32(np.int32(stop - start))
    o1, o2, r1, r2, no1, no2, nr1, nr2 = _F0, _F0, _F0, _F0, _F0, _F0, _F0, _F0
    tick = start
    while tick < stop:
        phase = np.float32(np.int32(tick - start)) / n
        obl, rot = state.ring[tick & _MASK, R_OBL], state.ring[tick & _MASK, R_ROT]
        if phase >= np.float32(0.1) and phase < np.float32(0.35):
            o1 += obl
            no1 += _F1
        elif phase >= _HALF and phase < np.float32(0.75):
            o2 += obl
            no2 += _F1
        if phase < np.float32(0.4):
            r1 += rot
            nr1 += _F1
        elif phase >= np.float32(0.6) and phase < np.float32(0.95):
            r2 += rot
            nr2 += _F1
        tick = tick + _I1
    if no1 < _HALF or no2 < _HALF or nr1 < _HALF or nr2 < _HALF:
        return _F0
    obl = clip((o1 / no1 - o2 / no2) / p.obl_scale_rad, -_F1, _F1)
    rot = clip((r1 / nr1 - r2 / nr2) / p.rot_scale_rad, -_F1, _F1)
    return (obl + p.rot_weight * rot) / (_F1 + p.rot_weight)


@kernel(u4(record("ContactState"), record("Params"), f4))
def vote_side(state, params, sign):
    """Add a step's sign to the vote for the side of parity 0, and decide or turn the sides over."""
    p = params.contacts
    even = sign if state.parity == _U0 else -sign
    state.vote = snap(clip(p.side_keep * state.vote + even, -p.side_vote_max, p.side_vote_max))
    if state.vote > (p.side_flip if state.side_zero < _I0 else _F1):
        state.side_zero = _I1
        state.side_sure = _U1
    elif state.vote < -(p.side_flip if state.side_zero > _I0 else _F1):
        state.side_zero = _NEVER
        state.side_sure = _U1
    return _U0


@kernel(u4(record("ContactState"), record("Params"), record("Signal"), f4, f4, f4))
def add_to_tick(state, params, signal, roll_radps, pitch_radps, dt_s):
    """Add this sample's signals and its rates (pelvis frame) to the tick; returns 1 when the tick is full."""
    s = state.sums
    s[R_UP] += signal.acc_level_mps2[2]
    s[R_FWD] += signal.acc_level_mps2[0]
    s[R_LEFT] += signal.acc_level_mps2[1]
    s[R_TILT] += signal.tilt_rad
    s[R_OBL] += signal.obliquity_rad
    s[R_ROT] += signal.rotation_rad
    s[R_WROLL] += roll_radps
    s[R_WPITCH] += pitch_radps
    state.tick_sum_s += dt_s
    state.tick_i += _U1
    return _U1 if state.tick_i >= params.contacts.tick_n else _U0


@kernel(u4(record("ContactState"), record("Params")))
def close_tick(state, params):
    """Move the tick's means into the ring and follow the level and the motion of the vertical."""
    p = params.contacts
    row = state.ticks_n & _MASK
    for j in range(RING_COLUMNS):
        state.ring[row, j] = snap(state.sums[j] * p.tick_inv)
        state.sums[j] = _F0
    state.tick_i = _U0
    if state.ticks_n == _I0:
        # Before the first tick the vertical is taken as it is there, so that a step there is found.
        for k in range(1, np.uint32(p.slow_half_n + _U1)):
            state.ring[-np.int32(k) & _MASK, R_UP] = state.ring[row, R_UP]
    state.ticks_n = state.ticks_n + _I1
    # An IMU's own clock is off by percents and drifts: durations follow the intervals that came with the samples.
    state.tick_s += _TICK_SHARE * (state.tick_sum_s - state.tick_s)
    state.tick_sum_s = _F0
    up = state.ring[row, R_UP] - p.gravity_mps2
    share = clip(state.tick_s / p.level_tau_s, _F0, _F1)
    state.level_off_mps2 = snap(state.level_off_mps2 + share * (up - state.level_off_mps2))
    d = up - state.level_off_mps2
    # Running must not be remembered for longer than walking is.
    most = _MOTION_MOST * p.walk_rms_mps2 * p.walk_rms_mps2
    share = clip(state.tick_s / p.walk_tau_s, _F0, _F1)
    state.motion2 = snap(state.motion2 + share * (clip(d * d, _F0, most) - state.motion2))
    state.since_good_s = clip(state.since_good_s + state.tick_s, _F0, np.float32(1e6))
    return _U0


@kernel(i4(record("ContactState"), record("Params"), u4))
def find_rise(state, params, forward_known):
    """Look at the newest tick that the smoother can see; returns that tick at a mid rise that ends a step, else -1.

    The first rise after a pause only starts a step; a fall between two rises is remembered for toe-off.
    """
    p = params.contacts
    half = np.int32(p.slow_half_n)
    tick = state.ticks_n - _I1 - half
    if tick < _I0:
        return _NEVER
    slow, last = slow_up(state, params, tick), state.slow_last
    state.slow_last = slow
    # What is far from the present motion (a jump, a knock) must not hide the next step.
    share = clip(state.tick_s / p.slow_tau_s, _F0, _F1)
    level = p.gravity_mps2 + state.level_off_mps2
    if state.slow_high != _U0:
        if slow > state.slow_max:
            state.slow_max = slow
        state.slow_min += share * (level - state.slow_min)
    else:
        if slow < state.slow_min:
            state.slow_min = slow
        state.slow_max += share * (level - state.slow_max)
    middle = _HALF * (state.slow_max + state.slow_min)
    apart = state.slow_max - state.slow_min > p.slow_min_g * p.gravity_mps2
    if state.slow_high != _U0:
        if slow < middle and apart:
            state.slow_high = _U0
            state.slow_min = slow
            if state.rise_tick >= _I0 and state.fall_tick < _I0:
                state.fall_tick = tick
        return _NEVER
    if slow < middle or not apart:
        return _NEVER
    state.slow_high = _U1
    state.slow_max = slow
    rise_frac = _F0
    if slow > last:
        rise_frac = clip((slow - middle) / (slow - last), _F0, _F1)
    if state.rise_tick < _I0 or state.fall_tick < _I0:
        state.rise_tick = tick
        state.fall_tick = _NEVER
        find_initial_contact(state, params, tick, rise_frac, forward_known, state.ic)
        return _NEVER
    find_initial_contact(state, params, tick, rise_frac, forward_known, state.next)
    measure_swing(state, params, state.rise_tick, tick)
    find_toe_off(state, params, tick, forward_known)
    return tick
