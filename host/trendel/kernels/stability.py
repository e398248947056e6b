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

What jumps within seconds is not fatigue but the clip: mean tilt or obliquity jumps, sides jump against each other, or
regularity falls. Then the baseline moves along. The twin is tests/reference/stability.py.
"""

from __future__ import annotations

import numpy as np

from trendel.kernels.compile import f4, i4, kernel, record, u4
from trendel.kernels.layout import (
    ALERT_ASYMMETRY,
    ALERT_CLIP_LOOSE,
    ALERT_CLIP_MOVED,
    ALERT_DROP,
    BLOCK_COLUMNS,
    BLOCK_RING_N,
    CHANNEL_N,
    LEVEL_NOTICE,
    LEVEL_STOP,
    LEVEL_WARNING,
    NEW_ALERT,
    PHASE_LEARNING,
    PHASE_SETTLING,
    PHASE_WATCHING,
    Q_PROVISIONAL,
)
from trendel.kernels.mathf import clip, root, snap
from trendel.kernels.metrics import M_OBLIQUITY_PEAK, M_TILT_MEAN

_F0, _F1, _HALF = np.float32(0.0), np.float32(1.0), np.float32(0.5)
_TINY, _TINY2 = np.float32(1e-6), np.float32(1e-12)
_U0, _U1 = np.uint32(0), np.uint32(1)
_I0 = np.int32(0)
_MASK, _FULL = np.uint32(BLOCK_RING_N - 1), np.uint32(BLOCK_RING_N)
_V_PEAK, _PROVISIONAL = np.uint32(1 << M_OBLIQUITY_PEAK), np.uint32(Q_PROVISIONAL)
_SETTLING, _LEARNING, _WATCHING = np.uint32(PHASE_SETTLING), np.uint32(PHASE_LEARNING), np.uint32(PHASE_WATCHING)
_DROP, _ASYMMETRY = np.uint32(ALERT_DROP), np.uint32(ALERT_ASYMMETRY)
_MOVED, _LOOSE = np.uint32(ALERT_CLIP_MOVED), np.uint32(ALERT_CLIP_LOOSE)
_NOTICE, _WARNING, _STOP = np.uint32(LEVEL_NOTICE), np.uint32(LEVEL_WARNING), np.uint32(LEVEL_STOP)
_NEW_ALERT = np.int32(NEW_ALERT)
_MANY = np.uint32(0x7FFFFFFF)


@kernel(u4(record("StabilityState")))
def clear_block(s):
    """Begin a new block."""
    for k in range(2):
        s.sum[k], s.n[k] = _F0, _U0
    for k in range(4):
        s.means[k] = _F0
    return _U0


@kernel(u4(record("StabilityState")))
def clear_evidence(s):
    """Begin the tests anew."""
    for c in range(CHANNEL_N):
        s.quick[c], s.slow_sum[c] = _F0, _F0
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
        s.cadence_sum[k] = _F0
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


@kernel(f4(record("StabilityState"), i4))
def change_of(s, c):
    """Change from the baseline in a channel, rad. Both: that of the side that changed less."""
    left, right = s.level[0] - s.baseline[0], s.level[1] - s.baseline[1]
    if c == np.int32(0):
        return left
    if c == np.int32(1):
        return right
    if c == np.int32(2):
        return left if left < right else right
    return left - right if c == np.int32(3) else right - left


@kernel(f4(record("StabilityState"), record("Params"), i4))
def deviation(s, params, c):
    """Learned standard deviation of a channel's unforeseen change in a block, rad."""
    sd = root(s.noise2[c] / s.noise_n) if s.noise_n > _F1 else params.stability.noise_rad
    return sd if sd > params.stability.noise_min_rad else params.stability.noise_min_rad


@kernel(f4(record("StabilityState"), record("Params"), i4))
def evidence(s, params, c):
    """The larger of a channel's CUSUMs as a share of its decision limit."""
    p = params.stability
    quick, slow = s.quick[c] * p.limit_quick_inv, s.slow_sum[c] * p.limit_slow_inv
    return quick if quick > slow else slow


@kernel(f4(record("StabilityState"), record("Params"), i4))
def error_of(s, params, c):
    """Standard error of a channel's change: how far the level wanders, and the baseline that was learned from it."""
    p = params.stability
    side = np.int32(1) if c == np.int32(1) else _I0
    sd = deviation(s, params, c)
    rest = _F1 - p.keep * p.keep
    wander2 = sd * sd / (rest if rest > _TINY else _TINY)
    # Blocks are alike: n of them say as much as n (1 - keep) / (1 + keep) independent ones.
    n = s.weight_n[side] * (_F1 - p.keep) / (_F1 + p.keep)
    return root(wander2 * (_F1 + _F1 / (n if n > _F1 else _F1)))


