"""Sensor to pelvis, from gravity and from the run itself; any clip orientation.

Up is the mean vertical in the sensor over standing, or over strides; then the pelvis is taken to lean forward by what
is usual in running against standing, since rotation is that of the forward axis. The heading comes from symmetry: over
a step vertical and fore-aft motion and pitch repeat, over a stride only medio-lateral motion and roll do, with their
sign turned from one step to the next (Moe-Nilssen & Helbostad 2004, J Biomech 37:121, for the autocorrelations). So in
the horizontal plane the product of a step with the step before it,

    M = sum s(t) s(t - T)',   s the horizontal force or the horizontal rate,

has its largest eigenvalue along fore-aft for the force, its smallest there for the rate. Both are averaged as
doubled angles. Forward against backward: the body loses forward speed in the first half of stance, when it moves down,
and gains it in the second, when it moves up, so forward force correlates with upward velocity (Cavagna, Thys &
Zamboni 1976, J Physiol 262:639).
"""

from __future__ import annotations

import numpy as np

from trendel.kernels.compile import f4, kernel, nested, record, u4
from trendel.kernels.layout import PHASE_COLUMNS, PHASE_N
from trendel.kernels.mathf import atan2f, clip, cosf, root, sinf, snap

_F0, _F1, _HALF = np.float32(0.0), np.float32(1.0), np.float32(0.5)
_TINY = np.float32(1e-6)
_PI = np.float32(np.pi)
_U0, _U1, _U2 = np.uint32(0), np.uint32(1), np.uint32(2)
_AXIS_MIN, _FORWARD_MIN = np.float32(0.2), np.float32(0.25)
_STAND_MAX = np.uint32(500)
_SAME_STAND = np.float32(0.995)
_AXES, _PAIR, _PHASE = nested(9), nested(2), nested(PHASE_N, PHASE_COLUMNS)
_NONE, _LEARNING, _SETTLED = _U0, _U1, _U2


@kernel(u4(record("MountingState"), record("Params")))
def mounting_reset(state, params):
    """Start from the given axes; settled if they are known."""
    p = params.mounting
    for j in range(9):
        state.axes[j] = p.axes[j]
        state.axes_learned[j] = p.axes[j]
    state.phase = _SETTLED if p.given != _U0 else _NONE
    state.lean_rad = p.lean_given_rad
    state.lean_learned_rad = p.lean_given_rad
    state.has_standing = p.has_standing
    state.learned_standing = p.has_standing
    return _U0


@kernel(u4(_AXES, f4, f4, f4))
def set_up(axes, ux, uy, uz):
    """Turn forward, left, up (9 numbers in the sensor frame) so that up is (ux, uy, uz), keeping the heading."""
    norm = root(ux * ux + uy * uy + uz * uz)
    if norm < _TINY:
        return _U0
    ux, uy, uz = ux / norm, uy / norm, uz / norm
    fx, fy, fz = axes[0], axes[1], axes[2]
    along = fx * ux + fy * uy + fz * uz
    fx, fy, fz = fx - along * ux, fy - along * uy, fz - along * uz
    norm = root(fx * fx + fy * fy + fz * fz)
    if norm < np.float32(0.1):
        # Forward was nearly vertical: take the old left instead, so that any start finds a level pair.
        fx, fy, fz = axes[3], axes[4], axes[5]
        along = fx * ux + fy * uy + fz * uz
        fx, fy, fz = fx - along * ux, fy - along * uy, fz - along * uz
        norm = root(fx * fx + fy * fy + fz * fz)
    if norm < _TINY:
        return _U0
    fx, fy, fz = fx / norm, fy / norm, fz / norm
    axes[0], axes[1], axes[2] = snap(fx), snap(fy), snap(fz)
    axes[3], axes[4], axes[5] = snap(uy * fz - uz * fy), snap(uz * fx - ux * fz), snap(ux * fy - uy * fx)
    axes[6], axes[7], axes[8] = snap(ux), snap(uy), snap(uz)
    return _U0


