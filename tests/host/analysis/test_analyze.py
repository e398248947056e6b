"""analyze(), orientation() and explain(): modes, kinds of input, summary, errors."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

import trendel
from tests.host.analysis.made import recording, result, run
from trendel.analysis import Parameters, explain
from trendel.constants import STANDARD_GRAVITY_MPS2
from trendel.errors import MountingError, ParameterError, RecordingError
from trendel.kernels.metrics import METRICS
from trendel.recording import Recording

ANGLES = ["tilt_deg", "obliquity_deg", "rotation_deg"]
SUMMARY = {
    "source",
    "mode",
    "rate_hz",
    "duration_s",
    "steps",
    "strides",
    "steps_left",
    "steps_right",
    "running_s",
    "cadence_spm",
    "metrics",
    "segments",
    "samples",
    "mounting",
    "gyroscope_bias_radps",
    "mass_kg",
    "metadata",
    "notes",
    "versions",
    "parameters",
}


@pytest.mark.parametrize("mode", ["refined", "causal"])
def test_summary_is_whole_and_plain(mode: str) -> None:
    summary = result(mode).summary
    assert set(summary) >= SUMMARY
    assert json.loads(json.dumps(summary)) == summary
    assert summary["mode"] == mode
    assert summary["steps"] == len(result(mode).steps) == summary["steps_left"] + summary["steps_right"]
    assert summary["strides"] == len(result(mode).strides)
    assert summary["cadence_spm"] == pytest.approx(60 * run().parameters.step_rate_hz, rel=0.01)
    assert summary["samples"]["read"] == len(recording())
    assert set(summary["metrics"]) == {"left", "right", "both"}
    for side in summary["metrics"].values():
        assert set(side) == {metric.name for metric in METRICS}
        wide = {metric.name for metric in METRICS if metric.limits}
        for name, numbers in side.items():
            assert set(numbers) == {"n", "mean", "sd"} | ({"limits_of_agreement"} if name in wide else set())
    assert summary["uncertainty"]["peak_vgrf_bw"] > 0 and summary["uncertainty"]["sway_mm"] is None
    assert summary["parameters"] == Parameters().to_dict()
    versions = summary["versions"]
    assert versions["trendel"] == trendel.__version__ and len(versions["kernels"]) == 16
    assert len(versions["parameters"]) == len(versions["layout"]) == 8


def test_summary_of_a_side_is_that_of_its_steps() -> None:
    steps, summary = result().steps, result().summary
    for side, letter in (("left", "L"), ("right", "R")):
        values = steps["obliquity_peak_deg"][steps["side"] == letter]
        values = values[np.isfinite(values)]
        numbers = summary["metrics"][side]["obliquity_peak_deg"]
        assert numbers["n"] == len(values)
        assert numbers["mean"] == pytest.approx(values.mean()) and numbers["sd"] == pytest.approx(values.std(ddof=1))


def test_running_time_is_that_of_the_run() -> None:
    assert result().summary["running_s"] == pytest.approx(run().parameters.run_s, abs=2.5)
    segments = result().summary["segments"]
    assert segments[0]["start_s"] == 0 and segments[-1]["end_s"] == pytest.approx(recording().duration_s)
    assert all(a["end_s"] == pytest.approx(b["start_s"]) for a, b in pairwise(segments))
    assert {"standing", "running"} <= {s["segment"] for s in segments}


def test_refined_knows_at_once_what_causal_learns() -> None:
    causal, refined = result("causal"), result("refined")
    early = causal.steps["flags"]
    assert all("provisional" in flags for flags in early[:10])
    assert "provisional" not in early[-1]
    assert not any("provisional" in flags for flags in refined.steps["flags"])
    assert np.isnan(causal.steps["tilt_mean_deg"][0]) and np.isfinite(refined.steps["tilt_mean_deg"]).all()
    assert causal.steps["quality"][0] < refined.steps["quality"][10]
    assert len(refined.steps) >= len(causal.steps)
    # They agree once the causal one has settled.
    for name, limit in (("obliquity_peak_deg", 0.5), ("tilt_rom_deg", 0.5), ("vertical_oscillation_mm", 2.0)):
        assert np.nanmean(causal.steps[name][-20:]) == pytest.approx(np.nanmean(refined.steps[name][-20:]), abs=limit)


def test_angles_of_the_signals_are_the_true_ones() -> None:
    signals, truth = result().signals, run()
    # Speeding up looks like leaning back: what is left of that is forgotten some seconds after the start.
    running = (truth.t_s > 20) & (truth.t_s < 31)
    for name, true in zip(ANGLES, (truth.tilt_deg, truth.obliquity_deg, truth.rotation_deg), strict=True):
        error = signals[name][running] - true[running]
        assert np.std(error) < 0.6, name
    height = signals["vertical_m"][running] - truth.vertical_m[running]
    assert np.std(height) < 0.004


def test_signals_can_be_left_out() -> None:
    short = trendel.analyze(recording(), signals=False)
    assert len(short.signals) == 0 and short.signals.columns == result().signals.columns
    assert short.steps.data.tobytes() == result().steps.data.tobytes()
    assert short.summary == result().summary


def test_progress_goes_from_little_to_one() -> None:
    said: list[float] = []
    trendel.analyze(recording(), progress=said.append)
    assert said == sorted(said) and said[-1] == 1.0 and len(said) >= 2


@pytest.mark.parametrize("mode", ["Refined", "", "live", None])
def test_unknown_modes_are_refused(mode: Any) -> None:
    with pytest.raises(ParameterError, match="mode"):
        trendel.analyze(recording(), mode=mode)


@pytest.mark.parametrize("mass", [0, -70, 10.0, 1000, float("nan"), "70", True])
def test_impossible_masses_are_refused(mass: Any) -> None:
    with pytest.raises(ParameterError, match="mass"):
        trendel.analyze(recording(), mass_kg=mass)


def test_mass_from_the_caller_or_the_metadata() -> None:
    by_caller = trendel.analyze(recording(), mass_kg=70).summary
    by_metadata = trendel.analyze(recording(mass_kg=70.0)).summary
    assert by_caller["mass_kg"] == by_metadata["mass_kg"] == 70.0
    peak = by_caller["metrics"]["both"]["peak_vgrf_bw"]["mean"]
    assert by_caller["peak_vgrf_newton"] == pytest.approx(peak * 70 * STANDARD_GRAVITY_MPS2)
    assert by_metadata["peak_vgrf_newton"] == by_caller["peak_vgrf_newton"]
    assert result().summary["mass_kg"] is None and "peak_vgrf_newton" not in result().summary


def test_parameters_from_a_file(tmp_path: Any) -> None:
    path = tmp_path / "p.toml"
    path.write_text(Parameters().to_toml())
    for named in (path, str(path), Parameters()):
        assert trendel.analyze(recording(), params=named).summary["versions"] == result().summary["versions"]
    with pytest.raises(ParameterError, match="cannot read"):
        trendel.analyze(recording(), params=tmp_path / "no.toml")


# ------------------------------------------------------------------------------------------------- kinds of input


def test_accelerometer_alone() -> None:
    found = result("refined", False)
    assert len(found.steps) >= len(result().steps) - 4
    assert set(found.steps["side"]) == {""}
    for metric in METRICS:
        angle = metric.unit == "deg"
        if angle or metric.name == "sway_mm":
            assert np.isnan(found.steps[metric.name]).all(), metric.name
    for name in ("contact_time_ms", "vertical_oscillation_mm", "peak_vgrf_bw"):
        values = found.steps[name]
        assert np.isfinite(values).mean() > 0.9
        assert np.nanmedian(values) == pytest.approx(np.nanmedian(result().steps[name]), rel=0.15)
    for name in ANGLES:
        assert np.isnan(found.signals[name]).all()
    assert found.summary["gyroscope_bias_radps"] is None
    assert any("gyroscope" in note for note in found.summary["notes"])
    assert found.summary["cadence_spm"] == pytest.approx(60 * run().parameters.step_rate_hz, rel=0.01)


def _in_pelvis_frame() -> tuple[np.ndarray, np.ndarray]:
    turn = Rotation.from_rotvec(run().parameters.mounting_rotvec_deg, degrees=True)
    return turn.apply(run().acc_mps2), turn.apply(run().gyr_radps)


def test_pelvis_frame() -> None:
    acc, gyr = _in_pelvis_frame()
    found = trendel.analyze(Recording.from_arrays(acc, gyr, run().rate_hz, frame="pelvis"))
    assert np.asarray(found.summary["mounting"]["r_pelvis_from_sensor"]) == pytest.approx(np.eye(3))
    named = trendel.analyze(Recording.from_arrays(acc, gyr, run().rate_hz), mounting="pelvis")
    assert named.steps.data.tobytes() == found.steps.data.tobytes()
    steady = (found.steps["ic_s"] > 20) & (found.steps["ic_s"] < 31)
    assert np.mean(found.steps["tilt_mean_deg"][steady]) == pytest.approx(run().parameters.tilt_mean_deg, abs=1.0)


def test_pelvis_frame_with_a_missing_axis() -> None:
    acc, _ = _in_pelvis_frame()
    made = Recording.from_arrays(acc, None, run().rate_hz, frame="pelvis", missing=("acc_y",))
    found = trendel.analyze(made)
    assert abs(len(found.steps) - len(result().steps)) <= 3
    for name in ("contact_time_ms", "flight_time_ms", "vertical_oscillation_mm", "braking_mps"):
        assert np.isfinite(found.steps[name]).mean() > 0.9, name
    for metric in METRICS:
        if metric.unit == "deg" or metric.name == "sway_mm":
            assert np.isnan(found.steps[metric.name]).all(), metric.name
    assert any("acc_y" in note for note in found.summary["notes"])
    with pytest.raises(MountingError, match="lacks axes"):
        trendel.analyze(made, mounting=np.eye(3))


def test_without_running_there_is_a_note() -> None:
    n = round(3.5 * run().rate_hz)
    short = Recording.from_arrays(run().acc_mps2[:n], run().gyr_radps[:n], run().rate_hz)
    found = trendel.analyze(short)
    assert len(found.steps) == len(found.strides) == 0 and len(found.signals) == n
    assert found.summary["cadence_spm"] is None and found.summary["running_s"] == 0
    assert any("No running" in note for note in found.summary["notes"])
    json.dumps(found.summary)


def test_times_are_in_the_clock_of_the_recording() -> None:
    t = 1000.0 + np.arange(len(recording())) / run().rate_hz
    found = trendel.analyze(Recording.from_arrays(run().acc_mps2, run().gyr_radps, t_s=t))
    assert found.steps["ic_s"] == pytest.approx(result().steps["ic_s"] + 1000.0, abs=1e-3)
    assert found.signals["t_s"][0] == 1000.0


def test_a_gap_is_no_step_and_no_stride() -> None:
    t = np.arange(len(recording())) / run().rate_hz
    t[round(18 * run().rate_hz) :] += 30.0
    found = trendel.analyze(Recording.from_arrays(run().acc_mps2, run().gyr_radps, t_s=t))
    for table in (found.steps, found.strides):
        assert not ((table["ic_s"] < 18.0) & (table["end_s"] > 48.0)).any()
    assert (found.steps["ic_s"] > 48.0).sum() > 20
    assert set(found.steps["run"]) == {0, 1}
    assert found.summary["samples"]["gaps"] == 1


# --------------------------------------------------------------------------------------------- orientation, explain


def test_orientation() -> None:
    q = trendel.orientation(run().acc_mps2, run().gyr_radps, run().rate_hz)
    assert q.shape == (len(recording()), 4) and q.dtype == np.float32 and q.flags.c_contiguous
    assert np.linalg.norm(q.astype(float), axis=1) == pytest.approx(1.0, abs=1e-5)
    up = Rotation.from_quat(q, scalar_first=True).inv().apply([0.0, 0.0, 1.0])
    cosine = np.sum(up * run().r_world_from_sensor[:, 2, :], axis=1)
    error = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    assert error[(run().t_s > 0.1) & (run().t_s < 4.0)].max() < 1.0  # standing
    assert error[(run().t_s > 22.0) & (run().t_s < 31.0)].max() < 1.5  # running steadily
    assert error[run().t_s > 0.1].max() < 5.0  # speeding up looks like leaning back


def test_orientation_is_causal() -> None:
    n = round(12 * run().rate_hz)
    whole = trendel.orientation(run().acc_mps2, run().gyr_radps, run().rate_hz)
    part = trendel.orientation(run().acc_mps2[:n], run().gyr_radps[:n], run().rate_hz)
    assert part.tobytes() == whole[:n].tobytes()


def test_orientation_refuses_shapes() -> None:
    with pytest.raises(RecordingError):
        trendel.orientation(run().acc_mps2[:, :2], run().gyr_radps, run().rate_hz)
    with pytest.raises(RecordingError):
        trendel.orientation(run().acc_mps2, run().gyr_radps[:-1], run().rate_hz)


@pytest.mark.parametrize("mode", ["refined", "causal"])
@pytest.mark.parametrize("number", [0, 17, -1])
def test_explain_shows_the_step_of_the_table(mode: Any, number: int) -> None:
    table = result(mode).steps
    number = len(table) - 1 if number < 0 else number
    told = explain(recording(), number, mode=mode)
    row = table.data[number]
    for name in ("step", "run", "side", "ic_s", "to_s", "end_s", "quality", "flags"):
        assert told["step"][name] == row[name].item(), name
    for metric in METRICS:
        assert told["step"][metric.name] == pytest.approx(row[metric.name], nan_ok=True)
    assert told["given_out"]["t_s"] > row["end_s"]
    ring = told["ring"]
    assert len(ring) > 50 and np.diff(ring["t_s"]).min() > 0
    assert ring["t_s"][-1] <= told["given_out"]["t_s"] + 0.02
    assert set(told) >= {"attitude", "mounting", "contacts", "stride"}
    angle = np.interp(row["to_s"], result(mode).signals["t_s"], result(mode).signals["acc_up_mps2"])
    if ring["t_s"][0] < row["to_s"]:
        assert np.interp(row["to_s"], ring["t_s"], ring["up_mps2"]) == pytest.approx(angle, abs=1.5)


@pytest.mark.parametrize("number", [-1, 100000])
def test_explain_of_a_step_that_is_not_there(number: int) -> None:
    with pytest.raises(RecordingError, match=rf"no step {number}.*0 to \d+"):
        explain(recording(), number)


def test_explain_without_any_running() -> None:
    n = round(3.5 * run().rate_hz)
    short = Recording.from_arrays(run().acc_mps2[:n], run().gyr_radps[:n], run().rate_hz)
    with pytest.raises(RecordingError, match="no running"):
        explain(short, 0)
