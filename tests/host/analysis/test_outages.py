"""Outages and a clip that turns on the belt: nothing is made up, and it is said."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

import trendel
from tests.host.analysis.made import run
from trendel.recording import Recording

ANGLES = ["tilt_deg", "obliquity_deg", "rotation_deg", "vertical_m", "acc_forward_mps2", "acc_up_mps2"]


def test_no_motion_is_made_up_in_an_outage() -> None:
    made = run()
    acc, gyr = made.acc_mps2.copy(), made.gyr_radps.copy()
    start = len(acc) // 2
    stop = start + round(3.0 * made.rate_hz)
    acc[start:stop], gyr[start:stop] = np.nan, np.nan
    res = trendel.analyze(Recording.from_arrays(acc, gyr, made.rate_hz))
    # The first quarter of a second is bridged.
    inside = slice(start + round(0.3 * made.rate_hz), stop)
    for name in ANGLES:
        assert np.isnan(res.signals[name][inside]).all(), name
        assert np.isfinite(res.signals[name][stop + round(2.0 * made.rate_hz) :]).any(), name
    assert set(res.signals["segment"][inside]) == {"unknown"}
    assert res.summary["samples"]["lost"] == pytest.approx(2.75 * made.rate_hz, abs=2)
    outage_s = res.signals["t_s"][start], res.signals["t_s"][stop]
    assert not ((res.steps["ic_s"] > outage_s[0] + 0.3) & (res.steps["ic_s"] < outage_s[1])).any()


def test_live_says_what_happens() -> None:
    made = run()
    stream = trendel.Stream(made.rate_hz)
    events = []
    for i in range(0, len(made.acc_mps2), 52):
        events += stream.push(made.acc_mps2[i : i + 52], made.gyr_radps[i : i + 52]).events
    lost = np.full((round(made.rate_hz), 3), np.nan)
    events += stream.push(lost, lost).events
    events += stream.push(made.acc_mps2[:208], made.gyr_radps[:208]).events
    wanted = ["mounting found", "running started", "mounting settled", "running ended"]
    assert sorted(events[:4]) == sorted(wanted)
    assert events[4:] == ["no valid samples: the sensor or the link is lost", "samples are back"]


@pytest.mark.parametrize("axis", [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
@pytest.mark.parametrize("mode", ["refined", "causal"])
def test_a_clip_that_turns_on_the_belt_is_noticed(axis: list[float], mode: str) -> None:
    """By 40 degrees in half a second: the note says so, and the angles come back by themselves."""
    made = run(run_s=80.0)
    in_pelvis = Rotation.from_rotvec(made.parameters.mounting_rotvec_deg, degrees=True).as_matrix()
    about = in_pelvis.T @ np.array(axis)
    angle = np.radians(40) * np.clip((made.t_s - 45.0) / 0.5, 0.0, 1.0)
    turn = Rotation.from_rotvec(angle[:, None] * about)
    acc = turn.apply(made.acc_mps2)
    gyr = turn.apply(made.gyr_radps) - np.gradient(angle, made.t_s)[:, None] * about
    res = trendel.analyze(Recording.from_arrays(acc, gyr, made.rate_hz), mode=mode)  # type: ignore[arg-type]
    assert any("turned on the belt" in note for note in res.summary["notes"])
    straight = trendel.analyze(Recording.from_arrays(made.acc_mps2, made.gyr_radps, made.rate_hz), mode=mode)  # type: ignore[arg-type]
    assert not any("turned" in note for note in straight.summary["notes"])
    late = (res.steps["ic_s"] > 70.0) & (res.steps["ic_s"] < 80.0)
    usual = (straight.steps["ic_s"] > 70.0) & (straight.steps["ic_s"] < 80.0)
    for side in "LR":
        ours = np.median(res.steps["obliquity_peak_deg"][late & (res.steps["side"] == side)])
        theirs = np.median(straight.steps["obliquity_peak_deg"][usual & (straight.steps["side"] == side)])
        assert ours == pytest.approx(theirs, abs=0.7)


def test_axes_that_are_not_there_have_empty_columns() -> None:
    made = run()
    flat = made.acc_mps2 @ Rotation.from_rotvec(made.parameters.mounting_rotvec_deg, degrees=True).as_matrix().T
    res = trendel.analyze(Recording.from_arrays(flat, None, made.rate_hz, frame="pelvis", missing=["acc_y"]))
    assert np.isnan(res.signals["acc_left_mps2"]).all()
    assert np.isfinite(res.signals["acc_forward_mps2"]).all()
    alone = trendel.analyze(Recording.from_arrays(made.acc_mps2, None, made.rate_hz))
    assert np.isnan(alone.signals["acc_forward_mps2"]).all()
    assert np.isnan(alone.signals["tilt_deg"]).all()
