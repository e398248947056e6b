"""What `--link` takes: one line of text that names a link."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import parse_qsl, urlencode

from trendel.errors import LinkError

SCHEMES = ("ble", "usb", "replay", "sim")
_FORMS = "ble:NAME (or its address), usb:PORT, replay:FILE (@4 behind it: four times as fast) or sim:FILE"


@dataclass(frozen=True)
class Moniker:
    """A link's name, taken apart.

    Attributes:
        scheme: of :data:`SCHEMES`.
        target: name or address, port, or file; empty for ble and usb: whichever clip is there.
        speed: of a replay, as a multiple of true speed; infinite: as fast as it goes.
        options: of sim, by name.
    """

    scheme: str
    target: str
    speed: float = 1.0
    options: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def __str__(self) -> str:
        query = f"?{urlencode(self.options, safe='+')}" if self.options else ""
        return f"{self.scheme}:{self.target}{query}"


def parse_moniker(text: str) -> Moniker:
    """Take `text` apart. Raises LinkError for what names no link."""
    scheme, colon, target = text.partition(":")
    if not colon or scheme not in SCHEMES:
        raise LinkError(f"{text[:80]!r} names no link: use {_FORMS}.")
    if scheme == "sim":
        file, _, query = target.partition("?")
        return Moniker(
            scheme, file, options=MappingProxyType(dict(parse_qsl(query.replace("+", "%2B"), keep_blank_values=True)))
        )
    if scheme != "replay":
        return Moniker(scheme, target.strip())
    file, speed = _file_and_speed(target)
    if not file:
        raise LinkError("replay: needs a file: replay:RUN.mcap or replay:RUN.csv, with @4 four times as fast.")
    return Moniker(scheme, file, speed)


def _file_and_speed(target: str) -> tuple[str, float]:
    """An @ that no speed follows belongs to the file's name."""
    file, at, tail = target.rpartition("@")
    if not at:
        return target, 1.0
    if tail == "max":
        return file, math.inf
    try:
        speed = float(tail)
    except ValueError:
        return target, 1.0
    if not (math.isfinite(speed) and speed > 0):
        raise LinkError(f"A replay cannot run at the speed {tail!r}: give a number above 0, or max.")
    return file, speed
