"""Hip stability: the runner's own baseline in this run, and a sequential test of drift from it; fed once a step.

Obliquity peaks (how far the swing side of the pelvis sinks) are averaged in blocks of a few strides. Once the level
has settled, a fresh phase learns each side's baseline, how far the level usually moves from block to block, and an
effect of cadence by ridge regression (Hoerl & Kennard, Technometrics 1970) that stays fixed from then on. Afterwards:

- A level wanders, so neighbouring blocks are alike. What is tested is its unforeseen change, u = d - keep * d_before
  (d: level less baseline), the residual chart for autocorrelated data (Alwan & Roberts, JBES 1988). A drift shows
  there as it comes, whatever the error of the baseline.
- u is standardised by the deviation learned so far, which goes on being learned: a self-starting CUSUM (Hawkins, The
  Statistician 1987). Single blocks are limited, so that no outlier decides (Lucas & Crosier, Commun Stat 1982).
- Two one-sided CUSUMs (Page, Biometrika 1954; optimal for a given size in Lorden's sense) for slow and for quick drifts
  (Sparks, J Qual Technol 2000), in five channels: left, right, both, and either side over the other.
- An alert needs evidence beyond the limit *and* a change that matters to the runner. The onset is the CUSUM's last
  zero.

A change of speed or grade that was announced is not fatigue: the level is taken anew and the baseline moves by what it
changed; back in the fresh phase's condition the move is undone.

What jumps within seconds is not fatigue but the clip: mean tilt or obliquity jumps, sides jump against each other, or
regularity falls. Then the baseline moves along. The twin is tests/reference/stability.py.
"""

from __future__ import annotations

import numpy as np

from trendel.kernels.alerts import clear_evidence, decide, deviation, evidence, may_alert, raise_alert
from trendel.kernels.clip_moves import find_jump, follow_looseness
from trendel.kernels.compile import f4, i4, kernel, record, u4
from trendel.kernels.layout import (
    ALERT_CLIP_LOOSE,
    ALERT_CLIP_MOVED,
    BLOCK_COLUMNS,
    BLOCK_RING_N,
    CHANNEL_N,
    LEVEL_WARNING,
    NEW_ALERT,
    PHASE_LEARNING,
    PHASE_SETTLING,
    PHASE_WATCHING,
    Q_PROVISIONAL,
)
from trendel.kernels.mathf import clip, snap
from trendel.kernels.metrics import M_OBLIQUITY_PEAK, M_TILT_MEAN

_F0, _F1, _HALF = np.float32(0.0), np.float32(1.0), np.float32(0.5)
_TINY, _TINY2 = np.float32(1e-6), np.float32(1e-12)
_U0, _U1 = np.uint32(0), np.uint32(1)
_I0 = np.int32(0)
_MASK, _FULL = np.uint32(BLOCK_RING_N - 1), np.uint32(BLOCK_RING_N)
_V_PEAK, _PROVISIONAL = np.uint32(1 << M_OBLIQUITY_PEAK), np.uint32(Q_PROVISIONAL)
_SETTLING, _LEARNING, _WATCHING = np.uint32(PHASE_SETTLING), np.uint32(PHASE_LEARNING), np.uint32(PHASE_WATCHING)
_MOVED, _LOOSE = np.uint32(ALERT_CLIP_MOVED), np.uint32(ALERT_CLIP_LOOSE)
_WARNING = np.uint32(LEVEL_WARNING)
_NEW_ALERT = np.int32(NEW_ALERT)
_MANY = np.uint32(0x7FFFFFFF)


@kernel(u4(record("StabilityState")))
def clear_block(s):
    """Begin a new block."""
    for k in range(2):
        s.peaks[k], s.n[k] = _F0, _U0
    for k in range(4):
        s.means[k] = _F0
    return _U0


@kernel(u4(record("StabilityState"), record("Params")))
def learn_anew(s, params):
    """Settle and learn again; what is known of this runner's noise is kept."""
    p = params.stability
    s.phase, s.blocks_n, s.hold_n, s.ring_n = _SETTLING, _U0, _U0, _U0
    s.irregular_n, s.loose = _U0, _U0
    s.regularity, s.regular, s.cadence_rad = _F0, _F0, _F0
    for k in range(2):
        s.baseline[k], s.weight_n[k], s.change_last[k] = _F0, _F0, _F0
        s.cadence_sum[k], s.offset[k] = _F0, _F0
    s.wait_n = _U0
    s.skip_s = p.skip_s
    clear_block(s)
    clear_evidence(s)
    return _U0


