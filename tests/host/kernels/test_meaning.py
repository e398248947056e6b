"""What must not matter: how the sensor sits, how fast it samples. And what is no running."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from tests.host.kernels.made import G, Ran, refined, run_kernels, samples, samples_of_run, simulated, standing
from trendel.analysis.kernel_params import Setup, kernel_params
from trendel.analysis.parameters import Parameters
from trendel.kernels.layout import SEGMENT_RUNNING, SEGMENT_STANDING, SEGMENT_WALKING

RATES = [52.0, 104.0, 208.0, 416.0, 833.0]
ANGLES = ["tilt_mean_deg", "tilt_rom_deg", "rotation_rom_deg", "pelvic_drop_deg", "obliquity_peak_deg"]


def steady(ran: Ran, rate_hz: float, names: list[str]) -> dict[str, np.ndarray]:
    """Metrics of the steps in the steady part of the simulated run, NaN-free ones."""
    at = ran.instant("ic") / rate_hz
    chosen = (at > 8.0) & (at < 24.5)
    return {name: ran.metric(name)[chosen] for name in names}


@given(st.integers(0, 2**31))
@settings(max_examples=12, deadline=None)
def test_the_way_the_sensor_sits_does_not_matter(seed: int) -> None:
    run = simulated()
    straight = refined(samples_of_run(run), run.rate_hz)
    turn = Rotation.random(rng=seed)
    turned = refined(samples(turn.apply(run.acc_mps2), turn.apply(run.gyr_radps), run.rate_hz), run.rate_hz)
    assert len(turned.steps) == len(straight.steps)
    assert np.array_equal(turned.steps["side"], straight.steps["side"])
    assert np.abs(turned.instant("ic") - straight.instant("ic")).max() < 0.02 * run.rate_hz
    ours, theirs = (steady(x, run.rate_hz, [*ANGLES, "contact_time_ms"]) for x in (turned, straight))
    for name in ANGLES:
        # Rotation is fastest about contact: its range in a step hangs on the instant, by a tick or so.
        limit = 1.0 if name == "rotation_rom_deg" else 0.3
        assert np.abs(ours[name] - theirs[name]).max() < limit, name
    assert np.median(np.abs(ours["contact_time_ms"] - theirs["contact_time_ms"])) < 2.0
    # Angles throughout, about their means.
    running = (run.t_s > 8.0) & (run.t_s < 24.5)
    for name in ("tilt_rad", "obliquity_rad", "rotation_rad"):
        a, b = (np.degrees(x.signals[name][running].astype(float)) for x in (turned, straight))
        assert np.sqrt(np.mean((a - a.mean() - b + b.mean()) ** 2)) < 0.2, name


def test_the_output_rate_does_not_matter() -> None:
    quiet = {"acc_noise_mps2": 0.0, "gyr_noise_radps": 0.0}
    reference: dict[str, float] = {}
    for rate_hz in reversed(RATES):
        run = simulated(rate_hz=rate_hz, **quiet)
        ran = refined(samples_of_run(run), rate_hz)
        truth = run.steps[run.steps["steady"]]
        nearest = np.abs(ran.instant("ic")[:, None] / rate_hz - truth["ic_s"]).argmin(axis=0)
        assert len(set(nearest)) == len(truth)
        sides = np.where(ran.steps["side"][nearest] > 0, "L", "R")
        assert np.array_equal(sides, truth["side"])
        names = [*ANGLES, "contact_time_ms", "flight_time_ms", "vertical_oscillation_mm", "braking_mps", "sway_mm"]
        found = {name: float(np.mean(ran.metric(name)[nearest])) for name in names}
        found["bias_ms"] = float(np.mean(ran.instant("ic")[nearest] / rate_hz - truth["ic_s"])) * 1e3
        reference = reference or found
        slow = rate_hz < 80.0
        for name in ANGLES:
            # Rotation is most ragged at contact, and what lies above half the rate folds down.
            limit = (1.0 if slow else 0.8) if name == "rotation_rom_deg" else 0.6 if slow else 0.25
            assert found[name] == pytest.approx(reference[name], abs=limit), (rate_hz, name)
        for name in ("contact_time_ms", "flight_time_ms", "bias_ms"):
            assert found[name] == pytest.approx(reference[name], abs=12.0 if slow else 6.0), (rate_hz, name)
        # A rate of turn counts for the interval before its sample: of a sensor that samples points, as here, the axes
        # lead by half an interval, and a little of the forward jolts is taken for sway. At 52 Hz jolts fold down too.
        for name, at_slow, at_fast in (("vertical_oscillation_mm", 0.06, 0.03), ("sway_mm", 0.15, 0.08)):
            assert found[name] == pytest.approx(reference[name], rel=at_slow if slow else at_fast), (rate_hz, name)
        assert found["braking_mps"] == pytest.approx(reference["braking_mps"], rel=0.25 if slow else 0.1)


# ------------------------------------------------------------------------------------------------------ no running


def _along_up(acc_up: np.ndarray, rate_hz: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Six axes of a body that moves up and down by acc_up (n,) m/s2 and is otherwise still."""
    acc, gyr = standing(len(acc_up) / rate_hz, rate_hz, seed)
    acc[:, 2] += acc_up
    turn = Rotation.from_rotvec([0.4, -1.2, 0.3])
    return turn.apply(acc), turn.apply(gyr)


