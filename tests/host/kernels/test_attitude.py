"""The attitude kernel against its float64 twin, from the raw signals on."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from scipy.spatial.transform import Rotation

import trendel
from tests.host.kernels.made import G, refined, run_kernels, samples, samples_of_run, simulated
from tests.reference import attitude
from trendel.analysis.kernel_params import Setup
from trendel.analysis.parameters import Parameters

PARAMETERS = Parameters()
DATA = Path(os.environ.get("TRENDEL_DATA", ""))
needs_data = pytest.mark.skipif(not os.environ.get("TRENDEL_DATA"), reason="TRENDEL_DATA names no folder")


def _same_inclination(
    acc: npt.NDArray[np.float32], gyr: npt.NDArray[np.float32] | None, rate_hz: float, limit_deg: float = 0.02
) -> None:
    """Inclination throughout, and the gyroscope bias that is left at the end."""
    ran = run_kernels(samples(acc, gyr, rate_hz), Setup(rate_hz=rate_hz, has_gyro=gyr is not None))
    twin = attitude.estimate(acc, gyr, rate_hz, PARAMETERS.attitude)
    up = attitude.up_of_quaternions(ran.signals.q_world_from_sensor)
    error = attitude.angle_between_deg(up, attitude.up_in_sensor(twin.r_world_from_sensor))
    assert error[twin.first_i :].max() < limit_deg
    bias = np.asarray(ran.state.attitude[0].bias_radps)
    assert np.degrees(bias) == pytest.approx(np.degrees(twin.bias_radps[-1]), abs=5 * limit_deg)


@pytest.mark.parametrize("rate_hz", [52.0, 104.0, 208.0])
def test_a_run(rate_hz: float) -> None:
    run = simulated(rate_hz=rate_hz, run_s=20.0)
    _same_inclination(run.acc_mps2, run.gyr_radps, rate_hz)


def test_a_recording_that_starts_running() -> None:
    run = simulated(run_s=20.0)
    start = round(8.0 * run.rate_hz)
    _same_inclination(run.acc_mps2[start:], run.gyr_radps[start:], run.rate_hz)


def test_without_a_gyroscope() -> None:
    run = simulated(run_s=20.0)
    _same_inclination(run.acc_mps2, None, run.rate_hz)


def test_handled_in_all_directions_with_rests() -> None:
    rate_hz, seconds = 190.0, 25.0  # at this rate no rest ends within rounding of its limit
    t = np.arange(round(rate_hz * seconds)) / rate_hz
    moving = ((t % 8.0) > 4.0)[:, None]
    bias = np.array([0.02, -0.01, 0.03])
    rate = moving * 3.0 * np.sin(t[:, None] * [2.1, 3.3, 1.7] + [0.1, 1.0, 2.0])
    r, acc = np.eye(3), np.empty_like(rate)
    for i, turn in enumerate(Rotation.from_rotvec(rate / rate_hz).as_matrix()):
        r = r @ turn
        acc[i] = r.T @ (moving[i] * 4.0 * np.sin(9.0 * t[i] + np.arange(3)) + [0, 0, G])
    acc += np.random.default_rng(1).normal(0, 0.02, acc.shape)
    _same_inclination(acc.astype(np.float32), (rate + bias).astype(np.float32), rate_hz)


@needs_data
@pytest.mark.parametrize("name", ["mocap/treadmill_run", "waist/jog_fast_SA01", "waist/jog_slow_SE01"])
def test_real_runs(name: str) -> None:
    recording = trendel.read(DATA / f"{name}.csv")
    n = round(30.0 * recording.rate_hz)
    assert recording.gyr_radps is not None
    _same_inclination(recording.acc_mps2[:n], recording.gyr_radps[:n], recording.rate_hz, 0.05)


@needs_data
def test_a_sensor_moved_by_hand() -> None:
    trial = np.load(sorted((DATA / "orientation").glob("*fast_rotation_with_breaks*.npz"))[0])
    n = round(40.0 * float(trial["rate_hz"]))
    acc, gyr = trial["acc_mps2"][:n].astype(np.float32), trial["gyr_radps"][:n].astype(np.float32)
    _same_inclination(acc, gyr, float(trial["rate_hz"]))


def test_angles_are_those_of_the_pelvis_axes() -> None:
    """Tilt, obliquity and rotation from orientation and axes, by the definitions in docs/conventions.md."""
    run = simulated()
    ran = refined(samples_of_run(run), run.rate_hz)
    twin = attitude.estimate(
        run.acc_mps2, run.gyr_radps, run.rate_hz, PARAMETERS.attitude, np.asarray(ran.setup.bias_radps)
    )
    tilt, obliquity, heading = attitude.pelvis_angles_deg(twin.r_world_from_sensor, ran.setup.axes)
    later = slice(round(8.0 * run.rate_hz), round(27.0 * run.rate_hz))
    assert np.abs(np.degrees(ran.signals.tilt_rad) - tilt)[later].max() < 0.03
    assert np.abs(np.degrees(ran.signals.obliquity_rad) - obliquity)[later].max() < 0.03
    # Rotation is the heading about its own slow mean: what is taken away hardly moves within a stride.
    rotation = np.unwrap(ran.signals.rotation_rad.astype(float))
    slow = (heading - np.degrees(rotation))[later]
    stride = round(2 / run.parameters.step_rate_hz * run.rate_hz)
    slope = np.convolve(slow, np.ones(stride) / stride, "valid")
    assert np.ptp(slow[: len(slope)] - slope) < 0.15 * np.ptp(heading[later][:stride])


def test_level_force_is_the_true_force() -> None:
    """Forward, left and up of the simulated world, as far as heading is known."""
    run = simulated()
    ran = refined(samples_of_run(run), run.rate_hz)
    later = slice(round(8.0 * run.rate_hz), round(25.0 * run.rate_hz))
    ours = np.asarray(ran.signals.acc_level_mps2, float)[later] - [0, 0, G]
    theirs = run.acc_world_mps2[later]
    assert np.sqrt(np.mean((ours[:, 2] - theirs[:, 2]) ** 2)) < 0.2
    assert np.sqrt(np.mean((ours[:, :2] - theirs[:, :2]) ** 2)) < 0.5


def test_known_start_is_used() -> None:
    """Started from a given orientation the inclination is right from the first sample on."""
    run = simulated()
    from trendel.analysis.kernel_params import Start

    start = round(10.0 * run.rate_hz)
    q = Rotation.from_matrix(run.r_world_from_sensor[start - 1]).as_quat(scalar_first=True)
    setup = Setup(rate_hz=run.rate_hz, start=Start(q_world_from_sensor=tuple(q.tolist())))
    ran = run_kernels(samples_of_run(run)[start:], setup)
    error = attitude.angle_between_deg(
        attitude.up_of_quaternions(ran.signals.q_world_from_sensor), run.r_world_from_sensor[start:, 2, :]
    )
    assert ran.signals.settled.all()
    assert error[: round(run.rate_hz)].max() < 0.9  # the gyroscope's bias is not known yet
    assert error[0] < 0.05
