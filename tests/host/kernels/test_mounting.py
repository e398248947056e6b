"""Sensor to pelvis: the kernels against their twin, which is given the steps' instants, and against the truth."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from scipy.spatial.transform import Rotation

import trendel
from tests.host.kernels.made import ids_of_pairs, run_kernels, samples, samples_of_run, simulated
from tests.reference import attitude, contacts, mounting
from trendel.analysis.kernel_params import Setup
from trendel.analysis.parameters import Parameters

PARAMETERS = Parameters()
DATA = Path(os.environ.get("TRENDEL_DATA", ""))
needs_data = pytest.mark.skipif(not os.environ.get("TRENDEL_DATA"), reason="TRENDEL_DATA names no folder")
F64 = npt.NDArray[np.float64]


def by_both(acc: npt.NDArray[np.float32], gyr: npt.NDArray[np.float32], rate_hz: float) -> tuple[F64, F64]:
    """Axes (3, 3) as learned by the kernels and by the twin from the same steps."""
    ran = run_kernels(samples(acc, gyr, rate_hz), Setup(rate_hz=rate_hz))
    state = ran.state.mounting[0]
    tick_n = contacts.tick_length(PARAMETERS.contacts, rate_hz)
    to_ticks = lambda x: np.rint((x - (tick_n - 1) / 2) / tick_n).astype(int)  # noqa: E731
    # A step is known about 0.15 s after its end; before settle_s the inclination is not good enough to learn from.
    known_s = ran.instant("end") / rate_hz + 0.15
    first, second = np.array(ids_of_pairs(ran))[:, known_s[ids_of_pairs(ran)[1]] > PARAMETERS.mounting.settle_s]
    pairs = list(
        zip(
            to_ticks(ran.instant("ic"))[first].tolist(),
            to_ticks(ran.instant("ic"))[second].tolist(),
            to_ticks(ran.instant("end"))[second].tolist(),
            strict=True,
        )
    )
    twin = attitude.estimate(acc, gyr, rate_hz, PARAMETERS.attitude)
    up = None
    if state.learned_standing:
        up = acc[twin.rest].astype(float).mean(axis=0)
    rates = contacts.tick_means(np.asarray(gyr, float) - twin.bias_radps, tick_n)
    r = twin.r_world_from_sensor[tick_n // 2 :: tick_n][: len(rates)]
    lean_deg = 0.0 if state.learned_standing else PARAMETERS.mounting.lean_deg
    assert np.degrees(state.lean_learned_rad) == pytest.approx(lean_deg)
    found = mounting.learn(r, contacts.tick_means(acc, tick_n), rates, pairs, up, lean_deg)
    return np.asarray(state.axes_learned, float).reshape(3, 3), found


def turn_deg(a: F64, b: F64) -> float:
    """Angle of the rotation between two sets of axes."""
    return float(np.degrees(Rotation.from_matrix(a @ b.T).magnitude()))


@pytest.mark.parametrize("stand_s", [4.0, 0.0])
@pytest.mark.parametrize("turned", [(8.0, -85.0, 12.0), (170.0, 20.0, -100.0), (0.0, 0.0, 0.0)])
def test_a_run(stand_s: float, turned: tuple[float, float, float]) -> None:
    run = simulated(stand_s=stand_s, run_s=30.0, end_s=0.0, mounting_rotvec_deg=turned)
    ours, theirs = by_both(run.acc_mps2, run.gyr_radps, run.rate_hz)
    assert turn_deg(ours, theirs) < 0.8  # other windows: contact to contact, the kernel has mid rise to mid rise
    if stand_s:
        true = Rotation.from_rotvec(turned, degrees=True).as_matrix()
        assert turn_deg(ours, true) < 3.0


@needs_data
def test_a_real_run() -> None:
    recording = trendel.read(DATA / "mocap/treadmill_run.csv")
    assert recording.gyr_radps is not None
    ours, theirs = by_both(recording.acc_mps2, recording.gyr_radps, recording.rate_hz)
    assert turn_deg(ours, theirs) < 1.5  # ten seconds only, and other windows


def test_axes_are_a_rotation_at_every_stage() -> None:
    run = simulated()
    for stop_s in (1.0, 6.0, 10.0, 27.0):
        state = run_kernels(samples_of_run(run)[: round(stop_s * run.rate_hz)], Setup(rate_hz=run.rate_hz)).state
        for name in ("axes", "axes_learned"):
            axes = np.asarray(state.mounting[0][name], float).reshape(3, 3)
            assert np.abs(axes @ axes.T - np.eye(3)).max() < 1e-5
            assert np.linalg.det(axes) == pytest.approx(1.0, abs=1e-5)


def test_given_axes_are_kept() -> None:
    run = simulated()
    axes = tuple(map(tuple, Rotation.from_rotvec([0.3, 0.2, -1.0]).as_matrix().tolist()))
    ran = run_kernels(samples_of_run(run), Setup(rate_hz=run.rate_hz, axes=axes, has_standing=True))
    assert np.array_equal(ran.state.mounting[0].axes, np.float32(axes).ravel())


def test_without_running_nothing_is_learned_but_up() -> None:
    run = simulated(walk_s=12.0)
    ran = run_kernels(samples_of_run(run)[: round(14.0 * run.rate_hz)], Setup(rate_hz=run.rate_hz))
    state = ran.state.mounting[0]
    assert state.phase == 0 and state.strides_n == 0
    true = Rotation.from_rotvec(run.parameters.mounting_rotvec_deg, degrees=True).as_matrix()
    assert attitude.angle_between_deg(np.asarray(state.axes, float)[6:9], true[2]) < 1.0


@pytest.mark.parametrize("turn_dps", [5.5, -5.5])
def test_running_round_a_bend_does_not_turn_the_mounting(turn_dps: float) -> None:
    """The bend of a 400 m track: the slow heading lags behind the pelvis."""
    run = simulated(run_s=60.0)
    true = Rotation.from_rotvec(run.parameters.mounting_rotvec_deg, degrees=True).as_matrix()
    heading = []
    for rate in (0.0, turn_dps):
        gyr = run.gyr_radps + np.radians(rate) * run.r_world_from_sensor[:, 2, :] * (run.t_s > 5)[:, None]
        state = run_kernels(samples(run.acc_mps2, gyr, run.rate_hz), Setup(rate_hz=run.rate_hz)).state
        forward = true @ np.asarray(state.mounting[0].axes_learned, float)[:3]
        heading.append(np.degrees(np.arctan2(forward[1], forward[0])))
    assert heading[1] == pytest.approx(heading[0], abs=1.0)
