"""Metrics of steps: the kernels against whole-array definitions, which are given the instants."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

import trendel
from tests.host.kernels.made import G, Ran, ids_of_pairs, in_ticks, refined, samples, samples_of_run, simulated
from tests.reference import force, stride
from trendel.analysis import force as constants
from trendel.analysis.parameters import Parameters
from trendel.kernels.layout import Q_NO_IMPACT
from trendel.kernels.metrics import METRICS

DATA = Path(os.environ.get("TRENDEL_DATA", ""))
needs_data = pytest.mark.skipif(not os.environ.get("TRENDEL_DATA"), reason="TRENDEL_DATA names no folder")
RECORDINGS = ["mocap/treadmill_run", "waist/jog_fast_SA01", "waist/jog_slow_SE01"]
FILTER = force.Filter(
    up=constants.UP,
    forward=constants.FORWARD,
    alone=constants.ALONE,
    spacing_s=constants.SPACING_S,
    sigma_s=constants.SIGMA_S,
    ahead_n=constants.AHEAD_N,
    edge=constants.EDGE,
    rate_s=constants.RATE_S,
)
SIDES = {1: "L", -1: "R", 0: ""}
CLOSE = {"rel": 2e-3, "abs": 2e-3}
CLOSE_DEG = {"abs": 0.02}
TOLERANCE = {
    "contact_time_ms": {"abs": 0.02},
    "flight_time_ms": {"abs": 0.02},
    "vertical_oscillation_mm": {"abs": 0.3},  # the mean vertical also has steps in it that were not given out
    "peak_vgrf_bw": {"rel": 5e-3},
    "impulse_bws": CLOSE,
    "loading_rate_bwps": {"rel": 5e-3, "abs": 0.05},
    "braking_mps": CLOSE,
    "tilt_mean_deg": CLOSE_DEG,
    "tilt_rom_deg": CLOSE_DEG,
    "rotation_rom_deg": CLOSE_DEG,
    "pelvic_drop_deg": CLOSE_DEG,
    "obliquity_peak_deg": CLOSE_DEG,
    "contralateral_drop_peak_deg": CLOSE_DEG,
}


def same_metrics(ran: Ran) -> None:
    """Compare every valid metric of every step with the twin's."""
    s, tick_n, dt = in_ticks(ran)
    ic, to, end = ((ran.instant(name) - (tick_n - 1) / 2) / tick_n for name in ("ic", "to", "end"))
    ours = {name: ran.metric(name) for name in TOLERANCE}
    follows = dict(zip(*reversed(ids_of_pairs(ran)), strict=True))
    compared = dict.fromkeys(TOLERANCE, 0)
    angles: list[dict[str, float]] = []
    heights = stride.Heights()
    falls: list[float] = []
    sigma_ticks = Parameters().contacts.even_sigma_ms / 1e3 / dt
    for k in range(len(ran.steps)):
        window = (ic[k], to[k], end[k])
        before = follows.get(k)
        height = heights.excursion(s["up"], ic[k], end[k], dt, before is not None)
        contact_s, flight_s = (to[k] - ic[k]) * dt, (end[k] - to[k]) * dt
        falls.append(force.fall(s["up"], ic[k], to[k], sigma_ticks))
        step_s = (end[k] - ic[k]) * dt
        impulse = step_s if before is None else ((falls[k] - falls[before]) * dt + step_s) / 2
        forward = s["forward"] if np.isfinite(ours["braking_mps"][k]) else None
        expected = force.ground_reaction(FILTER, s["up"], forward, window, impulse, dt / tick_n, tick_n)
        expected |= {
            "vertical_oscillation_mm": height * 1e3,
            "braking_mps": stride.braking(s["forward"], *window, dt),
            "contact_time_ms": contact_s * 1e3,
            "flight_time_ms": flight_s * 1e3,
            "impulse_bws": impulse,
        }
        angles.append(stride.angle_metrics(s["tilt"], s["obliquity"], s["rotation"], *window))
        expected |= angles[k]
        side = SIDES[int(ran.steps["side"][k])]
        if side:
            expected |= stride.side_metrics(angles[k], None if before is None else angles[before], side)
        for name, tolerance in TOLERANCE.items():
            if name in expected and np.isfinite(ours[name][k]):
                assert ours[name][k] == pytest.approx(expected[name], **tolerance), (name, k)
                compared[name] += 1
    if not ran.setup.has_standing:
        assert compared.pop("contralateral_drop_peak_deg") == 0
    assert min(compared.values()) > 0.8 * len(ran.steps), compared


