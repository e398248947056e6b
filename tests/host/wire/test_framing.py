"""Framing: any chunks, any damage, bounded memory."""

from __future__ import annotations

import binascii
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.host.wire.golden import golden
from trendel.wire import layout as lt
from trendel.wire.framing import FRAME_MAX, NotificationFramer, SerialFramer, frame

GOLDEN = golden()
PACKETS = [bytes.fromhex(entry["packet"]) for entry in GOLDEN.values()]
FRAMED = [bytes.fromhex(entry["framed"]) for entry in GOLDEN.values()]


def naive_frame(packet: bytes) -> bytes:
    """COBS after Cheshire and Baker (1999), written from the paper."""
    body = packet + binascii.crc32(packet).to_bytes(4, "little")
    out, run = bytearray(), bytearray()
    for at, byte in enumerate(body):
        if byte:
            run.append(byte)
        if byte == 0 or len(run) == 254:
            out += bytes([len(run) + 1]) + run
            full = byte != 0
            run.clear()
            if full and at == len(body) - 1:
                return bytes(out) + b"\0"
    return bytes(out) + bytes([len(run) + 1]) + run + b"\0"


def feed_in_pieces(framer: SerialFramer, data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [r.raw for a, b in pairwise(edges) for r in framer.feed(data[a:b])]


def test_golden_frames() -> None:
    for packet, framed in zip(PACKETS, FRAMED, strict=True):
        assert frame(packet) == framed == naive_frame(packet)
        assert b"\0" not in framed[:-1]
        assert len(framed) - 1 <= FRAME_MAX


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=lt.STORED_MAX))
def test_frames_of_any_bytes(packet: bytes) -> None:
    assert len(frame(packet)) - 1 <= FRAME_MAX
    assert b"\0" not in frame(packet)[:-1]


@settings(deadline=None)
@given(st.lists(st.sampled_from(range(len(PACKETS))), max_size=8), st.lists(st.integers(0, 20000), max_size=20))
def test_any_chunks_give_the_packets(order: list[int], cuts: list[int]) -> None:
    framer = SerialFramer()
    assert feed_in_pieces(framer, b"".join(FRAMED[i] for i in order), cuts) == [PACKETS[i] for i in order]
    assert framer.counts.errors_n == framer.counts.skipped_n == 0


@settings(max_examples=200, deadline=None)
@given(st.data(), st.lists(st.integers(0, 20000), max_size=20))
def test_damage_costs_the_packets_that_it_hits_and_no_more(data: st.DataObject, cuts: list[int]) -> None:
    order = data.draw(st.lists(st.sampled_from(range(len(PACKETS))), min_size=3, max_size=6))
    middle = data.draw(st.integers(1, len(order) - 2))
    kind = data.draw(st.sampled_from(["cut", "flip", "junk"]))
    hit = FRAMED[order[middle]]
    at = data.draw(st.integers(0, len(hit) - 2))
    if kind == "cut":
        wrong = hit[:at] + hit[at + 1 :]
    elif kind == "flip":
        wrong = hit[:at] + bytes([hit[at] ^ data.draw(st.integers(1, 255))]) + hit[at + 1 :]
    else:
        wrong = data.draw(st.binary(max_size=3 * FRAME_MAX)) + b"\0" + hit
    pieces = [FRAMED[i] for i in order]
    pieces[middle] = wrong
    framer = SerialFramer()
    got = feed_in_pieces(framer, b"".join(pieces), cuts)
    expected = [PACKETS[i] for j, i in enumerate(order) if j != middle or kind == "junk"]
    assert [raw for raw in got if raw in PACKETS] == expected
    if kind != "junk":
        assert framer.counts.errors_n >= 1 and framer.counts.skipped_n > 0


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=700), max_size=20))
def test_noise_is_counted_and_memory_bounded(pieces: list[bytes]) -> None:
    framer = SerialFramer()
    for piece in pieces:
        framer.feed(piece)
        assert len(framer._held) <= FRAME_MAX
    assert framer.counts.bytes_n == sum(map(len, pieces))
    assert framer.counts.skipped_n <= framer.counts.bytes_n


def test_a_stream_without_zeros_does_not_grow() -> None:
    framer = SerialFramer()
    for _ in range(100):
        assert framer.feed(b"\x55" * 1000) == []
        assert len(framer._held) <= FRAME_MAX
    assert framer.counts.long_n == 1
    assert [r.raw for r in framer.feed(b"\0" + FRAMED[0])] == [PACKETS[0]]
    assert framer.counts.skipped_n == 100_000


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_notifications(noise: bytes) -> None:
    framer = NotificationFramer()
    framer.feed(noise)
    assert [r.raw for r in framer.feed(PACKETS[0])] == [PACKETS[0]]
    assert framer.counts.packets_n + framer.counts.malformed_n == 2
