"""Standing and mounting: which way the clip sits on this runner, from ten seconds of standing and some running.

The mounting itself is found by trendel's own kernels; this takes it, with how it was found, into a file that
`--mounting FILE` takes, kept for the runner and the clip."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trendel.errors import CalibrationError, reason
from trendel.recording import Recording
from trendel_calibration.result import F64, now_utc

STRIDES_MIN = 10
STANDING_S = 5.0
_SWAY_RADPS = 0.25
_STEADY_MPS2 = 0.6


@dataclass(frozen=True, eq=False)
class Standing:
    """axes: (3, 3) rows forward, left, up of the pelvis in the sensor frame. up: (3,) in standing, sensor frame, with
    sway_deg its standard deviation over seconds and standing_s how long. is_levelled: axes are level in standing.
    strides_n: strides that heading was learned from. other_deg: by how much it differs from the other half's."""

    axes: F64
    up: F64 | None
    sway_deg: float | None
    standing_s: float
    is_levelled: bool
    strides_n: int
    other_deg: float | None

    def as_dict(self, runner: str, serial: str | None, source: str) -> dict[str, Any]:
        """What is kept; `--mounting` reads r_pelvis_from_sensor."""
        return {
            "schema": "trendel.mounting/1", "runner": runner, "clip_serial": serial, "when": now_utc(), "source":
            source, "r_pelvis_from_sensor": self.axes.tolist(), "is_levelled_to_standing": self.is_levelled,
            "up_standing": None if self.up is None else self.up.tolist(), "standing_s": self.standing_s, "sway_deg":
            self.sway_deg, "strides_n": self.strides_n, "halves_differ_deg": self.other_deg,
        }  # fmt: skip


def standing(recording: Recording) -> Standing:
    """From a recording that begins with standing and goes on with running. Raises CalibrationError."""
    from trendel.analysis import analyze

    if recording.gyr_radps is None or recording.frame != "sensor":
        raise CalibrationError(f"{recording.source}: the mounting needs a gyroscope and the sensor's own axes.")
    up, sway_deg, seconds = _standing(recording)
    mounting = analyze(recording).summary["mounting"]
    strides = int(mounting["strides_learned_from"])
    if mounting["source"] != "learned while running" or strides < STRIDES_MIN:
        raise CalibrationError(
            f"{recording.source}: {strides} strides of running are too few for the mounting: after "
            "standing, run at least "
            f"{STRIDES_MIN} strides straight on (20 or more are better)."
        )
    axes = np.array(mounting["r_pelvis_from_sensor"])
    return Standing(
        axes, up, sway_deg, seconds, mounting["zero"] == "standing posture", strides, _other(recording, axes)
    )


def _standing(recording: Recording) -> tuple[F64 | None, float | None, float]:
    """Direction of gravity in the longest standing before the first run, its sway in degrees, and for how long."""
    assert recording.gyr_radps is not None
    width = max(2, round(recording.rate_hz / 2))
    n = len(recording) // width
    acc = recording.acc_mps2[: n * width].astype(np.float64).reshape(n, width, 3)
    gyr = recording.gyr_radps[: n * width].astype(np.float64).reshape(n, width, 3)
    steady = (acc.std(axis=1).max(axis=1) < _STEADY_MPS2) & (gyr.std(axis=1).max(axis=1) < _SWAY_RADPS)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], steady, [False]]).astype(np.int8)))
    spans = list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
    start, end = max(spans, key=lambda s: s[1] - s[0], default=(0, 0))
    seconds = (end - start) * width / recording.rate_hz
    if seconds < STANDING_S:
        return None, None, seconds
    means = acc[start:end].mean(axis=1)
    means /= np.linalg.norm(means, axis=1)[:, None]
    up = means.mean(axis=0)
    up /= np.linalg.norm(up)
    off = np.degrees(np.arccos(np.clip(means @ up, -1, 1)))
    return up, float(np.sqrt((off**2).mean())), seconds


def _other(recording: Recording, axes: F64) -> float | None:
    """Angle in degrees between the whole recording's mounting and that of its first two thirds; None where that is too
    short: how much more running would still change."""
    from trendel.analysis import analyze

    n = 2 * len(recording) // 3
    if n < 10 * recording.rate_hz:
        return None
    assert recording.gyr_radps is not None
    part = Recording.from_arrays(
        recording.acc_mps2[:n], recording.gyr_radps[:n], t_s=recording.t_s[:n], source=recording.source
    )
    mounting = analyze(part).summary["mounting"]
    if mounting["source"] != "learned while running":
        return None
    turn = axes @ np.array(mounting["r_pelvis_from_sensor"]).T
    return float(np.degrees(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1, 1))))


def mountings_folder() -> Path:
    """TRENDEL_MOUNTINGS where it is set, otherwise mountings in the user's data folder."""
    given = os.environ.get("TRENDEL_MOUNTINGS")
    if given:
        return Path(given).expanduser()
    import platformdirs

    return Path(platformdirs.user_data_dir("trendel", appauthor=False)) / "mountings"


def keep_mounting(found: dict[str, Any], folder: Path | None = None) -> Path:
    """Write it for its runner and clip; the file, which replaces the one before (renamed, so that it stays)."""
    place = (folder or mountings_folder()) / _safe(found["runner"])
    name = _safe(found["clip_serial"] or "any-clip")
    try:
        place.mkdir(parents=True, exist_ok=True)
        path = place / f"{name}.json"
        if path.exists():
            path.replace(place / f"{name}-before-{re.sub('[^0-9T]', '', found['when'][:19])}.json")
        path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise CalibrationError(f"the mounting cannot be kept in {place}: {reason(error)}.") from None
    return path


def _safe(text: str) -> str:
    return re.sub(r"[^\w.-]", "_", text).strip(".")[:64] or "none"


__all__ = ["Standing", "keep_mounting", "mountings_folder", "standing"]
