"""The three homes give the same bits: on a run, on anything broken, over a checkpoint, with denormals flushed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import device_streams
import float_modes
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trendel.errors import LoweringError
from trendel_lowering import bits, cortexm
from trendel_lowering.artifacts import lower_ir
from trendel_lowering.bits import compare_homes
from trendel_lowering.compare import first_difference, shown
from trendel_lowering.homes import HOMES, Job, Trace, run_cortexm, run_host, run_wasm
from trendel_lowering.homes.cortexm import count_instructions
from trendel_lowering.homes.job import write_jobs
from trendel_lowering.ir import compile_package
from trendel_lowering.package import KernelPackage
from trendel_lowering.toolchain import find_tool

# Streams in one batch of broken samples: each batch starts the emulator once.
BATCH = 12


@pytest.fixture(scope="module", params=["tiny_kernels", "trendel.kernels"])
def package(request: pytest.FixtureRequest) -> KernelPackage:
    return KernelPackage.find(request.param)


def params_of(package: KernelPackage) -> np.ndarray:
    """(1,) Params for the generated run."""
    if package.name == "trendel.kernels":
        from trendel.analysis.kernel_params import Setup, kernel_params
        from trendel.analysis.parameters import Parameters

        return np.asarray(kernel_params(Parameters(), Setup(rate_hz=device_streams.RATE_HZ)))
    params = np.zeros(1, package.load("layout").DTYPES["Params"])
    params["gain"] = 0.02
    return params


@pytest.fixture(scope="module")
def run(package: KernelPackage) -> Job:
    """A cold start over the generated run."""
    layout = package.load("layout")
    return Job.cold(layout, params_of(package), device_streams.running(layout.DTYPES["Sample"]))


def assert_identical(package: KernelPackage, jobs: Sequence[Job]) -> list[Trace]:
    verdicts = compare_homes(package, jobs)
    assert [str(v.difference) for v in verdicts if v.difference] == []
    return [verdict.trace for verdict in verdicts]


def test_a_run_gives_the_same_bits_in_all_homes(package: KernelPackage, run: Job, all_homes: None) -> None:
    (trace,) = assert_identical(package, [run])
    assert len(trace.flags) == len(run.samples) and len(trace.states) == -(-len(run.samples) // 1000)
    assert (trace.flags != 0).sum() > 15, "the run gave no rows: nothing was tested"


def test_chunks_from_none_to_all_give_the_same_states(package: KernelPackage, run: Job, all_homes: None) -> None:
    jobs = [replace(run, samples=run.samples[:n]) for n in (0, 1, 999, 1000, 1001)]
    traces = assert_identical(package, jobs)
    (whole,) = run_host(package, [run])
    assert traces[3].states[0].tobytes() == whole.states[0].tobytes()


def test_a_checkpoint_continues_on_another_home(package: KernelPackage, run: Job, all_homes: None) -> None:
    at = 2345
    first = replace(run, samples=run.samples[:at])
    (whole,) = run_host(package, [run])
    checkpoints = {name: home(package, [first])[0].states[-1:] for name, home in HOMES.items()}
    for origin, goal in (("host", run_cortexm), ("cortexm", run_wasm), ("wasm", run_host)):
        rest = replace(run, samples=run.samples[at:], state=checkpoints[origin].copy(), init=False)
        (trace,) = goal(package, [rest])
        assert trace.outs.tobytes() == whole.outs[at:].tobytes()
        assert trace.flags.tobytes() == whole.flags[at:].tobytes()
        assert trace.states[-1].tobytes() == whole.states[-1].tobytes()


def finite(trace: Trace) -> None:
    """No NaN or infinity in any state: a sample that is none must not get in."""
    words = trace.states.view(np.float32).reshape(len(trace.states), -1)
    kinds = _kinds(trace.states.dtype)
    bad = np.argwhere(~np.isfinite(words[:, kinds == "f"]))
    assert len(bad) == 0, f"a NaN or infinity in the state, float word {bad[0][1]} after block {bad[0][0]}"


def _kinds(dtype: np.dtype) -> np.ndarray:
    """The kind ('f', 'i', 'u') of each 4-byte word of a dtype."""
    base, count = (dtype.subdtype[0], int(np.prod(dtype.subdtype[1]))) if dtype.subdtype else (dtype, 1)
    if base.names is None:
        return np.array([base.kind] * count)
    one = np.concatenate([_kinds(base.fields[name][0]) for name in base.names])  # type: ignore[index]
    return np.tile(one, count)


N_RUN = 4160


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(
    batch=st.lists(
        st.tuples(device_streams.streams(N_RUN), st.sampled_from([1.0, 1.03, 0.5, 2.0])), min_size=BATCH, max_size=BATCH
    )
)
def test_broken_samples_give_the_same_bits_and_no_nan(
    package: KernelPackage, run: Job, all_homes: None, batch: list[tuple[list[device_streams.Damage], float]]
) -> None:
    assert len(run.samples) == N_RUN
    jobs = [replace(run, samples=device_streams.broken(run.samples, damage, scale)) for damage, scale in batch]
    traces = assert_identical(package, jobs)
    for trace in traces:
        finite(trace)
    if float_modes.supported():
        with float_modes.flush_to_zero():
            flushed = run_host(package, jobs)
        for one, two in zip(flushed, traces, strict=True):
            assert str(first_difference("host with flush-to-zero", one, "host", two)) == "None"


def test_any_bytes_as_samples_give_the_same_bits(package: KernelPackage, run: Job, all_homes: None) -> None:
    """Every float32 there is, uniformly by bits: half of them beyond any sensor."""
    rng = np.random.default_rng(7)
    jobs = []
    for start in (0, 1500):
        samples = run.samples.copy()
        part = samples[start : start + 1200]
        part[:] = np.frombuffer(rng.bytes(part.nbytes), part.dtype)
        jobs.append(replace(run, samples=samples))
    for trace in assert_identical(package, jobs):
        finite(trace)


def test_rates_of_other_sensors(pipeline_package: KernelPackage, all_homes: None) -> None:
    from trendel.analysis.kernel_params import Setup, kernel_params
    from trendel.analysis.parameters import Parameters

    layout = pipeline_package.load("layout")
    samples = device_streams.running(layout.DTYPES["Sample"])
    setups = [Setup(rate_hz=rate) for rate in (25.0, 100.0, 833.0, 2000.0)]
    setups += [Setup(rate_hz=208.0, has_gyro=False), Setup(rate_hz=208.0, has_gyro=False, levelled=True)]
    jobs = []
    for setup in setups:
        stream = samples.copy()
        stream["dt_s"] = 1 / setup.rate_hz
        jobs.append(Job.cold(layout, np.asarray(kernel_params(Parameters(), setup)), stream))
    assert_identical(pipeline_package, jobs)


@pytest.mark.skipif(not float_modes.supported(), reason="flush-to-zero is set through MXCSR: x86-64 only")
def test_flush_to_zero_in_the_host_changes_nothing(package: KernelPackage, run: Job) -> None:
    # Decay: a run that ends in exact zeros and then in denormals, where unsnapped filters sink into denormals.
    silent, denormal = run.samples.copy(), run.samples.copy()
    silent["acc_mps2"][1500:] = silent["gyr_radps"][1500:] = 0
    denormal["acc_mps2"][1500:] = denormal["gyr_radps"][1500:] = np.float32(1e-41)
    quiet = run.samples.copy()
    quiet["gyr_radps"] *= np.float32(1e-20)
    jobs = [run, *(replace(run, samples=samples) for samples in (silent, denormal, quiet))]
    expected = run_host(package, jobs)
    with float_modes.flush_to_zero():
        assert np.float32(1e-38) * np.float32(1e-3) == 0, "the mode is not set"
        flushed = run_host(package, jobs)
    assert np.float32(1e-38) * np.float32(1e-3) != 0
    names = ("run", "silence", "denormals", "quiet gyroscope")
    found = {
        name: str(difference)
        for name, trace, reference in zip(names, flushed, expected, strict=True)
        if (difference := first_difference("host with flush-to-zero", trace, "host", reference))
    }
    assert found == {}


def test_a_changed_parameter_is_found_and_named(package: KernelPackage, run: Job, wasm_home: None) -> None:
    """One unit in the last place of one parameter in one home."""
    path = ("attitude", "gravity_mps2") if package.name == "trendel.kernels" else ("gain",)

    def changed(package: KernelPackage, jobs: Sequence[Job]) -> list[Trace]:
        altered = []
        for job in jobs:
            params = job.params.copy()
            field = params
            for name in path[:-1]:
                field = field[name]
            field[path[-1]] = np.nextafter(field[path[-1]], np.float32(np.inf))
            altered.append(replace(job, params=params))
        return run_wasm(package, altered)

    (verdict,) = compare_homes(package, [run], {"host": run_host, "wasm": changed})
    assert verdict.difference is not None and verdict.difference.home == "wasm"
    assert re.search(r"first difference at sample \d+: (out|state)\.\w+", str(verdict.difference))
    # Narrowed down: up to the sample before, everything is equal.
    before = verdict.difference.sample
    if before > 0:
        (same,) = compare_homes(
            package, [replace(run, samples=run.samples[:before], every=1)], {"host": run_host, "wasm": changed}
        )
        assert same.difference is None
    assert re.search(r"is 0x[0-9a-f]{8} \(.+\) on wasm, 0x[0-9a-f]{8} \(.+\) on host", str(verdict.difference))


# 0.017453292 in LLVM's notation, a double in hexadecimal: degrees to radians in the tiny kernels.
CONSTANT = np.float32(0.017453292)


@pytest.mark.parametrize("home", ["cortexm", "wasm"])
def test_a_changed_constant_in_the_ir_is_found(tiny: KernelPackage, tmp_path: Path, all_homes: None, home: str) -> None:
    texts = compile_package(tiny).ir
    old, new = (_llvm_float(value) for value in (CONSTANT, np.nextafter(CONSTANT, np.float32(1))))
    assert old in texts["trendel_step"]
    lowered = lower_ir(tiny, {name: text.replace(old, new) for name, text in texts.items()})
    lowered.write(tmp_path)

    def changed(package: KernelPackage, jobs: Sequence[Job]) -> list[Trace]:
        if home == "cortexm":
            return run_cortexm(package, jobs, tmp_path)
        return run_wasm(package, jobs, tmp_path / "trendel_kernel.wasm")

    layout = tiny.load("layout")
    samples = device_streams.running(layout.DTYPES["Sample"])
    samples["gyr_radps"][:1234] = 0
    job = Job.cold(layout, params_of(tiny), samples)
    (verdict,) = compare_homes(tiny, [job], {"host": run_host, home: changed})
    assert verdict.difference is not None
    text = str(verdict.difference)
    assert verdict.difference.sample in range(1234, 1240), text
    assert f"state.ring.rows[{verdict.difference.sample % 16}, " in text and f"on {home}" in text


def _llvm_float(value: np.float32) -> str:
    return f"0x{np.float64(value).view(np.uint64):016X}"


def test_both_values_are_shown_to_the_bit() -> None:
    assert shown(np.float32(1.0)) == "0x3f800000 (1)"
    assert shown(np.uint32(300)) == "0x0000012c (300)"
    assert shown(np.int32(-1)) == "0xffffffff (-1)"


def test_a_home_that_stops_early_is_reported(tiny: KernelPackage, all_homes: None, tmp_path: Path) -> None:
    layout = tiny.load("layout")
    job = Job.cold(layout, params_of(tiny), device_streams.running(layout.DTYPES["Sample"])[:10])

    class Wrong:
        DTYPES: ClassVar[dict[str, np.dtype]] = {**layout.DTYPES, "State": np.dtype([("x", "f4")])}

    write_jobs(tmp_path / "job.bin", Wrong, [replace(job, state=np.zeros(1, Wrong.DTYPES["State"]))])  # type: ignore[arg-type]
    from trendel_lowering.artifacts import cached
    from trendel_lowering.homes.cortexm import build, emulate

    with pytest.raises(LoweringError, match="qemu-system-arm failed with exit code 2"):
        emulate(build(cached(tiny)), tmp_path)


def test_instructions_are_counted_to_the_same_number(package: KernelPackage, run: Job, all_homes: None) -> None:
    short = replace(run, samples=run.samples[:300])
    one, two = (count_instructions(package, short) for _ in range(2))
    assert one.tolist() == two.tolist()
    assert 50 < np.median(one) < 50_000


def test_the_tools_of_the_homes_are_the_ones_found() -> None:
    assert set(HOMES) == {"host", "cortexm", "wasm"} and bits.REFERENCE == "host"
    assert cortexm.TARGET.cpu == "cortex-m4"
    for tool in ("node", "qemu-system-arm"):
        try:
            assert Path(find_tool(tool)).exists()
        except LoweringError as error:
            pytest.skip(str(error))
