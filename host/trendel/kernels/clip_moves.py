"""What is the clip's doing and not the runner's: jumps within seconds, and regularity that is lost.

Fatigue takes minutes; a clip that slips or tips takes seconds, and it changes mean tilt or obliquity, or one side up
and the other down. Such a jump moves the baseline along, so that what follows is compared with the same posture.
"""

from __future__ import annotations

import numpy as np

from trendel.kernels.alerts import clear_evidence
from trendel.kernels.compile import f4, i4, kernel, record, u4
from trendel.kernels.layout import BLOCK_RING_N, PHASE_SETTLING, PHASE_WATCHING

_F0, _HALF = np.float32(0.0), np.float32(0.5)
_U0, _U1 = np.uint32(0), np.uint32(1)
_MASK, _FULL = np.uint32(BLOCK_RING_N - 1), np.uint32(BLOCK_RING_N)
_SETTLING, _WATCHING = np.uint32(PHASE_SETTLING), np.uint32(PHASE_WATCHING)
_MANY = np.uint32(0x7FFFFFFF)


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
