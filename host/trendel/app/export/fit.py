"""A run as a FIT activity, with Garmin's own SDK (an extra, for its licence): running dynamics where FIT has fields for
them, developer fields for what it has none, alerts as marker events.

A record holds the means of the steps that ended within the second before it. FIT counts cadence in strides a minute.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from trendel.analysis.conditions import Condition
from trendel.app.export.seconds import Seconds, per_second
from trendel.app.outputs import write_atomically
from trendel.app.report.timeline import Timeline
from trendel.app.run_source import RunSource
from trendel.errors import TrendelError

APPLICATION_ID = bytes.fromhex("6f1d1ab47e0b4ad39d5c1f4a8e7b2c90")  # random, names Trendel's developer fields for good
_FLOAT32, _STRING = 0x88, 0x07
_DEVELOPER = (  # name, unit, base type, column
    ("pelvic_drop_left", "degrees", _FLOAT32, "drop_left_deg"),
    ("pelvic_drop_right", "degrees", _FLOAT32, "drop_right_deg"),
    ("pelvic_tilt", "degrees", _FLOAT32, "tilt_deg"),
    ("stability_left", "degrees", _FLOAT32, "stability_left_deg"),
    ("stability_right", "degrees", _FLOAT32, "stability_right_deg"),
    ("alert", "", _STRING, None),
)
_ALERT = len(_DEVELOPER) - 1
_NATIVE = {  # field of a record: column
    "vertical_oscillation": "vertical_oscillation_mm",
    "stance_time": "contact_time_ms",
    "stance_time_balance": "contact_balance_percent",
    "step_length": "step_length_mm",
    "vertical_ratio": "vertical_ratio_percent",
    "enhanced_speed": "speed_mps",
}
_TEXT_MAX = 120  # bytes of an alert; a FIT field holds 255


class FitError(TrendelError):
    """A FIT file cannot be made."""


def export_fit(
    source: RunSource, path: Path, conditions: Sequence[Condition] = (), began: datetime | None = None
) -> list[Path]:
    """Write the activity; `began` (aware): when the recording began, where it is not to be taken from it.

    Raises FitError where the SDK is missing or there is nothing to write, OutputError.
    """
    encoded = encode(source, conditions, began or source.began()[0])
    write_atomically(path, lambda target: target.write_bytes(encoded))
    return [path]


def encode(source: RunSource, conditions: Sequence[Condition], began: datetime) -> bytes:
    """The bytes of the file; raises FitError."""
    try:
        from garmin_fit_sdk import Encoder, Profile
    except ImportError:
        raise FitError("FIT needs Garmin's SDK: pip install 'trendel[fit]' (it has a licence of its own).") from None
    seconds = per_second(source.result, source.start_s, conditions)
    if not len(seconds.second):
        raise FitError("Without running there is nothing for a FIT activity.")
    activity = _Activity(Encoder(), Profile["mesg_num"], seconds, began, source)
    return activity.write()


class _Activity:
    """Messages of one activity, in order of time where FIT wants it."""

    def __init__(self, encoder: Any, numbers: Any, seconds: Seconds, began: datetime, source: RunSource) -> None:
        self._encoder, self._numbers = encoder, numbers
        # FIT counts whole seconds; the recording's begin is cut to one.
        self._began, self._seconds, self._source = began.replace(microsecond=0), seconds, source
        steps = source.result.steps
        self._line = Timeline.of(source.start_s, steps["ic_s"].astype(np.float64), steps["end_s"].astype(np.float64))

    def write(self) -> bytes:
        laps = self._laps()
        first, last = laps[0][0], max(laps[-1][1], self._at(int(self._seconds.second[-1])))
        self._put("FILE_ID", type="activity", manufacturer="development", product=0, time_created=self._began,
                  serial_number=1)  # fmt: skip
        self._describe()
        self._put("EVENT", timestamp=first, event="timer", event_type="start")
        for at, write in sorted([*self._records(), *self._alerts()], key=lambda item: item[0]):
            self._put(write[0], timestamp=at, **write[1])
        self._put("EVENT", timestamp=last, event="timer", event_type="stop_all")
        for k, (begin, end) in enumerate(laps):
            self._put("LAP", message_index=k, timestamp=end, start_time=begin, event="lap", event_type="stop",
                      **self._means(begin, end))  # fmt: skip
        self._put("SESSION", message_index=0, timestamp=last, start_time=first, event="session", event_type="stop",
                  sport="running", sub_sport="generic", first_lap_index=0, num_laps=len(laps), trigger="activity_end",
                  **(self._means(first, last) | {"total_timer_time": self._timer_s()}))  # fmt: skip
        local = int((self._began.utcoffset() or timedelta()).total_seconds())
        self._put("ACTIVITY", timestamp=last, local_timestamp=_fit_time(last) + local, total_timer_time=self._timer_s(),
                  num_sessions=1, type="manual", event="activity", event_type="stop")  # fmt: skip
        return bytes(self._encoder.close())

    def _put(self, message: str, **fields: Any) -> None:
        self._encoder.write_mesg({"mesg_num": self._numbers[message], **fields})

    def _describe(self) -> None:
        identity = {
            "mesg_num": self._numbers["DEVELOPER_DATA_ID"],
            "application_id": list(APPLICATION_ID),
            "developer_data_index": 0,
            "application_version": 1,
        }
        self._encoder.write_mesg(identity)
        for k, (name, unit, base_type, _) in enumerate(_DEVELOPER):
            field = {
                "mesg_num": self._numbers["FIELD_DESCRIPTION"],
                "developer_data_index": 0,
                "field_definition_number": k,
                "fit_base_type_id": base_type,
                "field_name": name,
            } | ({"units": unit} if unit else {})
            self._encoder.add_developer_field(k, identity, field)
            self._encoder.write_mesg(field)

    def _at(self, second: int) -> datetime:
        return self._began + timedelta(seconds=second)

    def _records(self) -> list[tuple[datetime, tuple[str, dict[str, Any]]]]:
        columns = self._seconds.columns
        found = []
        for k, second in enumerate(self._seconds.second.tolist()):
            fields = _cadence(float(columns["cadence_spm"][k]), "")
            for name, column in _NATIVE.items():
                _known(fields, name, columns.get(column), k)
            _known(fields, "distance", columns.get("distance_m"), k)
            own: dict[Any, Any] = {}
            for key, (_, _, _, source) in enumerate(_DEVELOPER):
                if source is not None:
                    _known(own, key, columns[source], k)
            if own:
                fields["developer_fields"] = own
            found.append((self._at(second), ("RECORD", fields)))
        return found

    def _alerts(self) -> list[tuple[datetime, tuple[str, dict[str, Any]]]]:
        found = []
        for row in self._source.result.alerts:
            text = f"{row['level']}: {row['message']}".encode()[:_TEXT_MAX].decode("utf-8", "ignore")
            at = self._at(math.ceil(float(row["time_s"]) - self._source.start_s))
            fields = {"event": "user_marker", "event_type": "marker", "developer_fields": {_ALERT: text}}
            found.append((at, ("EVENT", fields)))
        return found

    def _laps(self) -> list[tuple[datetime, datetime]]:
        """One for each stretch of running."""
        start_s = self._source.start_s
        return [
            (self._at(math.floor(begin - start_s)), self._at(math.ceil(end - start_s)))
            for begin, end in self._line.pieces.tolist()
        ]

    def _timer_s(self) -> float:
        return float((self._line.pieces[:, 1] - self._line.pieces[:, 0]).sum())

    def _means(self, begin: datetime, end: datetime) -> dict[str, Any]:
        low, high = ((at - self._began).total_seconds() for at in (begin, end))
        here = (self._seconds.second > low) & (self._seconds.second <= high)
        columns = {name: values[here] for name, values in self._seconds.columns.items()}
        fields: dict[str, Any] = {
            "total_elapsed_time": high - low,
            "total_timer_time": high - low,
            **_cadence(_mean(columns["cadence_spm"]), "avg_"),
        }
        for name, column in _NATIVE.items():
            if name != "enhanced_speed" and column in columns and math.isfinite(_mean(columns[column])):
                fields[f"avg_{name}"] = _mean(columns[column])
        steps_s = self._source.result.steps["ic_s"] - self._source.start_s
        fields["total_cycles"] = int(((steps_s >= low) & (steps_s < high)).sum()) // 2  # strides
        if "distance_m" in columns and len(columns["distance_m"]):
            fields["total_distance"] = float(np.nansum(columns["speed_mps"]))
            fields["enhanced_avg_speed"] = _mean(columns["speed_mps"])
        return fields


def _cadence(steps_per_minute: float, prefix: str) -> dict[str, Any]:
    """Whole strides a minute, and the rest in 128ths."""
    if not math.isfinite(steps_per_minute):
        return {}
    in_128ths = round(64 * steps_per_minute)
    return {f"{prefix}cadence": in_128ths // 128, f"{prefix}fractional_cadence": in_128ths % 128 / 128}


def _known(fields: dict[Any, Any], name: Any, values: npt.NDArray[np.float64] | None, k: int) -> None:
    if values is not None and math.isfinite(value := float(values[k])):
        fields[name] = value


def _mean(values: npt.NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else math.nan


def _fit_time(at: datetime) -> int:
    from garmin_fit_sdk.util import FIT_EPOCH_S

    return round(at.timestamp()) - int(FIT_EPOCH_S)
