"""`sim:`: the clip's own code behind a virtual radio, with the faults of the real world."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.host.links.benches import need_simulation, running_bench
from tests.host.links.made import csv_file, run_async
from trendel.clock import HostClock
from trendel.errors import CoreError, LinkError
from trendel.links import make_link, parse_moniker
from trendel.links.intake import Intake, Record
from trendel.links.packetise import Timed, counts_of
from trendel.links.protocol import Arrival, Change, Event
from trendel.recording import read
from trendel.wire.packets import Hello, ImuBlock

pytest.importorskip("bumble", reason="bumble is not installed: pip install 'trendel[sim]'")

from tests.host.links.stand_in import StandIn, standing_in
from trendel.links.ble import BleLink, scan
from trendel.links.sim.air import INTERVAL_S
from trendel.links.sim.bench import Bench, Options
from trendel.links.sim.faults import NAMED, Faults, parse_faults, schedule
from trendel.links.sim.gatt_server import Identity, Radio, running_speed
from trendel.links.sim.link import SimLink
from trendel.links.sim.source import recorded
from trendel.wire.gatt import ALERT_COMPANY
from trendel.wire.layout import DTYPES, KIND_STRIDE, LAYOUT_HASH
from trendel.wire.packets import FieldLayout, encode_hello, encode_records, pack_header
from trendel.wire.records import RecordLayout, encode_layout, own_layout
from trendel.wire.settings import encode_setting

need_simulation()


async def _all(moniker: str) -> list[Event]:
    async with make_link(moniker) as link:
        assert isinstance(link, SimLink)
        return [event async for event in link.events()]


def _blocks(events: list[Event]) -> dict[tuple[int, int], tuple[int, bytes]]:
    """(boot, index of the first sample): (clip time, samples)."""
    packets = [event.received.packet for event in events if isinstance(event, Arrival)]
    return {
        (int(p.header["boot"]), int(p.header["sample_i"])): (int(p.header["time_us"]), p.samples.tobytes())
        for p in packets
        if isinstance(p, ImuBlock)
    }


def _states(events: list[Event]) -> list[str]:
    return [event.state for event in events if isinstance(event, Change)]


@pytest.fixture(scope="module")
def run_csv(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    yield csv_file(tmp_path_factory.mktemp("sim"), 60.0)


def test_a_recording_is_played_whole_and_to_the_count(run_csv: Path) -> None:
    events = run_async(_all(f"sim:{run_csv}?speed=max"))
    assert _states(events) == ["connected", "ended"]
    recording = read(run_csv)
    assert recording.gyr_radps is not None
    expected = counts_of(recording.acc_mps2, recording.gyr_radps)[0].tobytes()
    sent = b"".join(samples for _, samples in _blocks(events).values())
    assert sent.startswith(expected)
    assert len(sent) - len(expected) < 18 * 12  # a block is sent when it is full
    times_ns = [event.time_ns for event in events]
    assert times_ns == sorted(times_ns)
    assert (times_ns[-1] - times_ns[0]) / 1e9 == pytest.approx(60.5, abs=0.5)  # of the run, not of the wall


def test_faults_take_from_the_air_and_change_nothing_on_the_clip(run_csv: Path) -> None:
    clean = _blocks(run_async(_all(f"sim:{run_csv}?speed=max")))
    events = run_async(_all(f"sim:{run_csv}?speed=max&faults=hard&seed=3"))
    faulty = _blocks(events)
    assert len(faulty) < len(clean)
    assert all(clean[key] == block for key, block in faulty.items())
    states = _states(events)
    assert states[:2] == ["connected", "lost"] and states[-2:] == ["connected", "ended"]


def test_a_restart_is_another_boot_with_a_hello_of_its_own(run_csv: Path) -> None:
    events = run_async(_all(f"sim:{run_csv}?speed=max&faults=reboot"))
    boots = [
        e.received.packet.boot_n for e in events if isinstance(e, Arrival) and isinstance(e.received.packet, Hello)
    ]
    assert boots == [1, 2]
    assert {boot for boot, _ in _blocks(events)} == {1, 2}


def test_the_schedule_is_the_seed_s() -> None:
    hour = schedule(NAMED["hard"], 3600.0, 3)
    assert hour == schedule(NAMED["hard"], 3600.0, 3) != schedule(NAMED["hard"], 3600.0, 4)
    long = [end - begin for begin, end in hour.outages if end - begin >= 1.0]
    assert 14 <= len(long) <= 20  # twenty, some of which may touch
    ends = [0.0, *(end for _, end in hour.outages)]
    assert all(before < begin for before, (begin, _) in zip(ends, hour.outages, strict=False))
    assert schedule(NAMED["none"], 3600.0, 3) == schedule(Faults(), 10.0, 5)
    assert parse_faults("hard+reboot") == replace(NAMED["hard"], reboots_n=1)
    assert NAMED["hard"].drift_ppm == NAMED["none"].drift_ppm


@pytest.mark.parametrize(
    ("query", "says"),
    [("fault=hard", "no option"), ("faults=bad", "is none of"), ("speed=0", "above 0"), ("rate=x", "above 0"),
     ("seed=-1", "whole number"), ("key=none.pem", "cannot be read")],
)  # fmt: skip
def test_what_it_does_not_know_is_said(run_csv: Path, query: str, says: str) -> None:
    with pytest.raises(LinkError, match=says) as caught:
        run_async(_all(f"sim:{run_csv}?{query}"))
    assert str(caught.value).endswith(".")


def test_without_a_compiler_or_bumble_one_sentence(run_csv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from trendel_core.binding import load

    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CC", raising=False)
    load.cache_clear()
    with pytest.raises(CoreError, match="no C compiler: install"):
        run_async(_all(f"sim:{run_csv}"))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(LinkError, match=r"pip install 'trendel\[sim\]'"):
        make_link(f"sim:{run_csv}")


def test_a_recording_of_another_rate_is_resampled_where_asked(tmp_path: Path) -> None:
    path = csv_file(tmp_path, 20.0, 100.0)
    kept, fine = recorded(path), recorded(path, 833.0)
    assert (kept.rate_hz, kept.nominal_hz) == (pytest.approx(100.0, rel=1e-3), 104.0)
    assert (fine.rate_hz, fine.nominal_hz) == (833.0, 833.0)
    assert fine.seconds == pytest.approx(kept.seconds, abs=0.02)
    t, fine_t = np.arange(len(kept.samples)) / 100.0, np.arange(len(fine.samples)) / 833.0
    inner = slice(200, -200)
    back = np.interp(t[inner], fine_t, fine.samples["acc"][:, 2])
    error = back - kept.samples["acc"][inner, 2]
    assert np.sqrt(np.mean(error**2)) < 0.02 * np.std(kept.samples["acc"][:, 2].astype(float))


def test_a_clip_that_another_host_has_is_not_in_reach_and_a_belt_is_no_clip(tmp_path: Path) -> None:
    async def work() -> None:
        async with running_bench(tmp_path) as bench:
            belt = Radio(bench.air, Identity("Belt", "C0:00:00:00:00:99", streams=False))
            await belt.switch_on()
            elsewhere, here = bench.adapter().backend(), bench.adapter().backend()
            assert [clip.name for clip in await scan(1.0, here)] == ["Anna"]
            async with BleLink(parse_moniker("ble:Anna"), HostClock(), backend=elsewhere):
                second = BleLink(parse_moniker("ble:Anna"), HostClock(), backend=here, scan_s=0.3)
                with pytest.raises(LinkError, match="see that no phone or other computer is connected to it"):
                    await second.open()
            third = BleLink(parse_moniker("ble:"), HostClock(), backend=here, scan_s=1.0)  # the only one in reach
            async with third:
                assert await anext(third.events())
            with pytest.raises(LinkError, match="Belt is not in reach"):
                await BleLink(parse_moniker("ble:Belt"), HostClock(), backend=here, scan_s=0.3).open()
            await belt.switch_off()

    run_async(work())


def test_an_operation_ends_with_the_link(tmp_path: Path) -> None:
    from bleak import BleakClient
    from bleak.exc import BleakError

    from trendel.wire.gatt import STREAM_PACKETS

    async def work() -> None:
        async with running_bench(tmp_path, speed=5.0) as bench:
            backend = bench.adapter().backend()
            (clip,) = await scan(5.0, backend, first="Anna")
            gone = asyncio.Event()
            async with BleakClient(clip.device, lambda _: gone.set(), backend=backend.client) as client:
                assert client.mtu_size == 247
                assert await client.read_gatt_char("2a19") == bytes([80])
                assert (await client.read_gatt_char("2a29")).decode() == "Trendel"
                await client.start_notify(STREAM_PACKETS, lambda *_: None)
                bench.world.schedule = replace(bench.world.schedule, outages=((0.0, 3600.0),))
                began_s = asyncio.get_running_loop().time()
                with pytest.raises(BleakError, match="disconnected"):
                    while True:
                        await client.read_gatt_char("2a19")
                assert asyncio.get_running_loop().time() - began_s < 5.0  # bumble alone: 30
                await asyncio.wait_for(gone.wait(), 1.0)
                with pytest.raises(BleakError, match="Not connected"):
                    await client.read_gatt_char("2a19")

    run_async(work())


def test_the_adapter_that_the_environment_names_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRENDEL_BLE", "bumble:tcp-client:127.0.0.1:1")
    with pytest.raises(LinkError, match=r"cannot be reached .* see that TRENDEL_BLE names what is there"):
        run_async(scan(0.2))
    monkeypatch.setenv("TRENDEL_BLE", "hci0")
    with pytest.raises(LinkError, match="TRENDEL_BLE is bumble:TRANSPORT"):
        run_async(scan(0.2))


def test_the_advertising_data_holds_name_and_alert_in_31_bytes() -> None:
    from bumble.core import AdvertisingData

    from trendel.links.sim.air import Air

    kinds = AdvertisingData.Type
    for name, alert, kind in (("Anna", 0, kinds.COMPLETE_LOCAL_NAME), ("Annabella B", 3, kinds.SHORTENED_LOCAL_NAME)):
        radio = Radio(Air(), Identity(name))
        radio.alerting = alert
        raw = radio.advertised()
        assert len(raw) <= 31
        data = AdvertisingData.from_bytes(raw)
        assert name.startswith(str(data.get(kind)))
        told = data.get(kinds.MANUFACTURER_SPECIFIC_DATA)
        assert told == ((ALERT_COMPANY, bytes([alert])) if alert else None)


def test_running_speed_and_cadence_never_invents_a_speed() -> None:
    strides = np.zeros(2, DTYPES["Stride"])
    strides["stride_time_ms"] = [14_000, 14_400]  # 700 and 720 ms
    packet = encode_records(KIND_STRIDE, strides)
    assert running_speed(packet) == bytes([4, 0, 0, 83])


@pytest.mark.parametrize(("change", "named"), [(1, "gluteal_force_n"), (-1, "reasons")])
def test_strides_of_a_newer_and_of_an_older_clip_are_read_by_their_own_layout(
    run_csv: Path, change: int, named: str
) -> None:
    """A newer one has a field more; an older one lacks the last."""
    own = own_layout(KIND_STRIDE)
    fields = own.fields[:-1] if change < 0 else (*own.fields, FieldLayout(own.size, "u2", False, 10.0, named))
    size = own.size if change < 0 else own.size + 4
    theirs = RecordLayout(KIND_STRIDE, own.version + change, size, fields)
    theirs_hash = LAYOUT_HASH ^ 1
    layouts = encode_layout(theirs, theirs_hash)
    hello = encode_hello(boot=1, boot_n=1, layout_n=len(layouts), layout_hash=theirs_hash, name=b"Other")
    body = np.zeros(1, DTYPES["Stride"]).tobytes()[: own.size] + (b"\x20\x03\0\0" if change > 0 else b"")
    head = {"record_size": size, "record_n": 1, "version": theirs.version}
    stride = pack_header(DTYPES["RecordsHeader"], KIND_STRIDE, **head) + body
    preamble = [Timed(0.0, hello), *(Timed(0.0, raw) for raw in layouts)]

    async def work() -> list[Event]:
        moniker = parse_moniker(f"sim:{run_csv}?speed=max")
        async with SimLink(moniker, make=standing_in([*preamble, Timed(1.0, stride)])) as link:
            return [event async for event in link.events()]

    intake = Intake()
    taken = [item for event in run_async(work()) if isinstance(event, Arrival) for item in intake.take(event)]
    (record,) = [item for item in taken if isinstance(item, Record)]
    assert record.kind == "stride" and named in record.values
    assert ("side_quality" in record.values) == (change > 0)
    assert change < 0 or record.values[named] == 80.0


def test_running_speed_is_there_after_it_was_switched_on_and_counts_one_foot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bleak import BleakClient

    async def work() -> None:
        async with running_bench(tmp_path, speed=20.0, name="Watched") as bench:
            backend = bench.adapter().backend()

            async def services() -> tuple[BleakClient, set[str]]:
                (clip,) = await scan(5.0, backend, first="Watched")
                client = BleakClient(clip.device, backend=backend.client)
                await client.connect()
                return client, {service.uuid[4:8] for service in client.services}

            client, before = await services()
            await client.disconnect()
            assert not bench.world.code.write_setting("trendel/rsc", encode_setting("rsc", on=1))
            bench.world.reset_soon()
            while not bench.world.restarts:
                await asyncio.sleep(0.01)
            client, after = await services()
            assert after - before == {"1814"}
            assert await client.read_gatt_char("2a5d") == bytes([3])  # hip
            told: list[bytes] = []
            await client.start_notify("2a53", lambda _, data: told.append(bytes(data)))
            while not told:
                await asyncio.sleep(0.01)
            flags, speed, cadence = told[0][0], told[0][1:3], told[0][3]
            assert (flags, speed) == (4, b"\0\0")
            assert 70 <= cadence <= 100
            await client.disconnect()

    run_async(work())


def test_an_alert_is_advertised_and_a_clip_that_hides_is_not_found(tmp_path: Path) -> None:
    from bleak import BleakScanner

    async def work() -> None:
        made: list[StandIn] = []
        measured, options = recorded(csv_file(tmp_path, 3.0)), Options(speed=20.0)
        bench = Bench(measured, options, standing_in([Timed(0.0, encode_hello(boot=1))], made))
        await bench.start()
        scanner = bench.adapter().backend().scanner
        for alert, told in ((0, {}), (2, {ALERT_COMPANY: bytes([2])})):
            made[0].advertised = alert
            await asyncio.sleep(0.1)
            found = await BleakScanner.discover(1.0, return_adv=True, backend=scanner)
            assert [said.manufacturer_data for _, said in found.values()] == [told]
        made[0].advertised = None
        await asyncio.sleep(0.1)
        assert not await BleakScanner.discover(0.3, backend=scanner)
        await bench.stop()

    run_async(work())


def test_a_low_battery_is_told_by_the_clip_and_by_its_service(run_csv: Path) -> None:
    intake = Intake()
    for event in run_async(_all(f"sim:{run_csv}?speed=max&faults=battery")):
        if isinstance(event, Arrival):
            intake.take(event)
    assert intake.status["battery_percent"] == NAMED["battery"].battery_percent == 4


def test_bytes_that_are_no_hci_end_that_host_and_nobody_else(tmp_path: Path) -> None:
    from trendel.links.sim.backend import over_transport
    from trendel.links.sim.serve import hci_served

    async def work() -> None:
        async with running_bench(tmp_path) as bench, hci_served(bench, "tcp-server:127.0.0.1:0") as way:
            port = int(way.rpartition(":")[2])
            for junk in (b"\xff" * 100, b"\x01\x03\x0c\xff" + bytes(300), b"\x02\x01\x20\x04\x00abcd" * 20):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(junk)
                writer.write_eof()
                async with asyncio.timeout(5.0):
                    await reader.read()
                writer.close()
            found = await scan(5.0, over_transport(way.partition("bumble:")[2]).backend(), first="Anna")
            assert [clip.name for clip in found] == ["Anna"]

    run_async(work())


@pytest.mark.parametrize("rate", [208, 833])
def test_a_block_leaves_with_the_interrupt_of_its_last_sample(tmp_path: Path, rate: int) -> None:
    """And not with the one after: at most one connection event later it is there."""

    async def work() -> tuple[list[Event], float]:
        link = SimLink(parse_moniker(f"sim:{csv_file(tmp_path, 10.0)}?speed=max&rate={rate}"))
        async with link:
            world = link.bench.world
            began_ns = link.clock.now_ns() - world.now_s * 1e9  # of the world
            found = [event async for event in link.events()]
            assert world.began_s is not None
            return found, began_ns + world.began_s * 1e9

    events, began_ns = run_async(work())
    blocks = [(e.time_ns, e.received.packet) for e in events if isinstance(e, Arrival)]
    late_s = [(at_ns - began_ns) / 1e9 - b.times_us[-1] / 1e6 for at_ns, b in blocks if isinstance(b, ImuBlock)]
    assert len(late_s) > 50 and min(late_s) > -1e-3
    assert np.percentile(late_s, 99) < 2.5 * INTERVAL_S
