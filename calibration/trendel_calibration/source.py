"""What is calibrated from: raw values of a CSV file or a session, in SI units where it names units, else as they
are."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from trendel.errors import CalibrationError, RecordingError
from trendel.recording.assembly import named
from trendel.recording.calibration import check_belongs, full_serial
from trendel.recording.clip_metadata import about_clip, ranges
from trendel.recording.columns import ACC, GYR, Choice, choose
from trendel.recording.csv_file import opened, read_table, text_span
from trendel.recording.folder import is_session
from trendel.recording.header import HEAD_BYTES, decode_line, find_header
from trendel.recording.session import SessionReader
from trendel.recording.session.samples import gather, order_main
from trendel.recording.sidecar import read_sidecar, sidecar_path
from trendel.recording.units import SECOND, Unit, find_unit, unit_option
from trendel.wire import layout
from trendel_calibration.result import F64, Subject, now_utc
from trendel_calibration.sections import NAMES, Sections

_GAP = 1.5


@dataclass(frozen=True, eq=False)
class Source:
    """Raw values of a recording.

    acc, gyr: (n, 3) float64; gyr None without a gyroscope. rate_hz: None where nothing says it. t_s: (n,) stamps, or
    None. sections: labelled in the file, else empty; then `is_continuous` is False: the parts were put together.
    metadata: of its sidecar or session. record: the calibration that it carries, if any. notes: sentences."""

    acc: F64
    gyr: F64 | None
    rate_hz: float | None
    t_s: F64 | None
    subject: Subject
    sections: Sections = field(default_factory=dict)
    is_continuous: bool = True
    metadata: dict[str, Any] = field(default_factory=dict)
    record: dict[str, Any] | None = None
    notes: tuple[str, ...] = ()

    @property
    def rate(self) -> float:
        """The rate; CalibrationError where nothing says it."""
        if self.rate_hz is None:
            raise CalibrationError(f"{self.subject.source}: nothing says its sampling rate: give --rate-hz.")
        return self.rate_hz


@dataclass(frozen=True)
class SourceOptions:
    """How to read a file that does not say it itself, and whose calibration it becomes."""

    rate_hz: float | None = None
    acc_unit: str | None = None
    gyr_unit: str | None = None
    who: str | None = None
    serial: str | None = None


def read_source(path: Path, options: SourceOptions | None = None) -> Source:
    """The raw values of `path`. Raises RecordingError or CalibrationError in one sentence."""
    told = options or SourceOptions()
    if told.rate_hz is not None and not 5 <= told.rate_hz <= 10_000:
        raise CalibrationError(f"--rate-hz {told.rate_hz:g} cannot be: give samples per second, 5 to 10000.")
    with named(path.name):
        source = _session(path) if is_session(path) else _csv(path, told)
    if len(source.acc) < 3:
        raise CalibrationError(f"{path.name}: holds {len(source.acc)} samples, too few to calibrate from.")
    about = source.metadata
    if about.get("calibration_applied"):
        raise CalibrationError(
            f"{path.name}: its values are calibrated already: calibrate from what the clip recorded."
        )
    subject = replace(
        source.subject,
        who=told.who,
        serial=_serial(told.serial, _text(about.get("clip_serial"))),
        sensor=_text(about.get("sensor")),
        range_g=_number(about.get("range_g")),
        range_dps=_number(about.get("range_dps")),
        when=_text(about.get("started_at")) or now_utc(),
        source=path.name,
    )
    rate = told.rate_hz if told.rate_hz is not None else source.rate_hz
    return replace(source, subject=subject, rate_hz=rate)


def _serial(told: str | None, found: str | None) -> str | None:
    """The clip's number; CalibrationError where the file says another than was told."""
    known = full_serial(found) if found else None
    if told is not None and known is not None:
        check_belongs({"clip_serial": told}, {"clip_serial": known}, "--serial")
    return full_serial(told) if told is not None else known


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _session(path: Path) -> Source:
    try:
        reader = SessionReader(path)
    except RecordingError as error:
        raise RecordingError(str(error).removeprefix(f"{path.name}: ")) from None
    with reader:
        found = gather(reader.packets())
        main = order_main(found)
        records = [m.content for m in reader.messages("/session/calibration")]
    if main is None:
        raise RecordingError("holds no samples: the clip sent none, or they are lost")
    name, samples = main
    if (samples.marks & layout.IMU_CALIBRATED).any():
        raise CalibrationError(
            f"{path.name}: the clip had applied a calibration already: take that off the clip and record again."
        )
    hello = found[name].hello
    codes = np.unique(samples.range_code)
    if len(codes) > 1:
        raise CalibrationError(f"{path.name}: the clip's range was changed in it: record again at one range.")
    code = int(codes[0])
    scales = (layout.ACC_SCALE_MPS2, layout.GYR_SCALE_RADPS)
    if hello is not None:
        scales = (hello.fields["acc_scale_mps2"], hello.fields["gyr_scale_radps"])
    acc = samples.acc.astype(np.float64) * (float(scales[0]) * (1 << (code & 15)))
    gyr = samples.gyr.astype(np.float64) * (float(scales[1]) * (1 << (code >> 4)))
    range_g, range_dps = ranges(code & 15, code >> 4)
    about: dict[str, Any] = {"range_g": range_g, "range_dps": range_dps}
    if hello is not None:
        about = about_clip(hello) | about
    t_s = (samples.time_ns - samples.time_ns[0]) * 1e-9
    return _stamped(
        Source(
            acc, gyr, None, t_s, Subject(raw_unit="si"), metadata=about, record=records[-1] if records else None,
            notes=tuple(samples.notes),
        )
    )  # fmt: skip


