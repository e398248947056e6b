"""An MCAP file as a session uses it: channels made when first needed, one chunk at each `flush`."""

from dataclasses import dataclass
from typing import IO, Protocol, cast

from mcap.data_stream import RecordBuilder
from mcap.records import Channel, Schema
from mcap.writer import CompressionType, IndexType, Writer

from trendel.recording.session import blocks, rows
from trendel.recording.session.packets import Described, topic_of

PROFILE = "trendel"
FORMAT = "1"
"""Version of the session format, in the metadata record `trendel`; a reader of another is told so."""
CHUNK_BYTES = 4 << 20
"""A chunk is closed by `flush`, and at this size whatever happens."""
_REPEAT_N = 120
"""So many chunks (a minute of recording) and what the channels are is said again."""
PACKED_SUFFIX = "/packed"
REACH = "packed_ns"
"""In the metadata of a packed file: a packed message holds less than so much host time from its own on."""


class Sink(Protocol):
    """Where the file's bytes go."""

    def write(self, data: bytes, /) -> int:
        """Take bytes."""

    def tell(self) -> int:
        """Bytes taken so far."""

    def flush(self) -> None:
        """Nothing, or pass on what is buffered."""


@dataclass(frozen=True)
class ChannelInfo:
    """A channel: `encoding` of its messages (json, ros1), name, encoding and text of its schema."""

    topic: str
    encoding: str
    schema_name: str
    schema_encoding: str
    schema: bytes


@dataclass
class _Channel:
    id: int
    sequence: int = 0


class Container:
    """Messages into an MCAP file. Times are host times in ns; `sequence` counts the messages of a topic from 0."""

    def __init__(self, sink: Sink, library: str, metadata: dict[str, str]) -> None:
        self._writer = Writer(
            cast("IO[bytes]", sink), CHUNK_BYTES, compression=CompressionType.ZSTD, index_types=IndexType.ALL
        )
        self._writer.start(PROFILE, library)
        self._writer.add_metadata("trendel", {"format": FORMAT, **metadata})
        self._sink = sink
        self._channels: dict[str, _Channel] = {}
        self._schemas: dict[str, int] = {}
        self._definitions = RecordBuilder()
        self._new_at = 0
        self._flushes_n = 0

    def has(self, topic: str) -> bool:
        """Whether the channel `topic` is there."""
        return topic in self._channels

    def add_channel(self, about: ChannelInfo) -> None:
        """Make the channel that `about` describes."""
        if about.schema_encoding and about.schema_name not in self._schemas:
            number = self._writer.register_schema(about.schema_name, about.schema_encoding, about.schema)
            self._schemas[about.schema_name] = number
            Schema(number, about.schema, about.schema_encoding, about.schema_name).write(self._definitions)
        schema_id = self._schemas.get(about.schema_name, 0)
        number = self._writer.register_channel(about.topic, about.encoding, schema_id)
        self._channels[about.topic] = _Channel(number)
        Channel(number, about.topic, about.encoding, {}, schema_id).write(self._definitions)

    def add_json_channel(self, topic: str, name: str, schema: str) -> None:
        """Make the channel `topic` of JSON messages with that `schema`."""
        self.add_channel(ChannelInfo(topic, "json", name, "jsonschema", schema.encode()))

    def add_packet_channel(self, device: str, source: str, described: Described) -> str:
        """Make the channel of such packets, where it is not there yet; its topic."""
        topic = topic_of(device, source, described)
        if topic not in self._channels:
            self.add_channel(ChannelInfo(topic, "ros1", described.schema, "ros1msg", described.definition.encode()))
        return topic

    def add_block_channel(self, topic: str, json_schema: bytes | None = None) -> str:
        """Make the channel of blocks of the packets of `topic`, or of rows where it has JSON messages of `json_schema`,
        where it is not there yet; its topic."""
        packed = topic + PACKED_SUFFIX
        if packed in self._channels:
            return packed
        if json_schema is not None:
            self.add_json_channel(packed, f"trendel.rows{topic.replace('/', '.')}", rows.schema(json_schema))
        else:
            self.add_channel(ChannelInfo(packed, "ros1", blocks.SCHEMA_NAME, "ros1msg", blocks.DEFINITION.encode()))
        return packed

    def add(self, topic: str, time_ns: int, data: bytes, sequence: int | None = None) -> None:
        """Put a message into the channel `topic`; `sequence` where it is not the next."""
        channel = self._channels[topic]
        number = channel.sequence if sequence is None else sequence
        channel.sequence = number + 1
        self._writer.add_message(channel.id, time_ns, data, time_ns, number & 0xFFFFFFFF)

    def flush(self) -> None:
        """End the chunk."""
        self._writer.flush()
        self._flushes_n += 1
        # Beside the chunk that they are in: without them the messages of all later chunks would be lost with it.
        if self._flushes_n % _REPEAT_N == 0:
            self._new_at = 0
        if self._definitions.count > self._new_at:
            definitions = self._definitions.end()
            self._definitions.write(definitions)
            self._sink.write(definitions[self._new_at :])
            self._new_at = len(definitions)

    def finish(self) -> None:
        """Write the index, and the end of the file."""
        self._writer.finish()
