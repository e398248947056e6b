"""Steps, initial contact, toe-off and sides: the kernels against their whole-array twin, and their meaning."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

import trendel
from tests.host.kernels.made import G, Ran, in_ticks, refined, run_kernels, samples, samples_of_run, simulated
from tests.reference import contacts, stride
from trendel.analysis.kernel_params import Setup
from trendel.analysis.parameters import Parameters
from trendel.kernels.events import whole_ticks
from trendel.kernels.layout import SAMPLE_INVALID

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


@pytest.mark.parametrize("walk_s", [12.0, 60.0])
def test_walking_before_does_not_shift_the_contacts_of_a_run(walk_s: float) -> None:
    run = simulated(stand_s=6.0, walk_s=walk_s, run_s=40.0)
    ran = refined(samples_of_run(run), run.rate_hz)
    truth = run.steps[run.steps["steady"]]["ic_s"]
    found = ran.instant("ic") / run.rate_hz
    nearest = np.abs(found[:, None] - truth).argmin(axis=0)
    assert np.abs(found[nearest] - truth).max() < 0.03


def test_strides_do_not_bridge_a_pause() -> None:
    rate_hz, step_s, contact_s = 208.0, 0.36, 0.24
    t = np.arange(round(15 * step_s * rate_hz)) / rate_hz % step_s
    bout = np.where(t < contact_s, np.pi / 2 * step_s / contact_s * G * np.sin(np.pi * t / contact_s), 0.0)
    up = np.concatenate([np.full(600, G), bout, np.full(round(0.8 * rate_hz), G), bout, np.full(600, G)])
    taken = samples(np.stack([0 * up, 0 * up, up], axis=1), None, rate_hz)
    ran = run_kernels(taken, Setup(rate_hz=rate_hz, has_gyro=False, levelled=True))
    start, end = (ran.strides[f"{x}_i"] + ran.strides[f"{x}_frac"].astype(float) for x in ("ic", "end"))
    assert len(ran.strides) > 20
    assert (end - start) / rate_hz == pytest.approx(ran.strides["stride_time_s"], abs=2e-3)


def bouncing(steps: list[tuple[float, float]], rate_hz: float = 208.0) -> np.recarray:
    """Levelled samples whose vertical swings once over each (seconds, amplitude in g), standing before and after."""
    still = np.full(round(2 * rate_hz), G)
    swings = [
        G * (1 - depth * np.cos(2 * np.pi * np.arange(n) / n))
        for n, depth in ((round(s * rate_hz), d) for s, d in steps)
    ]
    up = np.concatenate([still, *swings, still])
    return samples(np.stack([0 * up, 0 * up, up], axis=1), None, rate_hz)


LEVELLED = Setup(rate_hz=208.0, has_gyro=False, levelled=True)
JOG, SHUFFLE, STROLL = (0.36, 0.9), (0.38, 0.27), (0.55, 0.3)


def test_a_run_goes_on_through_weak_and_uneven_steps() -> None:
    usual, uneven = [JOG] * 12, [(0.44, 0.4), (0.3, 0.3), SHUFFLE]
    ran = run_kernels(bouncing([*usual, *uneven, *usual]), LEVELLED)
    twin = same_steps(ran)
    assert len({step.chain for step in twin}) == 1
    assert 25 <= len(ran.steps) <= 27


def test_a_run_does_not_go_on_into_walking() -> None:
    ran = run_kernels(bouncing([JOG] * 12 + [STROLL] * 20), LEVELLED)
    same_steps(ran)
    assert 10 <= len(ran.steps) <= 12


@pytest.mark.parametrize("step", [(0.44, 0.53), (0.42, 0.4), (0.28, 0.3)])
def test_what_may_be_walking_starts_no_run(step: tuple[float, float]) -> None:
    """A fast walk swings by half a g at 2.3 steps a second; half its steps are short."""
    assert len(run_kernels(bouncing([step] * 40), LEVELLED).steps) == 0


def test_a_shuffle_at_the_cadence_of_running_is_running() -> None:
    assert len(run_kernels(bouncing([(0.38, 0.35)] * 40), LEVELLED).steps) > 35


def test_a_run_that_is_cut_is_given_out_to_its_last_contact() -> None:
    run = simulated()
    start, stop = (round(t * run.rate_hz) for t in (8.05, 18.0))
    part = samples_of_run(run)[start:stop]
    found = refined(np.concatenate([part, samples(np.zeros((60, 3)), None, run.rate_hz, SAMPLE_INVALID)]), run.rate_hz)
    times = (found.instant("ic") + start) / run.rate_hz
    truth = run.steps["ic_s"]
    inside = truth[(truth > 8.15) & (truth < 18.0)]
    assert all(np.abs(times - at).min() < 0.04 for at in inside[:-1])
    assert (found.instant("end") < stop - start).all()
    assert len(times) <= len(inside) + 1


def test_whole_ticks_of_whole_multiples() -> None:
    tick_s = np.float32(0.01)
    found = [int(whole_ticks(np.float32(n * 0.01), tick_s)) for n in range(1, 20)]
    assert found == list(range(1, 20))


def test_durations_follow_the_clock_of_the_samples() -> None:
    """An IMU that is 4 % slow by its own clock: what comes with the samples counts, not the nominal rate."""
    run = simulated(rate_hz=208.0)
    nominal, true = samples_of_run(run), samples_of_run(run)
    true["dt_s"] = np.float32(1.04 / 208.0)
    setup = Setup(rate_hz=208.0, has_gyro=False)
    for k in range(3):
        nominal["gyr_radps"][:, k] = true["gyr_radps"][:, k] = 0
    times = [np.median(run_kernels(taken, setup).steps["step_time_s"]) for taken in (nominal, true)]
    assert times[1] / times[0] == pytest.approx(1.04, rel=2e-3)


@needs_data
@pytest.mark.parametrize("name", ["mocap/treadmill_run", "waist/jog_fast_SA01", "waist/jog_slow_SE01"])
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
            if at > truth["ic_s"][-1] + 0.1:
                continue  # while running fades into standing
            side = truth["side"][np.abs(truth["ic_s"] - at).argmin()]
            assert ran.steps["side"][k] == (1 if side == "L" else -1)
