"""What every link keeps to, whatever is at its other end. TRENDEL_LINK=ble:... puts a real clip under it too."""

import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.host.links.benches import BENCHES, FIRMWARE, SIMULATED, Benched, need_simulation
from tests.host.links.made import arrivals, run_async, take
from trendel.errors import LinkError
from trendel.links.protocol import Change, Event
from trendel.wire.log_image import SECTOR_BYTES, sector_header
from trendel.wire.packets import Hello, ImuBlock, LayoutPart
from trendel.wire.receiver import Receiver
from trendel.wire.settings import decode_sectors


@pytest.fixture(params=BENCHES)
def bench(request: pytest.FixtureRequest) -> Iterator[Benched]:
    if request.param == "firmware" and not os.environ.get(FIRMWARE):
        pytest.skip(f"{FIRMWARE} names no link to a real clip")
    if request.param in SIMULATED:
        need_simulation()
    yield BENCHES[request.param]


def _events(bench: Benched, folder: Path, arrivals_n: int = 40) -> list[Event]:
    async def work() -> list[Event]:
        async with bench(folder) as link, link:
            return await take(link, arrivals_n)

    return run_async(work())


def test_it_begins_with_the_connection_and_a_hello(bench: Benched, tmp_path: Path) -> None:
    events = _events(bench, tmp_path)
    first = events[0]
    assert isinstance(first, Change)
    assert first.state == "connected"
    assert first.sentence.endswith(".")
    packets = [arrival.received.packet for arrival in arrivals(events)]
    hello = packets[0]
    assert isinstance(hello, Hello)
    layouts_n = int(hello.fields["layout_n"])
    assert all(isinstance(packet, LayoutPart) for packet in packets[1 : 1 + layouts_n])


def test_samples_come_in_order_and_none_is_missing(bench: Benched, tmp_path: Path) -> None:
    packets = [arrival.received.packet for arrival in arrivals(_events(bench, tmp_path))]
    receiver = Receiver()
    for packet in packets:
        receiver.take(packet)
    assert receiver.losses.blocks_n > 10
    assert receiver.losses.blocks_lost_n == receiver.losses.samples_lost_n == receiver.losses.repeated_n == 0
    blocks = [packet.header for packet in packets if isinstance(packet, ImuBlock)]
    for a, b in pairwise(blocks):
        apart_us = int(b["time_us"]) - int(a["time_us"])
        assert apart_us == pytest.approx(int(a["sample_n"]) * int(a["dt_ns"]) / 1e3, abs=500)


def test_what_arrives_is_whole_and_stamped_by_the_link_s_clock(bench: Benched, tmp_path: Path) -> None:
    async def work() -> None:
        async with bench(tmp_path) as link, link:
            before_ns = link.clock.now_ns()
            events = await take(link, 40)
            assert link.counts.packets_n >= len(arrivals(events)) == 40
            assert link.counts.errors_n == 0
            assert link.dropped_n == 0
        times = [before_ns - 1_000_000_000, *(event.time_ns for event in events), link.clock.now_ns()]
        assert times == sorted(times)
        for arrival in arrivals(events):
            assert type(arrival.received.packet).__name__ != "Unknown" or arrival.received.raw[0] > 9

    run_async(work())


def test_closing_ends_the_events_and_may_be_done_twice(bench: Benched, tmp_path: Path) -> None:
    async def work() -> None:
        async with bench(tmp_path) as link:
            await link.open()
            arrived = 0
            async for event in link.events():
                arrived += not isinstance(event, Change)
                if arrived == 5:
                    await link.close()
            await link.close()
            assert arrived >= 5

    run_async(work())


def test_the_clip_behind_it_answers_beside_its_packets(bench: Benched, tmp_path: Path) -> None:
    """Management goes over the link's own connection; a recording has no clip, and says so."""

    async def work() -> None:
        async with bench(tmp_path) as link, link:
            if link.moniker.scheme == "replay":
                with pytest.raises(LinkError, match="no clip"):
                    _ = link.management
                return
            assert await link.management.echo("contract") == "contract"
            table = decode_sectors(await link.management.read_file("/log/sectors"))
            assert int(table.header["sector_n"]) == len(table.sectors) > 3
            place = int(table.header["open_sector_i"][0])
            start = await link.management.read_file("/log/flash", SECTOR_BYTES * place, 600)
            header = sector_header(start)
            assert header is not None and header.sequence == table.sectors[place]["sequence"]
            assert len(arrivals(await take(link, 40))) == 40
        with pytest.raises(LinkError):
            await link.management.echo("closed")

    pytest.importorskip("smpclient", reason="smpclient is not installed: pip install 'trendel[links]'")
    run_async(work())


def test_it_is_opened_once(bench: Benched, tmp_path: Path) -> None:
    async def work() -> None:
        async with bench(tmp_path) as link:
            async with link:
                with pytest.raises(LinkError, match="opened before"):
                    await link.open()
            with pytest.raises(LinkError, match="opened before"):
                await link.open()

    run_async(work())
