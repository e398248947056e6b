"""The truth table of signs in docs/conventions.md, executed: the page is read, the motion made, the angle looked at."""

import re
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

import trendel
from tests.plain_run import plain_run
from trendel.constants import STANDARD_GRAVITY_MPS2

PAGE = Path(__file__).resolve().parents[2] / "docs" / "conventions.md"
AXES = "xyz"
RATE_HZ = 200.0


def _table() -> dict[str, tuple[int, str]]:
    """Angle -> (axis of the gyroscope that is positive, what the page says the accelerometer reads)."""
    rows = re.findall(
        r"^\| (tilt|obliquity|rotation) \|[^|]*\| `gyr_([xyz]) > 0`[^|]*\| ([^|]*) \|$", PAGE.read_text(), re.M
    )
    return {angle: (AXES.index(axis), accelerometer) for angle, axis, accelerometer in rows}


def _turned(axis: int, angle_deg: float, still_s: float = 4.0, turn_s: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    """Stand, turn about one pelvis axis by a positive rate, stand again: acc (n, 3) m/s2 and gyr (n, 3) rad/s."""
    n_still, n_turn = round(still_s * RATE_HZ), round(turn_s * RATE_HZ)
    rate = np.concatenate((np.zeros(n_still), np.full(n_turn, np.radians(angle_deg) / turn_s), np.zeros(n_still)))
    gyr = np.zeros((len(rate), 3))
    gyr[:, axis] = rate
    rotvec = np.zeros_like(gyr)
    rotvec[:, axis] = np.cumsum(rate) / RATE_HZ
    acc = Rotation.from_rotvec(rotvec).inv().apply([0.0, 0.0, STANDARD_GRAVITY_MPS2])
    noise = np.random.default_rng(0).normal(0.0, 0.01, (2, *acc.shape))  # an axis without any would count as dead
    return acc + noise[0], gyr + 0.1 * noise[1]


def test_the_page_has_the_table() -> None:
    assert set(_table()) == {"tilt", "obliquity", "rotation"}


@pytest.mark.parametrize("angle", ["tilt", "obliquity", "rotation"])
def test_positive_angle_is_where_the_page_says(angle: str) -> None:
    axis, accelerometer = _table()[angle]
    acc, gyr = _turned(axis, 10.0)
    reading = re.fullmatch(r"`acc_([xyz]) ([<>]) 0`", accelerometer)
    if reading is None:
        assert accelerometer == "no change"
        assert np.allclose(acc[-1], acc[0], atol=0.1)
    else:
        assert (acc[-1, AXES.index(reading[1])] > 1.0) == (reading[2] == ">")
    recording = trendel.Recording.from_arrays(acc, gyr, RATE_HZ)
    signals = trendel.analyze(recording, mounting="pelvis", mode="causal").signals.data
    before, after = round(3.9 * RATE_HZ), round(4.55 * RATE_HZ)
    changes = {name: signals[f"{name}_deg"][after] - signals[f"{name}_deg"][before] for name in _table()}
    # Rotation is about its own slow mean, which follows while it happens.
    assert changes.pop(angle) == pytest.approx(10.0, abs=0.5 if angle != "rotation" else 6.0)
    assert all(abs(other) < 0.5 for other in changes.values())


def test_swing_side_falling_is_a_positive_drop_on_both_sides() -> None:
    run = plain_run(run_s=25.0)
    recording = trendel.Recording.from_arrays(run.acc_mps2, run.gyr_radps, run.rate_hz)
    steps = trendel.analyze(recording).steps.data
    truth = run.steps[run.steps["steady"]]
    for row in truth:
        step = steps[np.abs(steps["ic_s"] - row["ic_s"]).argmin()]
        assert step["side"] == row["side"]
        assert step["pelvic_drop_deg"] > 0 and step["obliquity_peak_deg"] > 0
    left, right = (np.nanmean(steps["obliquity_peak_deg"][steps["side"] == side]) for side in ("L", "R"))
    assert right > left  # as simulated: 7 degrees over the right foot, 5 over the left
