"""The guide: it asks, sees mistakes at once, and what it took calibrates the clip."""

from __future__ import annotations

import numpy as np
import pytest

import trendel_calibration as tc
from tests.calibration.made import with_mistakes
from trendel.errors import CalibrationError
from trendel_calibration.guide import Guide, describe
from trendel_calibration.sections import NAMES
from trendel_calibration.synthetic import Clip, Handled, Handling, handle


def follow(guide: Guide, made: Handled, block: int = 18) -> Guide:
    for i in range(0, len(made.acc_raw), block):
        if guide.is_done:
            break
        guide.push(made.acc_raw[i : i + block], made.gyr_raw[i : i + block], made.rate_hz)
    return guide


def test_six_positions_with_a_beginners_mistakes() -> None:
    clip = Clip.random(9)
    guide = follow(Guide("ferraris"), with_mistakes(clip))
    said = " ".join(guide.view.said)
    assert guide.is_done, (guide.view, guide.view.said)
    assert "moved before the time was over" in said
    assert "That is z axis up; wanted is y axis up." in guide.view.said
    assert any(s.startswith("That was 1") and "turn it once all round" in s for s in guide.view.said)
    assert guide.again_n == 2 and set(guide.sections) == set(NAMES)
    cal = tc.ferraris(guide.acc, guide.gyr, guide.rate_hz, sections=guide.sections, gravity_mps2=9.80665)
    assert np.abs(cal.acc_matrix - clip.acc_matrix).max() < 0.002
    assert np.abs(cal.gyr_matrix - clip.gyr_matrix).max() < 0.005


def test_poses_are_told_apart_and_enough() -> None:
    clip = Clip.random(5)
    guide = follow(Guide("poses", 18), handle(clip, Handling(seed=5, poses_n=40, choices_n=1)))
    assert guide.is_done and any("lay like that before" in s for s in guide.view.said)
    cal = tc.poses(guide.acc, guide.gyr, guide.rate_hz)
    assert np.abs(np.diag(cal.acc_matrix - clip.acc_matrix)).max() < 0.003


def test_a_pose_that_does_not_fit_is_asked_for_again() -> None:
    made = handle(Clip.random(5), Handling(seed=6, poses_n=40))
    for k in range(22, 26):
        made.acc_raw[slice(*made.spans[k])] *= 1.03
    guide = follow(Guide("poses", 30), made)
    assert any("does not fit the other poses" in s for s in guide.view.said)


def test_lost_samples_start_the_hold_again() -> None:
    made = handle(Clip.random(5), Handling(seed=5, poses_n=20))
    guide = Guide("poses", 14)
    n = int(5.0 * made.rate_hz)
    guide.push(made.acc_raw[:n], made.gyr_raw[:n], made.rate_hz)
    assert guide.view.step == 2
    guide.gap()
    assert "Samples were lost on the way." in guide.view.said and guide.view.holding == 0.0


def test_a_hand_is_no_table() -> None:
    rng = np.random.default_rng(0)
    guide = Guide("poses")
    shaking = rng.normal([0, 0, 9.8], 0.5, (4000, 3))
    guide.push(shaking, rng.normal(0, 0.1, (4000, 3)), 208.0)
    assert guide.view.step == 1 and not guide.view.is_still


def test_words() -> None:
    assert describe(np.array([1.0, 0, 0])) == "x axis up"
    assert describe(np.array([0.6, 0, -0.8])) == "x up, z down"
    assert describe(np.array([-0.57, -0.57, -0.57])) == "x, y and z down"
    assert describe(np.array([-0.57, 0.57, -0.57])) == "y up, x and z down"
    with pytest.raises(CalibrationError):
        Guide("poses", 5)
