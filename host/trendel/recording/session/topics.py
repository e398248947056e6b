"""What a session file holds beside packets: JSON messages, their topics and the schemas that go into the file."""

import json
import math
from collections.abc import Mapping
from typing import Any, Final

from trendel.errors import SessionError

START: Final = "/session/start"
END: Final = "/session/end"
NOTES: Final = "/session/notes"
MARKERS: Final = "/session/markers"
LINK: Final = "/session/link"
CONFIGURATION: Final = "/session/configuration"
CALIBRATION: Final = "/session/calibration"
PARAMETERS: Final = "/session/parameters"
STEPS: Final = "/session/steps"
STRIDES: Final = "/session/strides"
ALERTS: Final = "/session/alerts"
OFFSET: Final = "clip_offset_ns"
"""In the session's start: host time less clip time, ns; null where the clip's clock was never seen by a host."""

_TIME = {
    "type": "object",
    "properties": {"sec": {"type": "integer"}, "nsec": {"type": "integer"}},
    "description": "host time, UTC",
}


def _text(description: str) -> dict[str, Any]:
    return {"type": "string", "description": description}


def _number(description: str, kind: str = "number") -> dict[str, Any]:
    return {"type": [kind, "null"], "description": description}


_SCHEMAS: dict[str, tuple[str, str, dict[str, Any]]] = {
    START: (
        "trendel.Start",
        "Who recorded, with what, when.",
        {
            "session_id": _text("unique name of the session"),
            "trendel": _text("version of trendel"),
            "python": _text("version of Python"),
            "host": _text("name of the computer"),
            "system": _text("its operating system"),
            "started_utc": _text("host time, ISO 8601"),
            "utc_offset_s": _number("local time less UTC, s"),
        },
    ),
    END: (
        "trendel.End",
        "How the session ended; not there where the recording was killed.",
        {
            "reason": _text("why"),
            "packets_n": _number("packets taken", "integer"),
            "refused_n": _number("messages refused because memory was used up", "integer"),
            "duration_s": _number("host time since the start, s"),
        },
    ),
    # The fields of foxglove.Log, so that such a panel shows them.
    NOTES: (
        "foxglove.Log",
        "What happened to the recording itself.",
        {
            "timestamp": _TIME,
            "level": _number("1 debug, 2 info, 3 warning, 4 error", "integer"),
            "message": _text("one sentence"),
            "name": _text("who says it"),
            "file": _text("empty"),
            "line": _number("0", "integer"),
        },
    ),
    MARKERS: (
        "trendel.Marker",
        "Something the runner or researcher marked.",
        {"label": _text("what"), "note": _text("free text"), "pain": _number("0 to 10", "integer")},
    ),
    LINK: (
        "trendel.Link",
        "State and counters of the link, as they change.",
        {
            "state": _text("connected, lost, ..."),
            "bytes_n": _number("bytes taken", "integer"),
            "packets_n": _number("packets given", "integer"),
            "skipped_n": _number("bytes that belong to no good packet", "integer"),
        },
    ),
    CONFIGURATION: ("trendel.Configuration", "Settings of clip and host.", {}),
    CALIBRATION: ("trendel.Calibration", "The calibration record, and where it is applied.", {}),
    PARAMETERS: ("trendel.Parameters", "Parameters of the kernels, with hashes.", {}),
    STEPS: ("trendel.Step", "A step as computed live, columns as in steps.csv.", {}),
    STRIDES: ("trendel.Stride", "A stride as computed live, columns as in strides.csv.", {}),
    ALERTS: (
        "trendel.Alert",
        "A warning, with its reasons.",
        {
            "side": _text("L or R"),
            "size_deg": _number("growth of the drop, degrees"),
            "since_s": _number("since when, s in the session"),
            "confidence": _number("0 to 1"),
            "message": _text("what the runner was told"),
        },
    ),
}


def check_topic(topic: str) -> str:
    """`topic` where it may hold JSON messages: one of this module's, or one of the caller's own that starts with
    /user/; else SessionError."""
    own = topic.startswith("/user/") and len(topic) <= 200 and topic.isprintable() and not topic.endswith("/packed")
    if topic in _SCHEMAS or own:
        return topic
    raise SessionError(f"{topic[:60]!r} is no topic of a session: use one of {', '.join(_SCHEMAS)}, or /user/NAME.")


def json_schema(topic: str, first: Mapping[str, Any]) -> tuple[str, str]:
    """(name, JSON schema) of the messages on `topic`; fields that the table above does not name are described as the
    `first` message has them. Others may follow."""
    kind = topic.removeprefix("/user/").replace("/", ".")
    name, description, properties = _SCHEMAS.get(topic, (f"trendel.user.{kind}", "Messages of the caller's own.", {}))
    found = {key: _kind_of(value) for key, value in first.items() if key not in properties}
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": name,
        "description": description,
        "type": "object",
        "properties": {**properties, **found},
        "additionalProperties": True,
    }
    return name, json.dumps(schema)


def _kind_of(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"type": "boolean"}
    if isinstance(value, (int, float)) or value is None:
        return {"type": ["number", "null"]}
    if isinstance(value, str):
        return {"type": "string"}
    return {"type": "object"} if isinstance(value, Mapping) else {"type": "array"}


def encode(topic: str, message: Mapping[str, Any]) -> bytes:
    """`message` as JSON; what is not finite becomes null. numpy's scalars and arrays are taken as Python's.

    Raises SessionError for what JSON cannot hold."""
    try:
        return json.dumps(_plain(message), ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise SessionError(f"A message for {topic} cannot be written as JSON: {error}.") from None


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    return None if isinstance(value, float) and not math.isfinite(value) else value
