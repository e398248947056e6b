"""Records: the clip's setting and its bits, sessions and sidecars that carry one, the history."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

import trendel
import trendel_calibration as tc
from tests.calibration.conftest import Done
from tests.calibration.made import ABOUT, SERIAL, write_csv, write_session
from trendel.errors import CalibrationError
from trendel.recording.calibration import calibrated, check_belongs, hash_of, setting_of, why_not
from trendel.recording.calibration_store import history, keep, nearest
from trendel.wire.settings import decode_setting
from trendel_calibration.synthetic import Clip, Handled, Handling, handle


@pytest.fixture(scope="module")
def made() -> Handled:
    return handle(Clip.random(4), Handling(seed=4, poses_n=16))


@pytest.fixture(scope="module")
def record(made: Handled) -> dict[str, object]:
    subject = tc.Subject(serial=ABOUT["clip_serial"], sensor="simulated", range_g=16.0, range_dps=2000.0, raw_unit="si")
    return tc.poses(made.acc_raw, made.gyr_raw, made.rate_hz, subject=subject).record()


def test_a_record_is_plain_json(record: dict[str, object]) -> None:
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert record["schema"] == "trendel.calibration/1" and len(str(record["hash"])) == 8


def test_the_hash_is_the_clips(record: dict[str, object]) -> None:
    setting = setting_of(record, "it")
    assert hash_of(setting) == record["hash"]
    packed = decode_setting("calibration", setting)
    assert np.array_equal(packed["acc_matrix"].reshape(3, 3), np.float32(record["acc_matrix"]))
    changed = {**record, "gyr_bias": [0.0, 0.0, 0.0]}
    assert hash_of(setting_of(changed, "it")) != record["hash"]


def test_applied_values(made: Handled, record: dict[str, object]) -> None:
    acc, gyr = calibrated(setting_of(record, "it"), made.acc_raw.astype(np.float32), made.gyr_raw.astype(np.float32))
    assert acc.dtype == gyr.dtype == np.float32  # type: ignore[union-attr]
    wanted = (made.acc_raw - np.array(record["acc_bias"])) @ np.array(record["acc_matrix"]).T
    assert np.abs(acc - wanted).max() < 1e-4


@pytest.mark.parametrize(
    "change",
    [{"schema": "other"}, {"raw_unit": "raw"}, {"acc_matrix": [[1, 0], [0, 1]]}, {"acc_bias": [1, 2, None]},
     {"acc_matrix": np.diag([9.0, 1, 1]).tolist()}, {"gyr_bias": [5.0, 0, 0]}, {"acc_matrix": None}, {"gyr_bias": "x"}],
)  # fmt: skip
def test_what_cannot_be_applied(record: dict[str, object], change: dict[str, object]) -> None:
    with pytest.raises(CalibrationError) as caught:
        setting_of({**record, **change}, "the record")
    assert str(caught.value).startswith("the record")


@pytest.mark.parametrize(
    ("about", "words"),
    [({"clip_serial": "00000000000000ff"}, "of clip"), ({"sensor": "WHO_AM_I 0x6a"}, "of sensor simulated"),
     ({"range_g": 8.0}, "16 g"), ({"range_dps": 1000.0}, "2000 deg/s")],
)  # fmt: skip
def test_another_clip_sensor_or_range_is_refused(
    record: dict[str, object], about: dict[str, object], words: str
) -> None:
    assert why_not(record, ABOUT) is None and why_not(record, {}) is None
    with pytest.raises(CalibrationError, match=words):
        check_belongs(record, {**ABOUT, **about}, "it")


def test_a_session_is_calibrated_by_its_record(made: Handled, record: dict[str, object], tmp_path: Path) -> None:
    plain = trendel.read(write_session(made.acc_raw, made.gyr_raw, made.rate_hz, tmp_path / "plain.mcap"))
    digest = int(str(record["hash"]), 16)
    other = {**record, "acc_bias": [0.0, 0.0, 0.0]}
    path = tmp_path / "with.mcap"
    write_session(made.acc_raw, made.gyr_raw, made.rate_hz, path, record, digest)
    found = trendel.read(path)
    wanted, _ = calibrated(setting_of(record, "it"), plain.acc_mps2, plain.gyr_radps)
    assert np.array_equal(found.acc_mps2, wanted) and found.metadata["calibration_applied"] == record["hash"]
    assert any("Calibrated by the record" in note for note in found.notes)
    foreign = write_session(
        made.acc_raw, made.gyr_raw, made.rate_hz, tmp_path / "f.mcap", {**other, "clip_serial": "aa"}
    )
    assert np.array_equal(trendel.read(foreign).acc_mps2, plain.acc_mps2)


def test_a_sidecar_carries_a_record_once(made: Handled, record: dict[str, object], tmp_path: Path) -> None:
    path = write_csv(made, tmp_path / "a.csv", calibration=record)
    plain = Handled(made.acc_raw, made.gyr_raw, made.rate_hz, made.r_world_from_sensor, made.spans, made.clip)
    # from_arrays takes the record too: what is written is calibrated already, and says so.
    found = trendel.read(path)
    assert found.metadata["calibration_applied"] == record["hash"] and "calibration" not in found.metadata
    rest = found.acc_mps2[slice(*plain.spans[3])].mean(axis=0)
    assert abs(np.linalg.norm(rest) - 9.80665) < 0.02
    sidecar = write_csv(made, tmp_path / "b.csv").with_suffix(".json")
    sidecar.write_text(json.dumps(json.loads(sidecar.read_text()) | {"calibration": record}))
    assert np.allclose(trendel.read(tmp_path / "b.csv").acc_mps2, found.acc_mps2, atol=1e-5)
    sidecar.write_text(json.dumps(json.loads(sidecar.read_text()) | {"calibration": record, "range_g": 8.0}))
    assert any("Not calibrated" in note and "8 g" in note for note in trendel.read(tmp_path / "b.csv").notes)
    with pytest.raises(CalibrationError, match="calibrated already"):
        from trendel_calibration.source import read_source

        read_source(path)


def test_the_nearest_in_time_is_chosen(record: dict[str, object], tmp_path: Path) -> None:
    day = datetime(2026, 5, 1, tzinfo=UTC)
    for days in (0, 30, 90):
        keep({**record, "when": (day + timedelta(days=days)).isoformat()}, tmp_path)
    keep({**record, "when": (day + timedelta(days=31)).isoformat(), "range_g": 8.0}, tmp_path)
    keep({**record, "when": (day + timedelta(days=31)).isoformat(), "acc_matrix": None}, tmp_path)
    assert len(history(str(ABOUT["clip_serial"]), tmp_path)) == len(history(None, tmp_path)) == 5
    chosen = nearest(ABOUT, day + timedelta(days=35), tmp_path)
    assert chosen is not None and chosen.when == day + timedelta(days=30)
    assert nearest({**ABOUT, "clip_serial": "other"}, day, tmp_path) is None
    assert nearest({}, day, tmp_path) is None
    again = keep({**record, "when": day.isoformat()}, tmp_path)
    assert again.stem.endswith("-2")


def test_a_recording_takes_the_clips_calibration_along(
    made: Handled, record: dict[str, object], trendel_command: Callable[..., Done], tmp_path: Path
) -> None:
    keep(record)
    source = write_session(made.acc_raw, made.gyr_raw, made.rate_hz, tmp_path / "s.mcap")
    done = trendel_command("record", "--link", f"replay:{source}@max", tmp_path / "r.mcap")
    assert done.code == 0
    found = trendel.read(tmp_path / "r.mcap")
    assert found.metadata["calibration_applied"] == record["hash"]
    done = trendel_command("record", "--link", f"replay:{source}@max", tmp_path / "n.mcap", "--calibration", "none")
    assert done.code == 0 and "calibration_applied" not in trendel.read(tmp_path / "n.mcap").metadata
    (tmp_path / "x.json").write_text(json.dumps({**record, "clip_serial": "00000000000000aa"}))
    done = trendel_command(
        "record", "--link", f"replay:{source}@max", tmp_path / "x.mcap", "--calibration", tmp_path / "x.json"
    )
    assert done.code == 2 and "does not belong here" in done.err
    assert f"{SERIAL:016x}" in done.err
    live = trendel_command("live", "--link", f"replay:{source}@max", "--json")
    assert live.code == 0 and str(record["hash"]) in live.out


def test_a_record_is_written_to_a_clip(
    made: Handled, record: dict[str, object], trendel_command: Callable[..., Done], tmp_path: Path
) -> None:
    pytest.importorskip("bumble", reason="bumble is not installed: no simulated clip")
    link = f"sim:{write_csv(made, tmp_path / 'worn.csv')}?speed=max"
    own = {**record, "clip_serial": None}
    (tmp_path / "r.json").write_text(json.dumps(own))
    done = trendel_command("calibrate", "--link", link, "--write", tmp_path / "r.json")
    assert done.code == 0 and f"and read back: {record['hash']}" in done.out, done
    for change, words in (({"range_g": 8.0}, "8 g"), ({"raw_unit": "raw"}, "without units")):
        (tmp_path / "r.json").write_text(json.dumps({**own, **change}))
        done = trendel_command("calibrate", "--link", link, "--write", tmp_path / "r.json")
        assert done.code == 2 and words in done.err
    assert "--write needs --link" in trendel_command("calibrate", "--from", "x.csv", "--write", "nearest").err


def test_a_bias_goes_with_the_matrices_of_its_range(
    record: dict[str, object], tmp_path: Path, trendel_command: Callable[..., Done]
) -> None:
    """Only the bias is new; a record of another range is left alone, and nothing of one is said to be of another."""
    keep({**record, "when": "2026-01-01T00:00:00+00:00"})
    keep({**record, "when": "2026-06-01T00:00:00+00:00", "range_g": 8.0, "acc_bias": [0.3, 0.3, 0.3]})
    rng, n = np.random.default_rng(0), 208 * 20
    acc, gyr = rng.normal([0, 0, 9.8], 0.02, (n, 3)), rng.normal([0.01, 0.0, -0.02], 0.0015, (n, 3))
    lying = Handled(acc, gyr, 208.0, np.eye(3)[None], np.array([[0, n]]), Clip.random(0))
    path = write_csv(lying, tmp_path / "rest.csv")
    path.with_suffix(".json").write_text(json.dumps(json.loads(path.with_suffix(".json").read_text()) | ABOUT))
    said = trendel_command("calibrate", "--from", path, "--method", "bias", "--json")
    assert said.code == 0, said.err
    told = json.loads(said.out)
    kept = json.loads(Path(told["kept"]).read_text())
    assert (
        kept["range_g"] == 16.0
        and kept["acc_bias"] == record["acc_bias"]
        and kept["acc_matrix"] == record["acc_matrix"]
    )
    assert np.abs(np.array(kept["gyr_bias"]) - [0.01, 0.0, -0.02]).max() < 1e-3
    assert kept["hash"] == told["bias"]["hash"] == hash_of(setting_of(kept, "it"))
    found = nearest(ABOUT, datetime.now(UTC))
    assert found is not None and found.record["hash"] == kept["hash"]


def test_without_matrices_of_its_own_nothing_is_copied(
    record: dict[str, object], tmp_path: Path, trendel_command: Callable[..., Done]
) -> None:
    keep({**record, "range_g": 8.0})
    rng, n = np.random.default_rng(0), 208 * 20
    acc, gyr = rng.normal([0, 0, 9.8], 0.02, (n, 3)), rng.normal([0.01, 0.0, -0.02], 0.0015, (n, 3))
    lying = Handled(acc, gyr, 208.0, np.eye(3)[None], np.array([[0, n]]), Clip.random(0))
    path = write_csv(lying, tmp_path / "rest.csv")
    path.with_suffix(".json").write_text(json.dumps(json.loads(path.with_suffix(".json").read_text()) | ABOUT))
    told = json.loads(trendel_command("calibrate", "--from", path, "--method", "bias", "--json").out)
    kept = json.loads(Path(told["kept"]).read_text())
    assert kept["range_g"] == 16.0 and "acc_matrix" not in kept
    assert nearest(ABOUT, datetime.now(UTC)) is None


def test_a_record_that_no_clip_takes_is_passed_over(record: dict[str, object]) -> None:
    good = keep({**record, "when": "2026-01-01T00:00:00+00:00"})
    keep({**record, "when": "2026-06-01T00:00:00+00:00", "acc_matrix": [[2.5, 0, 0], [0, 2.5, 0], [0, 0, 2.5]]})
    found = nearest(ABOUT, datetime(2026, 6, 2, tzinfo=UTC))
    assert found is not None and found.path == good
