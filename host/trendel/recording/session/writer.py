"""Recording a session: everything as it arrives, on the disk within a second, and in memory where the disk fails."""

import os
import platform
import shutil
import sys
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock, RLock
from typing import Any

from trendel.clock import Clock, HostClock
from trendel.errors import SessionError, TrendelError, reason
from trendel.recording.folder import SESSION_SUFFIX, is_session
from trendel.recording.session import packets, topics
from trendel.recording.session.container import Container
from trendel.recording.session.durable import DurableFile
from trendel.recording.session.rewrite import pack

FLUSH_S = 0.5
"""Half of what may be lost, as writing takes time too."""
MEMORY_BYTES = 512 << 20
"""What is kept in memory where the disk fails: some 25 h at 208 Hz."""
BYTES_PER_H = 40_000_000
"""While recording at 833 Hz; a session is packed to about half when it is closed."""
_LOW_BYTES = 100_000_000
_DISK_CHECK_NS = 60_000_000_000


@dataclass(frozen=True)
class Closed:
    """What became of a session: `path` is complete where `error` is None; else `pending_n` bytes are in memory only."""

    path: Path
    packets_n: int
    refused_n: int
    pending_n: int
    error: str | None


class SessionWriter:
    """Writes the session file `path` while it happens.

    `on_trouble` is called with one sentence when the disk fails, when it works again, and when it is nearly full. While
    it fails everything is kept in memory, up to `memory_bytes`, and tried again at each flush; then what comes is
    refused and counted. `insist`: where the file cannot be made, start in memory instead of raising. All times are
    `clock`'s (HostClock by default). What is added is on the disk after `flush_s`, as long as something is added or
    `tick` called. So that a slow disk does not hold up the link, give `flush_s=math.inf` and call `flush` from another
    thread each half second."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        clock: Clock | None = None,
        on_trouble: Callable[[str], None] | None = None,
        about: Mapping[str, Any] | None = None,
        insist: bool = False,
        flush_s: float = FLUSH_S,
        memory_bytes: int = MEMORY_BYTES,
    ) -> None:
        """Make the file. `about`: what else is to be said of the session (runner, shoes, ...). Raises SessionError
        where the file exists or cannot be made, or `about` cannot be JSON."""
        import trendel

        self.packets_n = 0
        self.refused_n = 0
        file = Path(path)
        if not is_session(file):
            raise SessionError(f"{file.name}: the name of a session ends with {SESSION_SUFFIX}: choose such a name.")
        self._clock = clock or HostClock()
        self._on_trouble = on_trouble or (lambda sentence: None)
        self._flush_ns, self._memory_bytes = int(min(flush_s, 1e9) * 1e9), memory_bytes
        self._file = DurableFile(file, insist=insist)
        self._lock, self._disk_lock = RLock(), Lock()
        self._failing = self._full_said = self._low_said = self._closed = self._packed = False
        self._started_ns = self._flushed_ns = self._disk_checked_ns = self._clock.now_ns()
        self.session_id = uuid.uuid4().hex
        self._container = Container(self._file, f"trendel {trendel.__version__}", {"session_id": self.session_id})
        try:
            self.add(topics.START, {**_host(self._started_ns), "session_id": self.session_id, **(about or {})})
        except SessionError:
            self._file.abandon()
            raise
        self._check_space()
        self.flush()

    @property
    def path(self) -> Path:
        """The file."""
        return self._file.path

    @property
    def in_memory_n(self) -> int:
        """Bytes that are not on the disk yet."""
        return self._file.pending_n

    @property
    def is_failing(self) -> bool:
        """Whether the disk fails, so that the session goes on in memory."""
        return self._failing

    def packet(self, raw: bytes, *, source: str = "live", device: str = "clip", time_ns: int | None = None) -> None:
        """Take a packet as received at the host time `time_ns` (now by default). `source` says by which way it came
        (live, log, ...), `device` from which of several clips. Raises SessionError for words that cannot be names."""
        described = packets.describe(raw)
        with self._lock:
            if self._takes(len(raw)):
                at_ns = self._time(time_ns)
                topic = self._container.add_packet_channel(device, source, described)
                self._container.add(topic, at_ns, packets.stored(raw, described))
                self.packets_n += 1
        self.tick()

    def add(self, topic: str, message: Mapping[str, Any], *, time_ns: int | None = None) -> None:
        """Take a message for one of the `topics`, or for /user/NAME. Raises SessionError where it cannot be JSON."""
        data = topics.encode(topics.check_topic(topic), message)
        with self._lock:
            if self._takes(len(data)):
                at_ns = self._time(time_ns)
                if not self._container.has(topic):
                    self._container.add_json_channel(topic, *topics.json_schema(topic, message))
                self._container.add(topic, at_ns, data)
        self.tick()

    def marker(self, label: str, note: str = "", pain: int | None = None) -> None:
        """Mark this moment."""
        self.add(topics.MARKERS, {"label": label, "note": note, "pain": pain})

    def note(self, sentence: str, level: int = 2) -> None:
        """Keep a sentence about the recording itself (level 2: info, 3: warning, 4: error)."""
        now_ns = self._clock.now_ns()
        stamp = {"sec": now_ns // 10**9, "nsec": now_ns % 10**9}
        message = {"timestamp": stamp, "level": level, "message": sentence, "name": "session", "file": "", "line": 0}
        self.add(topics.NOTES, message, time_ns=now_ns)

    def tick(self) -> None:
        """Flush where it is time to."""
        if not self._closed and self._clock.now_ns() - self._flushed_ns >= self._flush_ns:
            self.flush()

    def flush(self) -> None:
        """Bring everything to the disk (write and fsync); where that fails, say so once and keep it in memory."""
        with self._lock:
            self._flushed_ns = self._clock.now_ns()
            if not self._closed:
                self._container.flush()
        with self._disk_lock:
            error = self._file.sync()
        self._tell(error)
        if self._clock.now_ns() - self._disk_checked_ns >= _DISK_CHECK_NS:
            self._check_space()

    def move_to(self, path: str | os.PathLike[str]) -> None:
        """Go on in the new file `path`, with everything so far. Raises SessionError where it cannot be made."""
        with self._disk_lock:
            self._file.move_to(Path(path))
        self.flush()

    def close(self, why: str = "stopped", *, packed: bool = True) -> Closed:
        """End the session, complete the file and, if `packed`, bring it to half its size. Where the disk fails nothing
        is dropped: `move_to` another place and close again."""
        if not self._closed:
            span_s = (self._clock.now_ns() - self._started_ns) / 1e9
            numbers = {"packets_n": self.packets_n, "refused_n": self.refused_n, "duration_s": span_s}
            with self._lock:
                self.add(topics.END, {"reason": why, **numbers})
                self._closed = True
                self._container.finish()
        with self._disk_lock:
            error = self._file.close()
        said = None if error is None else _disk_sentence(self.path, error)
        if said is None and packed and not self._packed:
            self._packed = True
            try:
                pack(self.path)
            except TrendelError as failure:
                self._on_trouble(str(failure))
        return Closed(self.path, self.packets_n, self.refused_n, self._file.pending_n, said)

    def _time(self, time_ns: int | None) -> int:
        if time_ns is None:
            return self._clock.now_ns()
        if not 0 <= time_ns < 1 << 63:
            raise SessionError(f"{time_ns} ns is no host time: give ns since 1970.")
        return time_ns

    def _takes(self, size: int) -> bool:
        if self._closed:
            raise SessionError(f"{self.path.name}: the session is closed.")
        if self._file.pending_n + size <= self._memory_bytes:
            return True
        self.refused_n += 1
        if not self._full_said:
            self._full_said = True
            self._on_trouble(f"{self.path.name}: memory is used up as well; what comes now is lost, and counted.")
        return False

    def _tell(self, error: OSError | None) -> None:
        if error is not None and not self._failing:
            self._failing = True
            sentence = _disk_sentence(self.path, error)
            self._say(sentence, 4)
        elif error is None and self._failing:
            self._failing = self._full_said = False
            lost = f"; {self.refused_n} messages were lost" if self.refused_n else ", nothing was lost"
            sentence = f"{self.path.name}: is being written again{lost}."
            self._say(sentence, 2)

    def _say(self, sentence: str, level: int) -> None:
        self._on_trouble(sentence)
        if not self._closed:
            self.note(sentence, level)

    def _check_space(self) -> None:
        self._disk_checked_ns = self._clock.now_ns()
        sentence = space_note(self.path, hours=1.0)
        if sentence and not self._low_said:
            self._low_said = True
            self._say(sentence, 3)


def space_note(path: Path, hours: float) -> str | None:
    """A sentence where the disk of `path` may not hold a session of so many `hours`, else None."""
    try:
        free = shutil.disk_usage(path.absolute().parent).free
    except OSError:
        return None  # what is wrong there is said when the file is made
    needed = hours * BYTES_PER_H + _LOW_BYTES
    if free >= needed:
        return None
    lasts_min = max(0.0, (free - 1_000_000) / BYTES_PER_H * 60)
    return f"{path.name}: {free / 1e6:.0f} MB are free on its disk, for about {lasts_min:.0f} min: free some space."


def _disk_sentence(path: Path, error: OSError) -> str:
    return (
        f"{path.name}: cannot be written ({reason(error)}); the session goes on in memory and is tried again: "
        "free the disk, or save it elsewhere before it ends."
    )


def _host(now_ns: int) -> dict[str, Any]:
    import trendel

    started = datetime.fromtimestamp(now_ns / 1e9, UTC)
    offset = started.astimezone().utcoffset()
    return {
        "trendel": trendel.__version__,
        "python": platform.python_version(),
        "host": platform.node(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()} {sys.byteorder}",
        "started_utc": started.isoformat(),
        "utc_offset_s": offset.total_seconds() if offset is not None else 0.0,
    }
