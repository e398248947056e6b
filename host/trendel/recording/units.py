"""Units of the three quantities of a recording: their spellings and their factors to SI."""

import math
import re
import unicodedata
from dataclasses import dataclass

from trendel.constants import STANDARD_GRAVITY_MPS2
from trendel.errors import RecordingError

Kind = str
"""'acc', 'gyr' or 't'."""


@dataclass(frozen=True)
class Unit:
    """A unit: `kind` it measures, canonical `name`, `factor` to m/s2, rad/s or s."""

    kind: Kind
    name: str
    factor: float


MPS2 = Unit("acc", "m/s2", 1.0)
G = Unit("acc", "g", STANDARD_GRAVITY_MPS2)
MILLI_G = Unit("acc", "mg", STANDARD_GRAVITY_MPS2 / 1000.0)
RADPS = Unit("gyr", "rad/s", 1.0)
DPS = Unit("gyr", "deg/s", math.pi / 180.0)
MILLI_DPS = Unit("gyr", "mdeg/s", math.pi / 180000.0)
SECOND = Unit("t", "s", 1.0)
MILLISECOND = Unit("t", "ms", 1e-3)
MICROSECOND = Unit("t", "us", 1e-6)
NANOSECOND = Unit("t", "ns", 1e-9)

UNITS: tuple[Unit, ...] = (
    MPS2, G, MILLI_G, RADPS, DPS, MILLI_DPS, SECOND, MILLISECOND, MICROSECOND, NANOSECOND,
)  # fmt: skip

_SPELLINGS: dict[str, Unit] = {
    spelling: unit
    for unit, spellings in (
        (MPS2, "mps2 m/s2 m/s/s m/sec2 m/sec/sec ms-2 ms2 m/s**2 meters/s2 meter/s2 metres/s2 meter/sec2 m/(s2) mpss"),
        (G, "g gs gee gees gravity"),
        (MILLI_G, "mg millig milligs"),
        (RADPS, "radps rad/s rad/sec rads-1 radian/s radians/s radians/second rads"),
        (DPS, "dps deg/s degps deg/sec degs-1 degree/s degrees/s degree/sec degrees/sec degrees/second °/s °/sec °s-1"),
        (MILLI_DPS, "mdps mdeg/s mdegps m°/s"),
        (SECOND, "s sec secs second seconds"),
        (MILLISECOND, "ms msec msecs milli millis millisecond milliseconds"),
        (MICROSECOND, "us usec usecs micro micros microsecond microseconds"),
        (NANOSECOND, "ns nsec nano nanos nanosecond nanoseconds"),
    )
    for spelling in spellings.split()
}


def plain(text: str) -> str:
    """`text` in lower case with superscripts, micro signs and typographic minus signs in their plain form."""
    text = unicodedata.normalize("NFKC", text).lower().strip()
    return text.replace("\u03bc", "u").replace("\u2212", "-").replace("\u00ba", "°")


def find_unit(text: str) -> Unit | None:
    """The unit that `text` spells ('m/s^2', 'dps', '°/s', 'ms'...), or None."""
    return _SPELLINGS.get(re.sub(r"[\s^·*_]|\.(?!\d)", "", plain(text)))


def unit_option(option: str, text: str | None, kind: Kind) -> Unit | None:
    """The unit named by the option `option` (acc_unit, gyr_unit, time_unit); None stays None.

    Raises RecordingError where `text` is no unit of that kind."""
    if text is None:
        return None
    unit = find_unit(text) if isinstance(text, str) else None
    if unit is None or unit.kind != kind:
        known = ", ".join(u.name for u in UNITS if u.kind == kind)
        raise RecordingError(f"{option}={text!r} is not a unit trendel knows there: use one of {known}")
    return unit
