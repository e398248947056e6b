"""What is written reads back."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.host.recording.made import adds_up, running, write
from trendel.errors import RecordingError
from trendel.recording import FLAG_GAP_BEFORE, FLAG_INVALID, Recording, read, write_recording

KEPT = FLAG_INVALID | FLAG_GAP_BEFORE


def check_same(again: Recording, recording: Recording) -> None:
    assert adds_up(again)
    np.testing.assert_array_equal(again.t_s, recording.t_s)
    np.testing.assert_array_equal(again.flags & KEPT, recording.flags & KEPT)
    np.testing.assert_array_equal(again.acc_mps2[recording.valid], recording.acc_mps2[recording.valid])
    assert (again.gyr_radps is None) == (recording.gyr_radps is None)
    if recording.gyr_radps is not None and again.gyr_radps is not None:
        np.testing.assert_array_equal(again.gyr_radps[recording.valid], recording.gyr_radps[recording.valid])
    assert again.rate_hz == pytest.approx(recording.rate_hz, rel=1e-9)
    assert (again.frame, again.missing) == (recording.frame, recording.missing)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rate_hz=st.floats(50, 1000),
    seed=st.integers(0, 1000),
    start_s=st.sampled_from([0.0, 12.345678, 1.7e9]),
    gyroscope=st.booleans(),
    pelvis=st.booleans(),
    nan=st.lists(st.integers(0, 999), max_size=20),
    lost=st.lists(st.tuples(st.integers(10, 900), st.integers(1, 90)), max_size=3),
)
def test_round_trip(
    tmp_path: Path,
    rate_hz: float,
    seed: int,
    start_s: float,
    gyroscope: bool,
    pelvis: bool,
    nan: list[int],
    lost: list[tuple[int, int]],
) -> None:
    t, acc, gyr = running(1000 / rate_hz, rate_hz, seed=seed)
    acc[nan] = np.nan
    keep = np.ones(len(t), bool)
    for i, n in lost:
        keep[i : i + n] = False
    recording = Recording.from_arrays(
        acc[keep],
        gyr[keep] if gyroscope else None,
        t_s=t[keep] + start_s,
        frame="pelvis" if pelvis else "sensor",
        missing=("acc_y",) if pelvis else (),
        metadata={"subject": "Zoë", "note": 'a "b"\n', "list": [1, None, {"x": 2.5}]},
    )
    assert adds_up(recording)
    path = write_recording(recording, tmp_path / "run.csv", overwrite=True)
    again = read(path)
    check_same(again, recording)
    assert {**again.metadata, **recording.metadata} == again.metadata
    check_same(read(write_recording(again, tmp_path / "again.csv", overwrite=True)), recording)


def test_options_that_told_how_to_read_are_not_written(tmp_path: Path) -> None:
    t, acc, _ = running(5.0)
    told = {"acc_unit": "g", "columns": {"acc_x": "A", "acc_y": "B", "acc_z": "C"}, "rate_hz": 200, "subject": "P"}
    values = np.column_stack([t, acc / 9.80665])
    recording = read(write(tmp_path / "raw.csv", values, ("t_s", "A", "B", "C"), sidecar=told))
    path = write_recording(recording, tmp_path / "run.csv")
    assert path.read_text().startswith("t_s,acc_x_mps2,acc_y_mps2,acc_z_mps2\n")
    sidecar = json.loads((tmp_path / "run.json").read_text())
    assert sidecar == {"rate_hz": 200, "subject": "P", "frame": "sensor"}
    check_same(read(path), recording)


def test_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    _, acc, gyr = running(5.0)
    recording = Recording.from_arrays(acc, gyr, 200)
    write_recording(recording, tmp_path / "run.csv")
    with pytest.raises(RecordingError, match="exists already"):
        write_recording(recording, tmp_path / "run.csv")
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(RecordingError, match=r"other.json: exists already"):
        write_recording(recording, tmp_path / "other.csv")
    with pytest.raises(RecordingError, match="ends with"):
        write_recording(recording, tmp_path / "run.json")
    with pytest.raises(RecordingError, match="cannot be written"):
        write_recording(recording, tmp_path / "nowhere" / "run.csv")
    odd = Recording.from_arrays(acc, gyr, 200, metadata={"x": object()})
    with pytest.raises(RecordingError, match="as JSON"):
        write_recording(odd, tmp_path / "odd.csv")
    assert not (tmp_path / "odd.csv").exists()
