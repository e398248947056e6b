"""When a recording began, by what it says itself."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from trendel.errors import RecordingError
from trendel.recording.recording import Recording

_DATED_S = 1e9  # clocks that count from 1970 are beyond this since 2001; a recording's own clock never gets there


def started_at(recording: Recording) -> datetime | None:
    """When its first sample was taken; see said_start."""
    return said_start(recording.metadata, float(recording.t_s[0]), recording.source)


def said_start(metadata: Mapping[str, Any], first_s: float, source: str) -> datetime | None:
    """When the first sample was taken, with an offset from UTC: `started_at` of the metadata, or the first time stamp
    where they count from 1970; None where neither says so. A time without an offset is local. Raises RecordingError,
    which names `source`, where `started_at` is no time."""
    said = metadata.get("started_at")
    if said is None or not str(said).strip():
        return datetime.fromtimestamp(first_s, UTC).astimezone() if first_s > _DATED_S else None
    try:
        when = datetime.fromisoformat(str(said).strip())
        return when if when.tzinfo is not None else when.astimezone()
    except (ValueError, OverflowError, OSError):
        raise RecordingError(
            f"{source}: its started_at {str(said)!r} is no date and time: write it as "
            "2026-05-12T18:30:00.125Z in the JSON beside it."
        ) from None
