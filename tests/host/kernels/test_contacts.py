"""Steps, initial contact, toe-off and sides: the kernels against their whole-array twin, and their meaning."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

import trendel
from tests.host.kernels.made import Ran, in_ticks, refined, run_kernels, samples, samples_of_run, simulated
from tests.reference import contacts, stride
from trendel.analysis.parameters import Parameters, Setup

CONTACTS = Parameters().contacts
DATA = Path(os.environ.get("TRENDEL_DATA", ""))
needs_data = pytest.mark.skipif(not os.environ.get("TRENDEL_DATA"), reason="TRENDEL_DATA names no folder")


def same_steps(ran: Ran, forward_known: bool = True) -> list[contacts.Step]:
    """Compare count and instants; returns the twin's steps."""
    ticks, tick_n, tick_s = in_ticks(ran)
    twin = contacts.find_steps(ticks["up"], ticks["forward"] if forward_known else None, CONTACTS, tick_s)
    # The newest step may still wait for the next one.
    assert 0 <= len(twin) - len(ran.steps) <= 1
    twin = twin[: len(ran.steps)]
    for name in ("ic", "to", "end"):
        expected = contacts.samples_of([getattr(step, name) for step in twin], tick_n)
        assert np.abs(ran.instant(name) - expected).max() / ran.setup.rate_hz < 3e-4, name
    return twin


@pytest.mark.parametrize("rate_hz", [52.0, 104.0, 208.0, 500.0])
def test_steps_of_a_run(rate_hz: float) -> None:
    run = simulated(rate_hz=rate_hz)
    ran = refined(samples_of_run(run), rate_hz)
    assert len(same_steps(ran)) > 55


@pytest.mark.parametrize("step_rate_hz", [2.4, 3.3, 3.6])
def test_no_step_is_lost_or_doubled(step_rate_hz: float) -> None:
    run = simulated(step_rate_hz=step_rate_hz, contact_time_s=0.22, run_s=100.0, rate_hz=104.0)
    ran = refined(samples_of_run(run), run.rate_hz)
    same_steps(ran)
    found = ran.instant("ic") / run.rate_hz
    for true in run.steps["ic_s"][run.steps["steady"]]:
        assert (np.abs(found - true) < 0.06).sum() == 1


def test_steps_with_the_accelerometer_alone() -> None:
    run = simulated()
    ran = run_kernels(samples_of_run(run, gyr=False), Setup(rate_hz=run.rate_hz, has_gyro=False))
    assert len(ran.steps) > 55
    found = ran.instant("ic") / run.rate_hz
    for true in run.steps["ic_s"][run.steps["steady"]]:
        assert np.abs(found - true).min() < 0.04
    assert not ran.steps["side"].any()


@needs_data
@pytest.mark.parametrize("name", ["mocap/treadmill_run"])
def test_steps_of_real_runs(name: str) -> None:
    recording = trendel.read(DATA / f"{name}.csv")
    n = round(60.0 * recording.rate_hz)
    assert recording.gyr_radps is not None
    ran = refined(samples(recording.acc_mps2[:n], recording.gyr_radps[:n], recording.rate_hz), recording.rate_hz)
    twin = same_steps(ran)
    assert len(twin) > 15
    # The kernel's sway is closed over windows from mid rise to mid rise.
    ticks, _, dt = in_ticks(ran)
    sway, pairs = ran.metric("sway_mm"), 0
    for k in range(1, len(twin)):
        if twin[k].chain == twin[k - 1].chain and np.isfinite(sway[k]):
            lefts = [stride.resampled(ticks["left"], s.rise, s.next_rise) for s in twin[k - 1 : k + 1]]
            expected = stride.sway_m(lefts[0], lefts[1], (twin[k].end - twin[k - 1].ic) * dt) * 1e3
            assert sway[k] == pytest.approx(expected, rel=2e-3)
            pairs += 1
    assert pairs > 0.8 * len(twin)


@needs_data
def test_steps_of_levelled_axes() -> None:
    recording = trendel.read(DATA / "treadmill_force/trial_00.csv")
    setup = Setup(rate_hz=recording.rate_hz, has_gyro=False, has_left=False, levelled=True)
    ran = run_kernels(samples(recording.acc_mps2, None, recording.rate_hz), setup)
    assert len(same_steps(ran)) > 8


def test_sides_by_the_frontal_plane() -> None:
    run = simulated()
    ran = refined(samples_of_run(run), run.rate_hz)
    ticks, _, _ = in_ticks(ran)
    signs = [contacts.frontal_sign(ticks["obliquity"], ticks["rotation"], s, CONTACTS) for s in same_steps(ran)]
    assert np.array_equal(np.sign(signs), ran.steps["side"])


def test_a_run_that_starts_with_the_right_foot() -> None:
    """The first sample is in the middle of the run, one step later than in the other test."""
    run = simulated()
    for shift_steps in (0, 1):
        start = round((8.1 + shift_steps / run.parameters.step_rate_hz) * run.rate_hz)
        ran = refined(samples_of_run(run)[start:], run.rate_hz)
        truth = run.steps[run.steps["ic_s"] > start / run.rate_hz]
        for k, at in enumerate((ran.instant("ic") + start) / run.rate_hz):
            side = truth["side"][np.abs(truth["ic_s"] - at).argmin()]
            assert ran.steps["side"][k] == (1 if side == "L" else -1)
