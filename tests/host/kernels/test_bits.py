"""The same bits: however the samples come in pieces, from a checkpoint, interpreted or compiled; and cold starts."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.host.kernels.made import Ran, run_kernels, samples_of_run, simulated
from trendel.analysis.kernel_params import Setup, kernel_params
from trendel.analysis.parameters import Parameters
from trendel.kernels.compile import zeros
from trendel.kernels.layout import COLD_START, DTYPES, NEW_STEP, NEW_STRIDE
from trendel.kernels.pipeline import init, step

ROOT = Path(__file__).resolve().parents[3]
SHORT = {"rate_hz": 104.0, "stand_s": 2.0, "run_s": 11.0, "end_s": 1.0}
SETUP = Setup(rate_hz=104.0)


def bits(ran: Ran) -> str:
    """All that a run gives, as a hash."""
    parts = (ran.state, ran.steps, ran.strides, ran.signals)
    return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()


@given(st.lists(st.integers(0, 1456), max_size=12))
@settings(max_examples=40, deadline=None)
def test_any_chunking_gives_the_same_bits(cuts: list[int]) -> None:
    taken = samples_of_run(simulated(**SHORT))
    assert bits(run_kernels(taken, SETUP, cuts=cuts)) == bits(run_kernels(taken, SETUP))


@given(st.integers(0, 1456))
@settings(max_examples=40, deadline=None)
def test_a_copied_state_continues_with_the_same_bits(cut: int) -> None:
    taken = samples_of_run(simulated(**SHORT))
    whole = run_kernels(taken, SETUP)
    first = run_kernels(taken[:cut], SETUP)
    second = run_kernels(taken[cut:], SETUP, state=first.state.tobytes())
    assert second.state.tobytes() == whole.state.tobytes()
    assert first.steps.tobytes() + second.steps.tobytes() == whole.steps.tobytes()
    assert first.strides.tobytes() + second.strides.tobytes() == whole.strides.tobytes()
    assert first.signals.tobytes() + second.signals.tobytes() == whole.signals.tobytes()


def test_run_is_a_loop_over_step() -> None:
    taken = samples_of_run(simulated(**SHORT))
    whole = run_kernels(taken, SETUP)
    params, state, out = kernel_params(Parameters(), SETUP), zeros("State"), zeros("Out")
    steps, strides = [], []
    for k in range(len(taken)):
        flags = step(state[0], params[0], taken[k], out[0])
        assert bool(flags & COLD_START) == (k == 0)
        if flags & NEW_STEP:
            steps.append(out.step.tobytes())
        if flags & NEW_STRIDE:
            strides.append(out.stride.tobytes())
    assert state.tobytes() == whole.state.tobytes()
    assert b"".join(steps) == whole.steps.tobytes() and len(steps) > 20
    assert b"".join(strides) == whole.strides.tobytes()


INTERPRETED = """
from tests.host.kernels.made import run_kernels, samples_of_run, simulated
from tests.host.kernels.test_bits import bits
from trendel.analysis.kernel_params import Setup
taken = samples_of_run(simulated(rate_hz=52.0, stand_s=1.0, run_s=10.0, end_s=0.0))
taken.acc_mps2[100] = float("nan")
taken.marks[200] = 2
taken.marks[480] = 4
ran = run_kernels(taken, Setup(rate_hz=52.0))
assert len(ran.steps) > 8, len(ran.steps)
print(bits(ran))
"""


def test_interpreted_equals_compiled() -> None:
    said = []
    for disabled in ("0", "1"):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", INTERPRETED],
            cwd=ROOT,
            env={**os.environ, "NUMBA_DISABLE_JIT": disabled},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)
    assert said[0] == said[1]


@pytest.mark.parametrize("field", ["magic", "layout_hash", "param_hash", "bytes_n"])
def test_a_state_that_does_not_fit_starts_cold(field: str) -> None:
    taken = samples_of_run(simulated(**SHORT))
    fresh = run_kernels(taken[700:], SETUP)
    old = run_kernels(taken[:700], SETUP)
    old.state[field] ^= 1
    params, state, out = old.params, old.state, zeros("Out")
    assert step(state[0], params[0], taken[700], out[0]) & COLD_START
    assert not step(state[0], params[0], taken[701], out[0]) & COLD_START
    again = run_kernels(taken[702:], SETUP, state=state.tobytes())
    assert again.steps.tobytes() == fresh.steps.tobytes()
    assert again.signals.tobytes() == fresh.signals[2:].tobytes()


@pytest.mark.parametrize("field", ["magic", "bytes_n"])
def test_parameters_of_another_layout_are_not_used(field: str) -> None:
    params, state, out = kernel_params(Parameters(), SETUP), zeros("State"), zeros("Out")
    params[field] += 1
    before = state.tobytes()
    assert init(state[0], params[0]) == 0
    assert step(state[0], params[0], zeros("Sample")[0], out[0]) == 0
    assert state.tobytes() == before


def test_init_forgets_everything_that_matters() -> None:
    """A used state started anew goes on like a fresh one."""
    taken = samples_of_run(simulated(**SHORT))
    used = run_kernels(taken, SETUP)
    assert init(used.state[0], used.params[0]) == COLD_START
    again = run_kernels(taken, SETUP, state=used.state.tobytes())
    fresh = run_kernels(taken, SETUP)
    assert again.steps.tobytes() == fresh.steps.tobytes()
    assert again.strides.tobytes() == fresh.strides.tobytes()
    assert again.signals.tobytes() == fresh.signals.tobytes()


def test_rows_do_not_alias_the_state() -> None:
    ran = run_kernels(samples_of_run(simulated(**SHORT)), SETUP)
    assert len({row.tobytes() for row in ran.steps}) == len(ran.steps)
    assert ran.steps.dtype == DTYPES["StepRow"] and ran.strides.dtype == DTYPES["StrideRow"]
    assert np.array_equal(ran.steps["index"], np.arange(len(ran.steps)))
