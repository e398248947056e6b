"""The folder of recordings with truth, and what is in it."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import trendel
from trendel.recording import Recording

F64 = npt.NDArray[np.float64]

NO_DATA = "TRENDEL_DATA is not set; it must name the folder of recordings with truth (orientation/, mocap/, waist/ ...)"


class NoDataError(Exception):
    """There is no folder of recordings, or it does not hold what is asked for; str() is one sentence."""


def folder(kind: str = "") -> Path:
    """TRENDEL_DATA, or its subfolder of that kind. Raises NoDataError."""
    named = os.environ.get("TRENDEL_DATA", "")
    if not named:
        raise NoDataError(NO_DATA)
    path = Path(named) / kind
    if not path.is_dir():
        raise NoDataError(f"TRENDEL_DATA names {named}, but there is no folder {kind or named} there")
    return path


def files(kind: str, pattern: str) -> list[Path]:
    """Files of a kind, sorted; raises NoDataError if there is none."""
    found = sorted(folder(kind).glob(pattern))
    if not found:
        raise NoDataError(f"there is no {pattern} in {folder(kind)}")
    return found


def columns(path: Path) -> dict[str, npt.NDArray[Any]]:
    """A CSV file by column, (n,) each: float64, or text where a value is not a number."""
    with path.open(newline="") as stream:
        rows = list(csv.reader(stream))
    made: dict[str, npt.NDArray[Any]] = {}
    for k, name in enumerate(rows[0]):
        values = [row[k] for row in rows[1:]]
        try:
            made[name] = np.array(values, np.float64)
        except ValueError:
            made[name] = np.array(values)
    return made


@cache
def recording(path: Path) -> Recording:
    """A recording, read once."""
    return trendel.read(path)


@dataclass(frozen=True)
class OrientationTrial:
    """One hand-moved trial: signals and optical truth. Arrays (n, 3), (n, 3), (n, 4) w first, (n,) bool."""

    name: str
    rate_hz: float
    acc_mps2: npt.NDArray[np.float32]
    gyr_radps: npt.NDArray[np.float32]
    q_world_from_sensor: F64
    judged: npt.NDArray[np.bool_]


def orientation_trials() -> Iterator[OrientationTrial]:
    """All trials of orientation/, one at a time. Samples count where the sensor moves and optics saw it."""
    for path in files("orientation", "*.npz"):
        with np.load(path) as d:
            q = d["quat_world_from_sensor_wxyz"].astype(np.float64)
            judged = d["moving"] & np.isfinite(q).all(axis=1)
            yield OrientationTrial(path.stem, float(d["rate_hz"]), d["acc_mps2"], d["gyr_radps"], q, judged)


def with_suffix(path: Path, suffix: str) -> Path:
    """The companion of RUN.csv with another ending: RUN.truth.csv."""
    return path.with_name(path.stem + suffix)


def recordings_of(kind: str) -> list[Path]:
    """The recordings of a kind (RUN.csv), without their companions (RUN.truth.csv)."""
    found = [p for p in files(kind, "*.csv") if "." not in p.stem]
    if not found:
        raise NoDataError(f"there is no recording in {folder(kind)}")
    return found


def sidecar(path: Path) -> dict[str, Any]:
    """The JSON beside a recording."""
    loaded: dict[str, Any] = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    return loaded
