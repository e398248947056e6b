"""Exports: typed tables with their dictionary, and FIT that two decoders read as the tables have it."""

import csv
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import trendel
from tests.host.app.conftest import Cli
from tests.plain_run import plain_run
from trendel.analysis import Condition, Result
from trendel.analysis.dictionary import dictionary
from trendel.app.export.fit import FitError, encode
from trendel.app.export.seconds import per_second
from trendel.app.export.tables import dictionary_page, export_json, export_parquet
from trendel.app.run_source import RunSource
from trendel.recording import Recording

ROOT = Path(__file__).resolve().parents[3]
BEGAN = datetime(2026, 5, 12, 16, 30, tzinfo=UTC)
SPEED = (Condition(0.0, 3.0), Condition(20.0, 3.2))


@pytest.fixture(scope="module")
def result() -> Result:
    run = plain_run(run_s=40.0, end_s=2.0)
    return trendel.analyze(Recording.from_arrays(run.acc_mps2, run.gyr_radps, run.rate_hz))


@pytest.fixture(scope="module")
def source(result: Result) -> RunSource:
    return RunSource(result, Path("run.csv"), "run.csv")


def test_the_dictionary_describes_every_column(result: Result) -> None:
    for name, columns in dictionary().items():
        table = getattr(result, name)
        assert [c.name for c in columns] == table.columns
        for column in columns:
            assert column.description
            assert column.unit == table.units.get(column.name, "")
            kind = table.data.dtype[column.name].kind
            assert column.dtype == {"f": "float64", "i": "int64", "u": "int64", "U": "string"}[kind]


def test_the_page_of_the_dictionary_is_fresh() -> None:
    assert (ROOT / "docs" / "tables.md").read_text(encoding="utf-8") == dictionary_page()


