"""One sample through all stages: step(state, params, sample, out) -> flags. Batch is a loop over it, nothing else."""

from __future__ import annotations

import numpy as np

from trendel.kernels.attitude import (
    attitude_reset,
    close_height,
    doubt_bridge,
    finish_block,
    follow_heading,
    follow_height,
    integrate_rate,
    level,
    start_from_known,
)
from trendel.kernels.compile import COUNTS, f4, i4, kernel, record, rows, u4
from trendel.kernels.contacts import (
    add_to_tick,
    break_chain,
    close_tick,
    contacts_reset,
    end_running,
    find_rise,
    forget_side,
    give_side,
    judge_step,
    lean_side,
    side_sign,
    vote_side,
    watch_pause,
)
from trendel.kernels.force import finish_force
from trendel.kernels.layout import (
    COLD_START,
    LAYOUT_HASH,
    MAGIC_PARAMS,
    MAGIC_STATE,
    NEW_ALERT,
    NEW_STEP,
    NEW_STRIDE,
    QUEUE_N,
    SAMPLE_CONDITION,
    SAMPLE_GAP,
    SAMPLE_INVALID,
    SAMPLE_SATURATED,
    SEGMENT_RUNNING,
    SEGMENT_STANDING,
    SEGMENT_UNKNOWN,
    SEGMENT_WALKING,
    SIZE_PARAMS,
    SIZE_STATE,
)
from trendel.kernels.mathf import cosf, sinf, snap
from trendel.kernels.mounting import (
    drop_up,
    heading_error,
    learn_stride,
    mounting_reset,
    set_up_from,
    sum_up,
    use_learned,
    was_turned,
    watch_standing,
)
from trendel.kernels.rows import copy_row, make_stride, settle_side
from trendel.kernels.stability import follow, show_course, stability_reset
from trendel.kernels.stride import measure_step, resample

_F0, _F1, _HALF = np.float32(0.0), np.float32(1.0), np.float32(0.5)
_U0, _U1, _U2 = np.uint32(0), np.uint32(1), np.uint32(2)
_I0, _I1, _I2, _I3, _NEVER = np.int32(0), np.int32(1), np.int32(2), np.int32(3), np.int32(-1)
_QUEUE = np.uint32(QUEUE_N)
_QUEUE_MASK = np.uint32(QUEUE_N - 1)
_MAGIC_STATE, _SIZE_STATE = np.uint32(MAGIC_STATE), np.uint32(SIZE_STATE)
_LAYOUT_HASH = np.uint32(LAYOUT_HASH)
_MAGIC_PARAMS, _SIZE_PARAMS = np.uint32(MAGIC_PARAMS), np.uint32(SIZE_PARAMS)
_INVALID, _SATURATED, _GAP = np.uint32(SAMPLE_INVALID), np.uint32(SAMPLE_SATURATED), np.uint32(SAMPLE_GAP)
_CONDITION = np.uint32(SAMPLE_CONDITION)
_STANDING, _WALKING, _RUNNING, _UNKNOWN = (
    np.uint32(SEGMENT_STANDING),
    np.uint32(SEGMENT_WALKING),
    np.uint32(SEGMENT_RUNNING),
    np.uint32(SEGMENT_UNKNOWN),
)
_NEW_STEP, _NEW_STRIDE, _NEW_ALERT = np.int32(NEW_STEP), np.int32(NEW_STRIDE), np.int32(NEW_ALERT)
_COLD_START = np.int32(COLD_START)


@kernel(i4(record("State"), record("Params")))
def init(state, params):
    """Cold start with these parameters. The state's bytes must be zero (a fresh one) or those of an older state.

    Returns COLD_START, or 0 without touching the state if the parameters are not of this layout.
    """
    if params.magic != _MAGIC_PARAMS or params.bytes_n != _SIZE_PARAMS or params.layout_hash != _LAYOUT_HASH:
        return _I0
    state.magic = _MAGIC_STATE
    state.layout_hash = params.layout_hash
    state.param_hash = params.param_hash
    state.bytes_n = _SIZE_STATE
    state.sample_n = _U0
    i = state.input
    for j in range(3):
        i.acc_mps2[j] = _F0
        i.gyr_radps[j] = _F0
        state.attitude.bias_radps[j] = params.mounting.bias_radps[j]
        state.attitude.rest_acc[j] = _F0
        state.attitude.rest_gyr[j] = _F0
        state.mounting.up_run[j] = _F0
        state.mounting.up_stand[j] = _F0
    i.acc_mps2[2] = params.attitude.gravity_mps2
    i.invalid_run_n = _U0
    i.bridged_n = _U0
    i.lost_n = _U0
    i.condition = _U0
    attitude_reset(state.attitude, params)
    if params.attitude.start_given != _U0:
        start_from_known(state.attitude, params)
    m = state.mounting
    mounting_reset(m, params)
    drop_up(m)
    m.strides_n = _U0
    m.stand_n = _U0
    m.turned_n, m.turned_i = _U0, _U0
    m.known_tick = _I0
    m.axis[0], m.axis[1], m.forward[0], m.forward[1] = _F0, _F0, _F0, _F0
    c = state.contacts
    c.sure_n = _U0
    c.force_due = _U0
    contacts_reset(c, params, _U0)
    c.segment_i = _U0
    c.steps_n = _U0
    c.queue_i = _U0
    c.saturated_n = _U0
    c.saturated_last_n = _U0
    c.bridged_last_n = _U0
    c.since_good_s = _F0
    c.step_last_s = _F0
    c.fall_last_s = _F0
    c.up_off_mps2, c.up_off_n = _F0, _U0
    c.up_last[0], c.up_last[1] = _F0, _F0
    c.step_mean_s = _F0
    c.good_tick = _I0
    stability_reset(state.stability, params)
    return _COLD_START


