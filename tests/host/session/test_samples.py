"""Samples of a session, each once and in order, however their blocks came."""

import contextlib
import random
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import trendel
from tests.host.recording.made import running
from tests.host.session.made import Sent, blocks, counts, hello, received, record, run
from trendel.clock import SimulatedClock
from trendel.errors import RecordingError, TrendelError
from trendel.recording import FLAG_GAP_BEFORE, FLAG_INVALID, Recording
from trendel.recording.session.info import describe
from trendel.recording.session.writer import SessionWriter
from trendel.wire import layout
from trendel.wire.packed import pack
from trendel.wire.packets import ImuBlock, decode, encode_hello, encode_imu

RATE = 208.0
START_NS = SimulatedClock().now_ns()


def _same(a: Recording, b: Recording) -> bool:
    assert a.gyr_radps is not None and b.gyr_radps is not None
    pairs = ((a.acc_mps2, b.acc_mps2), (a.gyr_radps, b.gyr_radps), (a.t_s, b.t_s), (a.flags, b.flags))
    return a.rate_hz == b.rate_hz and all(x.tobytes() == y.tobytes() for x, y in pairs)


def _sent(raws: list[bytes]) -> list[Sent]:
    return [Sent(START_NS, hello()), *received(raws, RATE, START_NS)]


def test_values_and_times_are_those_of_the_clip(tmp_path: Path) -> None:
    t, acc, gyr = running(10.0, RATE)
    raws = blocks(counts(acc, gyr), RATE)
    recording = trendel.read(record(tmp_path / "run.mcap", _sent(raws)))
    assert len(recording) == len(t) and recording.counts.bridged == 0
    acc_step, gyr_step = 8 * float(layout.ACC_SCALE_MPS2), 16 * float(layout.GYR_SCALE_RADPS)
    assert np.abs(recording.acc_mps2 - acc).max() < 0.51 * acc_step
    assert recording.gyr_radps is not None and np.abs(recording.gyr_radps - gyr).max() < 0.51 * gyr_step
    assert np.abs(recording.t_s - t).max() < 6e-6 and recording.rate_hz == pytest.approx(RATE, rel=1e-5)
    block = decode(raws[3])
    assert isinstance(block, ImuBlock)
    assert recording.acc_mps2[54:72].tobytes() == block.physical()[0].tobytes()  # as the clip computes it, to the bit
    assert recording.metadata["clip"]["name"] == "made" and recording.metadata["range_g"] == 16.0
    first_us = int(block.header["time_us"]) - round(54e6 / RATE)
    began = datetime.fromisoformat(recording.metadata["started_at"]).astimezone(UTC)
    assert began.isoformat().startswith("2023-11-14T22:13:2")
    assert abs(first_us - 1_000_000) < 10


def test_a_clip_without_a_number_has_none(tmp_path: Path) -> None:
    nameless = encode_hello(boot=1, boot_n=1, serial=0, rate_mhz=208_000)
    told = trendel.read(record(tmp_path / "run.mcap", [Sent(START_NS, nameless), *_sent(run(5.0))[1:]])).metadata
    assert "clip_serial" not in told and told["sensor"]


def test_a_run_began_by_the_time_of_day_where_it_was_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    began = trendel.read(record(tmp_path / "here.mcap", _sent(run(5.0)))).metadata["started_at"]
    try:
        monkeypatch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        there = trendel.read(record(tmp_path / "there.mcap", _sent(run(5.0)))).metadata["started_at"]
    finally:
        monkeypatch.undo()
        time.tzset()
    assert there.startswith("2023-11-15T07:13:2") and there.endswith("+09:00")
    assert datetime.fromisoformat(there) == datetime.fromisoformat(began)


@pytest.mark.parametrize("finish", [False, True])
def test_blocks_from_live_and_log_merge_without_doubles(tmp_path: Path, finish: bool) -> None:
    raws = run(20.0)
    whole = trendel.read(record(tmp_path / "whole.mcap", _sent(raws)))
    rng = random.Random(2)
    live = [sent for k, sent in enumerate(_sent(raws)) if k < 3 or rng.random() > 0.2]
    # From the log: everything between two moments, compressed, the newest first, some of it twice.
    decoded = [decode(raw) for raw in raws[:-1]]
    logged = [pack(decoded[i : i + 4]) for i in range(0, len(decoded), 4)]  # type: ignore[arg-type]
    logged = logged[::-1] + logged[5:8] + [raws[-1]]
    clock = SimulatedClock()
    writer = SessionWriter(tmp_path / "merged.mcap", clock=clock)
    for sent in live:
        clock.advance((sent.time_ns - clock.now_ns()) / 1e9)
        writer.packet(sent.raw)
    for raw in logged:
        clock.advance(0.01)
        writer.packet(raw, source="log")
    writer.close() if finish else writer.flush()
    merged = trendel.read(tmp_path / "merged.mcap")
    assert _same(merged, whole)
    assert any("more than once" in note for note in merged.notes)


def test_what_is_lost_is_a_gap(tmp_path: Path) -> None:
    raws = run(20.0)
    short, long = raws[30:32], raws[80:90]
    left = [raw for raw in raws if raw not in short and raw not in long]
    recording = trendel.read(record(tmp_path / "run.mcap", [s for s in _sent(raws) if s.raw in left or s.raw[0] != 1]))
    assert np.count_nonzero(recording.flags & FLAG_INVALID) == 36  # bridged
    gap = np.flatnonzero(recording.flags & FLAG_GAP_BEFORE)
    assert gap.tolist() == [80 * 18]
    assert recording.t_s[gap[0]] == pytest.approx(90 * 18 / RATE, abs=1e-5)


