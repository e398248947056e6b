"""Many JSON messages of one shape in one: an object of columns, so that names are there once.

It stays JSON, and a program that draws numbers finds an array of each. What comes out again are the same bytes."""

import json

TIMES = "host_time_ns"
"""The column of host times; a message that has such a name itself is left as it is."""


def encode(times_ns: list[int], messages: list[bytes]) -> bytes | None:
    """The `messages` of these host times as columns; None where they are not objects of the same names in the same
    order, or would not come out to the byte."""
    try:
        rows = [json.loads(message) for message in messages]
    except (ValueError, RecursionError):
        return None
    if not all(isinstance(row, dict) for row in rows) or TIMES in rows[0]:
        return None
    names = list(rows[0])
    if any(list(row) != names for row in rows):
        return None
    coded = _dump({TIMES: times_ns, **{name: [row[name] for row in rows] for name in names}})
    return coded if decode(coded) == (times_ns, messages) else None


def decode(coded: bytes) -> tuple[list[int], list[bytes]] | None:
    """Host times and messages, or None for what `encode` would not have made."""
    try:
        columns = json.loads(coded)
        if not isinstance(columns, dict) or not all(isinstance(values, list) for values in columns.values()):
            return None
        times = columns.pop(TIMES, None)
        if not times or any(type(time) is not int or not 0 <= time < 1 << 63 for time in times):
            return None
        if any(len(values) != len(times) for values in columns.values()):
            return None
        rows = zip(*columns.values(), strict=True) if columns else [()] * len(times)
        return times, [_dump(dict(zip(columns, row, strict=True))) for row in rows]
    except (ValueError, RecursionError):
        return None


def schema(own: bytes) -> str:
    """The JSON schema of columns of messages with the schema `own`."""
    try:
        about = json.loads(own)
        properties = dict(about.get("properties", {}))
        title, description = str(about.get("title", "")), str(about.get("description", ""))
    except (ValueError, RecursionError, TypeError, AttributeError):
        properties, title, description = {}, "", ""
    columns = {TIMES: {"type": "array", "items": {"type": "integer"}, "description": "host time, UTC, ns since 1970"}}
    columns |= {name: {"type": "array", "items": kind} for name, kind in properties.items()}
    return json.dumps(
        {
            "title": f"{title}Rows",
            "description": f"{description} Several, as columns.",
            "type": "object",
            "properties": columns,
            "additionalProperties": True,
        }
    )


def _dump(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
