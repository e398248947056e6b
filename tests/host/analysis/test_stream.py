"""Live is what analyze(mode="causal") gives, in any pieces."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import trendel
from tests.host.analysis.made import recording, result, run
from trendel.analysis import Completed, Table
from trendel.errors import RecordingError
from trendel.kernels.layout import SAMPLE_INVALID, SEGMENT_RUNNING, SEGMENT_STANDING
from trendel.recording import Recording

RATE_HZ = run().rate_hz


def joined(parts: list[Completed], name: str) -> np.ndarray:
    """The rows of all parts."""
    return np.concatenate([getattr(part, name).data for part in parts])


def same(ours: np.ndarray, table: Table) -> None:
    """The same rows; times within rounding of the clock's float64."""
    theirs = table.data
    assert ours.dtype == theirs.dtype and len(ours) == len(theirs)
    for name in theirs.dtype.names or ():
        if name in ("ic_s", "to_s", "end_s"):
            assert ours[name] == pytest.approx(theirs[name], abs=1e-9)
        else:
            assert np.array_equal(ours[name], theirs[name], equal_nan=ours[name].dtype.kind == "f"), name


def pushed(sizes: list[int]) -> list[Completed]:
    """The recording pushed in pieces of these sizes, over and over."""
    stream, parts, start, k = trendel.Stream(RATE_HZ), [], 0, 0
    acc, gyr = recording().acc_mps2, recording().gyr_radps
    assert gyr is not None
    while start < len(acc):
        stop = start + sizes[k % len(sizes)]
        parts.append(stream.push(acc[start:stop], gyr[start:stop]))
        start, k = stop, k + 1
    return [*parts, stream.finish()]


@given(st.lists(st.integers(1, 3000), min_size=1, max_size=6).filter(lambda sizes: sum(sizes) / len(sizes) > 20))
@settings(max_examples=15, deadline=None)
def test_any_pieces_give_the_rows_of_causal(sizes: list[int]) -> None:
    parts = pushed(sizes)
    same(joined(parts, "steps"), result("causal").steps)
    same(joined(parts, "strides"), result("causal").strides)


def test_single_samples() -> None:
    stream, parts = trendel.Stream(RATE_HZ), []
    for acc, gyr in zip(run().acc_mps2[:3000], run().gyr_radps[:3000], strict=True):
        parts.append(stream.push(acc, gyr))
    rows = joined(parts, "steps")
    assert len(rows) > 10 and max(len(part.steps) for part in parts) == 1
    same(rows, Table(result("causal").steps.data[: len(rows)], {}))
    assert stream.samples_n == 3000 and stream.segment == SEGMENT_RUNNING


def test_accelerometer_alone_equals_causal() -> None:
    stream = trendel.Stream(RATE_HZ, has_gyro=False)
    part = stream.push(recording(False).acc_mps2)
    same(part.steps.data, result("causal", False).steps)


def test_a_known_mounting_equals_causal() -> None:
    axes = np.asarray(result().summary["mounting"]["r_pelvis_from_sensor"])
    stream = trendel.Stream(RATE_HZ, mounting=axes)
    part = stream.push(recording().acc_mps2, recording().gyr_radps)
    same(part.steps.data, trendel.analyze(recording(), mode="causal", mounting=axes).steps)


def test_flags_equal_those_of_a_recording() -> None:
    acc, gyr = run().acc_mps2.copy(), run().gyr_radps.copy()
    acc[4000:4010] = np.nan
    made = Recording.from_arrays(acc, gyr, RATE_HZ)
    assert made.counts.bridged == 10
    part = trendel.Stream(RATE_HZ).push(acc, gyr)
    found = trendel.analyze(made, mode="causal")
    same(part.steps.data, found.steps)
    assert sum("bridged" in flags for flags in found.steps["flags"]) in (1, 2)


def test_a_short_gap_is_bridged_like_invalid_samples() -> None:
    lost_n = 20
    acc, gyr = run().acc_mps2, run().gyr_radps
    stream = trendel.Stream(RATE_HZ)
    before = stream.push(acc[:4000], gyr[:4000])
    stream.gap(lost_n)
    after = stream.push(acc[4000 + lost_n :], gyr[4000 + lost_n :])
    flags = np.zeros(len(acc), np.uint32)
    flags[4000 : 4000 + lost_n] = SAMPLE_INVALID
    whole = trendel.Stream(RATE_HZ).push(acc, gyr, flags=flags)
    assert stream.samples_n == len(acc)
    times = np.concatenate([before.steps["ic_s"], after.steps["ic_s"]])
    assert np.isin(times, whole.steps["ic_s"]).all()


