"""The log and its policy: what is committed is there, what is kept outlives what is not, counters survive."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import numpy as np
import pytest

from tests.device.core.rig import RAW, RECORDS, Clip, core
from trendel.wire import layout as lt
from trendel.wire.framing import SerialFramer
from trendel.wire.packed import unpack
from trendel.wire.packets import CheckpointPart, Faults, Hello, PackedImu, RecordBlock
from trendel_core.build import CORE, build, sources

SECOND = 1_000_000


@pytest.fixture
def clip() -> Iterator[Clip]:
    made = Clip(core(), sector_n=128)
    yield made
    assert made.nor.violations_n == 0
    made.close()


def noise(n: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.clip(np.cumsum(rng.normal(0, 300, (n, 6)), axis=0), -32000, 32000).astype(np.int16)


def test_a_boot_begins_with_who_it_is(clip: Clip) -> None:
    kinds = [type(entry).__name__ for entry in clip.entries(RECORDS)]
    assert kinds == ["Faults", "Hello", *["LayoutPart"] * 4]
    clip.boot()
    hellos = [int(entry.boot_n) for entry in clip.entries(RECORDS) if isinstance(entry, Hello)]
    assert hellos == [1, 2]


def test_raw_comes_back_to_the_byte_over_boots(clip: Clip) -> None:
    packets = clip.add(noise(1000))
    clip.core.lib.trendel_recorder_flush(clip.recorder)
    clip.boot()
    packets += clip.add(noise(700, 1), time_us=77)
    clip.core.lib.trendel_recorder_flush(clip.recorder)
    assert [b.header.tobytes() + b.samples.tobytes() for b in clip.blocks()] == packets


def test_noise_at_full_scale_is_stored_too(clip: Clip) -> None:
    values = np.random.default_rng(3).integers(-32768, 32768, (18 * 40, 6))
    packets = clip.add(values)
    clip.core.lib.trendel_recorder_flush(clip.recorder)
    assert [b.header.tobytes() + b.samples.tobytes() for b in clip.blocks()] == packets


def test_the_newest_raw_stays_and_the_oldest_goes(clip: Clip) -> None:
    packets = clip.add(noise(18 * 5000))
    clip.core.lib.trendel_recorder_flush(clip.recorder)
    got = [b.header.tobytes() + b.samples.tobytes() for b in clip.blocks()]
    assert 0 < len(got) < len(packets)
    assert got == packets[-len(got) :]
    used = sum(1 for i in range(128) if clip.log.sectors[i].sequence and clip.log.sectors[i].class_id == RAW)
    assert used == 128 - 20 - 1


def test_wear_is_level(clip: Clip) -> None:
    for _ in range(5):
        clip.add(noise(18 * 5000))
    erases = np.array([clip.nor.erases[i] for i in range(128)])
    raw = erases[erases > 1]  # the rest is free or holds records
    assert raw.max() - raw.min() <= 2


def stride(clip: Clip, ic_ms: int) -> None:
    record = clip.core.ffi.new("trendel_stride_t *", {"ic_ms": ic_ms})
    assert clip.core.lib.trendel_recorder_stride(clip.recorder, record) == 0


def event(clip: Clip, code: str, now_us: int) -> None:
    record = clip.core.ffi.new("trendel_event_t *", {"code": lt.EVENTS.index(code), "time_ms": now_us // 1000})
    assert clip.core.lib.trendel_recorder_event(clip.recorder, record, now_us) == 0


def strides_in(clip: Clip) -> list[int]:
    blocks = [e for e in clip.entries(RECORDS) if isinstance(e, RecordBlock) and e.header["kind"] == lt.KIND_STRIDE]
    for block in blocks:
        assert np.frombuffer(block.body, lt.DTYPES["Stride"])["ic_ms"][0] == block.header["sequence"]
    return [int(i) for block in blocks for i in np.frombuffer(block.body, lt.DTYPES["Stride"])["ic_ms"]]


def test_strides_are_committed_in_batches_and_with_events(clip: Clip) -> None:
    for i in range(95):
        stride(clip, i)
    assert strides_in(clip) == list(range(90))
    event(clip, "marker", SECOND)
    assert strides_in(clip) == list(range(95))


def test_twelve_hours_of_strides_take_their_share_of_2_mb() -> None:
    """65,000 strides (12 h at 90 a minute) within the records' quota of docs/log.md, none lost."""
    clip = Clip(core(), sector_n=512, records_quota=280)
    for i in range(65_000):
        stride(clip, i)
    clip.core.lib.trendel_recorder_flush(clip.recorder)
    assert strides_in(clip) == list(range(65_000))
    used = sum(1 for i in range(512) if clip.log.sectors[i].sequence and clip.log.sectors[i].class_id == RECORDS)
    assert used <= 280
    clip.close()


