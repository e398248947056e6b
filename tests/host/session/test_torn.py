"""Files that were cut, damaged or made up: what is whole is read, nothing else happens."""

import contextlib
import random
import zlib
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

import trendel
from tests.host.session.made import everything, record
from trendel.errors import RecordingError, TrendelError
from trendel.recording.session import blocks
from trendel.recording.session.info import describe
from trendel.recording.session.rewrite import rewrite
from trendel.recording.session.scan import MAGIC


@cache
def _content(packed: bool) -> bytes:
    with TemporaryDirectory() as folder:
        return record(Path(folder) / "run.mcap", list(everything(8.0)), packed=packed).read_bytes()


def _entries(path: Path) -> dict[str, list[tuple[int, int, bytes]]]:
    found: dict[str, list[tuple[int, int, bytes]]] = {}
    with trendel.open(path) as session:
        for entry in session.entries():
            found.setdefault(entry.topic, []).append((entry.time_ns, entry.sequence, entry.data))
    return found


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_cut_anywhere_gives_what_is_whole_before_the_cut(tmp_path: Path, packed: bool) -> None:
    content, path = _content(packed), tmp_path / "run.mcap"
    path.write_bytes(content)
    whole = _entries(path)
    head = content.index(b"session_id") + 64
    cuts = sorted(random.Random(3).sample(range(head, len(content)), 60)) + [len(content) - 1]
    before: dict[str, int] = {}
    for cut in cuts:
        path.write_bytes(content[:cut])
        found = _entries(path)
        for topic, entries in found.items():
            assert entries == whole[topic][: len(entries)]
            assert len(entries) >= before.get(topic, 0)  # a longer piece never gives less
        before = {topic: len(entries) for topic, entries in found.items()}
    assert before == {topic: len(entries) for topic, entries in whole.items()}


def test_damage_in_the_middle_costs_its_chunk_and_is_counted(tmp_path: Path) -> None:
    content, path = _content(False), tmp_path / "run.mcap"
    path.write_bytes(content)
    whole = _entries(path)
    rng = random.Random(5)
    for _ in range(40):
        at = rng.randrange(len(content) // 4, len(content) * 3 // 4)
        damaged = bytearray(content)
        damaged[at : at + rng.choice((1, 1, 50))] = rng.randbytes(rng.choice((1, 1, 50)))
        path.write_bytes(damaged)
        found = _entries(path)
        for topic, entries in found.items():
            assert set(entries) <= set(whole[topic])
        imu = "/clip/live/imu/18"
        # A flush is half a second: six blocks; damage in a record's head may take the next one with it.
        assert len(found[imu]) >= len(whole[imu]) - 13
        missing = sum(map(len, whole.values())) - sum(map(len, found.values()))
        if missing:
            about = describe(path)
            assert any(about["damage"].values())


def test_damage_at_the_start_of_an_unfinished_file_costs_no_more(tmp_path: Path) -> None:
    path = record(tmp_path / "run.mcap", list(everything(8.0)), finish=False)
    content = path.read_bytes()
    whole = _entries(path)
    first = content.index(b"\x04\x00\x00\x00zstd")
    rng = random.Random(6)
    for at in [rng.randrange(first, first + 4000) for _ in range(30)]:
        path.write_bytes(content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1 :])
        imu = "/clip/live/imu/18"
        assert len(_entries(path)[imu]) >= len(whole[imu]) - 13


