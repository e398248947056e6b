"""The kernels lowered to x86-64, for the clip's program as a Linux process: the bits of the compiled host."""

from __future__ import annotations

import ctypes
import platform
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import device_streams
import numpy as np
import pytest

from trendel.analysis.kernel_params import Setup, kernel_params
from trendel.analysis.parameters import Parameters
from trendel_lowering.artifacts import ASSEMBLY_X86, cached
from trendel_lowering.bits import compare_homes
from trendel_lowering.homes import Job, Trace, run_host
from trendel_lowering.homes.job import block_count
from trendel_lowering.package import KernelPackage

pytestmark = [
    pytest.mark.skipif(platform.machine() != "x86_64", reason="this machine is no x86-64"),
    pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed (apt-get install gcc)"),
]


def test_x86_gives_the_bits_of_the_host(pipeline_package: KernelPackage, tmp_path: Path) -> None:
    library = tmp_path / "kernels.so"
    # -z defs: an undefined symbol fails the link.
    command = ["gcc", "-shared", "-Wl,-z,defs", str(cached(pipeline_package) / ASSEMBLY_X86), "-o", str(library)]
    subprocess.run(command, check=True, timeout=60)
    kernels = ctypes.CDLL(str(library))
    dtypes = pipeline_package.load("layout").DTYPES

    def run_x86(_: KernelPackage, jobs: Sequence[Job]) -> list[Trace]:
        return [_run(kernels, dtypes, job) for job in jobs]

    params = np.asarray(kernel_params(Parameters(), Setup(rate_hz=device_streams.RATE_HZ)))
    job = Job.cold(pipeline_package.load("layout"), params, device_streams.running(dtypes["Sample"]))
    (verdict,) = compare_homes(pipeline_package, [job], {"host": run_host, "x86": run_x86})
    assert verdict.difference is None, str(verdict.difference)
    assert np.any(verdict.trace.flags)


def _run(kernels: ctypes.CDLL, dtypes: dict[str, np.dtype[np.void]], job: Job) -> Trace:
    """A job through the shared library: params, state and each sample as the bytes that C sees."""
    n = len(job.samples)
    state, params, samples = job.state.copy(), np.ascontiguousarray(job.params), np.ascontiguousarray(job.samples)
    flags, outs = np.zeros(n, np.int32), np.zeros(n, dtypes["Out"])
    states = np.zeros(block_count(n, job.every), dtypes["State"])
    state_at, params_at = ctypes.c_void_p(state.ctypes.data), ctypes.c_void_p(params.ctypes.data)
    result = int(kernels.trendel_init(state_at, params_at)) if job.init else 0
    for i in range(n):
        sample_at = ctypes.c_void_p(samples.ctypes.data + i * samples.itemsize)
        flags[i] = kernels.trendel_step(
            state_at, params_at, sample_at, ctypes.c_void_p(outs.ctypes.data + i * outs.itemsize)
        )
        if (i + 1) % job.every == 0 or i + 1 == n:
            states[i // job.every] = state[0]
    if n == 0:
        states[0] = state[0]
    return Trace(result, flags, outs, states, job.every)