@kernel(u4(record("StabilityState"), record("Params"), u4, u4))
def may_alert(s, params, level, at_i):
    """1 if the last alert of this level (or of a more urgent one) is long enough ago. Level 0: those of the clip."""
    for k in range(4):
        same = np.uint32(k) >= level and level > _U0
        if (same or (k == 0 and level == _U0)) and s.alerted & (_U1 << np.uint32(k)):
            since = np.float32(np.uint32(at_i - s.alerted_i[k])) * params.input.dt_s
            if since < params.stability.rest_s:
                return _U0
    return _U1


@kernel(u4(record("StabilityState"), record("Params"), u4, record("Alert"), u4, u4, i4))
def raise_alert(s, params, at_i, alert, kind, level, c):
    """Fill in the alert and remember it. c: the channel it comes from, -1 for the clip."""
    alert.kind, alert.level, alert.at_i, alert.onset_i = kind, level, at_i, at_i
    alert.side, alert.value, alert.baseline, alert.change, alert.error = _I0, _F0, _F0, _F0, _F0
    # A clip that moved says nothing of hips: it has a clock of its own.
    slot = level if c >= _I0 else _U0
    s.alerted |= _U1 << slot
    s.alerted_i[slot] = at_i
    if c < _I0:
        return _U0
    quick = s.quick[c] * params.stability.limit_quick_inv
    alert.onset_i = s.quick_i[c] if quick >= evidence(s, params, c) else s.slow_i[c]
    alert.change, alert.error = snap(change_of(s, c)), error_of(s, params, c)
    if c <= np.int32(2):
        k = np.int32(1) if c == np.int32(1) else _I0
        alert.side = np.int32(1) if c == _I0 else (np.int32(-1) if c == np.int32(1) else _I0)
        alert.baseline = snap(s.baseline[k]) if c < np.int32(2) else snap(_HALF * (s.baseline[0] + s.baseline[1]))
    else:
        alert.side = np.int32(1) if c == np.int32(3) else np.int32(-1)
        alert.baseline = snap(np.float32(alert.side) * (s.baseline[0] - s.baseline[1]))
    alert.value = snap(alert.baseline + alert.change)
    return _U0


@kernel(f4(record("StabilityState"), i4))
def jump_of(s, column):
    """Median of the newest three blocks less mean of the middle two of the oldest four (one lies between); rad.

    So a turn of some seconds, which fills one block, is no jump.
    """
    a, b, c = (
        s.ring[(s.ring_i + np.uint32(5)) & _MASK, column],
        s.ring[(s.ring_i + np.uint32(6)) & _MASK, column],
        s.ring[(s.ring_i + np.uint32(7)) & _MASK, column],
    )
    new = max(min(a, b), min(max(a, b), c))
    low, high, old = a, a, _F0
    for k in range(4):
        x = s.ring[(s.ring_i + np.uint32(k)) & _MASK, column]
        low = x if k == 0 or x < low else low
        high = x if k == 0 or x > high else high
        old += x
    return new - _HALF * (old - low - high)


@kernel(u4(record("StabilityState"), record("Params")))
def find_jump(s, params):
    """1 if the clip moved within the newest blocks: the baseline is taken along and the tests begin anew."""
    p = params.stability
    if s.ring_n < _FULL:
        return _U0
    left, right = jump_of(s, np.int32(0)), jump_of(s, np.int32(1))
    obl, tilt = jump_of(s, np.int32(2)), jump_of(s, np.int32(3))
    sides = _HALF * (left - right)
    mixed = abs(obl) > p.jump_mixed_rad and abs(sides) > p.jump_sides_rad
    if not (abs(obl) > p.jump_obl_rad or abs(tilt) > p.jump_tilt_rad or mixed):
        return _U0
    s.ring_n = _U0
    for k in range(2):
        jump = left if k == 0 else right
        # The level itself lags behind: it ends where the newest blocks are.
        if s.phase != _SETTLING:
            s.baseline[k] += jump
            end = s.baseline[k] + s.change_last[k]
            s.level[k] = end
        s.change_last[k] = s.level[k] - s.baseline[k]
    clear_evidence(s)
    return _U1