@pytest.mark.parametrize("rate_hz", [104.0, 208.0, 500.0])
def test_metrics_of_a_run(rate_hz: float) -> None:
    run = simulated(rate_hz=rate_hz)
    ran = refined(samples_of_run(run), rate_hz)
    assert len(ran.steps) > 50
    same_metrics(ran)


@needs_data
@pytest.mark.parametrize("name", RECORDINGS)
def test_metrics_of_real_runs(name: str) -> None:
    recording = trendel.read(DATA / f"{name}.csv")
    n = round(60.0 * recording.rate_hz)
    assert recording.gyr_radps is not None
    ran = refined(samples(recording.acc_mps2[:n], recording.gyr_radps[:n], recording.rate_hz), recording.rate_hz)
    assert len(ran.steps) > 15
    same_metrics(ran)


def test_ticks_are_fine_enough_for_double_integrals() -> None:
    """Oscillation by sums over ticks against a spline through them, integrated finely."""
    run = simulated()
    ran = refined(samples_of_run(run), run.rate_hz)
    s, tick_n, dt = in_ticks(ran)
    ic, end = ((ran.instant(name) - (tick_n - 1) / 2) / tick_n for name in ("ic", "end"))
    for k in range(20, 50):
        by_spline = stride.excursion_continuous(s["up"], ic[k], end[k], dt) * 1e3
        assert ran.metric("vertical_oscillation_mm")[k] == pytest.approx(by_spline, rel=0.02)


def test_regularity_is_the_likeness_of_steps() -> None:
    run = simulated()
    ran = refined(samples_of_run(run), run.rate_hz)
    s, tick_n, _ = in_ticks(ran)
    ic, end = ((ran.instant(name) - (tick_n - 1) / 2) / tick_n for name in ("ic", "end"))
    for k in range(10, 40):
        now = stride.resampled(s["up"], ic[k], end[k])
        for back, name in ((1, "regularity"), (2, "stride_regularity")):
            before = stride.resampled(s["up"], ic[k - back], end[k - back])
            assert ran.steps[name][k] == pytest.approx(stride.likeness(now, before), abs=0.02)


def test_metrics_against_the_truth_of_the_run() -> None:
    run = simulated()
    ran = refined(samples_of_run(run), run.rate_hz)
    truth = run.steps[run.steps["steady"]]
    mine = [int(np.abs(ran.instant("ic") / run.rate_hz - t).argmin()) for t in truth["ic_s"]]
    assert np.abs(ran.instant("ic")[mine] / run.rate_hz - truth["ic_s"]).max() < 0.05
    assert ran.metric("obliquity_peak_deg")[mine] == pytest.approx(truth["obliquity_peak_deg"], abs=0.8)
    # Heights are closed about the mean of the last steps, which the run-up is in at first.
    settled = mine[12:]
    assert ran.metric("vertical_oscillation_mm")[settled] == pytest.approx(
        truth["vertical_oscillation_mm"][12:], abs=2.5
    )
    assert np.mean(ran.metric("impulse_bws")[mine]) == pytest.approx(1 / run.parameters.step_rate_hz, rel=0.05)
    assert np.mean(ran.metric("tilt_rom_deg")[mine]) == pytest.approx(truth["tilt_rom_deg"].mean(), abs=0.5)
    for name, share in (("braking_mps", 0.15), ("sway_mm", 0.15), ("peak_vgrf_bw", 0.15)):
        assert np.mean(ran.metric(name)[mine]) == pytest.approx(truth[name].mean(), rel=share), name
    sides = np.where(ran.steps["side"][mine] > 0, "L", "R")
    assert np.array_equal(sides, truth["side"])


def test_force_is_nearly_that_of_the_momentum() -> None:
    """The generated pelvis is the centre of mass and its force a half sine: the filter, made for people, is near it."""
    run = simulated()
    ran = refined(samples_of_run(run), run.rate_hz)
    p = run.parameters
    half_sine = np.pi / 2 / (p.contact_time_s * p.step_rate_hz)
    assert np.median(ran.metric("peak_vgrf_bw")) == pytest.approx(half_sine, rel=0.1)
    assert np.median(ran.metric("impulse_bws")) == pytest.approx(1 / p.step_rate_hz, rel=0.01)
    rising = half_sine * np.sin(np.pi * 0.025 / p.contact_time_s) / 0.025
    assert np.median(ran.metric("loading_rate_bwps")) == pytest.approx(rising, rel=0.65)


