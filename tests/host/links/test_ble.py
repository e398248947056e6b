"""Bluetooth through bleak's public API, with clips in a made-up air: finding, losing, and what is said."""

import asyncio

import pytest

pytest.importorskip("bleak", reason="bleak is not installed: pip install 'trendel[links]'")

from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason, BleakError

from tests.host.links.fake_ble import Air, AirClip, heart_rate_belt
from tests.host.links.made import arrivals, run_async, take
from tests.host.session.made import hello, run
from trendel.clock import HostClock
from trendel.errors import LinkError
from trendel.links import parse_moniker
from trendel.links.ble import BleLink, scan
from trendel.links.held import Patience
from trendel.links.protocol import Arrival, Change
from trendel.wire.packets import ImuBlock
from trendel.wire.receiver import Receiver
from trendel.wire.records import own_layouts


def _clip(name: str = "Anna", address: str = "C0:00:00:00:00:01") -> AirClip:
    return AirClip(name, address, [hello(), *own_layouts(1)], run(60.0))


def _link(air: Air, target: str = "", scan_s: float = 0.3) -> BleLink:
    return BleLink(
        parse_moniker(f"ble:{target}"),
        HostClock(),
        backend=air.backend(),
        patience=Patience(0.01, 0.05),
        scan_s=scan_s,
    )


def _refusal(air: Air, target: str = "") -> str:
    with pytest.raises(LinkError) as caught:
        run_async(_link(air, target).open())
    assert all(clip.client is None for clip in air.clips)
    assert str(caught.value).endswith(".")
    return str(caught.value)


@pytest.mark.parametrize("target", ["", "Anna", "anna", "C0:00:00:00:00:01", "c0:00:00:00:00:01"])
def test_a_clip_is_found_by_name_by_address_or_as_the_only_one(target: str) -> None:
    air = Air([heart_rate_belt(), _clip()])

    async def work() -> None:
        async with _link(air, target) as link:
            air.clips[1].send(10)
            events = await take(link, 10)
            assert isinstance(events[0], Change)
            assert events[0].sentence == "Anna is connected."
            assert arrivals(events)[0].received.raw == hello()
        assert air.clips[1].client is None

    run_async(work())


def test_after_a_disconnect_it_goes_on_and_what_is_missing_is_counted() -> None:
    clip = _clip()
    air = Air([clip, _clip("Ben", "C0:00:00:00:00:02")])

    async def work() -> None:
        receiver, states = Receiver(), []
        async with _link(air, "Anna") as link:

            async def follow() -> None:
                async for event in link.events():
                    if isinstance(event, Arrival):
                        receiver.take(event.received.packet)
                    else:
                        states.append(event.state)

            task = asyncio.create_task(follow())
            for k in range(8):
                clip.send(5)
                clip.in_reach = k % 2 == 1
                clip.drop()
                clip.send(2)  # nobody hears them
                await asyncio.sleep(0.05)
                clip.in_reach = True
                async with asyncio.timeout(5):
                    while clip.client is None or clip.client.callback is None:
                        await asyncio.sleep(0.005)
            clip.send(5)
            await asyncio.sleep(0.01)
            await link.close()
            await task
        assert clip.connections_n == 9
        assert states.count("connected") == 9
        assert states.count("lost") == 8
        assert receiver.losses.blocks_n == 9 * 5
        assert receiver.losses.blocks_lost_n == 8 * 2
        assert receiver.losses.repeated_n == 0

    run_async(work())


def test_out_of_reach_for_longer_is_said_once_and_is_no_end() -> None:
    clip = _clip()
    air = Air([clip])

    async def work() -> None:
        async with _link(air, scan_s=0.03) as link:
            clip.in_reach = False
            clip.drop()
            await asyncio.sleep(0.5)
            clip.in_reach = True
            found = []
            async for event in link.events():
                if isinstance(event, Change):
                    found.append(event.state)
                    if len(found) > 1 and event.state == "connected":
                        break
            assert found == ["connected", "lost", "waiting", "connected"]

    run_async(work())


def test_a_reader_that_is_too_slow_costs_packets_and_not_memory() -> None:
    clip = _clip()
    clip.packets = run(1.0)[:1] * 20_000
    air = Air([clip])

    async def work() -> None:
        async with _link(air) as link:
            clip.send(20_000)
            assert link.dropped_n == 20_000 + len(clip.preamble) + 1 - 16_384
            assert link.counts.packets_n == 20_000 + len(clip.preamble)

    run_async(work())


def test_corrupt_notifications_are_counted() -> None:
    clip = _clip()
    clip.packets = [b"", b"\x01", bytes(244), bytes(3000), *clip.packets[:3]]
    air = Air([clip])

    async def work() -> None:
        async with _link(air) as link:
            clip.send(7)
            events = await take(link, len(clip.preamble) + 4)  # 244 zeros are of a kind that nobody knows
            assert sum(isinstance(a.received.packet, ImuBlock) for a in arrivals(events)) == 3
            assert link.counts.errors_n == 3

    run_async(work())


def test_a_clip_that_asks_for_it_is_paired() -> None:
    clip = _clip()
    clip.wants_pairing = "GATT Protocol Error: 0x05 Insufficient Authentication"

    async def work() -> None:
        async with _link(Air([clip])) as link:
            assert len(await take(link, 1)) == 2

    run_async(work())
    clip.wants_pairing = "Insufficient Encryption"
    assert "AuthenticationRejected" in _refusal(Air([clip]))


def test_what_cannot_be_reached_is_said_with_what_to_do() -> None:
    assert "not in reach: wake it" in _refusal(Air([heart_rate_belt()]))
    assert "In reach are Anna." in _refusal(Air([_clip()]), "Ben")
    two = Air([_clip(), _clip("Ben", "C0:00:00:00:00:02")])
    assert "name one, such as ble:C0:00:00:00:00:01" in _refusal(two)
    foreign = _clip()
    foreign.characteristics = ()
    assert "no Trendel clip" in _refusal(Air([foreign]))
    taken = _clip()
    taken.refuses = BleakError("le-connection-abort-by-local")
    assert "could not be connected (le-connection-abort-by-local)" in _refusal(Air([taken]))
    taken.refuses = TimeoutError()
    assert "nothing else is connected to it" in _refusal(Air([taken]))


@pytest.mark.parametrize(
    ("trouble", "says"),
    [
        (BleakBluetoothNotAvailableError("x", BleakBluetoothNotAvailableReason.POWERED_OFF), "Bluetooth is off"),
        (BleakBluetoothNotAvailableError("x", BleakBluetoothNotAvailableReason.NO_BLUETOOTH), "no Bluetooth"),
        (BleakBluetoothNotAvailableError("x", BleakBluetoothNotAvailableReason.DENIED_BY_USER), "may not use"),
        (BleakError("Bluetooth device is turned off"), "Bluetooth is off"),
        (BleakError("[org.freedesktop.DBus.Error.AccessDenied] no"), "may not use"),
        (FileNotFoundError(2, "No such file or directory"), "systemctl start bluetooth"),
    ],
)
def test_bluetooth_that_cannot_be_used_is_said_with_what_to_do(trouble: BaseException, says: str) -> None:
    assert says in _refusal(Air([_clip()], trouble=trouble))


def test_scan_lists_clips_and_nothing_else() -> None:
    air = Air([heart_rate_belt(), _clip(), _clip("Ben", "C0:00:00:00:00:02")])
    found = run_async(scan(0.1, air.backend()))
    assert [(clip.name, clip.rssi_dbm) for clip in found] == [("Anna", -51), ("Ben", -52)]
