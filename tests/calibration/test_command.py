"""`trendel calibrate` as a user has it: files, a guided run over a link, JSON, report, and what goes wrong."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.calibration.conftest import Done
from tests.calibration.made import SERIAL, with_mistakes, write_csv, write_session
from trendel_calibration.synthetic import Clip, Handled, Handling, handle, six_positions

Command = Callable[..., Done]
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def made() -> Handled:
    return handle(Clip.random(4), Handling(seed=4, poses_n=22))


@pytest.fixture(scope="module")
def poses_csv(made: Handled, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_csv(made, tmp_path_factory.mktemp("poses") / "poses.csv")


def test_the_command_is_an_entry_point() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["trendel.commands"] == {"calibrate": "trendel_calibration.command:add_commands"}


def test_poses_from_a_file(made: Handled, poses_csv: Path, trendel_command: Command, tmp_path: Path) -> None:
    page, out = tmp_path / "page.html", tmp_path / "record.json"
    done = trendel_command(
        "calibrate", "--from", poses_csv, "--json", "--report", page, "--out", out, "--who", "A. Tester"
    )
    record = json.loads(done.out)
    assert done.code == 0 and record["method"] == "poses" and record["who"] == "A. Tester"
    assert record["clip_serial"] == f"{SERIAL:016x}" and record["raw_unit"] == "si"
    assert np.abs(np.array(record["acc_matrix"]) - made.clip.acc_matrix).max() < 0.005
    assert all(check["passed"] for check in record["checks"])
    assert Path(record["kept"]).is_file() and json.loads(out.read_text())["hash"] == record["hash"]
    text = page.read_text()
    assert "Every check passed" in text and "<script src" not in text and "Closure of turns" in text
    again = trendel_command("calibrate", "--from", poses_csv, "--report", page)
    assert again.code == 2 and "exists already" in again.err
    listed = trendel_command("calibrate", "--history", "--json")
    assert [entry["hash"] for entry in json.loads(listed.out)] == [record["hash"]]
    assert "poses" in trendel_command("calibrate", "--history").out


def test_the_next_calibration_is_compared_with_the_last(
    poses_csv: Path, trendel_command: Command, tmp_path: Path
) -> None:
    other = write_csv(handle(Clip.random(4), Handling(seed=5, poses_n=22)), tmp_path / "later.csv")
    assert trendel_command("calibrate", "--from", poses_csv).code == 0
    done = trendel_command("calibrate", "--from", other, "--report", tmp_path / "r.html")
    assert done.code == 0 and "Since the calibration" in done.out
    assert "Since the calibration before" in (tmp_path / "r.html").read_text()
    foreign = json.loads(next((tmp_path / "kept").rglob("*.json")).read_text()) | {"clip_serial": "00000000000000aa"}
    (tmp_path / "foreign.json").write_text(json.dumps(foreign))
    done = trendel_command("calibrate", "--from", other, "--against", tmp_path / "foreign.json")
    assert done.code == 2 and "does not belong here: it is of clip 00000000000000aa" in done.err


def test_from_a_session(made: Handled, trendel_command: Command, tmp_path: Path) -> None:
    path = write_session(made.acc_raw, made.gyr_raw, made.rate_hz, tmp_path / "s.mcap")
    record = json.loads(trendel_command("calibrate", "--from", path, "--json").out)
    assert record["clip_serial"] == f"{SERIAL:016x}" and record["range_g"] == 16.0
    assert np.abs(np.array(record["acc_matrix"]) - made.clip.acc_matrix).max() < 0.005


def test_six_positions_guided(trendel_command: Command, tmp_path: Path) -> None:
    path = write_csv(with_mistakes(Clip.random(9)), tmp_path / "begun.csv")
    done = trendel_command(
        "calibrate", "--link", f"replay:{path}@max", "--method", "ferraris", "--record", tmp_path / "r.mcap"
    )
    assert done.code == 0, done
    assert "3/10 Lay it down with the x axis down" in done.out and "Once more." in done.out and "kept:" in done.out
    assert (tmp_path / "r.mcap").is_file()


def test_guided_poses_give_json_alone(poses_csv: Path, trendel_command: Command) -> None:
    done = trendel_command(
        "calibrate", "--link", f"replay:{poses_csv}@max", "--poses", 14, "--json", "--serial", "c0ffee"
    )
    record = json.loads(done.out)
    assert done.code == 0 and record["clip_serial"] == f"{SERIAL:016x}" and record["repeated_n"] >= 0
    assert "Lay the clip on a table" in done.err


def test_guided_run_that_ends_early(poses_csv: Path, trendel_command: Command) -> None:
    done = trendel_command("calibrate", "--link", f"replay:{poses_csv}@max", "--poses", 60)
    assert done.code == 2 and "steps to go: nothing is kept" in done.err


def test_rest(trendel_command: Command, tmp_path: Path) -> None:
    rng, n = np.random.default_rng(0), 208 * 40
    acc, gyr = rng.normal([0, 0, 9.8], 0.02, (n, 3)), rng.normal([0.01, 0.0, -0.02], 0.0015, (n, 3))
    path = write_csv(
        Handled(acc, gyr, 208.0, np.eye(3)[None], np.array([[0, n]]), Clip.random(0)), tmp_path / "rest.csv"
    )
    bias = json.loads(trendel_command("calibrate", "--from", path, "--method", "bias", "--json").out)["bias"]
    assert np.abs(np.array(bias["gyr_bias"]) - [0.01, 0, -0.02]).max() < 1e-4
    noise = trendel_command("calibrate", "--from", path, "--method", "noise", "--report", tmp_path / "n.html")
    assert noise.code == 0 and "angle random walk" in noise.out and "Allan" in (tmp_path / "n.html").read_text()
    rate = trendel_command("calibrate", "--from", path, "--method", "rate")
    assert rate.code == 0 and rate.out.startswith("208.00")
    live = trendel_command("calibrate", "--link", f"replay:{path}@max", "--method", "bias", "--seconds", 20)
    assert live.code == 0 and "gyroscope at rest for 20 s" in live.out


def test_standing(trendel_command: Command, tmp_path: Path) -> None:
    from trendel.simulation.sensor import SensorModel
    from trendel.simulation.session import Session
    from trendel.simulation.simulate import simulate

    run = simulate(Session((("stand", 10.0), ("run", 40.0)), seed=2), SensorModel())
    made = Handled(run.acc_mps2, run.gyr_radps, run.rate_hz, np.eye(3)[None], np.zeros((1, 2)), Clip.random(0))
    path = write_csv(made, tmp_path / "run.csv")
    done = trendel_command("calibrate", "--from", path, "--method", "standing", "--runner", "P07", "--json")
    kept = json.loads(done.out)
    turn = np.array(kept["r_pelvis_from_sensor"]) @ SensorModel().r_pelvis_from_sensor.T
    assert np.degrees(np.arccos((np.trace(turn) - 1) / 2)) < 6 and kept["standing_s"] > 8
    analysed = trendel_command("analyze", path, "--mounting", kept["kept"], "--out", tmp_path / "out", "--json")
    assert json.loads(analysed.out)["mounting"]["source"] == "given"
    short = trendel_command("calibrate", "--from", path, "--method", "standing")
    assert short.code == 2 and "--runner" in short.err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--method", "magic"], "--method magic is none"),
        ([], "either --from FILE or --link LINK"),
        (["--from", "none.csv"], "does not exist"),
        (["--from", "none.csv", "--link", "replay:x.csv"], "either --from FILE or --link LINK"),
        (["--from", "none.csv", "--gravity", "3"], "9.76 to 9.84"),
        (["--from", "none.csv", "--rate-hz", "1"], "cannot be"),
        (["--link", "replay:none.csv"], "none.csv"),
        (["--link", "replay:none.csv", "--method", "standing"], "recorded first"),
        (["--from", "bare.csv"], "nothing says its sampling rate"),
        (["--from", "bare.csv", "--rate-hz", "100"], "too short"),
        (["--from", "bare.csv", "--rate-hz", "100", "--method", "noise"], "--acc-unit"),
        (["--from", "bare.csv", "--method", "rate"], "no time stamps"),
        (["--from", "bare.csv", "--rate-hz", "9", "--method", "ferraris", "--sections", "n.json"], "sections n.json"),
        (["--from", "text.csv"], "text.csv"),
        (["--from", "bare.csv", "--report", "nowhere/r.html"], "there is no folder"),
        (["--practice", "bare.csv"], "exists already"),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence(
    words: list[str], sentence: str, trendel_command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = "\n".join(f"{i % 7},{i % 5},{1000 + i % 2},{i % 3},{i % 4},{i % 6}" for i in range(100))
    Path("bare.csv").write_text(f"acc_x,acc_y,acc_z,gyr_x,gyr_y,gyr_z\n{rows}\n")
    Path("text.csv").write_text("acc_x,acc_y,acc_z\n1,2,three\n" * 3)
    done = trendel_command("calibrate", *words)
    assert done.code == 2 and sentence in done.err and done.err.strip().count("\n") == 0, done


def test_practice(trendel_command: Command, tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    done = trendel_command("calibrate", "--practice", path, "--method", "ferraris")
    assert done.code == 0 and "simulated" in done.out
    truth = json.loads(path.with_suffix(".json").read_text())["truth"]
    record = json.loads(trendel_command("calibrate", "--from", path, "--method", "ferraris", "--json").out)
    assert np.abs(np.diag(record["acc_matrix"]) - np.diag(truth["acc_matrix"])).max() < 0.002


def test_six_positions_are_made_as_described() -> None:
    made = six_positions(Clip.random(1), Handling(seed=1))
    up = made.r_world_from_sensor[:, 2, :]
    assert np.allclose(up[0], [1, 0, 0]) and np.allclose(up[1], [-1, 0, 0])
