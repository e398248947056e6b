"""`trendel session align --by motion`."""

import json
from pathlib import Path

from tests.host.analysis.worn import its_clock, worn
from tests.host.app.conftest import Cli
from trendel.recording import Recording, read, write_recording


def test_by_motion(tmp_path: Path, cli: Cli) -> None:
    a, b = worn(2, 1, 104.0), worn(2, 2, 208.0)
    write_recording(Recording.from_arrays(a.acc_mps2, a.gyr_radps, t_s=a.t_s), tmp_path / "a.csv")
    write_recording(Recording.from_arrays(b.acc_mps2, b.gyr_radps, t_s=its_clock(b.t_s)), tmp_path / "b.csv")
    on_a = tmp_path / "b_on_a.csv"
    said = cli("session", "align", tmp_path / "a.csv", tmp_path / "b.csv", "--by", "motion", "--out", on_a)
    assert said.code == 0 and "on one segment of the body" in said.out and "b_on_a.csv" in said.out
    moved = read(on_a)
    assert abs(float(moved.t_s[0]) - b.t_s[0]) < 1e-3 and abs(float(moved.t_s[-1]) - b.t_s[-1]) < 1e-3
    assert moved.metadata["aligned_to"]["run"] == "a.csv"
    again = cli("session", "align", tmp_path / "a.csv", on_a, "--by", "motion", "--json")
    about = json.loads(again.out)
    assert about["by"] == "motion" and about["one_segment"] and abs(about["offset_s"]) < 1e-3


def test_no_recording_is_replaced(tmp_path: Path, cli: Cli) -> None:
    """Said before the work; whatever --overwrite says, of either recording and what is beside it."""
    a = worn(2, 1, 104.0)
    for name in ("a.csv", "b.csv"):
        write_recording(Recording.from_arrays(a.acc_mps2, a.gyr_radps, t_s=a.t_s), tmp_path / name)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for out, said in (
        ("b.csv", "would replace a recording"), ("./a.csv", "would replace a recording"), ("c.mcap", "ends with .csv"),
        ("a.json", "ends with .csv"), ("", "ends with .csv"),
    ):  # fmt: skip
        target = f"{tmp_path}/{out}" if out else ""
        told = cli("session", "align", tmp_path / "a.csv", tmp_path / "b.csv", "--out", target, "--overwrite")
        assert told.code == 2 and said in told.err, out
    (tmp_path / "c.csv").write_text("mine")
    told = cli("session", "align", tmp_path / "a.csv", tmp_path / "b.csv", "--out", tmp_path / "c.csv")
    assert told.code == 2 and "exists already" in told.err
    assert {path: path.read_bytes() for path in before} == before


def test_stated_beginnings_have_no_error(tmp_path: Path, cli: Cli) -> None:
    a = worn(2, 1, 104.0)
    for name, second in (("a", 10), ("b", 15)):
        began = {"started_at": f"2026-05-12T18:30:{second}Z"}
        recording = Recording.from_arrays(a.acc_mps2, a.gyr_radps, t_s=a.t_s, metadata=began)
        write_recording(recording, tmp_path / f"{name}.csv")
    out = tmp_path / "b_on_a.csv"
    told = cli("session", "align", tmp_path / "a.csv", tmp_path / "b.csv", "--json", "--out", out)
    about = json.loads(told.out)
    assert abs(about["offset_s"] + 5.0) < 1e-6 and about["begin_sd_s"] is None
    beside = out.with_suffix(".json").read_text()
    assert "NaN" not in beside and json.loads(beside)["aligned_to"]["run"] == "a.csv"
    (tmp_path / "a.json").write_text(json.dumps({"started_at": "noon"}))
    told = cli("session", "align", tmp_path / "a.csv", tmp_path / "b.csv")
    assert told.code == 2 and "its started_at 'noon' is no date and time" in told.err
