"""The nine sections of a six-position session: found in a recording, or given by a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from trendel.errors import CalibrationError, reason
from trendel_calibration.result import F64
from trendel_calibration.static import Phase, noise_floor, static_phases, unrest

POSITIONS: Final = ("x_p", "x_a", "y_p", "y_a", "z_p", "z_a")
ROTATIONS: Final = ("x_rot", "y_rot", "z_rot")
NAMES: Final = POSITIONS + ROTATIONS
WORDS: Final = {
    **{f"{axis}_p": f"{axis} axis up" for axis in "xyz"},
    **{f"{axis}_a": f"{axis} axis down" for axis in "xyz"},
    **{f"{axis}_rot": f"turned about {axis}, {axis} axis up" for axis in "xyz"},
}
Sections = dict[str, tuple[int, int]]
_LEAST_S = 1.0
_WITHIN = float(np.cos(np.radians(25.0)))


def find_sections(acc: F64, gyr: F64, rate_hz: float) -> tuple[Sections, list[Phase]]:
    """Sections and static phases of a recording (n, 3), (n, 3): of each position the longest rest, of each axis the
    movement about it while it points up. Works in any unit. Raises CalibrationError that names what is missing."""
    level = unrest(acc, gyr, rate_hz, noise := noise_floor(acc, gyr, rate_hz))
    best: tuple[Sections, list[Phase]] = ({}, [])
    for multiple in (6.0, 12.0, 25.0, 50.0, 100.0):
        phases = static_phases(level, rate_hz, multiple, _LEAST_S)
        found = _sections(acc, gyr - noise.gyr_rest, phases)
        if len(found) > len(best[0]):
            best = found, phases
        if len(found) == len(NAMES):
            return best
    missing = [WORDS[name] for name in NAMES if name not in best[0]]
    raise CalibrationError(
        f"of the nine sections of a six-position session {len(missing)} were not found ({'; '.join(missing)}): repeat "
        "them, or give all with --sections."
    )


def positions(means: F64) -> list[str]:
    """For each mean raw reading (n, 3) at rest, which side it is ('x_p', ...), or '' for none of the six."""
    if len(means) < 4:
        return [""] * len(means)
    low, high = means.min(axis=0), means.max(axis=0)
    # Both sides of each axis: their middle is the offset, half their distance gravity.
    away = (means - (low + high) / 2) / np.maximum((high - low) / 2, 1e-300)
    away /= np.linalg.norm(away, axis=1)[:, None]
    axis = np.abs(away).argmax(axis=1)
    cosine = away[np.arange(len(away)), axis]
    return [
        f"{'xyz'[i]}_{'p' if c > 0 else 'a'}" if abs(c) > _WITHIN else "" for i, c in zip(axis, cosine, strict=True)
    ]


def _sections(acc: F64, gyr: F64, phases: list[Phase]) -> Sections:
    sides = positions(np.array([acc[p.start : p.end].mean(axis=0) for p in phases]).reshape(-1, 3))
    found: Sections = {}
    for side, phase in zip(sides, phases, strict=True):
        if side and len(phase) > np.ptp(found.get(side, (0, 0))):
            found[side] = (phase.start, phase.end)
    angles: dict[str, float] = {}
    for i in range(len(phases) - 1):
        if not sides[i].endswith("_p") or sides[i + 1] != sides[i]:
            continue
        start, end = phases[i].end, phases[i + 1].start
        turned = np.abs(gyr[start:end].sum(axis=0))
        name, k = f"{sides[i][0]}_rot", "xyz".index(sides[i][0])
        if turned[k] > 4 * np.delete(turned, k).max() and turned[k] > angles.get(name, 0.0):
            angles[name] = float(turned[k])
            found[name] = (start, end)
    # A nudge is no whole turn.
    most = max(angles.values(), default=0.0)
    return {name: span for name, span in found.items() if name not in angles or angles[name] > 0.5 * most}


def read_sections(path: Path) -> Sections:
    """From a JSON file: {"x_p": {"start": 540, "end": 1271}, ...} or {"x_p": [540, 1271], ...}, in samples, end not
    included. Raises CalibrationError."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CalibrationError(f"cannot read the sections {path}: {reason(error)}.") from None
    except ValueError:
        raise CalibrationError(f"{path.name} is no JSON: sections are written {_FORM}.") from None
    return check_sections(data if isinstance(data, dict) else {}, None)


_FORM = '{"x_p": {"start": 540, "end": 1271}, ...}, one each for ' + ", ".join(NAMES)


def check_sections(given: Mapping[str, Any], length: int | None) -> Sections:
    """`given` as Sections, within `length` samples where that is known. Raises CalibrationError."""
    found: Sections = {}
    for name in NAMES:
        span: Any = given.get(name)
        if isinstance(span, Mapping):
            span = (span.get("start"), span.get("end"))
        try:
            start, end = (int(v) for v in (span or ()))
        except (TypeError, ValueError):
            raise CalibrationError(f"the section {name} is missing or has no start and end: write {_FORM}.") from None
        if not 0 <= start < end - 1 or (length is not None and end > length):
            raise CalibrationError(f"the section {name} from {start} to {end} lies outside the recording or is empty.")
        found[name] = (start, end)
    return found