@pytest.mark.parametrize("lost_s", [0.5, 1.5, 10.0, 600.0])
def test_after_a_long_gap_times_stay_true(lost_s: float) -> None:
    lost_n, cut = round(lost_s * RATE_HZ), 4000
    acc, gyr = run().acc_mps2, run().gyr_radps
    stream = trendel.Stream(RATE_HZ)
    before = stream.push(acc[:cut], gyr[:cut])
    meanwhile = stream.gap(lost_n)  # a step that was waiting comes out with it
    after = stream.push(acc[cut:], gyr[cut:])
    assert stream.samples_n == len(acc) + lost_n
    truth = run().steps["ic_s"] + np.where(run().steps["ic_s"] > cut / RATE_HZ, lost_n / RATE_HZ, 0.0)
    assert len(before.steps) > 5 and len(after.steps) > 5
    for part in (before, meanwhile, after):
        for at in part.steps["ic_s"]:
            # Within half a second of its ends running fades in and out, which the truth leaves out.
            assert np.abs(truth - at).min() < 0.08 or not truth[0] <= at <= truth[-1]
    assert after.steps["ic_s"].min() > (cut + lost_n) / RATE_HZ
    assert after.steps["run"].min() == before.steps["run"].max() + 1
    assert after.steps["step"][0] == before.steps["step"][-1] + len(meanwhile.steps) + 1


def test_a_checkpoint_continues_in_another_stream() -> None:
    acc, gyr = run().acc_mps2, run().gyr_radps
    first = trendel.Stream(RATE_HZ)
    before = first.push(acc[:4321], gyr[:4321])
    second = trendel.Stream(RATE_HZ)
    second.state = first.state
    after = second.push(acc[4321:], gyr[4321:])
    assert not any("cold start" in event for event in after.events)
    same(joined([before, after], "steps"), result("causal").steps)
    with pytest.raises(RecordingError, match="checkpoint"):
        second.state = first.state[:-4]


def test_a_checkpoint_of_other_parameters_starts_cold_and_says_so() -> None:
    first, second = trendel.Stream(RATE_HZ), trendel.Stream(RATE_HZ + 1)
    first.push(run().acc_mps2[:1000], run().gyr_radps[:1000])
    second.state = first.state
    assert "cold start" in second.push(run().acc_mps2[1000:1001], run().gyr_radps[1000:1001]).events[0]
    assert not second.push(run().acc_mps2[1001:1002], run().gyr_radps[1001:1002]).events


def test_times_count_from_the_start_given() -> None:
    part = trendel.Stream(RATE_HZ, start_s=500.0).push(run().acc_mps2, run().gyr_radps)
    assert part.steps["ic_s"] == pytest.approx(result("causal").steps["ic_s"] + 500.0)


def test_rows_given_out_are_kept_when_more_comes() -> None:
    stream = trendel.Stream(RATE_HZ)
    first = stream.push(run().acc_mps2[:3000], run().gyr_radps[:3000])
    kept = first.steps.data.copy()
    stream.push(run().acc_mps2[3000:], run().gyr_radps[3000:])
    assert first.steps.data.tobytes() == kept.tobytes()


def test_segment_of_now() -> None:
    stream = trendel.Stream(RATE_HZ)
    n = round(3.9 * RATE_HZ)
    stream.push(run().acc_mps2[:n], run().gyr_radps[:n])
    assert stream.segment == SEGMENT_STANDING


def test_empty_push_gives_nothing() -> None:
    part = trendel.Stream(RATE_HZ).push(np.zeros((0, 3)), np.zeros((0, 3)))
    assert len(part.steps) == len(part.strides) == len(part.alerts) == 0
    assert part.steps.columns == result().steps.columns


@pytest.mark.parametrize(
    ("acc", "gyr", "says"),
    [
        (np.zeros((5, 2)), np.zeros((5, 2)), "shape"),
        (np.zeros(4), np.zeros(4), "shape"),
        (np.zeros((5, 3)), np.zeros((4, 3)), "shape"),
        (np.zeros((5, 3)), None, "rates are missing"),
    ],
)
def test_shapes_that_do_not_fit(acc: np.ndarray, gyr: np.ndarray | None, says: str) -> None:
    with pytest.raises(RecordingError, match=says):
        trendel.Stream(RATE_HZ).push(acc, gyr)


def test_no_step_is_lost_in_a_bridged_gap() -> None:
    acc, gyr, lost_n = run().acc_mps2, run().gyr_radps, 20
    for at in range(4000, 4200, 21):
        stream = trendel.Stream(208.0)
        parts = [
            stream.push(acc[:at], gyr[:at]),
            stream.gap(lost_n),
            stream.push(acc[at + lost_n :], gyr[at + lost_n :]),
        ]
        flags = np.zeros(len(acc), np.uint32)
        flags[at : at + lost_n] = SAMPLE_INVALID
        whole = trendel.Stream(208.0).push(acc, gyr, flags=flags)
        assert sum(len(part.steps) for part in parts) == len(whole.steps)
