"""Broken samples: bridged, counted, never in the state; gaps start anew what must."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.host.kernels.made import G, Ran, run_kernels, samples, samples_of_run, simulated
from trendel.analysis.kernel_params import Setup
from trendel.analysis.parameters import Parameters
from trendel.kernels.layout import (
    Q_BRIDGED,
    Q_SATURATED,
    SAMPLE_GAP,
    SAMPLE_INVALID,
    SAMPLE_SATURATED,
)

SHORT = {"rate_hz": 104.0, "stand_s": 2.0, "run_s": 11.0, "end_s": 1.0}
SETUP = Setup(rate_hz=104.0)
N = 1456
EVIL = [np.nan, np.inf, -np.inf, 3e38, -3e38, 1e9, 799.0, -799.0, 69.0, 1e-42, -1e-30, 0.0]


def floats_of(values: np.ndarray, path: str = "") -> Iterator[tuple[str, np.ndarray]]:
    """All float32 fields of a structured array, by name."""
    if values.dtype.names is None:
        if values.dtype == np.float32:
            yield path, values
        return
    for name in values.dtype.names:
        yield from floats_of(values[name], f"{path}.{name}")


def all_finite(ran: Ran) -> bool:
    """No NaN and no infinity in state, signals and rows."""
    parts = (ran.state, ran.signals, ran.steps, ran.strides)
    return all(np.isfinite(values).all() for part in parts for _, values in floats_of(np.asarray(part)))


broken = st.tuples(
    st.integers(0, N - 1), st.integers(1, 60), st.integers(0, 6), st.sampled_from(EVIL), st.integers(0, 7)
)


@given(st.lists(broken, min_size=1, max_size=15), st.booleans())
@settings(max_examples=60, deadline=None)
def test_nothing_that_comes_in_makes_a_nan(breaks: list[tuple[int, int, int, float, int]], gyr: bool) -> None:
    taken = samples_of_run(simulated(**SHORT), gyr)
    for at, length, column, value, marks in breaks:
        part = taken[at : at + length]
        if column < 3:
            part.acc_mps2[:, column] = value
        elif column < 6:
            part.gyr_radps[:, column - 3] = value
        else:
            part.dt_s[:] = value
        part.marks[:] = marks
    assert all_finite(run_kernels(taken, Setup(rate_hz=104.0, has_gyro=gyr)))


@pytest.mark.parametrize("value", [0.0, 1e-35, 790.0, -790.0])
def test_constant_extremes_stay_finite(value: float) -> None:
    acc = np.full((3000, 3), value)
    for gyr in (None, np.full((3000, 3), 69.0), np.zeros((3000, 3))):
        for levelled in (False, True):
            setup = Setup(rate_hz=104.0, has_gyro=gyr is not None, levelled=levelled)
            assert all_finite(run_kernels(samples(acc, gyr, 104.0), setup))


def test_noise_of_full_scale_stays_finite_and_gives_no_long_run() -> None:
    rng = np.random.default_rng(0)
    taken = samples(rng.uniform(-157, 157, (20000, 3)), rng.uniform(-35, 35, (20000, 3)), 208.0)
    assert all_finite(run_kernels(taken, Setup(rate_hz=208.0)))


def test_marked_and_impossible_samples_are_bridged_alike() -> None:
    taken = samples_of_run(simulated(**SHORT))
    marked, wrong, far = taken.copy(), taken.copy(), taken.copy()
    at = slice(800, 806)
    marked.marks[at] = SAMPLE_INVALID
    wrong.gyr_radps[at, 1] = np.nan
    far.acc_mps2[at, 0] = 2 * Parameters().input.acc_limit_mps2
    states = {run_kernels(x, SETUP).state.tobytes() for x in (marked, wrong, far)}
    assert len(states) == 1
    ran = run_kernels(marked, SETUP)
    assert ran.state.input[0].bridged_n == 6
    flagged = np.flatnonzero(ran.steps["reasons"] & Q_BRIDGED)
    assert 1 <= len(flagged) <= 3
    assert (np.abs(ran.instant("ic")[flagged] - 803) < 104).all()
    whole = run_kernels(taken, SETUP)
    assert len(whole.steps) == len(ran.steps)


def test_bridged_means_the_last_good_sample() -> None:
    taken = samples_of_run(simulated(**SHORT))
    held = taken.copy()
    held.acc_mps2[800:806] = held.acc_mps2[799]
    held.gyr_radps[800:806] = held.gyr_radps[799]
    marked = taken.copy()
    marked.marks[800:806] = SAMPLE_INVALID
    certain = replace(Parameters(), attitude=replace(Parameters().attitude, bridge_rate_dps=0.0, bridge_acc_mps2=0.0))
    as_good = run_kernels(held, SETUP).signals
    assert run_kernels(marked, SETUP, parameters=certain).signals.tobytes() == as_good.tobytes()
    assert run_kernels(marked, SETUP).signals.tobytes() != as_good.tobytes()


def test_bursts_of_lost_samples_hardly_tilt_the_angles() -> None:
    """A tenth of a second lost every two seconds: what was held is doubted, or the angles would be far off."""
    taken = samples_of_run(simulated(**{**SHORT, "run_s": 40.0}))
    marked = taken.copy()
    for start in np.random.default_rng(5).integers(800, len(taken) - 100, 20):
        marked.marks[start : start + 10] = SAMPLE_INVALID
    certain = replace(Parameters(), attitude=replace(Parameters().attitude, bridge_rate_dps=0.0, bridge_acc_mps2=0.0))
    whole = run_kernels(taken, SETUP).signals.tilt_rad
    known = np.flatnonzero((marked.marks == 0) & (np.arange(len(taken)) > 1500))
    off = [
        np.degrees(np.sqrt(np.mean((ran.signals.tilt_rad - whole)[known] ** 2)))
        for ran in (run_kernels(marked, SETUP), run_kernels(marked, SETUP, parameters=certain))
    ]
    assert off[0] < 5.0 and off[0] < 0.6 * off[1], off


def test_saturated_samples_are_used_and_told() -> None:
    taken = samples_of_run(simulated(**SHORT))
    whole = run_kernels(taken, SETUP)
    taken.marks[800:803] = SAMPLE_SATURATED
    ran = run_kernels(taken, SETUP)
    assert ran.signals.tobytes() == whole.signals.tobytes()
    flagged = np.flatnonzero(ran.steps["reasons"] & Q_SATURATED)
    assert 1 <= len(flagged) <= 2
    assert (np.abs(ran.instant("ic")[flagged] - 801) < 104).all()
    assert (ran.steps["quality"][flagged] < whole.steps["quality"][flagged]).all()


@pytest.mark.parametrize("how", ["marked", "invalid"])
def test_a_gap_starts_anew_what_must(how: str) -> None:
    """Inclination, ticks and the running segment; but not bias, mounting and the count of steps."""
    run = simulated(**{**SHORT, "run_s": 30.0})
    taken = samples_of_run(run)
    bridge_n = round(Parameters().input.bridge_max_ms / 1e3 * 104.0)
    at = 1600
    if how == "marked":
        taken.marks[at] |= SAMPLE_GAP
    else:
        taken.marks[at - bridge_n - 1 : at] = SAMPLE_INVALID
    before = run_kernels(taken[:at], SETUP).state
    after = run_kernels(taken[: at + 1], SETUP).state
    assert before.attitude[0].settled_s > 1 and after.attitude[0].settled_s < 0.1
    assert after.contacts[0].origin_i == at and after.contacts[0].ticks_n <= 1
    assert after.contacts[0].running == 0
    assert np.array_equal(after.attitude[0].bias_radps, before.attitude[0].bias_radps)
    assert after.mounting[0].strides_n == before.mounting[0].strides_n
    assert after.contacts[0].steps_n == before.contacts[0].steps_n
    assert after.sample_n[0] == at + 1
    ran = run_kernels(taken, SETUP)
    assert not ((ran.instant("ic") < at) & (ran.instant("end") > at)).any()
    stride_end = ran.strides["end_i"] + ran.strides["end_frac"]
    assert not ((ran.strides["ic_i"] < at) & (stride_end > at)).any()
    # Steps go on after it, in a new segment, with rising numbers.
    assert (ran.instant("ic") > at + 3 * 104).any()
    assert np.array_equal(ran.steps["index"], np.arange(len(ran.steps)))
    assert set(ran.steps["segment_i"]) == {0, 1}


def test_a_short_hole_is_no_gap() -> None:
    taken = samples_of_run(simulated(**SHORT))
    bridge_n = round(Parameters().input.bridge_max_ms / 1e3 * 104.0)
    taken.marks[800 : 800 + bridge_n] = SAMPLE_INVALID
    assert run_kernels(taken, SETUP).state.contacts[0].origin_i == 0


@pytest.mark.parametrize("dt", [np.nan, np.inf, -1.0, 0.0, 1e9, 1e-9])
def test_an_impossible_interval_is_the_nominal_one(dt: float) -> None:
    taken = samples_of_run(simulated(**SHORT))
    whole = run_kernels(taken, SETUP)
    taken.dt_s[::3] = dt
    assert run_kernels(taken, SETUP).signals.tobytes() == whole.signals.tobytes()


def test_the_true_interval_is_integrated() -> None:
    """A sensor whose clock is 4 % slow turns 4 % further in each of its samples."""
    gyr = np.zeros((500, 3))
    gyr[:, 2] = 0.5
    taken = samples(np.tile([0.0, 0.0, G], (500, 1)), gyr, 100.0)
    turned = []
    for dt in (0.01, 0.0104):
        taken.dt_s[:] = dt
        q = run_kernels(taken, Setup(rate_hz=100.0)).signals.q_world_from_sensor[199].astype(float)
        turned.append(2 * np.arctan2(q[3], q[0]))
    assert turned[1] / turned[0] == pytest.approx(1.04, abs=1e-3)