def test_parquet_is_typed_and_says_units(result: Result, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    written = export_parquet(result, tmp_path)
    assert {path.name for path in written} == {f"{n}.parquet" for n in dictionary()}
    steps = pq.read_table(tmp_path / "steps.parquet")
    field = steps.schema.field("contact_time_ms")
    assert str(field.type) == "double"
    assert field.metadata[b"unit"] == b"ms"
    assert b"toe-off" in field.metadata[b"description"]
    np.testing.assert_array_equal(steps["contact_time_ms"].to_numpy(), result.steps["contact_time_ms"])
    assert steps["impact_peak_g"].null_count == int(np.isnan(result.steps["impact_peak_g"]).sum())
    summary = json.loads(steps.schema.metadata[b"trendel.summary"])
    assert summary["steps"] == len(result.steps)


def test_json_is_strict_and_whole(result: Result, tmp_path: Path) -> None:
    export_json(result, tmp_path / "r.json")
    content = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"), parse_constant=pytest.fail)
    assert len(content["tables"]["steps"]["ic_s"]) == len(result.steps)
    assert [c["name"] for c in content["dictionary"]["steps"]] == list(content["tables"]["steps"])


def test_commands_write_what_they_say(cli: Cli, run_csv: Path) -> None:
    for form, name in (
        ("csv", "run.tables"),
        ("parquet", "run.parquet"),
        ("json", "run.export.json"),
        ("fit", "run.fit"),
    ):
        said = cli("export", run_csv, "--to", form)
        assert said.code == 0, said.err
        assert run_csv.with_name(name).exists()
    assert "does not say when it began" in said.err
    assert "does not say" not in cli("export", run_csv, "--to", "fit", "--start", "2026-05-12T18:30").err
    with (run_csv.with_name("run.tables") / "steps.csv").open(newline="", encoding="utf-8") as file:
        assert next(csv.reader(file)) == [c.name for c in dictionary()["steps"]]
    run_csv.with_suffix(".json").write_text(json.dumps({"started_at": "noon"}))
    refused = cli("export", run_csv, "--to", "fit")
    assert refused.code == 2 and "its started_at 'noon' is no date and time" in refused.err
    assert cli("export", run_csv, "--to", "gpx").code == 2
    assert cli("export", run_csv, "--to", "fit", "--out", run_csv.parent).code == 2


def test_per_second_is_the_mean_of_that_second(result: Result) -> None:
    seconds = per_second(result, 0.0, SPEED)
    k = len(seconds.second) // 2
    ended = np.ceil(result.steps["end_s"].astype(float)) == seconds.second[k]
    assert seconds.columns["contact_time_ms"][k] == pytest.approx(result.steps["contact_time_ms"][ended].mean())
    assert seconds.columns["step_length_mm"][k] == pytest.approx(
        60e3 * seconds.columns["speed_mps"][k] / seconds.columns["cadence_spm"][k]
    )
    assert set(seconds.columns["speed_mps"].tolist()) == {3.0, 3.2}
    assert "speed_mps" not in per_second(result, 0.0).columns


RESOLUTION = {
    "vertical_oscillation": ("vertical_oscillation_mm", 0.1),
    "stance_time": ("contact_time_ms", 0.1),
    "stance_time_balance": ("contact_balance_percent", 0.01),
    "step_length": ("step_length_mm", 0.1),
    "vertical_ratio": ("vertical_ratio_percent", 0.01),
    "distance": ("distance_m", 0.01),
    "pelvic_drop_left": ("drop_left_deg", 1e-5),
    "pelvic_drop_right": ("drop_right_deg", 1e-5),
    "pelvic_tilt": ("tilt_deg", 1e-5),
}


def _by_fitdecode(data: bytes) -> dict[str, list[dict[str, Any]]]:
    fitdecode = pytest.importorskip("fitdecode", reason="fitdecode is not installed")
    found: dict[str, list[dict[str, Any]]] = {}
    with fitdecode.FitReader(data, check_crc=fitdecode.CrcCheck.RAISE) as reader:
        for frame in reader:
            if frame.frame_type == fitdecode.FIT_FRAME_DATA:
                found.setdefault(frame.name, []).append({f.name: f.value for f in frame.fields})
    return found


def _by_garmin(data: bytes) -> dict[str, list[dict[str, Any]]]:
    from garmin_fit_sdk import Decoder, Stream

    assert Decoder(Stream.from_byte_array(bytearray(data))).check_integrity()
    messages, errors = Decoder(Stream.from_byte_array(bytearray(data))).read()
    assert not errors
    names = {d["field_definition_number"]: d["field_name"] for d in messages["field_description_mesgs"]}
    names = {k: v[0] if isinstance(v, list) else v for k, v in names.items()}
    found = {}
    for kind, rows in messages.items():
        flat = [
            {**{k: v for k, v in row.items() if k != "developer_fields"},
             **{names[k]: v for k, v in row.get("developer_fields", {}).items()}}
            for row in rows
        ]  # fmt: skip
        found[kind.removesuffix("_mesgs")] = flat
    return found


@pytest.mark.parametrize("decode", [_by_fitdecode, _by_garmin])
def test_two_decoders_agree_with_the_tables(source: RunSource, decode: Any) -> None:
    pytest.importorskip("garmin_fit_sdk", reason="garmin-fit-sdk is not installed")
    found = decode(encode(source, SPEED, BEGAN))
    seconds = per_second(source.result, source.start_s, SPEED)
    records = found["record"]
    assert len(records) == len(seconds.second)
    for k, record in enumerate(records):
        assert (record["timestamp"] - BEGAN).total_seconds() == seconds.second[k]
        cadence = 2 * (record["cadence"] + record["fractional_cadence"])
        assert cadence == pytest.approx(seconds.columns["cadence_spm"][k], abs=1 / 64)
        for field, (column, resolution) in RESOLUTION.items():
            value = float(seconds.columns[column][k])
            if np.isnan(value):
                assert record.get(field) is None
            else:
                assert record[field] == pytest.approx(value, abs=0.51 * resolution + 1e-6)
    (session,) = found["session"]
    assert session["sport"] == "running"
    assert session["num_laps"] == len(found["lap"]) == 1
    assert session["total_distance"] == pytest.approx(seconds.columns["distance_m"][-1], abs=0.01)
    assert [e["event_type"] for e in found["event"]] == ["start", "stop_all"]
    assert found["activity"][0]["num_sessions"] == 1


def test_alerts_are_events(result: Result) -> None:
    pytest.importorskip("garmin_fit_sdk", reason="garmin-fit-sdk is not installed")
    from dataclasses import replace

    from trendel.analysis.alerts import PainNoted, with_pain

    hurt = replace(result, alerts=with_pain(result.alerts, [PainNoted(20.0, "knee", "left", 4)]))
    events = _by_fitdecode(encode(RunSource(hurt, Path("r"), "r"), (), BEGAN))["event"]
    (marker,) = [e for e in events if e["event"] == "user_marker"]
    assert marker["alert"].startswith("stop: You noted pain")
    assert (marker["timestamp"] - BEGAN).total_seconds() == 20


def test_two_hours_stay_below_two_megabytes(source: RunSource) -> None:
    pytest.importorskip("garmin_fit_sdk", reason="garmin-fit-sdk is not installed")
    size = len(encode(source, SPEED, BEGAN))
    records = len(per_second(source.result, 0.0).second)
    assert size / records * 7200 < 2e6


def test_nothing_to_write_and_no_sdk(source: RunSource, monkeypatch: pytest.MonkeyPatch) -> None:
    run = plain_run(run_s=0.0, end_s=2.0)
    nothing = trendel.analyze(Recording.from_arrays(run.acc_mps2, run.gyr_radps, run.rate_hz))
    with pytest.raises(FitError, match="Without running"):
        encode(RunSource(nothing, Path("r"), "r"), (), BEGAN)
    monkeypatch.setitem(sys.modules, "garmin_fit_sdk", None)
    with pytest.raises(FitError, match="pip install"):
        encode(source, (), BEGAN)
