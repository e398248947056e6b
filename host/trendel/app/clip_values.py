"""`trendel clip settings`: the clip's settings by name, with their types, units and ranges (trendel.wire.settings)."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from trendel.app.clip_reach import Reached, with_clip
from trendel.app.screen import stdout_console
from trendel.errors import LinkError, ParameterError, WireError
from trendel.links.management import NOT_THERE, RefusedError
from trendel.wire.layout import Field
from trendel.wire.settings import BY_NAME, KEYS, PREFIX, Key, decode_params, decode_setting, encode_setting

_HIDDEN = ("version", "reserved", "crc")
_TYPES = {"u1": "whole number", "u2": "whole number", "u4": "whole number", "f4": "number"}
_WHY = {
    "EINVAL": "the clip finds a value that cannot be",
    "EBUSY": "a run is on: wait until it has ended",
    "WRITE_NOT_SUPPORTED": "it cannot be written",
    "DELETE_NOT_SUPPORTED": "it cannot be deleted",
    "ENOTSUP": "it cannot be deleted",
    "EUNKNOWN": "the clip could not store that",
    "KEY_NOT_FOUND": "this clip's firmware does not know it: update it",
    "ENOENT": "this clip's firmware does not know it: update it",
}


def keys_shown() -> list[Key]:
    """The settings that can be read."""
    return [key for key in KEYS if key.readable]


def list_settings(moniker: str, *, as_json: bool) -> None:
    """All of them, with what the clip has. Raises TrendelError."""

    async def work(clip: Reached) -> dict[str, Any]:
        return {key.name: await _value(clip, key) for key in keys_shown()}

    found = with_clip(moniker, work)
    if as_json:
        print(json.dumps({name: {"value": value, "fields": _about(name)} for name, value in found.items()}, indent=2))
        return
    console = stdout_console()
    for name, value in found.items():
        console.print(f"{name}{'' if value is not None else '  (not set: the default is used)'}", markup=False)
        for field in _fields(_key(name)):
            now = "" if value is None else f" = {_shown(value.get(field.name), field)}"
            console.print(f"    {field.name}{now}  ({_kind(field)})", markup=False, soft_wrap=True)


def get_setting(moniker: str, name: str, *, as_json: bool) -> None:
    """One of them. Raises TrendelError."""
    key = _key(name)

    async def work(clip: Reached) -> dict[str, Any] | None:
        return await _value(clip, key)

    value = with_clip(moniker, work)
    if as_json:
        print(json.dumps(value))
    elif value is None:
        print(f"{key.name} is not set: the clip uses its default.")
    else:
        shown = {field.name: field for field in _fields(key)}
        for part, content in value.items():
            print(f"{part} = {_shown(content, shown[part]) if part in shown else content}")


def set_setting(moniker: str, name: str, given: list[str]) -> None:
    """Write fields of one of them; those not given stay. Raises TrendelError before anything is sent that cannot be."""
    key = _key(name)
    if key.name == "params":
        raise ParameterError("params is a whole table of the kernels, which programs write: it is not typed.")
    changes = _parsed(key, given)

    async def work(clip: Reached) -> dict[str, Any]:
        before = await _value(clip, key)
        lacking = [field.name for field in _fields(key) if before is None and field.name not in changes]
        if lacking:
            raise ParameterError(f"{key.name} is not set on the clip: give {', '.join(lacking)} too.")
        raw = encode_setting(key.name, **{**(before or {}), **changes})
        with _worded(key.name):
            await clip.management.set(key.name, raw)
        return await _value(clip, key) or {}

    for part, content in with_clip(moniker, work).items():
        print(f"{key.name} {part} = {_shown(content, {f.name: f for f in _fields(key)}[part])}")


def delete_setting(moniker: str, name: str) -> None:
    """Forget one of them: the default is used. Raises TrendelError."""
    key = _key(name)

    async def work(clip: Reached) -> None:
        with _worded(key.name):
            await clip.management.delete(key.name)

    with_clip(moniker, work)
    print(f"{key.name} is not set any more: the clip uses its default.")


@contextmanager
def _worded(name: str) -> Iterator[None]:
    """Refusals of a change as LinkError in words."""
    try:
        yield
    except RefusedError as error:
        why = _WHY.get(error.reason, error.reason)
        raise LinkError(f"{name} was not changed: {why} (see `trendel clip settings list`).") from None


def _key(name: str) -> Key:
    plain = name.removeprefix(PREFIX)
    for key in keys_shown():
        if key.name == plain:
            return key
    raise ParameterError(f"A clip has no setting {name!r}: it has {', '.join(key.name for key in keys_shown())}.")


def _fields(key: Key) -> list[Field]:
    return [field for field in BY_NAME[key.struct].fields if field.name not in _HIDDEN]


async def _value(clip: Reached, key: Key) -> dict[str, Any] | None:
    """Fields by name; None where it is not set."""
    try:
        raw = await clip.management.get(key.name)
    except RefusedError as error:
        if error.reason in NOT_THERE:
            return None
        raise
    try:
        if key.name == "params":
            rate_hz, record = decode_params(raw)
            return {"rate_hz": rate_hz, "bytes": len(record)}
        found = decode_setting(key.name, raw)
    except WireError as error:
        raise LinkError(f"{error} It is of other firmware: write it again, or delete it.") from None
    return {field.name: _plain(found[field.name]) for field in _fields(key)}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    # float32 as short as it can be written: the same bits come back
    return [float(str(x)) for x in value] if isinstance(value, np.ndarray) else _number(value)


def _number(value: Any) -> Any:
    return float(str(value)) if isinstance(value, np.floating) else int(value)


def _about(name: str) -> list[dict[str, Any]]:
    return [
        {
            "name": field.name,
            "type": field.type,
            "shape": list(field.shape),
            "unit": field.unit or None,
            "low": field.low,
            "high": field.high,
            "choices": list(field.choices) or None,
            "meaning": field.doc,
        }
        for field in _fields(_key(name))
    ]


def _kind(field: Field) -> str:
    kind = f"text of {field.type[1:]} bytes" if field.type.startswith("S") else _TYPES[field.type]
    n = math.prod(field.shape)
    return f"{f'{n} times ' if n > 1 else ''}{kind}: {field.doc}"


def _shown(value: Any, field: Field) -> str:
    if isinstance(value, list):
        shown = ",".join(f"{x:.9g}" for x in value)
    elif isinstance(value, float):
        shown = f"{value:.9g}"
    else:
        return str(value)
    if field.unit == "rad":
        degrees = [math.degrees(x) for x in (value if isinstance(value, list) else [value])]
        return f"{shown} rad ({', '.join(f'{x:.2f}' for x in degrees)} deg)"
    return f"{shown} {field.unit}".rstrip()


def _parsed(key: Key, given: list[str]) -> dict[str, Any]:
    """Values by field of `name=value`; a setting of one field takes the value alone."""
    fields = {field.name: field for field in _fields(key)}
    changes: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals and len(fields) == 1:
            name, value = next(iter(fields)), text
        elif not equals or name not in fields:
            raise ParameterError(f"{text!r}: {key.name} takes {', '.join(f'{name}=VALUE' for name in fields)}.")
        changes[name] = _checked(fields[name], value.strip())
    return changes


def _checked(field: Field, text: str) -> Any:
    if field.type.startswith("S"):
        raw = text.encode()
        if not raw or len(raw) > int(field.type[1:]) or not text.isprintable():
            raise ParameterError(f"{field.name}: give 1 to {field.type[1:]} bytes of text.")
        return raw
    parts = text.split(",")
    n = math.prod(field.shape)
    if len(parts) != n:
        raise ParameterError(f"{field.name}: give {n} numbers with commas between them, not {len(parts)}.")
    values = [_value_of(field, part.strip()) for part in parts]
    return values if field.shape else values[0]


def _value_of(field: Field, text: str) -> float | int:
    """A number in the field's unit; degrees (2deg) where that is radians."""
    whole = not field.type.startswith("f")
    try:
        if field.unit == "rad" and text.endswith("deg"):
            value: float | int = math.radians(float(text.removesuffix("deg")))
        else:
            value = int(text) if whole else float(text)
    except ValueError:
        raise ParameterError(f"{field.name}={text[:40]} is no {_TYPES[field.type]}: {field.doc}.") from None
    within = value in field.choices if field.choices else _within(float(value), field)
    if not within:
        allowed = field.doc if len(field.choices) < 7 else ", ".join(map(str, field.choices))
        raise ParameterError(f"{field.name}={text[:40]} is not within its range: {allowed}.")
    return value


def _within(value: float, field: Field) -> bool:
    low = -math.inf if field.low is None else field.low
    high = math.inf if field.high is None else field.high
    return low <= value <= high