@kernel(u4(record("StabilityState"), record("Params"), f4))
def follow_looseness(s, params, regularity):
    """1 where the clip has just come loose. While it is, nothing else is judged."""
    p = params.stability
    if s.regularity == _F0:
        s.regularity = regularity
    s.regularity += p.fast * (regularity - s.regularity)
    if s.phase != _WATCHING:
        if s.regular == _F0:
            s.regular = s.regularity
        s.regular += p.slow * (s.regularity - s.regular)
        return _U0
    if s.regular - s.regularity > p.loose:
        if s.irregular_n < _MANY:
            s.irregular_n += _U1
        if s.irregular_n >= p.loose_n and s.loose == _U0:
            s.loose = _U1
            clear_evidence(s)
            return _U1
    else:
        s.irregular_n = _U0
        if s.regular - s.regularity < _HALF * p.loose:
            s.loose = _U0
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
    """Learn the baseline from the block: fast in the fresh phase, slowly afterwards, not while a warning is on."""
    p = params.stability
    for k in range(2):
        if s.phase == _WATCHING and (s.active[k] >= _WARNING or s.active[2] >= _WARNING):
            continue
        s.weight_n[k] += _F1
        if s.phase == _WATCHING and s.weight_n[k] > p.memory_n:
            s.weight_n[k] = p.memory_n
        newest = left if k == 0 else right
        s.baseline[k] += (newest - s.baseline[k]) / s.weight_n[k]
    return _U0


@kernel(u4(record("StabilityState"), record("Params"), i4))
def level_of(s, params, c):
    """The level that a channel's evidence and change call for now, 0 for none. Asymmetry alone is but a notice."""
    p = params.stability
    shown = evidence(s, params, c) * (p.both if c == np.int32(2) else _F1)
    change = change_of(s, c)
    if shown < p.notice or change < p.notice_rad:
        return _U0
    if c == np.int32(2):
        left, right = change_of(s, _I0), change_of(s, np.int32(1))
        if change < p.alike * (left if left > right else right):
            return _U0
    if c > np.int32(2):
        return _NOTICE if shown >= _F1 and change >= p.warning_rad + p.notice_rad else _U0
    if shown < _F1 or change < p.warning_rad:
        return _NOTICE
    return _STOP if change >= p.stop_rad else _WARNING


@kernel(u4(record("StabilityState"), record("Params"), i4))
def let_go(s, params, c):
    """Hysteresis: an alert that is on ends after its change has been small for a while."""
    p = params.stability
    if s.active[c] == _U0:
        return _U0
    least = p.notice_rad if s.active[c] == _NOTICE else p.warning_rad
    if change_of(s, c) > p.clear * least:
        s.below_n[c] = _U0
        return _U0
    s.below_n[c] += _U1
    if s.below_n[c] >= p.clear_n:
        if s.active[c] >= _WARNING:
            s.quick[c], s.slow_sum[c] = _F0, _F0
        s.active[c], s.below_n[c] = _U0, _U0
    return _U0


@kernel(u4(record("StabilityState"), record("Params"), u4, record("Alert")))
def decide(s, params, at_i, alert):
    """Look for the most urgent alert that is new; 1 if there is one. Both sides come before one."""
    p = params.stability
    best, urgent = np.int32(-1), _U0
    for j in range(CHANNEL_N):
        c = np.int32(2) if j == 0 else (np.int32(np.int32(j) - np.int32(1)) if j < 3 else np.int32(j))
        let_go(s, params, c)
        level = level_of(s, params, c)
        if level > s.active[c] and level > urgent:
            best, urgent = c, level
    if best < _I0:
        return _U0
    if may_alert(s, params, urgent, at_i) == _U0:
        return _U0
    if best < np.int32(2) and urgent >= _WARNING:
        other = change_of(s, np.int32(1) if best == _I0 else _I0)
        if other < -p.opposite * change_of(s, best):
            # One side up and the other down alike: that is what a clip does that slipped round the waist.
            for k in range(2):
                s.baseline[k] = s.level[k]
                s.change_last[k] = _F0
            clear_evidence(s)
            raise_alert(s, params, at_i, alert, _MOVED, _WARNING, np.int32(-1))
            return _U1
    raise_alert(s, params, at_i, alert, _DROP if best <= np.int32(2) else _ASYMMETRY, urgent, best)
    s.active[best] = urgent
    if best == np.int32(2):
        for k in range(2):
            if s.active[k] < urgent:
                s.active[k] = urgent
    return _U1


@kernel(u4(record("StabilityState"), record("Params"), u4, record("Alert")))
def close_block(s, params, at_i, alert):
    """A block is full: learn from it or judge it. 1 if there is an alert."""
    p = params.stability
    count = np.float32(s.n[0]) + np.float32(s.n[1])
    left, right = s.sum[0] / np.float32(s.n[0]), s.sum[1] / np.float32(s.n[1])
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


@kernel(i4(record("StabilityState"), record("Params"), record("StepRow"), f4, u4, record("Alert")))
def follow(s, params, row, obl_mean, turned_n, alert):
    """Take one step. obl_mean: mean obliquity (rad). turned_n: the mounting's count. Returns NEW_ALERT or 0."""
    p = params.stability
    if turned_n != s.turned_n:
        s.turned_n = turned_n
        learn_anew(s, params)
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
    s.sum[k] += peak
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