def _csv(path: Path, told: SourceOptions) -> Source:
    with opened(path) as data:
        sidecar = read_sidecar(sidecar_path(path)) if path.suffix != ".json" else None
        metadata = sidecar.metadata if sidecar is not None else {}
        start, end, notes = text_span(data)
        header = find_header(data[start : min(end, start + HEAD_BYTES)], (sidecar.columns if sidecar else None) or {})
        choice = choose(header.names, (sidecar.columns if sidecar else None) or {})
        for quantity in (*ACC, *(GYR if any(q in choice.columns for q in GYR) else ())):
            if quantity not in choice.columns:
                raise RecordingError(f"has no column {quantity}: calibration needs all three axes of a sensor")
        label_i = next((i for i, name in enumerate(header.names) if name.lower() in ("part", "section", "label")), None)
        labels = _labels(bytes(data[header.data_offset + start : end]), header.delimiter, label_i)
        header = replace(header, data_offset=header.data_offset + start)
        used = {c.index: c.name for c in choice.columns.values()}
        table = read_table(data, end, header, used)
    acc_unit, acc_known = _unit(choice, ACC, told.acc_unit or (sidecar.acc_unit if sidecar else None), "acc")
    gyr_unit, gyr_known = _unit(choice, GYR, told.gyr_unit or (sidecar.gyr_unit if sidecar else None), "gyr")
    acc = _stacked(table.columns, choice, ACC) * acc_unit
    gyr = _stacked(table.columns, choice, GYR) * gyr_unit if GYR[0] in choice.columns else None
    is_si = acc_known and (gyr_known or gyr is None)
    time = choice.columns.get("t")
    t_s = None
    if time is not None and time.unit is not None:
        t_s = np.asarray(table.columns[time.index] * time.unit.factor)
    elif time is not None:
        t_s = _guessed(table.columns[time.index])
    sections = _sections(labels) if labels and len(labels) == len(acc) else {}
    source = Source(
        acc, gyr, sidecar.rate_hz if sidecar else None, t_s, Subject(raw_unit="si" if is_si else "raw"),
        sections=sections, is_continuous=not sections, metadata=metadata,
        record=metadata.get("calibration") if isinstance(metadata.get("calibration"), dict) else None,
        notes=(*notes, *table.notes),
    )  # fmt: skip
    return _stamped(source)


def _unit(choice: Choice, quantities: tuple[str, ...], told: str | None, kind: str) -> tuple[float, bool]:
    """(factor to SI, whether a unit is known) of a sensor's columns."""
    unit: Unit | None = unit_option(f"--{kind}-unit", told, kind) if told else None
    if unit is None and quantities[0] in choice.columns:
        unit = choice.columns[quantities[0]].unit
    return (1.0, False) if unit is None else (unit.factor, True)


def _stacked(columns: dict[int, np.ndarray], choice: Choice, quantities: tuple[str, ...]) -> F64:
    return np.column_stack([columns[choice.columns[q].index] for q in quantities]).astype(np.float64)


def _guessed(stamps: np.ndarray) -> F64 | None:
    """Stamps without a unit in the one in which their steps are those of an IMU; None where none is (a counter)."""
    steps = np.diff(stamps[np.isfinite(stamps)])
    step = float(np.median(steps)) if len(steps) else 0.0
    for name in ("s", "ms", "us", "ns"):
        unit = find_unit(name) or SECOND
        if 2e-4 <= step * unit.factor <= 5e-2:
            return np.asarray(stamps * unit.factor)
    return None


def _stamped(source: Source) -> Source:
    """With the rate by its stamps, and a note on samples that are missing."""
    if source.t_s is None or len(source.t_s) < 3:
        return source
    t = source.t_s
    steps = np.diff(t)
    if not np.isfinite(t).all() or (steps < 0).any():
        raise CalibrationError("its time stamps run backward or are missing: give --rate-hz and leave them out.")
    usual = float(np.median(steps[steps > 0])) if (steps > 0).any() else 0.0
    if not usual > 0:
        raise CalibrationError("its time stamps stand still: give --rate-hz and leave them out.")
    gaps = steps > _GAP * max(usual, float(np.mean(steps)))
    notes = list(source.notes)
    if gaps.any() and float(steps[gaps].max()) > 2.5 * usual:
        notes.append(
            f"Time is missing at {int(gaps.sum())} places; turns in which it is are set aside if they do not fit."
        )
    # Over the whole of it, without what is missing: stamps of single samples jitter.
    n, span = len(steps) - int(gaps.sum()), float(steps[~gaps].sum())
    return replace(source, rate_hz=n / span, notes=tuple(notes))


def _labels(text: bytes, delimiter: str, label_i: int | None) -> list[str]:
    """The cells of the column `label_i`; empty where there is none."""
    if label_i is None:
        return []
    lines = io.StringIO(decode_line(text))
    rows = csv.reader(lines, delimiter=delimiter)
    return [row[label_i].strip() if len(row) > label_i else "" for row in rows if row]


def _sections(labels: list[str]) -> Sections:
    """The stretches of the nine names; empty where the column holds something else."""
    found: Sections = {}
    for i, name in enumerate(labels):
        if name in NAMES:
            start, end = found.get(name, (i, i))
            if end != i:
                raise CalibrationError(f"the section {name} is labelled twice: label each once.")
            found[name] = (start, i + 1)
    return found if len(found) == len(NAMES) else {}


__all__ = ["Source", "SourceOptions", "read_source"]
