"""Management over a link's own connection: requests, pieces that are lost, a connection that is lost under them."""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("smpclient", reason="smpclient is not installed: pip install 'trendel[links]'")
pytest.importorskip("bleak", reason="bleak is not installed: pip install 'trendel[links]'")

from smp.packet import encode

from tests.host.links.fake_ble import Air, AirClip
from tests.host.links.fake_port import FakePort
from tests.host.links.fake_smp import FakeSmp
from tests.host.links.made import csv_file, run_async
from tests.host.session.made import hello
from trendel.clock import HostClock
from trendel.errors import LinkError
from trendel.links import make_link, management, parse_moniker
from trendel.links.ble import BleLink
from trendel.links.held import Patience
from trendel.links.management import RefusedError
from trendel.links.usb import UsbLink
from trendel.links.usb_smp import PTY_SUFFIX, Lines

LOG = np.random.default_rng(1).integers(0, 256, 40_000, np.uint8).tobytes()


def clip(**options: object) -> AirClip:
    smp = FakeSmp(files={"/log/flash": LOG, "/short": b"abc"}, settings={"trendel/name": b"Anna"}, **options)  # type: ignore[arg-type]
    return AirClip("Anna", "C0:00:00:00:00:01", [hello()], [], smp=smp)


def link_to(air_clip: AirClip) -> BleLink:
    backend, patience = Air([air_clip]).backend(), Patience(0.01, 0.05)
    return BleLink(parse_moniker("ble:"), HostClock(), backend=backend, patience=patience, scan_s=0.2)


def test_requests_over_bluetooth() -> None:
    async def work() -> None:
        anna = clip()
        async with link_to(anna) as link:
            asked = link.management
            assert asked is link.management and asked.is_connected
            assert await asked.echo("who?") == "who?"
            assert (await asked.buffers()).size_n == 256
            assert await asked.get("name") == b"Anna"
            await asked.set("name", b"Berta" * 60)  # goes in several pieces
            assert await asked.get("name") == b"Berta" * 60
            with pytest.raises(RefusedError, match="refuses its setting trendel/none") as refused:
                await asked.get("none")
            assert refused.value.reason
            with pytest.raises(LinkError, match="refuses /nothing"):
                await asked.read_file("/nothing", 0, 10)

    run_async(work())


@pytest.mark.parametrize(("at", "n"), [(0, None), (0, 40_000), (4096 * 3, 4096), (39_990, 100), (17, 1), (40_000, 5)])
def test_any_part_of_a_file(at: int, n: int | None) -> None:
    async def work() -> None:
        anna = clip()
        async with link_to(anna) as link:
            part = await link.management.read_file("/log/flash", at, n)
            assert part == LOG[at : None if n is None else at + n]
            assert await link.management.file_length("/log/flash") == 40_000
            assert await link.management.read_file("/short") == b"abc"

    run_async(work())


def test_no_more_requests_are_under_way_than_the_clip_has_room_for() -> None:
    async def work() -> None:
        for count, most in ((1, 1), (4, 2), (16, 4)):
            anna = clip(buf_count=count)
            assert anna.smp is not None
            under_way, worst = 0, 0
            answer = anna.smp.answer

            def counted(frame: bytes, answer: object = answer) -> bytes:
                nonlocal under_way, worst
                under_way += 1
                worst = max(worst, under_way)
                asyncio.get_running_loop().call_later(0.002, done)
                return answer(frame)  # type: ignore[operator,no-any-return]

            def done() -> None:
                nonlocal under_way
                under_way -= 1

            anna.smp.answer = counted  # type: ignore[method-assign]
            async with link_to(anna) as link:
                link.management.feed(b"")  # nobody waits
                slow = link._answered
                link._answered = lambda data, slow=slow: asyncio.get_running_loop().call_later(0.003, slow, data)  # type: ignore[method-assign]
                assert await link.management.read_file("/log/flash", 0, 8000) == LOG[:8000]
            assert worst <= most

    run_async(work())


def test_lost_pieces_are_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(management, "TIMEOUT_S", 0.05)
    monkeypatch.setattr(management.Management.request, "__defaults__", (0.05,))

    async def work() -> None:
        anna, rng = clip(buf_size=700), random.Random(3)
        anna.loses = lambda: rng.random() < 0.05
        async with link_to(anna) as link:
            assert await link.management.read_file("/log/flash", 100, 30_000) == LOG[100:30_100]

    run_async(work())


