"""Recording.from_arrays: the same checks for arrays."""

import numpy as np
import pytest

from tests.host.recording.made import adds_up, running
from trendel.errors import RecordingError
from trendel.recording import Recording

arrays = Recording.from_arrays


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_kinds(dtype: type) -> None:
    t, acc, gyr = running(5.0)
    recording = arrays(acc.astype(dtype), gyr.astype(dtype), 200)
    assert adds_up(recording)
    np.testing.assert_array_equal(recording.acc_mps2, acc.astype(np.float32))
    listed = arrays(acc.tolist(), gyr.tolist(), t_s=t.tolist())
    np.testing.assert_array_equal(listed.acc_mps2, recording.acc_mps2)
    strided = arrays(np.asfortranarray(acc), gyr[:, ::-1][:, ::-1], 200)
    np.testing.assert_array_equal(strided.acc_mps2, recording.acc_mps2)
    assert recording.source == "arrays"


def test_input_is_copied() -> None:
    t, acc, gyr = running(5.0)
    acc, gyr = acc.astype(np.float32), gyr.astype(np.float32)
    acc[10] = np.nan
    before = acc.copy(), gyr.copy(), t.copy()
    recording = arrays(acc, gyr, t_s=t)
    for given, kept in zip((acc, gyr, t), before, strict=True):
        np.testing.assert_array_equal(given, kept)
    for mine in (recording.acc_mps2, recording.gyr_radps, recording.t_s):
        assert mine is not None
        assert mine.flags.writeable
        assert not any(np.shares_memory(mine, given) for given in (acc, gyr, t))


GOOD = running(5.0)[1]


@pytest.mark.parametrize(
    ("kwargs", "reason"),
    [
        ({"acc_mps2": GOOD[:, 0]}, r"shape \(1000,\) where \(n, 3\)"),
        ({"acc_mps2": GOOD.T}, "looks transposed"),
        ({"acc_mps2": GOOD[:, :2]}, r"shape \(1000, 2\)"),
        ({"acc_mps2": "abc"}, "array of numbers"),
        ({"acc_mps2": [[1, 2, 3], [1, 2]]}, "array of numbers"),
        ({"acc_mps2": GOOD.astype(complex)}, "array of numbers"),
        ({"acc_mps2": GOOD.astype(object)}, "array of numbers"),
        ({"acc_mps2": None}, "array of numbers"),
        ({"acc_mps2": GOOD[:0]}, "no samples"),
        ({"acc_mps2": GOOD, "gyr_radps": GOOD[:10]}, r"gyr_radps has the shape \(10, 3\) where \(1000, 3\)"),
        ({"acc_mps2": GOOD, "t_s": np.arange(5.0)}, r"t_s has the shape \(5,\) where \(1000,\)"),
        ({"acc_mps2": GOOD, "rate_hz": None}, "no time stamps and no rate: give t_s or rate_hz"),
        ({"acc_mps2": GOOD, "rate_hz": "fast"}, "rate_hz is 'fast'"),
        ({"acc_mps2": GOOD, "rate_hz": 1e12}, "cannot be right"),
        ({"acc_mps2": GOOD, "frame": "world"}, "frame = 'world'"),
        ({"acc_mps2": GOOD, "missing": ["acc_y"]}, "lacks acc_y"),
        ({"acc_mps2": GOOD, "missing": ["mag_y"], "frame": "pelvis"}, "mag_y"),
        ({"acc_mps2": GOOD, "missing": ["acc_z"], "frame": "pelvis"}, "vertical axis"),
        ({"acc_mps2": GOOD, "metadata": 3}, "map names to values"),
        ({"acc_mps2": GOOD * np.nan}, "no usable accelerometer"),
    ],
)
def test_refused(kwargs: dict[str, object], reason: str) -> None:
    with pytest.raises(RecordingError, match=reason) as caught:
        arrays(**{"rate_hz": 200, "source": "mine", **kwargs})  # type: ignore[arg-type]
    assert str(caught.value).startswith("mine: ")


def test_missing_axes() -> None:
    _, acc, gyr = running(5.0)
    acc[:, 1] = np.nan
    recording = arrays(acc, None, 200, frame="pelvis", missing=("acc_y",))
    assert adds_up(recording)
    assert recording.missing == ("acc_y",)
    assert recording.counts.bridged == 0
    partly = arrays(running(5.0)[1], gyr, 200, frame="pelvis", missing=("gyr_z",))
    assert partly.gyr_radps is None
    assert partly.missing == ()
    assert any("set aside" in note for note in partly.notes)


def test_rate_in_the_metadata_and_short_recordings() -> None:
    _, acc, gyr = running(5.0)
    assert arrays(acc, gyr, metadata={"rate_hz": 200, "subject": "P01"}).metadata["subject"] == "P01"
    short = arrays(acc[:20], gyr[:20], 200)
    assert adds_up(short)
    assert any("could not be checked" in note for note in short.notes)
    assert adds_up(arrays(acc[:1], None, 200))
