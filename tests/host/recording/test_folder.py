"""Finding recordings in a folder."""

from pathlib import Path

import pytest

from trendel.errors import RecordingError
from trendel.recording import find_recordings


def test_companions_and_outputs_are_left_out(tmp_path: Path) -> None:
    wanted = ["a.csv", "b/c.CSV", "b/d.tsv", "b/week.1.csv"]
    other = [
        "a.json", "a.truth.csv", "a.contacts.csv", "b/c.vgrf.csv", "b/c.ankle.csv", "notes.txt", ".hidden.csv",
        ".git/x.csv", "a.trendel/steps.csv", "a.trendel/summary.json", "a.trendel/other.csv", "a.trendel/deep/y.csv",
        "strides.csv",
    ]  # fmt: skip
    for name in wanted + other:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    (tmp_path / "folder.csv").mkdir()
    assert [p.relative_to(tmp_path).as_posix() for p in find_recordings(tmp_path)] == sorted(wanted)
    assert find_recordings(str(tmp_path / "b")) == sorted(tmp_path / w for w in wanted[1:])


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="does not exist"):
        find_recordings(tmp_path / "nowhere")
    (tmp_path / "a.csv").write_text("x")
    with pytest.raises(RecordingError, match="not a folder"):
        find_recordings(tmp_path / "a.csv")
