"""`trendel.read`: a CSV file, its sidecar and the caller's options made into a Recording."""

import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from trendel.errors import RecordingError
from trendel.recording.assembly import Raw, assemble, check_stated_rate, named
from trendel.recording.columns import ACC, GYR, Choice, Chosen, choose
from trendel.recording.csv_file import Table, opened, read_table, text_span
from trendel.recording.diagnosis import NULLS
from trendel.recording.folder import companion_of, is_session
from trendel.recording.header import HEAD_BYTES, find_header, is_number
from trendel.recording.plausibility import Labels, likely_acc_unit
from trendel.recording.recording import Recording
from trendel.recording.sidecar import Sidecar, check_frame, parse_metadata, read_sidecar, sidecar_path
from trendel.recording.units import MICROSECOND, MILLISECOND, MPS2, NANOSECOND, RADPS, SECOND, Unit, unit_option
from trendel.recording.wording import IN_PELVIS, TIME_UNIT, column_option, digits, option

_DATE = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?")


@dataclass(frozen=True)
class _Units:
    """Units the caller or the sidecar insists on; None leaves the header's."""

    acc: Unit | None
    gyr: Unit | None
    t: Unit | None


def read(
    path: str | os.PathLike[str],
    *,
    columns: Mapping[str, str | None] | None = None,
    acc_unit: str | None = None,
    gyr_unit: str | None = None,
    time_unit: str | None = None,
    rate_hz: float | None = None,
    frame: str | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Recording:
    """Read a recording from the CSV file or session `path` and the JSON of the same stem beside it, if there is one.

    A session (.mcap, as trendel records it) knows its own columns and units, so of the options only rate_hz, frame and
    metadata apply to it.

    columns: quantity (t, acc_x ... gyr_z, a unit may follow as in acc_x_g) -> the column's name in the file, or None to
        leave the quantity out; needed only for names that trendel does not understand by itself.
    acc_unit: 'm/s2', 'g' or 'mg'; gyr_unit: 'rad/s' or 'deg/s'; time_unit: 's', 'ms', 'us' or 'ns'. They win over the
        header's. rate_hz: the rate, needed without a time column. frame: 'sensor' (default) or 'pelvis'.
    metadata: entries added to, or put over, the sidecar's. The options may stand in the sidecar under the same names;
        the ones given here win.
    Raises RecordingError for everything that cannot be used, in one sentence that names the file."""
    try:
        file = Path(path)
        text = str(file)
    except TypeError:
        raise RecordingError(f"a recording is named by a path, not by {type(path).__name__}") from None
    if "\0" in text:
        raise RecordingError("the path of the recording holds a zero byte: check it")
    if is_session(file):
        told = {"columns": columns, "acc_unit": acc_unit, "gyr_unit": gyr_unit, "time_unit": time_unit}
        _refuse_options(file, {key for key, value in told.items() if value})
        from trendel.recording.session.as_recording import read_session

        return read_session(file, rate_hz=rate_hz, frame=frame, metadata=metadata)[0]
    with named(file.name or text):
        companion = companion_of(file)
        with opened(file) as data:
            sidecar = read_sidecar(sidecar_path(file)) if file.suffix != ".json" else Sidecar({})
            if metadata is not None:
                added = parse_metadata(metadata, "metadata=").metadata
                sidecar = parse_metadata({**sidecar.metadata, **added}, "the sidecar with metadata=")
            mapping = {**(sidecar.columns or {}), **_checked_mapping(columns)}
            units = _Units(
                unit_option("acc_unit", acc_unit or sidecar.acc_unit, "acc"),
                unit_option("gyr_unit", gyr_unit or sidecar.gyr_unit, "gyr"),
                unit_option("time_unit", time_unit or sidecar.time_unit, "t"),
            )
            stated = check_stated_rate(rate_hz)
            used_frame = sidecar.frame or "sensor" if frame is None else check_frame(frame, "frame=")
            start, end, notes = text_span(data)
            try:
                header = find_header(data[start : min(end, start + HEAD_BYTES)], mapping)
            except RecordingError as error:
                if companion:
                    raise RecordingError(f"is the {companion} that goes with a recording, not a recording") from None
                raise error from None
            header = replace(header, data_offset=header.data_offset + start)
            choice = choose(header.names, mapping)
            used = {c.index: c.name for c in choice.columns.values()}
            _check_columns(choice, used_frame)
            time = choice.columns.get("t")
            dated = time is not None and len(header.first) > time.index and _is_date(header.first[time.index])
            table = read_table(data, end, header, used, time.index if time is not None and dated else None)
        raw = _raw(table, choice, units, sidecar, used_frame, file.name, mapping)
        raw.notes = [*notes, *raw.notes]
        raw.rate_hz = stated if stated is not None else sidecar.rate_hz
        raw.rate_origin = "rate_hz" if stated is not None else "the sidecar"
        if raw.t is not None and time is not None and not dated:
            unit = units.t or time.unit or _guessed_time_unit(raw.t, time.name, raw.notes)
            raw.t_in_us = unit == MICROSECOND
            raw.t *= unit.factor
        return assemble(raw)


def _refuse_options(file: Path, told: Collection[str]) -> None:
    if told:
        raise RecordingError(
            f"{file.name}: is a session, which says its columns and units itself: leave out {', '.join(sorted(told))}."
        )


def _checked_mapping(columns: Mapping[str, str | None] | None) -> dict[str, str | None]:
    if columns is None:
        return {}
    if not isinstance(columns, Mapping):
        raise RecordingError(
            "columns= must map quantities to column names, such as " + column_option({"acc_x_g": "Ax"})
        )
    return dict(columns)


def _is_date(cell: str) -> bool:
    return cell not in NULLS and not is_number(cell) and _DATE.fullmatch(cell) is not None


def _check_columns(choice: Choice, frame: str) -> None:
    """Whether enough columns are there; RecordingError names the ones that are not."""
    lacking_acc = [q for q in ACC if q not in choice.columns]
    lacking_gyr = [q for q in GYR if q not in choice.columns]
    if len(lacking_acc) == 3:
        raise RecordingError("has no accelerometer columns, so it is not a recording")
    if frame == "pelvis":
        return
    for sensor, lacking in (("accelerometer", lacking_acc), ("gyroscope", lacking_gyr)):
        if 0 < len(lacking) < 3:
            rest = (
                "or, " + IN_PELVIS
                if sensor == "accelerometer"
                else "or leave the gyroscope out with " + column_option(dict.fromkeys(GYR))
            )
            raise RecordingError(
                f"lacks the {sensor} column{'s' if len(lacking) > 1 else ''} {', '.join(lacking)}: "
                f"add it, name it with columns= (--column), {rest}"
            )


def _raw(
    table: Table, choice: Choice, units: _Units, sidecar: Sidecar, frame: str, source: str, left_out: Collection[str]
) -> Raw:
    notes = [*table.notes, *choice.notes]
    if choice.ignored:
        shown = ", ".join(choice.ignored[:8]) + (", ..." if len(choice.ignored) > 8 else "")
        notes.append(f"Columns not used: {shown}.")
    acc_unit = _unit_of(choice, ACC, units.acc, table, notes)
    acc = _stacked(table, choice, ACC, units.acc)
    has_gyr = any(q in choice.columns for q in GYR)
    gyr_unit = _unit_of(choice, GYR, units.gyr, table, notes) if has_gyr else RADPS
    gyr = _stacked(table, choice, GYR, units.gyr) if has_gyr else None
    time = choice.columns.get("t")
    missing = tuple(q for q in (*ACC, *(GYR if has_gyr else ())) if q not in choice.columns)
    return Raw(
        acc=acc,
        gyr=gyr,
        t=None if time is None else table.columns.pop(time.index),
        rate_hz=None,
        rate_origin="",
        frame=frame,
        missing=missing,
        sidecar=sidecar,
        source=source,
        labels=Labels(acc_unit, gyr_unit),
        refused_rows=table.refused_rows,
        refused_end=int(table.cut),
        unused=() if time is not None or "t" in left_out else choice.ignored,
        notes=notes,
    )


def _unit_of(choice: Choice, quantities: tuple[str, ...], forced: Unit | None, table: Table, notes: list[str]) -> Unit:
    """The unit of a sensor's columns; RecordingError where a column names none and no option does."""
    present = [choice.columns[q] for q in quantities if q in choice.columns]
    if forced is not None:
        named_otherwise = [c.name for c in present if c.unit is not None and c.unit != forced]
        if named_otherwise:
            notes.append(f"Unit {forced.name} taken as told, although the header says {', '.join(named_otherwise)}.")
        return forced
    for column in present:
        if column.unit is None:
            raise RecordingError(_unit_missing(column, quantities is ACC, present, table))
    return present[0].unit or (MPS2 if quantities is ACC else RADPS)


def _unit_missing(column: Chosen, is_acc: bool, present: list[Chosen], table: Table) -> str:
    name, known = ("acc_unit", ("m/s2", "g", "mg")) if is_acc else ("gyr_unit", ("rad/s", "deg/s"))
    what = (
        f"names the unit {column.unknown_unit!r} in column {column.name!r}, which trendel does not know"
        if column.unknown_unit
        else f"names no unit in column {column.name!r}"
    )
    hint = ""
    if is_acc:
        unit = likely_acc_unit(np.column_stack([table.columns[c.index] for c in present]))
        hint = f" (gravity in it looks like {unit.name})" if unit is not None else ""
    return f"{what}: give {option(name, *known)}{hint}, or put the unit into the header or the sidecar"


def _stacked(table: Table, choice: Choice, quantities: tuple[str, ...], forced: Unit | None) -> np.ndarray:
    """(n, 3) float32 in SI units; 0 for an axis that is not there. The table's columns are given up one by one."""
    out = np.zeros((table.rows_n, 3), np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        for i, quantity in enumerate(quantities):
            column = choice.columns.get(quantity)
            if column is None:
                continue
            unit = forced or column.unit
            values = table.columns.pop(column.index)
            # Computed in float64 and rounded once.
            out[:, i] = values if unit is None or unit.factor == 1.0 else values * unit.factor
    return out


def _guessed_time_unit(t: np.ndarray, name: str, notes: list[str]) -> Unit:
    """The unit in which the stamps give a rate an IMU can have: units are 1000 apart, such rates less than that."""
    steps = np.diff(t[np.isfinite(t)])
    steps = steps[steps > 0]
    step = float(np.median(steps)) if len(steps) else 0.0
    for unit in (SECOND, MILLISECOND, MICROSECOND, NANOSECOND):
        # 20 to 5000 Hz, wider than what is analysed: less than a factor of 1000, so at most one unit fits.
        if 2e-4 <= step * unit.factor <= 5e-2:
            notes.append(f"Column {name!r} names no unit; its steps are those of an IMU in {unit.name}.")
            return unit
    raise RecordingError(
        f"names no unit in its time column {name!r}, and its steps of {digits(step, 6)} fit none: " + TIME_UNIT
    )