@kernel(u4(record("StabilityState"), record("Params")))
def stability_reset(s, params):
    """A runner of whom this run says nothing yet."""
    p = params.stability
    learn_anew(s, params)
    s.seen, s.segment_i, s.end_i, s.turned_n = _U0, _U0, _U0, _U0
    s.start_i, s.ring_i, s.alerted = _U0, _U0, _U0
    s.condition, s.fresh_condition = _U0, _U0
    s.noise_n = p.noise_n
    for c in range(CHANNEL_N):
        s.noise2[c] = p.noise_rad * p.noise_rad * p.noise_n
        s.active[c], s.below_n[c], s.quick_i[c], s.slow_i[c] = _U0, _U0, _U0, _U0
    for k in range(4):
        s.alerted_i[k] = _U0
    for k in range(2):
        s.level[k], s.slow[k] = _F0, _F0
    s.step_s, s.step_slow_s, s.step_ref_s = _F0, _F0, _F0
    for k in range(BLOCK_RING_N):
        for j in range(BLOCK_COLUMNS):
            s.ring[k, j] = _F0
    return _U0


@kernel(u4(record("StabilityState"), record("Params"), f4))
def settle(s, params, step_s):
    """Follow level and slow level until they agree; 1 when they have done so for long enough."""
    p = params.stability
    near = True
    for k in range(2):
        s.slow[k] += p.slow * (s.level[k] - s.slow[k])
        if abs(s.level[k] - s.slow[k]) > p.settle_rad:
            near = False
    s.step_slow_s += p.slow * (s.step_s - s.step_slow_s)
    if abs(s.step_s - s.step_slow_s) > p.settle_cadence * s.step_slow_s:
        near = False
    s.hold_n = np.uint32(s.hold_n + _U1) if near else _U0
    if s.hold_n < p.settle_hold_n and s.blocks_n < p.settle_max_n:
        return _U0
    s.phase, s.blocks_n = _LEARNING, _U0
    s.fresh_condition = s.condition
    s.step_ref_s = step_s
    for k in range(2):
        known = p.prior_given != _U0 and s.turned_n == _U0
        s.baseline[k] = p.prior_rad[k] if known else s.level[k]
        s.weight_n[k] = p.prior_n if known else _F0
        s.change_last[k] = s.level[k] - s.baseline[k]
    return _U1


@kernel(u4(record("StabilityState"), record("Params"), f4, f4))
def learn_cadence(s, params, peak, step_s):
    """Fresh phase: the sums behind the effect of cadence, about the means so far."""
    n = np.float32(s.blocks_n)
    x = (step_s - s.step_ref_s) / (s.step_ref_s if s.step_ref_s > _TINY else _TINY)
    y = peak - _HALF * (s.baseline[0] + s.baseline[1])
    share = n / (n + _F1)
    s.cadence_sum[0] = snap(s.cadence_sum[0] + share * x * x)
    s.cadence_sum[1] = snap(s.cadence_sum[1] + share * x * y)
    s.step_ref_s += (step_s - s.step_ref_s) / (n + _F1)
    s.cadence_rad = s.cadence_sum[1] / (s.cadence_sum[0] + params.stability.cadence_prior)
    return _U0


@kernel(u4(record("StabilityState"), record("Params"), u4))
def weigh(s, params, start_i):
    """Take the block's unforeseen change into each channel's CUSUMs and into the learned deviation."""
    p = params.stability
    left, right = s.level[0] - s.baseline[0], s.level[1] - s.baseline[1]
    du = left - p.keep * s.change_last[0]
    dv = right - p.keep * s.change_last[1]
    s.change_last[0], s.change_last[1] = snap(left), snap(right)
    scale = _F1
    if s.noise_n >= p.noise_memory_n and s.noise_n > _F1:
        scale = (s.noise_n - _F1) / s.noise_n
    for c in range(CHANNEL_N):
        u = du - p.common * dv
        if c == 1:
            u = dv - p.common * du
        elif c == 2:
            u = _HALF * (du + dv)
        elif c == 3:
            u = du - dv
        elif c == 4:
            u = dv - du
        sd = deviation(s, params, np.int32(c))
        z = clip(u / sd, -p.score_max, p.score_max)
        s.noise2[c] = s.noise2[c] * scale + z * z * sd * sd
        if s.noise2[c] < _TINY2:
            s.noise2[c] = _TINY2
        if s.phase == _WATCHING:
            if s.quick[c] <= _F0:
                s.quick_i[c] = start_i
            if s.slow_sum[c] <= _F0:
                s.slow_i[c] = start_i
            quick, slow = s.quick[c] + z - p.allow_quick, s.slow_sum[c] + z - p.allow_slow
            # Not above twice the limit: what is over must be able to end.
            top = np.float32(2.0)
            s.quick[c] = clip(quick, _F0, top / p.limit_quick_inv if p.limit_quick_inv > _TINY else _F0)
            s.slow_sum[c] = clip(slow, _F0, top / p.limit_slow_inv if p.limit_slow_inv > _TINY else _F0)
    s.noise_n = s.noise_n * scale + _F1
    return _U0