@kernel(u4(record("State"), record("Params"), record("Sample")))
def take_sample(state, params, sample):
    """Check the sample and keep it, or bridge it by the last good one. Returns 1 where a gap resets the filters."""
    i, p = state.input, params.input
    good = (sample.marks & _INVALID) == _U0
    for j in range(3):
        a, g = sample.acc_mps2[j], sample.gyr_radps[j]
        # Written so that a NaN fails every comparison.
        if not (a > -p.acc_limit_mps2 and a < p.acc_limit_mps2):
            good = False
        if p.has_gyro != _U0 and not (g > -p.gyr_limit_radps and g < p.gyr_limit_radps):
            good = False
    if sample.marks & _SATURATED:
        state.contacts.saturated_n += _U1
    gap = (sample.marks & _GAP) != _U0
    if good:
        i.condition = sample.marks & _CONDITION
        for j in range(3):
            i.acc_mps2[j] = snap(sample.acc_mps2[j])
            i.gyr_radps[j] = snap(sample.gyr_radps[j]) if p.has_gyro != _U0 else _F0
        if i.invalid_run_n > p.bridge_max_n:
            gap = True
        i.invalid_run_n = _U0
    else:
        i.bridged_n += _U1
        if i.invalid_run_n >= p.bridge_max_n:
            i.lost_n += _U1
        if i.invalid_run_n < np.uint32(0x7FFFFFFF):
            i.invalid_run_n += _U1
    return _U1 if gap else _U0


@kernel(u4(record("AttitudeState"), f4))
def turn_slow_heading(state, angle_rad):
    """Turn the slow heading to the left by angle_rad, together with the forward axis in use."""
    c, s = cosf(angle_rad), sinf(angle_rad)
    h, u = state.heading, state.heading_unit
    h[0], h[1] = snap(c * h[0] - s * h[1]), snap(s * h[0] + c * h[1])
    h[2], h[3] = snap(c * h[2] - s * h[3]), snap(s * h[2] + c * h[3])
    u[0], u[1] = snap(c * u[0] - s * u[1]), snap(s * u[0] + c * u[1])
    return _U0


@kernel(u4(record("State"), record("Params")))
def learn_mounting(state, params):
    """Learn from the newest two resampled steps, and put the mounting into use while it is not settled."""
    c, m = state.contacts, state.mounting
    if params.input.has_gyro != _U0 and state.attitude.settled_s < params.mounting.settle_s:
        return _U0
    learn_stride(m, params, c.phase, c.phase_last, _HALF * (c.rot_mean + c.rot_mean_last))
    if was_turned(m, params) != _U0:
        m.turned_n += _U1
        m.turned_i = state.sample_n
        m.strides_n = _U0
        m.stand_n = _U0
        if params.mounting.given == _U0:
            m.phase = _U0
            forget_side(c)
            c.obl_last_ok = _U0
        return _U0
    unknown = m.phase == _U0
    angle = heading_error(m)
    if use_learned(m, params) == _U0:
        return _U0
    turn_slow_heading(state.attitude, angle)
    if unknown:
        # The ring still holds the old axes: what began before this tick says nothing of angles or sides.
        m.known_tick = c.ticks_n
        forget_side(c)
        c.obl_last_ok = _U0
    return _U0


@kernel(u4(record("ContactState"), record("Params")))
def follow_parity(state, params):
    """Turn the parity for this step and for as many steps as fit into the time since the last good one."""
    lost_s = np.float32(np.int32(state.rise_tick - state.good_tick)) * state.tick_s
    if lost_s > params.contacts.end_s:
        forget_side(state)
        lost_s = _F0
    state.parity = state.parity ^ _U1
    while state.step_mean_s > params.contacts.step_min_s * _HALF and lost_s > _HALF * state.step_mean_s:
        lost_s -= state.step_mean_s
        state.parity = state.parity ^ _U1
    return _U0


