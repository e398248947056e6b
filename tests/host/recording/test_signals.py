"""Single samples and axes in trouble."""

import numpy as np
import pytest

from tests.host.recording.made import G, adds_up, running
from trendel.errors import RecordingError
from trendel.recording import FLAG_SATURATED, Recording

arrays = Recording.from_arrays


def test_clipped_peaks_are_saturated() -> None:
    _, acc, gyr = running(10.0)
    limit = 1.9 * G
    clipped = np.clip(acc, -limit, limit)
    recording = arrays(clipped, gyr, 200)
    assert adds_up(recording)
    expected = (np.abs(acc) >= limit).any(axis=1)
    assert expected.sum() > 20
    np.testing.assert_array_equal((recording.flags & FLAG_SATURATED) > 0, expected)
    assert any("flagged saturated" in note for note in recording.notes)
    assert arrays(acc, gyr, 200).counts.saturated == 0


def test_stated_range() -> None:
    _, acc, gyr = running(10.0)
    acc[500, 2] = 8 * G
    gyr[700, 1] = np.deg2rad(-1000)
    recording = arrays(acc, gyr, 200, metadata={"range_g": 8, "range_dps": 1000})
    assert adds_up(recording)
    assert np.flatnonzero(recording.flags & FLAG_SATURATED).tolist() == [500, 700]
    wrong = arrays(acc, gyr, 200, metadata={"range_g": 2, "range_dps": 2000})
    assert wrong.counts.saturated == 0
    assert any("range stated" in note for note in wrong.notes)


def test_dead_accelerometer_axis() -> None:
    _, acc, gyr = running(10.0)
    acc[:, 1] = 0.25
    with pytest.raises(RecordingError, match=r"dead axis: acc_y is 0.25"):
        arrays(acc, gyr, 200)
    pelvis = arrays(acc, gyr, 200, frame="pelvis")
    assert adds_up(pelvis)
    assert pelvis.missing == ("acc_y",)
    assert not pelvis.acc_mps2[:, 1].any()


@pytest.mark.parametrize("axes", [[0], [1, 2], [0, 1, 2]])
def test_dead_gyroscope_axis(axes: list[int]) -> None:
    _, acc, gyr = running(10.0)
    gyr[:, axes] = 0.0
    recording = arrays(acc, gyr, 200)
    assert adds_up(recording)
    assert recording.gyr_radps is None
    assert any("gyroscope set aside" in note for note in recording.notes)


def test_axis_stuck_for_a_while() -> None:
    _, acc, gyr = running(10.0)
    acc[600:900, 0] = acc[600, 0]
    recording = arrays(acc, gyr, 200)
    assert adds_up(recording)
    assert np.flatnonzero(~recording.valid).tolist() == list(range(601, 900))
    assert any("acc_x stuck" in note for note in recording.notes)


def test_values_held_out_of_movement_and_at_rest() -> None:
    _, acc, gyr = running(10.0)
    acc[600:700], gyr[600:700] = acc[600], gyr[600]
    recording = arrays(acc, gyr, 200)
    assert adds_up(recording)
    assert np.flatnonzero(~recording.valid).tolist() == list(range(601, 700))
    noise = np.random.default_rng(0)
    acc[1000:1600] = noise.normal([0, 0, G], 0.02, (600, 3))
    gyr[1000:1600] = noise.normal(0, 0.002, (600, 3))
    acc[1200:1500], gyr[1200:1500] = acc[1200], gyr[1200]
    recording = arrays(acc, gyr, 200)
    assert adds_up(recording)
    assert recording.counts.invalid == 99
    assert any("held exactly at rest" in note for note in recording.notes)


def test_different_rates_of_the_sensors() -> None:
    _, acc, gyr = running(10.0)
    sparse = gyr.copy()
    sparse[np.arange(len(sparse)) % 4 != 0] = np.nan
    with pytest.raises(RecordingError, match="no usable gyroscope values"):
        arrays(acc, sparse, 200)


def test_filled_samples_are_not_called_held() -> None:
    t, acc, gyr = running(10.0)
    keep = np.ones(len(t), bool)
    keep[600:690] = False
    acc[1200:1300] = np.nan
    recording = arrays(acc[keep], gyr[keep], t_s=t[keep])
    assert adds_up(recording)
    assert recording.counts.filled == 90
    assert recording.counts.invalid == 100
    assert not any("held" in note for note in recording.notes), recording.notes


def test_a_short_piece_is_not_called_clipped() -> None:
    _, acc, gyr = running(10.0)
    acc[:, 2] = np.maximum(acc[:, 2], 0)
    whole = arrays(acc, gyr, 200, frame="pelvis")
    assert any("has clipped it" in note for note in whole.notes)
    short = arrays(acc[:190], gyr[:190], 200, frame="pelvis")
    assert not any("has clipped it" in note for note in short.notes), short.notes


def test_one_is_said_in_the_singular() -> None:
    t, acc, gyr = running(10.0)
    acc[300] = np.nan
    acc[600:700], gyr[600:700] = acc[600], gyr[600]
    keep = np.arange(len(t)) != 1500
    notes = " ".join(arrays(acc[keep], gyr[keep], t_s=t[keep]).notes)
    assert "1 sample missing in 1 short gap;" in notes
    assert "1 sample without usable values" in notes
    assert "movement 1 time (99 samples)" in notes
    with pytest.raises(RecordingError, match=r"would mean about \d+ Hz"):
        arrays(*running(20.0)[1:], 800)
