"""Clocks: rates, gaps, jitter, stamps that repeat or run backward."""

import numpy as np
import pytest

from tests.host.recording.made import adds_up, running
from trendel.errors import RecordingError
from trendel.recording import FLAG_GAP_BEFORE, Recording

arrays = Recording.from_arrays


@pytest.mark.parametrize("rate_hz", [52.0, 100.0, 104.0, 208.0, 285.714, 333.0, 416.0, 500.0, 833.0, 1000.0])
@pytest.mark.parametrize("epoch", [0.0, 1.7e9])
def test_rate_from_stamps_rounded_to_milliseconds(rate_hz: float, epoch: float) -> None:
    t, acc, gyr = running(20.0, rate_hz)
    recording = arrays(acc, gyr, t_s=np.round(t + epoch, 3))
    assert adds_up(recording)
    assert recording.rate_hz == pytest.approx(rate_hz, rel=1e-4)
    assert recording.counts.filled == recording.counts.gaps == 0
    assert recording.notes == ()


@pytest.mark.parametrize("rate_hz", [104.0, 208.0, 416.0, 833.0])
def test_losses_with_rounded_stamps(rate_hz: float) -> None:
    t, acc, gyr = running(20.0, rate_hz)
    lost = np.random.default_rng(3).choice(np.arange(1, len(t) - 1), len(t) // 100, replace=False)
    keep = np.ones(len(t), bool)
    keep[lost] = False
    recording = arrays(acc[keep], gyr[keep], t_s=np.round(t, 3)[keep])
    assert adds_up(recording)
    assert recording.rate_hz == pytest.approx(rate_hz, rel=2e-3)
    # At 833 Hz a step of 2 ms may be one lost sample or rounding: what is lost shows in the sum only.
    assert recording.counts.filled == len(lost) or rate_hz > 500
    assert rate_hz > 500 or len(recording) == len(t)


@pytest.mark.parametrize("loss", [0.05, 0.2])
def test_random_losses_are_filled_in_place(loss: float) -> None:
    t, acc, gyr = running(20.0, 208.0)
    keep = np.random.default_rng(4).random(len(t)) > loss
    keep[[0, -1]] = True
    recording = arrays(acc[keep], gyr[keep], t_s=t[keep])
    assert adds_up(recording)
    assert recording.rate_hz == pytest.approx(208)
    assert len(recording) == len(t)
    np.testing.assert_array_equal(recording.valid, keep)
    np.testing.assert_allclose(recording.t_s, t, atol=1e-9)
    np.testing.assert_array_equal(recording.acc_mps2[keep], acc[keep].astype(np.float32))


def test_gaps_short_and_long() -> None:
    t, acc, gyr = running(20.0, 200.0)
    keep = np.ones(len(t), bool)
    keep[1000:1099] = False
    keep[2000:2200] = False
    recording = arrays(acc[keep], gyr[keep], t_s=t[keep])
    assert adds_up(recording)
    assert (recording.counts.filled, recording.counts.gaps) == (99, 1)
    assert np.flatnonzero(recording.flags & FLAG_GAP_BEFORE).tolist() == [2000]
    assert recording.t_s[2000] - recording.t_s[1999] == pytest.approx(201 / 200)
    assert not recording.valid[1000:1099].any()
    assert any("99 samples missing in 1 short gap;" in note for note in recording.notes)


def test_small_jitter_is_kept_and_heavy_jitter_is_said() -> None:
    t, acc, gyr = running(20.0, 200.0)
    noise = np.random.default_rng(5)
    small = arrays(acc, gyr, t_s=t + noise.uniform(-2e-4, 2e-4, len(t)))
    assert small.rate_hz == pytest.approx(200, rel=1e-3)
    assert small.notes == ()
    assert small.counts.filled == 0
    heavy = arrays(acc, gyr, t_s=t + noise.uniform(-2.2e-3, 2.2e-3, len(t)))
    assert adds_up(heavy)
    assert heavy.rate_hz == pytest.approx(200, rel=5e-3)
    assert any("Heavy jitter" in note for note in heavy.notes)
    assert heavy.counts.filled < 0.02 * len(t)


@pytest.mark.parametrize("sd_s", [1.5e-3, 2e-3, 3e-3, 5e-3, 2e-2, None])
@pytest.mark.parametrize("rate_hz", [None, 200.0])
@pytest.mark.parametrize("rate", [104.0, 200.0])
def test_stamps_that_jitter_by_whole_steps_lack_nothing(sd_s: float | None, rate_hz: float | None, rate: float) -> None:
    """Gaussian noise on the stamps (sorted); None: steps drawn from an exponential distribution."""
    t, acc, gyr = running(60.0, rate)
    noise = np.random.default_rng(8)
    if sd_s is None:
        stamps = np.cumsum(noise.exponential(1 / rate, len(t)))
    else:
        stamps = np.sort(t + noise.normal(0, sd_s, len(t)))
    recording = arrays(acc, gyr, None if rate_hz is None else rate, t_s=stamps)
    assert adds_up(recording)
    mean_hz = (len(t) - 1) / (stamps[-1] - stamps[0])
    assert recording.rate_hz == pytest.approx(mean_hz, rel=1e-3)
    assert recording.counts.filled == recording.counts.gaps == 0
    np.testing.assert_array_equal(recording.t_s, stamps)
    relative = np.std(np.diff(stamps)) * rate
    assert any("Heavy jitter" in note for note in recording.notes) == (relative > 0.3)


@pytest.mark.parametrize("sd_s", [2e-3, 3e-3])
def test_gaps_behind_heavy_jitter_are_found(sd_s: float) -> None:
    t, acc, gyr = running(60.0, 200.0)
    stamps = np.sort(t + np.random.default_rng(9).normal(0, sd_s, len(t)))
    keep = np.ones(len(t), bool)
    for start, n in ((1000, 10), (3000, 40), (5000, 99), (8000, 400)):
        keep[start : start + n] = False
    recording = arrays(acc[keep], gyr[keep], t_s=stamps[keep])
    assert adds_up(recording)
    assert recording.rate_hz == pytest.approx(200, rel=1e-3)
    assert recording.counts.gaps == 1
    assert recording.counts.filled == pytest.approx(149, abs=4)
    assert not recording.valid[[1005, 3010, 3030, 5050]].any()


@pytest.mark.parametrize("block", [2, 5, 10])
@pytest.mark.parametrize("inside", [0.0, 1e-5])
def test_blocks_stamped_on_arrival_are_spaced_evenly(block: int, inside: float) -> None:
    t, acc, gyr = running(20.0, 200.0)
    i = np.arange(len(t))
    recording = arrays(acc, gyr, t_s=t[i // block * block] + inside * (i % block))
    assert adds_up(recording)
    assert recording.rate_hz == pytest.approx(200, rel=1e-2)
    assert np.abs(recording.t_s - t).max() < 0.06
    assert recording.notes


@pytest.mark.parametrize("resolution_s", [0.01, 0.1, 1.0])
def test_coarse_clock(resolution_s: float) -> None:
    t, acc, gyr = running(30.0, 208.0)
    recording = arrays(acc, gyr, t_s=np.floor(t / resolution_s) * resolution_s)
    assert adds_up(recording)
    assert recording.rate_hz == pytest.approx(208, rel=0.02)
    assert recording.counts.gaps == 0


def test_identical_repeats_are_dropped() -> None:
    t, acc, gyr = running(10.0, 200.0)
    acc[500] = np.nan
    twice = np.sort(np.concatenate([np.arange(len(t)), [100, 100, 500, 900]]))
    recording = arrays(acc[twice], gyr[twice], t_s=t[twice])
    assert adds_up(recording)
    assert recording.counts.duplicated == 4
    assert len(recording) == len(t)


def test_few_different_samples_with_one_stamp() -> None:
    t, acc, gyr = running(10.0, 200.0)
    t[501] = t[500]
    recording = arrays(acc, gyr, t_s=t)
    assert adds_up(recording)
    assert len(recording) == len(t)
    assert recording.rate_hz == pytest.approx(200, rel=1e-3)
    assert any("1 sample with the time stamp of the one before" in note for note in recording.notes)


@pytest.mark.parametrize("shift", [0.8, -0.8, 1e6, -1e6])
def test_few_backward_stamps_are_dropped(shift: float) -> None:
    t, acc, gyr = running(10.0, 200.0)
    t[700] += shift
    recording = arrays(acc, gyr, t_s=t)
    assert adds_up(recording)
    assert recording.counts.refused == 1
    assert recording.counts.filled == 1
    assert not recording.valid[700]
    assert len(recording) == len(t)


def test_wholesale_backward_stamps_are_refused() -> None:
    t, acc, gyr = running(10.0, 200.0)
    with pytest.raises(RecordingError, match="run backward"):
        arrays(acc, gyr, t_s=t[::-1])
    with pytest.raises(RecordingError, match="run backward"):
        arrays(acc, gyr, t_s=np.random.default_rng(0).permutation(t))
    with pytest.raises(RecordingError, match="clock restarts there"):
        arrays(acc, gyr, t_s=np.concatenate([t[:1000], t[:1000]]))


def test_a_wrapped_microsecond_counter_is_unrolled(tmp_path: object) -> None:
    from pathlib import Path

    from tests.host.recording.made import NAMES, table, write
    from trendel.recording import read

    values = table(10.0)
    values[:, 0] = np.mod(np.rint(values[:, 0] * 1e6) + 2**32 - 4e6, 2**32)
    recording = read(write(Path(str(tmp_path)) / "run.csv", values, ("time_us", *NAMES[1:])))
    assert adds_up(recording)
    assert recording.counts.gaps == recording.counts.refused == recording.counts.filled == 0
    assert recording.duration_s == pytest.approx(10)


def test_stamps_against_the_stated_rate() -> None:
    t, acc, gyr = running(10.0, 200.0)
    with pytest.raises(RecordingError, match="200 Hz where rate_hz says 100 Hz"):
        arrays(acc, gyr, 100, t_s=t)
    off = arrays(acc, gyr, 206, t_s=t)
    assert off.rate_hz == pytest.approx(200)
    assert any("the stamps count" in note for note in off.notes)
    assert arrays(acc, gyr, 200, t_s=np.round(t, 5) * (1 + 1e-6)).rate_hz == 200.0


@pytest.mark.parametrize(("factor", "hint"), [(1e3, "1,000 times finer"), (1e-3, "1,000 times coarser")])
def test_wrong_unit_of_time(factor: float, hint: str) -> None:
    t, acc, gyr = running(10.0, 200.0)
    with pytest.raises(RecordingError, match=hint):
        arrays(acc, gyr, t_s=t * factor)
    with pytest.raises(RecordingError, match="rate given is"):
        arrays(acc, gyr, 200 / factor)


@pytest.mark.parametrize(
    ("rate_hz", "words"), [(20.0, "too slow to see foot contacts"), (24.9, "too slow"), (2010.0, "faster than trendel")]
)
def test_rates_that_are_not_analysed_are_refused(rate_hz: float, words: str) -> None:
    t, acc, gyr = running(10.0, rate_hz)
    for given in ({"rate_hz": rate_hz}, {"t_s": t}):
        with pytest.raises(RecordingError, match=rf"^arrays: the .*{words}.*\(25 to 2000 Hz\)"):
            arrays(acc, gyr, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize("rate_hz", [25.0, 2000.0])
def test_the_rates_at_the_bounds_are_taken(rate_hz: float) -> None:
    t, acc, gyr = running(10.0, rate_hz)
    assert arrays(acc, gyr, rate_hz).rate_hz == rate_hz
    for scale in (1.0, 1 + 1e-5, 1 - 1e-5):
        recording = arrays(acc, gyr, t_s=t * scale)
        assert adds_up(recording)
        assert recording.rate_hz == pytest.approx(rate_hz, rel=2e-5)


def test_missing_stamps() -> None:
    t, acc, gyr = running(10.0, 200.0)
    t[[5, 900]] = np.nan
    recording = arrays(acc, gyr, t_s=t)
    assert adds_up(recording)
    assert recording.counts.refused == recording.counts.filled == 2
    t[::3] = np.nan
    with pytest.raises(RecordingError, match="no time stamp in"):
        arrays(acc, gyr, t_s=t)
    with pytest.raises(RecordingError, match="same time stamp in every row"):
        arrays(acc, gyr, t_s=np.zeros(len(t)))


def test_a_frozen_logger() -> None:
    _, acc, gyr = running(1.0, 200.0)
    with pytest.raises(RecordingError, match="the logger hung"):
        arrays(np.repeat(acc[:1], 400, axis=0), np.repeat(gyr[:1], 400, axis=0), t_s=np.zeros(400))
