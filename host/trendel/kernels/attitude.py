"""Inclination from gyroscope and accelerometer, without a magnetometer.

The rate is integrated; gravity corrects it through the horizontal velocity. Whatever a runner does, the specific force
rotated into the world and freed of gravity integrates to a velocity that stays bounded, so "the velocity is zero" is a
measurement with white noise. With an angle error driven by gyroscope noise this gives, in steady state, the
second-order low-pass of VQF (Laidig & Seel 2023, Information Fusion 91, eq. 6 to 11) on the specific force in the
integrated frame; here its bandwidth follows from a Kalman filter with three states, the same for both horizontal axes:

    angle' = bias + n_angle      velocity' = g angle + n_acc      bias' = n_bias      0 = velocity + n_velocity

where n_angle grows with the rate (scale and alignment errors of the gyroscope act only while it turns) and n_velocity
with the variance of the velocity that is seen. So fast turning trusts gravity more, strong translation trusts it less.
The bias is seen through the slow mean of the rotation (VQF, eq. 16) and directly at rest. The correction runs once a
block of about 20 ms; only the strapdown integration runs with each sample.
"""

from __future__ import annotations

import numpy as np

from trendel.kernels.compile import f4, kernel, record, u4
from trendel.kernels.mathf import atan2f, clip, root, snap

_F0, _F1, _F2, _F3 = np.float32(0.0), np.float32(1.0), np.float32(2.0), np.float32(3.0)
_HALF = np.float32(0.5)
_ONE_AND_HALF = np.float32(1.5)
_SIXTH, _TWENTY_FOURTH, _120TH = np.float32(1 / 6), np.float32(1 / 24), np.float32(1 / 120)
_720TH, _5040TH = np.float32(1 / 720), np.float32(1 / 5040)
_COV_FLOOR = np.float32(1e-12)
_HEIGHT_MAX, _HEIGHT_OFFSET_GAIN = np.float32(50.0), np.float32(0.1)
_QUARTER, _START_AGE_S = np.float32(0.25), np.float32(10.0)
_AA, _AV, _AB, _VV, _VB, _BB = range(6)
_U0, _U1, _U2 = np.uint32(0), np.uint32(1), np.uint32(2)
_INCLINED_AND_MOUNTED = np.uint32(3)
_BLOCKS_MAX = np.uint32(0x7FFFFFFF)


@kernel(u4(record("AttitudeState"), record("Params")))
def attitude_reset(state, params):
    """Forget the inclination but not the gyroscope bias; the next blocks find it again."""
    p = params.attitude
    q = state.q_world_from_sensor
    q[0], q[1], q[2], q[3] = _F1, _F0, _F0, _F0
    for j in range(3):
        state.acc_sum[j] = _F0
        state.acc_raw_sum[j] = _F0
        state.gyr_sum[j] = _F0
        state.acc_mean[j] = _F0
    for j in range(7):
        state.vertical[j] = _F0
    for j in range(6):
        state.cov[j] = _F0
        state.frame[j] = _F0
    for j in range(4):
        state.heading[j] = _F0
    state.heading_unit[0], state.heading_unit[1] = _F1, _F0
    state.vel_mps[0], state.vel_mps[1] = _F0, _F0
    state.vel2 = _F0
    state.cov[_BB] = p.bias_init2
    state.rate2_sum = _F0
    state.dt_sum = _F0
    state.block_i = _U0
    state.blocks_n = _U0
    state.rest_s = _F0
    state.settled_s = _F0
    return _U0


@kernel(u4(record("AttitudeState"), record("Params")))
def start_from_known(state, params):
    """Start from the orientation in the parameters instead of looking for one."""
    p = params.attitude
    for j in range(4):
        state.q_world_from_sensor[j] = p.q_start[j]
    state.cov[_AA] = p.start_angle2
    state.cov[_VV] = p.vel_init_mps * p.vel_init_mps
    for j in range(3):
        state.vertical[j] = p.vertical_start[j]
    for j in range(2):
        state.heading[j] = p.heading_start[j]
        state.heading[j + 2] = p.heading_start[j]
        state.heading_unit[j] = p.heading_start[j]
    state.blocks_n = p.init_blocks_n + _U1
    state.settled_s = _START_AGE_S
    return _U0


@kernel(u4(record("AttitudeState"), f4, f4, f4))
def turn_world(state, w, x, y):
    """Turn the world by the unit quaternion (w, x, y, 0), about a horizontal axis: q <- (w, x, y, 0) * q."""
    q = state.q_world_from_sensor
    a, b, c, d = q[0], q[1], q[2], q[3]
    q[0] = w * a - x * b - y * c
    q[1] = w * b + x * a + y * d
    q[2] = w * c - x * d + y * a
    q[3] = w * d + x * c - y * b
    return _U0