@kernel(u4(_AXES, nested(4)))
def set_up_from(axes, q_world_from_sensor):
    """Turn the axes so that up is the world's vertical of this orientation."""
    q = q_world_from_sensor
    w, x, y, z = q[0], q[1], q[2], q[3]
    two = np.float32(2.0)
    return set_up(axes, two * (x * z - w * y), two * (y * z + w * x), _F1 - two * (x * x + y * y))


@kernel(u4(_AXES, f4))
def turn_heading(axes, angle_rad):
    """Turn forward and left about up by angle_rad, to the left positive."""
    c, s = cosf(angle_rad), sinf(angle_rad)
    for j in range(3):
        f, left = axes[j], axes[j + 3]
        axes[j] = snap(c * f + s * left)
        axes[j + 3] = snap(c * left - s * f)
    return _U0


@kernel(u4(_AXES, f4))
def lean_forward(axes, angle_rad):
    """Turn forward and up about left by angle_rad, forward downward positive (anterior tilt)."""
    c, s = cosf(angle_rad), sinf(angle_rad)
    for j in range(3):
        f, u = axes[j], axes[j + 6]
        axes[j] = snap(c * f - s * u)
        axes[j + 6] = snap(c * u + s * f)
    return _U0


@kernel(u4(record("MountingState"), record("AttitudeState"), record("Params")))
def watch_standing(state, attitude, params):
    """At rest, average the up axis; a rest in another attitude starts a new posture. Called once a block."""
    if attitude.rest_s < params.attitude.rest_hold_s:
        return _U0
    a = attitude.rest_acc
    norm = root(a[0] * a[0] + a[1] * a[1] + a[2] * a[2])
    if norm < _HALF:
        return _U0
    x, y, z = a[0] / norm, a[1] / norm, a[2] / norm
    m = state.up_stand
    size = root(m[0] * m[0] + m[1] * m[1] + m[2] * m[2])
    if state.stand_n > _U0 and m[0] * x + m[1] * y + m[2] * z < _SAME_STAND * size:
        state.stand_n = _U0
    if state.stand_n < _STAND_MAX:
        state.stand_n += _U1
    share = _F1 / np.float32(state.stand_n)
    m[0] = snap(m[0] + share * (x - m[0]))
    m[1] = snap(m[1] + share * (y - m[1]))
    m[2] = snap(m[2] + share * (z - m[2]))
    if state.phase == _NONE:
        set_up(state.axes, m[0], m[1], m[2])
    return _U0


@kernel(u4(record("MountingState"), record("AttitudeState")))
def sum_up(state, attitude):
    """Add this tick's vertical in the sensor frame to the mean of the step."""
    q = attitude.q_world_from_sensor
    w, x, y, z = q[0], q[1], q[2], q[3]
    two = np.float32(2.0)
    state.up_sum[0] += two * (x * z - w * y)
    state.up_sum[1] += two * (y * z + w * x)
    state.up_sum[2] += _F1 - two * (x * x + y * y)
    state.up_n += _F1
    return _U0


@kernel(u4(record("MountingState")))
def drop_up(state):
    """Start the mean vertical of a step anew."""
    state.up_sum[0], state.up_sum[1], state.up_sum[2] = _F0, _F0, _F0
    state.up_n = _F0
    return _U0


@kernel(f4(_PHASE, _PHASE, u4, u4, _PAIR))
def lag_axis(now, before, ix, iy, axis):
    """Doubled-angle axis of the lag product of two resampled steps, into axis (x, y); returns the mean energy.

    now, before: (PHASE_N, columns); ix, iy: the two columns of the horizontal plane.
    """
    inv = _F1 / np.float32(PHASE_N)
    mx, my = _F0, _F0
    for k in range(PHASE_N):
        mx += now[k, ix] + before[k, ix]
        my += now[k, iy] + before[k, iy]
    mx, my = mx * _HALF * inv, my * _HALF * inv
    xx, yy, xy, energy = _F0, _F0, _F0, _F0
    for k in range(PHASE_N):
        ax, ay = now[k, ix] - mx, now[k, iy] - my
        bx, by = before[k, ix] - mx, before[k, iy] - my
        xx += ax * bx
        yy += ay * by
        xy += ax * by + ay * bx
        energy += ax * ax + ay * ay + bx * bx + by * by
    axis[0] = _HALF * (xx - yy)
    axis[1] = _HALF * xy
    return _HALF * energy


