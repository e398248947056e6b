"""Reading a session file, finished or not, whole or in part."""

import json
import mmap
import os
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from types import TracebackType
from typing import Any

from trendel.errors import RecordingError, reason
from trendel.recording.session import blocks, rows
from trendel.recording.session.container import FORMAT, PACKED_SUFFIX, REACH, ChannelInfo
from trendel.recording.session.packets import StoredPacket, parse_topic, restored
from trendel.recording.session.scan import MAGIC, RawMessage, messages, scan
from trendel.recording.session.topics import START

_MAX_NS = (1 << 63) - 1


@dataclass(frozen=True)
class Entry:
    """A message on `topic` at the host time `time_ns`, number `sequence` there; of a block, each packet is an entry."""

    topic: str
    time_ns: int
    sequence: int
    data: bytes


@dataclass(frozen=True)
class Message:
    """A JSON message."""

    topic: str
    time_ns: int
    content: dict[str, Any]


@dataclass(frozen=True)
class Damage:
    """What could not be read: bytes that belong to no record, chunks whose checksum is wrong, blocks and messages
    that are none, chunks that could be read."""

    lost_n: int
    chunks_n: int
    messages_n: int


class SessionReader:
    """A session file. Close it, or use it in a `with`.

    A file that was not finished, or is torn or damaged, opens with what is whole in it; `is_finished` and `damage` say
    so. Raises RecordingError for what is no session at all."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._view, self._map = memoryview(b""), None
        try:
            with self.path.open("rb") as stream:
                self.bytes_n = os.fstat(stream.fileno()).st_size
                # A mapping needs a byte; it outlives the open file.
                self._map = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) if self.bytes_n else None
        except OSError as error:
            raise RecordingError(f"{self.path.name}: cannot be read: {reason(error)}.") from None
        self._view = memoryview(self._map if self._map is not None else b"")
        if bytes(self._view[: len(MAGIC)]) != MAGIC:
            self.close()
            raise RecordingError(f"{self.path.name}: is no session: it does not begin as MCAP files do.")
        self._scan = scan(self._map or b"")
        self._starts = [chunk.start_ns for chunk in self._scan.chunks]
        # A message of many packets bears the time of its first; the head of the file says how far they reach.
        reach_ns = _number(self.metadata.get(REACH, "0"))
        self._ends = [max(chunk.end_ns, chunk.start_ns + reach_ns) for chunk in self._scan.chunks]
        # What is yet to come when the first chunks are read is not before this.
        self._to_come = [*accumulate(reversed(self._starts), min)][::-1]
        self._defined_n = 0
        self._damaged: dict[int, int] = {}
        self._check()

    def __enter__(self) -> "SessionReader":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._view.release()
        if self._map is not None:
            self._map.close()
            self._map = None

    @property
    def is_finished(self) -> bool:
        """Whether the session was closed: the file ends as MCAP files do. What is before that may still be damaged."""
        return self._scan.is_finished

    @property
    def damage(self) -> Damage:
        """What could not be read of the parts asked for so far."""
        chunks = sum(1 for n in self._damaged.values() if n < 0)
        return Damage(self._scan.lost_n, chunks, sum(n for n in self._damaged.values() if n > 0))

    @property
    def start_ns(self) -> int:
        """Host time of the first message."""
        return self._starts[0] if self._starts else 0

    @property
    def metadata(self) -> dict[str, str]:
        """What stands at the head of the file: format and session_id."""
        return dict(self._scan.known.metadata.get("trendel", {}))

    @property
    def about(self) -> dict[str, Any]:
        """Who recorded, with what, when: the message /session/start; empty where it is lost."""
        return next((message.content for message in self.messages(START)), {})

    def channels(self) -> dict[str, ChannelInfo]:
        """All channels by topic, with their schemas; those of packed blocks under their own."""
        self._define_up_to(len(self._scan.chunks))
        found = {}
        for channel in self._scan.known.channels.values():
            schema = self._scan.known.schemas.get(channel.schema_id)
            about = ("", "", b"") if schema is None else (schema.name, schema.encoding, schema.data)
            found[channel.topic] = ChannelInfo(channel.topic, channel.message_encoding, *about)
        return found

    def entries(
        self,
        start_ns: int | None = None,
        end_ns: int | None = None,
        wanted: Callable[[str], bool] | None = None,
    ) -> Iterator[Entry]:
        """Entries at host times in [start_ns, end_ns), in the order of time, of the topics that are `wanted`. Chunks
        that do not reach into it are not read."""
        waiting: list[Entry] = []
        for i, (first, last) in enumerate(zip(self._starts, self._ends, strict=True)):
            if (start_ns is not None and last < start_ns) or (end_ns is not None and first >= end_ns):
                continue
            if waiting and waiting[0].time_ns < self._to_come[i]:
                ready = bisect_left(waiting, self._to_come[i], key=_time_of)
                yield from waiting[:ready]
                del waiting[:ready]
            waiting += [
                entry
                for entry in self._chunk(i, wanted)
                if (start_ns is None or entry.time_ns >= start_ns) and (end_ns is None or entry.time_ns < end_ns)
            ]
            waiting.sort(key=_time_of)
        yield from waiting

    def packets(
        self,
        start_ns: int | None = None,
        end_ns: int | None = None,
        *,
        device: str | None = None,
        source: str | None = None,
    ) -> Iterator[StoredPacket]:
        """Packets as received at host times in [start_ns, end_ns), of one `device` and `source` where given."""
        parsed: dict[str, tuple[str, str, bool] | None] = {}

        def wanted(topic: str) -> bool:
            known = parsed.setdefault(topic, parse_topic(topic))
            return known is not None and device in (None, known[0]) and source in (None, known[1])

        for entry in self.entries(start_ns, end_ns, wanted):
            of = parsed[entry.topic]
            assert of is not None
            raw = restored(entry.data, opaque=of[2])
            if raw is not None:
                yield StoredPacket(entry.time_ns, raw, of[0], of[1])

    def messages(self, topic: str | None = None) -> Iterator[Message]:
        """JSON messages in the order of time: those on `topic`, or all."""
        for entry in self.entries(wanted=lambda name: parse_topic(name) is None and topic in (None, name)):
            try:
                content = json.loads(entry.data)
            except (ValueError, RecursionError):
                continue
            if isinstance(content, dict):
                yield Message(entry.topic, entry.time_ns, content)

    def _check(self) -> None:
        known = self._scan.known
        own = known.metadata.get("trendel")
        sentence = None
        if own is None:
            if not any(parse_topic(topic) or topic == START for topic in self.channels()):
                sentence = "is an MCAP file, but not one that trendel recorded: it has no packets of a clip"
        elif own.get("format") != FORMAT:
            sentence = "was recorded by another version of trendel, in a format that this one does not know: update it"
        if sentence is not None:
            self.close()
            raise RecordingError(f"{self.path.name}: {sentence}.")

    def _chunk(self, i: int, wanted: Callable[[str], bool] | None) -> Iterator[Entry]:
        raw = self._raw(i)
        if any(message.channel_id not in self._scan.known.channels for message in raw):
            self._define_up_to(i)
        bad = 0
        for message in raw:
            channel = self._scan.known.channels.get(message.channel_id)
            if channel is None or message.time_ns > _MAX_NS:
                bad += 1
                continue
            topic = channel.topic.removesuffix(PACKED_SUFFIX)
            if wanted is not None and not wanted(topic):
                continue
            if topic == channel.topic:
                yield Entry(topic, message.time_ns, message.sequence, message.data)
                continue
            unpacked = _unpacked(topic, channel.message_encoding, message)
            bad += not unpacked
            yield from unpacked
        if bad:
            self._damaged[i] = bad

    def _raw(self, i: int) -> list[RawMessage]:
        if self._map is None:
            raise RecordingError(f"{self.path.name}: has been closed.")
        raw = messages(self._view, self._scan.chunks[i], self._scan.known)
        if raw is None:
            self._damaged[i] = -1
        if i == self._defined_n:
            self._defined_n = i + 1
        return raw or []

    def _define_up_to(self, i: int) -> None:
        """Learn the channels that are defined before chunk `i`; only where they were not met on the way."""
        while self._defined_n < i:
            self._raw(self._defined_n)


def _time_of(entry: Entry) -> int:
    return entry.time_ns


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


def open_session(path: str | os.PathLike[str]) -> SessionReader:
    """Open the session file `path` for reading, finished or not. Raises RecordingError for what is no session."""
    return SessionReader(path)


def _unpacked(topic: str, encoding: str, message: RawMessage) -> list[Entry]:
    if encoding == "json":
        times, contents = rows.decode(message.data) or ([], [])
        return [
            Entry(topic, time_ns, (message.sequence + k) & 0xFFFFFFFF, content)
            for k, (time_ns, content) in enumerate(zip(times, contents, strict=True))
        ]
    try:
        times_ns, packets, shape = blocks.decode(message.data)
    except blocks.BlockError:
        return []
    n = shape.length
    if times_ns.min() < 0:
        return []
    return [
        Entry(topic, time_ns, (message.sequence + k) & 0xFFFFFFFF, packets[k * n : (k + 1) * n])
        for k, time_ns in enumerate(times_ns.tolist())
    ]
