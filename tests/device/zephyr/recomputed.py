"""Strides that a clip has sent, computed again from the raw samples that it sent, by the host's kernels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from trendel.analysis.kernel_params import Setup, kernel_params
from trendel.analysis.parameters import Parameters
from trendel.kernels import layout as kl
from trendel.kernels.compile import zeros
from trendel.kernels.pipeline import init, step
from trendel.wire.packets import ImuBlock
from trendel_core import load

_NAN = float("nan")
_METRICS = {metric.name.upper(): i for i, metric in enumerate(kl.METRICS)}


def strides(blocks: Sequence[ImuBlock], rate_hz: float) -> list[bytes]:
    """Records of Stride, as bytes, from `blocks` that begin with the clip's first and lack none."""
    params, state, out = kernel_params(Parameters(), Setup(rate_hz=rate_hz)), zeros("State"), zeros("Out")
    init(state[0], params[0])
    base_i, found = int(blocks[0].header["sample_i"]), []
    for block in blocks:
        samples = zeros("Sample", len(block.samples))
        samples["acc_mps2"], samples["gyr_radps"] = block.physical()
        samples["dt_s"] = np.float32(int(block.header["dt_ns"]) * 1e-9)
        for key in ("acc", "gyr"):
            counts = block.samples[key]
            samples["marks"][((counts >= 32767) | (counts <= -32767)).any(axis=1)] = kl.SAMPLE_SATURATED
        for i in range(len(samples)):
            if step(state[0], params[0], samples[i], out[0]) & kl.NEW_STRIDE:
                found.append(_record(out["stride"][0], block.header, base_i))
    return found


def _record(row: np.void, header: np.void, base_i: int) -> bytes:
    """The clip's own C packs what the host's kernels found (device/core/src/clip_kernels.c, tell_stride)."""
    core = load()

    def metric(name: str, field: str = "metrics") -> float:
        i = _METRICS[name]
        return float(row[field][i]) if int(row["valid"]) >> i & 1 else _NAN

    peak, half = (
        np.float32(metric("OBLIQUITY_PEAK_DEG")),
        np.float32(0.5) * np.float32(metric("OBLIQUITY_PEAK_DEG", "left_minus_right")),
    )
    dt_ns = int(header["dt_ns"])
    ns = (base_i + int(row["ic_i"]) - int(header["sample_i"])) * dt_ns
    ns += int(np.float32(row["ic_frac"]) * np.float32(dt_ns))
    us = int(header["time_us"]) + (ns // 1000 if ns >= 0 else -(-ns // 1000))
    values = core.ffi.new("trendel_stride_values_t *")
    values.ic_us = max(0, us)
    values.stride_time_s = row["stride_time_s"]
    values.contact_time_s = metric("CONTACT_TIME_MS")
    values.contact_time_diff_s = metric("CONTACT_TIME_MS", "left_minus_right")
    values.vertical_oscillation_m = metric("VERTICAL_OSCILLATION_MM")
    values.obliquity_peak_left_rad, values.obliquity_peak_right_rad = peak + half, peak - half
    values.pelvic_drop_rad = metric("PELVIC_DROP_DEG")
    values.tilt_mean_rad = metric("TILT_MEAN_DEG")
    values.impact_peak_g = metric("IMPACT_PEAK_G")
    values.quality, values.reasons, values.side = row["quality"], int(row["reasons"]), int(row["side"])
    stride = core.ffi.new("trendel_stride_t *")
    core.lib.trendel_stride_quantise(values, stride)
    return bytes(core.ffi.buffer(stride))