@kernel(u4(record("MountingState"), f4))
def turn_learned(state, angle_rad):
    """Express what was learned in a working frame that has been turned to the left by angle_rad."""
    c, s = cosf(angle_rad), sinf(angle_rad)
    c2, s2 = c * c - s * s, np.float32(2.0) * s * c
    x, y = state.axis[0], state.axis[1]
    state.axis[0], state.axis[1] = snap(c2 * x + s2 * y), snap(c2 * y - s2 * x)
    x, y = state.forward[0], state.forward[1]
    state.forward[0], state.forward[1] = snap(c * x + s * y), snap(c * y - s * x)
    return _U0


@kernel(f4(record("MountingState")))
def heading_error(state):
    """Angle (rad, to the left positive) from the working frame's forward axis to the learned one."""
    axis = _HALF * atan2f(state.axis[1], state.axis[0])
    if state.forward[0] * cosf(axis) + state.forward[1] * sinf(axis) < _F0:
        axis = axis - _PI if axis > _F0 else axis + _PI
    return axis


@kernel(u4(record("MountingState"), record("Params"), _PHASE, _PHASE, f4))
def learn_stride(state, params, now, before, turned_rad):
    """Learn from two resampled steps in a row, (PHASE_N, PHASE_COLUMNS): up, forward, left, roll and pitch rate.

    Force is along the slow heading, from which the mean pelvis is turned by turned_rad (it lags in a bend), rates are
    along the pelvis' own axes.
    """
    p = params.mounting
    pair = state.pair
    energy = lag_axis(now, before, np.uint32(1), np.uint32(2), pair)
    x, y = _F0, _F0
    c, s = cosf(turned_rad), sinf(turned_rad)
    if energy > _TINY:
        c2, s2 = c * c - s * s, np.float32(2.0) * s * c
        x, y = (c2 * pair[0] + s2 * pair[1]) / energy, (c2 * pair[1] - s2 * pair[0]) / energy
    energy = lag_axis(now, before, np.uint32(3), np.uint32(4), pair)
    if energy > _TINY:
        # Roll turns about the forward axis and changes sign from step to step: smallest, not largest.
        x, y = x - pair[0] / energy, y - pair[1] / energy
    inv = _F1 / np.float32(PHASE_N)
    up_mean, mx, my = _F0, _F0, _F0
    for k in range(PHASE_N):
        up_mean += now[k, 0]
        mx += now[k, 1]
        my += now[k, 2]
    up_mean, mx, my = up_mean * inv, mx * inv, my * inv
    v_mean, v = _F0, _F0
    for k in range(PHASE_N):
        v += now[k, 0] - up_mean
        v_mean += v
    v_mean = v_mean * inv
    v, cx, cy, vv, hh = _F0, _F0, _F0, _F0, _F0
    for k in range(PHASE_N):
        v += now[k, 0] - up_mean
        dv = v - v_mean
        hx, hy = now[k, 1] - mx, now[k, 2] - my
        cx += dv * hx
        cy += dv * hy
        vv += dv * dv
        hh += hx * hx + hy * hy
    scale = root(vv * hh)
    if scale > _TINY:
        cx, cy = (c * cx + s * cy) / scale, (c * cy - s * cx) / scale
    if state.strides_n < np.uint32(0x7FFFFFFF):
        state.strides_n += _U1
    n = clip(np.float32(state.strides_n), _F1, p.memory_n)
    share = _F1 / n
    state.axis[0], state.axis[1] = (
        snap(state.axis[0] + share * (x - state.axis[0])),
        snap(state.axis[1] + share * (y - state.axis[1])),
    )
    state.forward[0] = snap(state.forward[0] + share * (cx - state.forward[0]))
    state.forward[1] = snap(state.forward[1] + share * (cy - state.forward[1]))
    short = _F1 / clip(np.float32(state.strides_n), _F1, np.float32(p.turn_n))
    state.axis_now[0] = snap(state.axis_now[0] + short * (x - state.axis_now[0]))
    state.axis_now[1] = snap(state.axis_now[1] + short * (y - state.axis_now[1]))
    state.forward_now[0] = snap(state.forward_now[0] + short * (cx - state.forward_now[0]))
    state.forward_now[1] = snap(state.forward_now[1] + short * (cy - state.forward_now[1]))
    if state.up_n > _HALF:
        for j in range(3):
            u = state.up_sum[j] / state.up_n
            state.up_run[j] = snap(state.up_run[j] + share * (u - state.up_run[j]))
            state.up_now[j] = snap(state.up_now[j] + short * (u - state.up_now[j]))
    return _U0