def test_repair_makes_a_finished_session_of_it(tmp_path: Path) -> None:
    content, torn, fixed = _content(False), tmp_path / "torn.mcap", tmp_path / "fixed.mcap"
    torn.write_bytes(content[: len(content) * 2 // 3])
    rewrite(torn, fixed)
    assert _entries(torn) == _entries(fixed)
    about = describe(fixed)
    assert about["finished"] and about["packed"] and not any(about["damage"].values())
    assert torn.read_bytes() == content[: len(content) * 2 // 3]
    with pytest.raises(TrendelError, match="exists already"):
        rewrite(torn, fixed)


def test_a_file_without_anything_whole_is_refused_by_repair(tmp_path: Path) -> None:
    head = tmp_path / "head.mcap"
    content = _content(False)
    head.write_bytes(content[: content.index(b"session_id") + 60])
    with pytest.raises(RecordingError, match="nothing"):
        rewrite(head, tmp_path / "fixed.mcap")
    assert not (tmp_path / "fixed.mcap").exists()


def _read_all(content: bytes) -> None:
    """Everything that reads a session, on `content`: only errors of ours."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "run.mcap"
        path.write_bytes(content)
        try:
            describe(path)
        except TrendelError:
            return
        for use in (lambda: trendel.read(path), lambda: rewrite(path, path.with_name("fixed.mcap"))):
            with contextlib.suppress(TrendelError):
                use()


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
@example(b"")
def test_garbage_after_the_magic_bytes(rest: bytes) -> None:
    _read_all(MAGIC + rest)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_garbage_put_into_a_session(data: st.DataObject) -> None:
    content = _content(data.draw(st.booleans()))
    at = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(at, min(len(content), at + 3000)))
    _read_all(content[:at] + data.draw(st.binary(max_size=60)) + content[end:])


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 12))
def test_a_chunk_with_a_right_checksum_and_garbage_in_it(inner: bytes, opcode: int) -> None:
    # What no random change would get past the checksum: a hostile or broken writer.
    record_ = bytes([opcode]) + len(inner).to_bytes(8, "little") + inner
    body = bytes(16) + len(record_).to_bytes(8, "little") + zlib.crc32(record_).to_bytes(4, "little")
    body += bytes(4) + len(record_).to_bytes(8, "little") + record_
    content = _content(False)
    at = content.index(b"session_id") + 46  # after the metadata record
    _read_all(content[:at] + b"\x06" + len(body).to_bytes(8, "little") + body + content[at:])


def test_a_chunk_that_claims_to_be_huge_takes_no_memory(tmp_path: Path) -> None:
    import tracemalloc

    content = bytearray(_content(True))
    at = content.index(b"\x04\x00\x00\x00zstd") - 12
    content[at : at + 8] = (1 << 40).to_bytes(8, "little")
    tracemalloc.start()
    _read_all(bytes(content))
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 40),
    st.integers(0, 18),
    st.lists(st.sampled_from((1, 2, 4, 8)), max_size=6),
    st.randoms(),
    st.booleans(),
)
def test_a_block_is_lossless_for_any_bytes(
    n: int, samples_n: int, widths: list[int], rng: random.Random, smooth: bool
) -> None:
    lanes = 6 if samples_n else 0
    shape = blocks.Shape(sum(widths) + 2 * lanes * samples_n, tuple(widths), lanes)
    assume(shape.length > 0)
    packets = bytes(n * shape.length) if smooth else rng.randbytes(n * shape.length)
    times = np.array([rng.randrange(-(1 << 63), 1 << 63) for _ in range(n)], np.int64)
    block = blocks.encode(times, packets, shape)
    assert blocks.count(block) == n
    times_out, packets_out, shape_out = blocks.decode(block)
    assert np.array_equal(times_out, times) and packets_out == packets and shape_out == shape


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_block_is_refused_or_read(data: st.DataObject) -> None:
    times = np.arange(12, dtype=np.int64)
    block = bytearray(blocks.encode(times, bytes(12 * 100), blocks.Shape(100, (4,), 6)))
    for _ in range(data.draw(st.integers(1, 3))):
        block[data.draw(st.integers(0, len(block) - 1))] = data.draw(st.integers(0, 255))
    try:
        times_out, packets, shape = blocks.decode(bytes(block[: data.draw(st.integers(0, len(block)))]))
    except blocks.BlockError:
        return
    assert len(packets) == len(times_out) * shape.length
