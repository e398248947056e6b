"""Rows that are given out: a step with its side and quality, and the stride of two steps."""

from __future__ import annotations

import numpy as np

from trendel.kernels.compile import i4, kernel, record, u4
from trendel.kernels.layout import (
    METRIC_N,
    Q_ATTITUDE,
    Q_BRIDGED,
    Q_CONTACT_UNSURE,
    Q_IRREGULAR,
    Q_PROVISIONAL,
    Q_SATURATED,
    Q_SIDE_UNSURE,
)
from trendel.kernels.mathf import snap
from trendel.kernels.metrics import M_CONTRALATERAL, M_DROP, M_OBLIQUITY_PEAK

_F0, _F1, _HALF = np.float32(0.0), np.float32(1.0), np.float32(0.5)
_U0, _U1, _I0 = np.uint32(0), np.uint32(1), np.int32(0)
_V_DROP, _V_PEAK = np.uint32(1 << M_DROP), np.uint32(1 << M_OBLIQUITY_PEAK)
_V_CONTRA = np.uint32(1 << M_CONTRALATERAL)
_Q_PROVISIONAL, _Q_BRIDGED, _Q_SATURATED = np.uint32(Q_PROVISIONAL), np.uint32(Q_BRIDGED), np.uint32(Q_SATURATED)
_Q_CONTACT_UNSURE, _Q_IRREGULAR = np.uint32(Q_CONTACT_UNSURE), np.uint32(Q_IRREGULAR)
_Q_SIDE_UNSURE, _Q_ATTITUDE = np.uint32(Q_SIDE_UNSURE), np.uint32(Q_ATTITUDE)


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
