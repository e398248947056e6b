"""What a calibration command ends with: shown, as JSON, as a report, into the history."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from trendel.app.calibration_choice import read_record
from trendel.app.outputs import write_text_atomically
from trendel.app.screen import stdout_console
from trendel.errors import CalibrationError
from trendel.recording.calibration import check_belongs, why_not
from trendel.recording.calibration_store import keep, nearest
from trendel_calibration.result import Calibration, Subject
from trendel_calibration.show import show
from trendel_calibration.verify import checks


@dataclass(frozen=True)
class Ending:
    """as_json: nothing but JSON on stdout. report: page to write. out: record to write. keeps: into the history.
    against: file of the calibration to compare with; the clip's nearest otherwise."""

    as_json: bool = False
    report: Path | None = None
    out: Path | None = None
    keeps: bool = True
    against: Path | None = None

    def check_places(self) -> None:
        """Raises CalibrationError for files that exist or have no folder, before anything is measured."""
        for path in (self.report, self.out):
            if path is not None and path.exists():
                raise CalibrationError(f"{path} exists already: choose another name.")
            if path is not None and not path.absolute().parent.is_dir():
                raise CalibrationError(f"{path}: there is no folder {path.absolute().parent}.")


def about_of(subject: Subject) -> dict[str, Any]:
    """As the metadata of a recording would have it."""
    return {"clip_serial": subject.serial, "sensor": subject.sensor, "range_g": subject.range_g,
            "range_dps": subject.range_dps}  # fmt: skip


def previous_of(subject: Subject, ending: Ending, carried: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The record to compare with: the file given, what the recording carries, or the clip's nearest in the history.

    Raises CalibrationError where the file given is none or is of another clip, sensor or range."""
    if ending.against is not None:
        record = read_record(ending.against)
        check_belongs(record, about_of(subject), ending.against.name)
        return record
    if carried is not None and why_not(carried, about_of(subject)) is None:
        return dict(carried)
    stored = nearest(about_of(subject), when_of(subject))
    return stored.record if stored is not None else None


def when_of(subject: Subject) -> datetime:
    """The time of the calibration."""
    try:
        when = datetime.fromisoformat(subject.when)
    except ValueError:
        return datetime.now(UTC)
    return when if when.tzinfo is not None else when.replace(tzinfo=UTC)


def finish(
    cal: Calibration, ending: Ending, previous: dict[str, Any] | None, extra: Mapping[str, Any]
) -> dict[str, Any]:
    """Show, write and keep; the record. `extra` goes into it."""
    verdicts = checks(cal)
    own = cal.record()
    if previous is not None and previous.get("hash") == own["hash"]:
        previous = None  # the same recording again
    record = own | {"checks": [check.as_dict() for check in verdicts]} | dict(extra)
    if previous is not None:
        record["previous_hash"] = previous.get("hash")
    files = _kept_and_written(record, ending)
    if ending.report is not None:
        from trendel_calibration.report import report_html

        page = report_html(cal, verdicts, previous)
        write_text_atomically(ending.report, page)
        files["report"] = str(ending.report)
    if ending.as_json:
        print(json.dumps(record | files, indent=1, allow_nan=False))
        return record
    console = stdout_console()
    show(console, cal, verdicts, previous)
    for word, path in files.items():
        console.print(f"{word}: {path}", markup=False, soft_wrap=True)
    if "kept" in files:
        console.print(_what_now(cal.subject), markup=False, soft_wrap=True)
    return record


def _what_now(subject: Subject) -> str:
    if subject.raw_unit != "si":
        return "It fits files of these raw values only: with --acc-unit and --gyr-unit it could be used for recordings."
    if subject.serial is None:
        return "The clip's serial number is not known, so recordings will not find it: give --serial."
    return "Recordings of this clip take it along from now on (trendel record, live)."


def _kept_and_written(record: dict[str, Any], ending: Ending) -> dict[str, str]:
    """Into the history and the file that are wanted; where it is, by word."""
    files: dict[str, str] = {}
    if ending.keeps:
        files["kept"] = str(keep(record))
    if ending.out is not None:
        write_text_atomically(ending.out, json.dumps(record, indent=1, allow_nan=False) + "\n")
        files["written"] = str(ending.out)
    return files


def matrices_of(subject: Subject) -> dict[str, Any] | None:
    """The clip's record nearest in time that fits its sensor and ranges; None where there is none."""
    stored = nearest(about_of(subject), when_of(subject)) if subject.raw_unit == "si" else None
    return stored.record if stored is not None else None


def finish_values(
    kind: str,
    values: dict[str, Any],
    lines: list[str],
    subject: Subject,
    ending: Ending,
    base: Mapping[str, Any] | None = None,
) -> None:
    """The same for what is no whole calibration (noise, rate, bias): `values` go under `kind` into a copy of `base`, a
    record of this clip's, else of `matrices_of`, or into one without matrices; `lines` are shown. What is not known of
    the subject stays as the base has it."""
    found = base if base is not None else matrices_of(subject) or {"raw_unit": subject.raw_unit}
    about = {name: value for name, value in about_of(subject).items() if value is not None or name not in found}
    record: dict[str, Any] = {
        **found, "schema": "trendel.calibration/1", "method": found.get("method", kind), "who": subject.who,
        "when": subject.when, **about, kind: values, "source": subject.source,
    }  # fmt: skip
    files = _kept_and_written(record, ending)
    if ending.as_json:
        print(json.dumps({kind: values, "method": kind, **about_of(subject), **files}, indent=1, allow_nan=False))
        return
    console = stdout_console()
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)
    for word, path in files.items():
        console.print(f"{word}: {path}", markup=False, soft_wrap=True)