@kernel(u4(record("AttitudeState"), f4, f4))
def rotate_world(state, rx, ry):
    """Turn the world by the small rotation vector (rx, ry, 0) rad."""
    x, y = _HALF * rx, _HALF * ry
    scale = _F1 / root(_F1 + x * x + y * y)
    return turn_world(state, scale, x * scale, y * scale)


@kernel(u4(record("AttitudeState"), record("Params"), f4, f4, f4))
def first_inclination(state, params, ax, ay, az):
    """Turn the world so that the mean force since the start points up; (ax, ay, az): this block's mean, world frame."""
    p = params.attitude
    m = state.acc_mean
    share = _F1 / np.float32(state.blocks_n)
    m[0] += share * (ax - m[0])
    m[1] += share * (ay - m[1])
    m[2] += share * (az - m[2])
    norm = root(m[0] * m[0] + m[1] * m[1] + m[2] * m[2])
    if norm < _HALF:
        return _U0
    horizontal = root(m[0] * m[0] + m[1] * m[1])
    # Half-angle form of the shortest rotation from m to up, written so that nothing cancels; near upside down any
    # horizontal axis will do.
    if m[2] > _F0:
        w = root(_HALF * (_F1 + m[2] / norm))
        x, y = _HALF * m[1] / (norm * w), -_HALF * m[0] / (norm * w)
    else:
        s = root(_HALF * (_F1 - m[2] / norm))
        w = _HALF * horizontal / (norm * s)
        x, y = s, _F0
        if horizontal > np.float32(1e-6):
            x, y = s * m[1] / horizontal, -s * m[0] / horizontal
    turn_world(state, w, x, y)
    m[0], m[1], m[2] = _F0, _F0, norm
    state.settled_s += state.dt_sum
    angle = p.vel_init_mps / (p.gravity_mps2 * state.settled_s)
    angle = clip(angle, _F0, _F1)
    state.cov[_AA] = angle * angle
    state.cov[_VV] = p.vel_init_mps * p.vel_init_mps
    state.vel2 = _F0
    return _U0


@kernel(u4(record("AttitudeState"), record("Params"), f4, f4, f4, f4))
def correct_by_gravity(state, params, ax, ay, rate2, dt):
    """One Kalman step with the block's mean horizontal specific force (ax, ay), world frame, and mean squared rate."""
    p = params.attitude
    v, c = state.vel_mps, state.cov
    v[0] += ax * dt
    v[1] += ay * dt
    g_dt = p.gravity_mps2 * dt
    aa, av, ab, vv, vb, bb = c[0], c[1], c[2], c[3], c[4], c[5]
    # Covariance after the block: F P F' + Q with F = [[1 0 dt], [g dt 1 0], [0 0 1]] over (angle, velocity, bias).
    vv += _F2 * g_dt * av + g_dt * g_dt * aa + p.acc_noise2 * dt
    av += g_dt * aa + vb * dt + g_dt * ab * dt
    vb += g_dt * ab
    aa += _F2 * ab * dt + bb * dt * dt + (p.gyro_noise2 + p.gyro_scale2 * rate2) * dt
    ab += bb * dt
    bb += p.bias_walk2 * dt
    seen = _HALF * (v[0] * v[0] + v[1] * v[1])
    state.vel2 += clip(dt / p.vel_tau_s, _F0, _F1) * (seen - state.vel2)
    if state.vel2 < _COV_FLOOR:
        state.vel2 = _COV_FLOOR
    resting = state.rest_s >= p.rest_hold_s
    noise2 = p.vel_rest2 if resting else p.vel_noise2 + p.vel_motion * state.vel2
    gain = _F1 / (vv + noise2 / dt)
    ka, kv, kb = av * gain, vv * gain, vb * gain
    rx, ry = ka * v[1], -ka * v[0]
    bx, by = kb * v[1], -kb * v[0]
    v[0] = snap(v[0] - kv * v[0])
    v[1] = snap(v[1] - kv * v[1])
    aa -= ka * av
    ab -= ka * vb
    bb -= kb * vb
    vb -= kv * vb
    av -= kv * av
    vv -= kv * vv
    floor = _COV_FLOOR
    c[_AA] = aa if aa > floor else floor
    c[_VV] = vv if vv > floor else floor
    c[_BB] = bb if bb > floor else floor
    c[_AV], c[_AB], c[_VB] = snap(av), snap(ab), snap(vb)
    rotate_world(state, clip(rx, -_HALF, _HALF), clip(ry, -_HALF, _HALF))
    if not resting:
        # A turn of the world by r per second is a rate error of the sensor, seen through the mean rotation.
        f = state.frame
        for j in range(3):
            b = state.bias_radps[j] - (f[j] * bx + f[j + 3] * by)
            state.bias_radps[j] = snap(clip(b, -p.bias_limit_radps, p.bias_limit_radps))
    return _U0


