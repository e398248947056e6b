"""A session file behind a link: what arrives, what becomes of the link, markers. A thread of its own writes it."""

import asyncio
import math
import shutil
import tempfile
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trendel.app.calibration_choice import AUTO, choose_calibration
from trendel.app.marks import Mark, MarkBox
from trendel.clock import Clock
from trendel.errors import SessionError
from trendel.links.protocol import Arrival, Change, Link
from trendel.recording.session import SessionWriter, topics
from trendel.recording.session.packets import FROM_LOG
from trendel.recording.session.writer import Closed
from trendel.wire.packets import Hello

FLUSH_S = 0.4  # with writing, less than a second from arrival to disk


class Recorder:
    """Writes what a link brings. `troubles` holds sentences about the disk until somebody takes them."""

    def __init__(self, path: Path, clock: Clock, about: Mapping[str, Any], calibration: str = AUTO) -> None:
        """Make the file. `calibration`: 'auto', 'none' or a file, see choose_calibration. Raises SessionError where it
        exists or cannot be made."""
        self.troubles: deque[str] = deque()
        self._clock = clock
        self._calibration: str | None = calibration
        self._writer = SessionWriter(path, clock=clock, about=about, on_trouble=self.troubles.append, flush_s=math.inf)
        self._marks = MarkBox(path)
        if self._marks.trouble:
            self.troubles.append(self._marks.trouble)

    @property
    def path(self) -> Path:
        """The file."""
        return self._writer.path

    @property
    def waiting_n(self) -> int:
        """Bytes that are not on the disk yet."""
        return self._writer.in_memory_n

    def free_bytes(self) -> int | None:
        """Room on the file's disk, where that can be told."""
        try:
            return shutil.disk_usage(self.path.absolute().parent).free
        except OSError:
            return None

    def arrival(self, arrival: Arrival) -> None:
        """Keep a packet as it came; with the first hello the calibration of that clip. Raises CalibrationError where
        the one that was asked for is not of this clip."""
        self._writer.packet(arrival.received.raw, time_ns=arrival.time_ns)
        packet = arrival.received.packet
        if self._calibration is not None and isinstance(packet, Hello):
            wanted, self._calibration = self._calibration, None
            chosen = choose_calibration(packet, wanted, self._clock)
            if chosen is not None:
                self._writer.add(topics.CALIBRATION, chosen.record, time_ns=arrival.time_ns)
                self.note(chosen.sentence, 2)

    def home(self, raw: bytes) -> None:
        """Keep a packet that came later, from the clip's log."""
        self._writer.packet(raw, source=FROM_LOG)

    def change(self, change: Change, link: Link) -> None:
        """Keep what became of the link, with its counters."""
        counts = link.counts
        numbers = {"bytes_n": counts.bytes_n, "packets_n": counts.packets_n, "skipped_n": counts.skipped_n}
        message = {"state": change.state, "sentence": change.sentence, "dropped_n": link.dropped_n, **numbers}
        self._writer.add(topics.LINK, message, time_ns=change.time_ns)

    def add(self, topic: str, message: Mapping[str, Any], time_ns: int | None = None) -> None:
        """Keep a message of another kind."""
        self._writer.add(topic, message, time_ns=time_ns)

    def note(self, sentence: str, level: int) -> None:
        """Keep a sentence about the recording."""
        self._writer.note(sentence, level)

    def marker(self, mark: Mark) -> None:
        """Keep a marker at the moment at which it was set."""
        message = {"label": mark.label, "note": mark.note, "pain": mark.pain}
        self._writer.add(topics.MARKERS, message, time_ns=self._clock.now_ns() - round(mark.age_s * 1e9))

    def marks(self) -> list[Mark]:
        """Markers that `trendel mark` has set since the last call; the caller keeps them."""
        return self._marks.take()

    async def flush(self) -> None:
        """Wait a little, then bring what was taken to the disk, beside the event loop; to be called again and again."""
        await asyncio.sleep(FLUSH_S)
        await asyncio.to_thread(self._writer.flush)

    def close(self, why: str) -> Closed:
        """Complete the file. Where its disk fails, it is saved in the home or the temporary folder instead; raises
        SessionError where none of them takes it."""
        self._marks.close()
        closed = self._writer.close(why)
        first = closed
        for folder in (Path.home(), Path(tempfile.gettempdir())):
            if closed.error is None:
                break
            try:
                self._writer.move_to(folder / f"{self.path.stem}-{self._writer.session_id[:8]}{self.path.suffix}")
                closed = self._writer.close(why)
            except SessionError:
                continue
        if closed.error is not None:
            raise SessionError(f"{first.error} {closed.pending_n} bytes could not be saved anywhere.")
        if closed.path != first.path:
            self.troubles.append(f"{first.path.name}: its disk failed; the session is saved as {closed.path}.")
        return closed
