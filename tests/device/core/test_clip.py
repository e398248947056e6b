"""The clip alone and with a host, on recordings: its own code from the emulated IMU's registers to the log's bytes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from statistics import NormalDist

import numpy as np
import pytest

from tests.device.core.wearer import (
    S,
    blocks_and_checkpoints,
    events,
    host_alerts,
    named,
    packets,
    read_log,
    recompute,
    run,
    strides,
    worn,
)
from trendel.analysis.clip_settings import params_of
from trendel.analysis.stream import Stream
from trendel.kernels.layout import LAYOUT_HASH
from trendel.wire import layout as lt
from trendel.wire.packets import Faults, Hello, ImuBlock, decode
from trendel.wire.receiver import Receiver
from trendel.wire.settings import encode_setting
from trendel_core.clip import BROWN_OUT, SOFTWARE, WATCHDOG, SettingRefusedError, SimulatedClip

TIRING_S = 400.0


@pytest.fixture(scope="module")
def alone() -> Iterator[SimulatedClip]:
    """A clip after a tiring run that no host has seen."""
    counts = run(TIRING_S, 260.0)
    with worn(counts) as clip:
        clip.advance(10 * S)
        assert clip.state == "idle"
        clip.play()
        clip.advance(10 * S + int(len(counts) / 208 * S))
        clip.advance(clip.now_us + 310 * S)
        yield clip


def test_a_run_without_a_host_is_in_the_log(alone: SimulatedClip) -> None:
    records, raw = read_log(alone)
    found = events(records)
    told = [name for name in named(found) if name not in ("wake", "idle")]
    assert told == ["boot", "run_start", *["alert_start"] * 3, "alert_end", "run_end"]
    assert alone.state == "idle"
    assert isinstance(records[0], Faults) and isinstance(records[1], Hello)
    assert records[1].fields["kernel_layout_hash"] == LAYOUT_HASH
    assert 1050 < len(strides(records)) < 1200
    blocks, checkpoints = blocks_and_checkpoints(raw)
    assert 20 < len(checkpoints) < 26  # each 30 s of the run and of the five minutes that it might go on
    index = np.array([int(b.header["sample_i"]) for b in blocks])
    assert (np.diff(index) == 18).all()
    assert int(blocks[0].header["time_us"]) > 10 * S


def test_its_alerts_are_those_of_the_host_on_the_same_blocks(alone: SimulatedClip) -> None:
    records, raw = read_log(alone)
    blocks, _ = blocks_and_checkpoints(raw)
    stream = Stream(208.0)
    expected = host_alerts(blocks, stream)
    found = events(records)
    starts = found[found["code"] == lt.EVENTS.index("alert_start")]
    assert len(expected) == len(starts) == 3
    began_s = int(blocks[0].header["time_us"]) * 1e-6
    for row, event in zip(expected, starts, strict=True):
        time_s, onset_s, kind, side, level, *_ = row
        change = row[7]
        assert (kind, side, level) == ("pelvic_drop", "L", ("", "notice", "warning", "stop")[event["detail"] >> 4])
        assert event["detail"] & 15 == 1 and event["side"] == 1
        assert event["size_deg"] / 100 == pytest.approx(change, abs=0.0051)
        # the table's clock has the nominal interval, the clip's the measured one
        assert event["time_ms"] * 1e-3 == pytest.approx(began_s + time_s, rel=2e-4)
        assert event["since_ms"] * 1e-3 == pytest.approx(began_s + onset_s, rel=2e-4)
        error = (row[9] - row[7]) / 1.96
        assert event["value"] / 100 == pytest.approx(error, abs=0.0051)
        assert event["confidence"] / 254 == pytest.approx(NormalDist().cdf(change / error), abs=0.003)


def test_they_come_again_from_any_checkpoint_to_the_bit(alone: SimulatedClip) -> None:
    records, raw = read_log(alone)
    blocks, checkpoints = blocks_and_checkpoints(raw)
    params = params_of({}, 208)
    assert params.tobytes() == alone.parameters
    found = events(records)
    starts = found[found["code"] == lt.EVENTS.index("alert_start")]
    before = [c for c in checkpoints if c.sample_i < starts["since_ms"][0] * 0.208]
    assert {c.param_hash for c in checkpoints} == {int(params["param_hash"][0])}
    first, other = before[-1], checkpoints[-3]
    part = [b for b in blocks if first.sample_i <= int(b.header["sample_i"]) < other.sample_i]
    state, alerts = recompute(first.state, params, part)
    assert state == other.state
    told = [tuple(map(int, row)) for row in starts[["side", "size_deg", "detail"]].tolist()]
    again = [
        (int(a["side"]), round(float(np.degrees(a["change"])) * 100), int(a["kind"] | a["level"] << 4)) for a in alerts
    ]
    assert again == told


def test_the_alert_is_given_by_light_and_vibration(alone: SimulatedClip) -> None:
    records, _ = read_log(alone)
    found = events(records)
    starts = found[found["code"] == lt.EVENTS.index("alert_start")]
    warned, stop = (starts[starts["detail"] >> 4 == level]["time_ms"][0] / 1e3 for level in (2, 3))
    shown = [o for o in alone.outputs if o.vibration]
    at_s = np.array([o.time_us / S for o in shown])
    assert 0 <= at_s[0] - warned < 20 and ((at_s >= stop) & (at_s < stop + 20)).any()
    assert {o.advertised for o in shown} == {1}
    # two pulses for the left, each minute until it is graver, then at once and twice more
    assert len(shown) == 2 * (min(3, 1 + int((stop - warned) // 60)) + 3)
    assert not alone.outputs[-1].light and alone.outputs[-1].advertised == 0


def test_with_a_host_every_sample_arrives_and_the_states_are_equal() -> None:
    counts = run(60.0)
    with worn(counts) as clip:
        clip.connect()
        clip.subscribe()
        clip.advance(60_000)
        clip.play()
        clip.advance(80 * S)
        found, receiver = packets(clip), Receiver()
        for packet in found:
            receiver.take(packet)
        assert [p.header["kind"] if hasattr(p, "header") else 2 for p in found[:7]] == [2, 3, 3, 3, 3, 4, 7]
        blocks = [p for p in found if isinstance(p, ImuBlock)]
        arrived = np.concatenate([np.column_stack((b.samples["acc"], b.samples["gyr"])) for b in blocks])
        assert (arrived[: len(counts)] == counts[: len(arrived)]).all() and len(arrived) > len(counts)
        losses = receiver.losses
        assert (losses.blocks_lost_n, losses.samples_lost_n, losses.records_lost_n, losses.undescribed_n) == (
            0,
            0,
            0,
            0,
        )
        stream = Stream(208.0)
        host_alerts(blocks, stream)
        assert stream.state == clip.kernel_state
        assert len(strides(found)) > 80
        assert receiver.hello is not None and receiver.hello.fields["param_hash"] == params_of({}, 208)["param_hash"][0]


def test_it_is_fast() -> None:
    counts = run(60.0)
    with worn(counts) as clip:
        clip.connect()
        clip.subscribe()
        clip.play()
        began = time.perf_counter()
        clip.advance(68 * S)
        assert 68 / (time.perf_counter() - began) > 50


def test_what_the_radio_does_not_take_is_counted() -> None:
    with worn(run(60.0)) as clip:
        clip.connect()
        clip.subscribe()
        clip.advance(60_000)
        clip.play()
        clip.budget = 0
        clip.advance(30 * S)
        dropped = clip.dropped_n
        assert dropped > 200
        clip.budget = None
        clip.advance(40 * S)
        found, receiver = packets(clip), Receiver()
        for packet in found:
            receiver.take(packet)
        numbered = receiver.losses.blocks_lost_n + receiver.losses.records_lost_n
        assert 0 <= dropped - numbered <= 6  # fault counters, which changed each five seconds, have no numbers
        assert isinstance(receiver.faults, Faults) and receiver.faults.named()["packets_dropped"] == dropped
        # all that was dropped is in the log
        blocks, _ = blocks_and_checkpoints(read_log(clip)[1])
        assert (np.diff([int(b.header["sequence"]) for b in blocks]) == 1).all()
        clip.budget = 0
        clip.advance(41 * S)
        clip.disconnect()
        assert clip.dropped_n > dropped
        assert named(events(read_log(clip)[0]))[-1] == "host_lost"


def test_a_small_mtu_makes_small_blocks() -> None:
    with worn(run(20.0)) as clip:
        clip.connect(mtu=100)
        clip.subscribe()
        clip.play()
        clip.advance(20 * S)
        found = packets(clip)
        blocks = [p for p in found if isinstance(p, ImuBlock)]
        assert {len(b.samples) for b in blocks[1:]} == {5}
        assert sum(len(b.samples) for b in blocks) > 15 * 208


@pytest.mark.parametrize("reason", [WATCHDOG, BROWN_OUT])
def test_a_reboot_in_the_run_costs_what_was_not_committed(reason: int) -> None:
    counts = run(60.0)
    with worn(counts) as clip:
        clip.play()
        clip.advance(35 * S)
        assert clip.state == "run"
        clip.cut_power()
        assert not clip.advance(37 * S)
        clip.reboot(reason)
        clip.advance(68 * S)
        assert clip.state == "run" and clip.boot_n == 2
        records, raw = read_log(clip)
        blocks, checkpoints = blocks_and_checkpoints(raw)
        boots = np.array([int(b.header["boot"]) for b in blocks])
        first = [int(b.header["sample_i"]) for b in blocks if b.header["boot"] == 1]
        kept_s = (first[-1] + 18) / 208
        assert 32 < kept_s < 34  # it woke after 1 s; up to 1.4 s waited to be committed
        assert (boots == 2).sum() > 20 * 208 / 18
        assert next(c.boot for c in checkpoints) == 1 and checkpoints[-1].boot == 2
        faults = decode(clip.read_file("/faults"))
        assert isinstance(faults, Faults)
        name = "resets_watchdog" if reason == WATCHDOG else "resets_brownout"
        assert faults.named()[name] == 1
        assert named(events(records)).count("run_start") == 2


def test_an_orderly_reset_loses_nothing() -> None:
    with worn(run(60.0)) as clip:
        clip.connect()
        clip.subscribe()
        clip.advance(60_000)
        clip.play()
        clip.advance(30 * S)
        sent = [p for p in packets(clip) if isinstance(p, ImuBlock)]
        clip.flush()
        clip.reboot(SOFTWARE)
        blocks, _ = blocks_and_checkpoints(read_log(clip)[1])
        assert [b.header.tobytes() for b in blocks] == [b.header.tobytes() for b in sent]


def test_power_cut_while_the_flash_is_written() -> None:
    counts = run(60.0)
    for k in range(12):
        with worn(counts, sectors=48) as clip:
            clip.play()
            clip.advance((10 + k) * S)
            clip.cut_power(operations=k, tear=k % 3)
            clip.advance(30 * S)
            assert not clip.powered
            clip.reboot()
            clip.advance(45 * S)
            records, raw = read_log(clip)
            blocks, _ = blocks_and_checkpoints(raw)
            before = [int(b.header["sequence"]) for b in blocks if b.header["boot"] == 1]
            assert before == list(range(len(before))) and len(before) > (4 + k) * 11
            assert clip.state == "run" and named(events(records)).count("boot") == 2


def test_a_full_log_goes_on_and_says_so() -> None:
    with worn(run(100.0), sectors=8, records_quota=1) as clip:
        clip.connect()
        clip.subscribe()
        clip.play()
        clip.advance(100 * S)
        assert "log_full" in named(events(packets(clip)))
        faults = decode(clip.read_file("/faults"))
        assert isinstance(faults, Faults) and faults.named()["log_full"] == 1
        assert faults.named()["log_program_errors"] == faults.named()["log_entries_dropped"] == 0
        blocks, _ = blocks_and_checkpoints(read_log(clip)[1])
        assert int(blocks[-1].header["time_us"]) > 98 * S  # the newest is there


def test_an_imu_that_does_not_answer() -> None:
    with worn(run(60.0)) as clip:
        clip.play()
        clip.advance(20 * S)
        clip.break_imu(deaf=True)
        clip.advance(23 * S)
        assert clip.state == "fault"
        clip.break_imu()
        clip.advance(50 * S)
        assert clip.state == "run"
        faults = decode(clip.read_file("/faults"))
        assert isinstance(faults, Faults) and faults.named()["imu_bus_errors"] >= 5
        blocks, _ = blocks_and_checkpoints(read_log(clip)[1])
        marked = [b for b in blocks if int(b.header["marks"]) & lt.IMU_GAP]
        assert len(marked) == 1
        # numbers go on, indices by the time that has gone by; the kernels go on over it
        index = [(int(b.header["sample_i"]), int(b.header["time_us"])) for b in blocks]
        at = blocks.index(marked[0])
        gap_s = (index[at][0] - index[at - 1][0]) / 208
        assert gap_s == pytest.approx((index[at][1] - index[at - 1][1]) / S, abs=0.2)
        stream = Stream(208.0)
        host_alerts(blocks, stream)
        clip.flush()
        assert stream.samples_n == pytest.approx(np.frombuffer(clip.kernel_state, "<u4")[4], abs=18)


def test_an_imu_that_is_dead_from_the_start() -> None:
    with worn(run(20.0), boot=False) as clip:
        clip.break_imu(deaf=True)
        assert clip.reboot() == 0
        clip.advance(100 * S)
        assert clip.state == "fault"
        clip.connect()
        clip.subscribe()
        clip.advance(101 * S)
        assert any(isinstance(p, Hello) for p in packets(clip))


def test_an_imu_that_stalls_is_started_again() -> None:
    with worn(run(60.0)) as clip:
        clip.play()
        clip.advance(20 * S)
        clip.break_imu(stuck=True)
        clip.advance(22 * S)
        assert clip.state == "fault"
        clip.break_imu()
        clip.advance(40 * S)
        assert clip.state == "run"
        faults = decode(clip.read_file("/faults"))
        assert isinstance(faults, Faults) and faults.named()["imu_stalls"] == 1


def test_battery_low_commits_and_tells() -> None:
    with worn(run(60.0)) as clip:
        clip.play()
        clip.advance(20 * S)
        clip.battery = (8, 3400)
        clip.advance(26 * S)
        clip.cut_power()
        clip.reboot()
        found = events(read_log(clip)[0])
        low = found[found["code"] == lt.EVENTS.index("battery_low")]
        assert (low["detail"].tolist(), low["value"].tolist()) == ([8], [3400])


def test_sync_and_shipping() -> None:
    with worn(run(20.0)) as clip:
        clip.play()
        clip.advance(15 * S)
        with pytest.raises(SettingRefusedError) as refused:
            clip.setting_set("trendel/mode", encode_setting("mode", mode=1))
        assert refused.value.code == 6 and clip.state == "run"
        clip.advance(360 * S)
        assert clip.state == "idle"
        clip.setting_set("trendel/mode", encode_setting("mode", mode=1))
        assert clip.state == "sync"
        for _ in range(20):
            clip.read_file("/log/flash", 0, 4096)
            clip.advance(clip.now_us + 20 * S)
        assert clip.state == "sync"
        clip.advance(clip.now_us + 31 * S)
        assert clip.state == "idle"
        clip.setting_set("trendel/mode", encode_setting("mode", mode=2))
        clip.reboot()
        assert clip.state == "shipping" and not clip.outputs[-1].advertising
        clip.charger()
        assert clip.state == "idle"
        clip.reboot()
        assert clip.state == "idle" and clip.outputs[-1].advertising


def test_erase_and_release() -> None:
    with worn(run(60.0)) as clip:
        clip.play()
        clip.advance(30 * S)
        for key in ("log/erase",):
            with pytest.raises(SettingRefusedError) as refused:
                clip.setting_set(key, encode_setting(key, word=0x53415245))
            assert refused.value.code == 6
        clip.advance(400 * S)
        clip.setting_set("log/release", encode_setting("log/release", sequence=1))
        with pytest.raises(SettingRefusedError):
            clip.setting_set("log/release", encode_setting("log/release", sequence=100_000))
        clip.setting_set("log/erase", encode_setting("log/erase", word=0x53415245))
        records, raw = read_log(clip)
        assert raw == [] and [type(p).__name__ for p in records] == ["Faults", "Hello", *["LayoutPart"] * 4]


@pytest.mark.parametrize("rate_hz", [104.0, 200.0, 128.0, 833.0])
def test_recordings_of_any_rate(rate_hz: float) -> None:
    counts = run(20.0, rate_hz=208.0)  # played at another speed
    with worn(counts, rate_hz) as clip:
        clip.connect()
        clip.subscribe()
        clip.advance(60_000)
        clip.play()
        clip.advance(int(len(counts) / rate_hz * S) + S)
        found = packets(clip)
        hello = next(p for p in found if isinstance(p, Hello))
        assert int(hello.fields["rate_mhz"]) == pytest.approx(1000 * rate_hz, rel=0.01)
        blocks = [p for p in found if isinstance(p, ImuBlock)]
        assert 1e9 / int(blocks[-1].header["dt_ns"]) == pytest.approx(rate_hz, rel=1e-4)
        arrived = np.concatenate([np.column_stack((b.samples["acc"], b.samples["gyr"])) for b in blocks])
        assert (arrived[: len(counts)] == counts).all()
