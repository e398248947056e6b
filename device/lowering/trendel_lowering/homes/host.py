"""The host home: the very functions that batch and live runs call, compiled by numba in this process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..package import KernelPackage
from .job import Job, Trace, block_count


def run_host(package: KernelPackage, jobs: Sequence[Job]) -> list[Trace]:
    """Step each job through the compiled kernels (through plain Python under NUMBA_DISABLE_JIT=1)."""
    pipeline: Any = package.load("pipeline")
    dtypes = package.load("layout").DTYPES
    traces = []
    for job in jobs:
        # Record arrays: their elements give fields as attributes in plain Python too.
        state, params = job.state.copy().view(np.recarray), job.params.view(np.recarray)
        samples, n = job.samples.view(np.recarray), len(job.samples)
        flags, outs = np.zeros(n, np.int32), np.zeros(n, dtypes["Out"]).view(np.recarray)
        states = np.zeros(block_count(n, job.every), dtypes["State"])
        live, tuning = state[0], params[0]
        result = int(pipeline.init(live, tuning)) if job.init else 0
        for i in range(n):
            flags[i] = pipeline.step(live, tuning, samples[i], outs[i])
            if (i + 1) % job.every == 0 or i + 1 == n:
                states[i // job.every] = state[0]
        if n == 0:
            states[0] = state[0]
        traces.append(Trace(result, flags, outs.view(np.ndarray), states, job.every))
    return traces
