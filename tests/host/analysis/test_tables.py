"""Tables: units, unknown values, times in the recording's clock, CSV."""

from __future__ import annotations

import csv
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow.csv
import pytest

from tests.host.analysis.made import recording, result
from trendel.analysis.alerts import alerts_table
from trendel.analysis.summary import cadence, segment_list
from trendel.analysis.tables import Table, seconds, steps_table, strides_table
from trendel.kernels.layout import ALERT_DROP, DTYPES, LEVEL_WARNING, Q_BRIDGED, Q_PROVISIONAL
from trendel.kernels.metrics import METRICS

TABLES = ["steps", "strides", "signals"]


def _rows(n: int = 3) -> np.ndarray:
    rows = np.zeros(n, DTYPES["StepRow"])
    rows["index"] = np.arange(n)
    rows["side"] = [1, -1, 0][:n]
    rows["ic_i"], rows["ic_frac"] = [10, 20, 30][:n], 0.5
    rows["to_i"], rows["end_i"] = [15, 25, 35][:n], [20, 30, 40][:n]
    rows["step_time_s"] = 0.1
    rows["metrics"] = np.arange(len(METRICS), dtype=np.float32) + 1
    return rows


def test_values_that_are_not_valid_are_nan_and_others_have_their_unit() -> None:
    rows = _rows()
    rows["valid"] = [0, 0b101, 0xFFFFFFFF]
    table = steps_table(rows, np.arange(100) / 100.0, 100.0)
    for k, metric in enumerate(METRICS):
        column = table[metric.name]
        assert np.isnan(column[0])
        assert np.isnan(column[1]) == (k not in (0, 2))
        assert column[2] == pytest.approx((k + 1) * metric.scale)
        assert table.units[metric.name] == metric.unit
    assert table["contact_time_ms"][2] == pytest.approx(1000.0)
    assert table["pelvic_drop_deg"][2] == pytest.approx(np.degrees(4.0))


def test_sides_flags_and_times() -> None:
    rows = _rows()
    rows["reasons"] = [0, Q_PROVISIONAL, Q_PROVISIONAL | Q_BRIDGED]
    table = steps_table(rows, 50.0 + np.arange(100) / 100.0, 100.0)
    assert table["side"].tolist() == ["L", "R", ""]
    assert table["flags"].tolist() == ["", "provisional", "provisional|bridged"]
    assert table["ic_s"] == pytest.approx([50.105, 50.205, 50.305])
    assert table["step_time_ms"] == pytest.approx(100.0)


@pytest.mark.parametrize("name", TABLES)
def test_every_number_of_a_result_has_a_unit(name: str) -> None:
    table: Table = getattr(result(), name)
    words = {"step", "run", "side", "flags", "last_step", "segment", "stability_phase"}
    assert {c for c in table.columns if c not in table.units} <= words
    for column, unit in table.units.items():
        suffix = column.rsplit("_", 1)[-1]
        expected = {"ms": "ms", "mm": "mm", "deg": "deg", "s": "s", "m": "m", "mps2": "m/s2", "bw": "BW", "g": "g"}
        assert unit == expected.get(suffix, unit), column


@pytest.mark.parametrize("name", TABLES)
def test_csv_round_trip(name: str, tmp_path: Path) -> None:
    table: Table = getattr(result("causal"), name)
    path = tmp_path / "t.csv"
    table.to_csv(path)
    back = pyarrow.csv.read_csv(path).to_pydict()
    assert list(back) == table.columns
    for column in table.columns:
        ours = table[column]
        if ours.dtype.kind == "f":
            theirs = np.array([np.nan if v is None else v for v in back[column]], float)
            assert np.array_equal(np.isnan(theirs), np.isnan(ours)), column
            step = {"s": 1e-5, "ms": 0.01, "mm": 0.01, "deg": 1e-3, "m": 1e-6, "BW/s": 0.01}.get(
                table.units.get(column, ""), 1e-4
            )
            assert np.allclose(theirs, ours, atol=0.51 * step, rtol=1e-6, equal_nan=True), column
        else:
            theirs = np.array(["" if v is None else v for v in back[column]])
            assert np.array_equal(theirs.astype(ours.dtype), ours), column


