"""The kernels that ship: lowered as on another machine, and with one constant off by one unit in the last place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import device_streams
import numpy as np
import pytest

from trendel.analysis.kernel_params import Setup, kernel_params
from trendel.analysis.parameters import Parameters
from trendel.kernels import mathf
from trendel_lowering.artifacts import ASSEMBLY, ASSEMBLY_X86, HEADER, WASM, cached, compile_checked, lower_ir
from trendel_lowering.bits import compare_homes
from trendel_lowering.homes import Job, Trace, run_cortexm, run_host, run_wasm
from trendel_lowering.package import KernelPackage

OTHER_MACHINE = {
    "NUMBA_CPU_NAME": "skylake-avx512",
    "NUMBA_CPU_FEATURES": "+avx512f,+fma",
    "NUMBA_OPT": "1",
    "NUMBA_LOOP_VECTORIZE": "1",
    "NUMBA_SLP_VECTORIZE": "1",
    "NUMBA_DISABLE_JIT": "1",
    "PYTHONHASHSEED": "17",
}
# The leading coefficient of the arctangent: every angle of every sample goes through it.
COEFFICIENT = mathf._A3


@pytest.fixture(scope="module")
def other_ir(pipeline_package: KernelPackage) -> dict[str, str]:
    """IR of the entries, compiled under settings of numba that another machine's user left set: made once, 10 s."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in OTHER_MACHINE.items():
            patch.setenv(name, value)
        return compile_checked(pipeline_package)


def test_another_machine_lowers_to_the_same_bytes(
    pipeline_package: KernelPackage, other_ir: dict[str, str], tmp_path: Path, wasm_home: None
) -> None:
    here = cached(pipeline_package)
    lower_ir(pipeline_package, other_ir).write(tmp_path)
    for name in (ASSEMBLY, ASSEMBLY_X86, WASM, HEADER):
        assert (here / name).read_bytes() == (tmp_path / name).read_bytes(), name


def test_one_bit_of_one_coefficient_is_found_on_both_homes(
    pipeline_package: KernelPackage, other_ir: dict[str, str], tmp_path: Path, all_homes: None
) -> None:
    old, new = (_llvm_float(value) for value in (COEFFICIENT, np.nextafter(COEFFICIENT, np.float32(0))))
    assert old in other_ir["trendel_step"] and new not in other_ir["trendel_step"]
    changed = {name: text.replace(old, new) for name, text in other_ir.items()}
    lower_ir(pipeline_package, changed).write(tmp_path)

    def clip(package: KernelPackage, jobs: Sequence[Job]) -> list[Trace]:
        return run_cortexm(package, jobs, tmp_path)

    def browser(package: KernelPackage, jobs: Sequence[Job]) -> list[Trace]:
        return run_wasm(package, jobs, tmp_path / WASM)

    layout = pipeline_package.load("layout")
    params = np.asarray(kernel_params(Parameters(), Setup(rate_hz=device_streams.RATE_HZ)))
    job = Job.cold(layout, params, device_streams.running(layout.DTYPES["Sample"]))
    for name, home in (("cortexm", clip), ("wasm", browser)):
        (verdict,) = compare_homes(pipeline_package, [job], {"host": run_host, name: home})
        assert verdict.difference is not None, f"{name}: the changed coefficient was not noticed"
        assert verdict.difference.home == name
        # Up to the sample before, everything is equal: it is the first difference that is named.
        head = replace(job, samples=job.samples[: verdict.difference.sample], every=1)
        if len(head.samples):
            (same,) = compare_homes(pipeline_package, [head], {"host": run_host, name: home})
            assert same.difference is None


def _llvm_float(value: np.float32) -> str:
    """A float32 in LLVM's text: a double in hexadecimal."""
    return f"0x{np.float64(value).view(np.uint64):016X}"