@kernel(u4(record("StabilityState"), record("Params"), f4, f4))
def follow_baseline(s, params, left, right):
    """Learn the baseline from the block: fast in the fresh phase, slowly afterwards, not while it seems to drift."""
    p = params.stability
    for k in range(2):
        warned = s.active[k] >= _WARNING or s.active[2] >= _WARNING
        if s.phase == _WATCHING and (warned or evidence(s, params, np.int32(k)) >= _F1):
            continue
        s.weight_n[k] += _F1
        if s.phase == _WATCHING and s.weight_n[k] > p.memory_n:
            s.weight_n[k] = p.memory_n
        newest = left if k == 0 else right
        s.baseline[k] += (newest - s.baseline[k]) / s.weight_n[k]
    return _U0


@kernel(u4(record("StabilityState"), record("Params"), u4))
def change_condition(s, params, condition):
    """Another speed or grade was announced: before there is a baseline begin anew, else wait for the new level."""
    s.condition = condition
    if s.phase != _WATCHING:
        learn_anew(s, params)
        return _U0
    s.skip_s = params.stability.skip_s
    s.wait_n = params.stability.wait_n
    s.ring_n = _U0  # posture on a hill is another one: no jump of the clip
    clear_block(s)
    return _U0


@kernel(u4(record("StabilityState"), record("Params"), f4, f4))
def take_level(s, params, left, right):
    """A block of the new level; with the last of them the baseline moves, so that the change is what it was before."""
    n = np.float32(params.stability.wait_n) - np.float32(s.wait_n) + _F1
    s.wait_n = np.uint32(s.wait_n - _U1)
    for k in range(2):
        newest = left if k == 0 else right
        s.level[k] = snap(s.level[k] + (newest - s.level[k]) / n)
        if s.wait_n > _U0:
            continue
        if s.condition == s.fresh_condition:
            s.baseline[k] -= s.offset[k]
            s.offset[k] = _F0
            s.change_last[k] = snap(s.level[k] - s.baseline[k])
        else:
            moved = s.level[k] - s.change_last[k] - s.baseline[k]
            s.baseline[k] += moved
            s.offset[k] += moved
    return _U0


