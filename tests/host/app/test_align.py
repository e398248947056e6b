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
    taken = cli("session", "align", tmp_path / "a.csv", tmp_path / "b.csv", "--by", "motion", "--out", on_a)
    assert taken.code == 2 and "exists already" in taken.err