@kernel(u4(record("AttitudeState"), record("Params"), f4))
def watch_rest(state, params, dt):
    """Follow the slow means of the block's raw signals; at rest the mean rate is the bias. dt: seconds of the block."""
    p = params.attitude
    share = clip(dt / p.rest_tau_s, _F0, _F1)
    m = state.rest_acc
    empty = m[0] * m[0] + m[1] * m[1] + m[2] * m[2] < _F1  # gravity is always there
    if empty or state.blocks_n <= _U1:
        share = _F1
    gyr2, acc2, largest = _F0, _F0, _F0
    for j in range(3):
        g = state.gyr_sum[j] * p.block_inv
        a = state.acc_raw_sum[j] * p.block_inv
        state.rest_gyr[j] = snap(state.rest_gyr[j] + share * (g - state.rest_gyr[j]))
        state.rest_acc[j] = snap(state.rest_acc[j] + share * (a - state.rest_acc[j]))
        dg, da = g - state.rest_gyr[j], a - state.rest_acc[j]
        gyr2 += dg * dg
        acc2 += da * da
        mean = state.rest_gyr[j]
        if mean < _F0:
            mean = -mean
        if mean > largest:
            largest = mean
    if gyr2 > p.rest_gyr_radps * p.rest_gyr_radps or acc2 > p.rest_acc_mps2 * p.rest_acc_mps2:
        state.rest_s = _F0
    elif largest > p.bias_limit_radps:
        state.rest_s = _F0
    elif state.rest_s < p.rest_hold_s + p.rest_hold_s:
        state.rest_s += dt
    if state.rest_s >= p.rest_hold_s:
        for j in range(3):
            state.bias_radps[j] = snap(state.bias_radps[j] + share * (state.rest_gyr[j] - state.bias_radps[j]))
        if state.cov[_BB] > p.bias_rest2:
            # Cross terms go with it, or the covariance would no longer be one.
            state.cov[_BB] = p.bias_rest2
            state.cov[_AB] = _F0
            state.cov[_VB] = _F0
    return _U0


@kernel(u4(record("AttitudeState"), record("Params"), f4, f4, f4, f4, f4, f4, f4))
def integrate_rate(state, params, gx, gy, gz, ax, ay, az, dt):
    """Strapdown step with the rate (rad/s, sensor) over dt (s); (ax, ay, az) m/s2, sensor, is kept for the block."""
    q, b = state.q_world_from_sensor, state.bias_radps
    half = _HALF * dt
    x, y, z = (gx - b[0]) * half, (gy - b[1]) * half, (gz - b[2]) * half
    h2 = clip(x * x + y * y + z * z, _F0, _F2)
    s = _F1 - h2 * (_SIXTH - h2 * (_120TH - h2 * _5040TH))
    w = _F1 - h2 * (_HALF - h2 * (_TWENTY_FOURTH - h2 * _720TH))
    x, y, z = x * s, y * s, z * s
    a, b1, c, d = q[0], q[1], q[2], q[3]
    n0 = a * w - b1 * x - c * y - d * z
    n1 = a * x + b1 * w + c * z - d * y
    n2 = a * y - b1 * z + c * w + d * x
    n3 = a * z + b1 * y - c * x + d * w
    # One Newton step towards unit length: the product of two unit quaternions is off by a few ulp at most.
    scale = _ONE_AND_HALF - _HALF * (n0 * n0 + n1 * n1 + n2 * n2 + n3 * n3)
    if scale < _HALF:
        scale = _HALF
    q[0], q[1], q[2], q[3] = snap(n0 * scale), snap(n1 * scale), snap(n2 * scale), snap(n3 * scale)
    state.gyr_sum[0] += gx
    state.gyr_sum[1] += gy
    state.gyr_sum[2] += gz
    state.acc_raw_sum[0] += ax
    state.acc_raw_sum[1] += ay
    state.acc_raw_sum[2] += az
    state.rate2_sum += gx * gx + gy * gy + gz * gz
    state.dt_sum += dt
    return _U0


