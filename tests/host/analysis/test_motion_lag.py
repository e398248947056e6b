"""Two sensors on one runner are put on one clock by how they move; what does not tell it is refused."""

import numpy as np
import pytest

from tests.host.analysis.worn import LATE_S, PPM, RUN_S, its_clock, worn
from trendel.analysis import motion_lag as module
from trendel.analysis.motion_lag import STRIDE_SD_S, MotionLag, motion_lag
from trendel.errors import RecordingError
from trendel.simulation import SimulatedRun


def _error_s(found: MotionLag, t_s: float) -> float:
    return found.lag_s + (found.rate - 1) * (t_s - found.at_s) - (PPM * 1e-6 * t_s - LATE_S)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_two_clips_on_a_pelvis_are_aligned_to_a_millisecond(seed: int) -> None:
    a, b = worn(seed, 1, 104.0), worn(seed, 2, 208.0)
    kept = b.t_s > 25.0  # the second was switched on later
    found = motion_lag(a.t_s, a.gyr_radps, its_clock(b.t_s[kept]), b.gyr_radps[kept], turning=True)
    assert found.one_segment and found.likeness > 0.9
    assert max(abs(_error_s(found, 0.0)), abs(_error_s(found, RUN_S))) < 1e-3
    assert found.lag_sd_s < 1e-3


def test_gaps_and_standing_do_not_lose_the_millisecond() -> None:
    a, b = worn(1, 1, 104.0), worn(1, 2, 208.0)
    kept = (b.t_s < 50.0) | (b.t_s > 65.0)
    kept &= (b.t_s < 120.0) | (b.t_s > 160.0)
    found = motion_lag(a.t_s, a.gyr_radps, its_clock(b.t_s[kept]), b.gyr_radps[kept], turning=True)
    assert found.one_segment and max(abs(_error_s(found, 0.0)), abs(_error_s(found, RUN_S))) < 1e-3
    stood = (("run", 60.0), ("stand", 160.0), ("run", 60.0))
    a, b = worn(1, 1, 104.0, plan=stood), worn(1, 2, 208.0, plan=stood)
    found = motion_lag(a.t_s, a.gyr_radps, its_clock(b.t_s), b.gyr_radps, turning=True)
    assert found.one_segment and max(abs(_error_s(found, 0.0)), abs(_error_s(found, 280.0))) < 1e-3


def test_two_minutes_in_common_are_enough() -> None:
    """Of the first half and of most of the second, which share two minutes."""
    long = (("run", 480.0),)
    a, b = worn(4, 1, 104.0, plan=long), worn(4, 2, 208.0, plan=long)
    first, second = a.t_s < 300.0, b.t_s > 180.0
    found = motion_lag(a.t_s[first], a.gyr_radps[first], its_clock(b.t_s[second]), b.gyr_radps[second], turning=True)
    assert found.one_segment and abs(_error_s(found, 240.0)) < 1e-3


def test_the_other_way_round_is_the_same() -> None:
    a, b = worn(1, 1, 104.0), worn(1, 2, 208.0)
    one = motion_lag(a.t_s, a.gyr_radps, its_clock(b.t_s), b.gyr_radps, turning=True)
    two = motion_lag(its_clock(b.t_s), b.gyr_radps, a.t_s, a.gyr_radps, turning=True)
    for t in (0.0, RUN_S):
        there = t + one.lag_s + (one.rate - 1) * (t - one.at_s)
        assert there + two.lag_s + (two.rate - 1) * (there - two.at_s) == pytest.approx(t, abs=1e-3)


def _at_a_lever(run: SimulatedRun, lever_m: tuple[float, float, float]) -> np.ndarray:
    """Acceleration elsewhere on the rigid pelvis: a + (dw/dt) x r + w x (w x r)."""
    w = run.gyr_radps.astype(np.float64)
    r = np.broadcast_to(lever_m, w.shape)
    return run.acc_mps2 + np.cross(np.gradient(w, run.t_s, axis=0), r) + np.cross(w, np.cross(w, r))


def test_acceleration_is_believed_only_to_within_a_stride() -> None:
    """Left and right on the belt the wave is alike half a stride too late: that must not pass for milliseconds."""
    a, b = worn(1, 1, 208.0), worn(1, 1, 208.0)
    left, right = _at_a_lever(a, (0.0, 0.15, 0.0)), _at_a_lever(b, (0.0, -0.15, 0.0))
    waves = [module._wave(module._norms(a.t_s, acc)[0])[2000:12000] for acc in (left, right)]
    alike = module._likeness(waves[0][100:-100], waves[1])  # from a second before to a second after
    assert alike.max() > 0.9 and 25 < abs(int(np.argmax(alike)) - 100) < 45
    found = motion_lag(a.t_s, left, its_clock(b.t_s), right, turning=False)
    assert not found.one_segment and found.lag_sd_s == STRIDE_SD_S and found.rate == 1.0
    assert abs(_error_s(found, RUN_S / 2)) < 2 * STRIDE_SD_S


def test_what_does_not_tell_is_refused() -> None:
    a, other = worn(1, 1, 104.0), worn(7, 2, 208.0)
    with pytest.raises(RecordingError, match="do not tell how they lie"):
        motion_lag(a.t_s, a.gyr_radps, other.t_s, other.gyr_radps, turning=True)
    short = a.t_s < 50.0
    with pytest.raises(RecordingError, match="only from 60 s on"):
        motion_lag(a.t_s[short], a.gyr_radps[short], a.t_s, a.gyr_radps, turning=True)
    first, last = a.t_s < 150.0, a.t_s > 130.0
    with pytest.raises(RecordingError, match="do not tell how they lie"):
        motion_lag(a.t_s[first], a.gyr_radps[first], a.t_s[last], a.gyr_radps[last], turning=True)
    resting = worn(6, 1, 104.0, plan=(("stand", 40.0), ("run", 30.0)))
    with pytest.raises(RecordingError, match="do not tell how they lie"):
        motion_lag(resting.t_s, resting.gyr_radps, a.t_s, a.gyr_radps, turning=True)
    still = np.random.default_rng(0).normal(0.0, 0.01, (len(a.t_s), 3))
    with pytest.raises(RecordingError, match="do not tell how they lie"):
        motion_lag(a.t_s, a.gyr_radps, a.t_s, still, turning=True)
    with pytest.raises(RecordingError, match="does not move"):
        motion_lag(a.t_s, a.gyr_radps, a.t_s, np.ones_like(still), turning=True)


def test_likeness_is_the_correlation_at_each_place() -> None:
    rng = np.random.default_rng(3)
    piece, longer = rng.normal(size=40), rng.normal(size=100)
    there = [longer[i : i + 40] for i in range(61)]
    naive = [float(np.dot(piece, part) / np.linalg.norm(piece) / np.linalg.norm(part)) for part in there]
    np.testing.assert_allclose(module._likeness(piece, longer), naive, atol=1e-12)
