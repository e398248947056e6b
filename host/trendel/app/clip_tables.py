"""What the clip itself computed on a run, as tables beside the analysis: its strides, and its events with alerts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trendel.analysis.alerts import KINDS, LEVELS
from trendel.analysis.tables import Table, make_table
from trendel.app.outputs import make_folder, write_atomically
from trendel.errors import RecordingError
from trendel.recording.folder import is_session
from trendel.wire import layout as lt

if TYPE_CHECKING:
    from trendel.recording.session.clip_records import ClipRecords

STRIDES, EVENTS = "clip_strides.csv", "clip_events.csv"
_UNITS = ("deg", "ms", "mm", "g", "s")
_SIDES = {1: "L", 2: "R", -1: "R"}


def write_clip_tables(run: Path, folder: Path) -> tuple[list[Path], list[str]]:
    """(files written, sentences): of a session with records of the clip, else nothing. Raises OutputError."""
    found, first = _of_session(run)
    written: list[Path] = []
    for name, kind, make in ((STRIDES, "stride", _strides), (EVENTS, "event", _events)):
        if kind in found:
            make_folder(folder)
            write_atomically(folder / name, make(found[kind], first).to_csv)
            written.append(folder / name)
    return written, _sentences(found)


def _of_session(run: Path) -> tuple[dict[str, ClipRecords], float | None]:
    """(records by kind, clip time in s of the first sample; None without, or where the clip has restarted)."""
    if not is_session(run):
        return {}, None
    from trendel.recording.session import open_session
    from trendel.recording.session.clip_records import clip_records
    from trendel.recording.session.samples import gather, order_main

    try:
        with open_session(run) as session:
            found = clip_records(session.packets())
            if not found or any(records.boot_i.max() > 0 for records in found.values()):
                return found, None
            gathered = gather(session.packets())
    except RecordingError:
        return {}, None
    main = order_main(gathered)
    return found, None if main is None or main[1].boot_i[-1] > 0 else float(main[1].time_ns[0]) * 1e-9


def _strides(records: ClipRecords, first_s: float | None) -> Table:
    columns = dict(records.columns)
    side_quality = columns.pop("side_quality", np.zeros(len(records), np.int64)).astype(np.int64)
    table: dict[str, tuple[Any, str]] = _times(records, columns.pop("ic_ms"), "ic", first_s)
    table["side"] = (np.array([_SIDES.get(code, "") for code in (side_quality & 3).tolist()]), "")
    table |= {name: (values, _unit(name)) for name, values in columns.items()}
    table["quality"] = ((side_quality >> 2) / 63.0, "1")
    return make_table(table)


def _events(records: ClipRecords, first_s: float | None) -> Table:
    columns = dict(records.columns)
    codes = columns["code"].astype(np.int64).tolist()
    names = [lt.EVENTS[code] if code < len(lt.EVENTS) else f"event_{code}" for code in codes]
    alerts = np.array([name in ("alert_start", "alert_end") for name in names])
    detail = columns["detail"].astype(np.int64)
    table: dict[str, tuple[Any, str]] = _times(records, columns["time_ms"], "at", first_s)
    table["event"] = (np.array(names), "")
    table["side"] = (np.array([_SIDES.get(side, "") for side in columns["side"].astype(np.int64).tolist()]), "")
    table["kind"] = (_named(KINDS, detail & 15, alerts), "")
    table["level"] = (_named(dict(enumerate(LEVELS)), detail >> 4, alerts), "")
    table["size_deg"] = (np.asarray(columns["size_deg"], np.float64), "deg")
    since_s = columns["since_ms"].astype(np.float64) / 1e3 - (np.nan if first_s is None else first_s)
    table["since_s"] = (np.where(alerts, since_s, np.nan), "s")
    table["confidence"] = (np.asarray(columns["confidence"], np.float64), "1")
    table["detail"] = (detail, "")
    table["value"] = (columns["value"].astype(np.int64), "")
    return make_table(table)


def _times(records: ClipRecords, time_ms: npt.NDArray[Any], what: str, first_s: float | None) -> dict[str, Any]:
    """On the axis of steps.csv, and on the clip's clock."""
    clip_s = time_ms.astype(np.float64) / 1e3
    on_axis = clip_s - first_s if first_s is not None else np.full(len(clip_s), np.nan)
    return {f"{what}_s": (on_axis, "s"), "boot": (records.boot_i, ""), "clip_s": (clip_s, "s")}


def _named(names: dict[int, str], codes: npt.NDArray[np.int64], which: npt.NDArray[np.bool_]) -> npt.NDArray[Any]:
    return np.array([names.get(code, "") if on else "" for code, on in zip(codes.tolist(), which, strict=True)])


def _unit(name: str) -> str:
    end = name.rpartition("_")[2]
    return end if end in _UNITS else ""


def _sentences(found: dict[str, ClipRecords]) -> list[str]:
    said = []
    if "stride" in found:
        lacking = f"; {found['stride'].missing_n} more are missing" if found["stride"].missing_n else ""
        said.append(f"the clip itself counted {len(found['stride'])} strides{lacking}")
    if "event" in found:
        codes = found["event"].columns["code"].astype(np.int64)
        alerts_n = int(np.count_nonzero(codes == lt.EVENTS.index("alert_start")))
        said += [f"it raised {alerts_n} alert{'' if alerts_n == 1 else 's'}"] if alerts_n else []
    return said