def test_unknown_values_are_empty_cells(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    steps_table(_rows(), np.arange(100) / 100.0, 100.0).to_csv(path)
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            assert row["contact_time_ms"] == "" and row["tilt_mean_deg"] == ""


def test_pandas_has_the_same_columns() -> None:
    frame = result().strides.to_pandas()
    assert list(frame.columns) == result().strides.columns
    assert np.array_equal(frame["stride_time_ms"], result().strides["stride_time_ms"])


def test_empty_tables_have_all_columns(tmp_path: Path) -> None:
    clock = np.zeros(1)
    for empty, full in (
        (steps_table(np.zeros(0, DTYPES["StepRow"]), clock, 100.0), result().steps),
        (strides_table(np.zeros(0, DTYPES["StrideRow"]), clock, 100.0), result().strides),
        (alerts_table(np.zeros(0, DTYPES["Alert"]), clock, 100.0), result().alerts),
    ):
        assert len(empty) == 0 and empty.columns == full.columns and empty.units == full.units
        empty.to_csv(tmp_path / "t.csv")
        assert (tmp_path / "t.csv").read_text().count("\n") == 1


def test_rows_can_be_walked_through() -> None:
    table = result().steps
    assert [row["step"] for row in table] == table["step"].tolist() and len(table) == len(table.data)


def test_seconds_follow_the_recording_across_a_gap() -> None:
    """Sample numbers go on over a gap, times jump: an instant belongs to the sample next to it."""
    t = np.concatenate([np.arange(100) / 100.0, 60.0 + np.arange(100) / 100.0])
    index, frac = np.array([0, 98, 99, 100, 150, 199]), np.array([0.25, 0.5, 0.25, 0.0, 0.5, 2.0])
    expected = [0.0025, 0.985, 0.9925, 60.0, 60.505, 61.01]
    assert seconds(t, 100.0, index, frac) == pytest.approx(expected)


def test_seconds_do_not_lose_precision_in_long_recordings() -> None:
    index = np.array([40_000_000], np.uint32)
    assert seconds(np.zeros(1) + 5.0, 1000.0, index, np.float32([0.25]))[0] == pytest.approx(40005.00025, abs=1e-9)


def test_times_of_a_result_fit_together() -> None:
    steps = result().steps
    assert (steps["ic_s"] < steps["to_s"]).all() and (steps["to_s"] < steps["end_s"] + 1e-6).all()
    assert np.diff(steps["ic_s"]).min() > 0
    assert (steps["end_s"] - steps["ic_s"]) * 1e3 == pytest.approx(steps["step_time_ms"], abs=0.1)
    known = np.isfinite(steps["contact_time_ms"])
    together = (steps["contact_time_ms"] + steps["flight_time_ms"])[known]
    assert together == pytest.approx(steps["step_time_ms"][known], abs=0.1)
    assert recording().t_s[0] <= steps["ic_s"][0] and steps["end_s"][-1] <= recording().t_s[-1]


def test_strides_table_says_left_less_right() -> None:
    steps, strides = result().steps, result().strides
    at = {int(n): k for k, n in enumerate(steps["step"])}
    for row in strides:
        now, before = steps.data[at[int(row["last_step"])]], steps.data[at[int(row["last_step"]) - 1]]
        left, right = (now, before) if now["side"] == "L" else (before, now)
        for name in ("contact_time_ms", "obliquity_peak_deg"):
            if np.isfinite(row[name]):
                assert row[f"asymmetry_{name}"] == pytest.approx(left[name] - right[name], abs=1e-3)
                assert row[name] == pytest.approx((left[name] + right[name]) / 2, rel=1e-5)
        assert row["cadence_spm"] == pytest.approx(120e3 / row["stride_time_ms"])


# ----------------------------------------------------------------------------------------------- segments, cadence


def _segments(text: str, rate_hz: float = 10.0) -> list[tuple[str, float, float]]:
    """Segments of a text of labels, one letter a second."""
    labels = np.repeat(["uswr".index(letter) for letter in text], round(rate_hz)).astype(np.uint32)
    found = segment_list(labels, np.arange(len(labels)) / rate_hz, rate_hz)
    return [(s["segment"][0], round(s["start_s"], 6), round(s["end_s"], 6)) for s in found]


def test_segments_are_stretches_of_one_label() -> None:
    assert _segments("sssrrrwws") == [("s", 0, 3), ("r", 3, 6), ("w", 6, 8), ("s", 8, 9)]
    assert _segments("") == []
    assert _segments("r") == [("r", 0, 1)]


def test_short_segments_join_but_running_stays() -> None:
    labels = np.repeat([1, 2, 1, 3, 1], [30, 5, 30, 5, 30]).astype(np.uint32)
    found = segment_list(labels, np.arange(100) / 10.0, 10.0)
    assert [s["segment"] for s in found] == ["standing", "running", "standing"]
    assert all(a["end_s"] == pytest.approx(b["start_s"]) for a, b in pairwise(found))


def test_cadence_is_the_median_over_time() -> None:
    def strides(times_s: list[float]) -> Table:
        rows = np.zeros(len(times_s), DTYPES["StrideRow"])
        rows["stride_time_s"] = times_s
        return strides_table(rows, np.zeros(1), 100.0)

    assert cadence(strides([])) is None
    assert cadence(strides([0.75])) == pytest.approx(160.0)
    assert cadence(strides([0.7] * 5 + [0.8] * 5)) == pytest.approx(150.0)  # more time was slow
    assert cadence(strides([0.75] * 9 + [0.3])) == pytest.approx(160.0)


def test_sentences_of_alerts_survive_the_csv(tmp_path: Path) -> None:
    rows = np.zeros(1, DTYPES["Alert"])
    rows["kind"], rows["side"], rows["level"], rows["at_i"], rows["change"] = ALERT_DROP, 1, LEVEL_WARNING, 90, 0.03
    table = alerts_table(rows, np.arange(100) / 100.0, 100.0)
    assert "," in table["message"][0]
    table.to_csv(tmp_path / "alerts.csv")
    with (tmp_path / "alerts.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["message"] == table["message"][0] and row["action"] == table["action"][0]
    assert float(row["change"]) == pytest.approx(1.719, abs=1e-3)
