"""Metrics of steps: the kernels against whole-array definitions, which are given the instants."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

import trendel
from tests.host.kernels.made import Ran, ids_of_pairs, in_ticks, refined, samples, samples_of_run, simulated
from tests.reference import stride
from trendel.kernels.metrics import METRICS

DATA = Path(os.environ.get("TRENDEL_DATA", ""))
needs_data = pytest.mark.skipif(not os.environ.get("TRENDEL_DATA"), reason="TRENDEL_DATA names no folder")
RECORDINGS = ["mocap/treadmill_run", "waist/jog_fast_SA01", "waist/jog_slow_SE01"]
SIDES = {1: "L", -1: "R", 0: ""}
CLOSE = {"rel": 2e-3, "abs": 2e-3}
CLOSE_DEG = {"abs": 0.02}
TOLERANCE = {
    "contact_time_ms": {"abs": 0.02},
    "flight_time_ms": {"abs": 0.02},
    "vertical_oscillation_mm": CLOSE,
    "peak_vgrf_bw": CLOSE,
    "impulse_bws": CLOSE,
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
    for k in range(len(ran.steps)):
        window = (ic[k], to[k], end[k])
        expected = stride.vertical_metrics(s["up"], s["forward"], *window, dt)
        expected |= stride.force_metrics((to[k] - ic[k]) * dt, (end[k] - ic[k]) * dt)
        expected |= {"contact_time_ms": (to[k] - ic[k]) * dt * 1e3, "flight_time_ms": (end[k] - to[k]) * dt * 1e3}
        angles.append(stride.angle_metrics(s["tilt"], s["obliquity"], s["rotation"], *window))
        expected |= angles[k]
        before = follows.get(k)
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
    for k in range(10, 40):
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
    for name, limit in (("vertical_oscillation_mm", 2.5), ("obliquity_peak_deg", 0.8)):
        assert ran.metric(name)[mine] == pytest.approx(truth[name], abs=limit)
    assert np.mean(ran.metric("impulse_bws")[mine]) == pytest.approx(1 / run.parameters.step_rate_hz, rel=0.05)
    assert np.mean(ran.metric("tilt_rom_deg")[mine]) == pytest.approx(truth["tilt_rom_deg"].mean(), abs=0.5)
    for name, share in (("braking_mps", 0.15), ("sway_mm", 0.15), ("peak_vgrf_bw", 0.15)):
        assert np.mean(ran.metric(name)[mine]) == pytest.approx(truth[name].mean(), rel=share), name
    sides = np.where(ran.steps["side"][mine] > 0, "L", "R")
    assert np.array_equal(sides, truth["side"])


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
