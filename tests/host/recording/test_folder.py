"""Finding recordings in a folder."""

import os
from pathlib import Path

import pytest

from trendel.errors import RecordingError
from trendel.recording import find_recordings


def test_companions_and_outputs_are_left_out(tmp_path: Path) -> None:
    wanted = ["a.csv", "b/c.CSV", "b/d.tsv", "b/week.1.csv", "strides.csv", "b/steps.csv"]
    other = [
        "a.json", "a.truth.csv", "a.contacts.csv", "b/c.vgrf.csv", "b/c.ankle.csv", "notes.txt", ".hidden.csv",
        ".git/x.csv", "a.trendel/steps.csv", "a.trendel/summary.json", "a.trendel/other.csv", "a.trendel/deep/y.csv",
        "all_steps.csv", "all_strides.csv", "all_alerts.csv", "all_summary.csv", "b/all_summary.csv",
    ]  # fmt: skip
    for name in wanted + other:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    (tmp_path / "folder.csv").mkdir()
    assert [p.relative_to(tmp_path).as_posix() for p in find_recordings(tmp_path)] == sorted(wanted)
    assert find_recordings(str(tmp_path / "b")) == sorted(tmp_path / w for w in wanted if w[0] == "b")


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="does not exist"):
        find_recordings(tmp_path / "nowhere")
    (tmp_path / "a.csv").write_text("x")
    with pytest.raises(RecordingError, match="not a folder"):
        find_recordings(tmp_path / "a.csv")


def test_an_unreadable_folder_inside_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "a.csv").write_text("x")
    scan = os.scandir

    def refusing(path: str) -> object:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    # Root may read everything, so the refusal is made.
    monkeypatch.setattr(os, "scandir", refusing)
    with pytest.raises(RecordingError, match=r"closed: this folder may not be read \(Permission denied\)"):
        find_recordings(tmp_path)
