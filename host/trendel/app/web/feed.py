"""A live run as messages for pages. docs/live.md describes them; whatever else computes a run can send the same."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from trendel.analysis import Completed
from trendel.app.live_lines import rows_of
from trendel.app.marks import Mark
from trendel.app.watch import Watch
from trendel.app.web.hub import Hub
from trendel.links.intake import Notice, Record
from trendel.links.protocol import Change

if TYPE_CHECKING:
    from trendel.links.live_stream import LiveStream

VERSION = 1
_POSE_S = 0.04  # poses come at most this often


class WebFeed:
    """Teller of a LiveRun: `watch` is the run's, so that figures are those of its screen."""

    def __init__(self, hub: Hub, watch: Watch) -> None:
        self._hub, self._watch = hub, watch
        self._posed_s = 0.0
        self._arrived_ms = 0.0

    def begin(self, link: str, limits_deg: tuple[float, float, float]) -> None:
        """What does not change in the run."""
        self._hub.tell("hello", {"version": VERSION, "link": link, "limits_deg": limits_deg}, keep=True)
        self.recording(None)

    def recording(self, name: str | None, sentence: str = "") -> None:
        """Recording has begun, into a file of that name, or is off."""
        self._hub.tell("recording", {"name": name, "sentence": sentence}, keep=True)

    def end(self, why: str) -> None:
        """The run has ended."""
        self._hub.tell("end", {"reason": why}, keep=True)

    # Teller

    def change(self, change: Change) -> None:
        """See Teller."""
        self._hub.tell("link", {"state": change.state, "sentence": change.sentence}, keep=True)

    def notice(self, notice: Notice, now_ns: int) -> None:
        """See Teller."""
        self._hub.tell("notice", {"level": notice.level, "sentence": notice.sentence})

    def record(self, record: Record, now_ns: int) -> None:
        """See Teller: the clip's own report is not shown on the page."""

    def mark(self, mark: Mark, now_ns: int) -> None:
        """See Teller."""
        self._hub.tell("marker", {"label": mark.label, "pain": mark.pain})
        if mark.pain:
            self._hub.alert(rows_of(self._watch.alerts)[-1])

    def samples(self, stream: LiveStream) -> None:
        """See Teller."""
        now_s = time.monotonic()
        if not self._hub.clients or now_s - self._posed_s < _POSE_S:
            return
        pose = stream.pose
        if pose is not None:
            self._posed_s = now_s
            tilt, obliquity, rotation = pose
            self._hub.tell("pose", {"tilt_deg": tilt, "obliquity_deg": obliquity, "rotation_deg": rotation})

    def arrived(self) -> None:
        """Samples have come from the link: figures that they complete are measured from now."""
        self._arrived_ms = 1e3 * time.time()

    def completed(self, completed: Completed, now_ns: int) -> None:
        """See Teller."""
        if len(completed.steps) or len(completed.strides) or completed.events:
            self._hub.tell("figures", self._figures(), keep=True)
        for row in rows_of(completed.alerts):
            self._hub.alert(row)
        for sentence in completed.events:
            self._hub.tell("event", {"sentence": sentence})

    def health(self, now_ns: int, values: dict[str, Any]) -> None:
        """See Teller."""
        kept = ("rate_hz", "samples_n", "lost_n", "delay_ms", "battery_percent", "free_mb")
        self._hub.tell("health", {name: values[name] for name in kept}, keep=True)

    def _figures(self) -> dict[str, Any]:
        watch = self._watch
        now = watch.figures()
        baseline = [sink - change for sink, change in zip(now.sink_deg, now.change_deg, strict=True)]
        return {
            "now_s": watch.now_s,
            "doing": watch.doing,
            "phase": now.phase,
            "cadence_spm": now.cadence_spm,
            "oscillation_mm": now.oscillation_mm,
            "contact_ms": now.contact_ms,
            "sink_deg": now.sink_deg,
            "change_deg": now.change_deg,
            "baseline_deg": baseline,
            "arrived_ms": self._arrived_ms,
        }
