"""Recordings in a folder, told from the files that go with them."""

import os
from pathlib import Path

from trendel.errors import RecordingError

COMPANIONS = {
    "truth": "reference",
    "contacts": "list of contacts",
    "vgrf": "ground reaction force",
    "ankle": "ankle signal",
}
"""`run.truth.csv` and the like hold what goes with `run.csv`."""
_OUTPUTS = {"steps", "strides", "signals", "alerts"}
_FOLDER_OUTPUTS = {"all_steps.csv", "all_strides.csv", "all_alerts.csv", "all_summary.csv"}
SESSION_SUFFIX = ".mcap"
_SUFFIXES = {".csv", ".tsv", SESSION_SUFFIX}
_SUMMARY = "summary.json"


def companion_of(path: Path) -> str | None:
    """What `path` is by its name where that is the companion of a recording (`run.truth.csv`), else None."""
    _, dot, kind = path.stem.rpartition(".")
    return COMPANIONS.get(kind.lower()) if dot else None


def is_session(path: Path) -> bool:
    """Whether `path` is a session by its name."""
    return path.suffix.lower() == SESSION_SUFFIX


def find_recordings(folder: str | os.PathLike[str]) -> list[Path]:
    """The files in `folder` and below that look like recordings by their names (tables, sessions), sorted.

    Left out: companions (`.truth.csv`, `.contacts.csv`, `.vgrf.csv`, `.ankle.csv`), folders that trendel wrote its
    results into (they hold summary.json beside steps.csv and the like), the tables of a whole folder (all_steps.csv,
    all_strides.csv, all_alerts.csv, all_summary.csv), and whatever is hidden. Files that turn out to be no recordings
    when read are the caller's to report. Links to folders are not followed.
    Raises RecordingError where `folder` is not a folder, or where it or a folder in it may not be read."""
    root = Path(folder)
    if not root.is_dir():
        raise RecordingError(f"{root}: is not a folder" if root.exists() else f"{root}: does not exist: check the path")

    def refuse(error: OSError) -> None:
        # Passing over a folder would leave recordings out in silence.
        raise RecordingError(
            f"{error.filename or root}: this folder may not be read ({error.strerror}): "
            "allow it, or move it out of the way"
        ) from None

    found: list[Path] = []
    for place, folders, files in os.walk(root, onerror=refuse):
        if _SUMMARY in files and _OUTPUTS & {Path(name).stem for name in files}:
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in files:
            path = Path(place) / name
            if name.startswith(".") or path.suffix.lower() not in _SUFFIXES or name.lower() in _FOLDER_OUTPUTS:
                continue
            if companion_of(path) is None and path.is_file():
                found.append(path)
    return sorted(found)
