"""`trendel live --json`: a line of JSON for each thing that happens, for programs."""

import json
import math
import sys
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from trendel.analysis import Completed
from trendel.analysis.tables import Table
from trendel.app.marks import Mark
from trendel.links.intake import Notice, Record
from trendel.links.live_stream import LiveStream
from trendel.links.protocol import Change

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Teller(Protocol):
    """Is told everything of a live run, as it happens; `now_ns` is the link's clock."""

    def change(self, change: Change) -> None:
        """What became of the link."""

    def notice(self, notice: Notice, now_ns: int) -> None:
        """A sentence."""

    def record(self, record: Record, now_ns: int) -> None:
        """What the clip itself reports."""

    def mark(self, mark: Mark, now_ns: int) -> None:
        """A marker; the run has taken it in already."""

    def arrived(self) -> None:
        """Samples have arrived, and are computed next."""

    def samples(self, stream: LiveStream) -> None:
        """Samples have gone through the kernels."""

    def completed(self, completed: Completed, now_ns: int) -> None:
        """Rows, and what changed in the run; the run has taken them in already."""

    def health(self, now_ns: int, values: dict[str, Any]) -> None:
        """State of link and clip, every few seconds."""


class JsonLines:
    """Writes objects with a `type` and, where it is known, `at` (host time, UTC) to stdout, flushed at once."""

    def change(self, change: Change) -> None:
        """What became of the link."""
        self._line("link", change.time_ns, {"state": change.state, "sentence": change.sentence})

    def notice(self, notice: Notice, now_ns: int) -> None:
        """A sentence."""
        self._line("notice", now_ns, {"level": notice.level, "sentence": notice.sentence})

    def record(self, record: Record, now_ns: int) -> None:
        """What the clip itself reports: clip_stride, clip_event, clip_status."""
        self._line(f"clip_{record.kind}", now_ns, record.values)

    def mark(self, mark: Mark, now_ns: int) -> None:
        """A marker."""
        about = {"label": mark.label, "note": mark.note, "pain": mark.pain}
        self._line("marker", now_ns - round(mark.age_s * 1e9), about)

    def arrived(self) -> None:
        """See Teller: rows carry their own times."""

    def samples(self, stream: LiveStream) -> None:
        """See Teller: lines are told of steps, not of samples."""

    def completed(self, completed: Completed, now_ns: int) -> None:
        """Rows with the columns of steps.csv, strides.csv and alerts.csv, and what changed in the run."""
        for kind, table in (("step", completed.steps), ("stride", completed.strides), ("alert", completed.alerts)):
            for row in rows_of(table):
                self._line(kind, now_ns, row)
        for sentence in completed.events:
            self._line("event", now_ns, {"sentence": sentence})

    def health(self, now_ns: int, values: dict[str, Any]) -> None:
        """State of link and clip."""
        self._line("health", now_ns, values)

    def _line(self, kind: str, at_ns: int, content: dict[str, Any]) -> None:
        at = (_EPOCH + timedelta(microseconds=at_ns / 1000)).isoformat(timespec="milliseconds")
        plain = {name: _plain(value) for name, value in content.items()}
        sys.stdout.write(json.dumps({"type": kind, "at": at, **plain}, ensure_ascii=False) + "\n")
        sys.stdout.flush()


def rows_of(table: Table) -> list[dict[str, Any]]:
    """The rows by column, as plain values."""
    return [dict(zip(table.columns, row.tolist(), strict=True)) for row in table]


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
