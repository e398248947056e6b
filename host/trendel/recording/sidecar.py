"""The JSON beside a recording: rate, frame, sensor ranges, column and unit options, and any other metadata."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trendel.errors import RecordingError

FRAMES = ("sensor", "pelvis")
_MAX_BYTES = 4 << 20
"""A sidecar is a page of text; something larger is another file of the same name."""


@dataclass(frozen=True)
class Sidecar:
    """What the reader uses of the metadata (all optional), and the `metadata` as they are."""

    metadata: dict[str, Any]
    rate_hz: float | None = None
    frame: str | None = None
    range_g: float | None = None
    range_dps: float | None = None
    acc_unit: str | None = None
    gyr_unit: str | None = None
    time_unit: str | None = None
    columns: dict[str, str | None] | None = None


def sidecar_path(path: Path) -> Path:
    """The sidecar of the recording `path`: the same stem with .json."""
    return path.with_suffix(".json")


def read_sidecar(path: Path) -> Sidecar:
    """The sidecar file `path`; an empty one where there is no such file.

    Raises RecordingError where it is there but cannot be used."""
    try:
        if not path.is_file():
            return Sidecar({})
        if path.stat().st_size > _MAX_BYTES:
            raise RecordingError(f"its sidecar {path.name} is above {_MAX_BYTES >> 20} MB: is it metadata at all?")
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise RecordingError(f"its sidecar {path.name} is not UTF-8 text: save it as UTF-8") from None
    except OSError as error:
        raise RecordingError(f"its sidecar {path.name} cannot be read: {error.strerror}") from None
    try:
        metadata = json.loads(text)
    except json.JSONDecodeError as error:
        raise RecordingError(
            f"its sidecar {path.name} is not valid JSON (line {error.lineno}: {error.msg}): correct or remove it"
        ) from None
    except (ValueError, RecursionError):
        raise RecordingError(f"its sidecar {path.name} is not usable JSON: correct or remove it") from None
    if not isinstance(metadata, dict):
        raise RecordingError(f"its sidecar {path.name} must hold one JSON object with names and values")
    return parse_metadata(metadata, f"its sidecar {path.name}")


def parse_metadata(metadata: Mapping[str, Any], origin: str) -> Sidecar:
    """`metadata` with the entries the reader uses checked; `origin` names them in messages."""
    if not isinstance(metadata, Mapping):
        raise RecordingError(f"{origin} must map names to values")

    def number(key: str) -> float | None:
        value = metadata.get(key)
        if value is None:
            return None
        good = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1e9
        if not good or not math.isfinite(value):
            raise RecordingError(f"{origin} has {key} = {str(value)[:40]!r}: it must be a number above zero")
        return float(value)

    def text(key: str) -> str | None:
        value = metadata.get(key)
        if value is not None and not isinstance(value, str):
            raise RecordingError(f"{origin} has {key} = {str(value)[:40]!r}: it must be text")
        return value

    serial = metadata.get("clip_serial")
    if isinstance(serial, str) and not serial.strip("0 "):
        metadata = {name: value for name, value in metadata.items() if name != "clip_serial"}  # 0: it has none
    columns = metadata.get("columns")
    if columns is not None and not isinstance(columns, dict):
        raise RecordingError(f"{origin} has columns that are not an object: write {{'acc_x_g': 'Ax', ...}}")
    frame = text("frame")
    if frame is not None:
        check_frame(frame, origin)
    return Sidecar(
        metadata=dict(metadata),
        rate_hz=number("rate_hz"),
        frame=frame,
        range_g=number("range_g"),
        range_dps=number("range_dps"),
        acc_unit=text("acc_unit"),
        gyr_unit=text("gyr_unit"),
        time_unit=text("time_unit"),
        columns=columns,
    )


def check_frame(frame: str, origin: str) -> str:
    """`frame` where it is one of FRAMES; else RecordingError."""
    if frame not in FRAMES:
        raise RecordingError(
            f"{origin} says frame = {str(frame)[:40]!r}: it must be 'sensor' (as mounted) "
            "or 'pelvis' (x forward, y left, z up)"
        )
    return frame
