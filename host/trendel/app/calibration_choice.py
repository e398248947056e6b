"""Which calibration record goes into a session: the clip's nearest in time of those kept here, a file, or none."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from trendel.clock import Clock
from trendel.errors import CalibrationError, reason
from trendel.recording.calibration import check_belongs, hash_of, setting_of
from trendel.recording.calibration_store import nearest
from trendel.recording.clip_metadata import about_clip
from trendel.wire.packets import Hello

AUTO, NONE = "auto", "none"


@dataclass(frozen=True)
class Chosen:
    """A record as it goes into the session, and a sentence about it."""

    record: dict[str, Any]
    sentence: str


def choose_calibration(hello: Hello, wanted: str, clock: Clock) -> Chosen | None:
    """The record for the clip that says `hello`; None where there is none to be had.

    `wanted`: 'auto', 'none', or a file. Raises CalibrationError where the file cannot be used for this clip."""
    if wanted == NONE:
        return None
    about = about_clip(hello)
    on_clip = int(hello.fields["calibration_hash"])
    if wanted == AUTO:
        stored = nearest(about, datetime.fromtimestamp(clock.now_ns() / 1e9, UTC))
        if stored is None:
            return None
        record, name = stored.record, stored.path.name
    else:
        record, name = read_record(Path(wanted)), Path(wanted).name
        check_belongs(record, about, name)
    digest = hash_of(setting_of(record, name))
    same = on_clip == int(digest, 16)
    sentence = f"Calibrated by {name} ({digest})." + (
        "" if same or not on_clip else f" The clip itself uses another, {on_clip:08x}: its own alerts may differ."
    )
    return Chosen(record | {"hash": digest, "applied_by": "host"}, sentence)


def read_record(path: Path) -> dict[str, Any]:
    """The calibration record in a JSON file. Raises CalibrationError."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CalibrationError(f"cannot read {path}: {reason(error)}.") from None
    except ValueError:
        record = None
    if not isinstance(record, dict) or "acc_matrix" not in record:
        raise CalibrationError(f"{path.name} is no calibration record.")
    return record