def _standing_signal(rate_hz: float) -> np.ndarray:
    return np.zeros(round(40 * rate_hz))


def _walking_signal(rate_hz: float) -> np.ndarray:
    t = np.arange(round(40 * rate_hz)) / rate_hz
    w = 2 * np.pi * 1.9
    return 0.025 * w**2 * (np.sin(w * t) + 0.3 * np.sin(2 * w * t + 0.5) + 0.3 * np.sin(w / 2 * t))


def _jumping_signal(rate_hz: float) -> np.ndarray:
    """A jump of 0.45 s of flight every 1.5 s, with equal pushes before and after."""
    t = np.arange(round(40 * rate_hz)) / rate_hz % 1.5
    flight, push = 0.45, 0.3
    peak = G * flight / 2 / (push * 2 / np.pi)
    acc = np.where((t > 0.5) & (t < 0.5 + flight), -G, 0.0)
    for start in (0.5 - push, 0.5 + flight):
        inside = (t > start) & (t < start + push)
        acc[inside] += peak * np.sin(np.pi * (t[inside] - start) / push)
    return acc


def _shaking_signal(rate_hz: float) -> np.ndarray:
    t = np.arange(round(40 * rate_hz)) / rate_hz
    return 15.0 * np.sin(2 * np.pi * 6.5 * t)


@pytest.mark.parametrize("signal", [_standing_signal, _walking_signal, _jumping_signal, _shaking_signal])
@pytest.mark.parametrize("rate_hz", [52.0, 208.0])
def test_what_is_no_running_gives_no_steps(signal, rate_hz: float) -> None:
    acc, gyr = _along_up(signal(rate_hz), rate_hz)
    for taken_gyr in (gyr, None):
        ran = run_kernels(samples(acc, taken_gyr, rate_hz), Setup(rate_hz=rate_hz, has_gyro=taken_gyr is not None))
        assert len(ran.steps) == len(ran.strides) == 0
        assert not (ran.signals.segment == SEGMENT_RUNNING).any()


def test_segments_are_labelled() -> None:
    run = simulated(stand_s=6.0, walk_s=12.0, run_s=20.0, end_s=6.0)
    segment = run_kernels(samples_of_run(run), Setup(rate_hz=run.rate_hz)).signals.segment
    parts = {SEGMENT_STANDING: (3.0, 5.4), SEGMENT_WALKING: (10.0, 15.0), SEGMENT_RUNNING: (25.0, 35.0)}
    for label, (start, stop) in parts.items():
        inside = segment[(run.t_s > start) & (run.t_s < stop)]
        assert (inside == label).mean() > 0.95
    assert segment[-1] == SEGMENT_STANDING


