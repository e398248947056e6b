"""A known mounting as data: which way the clip sits, from a file or a matrix."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from trendel.errors import MountingError, reason

Axes = tuple[tuple[float, float, float], ...]

_HELP = (
    'write e.g. {"forward": "-z", "left": "y", "up": "x"} (sensor axes), or "r_pelvis_from_sensor": a 3x3 rotation '
    'matrix whose rows are forward, left and up in the sensor frame, or "q_pelvis_from_sensor_wxyz"'
)


def read_mounting(path: str | Path) -> Axes:
    """Rows forward, left, up of the pelvis in the sensor frame, from a JSON or TOML file.

    Raises:
        MountingError: the file cannot be read or is no rotation.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
        data = tomllib.loads(text) if path.suffix.lower() == ".toml" else json.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise MountingError(f"cannot read the mounting file {path}: {reason(error)}.") from error
    except ValueError as error:
        raise MountingError(f"the mounting file {path} is not valid JSON or TOML ({error}); {_HELP}.") from error
    if not isinstance(data, dict):
        raise MountingError(f"the mounting file {path} holds no names; {_HELP}.")
    try:
        if "r_pelvis_from_sensor" in data:
            return check_axes(data["r_pelvis_from_sensor"])
        if "q_pelvis_from_sensor_wxyz" in data:
            return check_axes(_from_quaternion(data["q_pelvis_from_sensor_wxyz"]))
        names = [data.get(k) for k in ("forward", "left", "up")]
        if any(n is not None for n in names):
            return check_axes(_from_names(names))
    except MountingError as error:
        raise MountingError(f"{path}: {error}") from error
    raise MountingError(f"the mounting file {path} names no rotation; {_HELP}.")


def _from_names(names: list[Any]) -> npt.NDArray[np.float64]:
    rows: list[npt.NDArray[np.float64] | None] = []
    for name in names:
        if name is None:
            rows.append(None)
            continue
        letter = str(name).strip().lower().lstrip("+-")
        if letter not in ("x", "y", "z"):
            raise MountingError(f"{name!r} is no sensor axis; it must be x, y, z, -x, -y or -z.")
        row = np.zeros(3)
        row["xyz".index(letter)] = -1.0 if str(name).strip().startswith("-") else 1.0
        rows.append(row)
    forward, left, up = rows
    if sum(r is None for r in rows) > 1:
        raise MountingError("two of forward, left and up are needed.")
    if forward is None:
        forward = np.cross(left, up)  # type: ignore[arg-type]
    if left is None:
        left = np.cross(up, forward)  # type: ignore[arg-type]
    if up is None:
        up = np.cross(forward, left)
    return np.stack([forward, left, up])


def _from_quaternion(values: Any) -> npt.NDArray[np.float64]:
    q = np.asarray(values, dtype=np.float64)
    if q.shape != (4,) or not np.isfinite(q).all() or abs(np.linalg.norm(q) - 1) > 0.02:
        raise MountingError("q_pelvis_from_sensor_wxyz must be four numbers of a unit quaternion, w first.")
    w, x, y, z = q / np.linalg.norm(q)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def check_axes(matrix: npt.ArrayLike) -> Axes:
    """A 3x3 rotation matrix pelvis from sensor, made exactly orthonormal; raises MountingError if it is none."""
    try:
        m = np.asarray(matrix, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise MountingError("the mounting matrix must be 3x3 numbers.") from error
    if m.shape != (3, 3) or not np.isfinite(m).all():
        raise MountingError("the mounting matrix must be 3x3 finite numbers.")
    if np.abs(m @ m.T - np.eye(3)).max() > 0.02 or np.linalg.det(m) < 0:
        raise MountingError("the mounting matrix is no rotation: its rows must be a right-handed orthonormal set.")
    u, _, vt = np.linalg.svd(m)
    r = u @ vt
    return tuple((float(a), float(b), float(c)) for a, b, c in r)
