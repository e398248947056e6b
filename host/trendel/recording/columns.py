"""Which column of a table holds which quantity, in which unit: names, aliases, mappings."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trendel.errors import RecordingError
from trendel.recording.units import Unit, find_unit, plain
from trendel.recording.wording import column_option

ACC = ("acc_x", "acc_y", "acc_z")
GYR = ("gyr_x", "gyr_y", "gyr_z")
QUANTITIES = ("t", *ACC, *GYR)

_LONG = {
    "acc": "accelerometer|acceleration|accel|acc",
    "gyr": "gyroscope|angularvelocity|angularrate|rotationrate|angvel|gyro|gyr|omega",
}
_SHORT = {"acc": "a", "gyr": "g|w"}
_TIME = re.compile(
    r"(t|ts|time|timestamps?|sensortime|sensortimestamp|elapsed|elapsedtime|timeelapsed|relativetime|epoch?|unixtime"
    r"|unixtimestamp|clock|datetime|secondselapsed|milliseconds?elapsed)"
)
_TIME_BY_UNIT = re.compile(r"(seconds|millis|milliseconds|micros|microseconds|nanos|nanoseconds)")
_LINEAR = re.compile(r"(linear|lin|user|free|gravityfree|dynamic)(acc|accel|acceleration|accelerometer)[xyz]")


@dataclass(frozen=True)
class Column:
    """What a header cell says: `quantity` (of QUANTITIES, or 'linear' for acceleration without gravity), `unit`
    (None where it names none) and `unknown_unit`, the unit text that was there but is not known."""

    quantity: str
    unit: Unit | None = None
    unknown_unit: str = ""


def parse_column(name: str) -> Column | None:
    """What the header cell `name` says, or None where it is no quantity of a recording.

    Understands `acc_x_mps2`, `gyr_z_dps`, `Acc X (m/s^2)`, `AccelX [g]`, `gx`, `x-axis (deg/s)`, `t_ms`, `time_us`,
    `timestamp`, `seconds_elapsed`."""
    text = plain(name).strip("\"'# %")
    bracket = re.fullmatch(r"(.*?)\s*[(\[{](.*)[)\]}]\s*(.*)", text)
    if bracket:
        base, unit_text = bracket[1] + bracket[3], bracket[2].strip()
        return _named(base, find_unit(unit_text), unit_text)
    for separator in re.finditer(r"[ _\-.,:]", text):
        tail = text[separator.end() :]
        column = _named(text[: separator.start()], find_unit(tail), tail) if find_unit(tail) else None
        if column is not None:
            return column
    whole = _named(text, None, "")
    if whole is not None:
        return whole
    head, underscore, tail = text.rpartition("_")
    return _named(head, None, tail) if underscore and head else None


def _named(base: str, unit: Unit | None, unit_text: str) -> Column | None:
    compact = re.sub(r"[\s_\-.:,]+", "", base)
    if _LINEAR.fullmatch(compact):
        return Column("linear", unit)
    if _TIME.fullmatch(compact):
        if unit is None and compact.startswith(("seconds", "millisecond")):
            unit = find_unit(compact.removesuffix("elapsed"))
        # A bracket behind a time may hold a time zone: the unit is then open, not wrong.
        return Column("t", unit if unit is not None and unit.kind == "t" else None)
    if _TIME_BY_UNIT.fullmatch(compact):
        return Column("t", find_unit(compact))
    for kind in ("acc", "gyr"):
        match = re.fullmatch(rf"(?:{_LONG[kind]})(?:axis)?([xyz])(?:axis)?|([xyz])(?:axis)?(?:{_LONG[kind]})", compact)
        if match:
            axis = match[1] or match[2]
            if unit is not None and unit.kind == kind:
                return Column(f"{kind}_{axis}", unit)
            return Column(f"{kind}_{axis}", None, unit_text)
        match = re.fullmatch(rf"(?:{_SHORT[kind]})([xyz])", compact)
        # 'gx (m/s2)' is gravity, not a gyroscope: a short name counts only with a unit of its own kind, or none.
        if match and (not unit_text or (unit is not None and unit.kind == kind)):
            return Column(f"{kind}_{match[1]}", unit)
    match = re.fullmatch(r"([xyz])(?:axis)?", compact)
    if match and unit is not None and unit.kind in ("acc", "gyr"):
        return Column(f"{unit.kind}_{match[1]}", unit)
    return None


@dataclass(frozen=True)
class Chosen:
    """A column in use: its index in the table, its name there, its unit (None: not named)."""

    index: int
    name: str
    unit: Unit | None
    unknown_unit: str = ""


@dataclass(frozen=True)
class Choice:
    """The columns in use by quantity, the names left over, and sentences on what was decided."""

    columns: dict[str, Chosen]
    ignored: tuple[str, ...]
    notes: tuple[str, ...]


def parse_mapping(columns: Mapping[str, str | None]) -> dict[str, tuple[Column, str | None]]:
    """The caller's `columns=`: quantity -> (what its key says, name in the file or None for 'leave it out').

    Raises RecordingError for a key that names no quantity, and for a quantity given twice."""
    if not isinstance(columns, Mapping):
        raise RecordingError(
            "columns= must map quantities to column names, such as " + column_option({"acc_x_g": "Ax"})
        )
    wanted: dict[str, tuple[Column, str | None]] = {}
    for key, name in columns.items():
        column = parse_column(str(key))
        if column is None or column.quantity not in QUANTITIES or column.unknown_unit:
            raise RecordingError(
                f"columns= (--column) has the key {key!r}, which is none of "
                f"{', '.join(QUANTITIES)} (a unit may follow: acc_x_g)"
            )
        if column.quantity in wanted:
            raise RecordingError(f"columns= (--column) gives {column.quantity} twice: keep one")
        if name is not None and not isinstance(name, str):
            raise RecordingError(f"columns= maps {key!r} to {name!r}: give the column's name as text, or None")
        wanted[column.quantity] = (column, None if name is None else name.strip())
    return wanted


def choose(names: Sequence[str], mapping: Mapping[str, str | None] | None = None) -> Choice:
    """The columns to use among the header cells `names`, by `mapping` first and by their own names else.

    Raises RecordingError for a mapped name that is not there and for a quantity that is there twice."""
    wanted = parse_mapping(mapping or {})
    chosen: dict[str, Chosen] = {}
    notes: list[str] = []
    for quantity, (key, name) in wanted.items():
        if name is None:
            continue
        places = [i for i, cell in enumerate(names) if cell.strip() == name]
        if not places:
            raise RecordingError(
                f"columns= (--column) names {name!r}, which is not in the file; its columns are {listed(names)}"
            )
        if len(places) > 1:
            raise RecordingError(f"the column {name!r} is there {len(places)} times: rename or remove one")
        own = parse_column(name)
        unit = key.unit or (own.unit if own is not None and own.quantity[:3] == quantity[:3] else None)
        chosen[quantity] = Chosen(places[0], name, unit)
    taken = {c.index for c in chosen.values()}
    found: dict[str, list[Chosen]] = {}
    for i, cell in enumerate(names):
        column = parse_column(cell)
        if column is None or column.quantity not in QUANTITIES or column.quantity in wanted or i in taken:
            continue
        found.setdefault(column.quantity, []).append(Chosen(i, cell.strip(), column.unit, column.unknown_unit))
    for quantity, candidates in found.items():
        if len(candidates) > 1:
            candidates = [_best_time(candidates, notes)] if quantity == "t" else candidates
        if len(candidates) > 1:
            both = " and ".join(f"{c.name!r} (column {c.index + 1})" for c in candidates[:3])
            raise RecordingError(
                f"{quantity} is there {len(candidates)} times, as {both}: rename or remove one, "
                f"or name the right one with {column_option({quantity: 'its name'})}"
            )
        chosen[quantity] = candidates[0]
    used = {c.index for c in chosen.values()}
    ignored = tuple(cell.strip() for i, cell in enumerate(names) if i not in used and cell.strip())
    return Choice({q: chosen[q] for q in QUANTITIES if q in chosen}, ignored, tuple(notes))


def _best_time(candidates: list[Chosen], notes: list[str]) -> Chosen:
    """Loggers often write a date beside an elapsed time: a column that names its unit is the better clock."""
    names = [c.name for c in candidates]
    if len(set(names)) < len(names):
        raise RecordingError(f"the time column {names[0]!r} is there twice: remove one")
    best = next((c for c in candidates if c.unit is not None), candidates[0])
    others = ", ".join(repr(c.name) for c in candidates if c is not best)
    notes.append(f"Time is read from column {best.name!r}; {others} ignored.")
    return best


def listed(names: Sequence[str], limit: int = 10) -> str:
    """`names` for a message: at most `limit` of them, each cut to 30 characters."""
    shown = ", ".join(repr(n.strip()[:30]) for n in names[:limit])
    return shown + (f" and {len(names) - limit} more" if len(names) > limit else "")