def run(clip: Clip, seconds: int, start_s: int, alerts: tuple[int, ...] = (), host: bool = False) -> None:
    """A run of `seconds` as the clip does it: 208 samples a second, a small state as the kernels'."""
    for second in range(start_s, start_s + seconds):
        now = second * SECOND
        if clip.core.lib.trendel_recorder_tick(clip.recorder, now, True, host):
            state = bytes([second % 256]) * 2500
            assert (
                clip.core.lib.trendel_recorder_checkpoint(
                    clip.recorder, state, len(state), clip.packetiser.sample_i, 1, 2, now
                )
                == 0
            )
        if second in alerts:
            event(clip, "alert_start", now)
        clip.add(noise(208, second), time_us=now)


def test_raw_around_an_alert_outlives_hours_without_a_host(clip: Clip) -> None:
    run(clip, 700, 0, alerts=(200,))
    clip.core.lib.trendel_recorder_flush(clip.recorder)
    seconds = {int(b.header["time_us"]) // SECOND for b in clip.blocks()}
    assert set(range(170, 230)) <= seconds  # 30 s before and after
    parts = [e for e in clip.entries(RAW) if isinstance(e, CheckpointPart)]
    before = [p for p in parts if p.body[0] in range(140, 171)]
    assert sum(len(p.body) for p in before) >= 2500  # a whole state from which they can be computed again
    # blocks go on from the state without a hole
    i = int(before[0].header["sample_i"])
    indices = {int(b.header["sample_i"]) for b in clip.blocks()}
    assert min(abs(i - j) for j in indices) <= 18


def test_twenty_seconds_every_ten_minutes_without_a_host(clip: Clip) -> None:
    run(clip, 1250, 0)
    clip.core.lib.trendel_recorder_flush(clip.recorder)
    seconds = {int(b.header["time_us"]) // SECOND for b in clip.blocks()}
    for start in (0, 600, 1200):
        assert set(range(start + 1, start + 20)) <= seconds
    assert not set(range(100, 500)) & seconds


def test_periodic_samples_are_thinned_and_not_cut_off(clip: Clip) -> None:
    """Six hours: more samples than fit. The first and the newest stay, and what stays between is spread."""
    starts = range(0, 6 * 3600, 600)
    for start in starts:
        run(clip, 40, start)  # nobody runs in between, so that the test is short
    clip.core.lib.trendel_recorder_flush(clip.recorder)
    seconds = {int(b.header["time_us"]) // SECOND for b in clip.blocks()}
    whole = [start for start in starts if set(range(start + 1, start + 20)) <= seconds]
    assert whole[0] == 0 and whole[-1] == starts[-1]
    assert 5 <= len(whole) < len(starts) / 2
    holes = np.diff(whole)
    assert holes.max() <= 4 * 3600 / 2  # no part of the run is without a sample
    assert sum(np.array(whole) < 3 * 3600) >= 2


def test_with_a_host_near_nothing_is_kept_but_the_newest(clip: Clip) -> None:
    run(clip, 700, 0, alerts=(200,), host=True)
    assert all(clip.log.sectors[i].keep == 0 for i in range(128))
    assert not any(isinstance(e, CheckpointPart) for e in clip.entries(RAW))


def test_many_alerts_leave_room_for_the_newest(clip: Clip) -> None:
    run(clip, 900, 0, alerts=tuple(range(30, 500, 40)))
    kept = sum(clip.log.sectors[i].keep > 0 for i in range(128))
    assert kept <= clip.log.kept_max
    seconds = {int(b.header["time_us"]) // SECOND for b in clip.blocks()}
    assert set(range(880, 895)) <= seconds


def test_release_lets_go_of_what_the_host_has(clip: Clip) -> None:
    run(clip, 300, 0, alerts=(100,))
    assert any(clip.log.sectors[i].keep for i in range(128))
    clip.core.lib.trendel_log_release(clip.log, clip.log.next_sequence)
    open_i = clip.log.open[RAW].sector_i
    assert not any(clip.log.sectors[i].keep for i in range(128) if i != open_i)
    clip.boot()
    assert not any(clip.log.sectors[i].keep for i in range(128) if i != open_i)


def test_fault_counters_survive(clip: Clip) -> None:
    lib = clip.core.lib
    lib.trendel_fault(clip.faults, lt.FAULTS.index("imu_fifo_overruns"), 3)
    lib.trendel_recorder_tick(clip.recorder, SECOND, False, False)
    clip.boot()
    lib.trendel_fault(clip.faults, lt.FAULTS.index("imu_fifo_overruns"), 2)
    lib.trendel_recorder_tick(clip.recorder, SECOND, False, False)
    clip.boot()
    assert clip.faults.counters[lt.FAULTS.index("imu_fifo_overruns")] == 5
    newest = [entry for entry in clip.entries(RECORDS) if isinstance(entry, Faults)][-1]
    assert newest.named()["imu_fifo_overruns"] == 5
    lib.trendel_fault(clip.faults, 0, 2**32 - 1)
    lib.trendel_fault(clip.faults, 0, 5)
    assert clip.faults.counters[0] == 2**32 - 1


def test_a_flash_that_fails_now_and_then_loses_nothing_that_was_committed(clip: Clip) -> None:
    clip.nor.fail_every = 37
    clip.add(noise(18 * 600))
    clip.core.lib.trendel_recorder_flush(clip.recorder)
    clip.nor.fail_every = 0
    blocks = clip.blocks()
    indices = [int(b.header["sequence"]) for b in blocks]
    assert indices == list(range(indices[0], indices[0] + len(indices)))
    assert sum(clip.faults.counters[lt.FAULTS.index(f"log_{what}_errors")] for what in ("program", "erase")) > 5


def test_a_dead_flash_is_an_error_and_not_a_hang(clip: Clip) -> None:
    clip.nor.off = True
    assert clip.core.lib.trendel_recorder_flush(clip.recorder) == 0  # nothing waits
    record = clip.core.ffi.new("trendel_event_t *")
    assert clip.core.lib.trendel_recorder_event(clip.recorder, record, 0) == -1
    assert clip.faults.counters[lt.FAULTS.index("log_entries_dropped")] == 1


@pytest.mark.parametrize("chunk", [1, 23, 240, 5000])
def test_a_host_reads_the_log_as_a_stream(clip: Clip, chunk: int) -> None:
    """In pieces of any size, through the framing of USB: the same packets as in the log, who and what first."""
    packets = clip.add(noise(600))
    clip.core.lib.trendel_recorder_flush(clip.recorder)
    export, out = clip.core.ffi.new("trendel_export_t *"), clip.core.ffi.new("uint8_t[]", chunk)
    clip.core.lib.trendel_export_start(export)
    framer, got = SerialFramer(), []
    while n := clip.core.lib.trendel_export_read(export, clip.log, out, chunk):
        got += [received.packet for received in framer.feed(bytes(clip.core.ffi.buffer(out, n)))]
    assert framer.counts.errors_n == 0
    assert [type(packet).__name__ for packet in got[:2]] == ["Faults", "Hello"]
    blocks = [block for packet in got if isinstance(packet, PackedImu) for block in unpack(packet)]
    assert [b.header.tobytes() + b.samples.tobytes() for b in blocks] == packets
    clip.core.lib.trendel_log_release(clip.log, clip.core.lib.trendel_export_through(export))


def test_everything_can_be_erased(clip: Clip) -> None:
    clip.add(noise(2000))
    assert clip.core.lib.trendel_log_erase_all(clip.log) == 0
    assert list(clip.entries(RAW)) == list(clip.entries(RECORDS)) == []


@pytest.mark.parametrize(("mode", "n"), [("each", 500), ("random", 10_000)])
def test_power_lost(mode: str, n: int) -> None:
    """At each of 500 operations, torn in each of three ways, then at 10,000 random ones; under ASAN and UBSAN."""
    core()
    sanitize = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    program = build("powercut", [*sources(), CORE / "sim" / "powercut.c"], sanitize)
    done = subprocess.run([program, mode, str(n), "20261121"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith(f"{3 * n if mode == 'each' else n} cuts"), done.stdout