@kernel(u4(record("AttitudeState"), record("Params"), f4, f4))
def doubt_bridge(state, params, since_s, dt):
    """One bridged sample of dt, since_s after the last good one: the last rate and force may be wrong by now.

    Motion being smooth, what is held is wrong by an error that grows over the first moments and then stays; an error
    of constant standard deviation s integrates to a variance (s t)^2, which grows by 2 s^2 t dt.
    """
    p, c = params.attitude, state.cov
    share = clip(since_s / p.bridge_tau_s, _F0, _F1)
    grown = _F2 * since_s * dt * share * share
    c[_AA] += p.bridge_rate_radps * p.bridge_rate_radps * grown
    c[_VV] += p.bridge_acc_mps2 * p.bridge_acc_mps2 * grown
    return _U0


@kernel(u4(record("AttitudeState"), record("Params")))
def finish_block(state, params):
    """End of a correction block: inclination, rest and bias; the sums start anew."""
    p = params.attitude
    inv = p.block_inv
    dt = state.dt_sum
    if state.blocks_n < _BLOCKS_MAX:
        state.blocks_n += _U1
    ax, ay, az = state.acc_sum[0] * inv, state.acc_sum[1] * inv, state.acc_sum[2] * inv
    if state.blocks_n <= p.init_blocks_n:
        first_inclination(state, params, ax, ay, az)
    else:
        state.settled_s = clip(state.settled_s + dt, _F0, np.float32(1e6))
        correct_by_gravity(state, params, ax, ay, state.rate2_sum * inv, dt)
    watch_rest(state, params, dt)
    # Slow mean of world-from-sensor, rows 0 and 1: what of a bias stays in place long enough to be seen.
    q, f = state.q_world_from_sensor, state.frame
    w, x, y, z = q[0], q[1], q[2], q[3]
    share = clip(dt / p.frame_tau_s, _F0, _F1)
    f[0] = snap(f[0] + share * (_F1 - _F2 * (y * y + z * z) - f[0]))
    f[1] = snap(f[1] + share * (_F2 * (x * y - w * z) - f[1]))
    f[2] = snap(f[2] + share * (_F2 * (x * z + w * y) - f[2]))
    f[3] = snap(f[3] + share * (_F2 * (x * y + w * z) - f[3]))
    f[4] = snap(f[4] + share * (_F1 - _F2 * (x * x + z * z) - f[4]))
    f[5] = snap(f[5] + share * (_F2 * (y * z - w * x) - f[5]))
    for j in range(3):
        state.acc_sum[j] = _F0
        state.acc_raw_sum[j] = _F0
        state.gyr_sum[j] = _F0
    state.rate2_sum = _F0
    state.dt_sum = _F0
    state.block_i = _U0
    return _U0


@kernel(u4(record("AttitudeState"), record("Params"), record("MountingState"), f4, f4, f4, record("Signal")))
def level(state, params, mounting, ax, ay, az, out):
    """Angles and levelled specific force of this sample, into out; (ax, ay, az) m/s2, sensor frame.

    Tilt and obliquity are the elevations of the pelvis' axes against the horizontal; rotation is the heading of the
    forward axis about the slow heading. Signs as in docs/conventions.md.
    """
    q, m = state.q_world_from_sensor, mounting.axes
    w, x, y, z = q[0], q[1], q[2], q[3]
    r00, r01, r02 = _F1 - _F2 * (y * y + z * z), _F2 * (x * y - w * z), _F2 * (x * z + w * y)
    r10, r11, r12 = _F2 * (x * y + w * z), _F1 - _F2 * (x * x + z * z), _F2 * (y * z - w * x)
    r20, r21, r22 = _F2 * (x * z - w * y), _F2 * (y * z + w * x), _F1 - _F2 * (x * x + y * y)
    wx, wy, wz = r00 * ax + r01 * ay + r02 * az, r10 * ax + r11 * ay + r12 * az, r20 * ax + r21 * ay + r22 * az
    state.acc_sum[0] += wx
    state.acc_sum[1] += wy
    state.acc_sum[2] += wz
    fx = r00 * m[0] + r01 * m[1] + r02 * m[2]
    fy = r10 * m[0] + r11 * m[1] + r12 * m[2]
    fz = r20 * m[0] + r21 * m[1] + r22 * m[2]
    lz = r20 * m[3] + r21 * m[4] + r22 * m[5]
    hx, hy = state.heading_unit[0], state.heading_unit[1]
    out.tilt_rad = atan2f(-fz, root(_F1 - fz * fz)) - mounting.lean_rad
    out.obliquity_rad = atan2f(lz, root(_F1 - lz * lz))
    out.rotation_rad = atan2f(hx * fy - hy * fx, hx * fx + hy * fy)
    out.acc_level_mps2[0] = hx * wx + hy * wy
    out.acc_level_mps2[1] = hx * wy - hy * wx
    out.acc_level_mps2[2] = wz
    for j in range(4):
        out.q_world_from_sensor[j] = q[j]
    out.settled = _U0
    if params.input.levelled != _U0:
        out.settled = _INCLINED_AND_MOUNTED
    elif state.blocks_n > params.attitude.init_blocks_n:
        out.settled = _INCLINED_AND_MOUNTED if mounting.phase != _U0 else _U1
    return _U0