def test_impulses_add_up_to_body_weight() -> None:
    """Over a stretch of a run the ground gives back what gravity takes, however uneven its steps are."""
    run = simulated()
    ran = refined(samples_of_run(run), run.rate_hz)
    steady = slice(10, 50)
    whole_s = (ran.instant("end")[steady][-1] - ran.instant("ic")[steady][0]) / run.rate_hz
    assert ran.metric("impulse_bws")[steady].sum() == pytest.approx(whole_s, rel=2e-3)


def with_impacts(rate_hz: float, height_g: float, width_s: float = 0.012) -> Ran:
    """The generated run with a bump of this height and width (one sigma) on the vertical 30 ms after each contact."""
    run = simulated(rate_hz=rate_hz)
    bump = np.zeros(len(run.t_s))
    for contact in run.steps["ic_s"][run.steps["steady"]]:
        bump += height_g * G * np.exp(-0.5 * ((run.t_s - contact - 0.03) / width_s) ** 2)
    # Along the world's vertical, as the sensor has it.
    acc = run.acc_mps2 + bump[:, None] * run.r_world_from_sensor[:, 2, :]
    return refined(samples(acc, run.gyr_radps, rate_hz), rate_hz)


def test_impact_does_not_depend_on_the_rate() -> None:
    found = {}
    for rate_hz in (100.0, 208.0, 833.0):
        ran = with_impacts(rate_hz, 1.5)
        steady = slice(10, -10)
        found[rate_hz] = [np.nanmedian(ran.metric(name)[steady]) for name in ("impact_peak_g", "impact_rate_gps")]
        assert np.isfinite(ran.metric("impact_peak_g")[steady]).mean() > 0.95
        assert not (ran.steps["reasons"][steady][np.isfinite(ran.metric("impact_peak_g")[steady])] & Q_NO_IMPACT).any()
    for rate_hz in (100.0, 208.0):
        assert found[rate_hz] == pytest.approx(found[833.0], rel=0.04), found


def test_no_impact_is_said_and_not_made_up() -> None:
    run = simulated()
    ran = refined(samples_of_run(run), run.rate_hz)
    assert np.isnan(ran.metric("impact_peak_g")).mean() > 0.95
    none = np.isnan(ran.metric("impact_peak_g"))
    assert (ran.steps["reasons"][none] & Q_NO_IMPACT).all()


def test_impact_is_not_given_where_the_rate_is_too_low() -> None:
    ran = with_impacts(60.0, 1.5)
    assert len(ran.steps) > 40
    assert np.isnan(ran.metric("impact_peak_g")).all() and not (ran.steps["reasons"] & Q_NO_IMPACT).any()


def test_strides_are_made_of_steps() -> None:
    run = simulated()
    ran = refined(samples_of_run(run), run.rate_hz)
    by_index = {int(step["index"]): step for step in ran.steps}
    assert len(ran.strides) > 40
    for row in ran.strides:
        now, before = by_index[int(row["index"])], by_index[int(row["index"]) - 1]
        assert row["side"] == before["side"] and row["quality"] == min(now["quality"], before["quality"])
        assert row["stride_time_s"] == before["step_time_s"] + now["step_time_s"]
        assert row["ic_i"] == before["ic_i"] and row["end_i"] == now["end_i"]
        assert row["valid"] == now["valid"] & before["valid"] and row["reasons"] == now["reasons"] | before["reasons"]
        left, right = (now, before) if now["side"] > 0 else (before, now)
        for k in range(len(METRICS)):
            if row["valid"] >> np.uint32(k) & 1:
                assert row["metrics"][k] == pytest.approx((left["metrics"][k] + right["metrics"][k]) / 2, rel=1e-6)
                difference = left["metrics"][k] - right["metrics"][k]
                assert row["left_minus_right"][k] == pytest.approx(difference, abs=1e-6)
            else:
                assert row["metrics"][k] == row["left_minus_right"][k] == 0
