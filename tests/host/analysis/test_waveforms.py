"""Average strides: means over strides at equal shares of their time, with nothing unknown in them."""

import numpy as np
import pytest

import trendel
from tests.plain_run import plain_run
from trendel.analysis import Result
from trendel.analysis.waveforms import POINTS_N, SIGNALS, curve, waveforms_table
from trendel.recording import Recording


@pytest.fixture(scope="module")
def result() -> Result:
    run = plain_run(run_s=30.0, end_s=2.0)
    return trendel.analyze(Recording.from_arrays(run.acc_mps2, run.gyr_radps, run.rate_hz))


def test_mean_and_spread_are_those_of_the_strides(result: Result) -> None:
    found = curve(result.waveforms, "obliquity_deg", "L", "all")
    assert found is not None
    mean, sd, n = found
    t, angle = result.signals["t_s"], result.signals["obliquity_deg"]
    kept = []
    for stride in result.strides:
        if stride["side"] == "L" and stride["quality"] >= 0.6:
            at = stride["ic_s"] + (stride["end_s"] - stride["ic_s"]) * np.linspace(0, 1, POINTS_N)
            kept.append(np.interp(at, t, angle))
    assert n == len(kept) > 10
    np.testing.assert_allclose(mean, np.mean(kept, axis=0), atol=1e-4)
    np.testing.assert_allclose(sd, np.std(kept, axis=0, ddof=1), atol=1e-4)


def test_left_and_right_are_half_a_stride_apart(result: Result) -> None:
    left, right = (curve(result.waveforms, "obliquity_deg", side, "all") for side in "LR")
    assert left is not None and right is not None
    half = POINTS_N // 2
    shifted = np.roll(right[0][:-1], half)
    assert np.corrcoef(left[0][:-1], shifted)[0, 1] > 0.95
    assert np.corrcoef(left[0], right[0])[0, 1] < 0


def test_quarters_are_the_first_and_last_strides(result: Result) -> None:
    whole, first, last = (curve(result.waveforms, "tilt_deg", "R", part) for part in ("all", "first", "last"))
    assert whole is not None and first is not None and last is not None
    assert first[2] <= whole[2] // 4 + 1 and last[2] <= whole[2] // 4 + 1


def test_unknown_samples_leave_their_strides_out(result: Result) -> None:
    data = result.signals.data.copy()
    middle = float(np.median(result.strides["ic_s"]))
    data["tilt_deg"][np.searchsorted(data["t_s"], middle) :][:5] = np.nan
    holed = waveforms_table(trendel.analysis.Table(data, result.signals.units), result.strides)
    before, after = (curve(table, "tilt_deg", "L", "all") for table in (result.waveforms, holed))
    assert before is not None and after is not None
    assert 0 < before[2] - after[2] <= 2
    assert np.isfinite(after[0]).all()


def test_without_signals_or_strides_there_are_no_rows(result: Result) -> None:
    none = trendel.analysis.Table(result.signals.data[:0], result.signals.units)
    assert len(waveforms_table(none, result.strides)) == 0
    assert curve(result.waveforms, "tilt_deg", "L", "middle") is None
    assert set(result.waveforms["signal"].tolist()) == set(SIGNALS)