@kernel(u4(record("State"), record("Params"), i4))
def finish_step(state, params, tick):
    """A mid rise at tick ended a step: judge it, learn from it, measure it and put it into the queue."""
    c, m, p = state.contacts, state.mounting, params.contacts
    verdict = judge_step(c, params, c.rise_tick, tick)
    if c.running == _U0:
        runs = verdict == _I3
    else:
        runs = verdict >= _I2 or (verdict == _I1 and c.good_n > _U0)
    # What touched the ground before the first sample has no initial contact.
    if not runs or c.ic.tick < _I0:
        break_chain(c)
        drop_up(m)
    else:
        chained = _I1 if c.good_n > _U0 else _I0
        resample(c, c.rise_tick, tick)
        close_height(state.attitude, np.float32(np.int32(tick - c.rise_tick)) * c.tick_s, c.good_n)
        follow_parity(c, params)
        if c.queue_n < _QUEUE:
            pending = c.queue[(c.queue_i + c.queue_n) & _QUEUE_MASK]
            measure_step(state, params, pending, chained)
            pending.parity = c.parity
            c.queue_n += _U1
        c.good_n += _U1
        c.good_tick = tick
        known = c.rise_tick >= m.known_tick
        if m.phase != _U0 and params.input.has_gyro != _U0 and known:
            vote_side(c, params, side_sign(c, params, c.rise_tick, tick))
        if verdict >= _I2:
            c.since_good_s = _F0
            if c.running == _U0 and c.good_n >= p.start_n:
                c.running = _U1
                c.segment_i += _U1
            if c.running != _U0 and c.good_n >= p.resume_n:
                # Weak steps before it lie between running ones.
                c.sure_n = c.queue_n
        if not known:
            c.phase_n = _U0
        elif params.input.levelled == _U0 and c.phase_n >= _U1:
            learn_mounting(state, params)
        drop_up(m)
        if c.phase_n < _U2:
            c.phase_n += _U1
        c.step_last_s = np.float32(np.int32(c.next.tick - c.ic.tick)) * c.tick_s + (c.next.frac - c.ic.frac) * c.tick_s
        c.step_mean_s += (p.step_share if c.good_n > _U1 else _F1) * (c.step_last_s - c.step_mean_s)
    c.bridged_last_n = state.input.bridged_n
    c.saturated_last_n = c.saturated_n
    c.rise_tick = tick
    c.fall_tick = _NEVER
    c.ic.tick, c.ic.frac, c.ic.clear = c.next.tick, c.next.frac, c.next.clear
    return _U0


@kernel(i4(record("State"), record("Params"), record("Out")))
def emit(state, params, out):
    """Give out the oldest waiting step and its stride, once running is sure and its side known; at most one a call."""
    c = state.contacts
    if c.sure_n == _U0 or c.force_due != _U0:
        return _I0
    pending = c.queue[c.queue_i & _QUEUE_MASK]
    if c.running != _U0:
        if c.side_zero == _I0 and params.input.has_gyro != _U0:
            if c.queue_n < _QUEUE:
                return _I0
            lean_side(c)
        give_side(c, pending)
    unsettled = _U1 if params.input.levelled == _U0 and state.mounting.phase != _U2 else _U0
    settle_side(pending, pending.row.side, unsettled)
    pending.row.index = c.steps_n
    pending.row.segment_i = c.segment_i - _U1
    c.steps_n += _U1
    c.queue_i = (c.queue_i + _U1) & _QUEUE_MASK
    c.queue_n -= _U1
    c.sure_n -= _U1
    copy_row(pending.row, out.step)
    flags = _NEW_STEP
    s = state.stability
    turned_n, condition = state.mounting.turned_n, state.input.condition
    flags |= follow(s, params, out.step, pending.obl_mean, turned_n, condition, out.alert)
    if pending.chained != _U0:
        make_stride(c.last, out.step, out.stride)
        show_course(s, params, out.stride.course)
        flags |= _NEW_STRIDE
    copy_row(out.step, c.last)
    return flags


@kernel(u4(record("State"), record("Params")))
def segment_of(state, params):
    """What the runner is doing now: SEGMENT_*."""
    c = state.contacts
    if c.running != _U0:
        return _RUNNING
    walk = params.contacts.walk_rms_mps2
    if state.attitude.rest_s >= params.attitude.rest_hold_s:
        return _STANDING
    return _WALKING if c.motion2 > walk * walk else _UNKNOWN