@kernel(u4(record("StabilityState"), record("Params"), u4, record("Alert")))
def close_block(s, params, at_i, alert):
    """A block is full: learn from it or judge it. 1 if there is an alert."""
    p = params.stability
    count = np.float32(s.n[0]) + np.float32(s.n[1])
    left, right = s.peaks[0] / np.float32(s.n[0]), s.peaks[1] / np.float32(s.n[1])
    obl, tilt, step_s, regularity = s.means[0] / count, s.means[1] / count, s.means[2] / count, s.means[3] / count
    start_i = s.start_i
    clear_block(s)
    i = s.ring_i & _MASK
    s.ring[i, 0], s.ring[i, 1], s.ring[i, 2], s.ring[i, 3] = snap(left), snap(right), snap(obl), snap(tilt)
    s.ring_i = np.uint32(s.ring_i + _U1) & _MASK
    if s.ring_n < _FULL:
        s.ring_n += _U1
    if s.phase == _WATCHING:
        ref = s.step_ref_s if s.step_ref_s > _TINY else _TINY
        effect = clip(s.cadence_rad * (step_s - ref) / ref, -p.cadence_max_rad, p.cadence_max_rad)
        left, right = left - effect, right - effect
        if s.wait_n > _U0:
            take_level(s, params, left, right)
            return _U0
    if s.phase == _SETTLING and s.blocks_n == _U0:
        s.level[0], s.level[1], s.slow[0], s.slow[1] = left, right, left, right
        s.step_s, s.step_slow_s = step_s, step_s
    s.level[0] = snap(s.level[0] + p.fast * (left - s.level[0]))
    s.level[1] = snap(s.level[1] + p.fast * (right - s.level[1]))
    s.step_s += p.fast * (step_s - s.step_s)
    if s.blocks_n < _MANY:
        s.blocks_n += _U1
    if find_jump(s, params) != _U0 and s.phase == _WATCHING:
        if s.loose != _U0 or may_alert(s, params, _U0, at_i) == _U0:
            return _U0
        raise_alert(s, params, at_i, alert, _MOVED, _WARNING, np.int32(-1))
        return _U1
    if follow_looseness(s, params, regularity) != _U0 and may_alert(s, params, _U0, at_i) != _U0:
        raise_alert(s, params, at_i, alert, _LOOSE, _WARNING, np.int32(-1))
        return _U1
    if s.phase == _SETTLING:
        settle(s, params, step_s)
        return _U0
    if s.loose != _U0:
        return _U0
    weigh(s, params, start_i)
    if s.phase == _LEARNING:
        learn_cadence(s, params, _HALF * (left + right), step_s)
        follow_baseline(s, params, left, right)
        if s.blocks_n >= p.learn_n:
            s.phase, s.blocks_n = _WATCHING, _U0
        return _U0
    follow_baseline(s, params, left, right)
    return decide(s, params, at_i, alert)


@kernel(u4(record("StabilityState"), record("Params"), record("Course")))
def show_course(s, params, course):
    """Where things stand, for the table of strides."""
    course.phase = s.phase
    for k in range(2):
        course.level[k] = s.level[k]
        course.baseline[k] = s.baseline[k] if s.phase != _SETTLING else _F0
    for c in range(CHANNEL_N):
        course.evidence[c] = snap(evidence(s, params, np.int32(c)))
    return _U0


@kernel(i4(record("StabilityState"), record("Params"), record("StepRow"), f4, u4, u4, record("Alert")))
def follow(s, params, row, obl_mean, turned_n, condition, alert):
    """Take one step. obl_mean: mean obliquity (rad). turned_n: the mounting's count. Returns NEW_ALERT or 0."""
    p = params.stability
    if condition != s.condition:
        change_condition(s, params, condition)
    if turned_n != s.turned_n:
        s.turned_n = turned_n
        known = s.phase != _SETTLING
        learn_anew(s, params)
        if not known:
            return _I0
        raise_alert(s, params, row.end_i, alert, _MOVED, _WARNING, np.int32(-1))
        return _NEW_ALERT
    broken = s.seen == _U0 or row.segment_i != s.segment_i
    if s.seen != _U0:
        broken = broken or np.float32(np.int32(np.uint32(row.ic_i - s.end_i))) * params.input.dt_s > p.gap_s
    s.seen, s.segment_i, s.end_i = _U1, row.segment_i, row.end_i
    if broken:
        s.skip_s = p.skip_s
        clear_block(s)
    if s.skip_s > _F0:
        s.skip_s -= row.step_time_s
        return _I0
    if (
        row.side == _I0
        or (row.valid & _V_PEAK) == _U0
        or row.quality < p.quality_min
        or (row.reasons & _PROVISIONAL) != _U0
    ):
        return _I0
    k = _I0 if row.side > _I0 else np.int32(1)
    peak = row.metrics[M_OBLIQUITY_PEAK]
    if s.phase != _SETTLING or s.blocks_n > _U0:
        peak = clip(peak, s.level[k] - p.step_max_rad, s.level[k] + p.step_max_rad)
    if s.n[0] == _U0 and s.n[1] == _U0:
        s.start_i = row.ic_i
    s.peaks[k] += peak
    s.n[k] += _U1
    s.means[0] += obl_mean
    s.means[1] += row.metrics[M_TILT_MEAN]
    s.means[2] += row.step_time_s
    s.means[3] += row.regularity
    flags = _I0
    if s.n[0] >= p.block_n and s.n[1] >= p.block_n:
        if close_block(s, params, row.end_i, alert) != _U0:
            flags = _NEW_ALERT
    elif np.float32(s.n[0]) + np.float32(s.n[1]) > np.float32(4.0) * np.float32(p.block_n):
        # One side is not seen: such a block says nothing of either.
        clear_block(s)
    return flags
