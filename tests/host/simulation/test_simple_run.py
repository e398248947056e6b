"""The simple simulated run is consistent physics: what the sensor reads follows from the motion that is claimed."""

import dataclasses

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from trendel.constants import STANDARD_GRAVITY_MPS2
from trendel.simulation import SimpleRunParameters, simple_run

QUIET = SimpleRunParameters(
    rate_hz=800.0, run_s=20.0, acc_noise_mps2=0.0, gyr_noise_radps=0.0, gyr_bias_radps=(0.0, 0.0, 0.0)
)


@pytest.fixture(scope="module")
def run():
    return simple_run(QUIET)


def _in_run(run, margin_s: float) -> np.ndarray:
    start, end = run.run_span_s
    return (run.t_s > start + margin_s) & (run.t_s < end - margin_s)


def test_acceleration_is_the_second_derivative_of_position(run) -> None:
    dt = 1 / run.rate_hz
    second = np.diff(run.position_m, 2, axis=0) / dt**2
    # The travel along the way is in the acceleration (speeding up and slowing down), not in the position.
    assert np.abs(second[:, 1:] - run.acc_world_mps2[1:-1, 1:]).max() < 0.1
    steady = _in_run(run, QUIET.ramp_s + 0.1)[1:-1]
    assert np.abs(second[steady] - run.acc_world_mps2[1:-1][steady]).max() < 0.1
    speed = np.cumsum(run.acc_world_mps2[:, 0]) * dt
    assert speed[steady.argmax() + 1 :][: steady.sum()].mean() == pytest.approx(QUIET.speed_mps, abs=0.05)


def test_gyroscope_is_the_derivative_of_attitude(run) -> None:
    attitude = Rotation.from_matrix(run.r_world_from_sensor)
    turned = (attitude[:-1].inv() * attitude[1:]).as_rotvec() * run.rate_hz
    middle = (run.gyr_radps[:-1] + run.gyr_radps[1:]) / 2
    assert np.abs(turned - middle).max() < 2e-4


def test_accelerometer_is_acceleration_plus_gravity_in_the_sensor(run) -> None:
    world = Rotation.from_matrix(run.r_world_from_sensor).apply(run.acc_mps2)
    expected = run.acc_world_mps2 + np.array([0.0, 0.0, STANDARD_GRAVITY_MPS2])
    assert np.abs(world - expected).max() < 1e-4


def test_standing_reads_one_gravity_and_flight_none(run) -> None:
    norm = np.linalg.norm(run.acc_mps2, axis=1)
    assert norm[run.t_s < QUIET.stand_s] == pytest.approx(STANDARD_GRAVITY_MPS2, abs=1e-3)
    for row in run.steps[run.steps["steady"]]:
        flight = (run.t_s > row["to_s"] + 0.002) & (run.t_s < row["to_s"] + row["flight_time_ms"] / 1000 - 0.002)
        assert norm[flight].max() < 1e-3


def test_mean_vertical_force_is_one_body_weight_over_a_step(run) -> None:
    steady = run.steps[run.steps["steady"]]
    span = (run.t_s >= steady["ic_s"][0]) & (run.t_s < steady["ic_s"][-1])
    assert run.acc_world_mps2[span, 2].mean() == pytest.approx(0.0, abs=0.02)


def test_signs_and_sizes_of_the_truth(run) -> None:
    for row in run.steps[run.steps["steady"]]:
        stance = (run.t_s >= row["ic_s"]) & (run.t_s < row["to_s"])
        sign = 1 if row["side"] == "L" else -1
        obliquity = sign * run.obliquity_deg[stance]
        assert obliquity.max() - obliquity[0] == pytest.approx(row["pelvic_drop_deg"], abs=0.1)
        assert obliquity.max() == pytest.approx(5.0 if sign > 0 else 7.0, abs=0.1)  # left up over the left foot
        assert sign * run.position_m[stance, 1].mean() > 0  # the pelvis is over the foot that carries it
        braking = run.acc_world_mps2[stance, 0]
        assert braking[: len(braking) // 2].max() < 0.01 < braking[len(braking) // 2 + 1 :].max()
    start = int(np.searchsorted(run.t_s, run.steps["ic_s"][20]))
    assert np.ptp(run.position_m[start : start + int(0.36 * run.rate_hz), 2]) * 1000 == pytest.approx(
        run.steps["vertical_oscillation_mm"][20], abs=0.2
    )


def test_same_parameters_same_run_other_seed_other_noise() -> None:
    p = SimpleRunParameters(run_s=8.0, walk_s=0.0)
    first, again = simple_run(p), simple_run(p)
    other = simple_run(dataclasses.replace(p, seed=1))
    assert np.array_equal(first.acc_mps2, again.acc_mps2)
    assert np.array_equal(first.tilt_deg, other.tilt_deg)
    assert (first.acc_mps2 - other.acc_mps2).std() == pytest.approx(p.acc_noise_mps2 * np.sqrt(2), rel=0.1)
    assert first.acc_mps2.dtype == np.float32 and first.acc_mps2.flags.c_contiguous


def test_parameters_without_a_flight_phase_are_refused() -> None:
    with pytest.raises(ValueError, match="flight phase"):
        SimpleRunParameters(contact_time_s=0.4, step_rate_hz=2.8)
