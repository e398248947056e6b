"""The recordings that TRENDEL_DATA names: all are read, and their units and rates hold up. Skipped without them."""

import os
from pathlib import Path

import numpy as np
import pytest

from tests.host.recording.made import adds_up
from trendel.errors import RecordingError
from trendel.recording import Recording, find_recordings, read

DATA = Path(os.environ.get("TRENDEL_DATA", "/nonexistent"))
FOLDERS = ("treadmill_force", "mocap", "waist", "outdoor")

pytestmark = [
    pytest.mark.validation,
    pytest.mark.skipif(not DATA.is_dir(), reason="TRENDEL_DATA names no folder of real recordings"),
]


@pytest.mark.parametrize("folder", FOLDERS)
def test_all_are_read_whole(folder: str) -> None:
    paths = find_recordings(DATA / folder)
    assert paths
    for path in paths:
        recording = read(path)
        assert adds_up(recording)
        assert recording.rate_hz == recording.metadata["rate_hz"]
        assert recording.counts.bridged == recording.counts.gaps == recording.counts.refused == 0
        assert recording.counts.saturated < 0.001 * len(recording)
        assert (recording.gyr_radps is None) == (folder in ("treadmill_force", "outdoor"))
        assert recording.missing == (("acc_y",) if folder == "treadmill_force" else ())


def test_companions_are_refused() -> None:
    companions = list(DATA.glob("*/*.*.csv"))
    assert companions
    for path in companions:
        with pytest.raises(RecordingError, match="goes with a recording"):
            read(path)


def test_wrong_units_and_rates_are_refused() -> None:
    running = [p for folder in FOLDERS for p in find_recordings(DATA / folder) if p.stem.startswith(("jog", "tr"))]
    for path in running:
        for unit in ("g", "mg"):
            with pytest.raises(RecordingError, match=r"look like m/s2|beyond any sensor"):
                read(path, acc_unit=unit)
        with pytest.raises(RecordingError):
            read(path, time_unit="ms")
        recording = read(path)
        if recording.gyr_radps is None:
            continue
        with pytest.raises(RecordingError, match="look like rad/s"):
            read(path, gyr_unit="deg/s")
        with pytest.raises(RecordingError, match="look like deg/s"):
            Recording.from_arrays(recording.acc_mps2, np.rad2deg(recording.gyr_radps), recording.rate_hz)
        with pytest.raises(RecordingError, match="nobody does"):
            Recording.from_arrays(recording.acc_mps2, recording.gyr_radps, 3 * recording.rate_hz)


def test_the_orientation_trials_are_accepted() -> None:
    for path in sorted((DATA / "orientation").glob("*.npz")):
        trial = np.load(path)
        recording = Recording.from_arrays(trial["acc_mps2"], trial["gyr_radps"], float(trial["rate_hz"]))
        assert adds_up(recording)
        assert recording.gyr_radps is not None
