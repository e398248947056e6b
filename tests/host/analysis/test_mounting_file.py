"""Known mountings from files and matrices, good and bad."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

import trendel
from tests.host.analysis.made import recording, run
from trendel.analysis.mounting_file import check_axes, read_mounting
from trendel.errors import MountingError

R = Rotation.from_rotvec([0.3, -1.2, 0.4])


def _write(path: Path, data: Any) -> Path:
    path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        ({"forward": "-z", "left": "y", "up": "x"}, [[0, 0, -1], [0, 1, 0], [1, 0, 0]]),
        ({"forward": "-z", "up": "x"}, [[0, 0, -1], [0, 1, 0], [1, 0, 0]]),
        ({"left": "+Y", "up": " x "}, [[0, 0, -1], [0, 1, 0], [1, 0, 0]]),
        ({"forward": "x", "left": "y"}, np.eye(3)),
        ({"r_pelvis_from_sensor": R.as_matrix().tolist()}, R.as_matrix()),
        ({"q_pelvis_from_sensor_wxyz": R.as_quat(scalar_first=True).tolist()}, R.as_matrix()),
    ],
)
def test_good_files(data: Any, rows: Any, tmp_path: Path) -> None:
    assert np.asarray(read_mounting(_write(tmp_path / "m.json", data))) == pytest.approx(np.asarray(rows), abs=1e-9)


def test_toml(tmp_path: Path) -> None:
    path = _write(tmp_path / "m.toml", 'forward = "-z"\nup = "x"\n')
    assert np.asarray(read_mounting(path))[2] == pytest.approx([1, 0, 0])


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("{", "not valid JSON"),
        ("[1, 2]", "holds no names"),
        ({}, "names no rotation"),
        ({"forward": "x"}, "two of forward, left and up"),
        ({"forward": "x", "up": "x"}, "no rotation"),
        ({"forward": "x", "left": "-y", "up": "z"}, "no rotation"),
        ({"forward": "w", "up": "x"}, "no sensor axis"),
        ({"forward": 3, "up": "x"}, "no sensor axis"),
        ({"r_pelvis_from_sensor": [[1, 0], [0, 1]]}, "3x3"),
        ({"r_pelvis_from_sensor": "x"}, "3x3"),
        ({"r_pelvis_from_sensor": [[1, 0, 0], [0, 1, 0], [0, 0, "z"]]}, "3x3"),
        ({"r_pelvis_from_sensor": [[2, 0, 0], [0, 2, 0], [0, 0, 2]]}, "no rotation"),
        ({"r_pelvis_from_sensor": np.diag([1, 1, -1]).tolist()}, "no rotation"),
        ({"r_pelvis_from_sensor": [[float("nan")] * 3] * 3}, "finite"),
        ({"q_pelvis_from_sensor_wxyz": [1, 1, 1, 1]}, "unit quaternion"),
        ({"q_pelvis_from_sensor_wxyz": [1, 0, 0]}, "unit quaternion"),
    ],
)
def test_bad_files_are_refused_with_their_name(data: Any, says: str, tmp_path: Path) -> None:
    path = _write(tmp_path / "m.json", data)
    with pytest.raises(MountingError, match=says) as error:
        read_mounting(path)
    assert str(path) in str(error.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MountingError, match="cannot read"):
        read_mounting(tmp_path / "no.json")


def test_axes_are_made_exactly_orthonormal() -> None:
    axes = np.asarray(check_axes(R.as_matrix() + 0.004))
    assert axes @ axes.T == pytest.approx(np.eye(3), abs=1e-12)
    assert Rotation.from_matrix(axes @ R.as_matrix().T).magnitude() < 0.01


def test_a_given_mounting_is_used(tmp_path: Path) -> None:
    true = Rotation.from_rotvec(run().parameters.mounting_rotvec_deg, degrees=True).as_matrix()
    path = _write(tmp_path / "m.json", {"r_pelvis_from_sensor": true.tolist()})
    summaries = []
    for mounting in (true, path, str(path)):
        found = trendel.analyze(recording(), mounting=mounting)
        used = np.asarray(found.summary["mounting"]["r_pelvis_from_sensor"])
        assert used == pytest.approx(true, abs=1e-6)
        assert found.summary["mounting"]["source"] == "given" and found.summary["mounting"]["settled"]
        summaries.append(found.summary["metrics"])
        # From the first moment on the angles are those of the pelvis.
        tilt = found.signals["tilt_deg"]
        assert np.isfinite(tilt).all()
        for start, stop in ((0.0, 4.0), (22.0, 31.0)):
            part = (run().t_s > start) & (run().t_s < stop)
            assert np.sqrt(np.mean((tilt - run().tilt_deg)[part] ** 2)) < 1.0
    assert summaries[0] == summaries[1] == summaries[2]


def test_learned_mounting_is_near_the_true_one() -> None:
    true = Rotation.from_rotvec(run().parameters.mounting_rotvec_deg, degrees=True).as_matrix()
    found = np.asarray(trendel.analyze(recording()).summary["mounting"]["r_pelvis_from_sensor"])
    assert np.degrees(Rotation.from_matrix(found @ true.T).magnitude()) < 3.0


@pytest.mark.parametrize("mounting", ["sideways.json", np.eye(2), "automatic", None, 3])
def test_impossible_mountings_are_refused(mounting: Any) -> None:
    with pytest.raises(MountingError):
        trendel.analyze(recording(), mounting=mounting)
    with pytest.raises(MountingError):
        trendel.Stream(208.0, mounting=mounting)