def test_a_clip_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(management.Management.request, "__defaults__", (0.05,))

    async def work() -> None:
        anna = clip()
        anna.mute = True
        async with link_to(anna) as link:
            with pytest.raises(LinkError, match="did not answer when asked for an echo"):
                await link.management.echo("?")

    run_async(work())


def test_a_clip_that_wants_to_be_paired_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Zephyr drops what is written to its protected characteristic without a response."""
    monkeypatch.setattr(management.Management.request, "__defaults__", (0.1,))

    async def work() -> None:
        anna = clip()
        anna.mute = anna.mute_until_paired = True
        async with link_to(anna) as link:
            assert await link.management.get("name") == b"Anna"

    run_async(work())


def test_a_lost_connection_ends_a_request_at_once_and_once() -> None:
    async def work() -> None:
        anna = clip()
        async with link_to(anna) as link:
            asked = link.management
            assert await asked.echo("a") == "a"
            anna.mute = True
            tasks = [asyncio.create_task(asked.read_file("/log/flash", 0, 9000)) for _ in range(3)]
            await asyncio.sleep(0.02)
            began = time.monotonic()
            anna.drop()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            assert time.monotonic() - began < 0.5
            assert all(isinstance(o, LinkError) and "out of reach" in str(o) for o in outcomes)
            with pytest.raises(LinkError, match="out of reach"):
                await asked.echo("b")
            anna.mute = False
            for _ in range(200):
                await asyncio.sleep(0.01)
                if asked.is_connected:
                    break
            assert await asked.echo("again") == "again"
        with pytest.raises(LinkError, match="was closed"):
            await asked.echo("c")

    run_async(work())


def test_lost_while_the_backend_waits_for_ever() -> None:
    """bumble alone waits half a minute for a write that nobody answers."""

    async def work() -> None:
        anna = clip()
        async with link_to(anna) as link:
            await link.management.echo("a")
            assert anna.client is not None

            async def stuck(*_: object, **__: object) -> None:
                await asyncio.sleep(30)

            anna.client.write_gatt_char = stuck  # type: ignore[method-assign]
            task = asyncio.create_task(link.management.echo("b"))
            await asyncio.sleep(0.02)
            began = time.monotonic()
            anna.drop()
            with pytest.raises(LinkError, match="out of reach"):
                await task
            assert time.monotonic() - began < 0.5

    run_async(work())


def test_a_clip_without_management_and_a_recording(tmp_path: Path) -> None:
    async def work() -> None:
        async with link_to(AirClip("Anna", "C0:00:00:00:00:01", [hello()], [])) as link:
            with pytest.raises(LinkError, match="offers no management"):
                await link.management.echo("?")

    run_async(work())
    with pytest.raises(LinkError, match="is a recording"):
        _ = make_link(f"replay:{csv_file(tmp_path)}").management


def test_over_the_second_port_of_a_serial_clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As MCUmgr's console: lines of base64, also where noise comes before an answer or within one."""
    monkeypatch.setattr(management.Management.request, "__defaults__", (0.1,))

    async def work() -> None:
        smp = FakeSmp(files={"/log/flash": LOG}, buf_size=1024)
        port, managed = FakePort(tmp_path / "tty"), FakePort(tmp_path / f"tty{PTY_SUFFIX}")
        lines, answers = Lines(), 0
        link = UsbLink(parse_moniker(f"usb:{port.path}"), HostClock())

        async def serve() -> None:
            nonlocal answers
            while True:
                await asyncio.sleep(0.001)
                for asked in lines.feed(managed.read()):
                    answers += 1
                    answer = b"".join(encode(smp.answer(asked), 127))
                    torn = answers % 7 == 3
                    managed.write(b"\x17no\xffise" + (answer[:40] + b"x" + answer[40:] if torn else answer))
                    port.send(hello())

        async with link:
            task = asyncio.create_task(serve())
            assert await link.management.echo("usb") == "usb"
            assert await link.management.read_file("/log/flash", 1000, 12_000) == LOG[1000:13_000]
            task.cancel()
            port.unplug()
            managed.unplug()
            with pytest.raises(LinkError):
                await link.management.read_file("/log/flash", 0, 20_000)

    run_async(work())


def test_a_serial_clip_without_a_second_port(tmp_path: Path) -> None:
    async def work() -> None:
        port = FakePort(tmp_path / "tty")
        async with UsbLink(parse_moniker(f"usb:{port.path}"), HostClock()) as link:
            with pytest.raises(LinkError, match="no management on USB"):
                await link.management.echo("?")

    run_async(work())
