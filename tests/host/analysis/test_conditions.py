"""Speed and grade from outside: numbers, files, and the same from a stream as from a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import trendel
from tests.host.analysis.made import recording, run
from trendel.analysis import Condition, Parameters
from trendel.analysis.conditions import Numbering, marks_of, read_conditions
from trendel.analysis.stability import Stability
from trendel.errors import ParameterError
from trendel.kernels.layout import SAMPLE_CONDITION


def test_near_conditions_have_one_number() -> None:
    n = Numbering()
    assert [n.number(3.0, 0.0), n.number(3.1, 0.5), n.number(3.0, 6.0), n.number(None, 0.0), n.number(4.0, 0.0)] == [
        0, 0, 1, 0, 2,
    ]  # fmt: skip
    many = Numbering()
    assert max(many.number(0.0, 2.0 * k - 60) for k in range(60)) <= 255


def test_marks_hold_from_their_times_on() -> None:
    marks = marks_of([Condition(2.0, grade_percent=5.0), Condition(0.0, grade_percent=0.0)], np.arange(5.0))
    assert marks.tolist() == [0, 0, 256, 256, 256] and not marks.astype(int)[2] & ~SAMPLE_CONDITION


@pytest.mark.parametrize("times", [(60.0,), (60.0, 70.0), (-20.0, -10.0)])
def test_times_of_another_clock_are_refused(times: tuple[float, ...]) -> None:
    with pytest.raises(ParameterError, match="give them on its clock"):
        marks_of([Condition(t, grade_percent=t % 7) for t in times], np.arange(5.0))
    assert not marks_of([Condition(-20.0, grade_percent=5.0)], np.arange(5.0)).any()  # one condition all along


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("time_s,speed_mps\n0,3\n60,x\n", "line 3"),
        ("time_s,speed_mps\n0,99\n", "speed_mps of 99"),
        ("time_s\n0\n", "needs the columns"),
        ("", "needs the columns"),
    ],
)
def test_a_file_that_cannot_be_is_told_in_a_sentence(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "conditions.csv"
    path.write_text(text)
    with pytest.raises(ParameterError, match=said):
        read_conditions(path)
    with pytest.raises(ParameterError, match="cannot read"):
        read_conditions(tmp_path / "none.csv")


def test_a_stream_gives_what_a_file_gives(tmp_path: Path) -> None:
    rec, rate = recording(), run().rate_hz
    assert rec.gyr_radps is not None
    half = len(rec) // 2
    path = tmp_path / "conditions.csv"
    path.write_text(f"time_s,grade_percent\n{rec.t_s[0]},0\n{rec.t_s[half]},6\n")
    # Short enough that the level is watched, and moved by what is announced, within this recording.
    quick = Stability(block_steps=2, skip_s=1.0, level_s=6.0, settle_hold_s=1.0, settle_max_s=4.0, learn_s=2.0)
    params = Parameters(stability=quick)
    result = trendel.analyze(rec, mode="causal", params=params, conditions=path)
    plain = trendel.analyze(rec, mode="causal", params=params)
    stream = trendel.Stream(rate, params=params)
    stream.announce(grade_percent=0.0)
    parts = [stream.push(rec.acc_mps2[:half], rec.gyr_radps[:half])]
    stream.announce(grade_percent=6.0)
    parts += [stream.push(rec.acc_mps2[half:], rec.gyr_radps[half:])]
    parts.append(stream.finish())
    change = "stability_change_left_deg"
    assert np.array_equal(np.concatenate([p.strides[change] for p in parts]), result.strides[change], equal_nan=True)
    assert not np.array_equal(result.strides[change], plain.strides[change], equal_nan=True)
    assert np.array_equal(result.steps["contact_time_ms"], plain.steps["contact_time_ms"], equal_nan=True)