@kernel(u4(record("MountingState"), record("Params")))
def was_turned(state, params):
    """1 if the newest strides put up or forward elsewhere than all since the mounting was learned: the clip moved."""
    p = params.mounting
    # Without a gyroscope up and forward wander too much to tell.
    if params.input.has_gyro == _U0 or state.phase != _SETTLED or state.strides_n < np.uint32(_U2 * p.turn_n):
        return _U0
    u, v = state.up_run, state.up_now
    dot = u[0] * v[0] + u[1] * v[1] + u[2] * v[2]
    norm = root((u[0] * u[0] + u[1] * u[1] + u[2] * u[2]) * (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]))
    if dot < p.turn_up_cos * norm:
        return _U1
    a, b = state.axis, state.axis_now
    strength = root(b[0] * b[0] + b[1] * b[1])
    if strength > _AXIS_MIN:
        angle = _HALF * atan2f(a[0] * b[1] - a[1] * b[0], a[0] * b[0] + a[1] * b[1])
        if angle > p.turn_heading_rad or angle < -p.turn_heading_rad:
            return _U1
    f, g = state.forward, state.forward_now
    if f[0] * g[0] + f[1] * g[1] < -_FORWARD_MIN * root((f[0] * f[0] + f[1] * f[1])):
        return _U1
    return _U0


@kernel(u4(record("MountingState"), record("Params")))
def use_learned(state, params):
    """Put what was learned into axes_learned, and into use while learning goes on. Returns 1 if it went into use."""
    p = params.mounting
    u, s, learned = state.up_run, state.up_stand, state.axes_learned
    ux, uy, uz = u[0], u[1], u[2]
    standing = _U0
    if state.stand_n >= p.stand_min_n:
        dot = ux * s[0] + uy * s[1] + uz * s[2]
        norm = root((ux * ux + uy * uy + uz * uz) * (s[0] * s[0] + s[1] * s[1] + s[2] * s[2]))
        if dot > p.stand_cos_min * norm:
            ux, uy, uz = s[0], s[1], s[2]
            standing = _U1
    state.learned_standing = standing
    for j in range(9):
        learned[j] = state.axes[j]
    angle = heading_error(state)
    set_up(learned, ux, uy, uz)
    turn_heading(learned, angle)
    state.lean_learned_rad = _F0
    if standing == _U0:
        state.lean_learned_rad = p.lean_rad
        lean_forward(learned, p.lean_rad)
    if state.phase == _SETTLED or state.strides_n < p.first_n:
        return _U0
    for j in range(9):
        state.axes[j] = learned[j]
    turn_learned(state, angle)
    state.has_standing = standing
    state.lean_rad = state.lean_learned_rad
    state.phase = _SETTLED if state.strides_n >= p.settle_n else _LEARNING
    return _U1