@kernel(u4(record("Signal")))
def say_nothing(signal):
    """The signal of a moment of which nothing is known."""
    signal.tilt_rad, signal.obliquity_rad, signal.rotation_rad, signal.vertical_m = _F0, _F0, _F0, _F0
    for j in range(3):
        signal.acc_level_mps2[j] = _F0
        signal.q_world_from_sensor[j + 1] = _F0
    signal.q_world_from_sensor[0] = _F1
    signal.segment = _UNKNOWN
    signal.settled = _U0
    return _U0


@kernel(i4(record("State"), record("Params"), record("Sample"), record("Out")))
def step(state, params, sample, out):
    """Take one sample. Returns flags: NEW_STEP, NEW_STRIDE, NEW_ALERT (rows in out), COLD_START.

    A state that is not of these parameters or of this layout is started anew, and said so.
    """
    flags = _I0
    if (
        state.magic != _MAGIC_STATE
        or state.bytes_n != _SIZE_STATE
        or state.layout_hash != params.layout_hash
        or state.param_hash != params.param_hash
    ):
        flags = init(state, params)
        if flags == _I0:
            return _I0
    i, a, c, m = state.input, state.attitude, state.contacts, state.mounting
    if c.force_due != _U0:
        finish_force(c, params)
    dt = params.input.dt_s
    if sample.dt_s > params.input.dt_min_s and sample.dt_s < params.input.dt_max_s:
        dt = sample.dt_s
    if take_sample(state, params, sample) != _U0:
        attitude_reset(a, params)
        contacts_reset(c, params, state.sample_n)
        if m.phase != _U0:
            m.known_tick = _I0
        drop_up(m)
    signal = out.signal
    if i.invalid_run_n > params.input.bridge_max_n:
        # Nothing is known any more: no motion is made up, and what comes next starts anew.
        end_running(c)
        say_nothing(signal)
        state.sample_n += _U1
        return flags | emit(state, params, out)
    ax, ay, az = i.acc_mps2[0], i.acc_mps2[1], i.acc_mps2[2]
    gx, gy, gz = i.gyr_radps[0], i.gyr_radps[1], i.gyr_radps[2]
    if params.input.levelled == _U0:
        integrate_rate(a, params, gx, gy, gz, ax, ay, az, dt)
        if i.invalid_run_n > _U0:
            doubt_bridge(a, params, np.float32(i.invalid_run_n) * dt, dt)
    level(a, params, m, ax, ay, az, signal)
    signal.vertical_m = follow_height(a, params, signal.acc_level_mps2[2], dt, c.good_n)
    x = m.axes
    roll = gx * x[0] + gy * x[1] + gz * x[2]
    pitch = gx * x[3] + gy * x[4] + gz * x[5]
    full = add_to_tick(c, params, signal, roll, pitch, dt)
    if params.input.levelled == _U0:
        a.block_i += _U1
        if a.block_i >= params.attitude.block_n:
            finish_block(a, params)
            if a.blocks_n == params.attitude.init_blocks_n:
                # Before it up was anywhere, and its change no motion.
                c.motion2 = _F0
                if m.phase == _U0:
                    set_up_from(m.axes, a.q_world_from_sensor)
            watch_standing(m, a, params)
    if full != _U0:
        close_tick(c, params)
        if params.input.levelled == _U0:
            follow_heading(a, params, m, c.tick_s)
            sum_up(m, a)
        known = params.input.levelled != _U0 or (m.phase != _U0 and c.ticks_n > m.known_tick)
        tick = find_rise(c, params, _U1 if known else _U0)
        if tick >= _I0:
            finish_step(state, params, tick)
        else:
            watch_pause(c, params)
        if c.running != _U0 and c.since_good_s > params.contacts.end_s:
            end_running(c)
    signal.segment = segment_of(state, params)
    state.sample_n += _U1
    return flags | emit(state, params, out)


@kernel(
    i4(
        rows("State"),
        rows("Params"),
        rows("Sample"),
        rows("Signal"),
        rows("StepRow"),
        rows("StrideRow"),
        rows("Alert"),
        rows("Out"),
        COUNTS,
    )
)
def run(state, params, samples, signals, steps, strides, alerts, out, counts):
    """The loop over step() and nothing else. The row arrays must be long enough; counts (3,) says how full they are.

    state, params, out: (1,). samples: (n,). signals: (n,) to be filled, or (0,) where they are not wanted. Returns the
    flags of all samples, or'ed.
    """
    keep = signals.shape[0] == samples.shape[0]
    seen = _I0
    o = out[0]
    for i in range(samples.shape[0]):
        flags = step(state[0], params[0], samples[i], o)
        seen |= flags
        if flags & _NEW_STEP:
            steps[counts[0]] = o.step
            counts[0] += 1
        if flags & _NEW_STRIDE:
            strides[counts[1]] = o.stride
            counts[1] += 1
        if flags & _NEW_ALERT:
            alerts[counts[2]] = o.alert
            counts[2] += 1
        if keep:
            signals[i] = o.signal
    return seen
