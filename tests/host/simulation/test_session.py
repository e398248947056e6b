"""The synthetic runner is consistent physics, seeded, with the variability and the sensor faults asked of it."""

import dataclasses

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from trendel.constants import STANDARD_GRAVITY_MPS2 as G
from trendel.errors import ParameterError
from trendel.simulation.gait import GaitParameters
from trendel.simulation.running import RunningBout, Variability
from trendel.simulation.sensor import SensorModel
from trendel.simulation.session import Fatigue, Session, Turn
from trendel.simulation.simulate import simulate, true_steps
from trendel.simulation.variability import correlated

SEGMENTS = (("stand", 4.0), ("walk", 6.0), ("run", 20.0), ("jump", 5.0), ("stand", 3.0))
SESSION = Session(SEGMENTS, turns=(Turn(15.0, 3.0, 90.0),), seed=3)
GAITS = (
    GaitParameters(),
    GaitParameters(step_rate_spm=220, contact_time_ms=150, speed_mps=5, foot_strike="fore"),
    GaitParameters(step_rate_spm=140, contact_time_ms=330, drop_left_deg=2, drop_right_deg=9, step_time_asymmetry=0.03),
)


def dfa(x: np.ndarray) -> float:
    """Exponent of detrended fluctuation analysis, boxes of 8 to a tenth of the length."""
    profile = np.cumsum(x - x.mean())
    sizes = np.unique(np.geomspace(8, len(x) // 10, 14).astype(int))
    spread = []
    for n in sizes:
        boxes = profile[: len(profile) // n * n].reshape(-1, n).T
        line = np.polynomial.polynomial.polyfit(np.arange(n), boxes, 1)
        rest = boxes - np.polynomial.polynomial.polyval(np.arange(n), line).T
        spread.append(np.sqrt((rest**2).mean()))
    return float(np.polyfit(np.log(sizes), np.log(spread), 1)[0])


@pytest.mark.parametrize("alpha", [0.6, 0.8, 1.0])
def test_variability_has_the_exponent_asked_for(alpha: float) -> None:
    found = [dfa(correlated(4096, alpha, np.random.default_rng(seed))) for seed in range(8)]
    assert np.mean(found) == pytest.approx(alpha, abs=0.1)
    assert np.std(correlated(200_000, 0.6, np.random.default_rng(0))) == pytest.approx(1, abs=0.1)


def test_step_times_of_a_run_have_the_exponent() -> None:
    bout = RunningBout(GaitParameters(), 0.0, 1500.0, np.random.default_rng(1), Variability(alpha=0.9))
    assert dfa(np.diff(bout.ic_s)) == pytest.approx(0.9, abs=0.12)


def test_rates_and_accelerations_are_derivatives_through_all_segments() -> None:
    dt = 1 / 2000
    t = np.arange(0.0, SESSION.edges_s[-1], dt)
    now = SESSION.at(t)
    for curve in (now.forward, now.left, now.up, now.roll, now.tilt, now.turn, now.mass, now.heading):
        for value, slope in ((curve.x, curve.d1), (curve.d1, curve.d2)):
            # The mean slope over an interval is that of its ends, but for kinks of the acceleration.
            assert np.abs(np.diff(value) / dt - (slope[:-1] + slope[1:]) / 2).max() < 0.01 * np.abs(slope).max() + 1e-9
    attitude = Rotation.from_matrix(now.r_world_from_pelvis)
    turned = (attitude[:-1].inv() * attitude[1:]).as_rotvec() / dt
    gyr = now.gyr_pelvis_radps
    assert np.abs(turned - (gyr[:-1] + gyr[1:]) / 2).max() < 2e-3


def test_specific_force_is_that_of_the_path_in_the_world() -> None:
    dt = 1 / 2000
    t = np.arange(12.0, 28.0, dt)  # running, with the turn
    now = SESSION.at(t)
    c, s = np.cos(now.heading.x), np.sin(now.heading.x)
    local = np.stack((c * now.forward.x - s * now.left.x, s * now.forward.x + c * now.left.x, now.up.x), axis=1)
    travel = now.speed_mps[:, None] * np.stack((c, s, np.zeros_like(c)), axis=1)
    expected = np.diff(local, 2, axis=0) / dt**2 + (travel[2:] - travel[:-2]) / (2 * dt) + [0, 0, G]
    world = np.einsum("nij,nj->ni", now.r_world_from_pelvis, now.acc_pelvis_mps2)[1:-1]
    assert np.abs(world - expected).max() < 0.6
    assert np.sqrt(((world - expected) ** 2).mean()) < 0.03


@pytest.mark.parametrize("gait", GAITS)
def test_force_is_one_body_weight_on_average_and_none_in_flight(gait: GaitParameters) -> None:
    session = Session((("run", 40.0),), gait)
    bout = session.parts[0]
    assert isinstance(bout, RunningBout)
    a, b = bout.ic_s[4], bout.ic_s[90]
    t = np.linspace(a, b, 60_000, endpoint=False)
    now = session.at(t)
    assert now.force_bw.mean() == pytest.approx(1.0, abs=0.005)
    assert np.abs(now.force_bw[now.contact == 0]).max() < 1e-9
    assert now.force_bw.min() > -1e-9 and 1.5 < now.force_bw.max() < 4.5
    steps = true_steps(session)
    steps = steps[steps["steady"]]
    assert np.mean(steps["contact_time_ms"]) == pytest.approx(gait.contact_time_ms, rel=0.03)
    assert np.mean(np.diff(steps["ic_s"])) == pytest.approx(gait.step_time_s, rel=0.02)
    for side, drop in (("L", gait.drop_left_deg), ("R", gait.drop_right_deg)):
        assert np.mean(steps["pelvic_drop_deg"][steps["side"] == side]) == pytest.approx(drop, rel=0.1)
    assert steps["impulse_bws"].sum() == pytest.approx(steps["ic_s"][-1] - steps["ic_s"][0], rel=0.02)
    assert 30 < steps["vertical_oscillation_mm"].mean() < 160


def test_braking_starts_suddenly_at_contact() -> None:
    session = Session((("run", 30.0),))
    bout = session.parts[0]
    assert isinstance(bout, RunningBout)
    after = np.arange(0.0, 0.040, 0.001)
    mean = np.mean([session.at(ic + after).acc_way_mps2[:, 0] for ic in bout.ic_s[8:60]], axis=0) / G
    assert 0.5 < mean[0] - mean.min() < 2.0


def test_fatigue_grows_the_drop_of_one_side() -> None:
    session = Session((("run", 120.0),), fatigue=Fatigue(right_deg=4.0, end_s=120.0, course="sigmoid"))
    steps = true_steps(session)
    steps = steps[steps["steady"]]
    right, left = (steps["pelvic_drop_deg"][steps["side"] == side] for side in "RL")
    assert right[-20:].mean() - right[:20].mean() == pytest.approx(4.0, abs=0.9)
    assert abs(left[-20:].mean() - left[:20].mean()) < 0.9


def test_same_arguments_same_run_other_seed_other_run() -> None:
    session = Session((("stand", 3.0), ("run", 8.0)), seed=1)
    first, again = simulate(session), simulate(session)
    assert (
        first.acc_mps2.tobytes() == again.acc_mps2.tobytes() and first.gyr_radps.tobytes() == again.gyr_radps.tobytes()
    )
    other = simulate(dataclasses.replace(session, seed=2))
    assert not np.array_equal(first.steps["ic_s"], other.steps["ic_s"])


def test_an_ideal_sensor_reads_the_trajectory_in_its_own_axes() -> None:
    session = Session((("stand", 3.0), ("run", 6.0)))
    mounted = SensorModel.ideal(208.0, (10.0, -80.0, 30.0))
    straight, askew = simulate(session, SensorModel.ideal()), simulate(session, mounted)
    assert straight.acc_mps2[:100, 2] == pytest.approx(G, abs=0.05)
    turned = askew.acc_mps2 @ mounted.r_pelvis_from_sensor.T
    assert np.abs(turned - straight.acc_mps2).max() < 1e-4
    assert np.abs(askew.gyr_radps @ mounted.r_pelvis_from_sensor.T - straight.gyr_radps).max() < 1e-5


def test_the_rate_is_off_and_drifts_as_asked() -> None:
    sensor = SensorModel(rate_error=0.05, rate_drift=-0.01, warming_time_s=60.0)
    true, stamps = sensor.sample_times(600.0)
    assert np.array_equal(true, stamps)
    assert 1 / np.diff(true)[0] == pytest.approx(208 * 1.05, rel=1e-4)
    assert 1 / np.diff(true)[-1] == pytest.approx(208 * 1.04, rel=1e-4)
    counted = dataclasses.replace(sensor, nominal_stamps=True).sample_times(600.0)[1]
    assert np.diff(counted) == pytest.approx(1 / 208)


def test_sensor_faults() -> None:
    n = 20_000
    t = np.arange(n) / 208
    acc, gyr = np.tile([0.0, 0.0, G], (n, 1)), np.zeros((n, 3))
    model = dataclasses.replace(SensorModel.ideal(), acc_noise_mps2=0.1, gyr_bias_radps=(0.01, 0.0, 0.0), bits=16)
    a, g = model.measure(t, acc, gyr)
    assert a.std(axis=0) == pytest.approx(0.1, rel=0.05)
    assert g.mean(axis=0) == pytest.approx([0.01, 0, 0], abs=1e-3)
    assert len(np.unique(a[:, 0])) < 300  # counts of the converter
    a, _ = model.measure(t, 30 * acc, gyr)
    assert a.max() == pytest.approx(16 * G, rel=1e-3)
    strap = dataclasses.replace(SensorModel.ideal(), strap_hz=20.0, strap_share=1.0, strap_damping=0.2)
    shaken = acc + np.sin(2 * np.pi * 20 * t)[:, None]
    a, _ = strap.measure(t, shaken, gyr)
    assert np.std(a[2000:-2000, 0]) > 2 * np.std(shaken[:, 0])
    assert strap.measure(t, acc, gyr)[0] == pytest.approx(acc, abs=1e-4)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ParameterError, match="flight phase"):
        GaitParameters(step_rate_spm=200, contact_time_ms=320)
    with pytest.raises(ParameterError, match="rear, mid or fore"):
        GaitParameters(foot_strike="heel")
    with pytest.raises(ParameterError, match="a segment must be"):
        Session((("swim", 10.0),))
