"""The kernels by stage: loops that call what pipeline.step calls, up to and with one stage more at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np

from tests.bench.runs import RATE_HZ, Samples
from trendel.analysis.kernel_params import Setup, kernel_params
from trendel.analysis.parameters import Parameters
from trendel.kernels.attitude import finish_block, integrate_rate, level
from trendel.kernels.compile import zeros
from trendel.kernels.layout import DTYPES
from trendel.kernels.pipeline import init, run, take_sample

STEP_MIN_S = 0.2


def records(samples: Samples) -> np.recarray:
    """Sample records, as the drivers make them."""
    made = zeros("Sample", len(samples.acc_mps2))
    made["acc_mps2"], made["gyr_radps"] = samples.acc_mps2, samples.gyr_radps
    made["dt_s"] = np.float32(1 / RATE_HZ)
    return made


@numba.njit(error_model="numpy")
def _attitude(state, params, samples, out):  # type: ignore[no-untyped-def]
    s, p, o = state[0], params[0], out[0]
    a = s.attitude
    for i in range(samples.shape[0]):
        take_sample(s, p, samples[i])
        f, g = s.input.acc_mps2, s.input.gyr_radps
        dt = samples[i].dt_s
        integrate_rate(a, p, g[0], g[1], g[2], f[0], f[1], f[2], dt)
        level(a, p, s.mounting, f[0], f[1], f[2], o.signal)
        a.block_i += np.uint32(1)
        if a.block_i >= p.attitude.block_n:
            finish_block(a, p)
    return 0


@dataclass
class Work:
    """Everything one timed call needs; call() starts from a cold state."""

    params: np.recarray
    samples: np.recarray
    body: Callable[..., Any]

    def call(self) -> int:
        """Run the stage over all samples; returns the steps found."""
        state, out = zeros("State"), zeros("Out")
        init(state[0], self.params[0])
        return int(self.body(state, self.params, self.samples, out))


def _pipeline(state: np.recarray, params: np.recarray, samples: np.recarray, out: np.recarray) -> int:
    room = int(len(samples) / RATE_HZ / STEP_MIN_S) + 16
    steps, strides = np.zeros(room, DTYPES["StepRow"]), np.zeros(room, DTYPES["StrideRow"])
    counts = np.zeros(3, np.int64)
    run(state, params, samples, zeros("Signal", 0), steps, strides, zeros("Alert", room), out, counts)
    return int(counts[0])


def attitude_alone(samples: Samples) -> Work:
    """Bridging, strapdown, gravity and bias correction, levelled signals: what VQF does, and the angles."""
    return Work(kernel_params(Parameters(), Setup(rate_hz=RATE_HZ)), records(samples), _attitude)


def pipeline(samples: Samples, *, levelled: bool = False) -> Work:
    """Every stage; levelled: without attitude and mounting."""
    axes = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    setup = Setup(rate_hz=RATE_HZ, levelled=levelled, axes=axes if levelled else None)
    return Work(kernel_params(Parameters(), setup), records(samples), _pipeline)