def test_a_restart_of_the_clip_goes_on_by_the_host_s_clock(tmp_path: Path) -> None:
    first, second = run(10.0, boot=65535), run(10.0, boot=0, seed=4)  # the count of boots wraps
    later = [Sent(s.time_ns + 15 * 10**9, s.raw) for s in received(second, RATE, START_NS)]
    recording = trendel.read(record(tmp_path / "run.mcap", _sent(first) + later))
    gap = np.flatnonzero(recording.flags & FLAG_GAP_BEFORE)
    assert gap.tolist() == [2080]
    assert recording.t_s[2080] == pytest.approx(15.0, abs=0.02)
    assert any("restarted 1 time;" in note for note in recording.notes)


def test_ranges_may_change_and_the_hello_gives_the_scale(tmp_path: Path) -> None:
    _, acc, gyr = running(6.0, RATE)
    raws = blocks(counts(acc, gyr), RATE)
    finer = []
    for k, raw in enumerate(raws):
        data = bytearray(raw)
        if k >= 20:  # twice the counts at half the scale, where that fits
            values = np.frombuffer(raw, "<i2", offset=28).astype(int) * 2
            if np.abs(values).max() < 32768:
                data[24], data[28:] = 0x32, values.astype("<i2").tobytes()
        finer.append(bytes(data))
    assert finer != raws
    one = trendel.read(record(tmp_path / "one.mcap", _sent(raws)))
    two = trendel.read(record(tmp_path / "two.mcap", _sent(finer)))
    assert _same(one, two)
    scaled = encode_hello(boot=1, serial=1, acc_scale_mps2=np.float32(1.1) * layout.ACC_SCALE_MPS2)
    with_scale = [Sent(START_NS, scaled), *received(raws, RATE, START_NS)]
    other = trendel.read(record(tmp_path / "scaled.mcap", with_scale))
    assert np.allclose(other.acc_mps2, 1.1 * one.acc_mps2, rtol=1e-5)


def test_of_two_clips_the_one_with_more_is_read_and_said(tmp_path: Path) -> None:
    clock = SimulatedClock()
    writer = SessionWriter(tmp_path / "two.mcap", clock=clock)
    raws, others = run(10.0), run(6.0, seed=9)
    for k, raw in enumerate(raws):
        clock.advance(18 / RATE)
        writer.packet(raw)
        if k < len(others):
            writer.packet(others[k], device="shoe")
    writer.close()
    recording = trendel.read(tmp_path / "two.mcap")
    assert len(recording) == 2080 and any("clip, shoe" in note for note in recording.notes)


def test_a_sidecar_and_options_apply_and_those_of_a_csv_are_refused(tmp_path: Path) -> None:
    path = record(tmp_path / "run.mcap", _sent(run(6.0)))
    (tmp_path / "run.json").write_text('{"frame": "sensor", "shoe": "old"}')
    recording = trendel.read(path, metadata={"runner": "A"})
    assert (recording.metadata["shoe"], recording.metadata["runner"]) == ("old", "A")
    with pytest.raises(RecordingError, match="leave out acc_unit"):
        trendel.read(path, acc_unit="g")
    with pytest.raises(RecordingError, match=r"run\.mcap: .*correct the one that is wrong"):
        trendel.read(path, rate_hz=100.0)


def test_a_session_without_samples_is_refused(tmp_path: Path) -> None:
    path = record(tmp_path / "run.mcap", [Sent(START_NS, hello())])
    with pytest.raises(RecordingError, match=r"run\.mcap: holds no samples"):
        trendel.read(path)


_EDGES = st.sampled_from((0, 1, 17, 18, (1 << 31) - 1, (1 << 32) - 1))
_BLOCK = st.fixed_dictionaries(
    {
        "boot": st.sampled_from((0, 1, 2, 65535)),
        "sequence": _EDGES,
        "time_us": st.sampled_from((0, 1, 86_400, 1 << 40, (1 << 50) - 1, 1 << 52, (1 << 63) - 1)),
        "dt_ns": st.sampled_from((1, 4_800_000, (1 << 32) - 1)),
        "sample_i": _EDGES,
        "range_code": st.sampled_from((0x00, 0x43, 0x21)),
    }
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(_BLOCK, st.integers(1, 18), st.sampled_from((0, 10**9, 1 << 60, (1 << 63) - 1))), max_size=14),
    st.booleans(),
)
def test_blocks_that_say_anything_give_a_recording_or_a_sentence(
    blocks_: list[tuple[dict[str, int], int, int]], packed: bool
) -> None:
    _, acc, gyr = running(1.0, RATE)
    samples = counts(acc, gyr)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "run.mcap"
        writer = SessionWriter(path, clock=SimulatedClock())
        sent = []
        for header, n, time_ns in blocks_:
            sent.append(encode_imu(samples[:n], **header))
            writer.packet(sent[-1], time_ns=time_ns, source="live" if time_ns else "log")
        assert writer.close(packed=packed).error is None
        with trendel.open(path) as session:
            assert sorted(packet.raw for packet in session.packets()) == sorted(sent)
        for use in (describe, trendel.read):
            with contextlib.suppress(TrendelError):
                use(path)
