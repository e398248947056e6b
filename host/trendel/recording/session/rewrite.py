"""A session written anew: packed when it is closed, whole again when it was torn, plain for other programs."""

import contextlib
import hashlib
from pathlib import Path

import numpy as np

from trendel.errors import RecordingError, SessionError, reason
from trendel.recording.session import blocks, packets, rows, topics
from trendel.recording.session.container import PACKED_SUFFIX, REACH, Container
from trendel.recording.session.durable import DurableFile, sync_folder
from trendel.recording.session.reader import Entry, SessionReader

BLOCK_NS = 60_000_000_000
"""Packets of so much host time share a block: longer ones are hardly smaller, and slower to reach into."""
_FEWEST = 8
"""Fewer packets are smaller as they are."""
_TEMPORARY = ".partial"


def pack(path: Path) -> None:
    """Replace the session `path` by its packed form, about half the size and with the same content, which is compared
    first. Raises SessionError where that cannot be written; the session is then as it was."""
    temporary = path.with_name(path.name + _TEMPORARY)
    with contextlib.suppress(FileNotFoundError):
        temporary.unlink()
    try:
        rewrite(path, temporary)
        with SessionReader(path) as old, SessionReader(temporary) as new:
            if _digest(old) != _digest(new):
                raise SessionError(f"{path.name}: could not be packed without loss, so it stays as it is.")
        temporary.replace(path)
        sync_folder(path.absolute().parent)
    except OSError as error:
        raise SessionError(f"{path.name}: could not be packed ({reason(error)}); it stays as it is.") from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def rewrite(source: Path, target: Path, *, packed: bool = True) -> None:
    """Write everything that is whole in the session `source` into the new, finished file `target`: packed, or plain
    with a message for each packet. Raises SessionError where it exists or cannot be written."""
    with SessionReader(source) as reader:
        if not any(True for _ in reader.entries()):
            raise RecordingError(f"{source.name}: holds nothing that is whole, so nothing can be saved.")
        file = DurableFile(target, insist=False)
        try:
            writer = _Rewriter(Container(file, _library(), _metadata(reader, packed)), reader, packed)
            for entry in reader.entries():
                writer.take(entry)
                if file.pending_n > 1 << 24:
                    _checked(target, file.sync())
            writer.finish()
            _checked(target, file.close())
        except BaseException:
            file.abandon()
            raise


class _Rewriter:
    def __init__(self, container: Container, reader: SessionReader, packed: bool) -> None:
        self._container, self._packed = container, packed
        self._channels = reader.channels()
        self._since_ns: int | None = None
        self._waiting: dict[str, list[Entry]] = {}
        self._shapes: dict[str, blocks.Shape | None] = {}

    def take(self, entry: Entry) -> None:
        # Entries come in the order of time.
        if self._since_ns is None:
            self._since_ns = entry.time_ns
        if entry.time_ns - self._since_ns >= BLOCK_NS:
            self._flush()
            self._since_ns = entry.time_ns
        shape = self._shape(entry.topic, entry.data) if self._packed else None
        if self._packed and (self._is_json(entry.topic) or (shape is not None and len(entry.data) == shape.length)):
            self._waiting.setdefault(entry.topic, []).append(entry)
        else:
            self._add_plain(entry)

    def finish(self) -> None:
        self._flush()
        self._container.finish()

    def _is_json(self, topic: str) -> bool:
        about = self._channels.get(topic) or self._channels.get(topic + PACKED_SUFFIX)
        return about is not None and about.encoding == "json"

    def _shape(self, topic: str, data: bytes) -> blocks.Shape | None:
        """How the packets of `topic` are cut for a block, by its first, `data`; None where they stay as they are."""
        if topic not in self._shapes:
            parsed = packets.parse_topic(topic)
            described = packets.describe(data)
            fits = parsed is not None and packets.topic_of(parsed[0], parsed[1], described) == topic
            self._shapes[topic] = described.shape if fits else None
        return self._shapes[topic]

    def _add_plain(self, entry: Entry) -> None:
        self._define(entry)
        self._container.add(entry.topic, entry.time_ns, entry.data, entry.sequence)

    def _define(self, entry: Entry) -> None:
        """Make the channel of plain messages, as it was; packed files have it too, so that it can be made again."""
        known, parsed = self._channels.get(entry.topic), packets.parse_topic(entry.topic)
        if self._container.has(entry.topic):
            return
        if known is not None:
            self._container.add_channel(known)
        elif parsed is not None and packets.topic_of(*parsed[:2], packets.describe(entry.data)) == entry.topic:
            self._container.add_packet_channel(*parsed[:2], packets.describe(entry.data))
        else:
            self._container.add_json_channel(entry.topic, *topics.json_schema(entry.topic, {}))

    def _flush(self) -> None:
        # What is compressed already has a chunk of its own: among text it would spoil the text's compression.
        for in_chunk in (False, True):
            for topic, waiting in self._waiting.items():
                if (self._shapes[topic] is not None) == in_chunk:
                    for run in _runs(waiting):
                        self._add_block(topic, run)
            self._container.flush()
        self._waiting.clear()

    def _add_block(self, topic: str, run: list[Entry]) -> None:
        shape, times = self._shapes[topic], [entry.time_ns for entry in run]
        block, schema = None, None
        if len(run) >= _FEWEST and shape is not None:
            block = blocks.encode(np.array(times, np.int64), b"".join(entry.data for entry in run), shape)
        elif len(run) >= _FEWEST and topic in self._channels:
            block = rows.encode(times, [entry.data for entry in run])
            schema = self._channels[topic].schema
        if block is None:
            for entry in run:
                self._add_plain(entry)
            return
        self._define(run[0])
        self._container.add(self._container.add_block_channel(topic, schema), run[0].time_ns, block, run[0].sequence)


def _runs(entries: list[Entry]) -> list[list[Entry]]:
    """`entries` cut where their numbers do not follow each other, as a block keeps only the first."""
    runs: list[list[Entry]] = []
    for entry in entries:
        if runs and entry.sequence == runs[-1][-1].sequence + 1:
            runs[-1].append(entry)
        else:
            runs.append([entry])
    return runs


def _digest(reader: SessionReader) -> dict[str, str]:
    """A hash of all entries for each topic."""
    digests: dict[str, hashlib._Hash] = {}
    for entry in reader.entries():
        digest = digests.setdefault(entry.topic, hashlib.sha256())
        digest.update(b"%d %d %d " % (entry.time_ns, entry.sequence, len(entry.data)) + entry.data)
    return {topic: digest.hexdigest() for topic, digest in digests.items()}


def _checked(target: Path, error: OSError | None) -> None:
    if error is not None:
        raise SessionError(f"{target}: cannot be written ({reason(error)}): free some space, or choose another place.")


def _library() -> str:
    import trendel

    return f"trendel {trendel.__version__}"


def _metadata(reader: SessionReader, packed: bool) -> dict[str, str]:
    kept = {key: value for key, value in reader.metadata.items() if key not in ("format", REACH)}
    return kept | {REACH: str(BLOCK_NS)} if packed else kept
