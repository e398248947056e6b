"""When the evidence of drift becomes an alert: channels, standard error, hysteresis, rate limits.

Channels: left, right, both sides, left over right, right over left. See kernels/stability.py for the evidence itself.
"""

from __future__ import annotations

import numpy as np

from trendel.kernels.compile import f4, i4, kernel, record, u4
from trendel.kernels.layout import (
    ALERT_ASYMMETRY,
    ALERT_CLIP_MOVED,
    ALERT_DROP,
    CHANNEL_N,
    LEVEL_NOTICE,
    LEVEL_STOP,
    LEVEL_WARNING,
)
from trendel.kernels.mathf import root, snap

_F0, _F1, _HALF = np.float32(0.0), np.float32(1.0), np.float32(0.5)
_TINY = np.float32(1e-6)
_U0, _U1 = np.uint32(0), np.uint32(1)
_I0 = np.int32(0)
_DROP, _ASYMMETRY = np.uint32(ALERT_DROP), np.uint32(ALERT_ASYMMETRY)
_MOVED = np.uint32(ALERT_CLIP_MOVED)
_NOTICE, _WARNING, _STOP = np.uint32(LEVEL_NOTICE), np.uint32(LEVEL_WARNING), np.uint32(LEVEL_STOP)


@kernel(u4(record("StabilityState")))
def clear_evidence(s):
    """Begin the tests anew."""
    for c in range(CHANNEL_N):
        s.quick[c], s.slow_sum[c] = _F0, _F0
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
    alert.change = snap(change_of(s, c))
    # The level is behind a drift that goes on: as much as the drift grew within its lag may be missing.
    since_s = np.float32(np.uint32(at_i - alert.onset_i)) * params.input.dt_s
    lag_s = params.stability.lag_s
    missing = alert.change * lag_s / (since_s if since_s > lag_s else lag_s) if lag_s > _TINY else _F0
    error = error_of(s, params, c)
    alert.error = root(error * error + missing * missing)
    if c <= np.int32(2):
        k = np.int32(1) if c == np.int32(1) else _I0
        alert.side = np.int32(1) if c == _I0 else (np.int32(-1) if c == np.int32(1) else _I0)
        alert.baseline = snap(s.baseline[k]) if c < np.int32(2) else snap(_HALF * (s.baseline[0] + s.baseline[1]))
    else:
        alert.side = np.int32(1) if c == np.int32(3) else np.int32(-1)
        alert.baseline = snap(np.float32(alert.side) * (s.baseline[0] - s.baseline[1]))
    alert.value = snap(alert.baseline + alert.change)
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
        if s.active[np.int32(c - np.int32(3))] >= _WARNING:
            return _U0  # the sinking of that side has been told
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
