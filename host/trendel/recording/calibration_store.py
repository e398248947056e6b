"""The history of calibrations in the user's data folder: a JSON file for each, the nearest in time is chosen."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from trendel.errors import CalibrationError, reason
from trendel.recording.calibration import SCHEMA, full_serial, setting_of, why_not


def calibrations_folder() -> Path:
    """TRENDEL_CALIBRATIONS where it is set, otherwise calibrations in the user's data folder."""
    given = os.environ.get("TRENDEL_CALIBRATIONS")
    if given:
        return Path(given).expanduser()
    import platformdirs

    return Path(platformdirs.user_data_dir("trendel", appauthor=False)) / "calibrations"


@dataclass(frozen=True)
class Stored:
    """A record and its file."""

    path: Path
    record: dict[str, Any]

    @property
    def when(self) -> datetime:
        """When the calibration was made."""
        return _time(self.record.get("when")) or datetime.fromtimestamp(0, UTC)


def keep(record: Mapping[str, Any], folder: Path | None = None) -> Path:
    """Write `record` into the history; the file. Records are never overwritten. Raises CalibrationError."""
    place = (folder or calibrations_folder()) / _folder(record.get("clip_serial"))
    stamp = re.sub(r"[^0-9T]", "", str(record.get("when", ""))[:19])
    stem = f"{stamp}-{_safe(str(record.get('method', '')))}-{_safe(str(record.get('hash', '')))}"
    try:
        place.mkdir(parents=True, exist_ok=True)
        path, n = place / f"{stem}.json", 1
        while path.exists():
            n += 1
            path = place / f"{stem}-{n}.json"
        temporary = path.with_suffix(".part")
        temporary.write_text(json.dumps(record, indent=1, allow_nan=False) + "\n", encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise CalibrationError(f"the calibration cannot be kept in {place}: {reason(error)}.") from None
    return path


def history(serial: str | None = None, folder: Path | None = None) -> list[Stored]:
    """Records of the clip `serial`, or of all, oldest first; files that are none are passed over."""
    place = folder or calibrations_folder()
    pattern = f"{_folder(serial)}/*.json" if serial is not None else "*/*.json"
    found = []
    for path in place.glob(pattern):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(record, dict) and record.get("schema") == SCHEMA:
            found.append(Stored(path, record))
    return sorted(found, key=lambda stored: (stored.when, stored.path.name))


def nearest(about: Mapping[str, Any], when: datetime, folder: Path | None = None) -> Stored | None:
    """The record nearest to `when` that belongs to what `about` (a recording's metadata) says of the clip and can be
    applied; None where the clip's serial number is not known or none fits."""
    serial = about.get("clip_serial")
    if serial is None:
        return None
    fitting = [
        stored
        for stored in history(str(serial), folder)
        if why_not(stored.record, about) is None and stored.record.get("acc_matrix") is not None
        and stored.record.get("raw_unit") == "si" and _can_be_applied(stored)
    ]  # fmt: skip
    return min(fitting, key=lambda stored: abs(stored.when - when), default=None)


def _can_be_applied(stored: Stored) -> bool:
    """Whether the clip could take it: a file may have been written by hand, or have matrices that no sensor has."""
    try:
        setting_of(stored.record, stored.path.name)
    except CalibrationError:
        return False
    return True


def _time(text: Any) -> datetime | None:
    try:
        time = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)


def _folder(serial: Any) -> str:
    return _safe(full_serial(str(serial))) if serial else "no-serial"


def _safe(text: str) -> str:
    return re.sub(r"[^0-9A-Za-z_.-]", "_", text).strip(".")[:64] or "none"