@pytest.mark.parametrize("pause_s", [0.4, 1.05, 1.1, 1.2, 1.3, 1.4, 1.6, 2.5])
def test_strides_do_not_bridge_a_pause(pause_s: float) -> None:
    """Each stride lasts from its first to its last contact: what is called a stride has no hole."""
    rate_hz, step_s, contact_s = 208.0, 0.36, 0.24
    t = np.arange(round(15 * step_s * rate_hz)) / rate_hz % step_s
    bout = np.where(t < contact_s, np.pi / 2 * step_s / contact_s * G * np.sin(np.pi * t / contact_s), 0.0)
    pause = np.full(round(pause_s * rate_hz), G)
    up = np.concatenate([np.full(600, G), bout, pause, bout, np.full(600, G)])
    taken = samples(np.stack([np.zeros_like(up), np.zeros_like(up), up], axis=1), None, rate_hz)
    ran = run_kernels(taken, Setup(rate_hz=rate_hz, has_gyro=False, levelled=True))
    assert len(ran.steps) > 20
    start, end = (ran.strides[f"{x}_i"] + ran.strides[f"{x}_frac"].astype(float) for x in ("ic", "end"))
    assert (end - start) / rate_hz == pytest.approx(ran.strides["stride_time_s"], abs=2e-3)


# ------------------------------------------------------------------------------------------------------- DC gain


@pytest.mark.parametrize("rate_hz", [25.0, 52.0, 100.0, 104.0, 208.0, 285.7, 416.0, 833.0, 1666.0, 2000.0])
def test_filters_have_unit_gain_for_constants(rate_hz: float) -> None:
    """A constant force in a turned sensor comes out of blocks, ticks, smoothers and means as it is, within 1e-5."""
    params = kernel_params(Parameters(), Setup(rate_hz=rate_hz))[0]
    c = params.contacts
    for taps in (c.slow_taps, c.fine_taps):
        assert float(taps[0]) + 2 * float(np.sum(taps[1:], dtype=np.float64)) == pytest.approx(1.0, abs=1e-6)
    force = np.array([3.0, -5.0, 9.0])
    force *= 10.3 / np.linalg.norm(force)
    n = round(40 * rate_hz)
    ran = run_kernels(samples(np.tile(force, (n, 1)), np.zeros((n, 3)), rate_hz), Setup(rate_hz=rate_hz))
    state = ran.state[0]
    assert np.asarray(ran.signals.acc_level_mps2[-1, 2]) == pytest.approx(10.3, rel=1e-5)
    newest = (int(state.contacts.ticks_n) - 1) % len(state.contacts.ring)
    assert state.contacts.ring[newest, 0] == pytest.approx(10.3, rel=1e-5)
    assert np.asarray(state.attitude.rest_acc) == pytest.approx(force, rel=1e-5)
    assert np.asarray(state.mounting.up_stand) == pytest.approx(force / 10.3, abs=1e-5)
    rows = Rotation.from_quat(state.attitude.q_world_from_sensor, scalar_first=True).as_matrix()[:2].ravel()
    assert np.asarray(state.attitude.frame) == pytest.approx(rows, abs=1e-5)
    assert np.hypot(*state.attitude.heading_unit) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("rate_hz", [208.0, 833.0, 2000.0])
def test_level_and_height_have_unit_gain(rate_hz: float) -> None:
    """They are kept less gravity: float32 one-poles stall where a share of what is left is below the last bit."""
    n = round(60 * rate_hz)
    force = np.tile([0.0, 0.0, 10.3], (n, 1))
    state = run_kernels(samples(force, np.zeros((n, 3)), rate_hz), Setup(rate_hz=rate_hz)).state[0]
    assert G + state.contacts.level_off_mps2 == pytest.approx(10.3, rel=1e-5)
    assert G + state.attitude.vertical[0] == pytest.approx(10.3, rel=1e-5)
