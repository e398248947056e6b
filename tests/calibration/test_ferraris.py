"""Six positions: the recorded session gives imucal's matrices, sections are found, intervals hold."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

import trendel_calibration as tc
from trendel.errors import CalibrationError
from trendel_calibration.sections import NAMES, check_sections, find_sections, read_sections
from trendel_calibration.source import SourceOptions, read_source
from trendel_calibration.synthetic import Clip, Handled, Handling, six_positions

DATA = Path(os.environ.get("TRENDEL_DATA", "/nowhere")) / "calibration"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="TRENDEL_DATA names no folder with a calibration session")


@pytest.fixture(scope="module")
def made() -> Handled:
    return six_positions(Clip.random(6), Handling(seed=6, placement_deg=0.3))


def expected(name: str) -> dict[str, np.ndarray]:
    stored = {k: np.array(v) for k, v in json.loads((DATA / name).read_text()).items() if isinstance(v, list)}
    acc = np.linalg.inv(stored["R_a"]) @ np.linalg.inv(stored["K_a"])
    gyr = np.radians(np.linalg.inv(stored["R_g"]) @ np.linalg.inv(stored["K_g"]))
    return {"acc_matrix": acc, "acc_bias": stored["b_a"], "gyr_matrix": gyr, "gyr_bias": stored["b_g"],
            "gyr_per_acc": stored["K_ga"]}  # fmt: skip


@needs_data
def test_recorded_session_gives_the_expected_matrices() -> None:
    source = read_source(DATA / "example_ferraris_session.csv", SourceOptions(rate_hz=102.4))
    given = read_sections(DATA / "example_ferraris_session_list.json")
    cal = tc.ferraris(source.acc, source.gyr, 102.4, sections=given)
    found = tc.ferraris(source.acc, source.gyr, 102.4)
    for name, value in expected("example_ferraris_session_result_imucal2.6.json").items():
        assert np.allclose(getattr(cal, name), value, rtol=1e-6, atol=0), name
        if name.endswith("matrix"):
            assert np.abs(getattr(found, name) - value).max() <= 0.002 * np.abs(value).max(), name
    assert len(found.residuals["turn_rad"]) >= 9 and np.degrees(found.residuals["turn_rad"]).max() < 2


@needs_data
def test_labelled_session_in_counts_gives_the_expected_matrices() -> None:
    source = read_source(DATA / "annotated_session.csv", SourceOptions(rate_hz=204.8))
    assert set(source.sections) == set(NAMES) and not source.is_continuous
    cal = tc.ferraris(source.acc, source.gyr, 204.8, sections=source.sections, is_continuous=False)
    for name, value in expected("example_cal.json").items():
        assert np.allclose(getattr(cal, name), value, rtol=1e-6, atol=0), name
    assert any("against its axes" in note for note in cal.notes)


def test_sections_are_found(made: Handled) -> None:
    spans, _ = find_sections(made.acc_raw, made.gyr_raw, made.rate_hz)
    assert set(spans) == set(NAMES)
    for name, (start, end) in made.marks.items():
        found = slice(*spans[name])
        if name.endswith("rot"):
            assert min(end, found.stop) - max(start, found.start) > 0.8 * (end - start), name
        else:
            away = made.acc_raw[found].mean(axis=0) - made.acc_raw[start:end].mean(axis=0)
            assert np.linalg.norm(away) < 0.2 and made.acc_raw[found].std(axis=0).max() < 0.05, name


def test_counter_clockwise_turns_are_told_by_the_movements() -> None:
    made = six_positions(Clip.random(6), Handling(seed=6), turns_deg=360.0)
    cal = tc.ferraris(made.acc_raw, made.gyr_raw, made.rate_hz, gravity_mps2=9.80665)
    assert np.diag(cal.gyr_matrix).min() > 0.9 and any("counter-clockwise" in note for note in cal.notes)


def test_intervals_are_honest() -> None:
    scores: dict[str, list[float]] = {"diagonal": [], "rest": [], "bias": []}
    for seed in range(10):
        clip = Clip.random(seed)
        made = six_positions(clip, Handling(seed=seed, placement_deg=0.4, still_s=1.0, turn_s=1.0))
        cal = tc.ferraris(made.acc_raw, made.gyr_raw, made.rate_hz, sections=made.marks, gravity_mps2=9.80665)
        off = (cal.acc_matrix - clip.acc_matrix) / cal.acc_matrix_std
        scores["diagonal"] += np.diag(off).tolist()
        scores["rest"] += off[~np.eye(3, dtype=bool)].tolist()
        scores["bias"] += ((cal.acc_bias - clip.acc_bias) / cal.acc_bias_std).tolist()
        # Turns here are exact, so the gyroscope's scale is better than stated.
        assert (np.abs(np.diag(cal.gyr_matrix - clip.gyr_matrix)) < 1.96 * np.diag(cal.gyr_matrix_std)).all()
    for name, values in scores.items():
        assert np.mean(np.abs(values) < 1.96) >= 0.8, (name, np.round(values, 1))


def test_refused(made: Handled, tmp_path: Path) -> None:
    cut = int(made.marks["z_rot"][0]) - 400
    with pytest.raises(CalibrationError, match="turned about z"):
        tc.ferraris(made.acc_raw[:cut], made.gyr_raw[:cut], made.rate_hz)
    with pytest.raises(CalibrationError, match="x_p"):
        check_sections({}, None)
    with pytest.raises(CalibrationError, match="outside"):
        check_sections(dict.fromkeys(NAMES, (0, 10**9)), 1000)
    same = dict.fromkeys(NAMES, (0, 100))
    with pytest.raises(CalibrationError, match="contradict"):
        tc.ferraris(made.acc_raw, made.gyr_raw, made.rate_hz, sections=same)
    (tmp_path / "s.json").write_text("{")
    with pytest.raises(CalibrationError, match="no JSON"):
        read_sections(tmp_path / "s.json")
    with pytest.raises(CalibrationError, match="cannot read"):
        read_sections(tmp_path / "none.json")
