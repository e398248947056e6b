"""Any poses: accuracy, intervals, robustness, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import trendel_calibration as tc
from tests.calibration.coverage import Trial, coverage, trial
from trendel.errors import CalibrationError
from trendel_calibration.acc_fit import matrix_of
from trendel_calibration.synthetic import Clip, Handled, Handling, handle, perform
from trendel_calibration.turns import turned

TRIALS_N = 12


@pytest.fixture(scope="module")
def made() -> Handled:
    return handle(Clip.random(4), Handling(seed=4, poses_n=26))


@pytest.fixture(scope="module")
def trials() -> list[Trial]:
    return [trial(seed) for seed in range(TRIALS_N)]


def test_interface(made: Handled) -> None:
    cal = tc.poses(made.acc_raw, made.gyr_raw, made.rate_hz)
    for name, shape in (("acc_matrix", (3, 3)), ("acc_bias", (3,)), ("gyr_matrix", (3, 3)), ("gyr_bias", (3,))):
        assert getattr(cal, name).shape == getattr(cal, f"{name}_std").shape == shape
    one = cal.acc_matrix @ (made.acc_raw[100] - cal.acc_bias)
    assert np.allclose(cal.acc_mps2(made.acc_raw)[100], one)
    assert (cal.acc_matrix[np.tril_indices(3, -1)] == 0).all() and len(cal.poses) == 26
    with pytest.raises(AttributeError):
        cal.method = "other"  # type: ignore[misc]


def test_intervals_hold_the_truth(trials: list[Trial]) -> None:
    # The study of 200 (python -m tests.calibration) is held to 93 to 97 %; of 12, chance alone spreads by 2 %.
    share, n = coverage(trials)
    assert n == 21 * TRIALS_N and 0.89 <= share <= 0.99


def test_targets_after_calibration(trials: list[Trial]) -> None:
    assert max(t.gravity_after_mps2 for t in trials) <= 0.02
    assert max(t.inclination_after_deg for t in trials) <= 0.15
    assert max(t.gyr_scale_percent for t in trials) <= 0.3
    assert np.median([t.gravity_before_mps2 for t in trials]) > 0.1  # there was something to calibrate


def test_counts_of_any_scale_offset_and_sign() -> None:
    base = Clip.random(3)
    # An unsigned 16-bit converter: 415 counts per m/s2 about 33,000, 4,770 per rad/s, gyroscope wired the other way.
    clip = Clip(base.acc_matrix / 415, np.array([33123.0, 33276.0, 32360.0]), -base.gyr_matrix / 4770,
                np.array([32768.0, 32466.0, 32485.0]), 100.0, 0.01, 0.01, 0.005, 0.001, (1.0, 1.0))  # fmt: skip
    made = handle(clip, Handling(seed=1, poses_n=37, still_s=2.0, first_s=30.0, turn_s=2.5))
    cal = tc.poses(made.acc_raw, made.gyr_raw, 100.0)
    assert np.abs(np.diag(cal.acc_matrix) / np.diag(clip.acc_matrix) - 1).max() < 0.003
    assert np.abs(np.diag(cal.gyr_matrix) / np.diag(clip.gyr_matrix) - 1).max() < 0.003
    assert np.abs(cal.acc_bias - clip.acc_bias).max() < 0.002 * 32768
    assert np.abs(cal.gyr_bias - clip.gyr_bias).max() < 0.002 * 32768
    assert cal.gravity_rms_mps2 < 0.03


def test_disturbed_poses_are_set_aside(made: Handled) -> None:
    acc = made.acc_raw.copy()
    for k in (5, 11):
        acc[slice(*made.spans[k])] += [0.3, 0.3, -0.3]  # something leaned on it
    cal = tc.poses(acc, made.gyr_raw, made.rate_hz)
    assert (~cal.used).sum() in (2, 3) and any("set aside" in note for note in cal.notes)
    assert (
        np.abs((cal.acc_matrix - made.clip.acc_matrix) / np.maximum(cal.acc_matrix_std, 1e-9))[np.triu_indices(3)].max()
        < 5
    )


def test_a_hand_that_trembles_is_no_rest(made: Handled) -> None:
    cal = tc.poses(*_rough(made), made.rate_hz)
    assert np.abs(np.diag(cal.acc_matrix - made.clip.acc_matrix)).max() < 0.003


def _rough(made: Handled) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    rest = np.zeros(len(made.acc_raw), bool)
    for a, b in made.spans:
        rest[a + 30 : b - 30] = True
    shake = rng.normal(0.0, 1.0, made.acc_raw.shape) * ~rest[:, None]
    return made.acc_raw + 2.0 * shake, made.gyr_raw + 0.1 * shake


def test_accelerometer_alone(made: Handled) -> None:
    cal = tc.poses(made.acc_raw, None, made.rate_hz)
    assert not cal.has_gyr and cal.turn_rms_rad is None and cal.record()["gyr_matrix"][0] == [None] * 3
    assert np.abs(cal.acc_bias - made.clip.acc_bias).max() < 0.01


def test_gravity_of_the_place_scales_the_accelerometer(made: Handled) -> None:
    one, other = (tc.poses(made.acc_raw, None, made.rate_hz, gravity_mps2=g) for g in (9.80665, 9.780))
    assert np.allclose(other.acc_matrix / 9.780, one.acc_matrix / 9.80665, rtol=1e-6)


def test_jacobian_of_turns_is_that_of_differences() -> None:
    rng = np.random.default_rng(0)
    rates, up = np.cumsum(rng.normal(0, 0.1, (3, 60, 3)), axis=1), rng.normal(size=(3, 3))
    up /= np.linalg.norm(up, axis=1)[:, None]
    m = np.eye(3) + 0.02 * rng.normal(size=(3, 3))
    _, jacobian = turned(m, rates, 0.005, up)
    for k in range(9):
        step = np.zeros(9)
        step[k] = 1e-6
        there, back = (turned(m + s * step.reshape(3, 3), rates, 0.005, up)[0] for s in (1, -1))
        assert np.allclose((there - back) / 2e-6, jacobian[:, :, k], atol=2e-2 * np.abs(jacobian).max())


def test_upper_triangle() -> None:
    assert np.array_equal(matrix_of(np.arange(1.0, 7.0)), [[1, 2, 3], [0, 4, 5], [0, 0, 6]])


def test_refused(made: Handled) -> None:
    acc, gyr, rate = made.acc_raw, made.gyr_raw, made.rate_hz
    few = slice(0, int(made.spans[8][1]))
    flat = np.tile([0.1, 0.2, 9.8], (9000, 1)) + np.random.default_rng(0).normal(0, 0.02, (9000, 3))
    still = np.random.default_rng(1).normal(0, 0.001, (9000, 3))
    holes = acc.copy()
    holes[5] = np.nan
    cases = [
        ((acc[few], gyr[few], rate), "poses at rest were found"),
        ((flat, still, rate), "only 1 poses"),
        ((acc[:, :2], gyr, rate), "must be \\(n, 3\\)"),
        ((acc, gyr[:-1], rate), "as many of both"),
        ((acc, gyr, 0), "cannot be"),
        ((acc, gyr, float("nan")), "cannot be"),
        ((holes, gyr, rate), "missing or infinite"),
        ((acc[:50], gyr[:50], rate), "too short"),
        ((acc, np.zeros_like(gyr), rate), "one value throughout"),
        ((acc, gyr, 3 * rate), "do not agree on the turns|turns|poses"),
    ]
    for arguments, words in cases:
        with pytest.raises(CalibrationError, match=words) as caught:
            tc.poses(*arguments)
        assert str(caught.value).count("\n") == 0


def test_one_sided_attitudes_are_refused() -> None:
    rng, clip = np.random.default_rng(3), Clip.random(2)
    stages = [(5.0, np.zeros(3))]
    for k in range(20):  # there and back, within fifteen degrees of level
        turn = np.radians(15.0) * np.array([np.cos(k), np.sin(k), 0.0])
        stages += [(1.0, turn), (2.0, np.zeros(3)), (1.0, -turn), (2.0, np.zeros(3))]
    made = perform(clip, Handling(), stages, np.eye(3), rng)
    with pytest.raises(CalibrationError, match=r"too much alike|do not determine"):
        tc.poses(made.acc_raw, None, made.rate_hz)