@kernel(f4(f4, f4))
def shorter(tau_s, age_s):
    """The time constant of a filter that is age_s old: it grows to tau_s."""
    return clip(age_s, np.float32(0.1), tau_s)


@kernel(u4(record("AttitudeState"), record("Params"), record("MountingState"), f4))
def follow_heading(state, params, mounting, dt):
    """Two one-pole low-passes in series on the level part of the forward axis; dt: seconds since the last call."""
    q, m, h = state.q_world_from_sensor, mounting.axes, state.heading
    w, x, y, z = q[0], q[1], q[2], q[3]
    fx = (_F1 - _F2 * (y * y + z * z)) * m[0] + _F2 * (x * y - w * z) * m[1] + _F2 * (x * z + w * y) * m[2]
    fy = _F2 * (x * y + w * z) * m[0] + (_F1 - _F2 * (x * x + z * z)) * m[1] + _F2 * (y * z - w * x) * m[2]
    if state.blocks_n <= params.attitude.init_blocks_n or (h[2] == _F0 and h[3] == _F0):
        # The world still turns with each block of the first inclination.
        h[0], h[1], h[2], h[3] = fx, fy, fx, fy
    # At first a plain mean, so that a start in the middle of a stride is soon forgotten.
    share = clip(dt / shorter(params.attitude.heading_tau_s, state.settled_s), _F0, _F1)
    h[0] = snap(h[0] + share * (fx - h[0]))
    h[1] = snap(h[1] + share * (fy - h[1]))
    h[2] = snap(h[2] + share * (h[0] - h[2]))
    h[3] = snap(h[3] + share * (h[1] - h[3]))
    norm = root(h[2] * h[2] + h[3] * h[3])
    if norm > np.float32(1e-3):
        state.heading_unit[0] = snap(h[2] / norm)
        state.heading_unit[1] = snap(h[3] / norm)
    return _U0


@kernel(f4(record("AttitudeState"), record("Params"), f4, f4, u4))
def follow_height(state, params, up_mps2, dt, stepping):
    """Vertical position (m) about its mean from the upward specific force, integrated twice.

    Between steps that follow each other nothing leaks, so phase and size are true; close_height takes the drift out
    once a step. Otherwise (stepping 0) three leaky integrals in series keep it near zero.
    """
    v = state.vertical
    up = up_mps2 - params.attitude.gravity_mps2
    if state.blocks_n <= params.attitude.init_blocks_n:
        v[0], v[1], v[2] = _F0, _F0, _F0
    if stepping == _U0:
        share = clip(dt / shorter(params.attitude.vertical_tau_s, _HALF * state.settled_s), _F0, _F1)
        v[0] = snap(v[0] + share * (up - v[0]))
        v[1] = snap(v[1] - share * v[1])
        v[2] = snap(v[2] - share * v[2])
    v[1] = clip(snap(v[1] + (up - v[0]) * dt), -_HEIGHT_MAX, _HEIGHT_MAX)
    v[2] = clip(snap(v[2] + v[1] * dt), -_HEIGHT_MAX, _HEIGHT_MAX)
    v[3] += v[1] * dt
    v[4] += v[2] * dt
    v[5] += up * dt
    v[6] += dt
    return v[2]


@kernel(u4(record("AttitudeState"), f4, u4))
def close_height(state, step_s, steps_n):
    """A step of step_s has ended, the steps_n-th in a row: its mean force is weight, its mean velocity and height zero.

    Takes out what is not; of the force only a part after the first, since the window is only known to a tick.
    """
    v = state.vertical
    error_s = v[6] - step_s
    if error_s < _QUARTER * step_s and error_s > -_QUARTER * step_s:
        v[0] += (_F1 if steps_n < _U2 else _HEIGHT_OFFSET_GAIN) * (v[5] / v[6] - v[0])
        # A velocity that was off all the time has moved the height by half of that more at the end than in the mean.
        v[1] = snap(v[1] - v[3] / v[6])
        v[2] = snap(v[2] - v[4] / v[6] - _HALF * v[3])
    v[3], v[4], v[5], v[6] = _F0, _F0, _F0, _F0
    return _U0
