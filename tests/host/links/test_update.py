"""Updates of the simulated clip, by bleak and smpclient: kept, sent back, refused, resumed; and what the host says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

pytest.importorskip("bumble", reason="bumble is not installed: pip install 'trendel[sim]'")
pytest.importorskip("smpclient", reason="smpclient is not installed: pip install 'trendel[links]'")

from cryptography.hazmat.primitives.asymmetric import ec

from tests.host.links.benches import need_simulation
from tests.host.links.made import run_async
from tests.host.links.mcuboot import public_pem
from tests.soak.flashing import PATIENCE, uploads
from trendel.app.clip_reach import Reached, reached
from trendel.app.clip_selftest import trial
from trendel.errors import FirmwareError
from trendel.links import parse_moniker
from trendel.links.ble import BleLink
from trendel.links.firmware_image import parse_firmware
from trendel.links.held import Patience
from trendel.links.image_slots import mark_for_test, read_slots, upload
from trendel.links.sim.bench import Bench, Options
from trendel.links.sim.practice import practice_image
from trendel.links.sim.source import resting
from trendel.links.update import Outcome, Update

need_simulation()
KEY = ec.derive_private_key(7, ec.SECP256R1())
OLD, NEW = practice_image((1, 0, 0, 0), 20_000, KEY), practice_image((1, 1, 0, 0), 30_000, KEY)


def with_bench(work: Callable[[Bench, Reached], Awaitable[Any]], speed: float = 20.0) -> Any:
    """What `work` gives, with a clip that runs OLD."""

    async def run() -> Any:
        bench = Bench(resting(1), Options(speed=speed))
        bench.flash.running, bench.flash.key = OLD, public_pem(KEY)
        await bench.start()
        backend, pauses = bench.adapter().backend(), Patience(0.05, 0.4)
        link = BleLink(parse_moniker("ble:Anna"), bench.clock, backend=backend, patience=pauses)
        try:
            async with link, reached(link) as clip:
                return await work(bench, clip)
        finally:
            bench.check()
            await bench.stop()

    return run_async(run())


async def update(clip: Reached, image: bytes, selftest: Callable[[], Awaitable[list[str]]] | None = None) -> Outcome:
    async def test() -> list[str]:
        return [line.sentence() for line in await trial(clip)]

    told: list[int] = []
    work = Update(parse_firmware(image, "new.bin"), clip.management, clip.heard, selftest or test, patience=PATIENCE)
    work.tell = lambda done, total: told.append(done)
    return await work.run()


def test_a_new_image_is_tried_tested_and_kept_and_the_clip_says_its_version() -> None:
    async def work(bench: Bench, clip: Reached) -> tuple[Outcome, Outcome]:
        first = await update(clip, NEW)
        assert clip.heard.hello is not None and list(clip.heard.hello.fields["firmware"][:2]) == [1, 1]
        assert (bench.flash.running, bench.flash.confirmed, bench.world.restarts) == (NEW, True, ["swap"])
        return first, await update(clip, NEW)

    outcomes = with_bench(work)
    assert [outcome.result for outcome in outcomes] == ["confirmed", "already"] and outcomes[
        0
    ].running.version == "1.1.0"


@pytest.mark.parametrize(
    ("image", "result"),
    [
        (practice_image((1, 1, 0, 0), 9000, KEY, broken=True), "reverted"),
        (practice_image((1, 1, 0, 0), 9000, ec.derive_private_key(8, ec.SECP256R1())), "refused"),
        (practice_image((0, 9, 0, 0), 9000, KEY), "refused"),
    ],
)
def test_what_is_not_kept_is_said_and_the_old_one_runs(image: bytes, result: str) -> None:
    async def work(bench: Bench, clip: Reached) -> Outcome:
        outcome = await update(clip, image)
        assert bench.flash.running == OLD and bench.flash.confirmed
        return outcome

    outcome = with_bench(work)
    assert (outcome.result, outcome.running.version) == (result, "1.0.0") and "1.0.0 runs" in outcome.sentence


def test_an_image_that_fails_its_self_test_is_sent_back() -> None:
    async def failing() -> list[str]:
        return ["flash: 3 bad sectors."]

    async def work(bench: Bench, clip: Reached) -> Outcome:
        outcome = await update(clip, NEW, failing)
        assert (bench.flash.running, bench.world.restarts) == (OLD, ["swap", "revert"])
        return outcome

    outcome = with_bench(work)
    assert outcome.result == "failed" and "3 bad sectors. The clip runs 1.0.0 again" in outcome.sentence


def test_an_upload_goes_on_where_a_lost_link_has_cut_it() -> None:
    async def work(bench: Bench, clip: Reached) -> list[int]:
        told: list[int] = []

        def tell(done: int, total: int) -> None:
            told.append(done)
            if len(told) == 4:
                bench.air.leave(bench.radio.controller)
                bench.air.add_controller(bench.radio.controller)

        async def connected() -> None:
            while not clip.management.is_connected:
                await asyncio.sleep(0.01)

        await upload(clip.management, parse_firmware(NEW, "new.bin"), tell, connected)
        assert bench.flash.second == NEW
        return told

    told = with_bench(work)
    assert told == sorted(told) and told[-1] == len(NEW)  # never from the beginning again


def test_trials_of_others_are_left_alone() -> None:
    async def work(bench: Bench, clip: Reached) -> None:
        bench.flash.confirmed = False
        with pytest.raises(FirmwareError, match=r"has 1\.0\.0 on trial, not kept: `trendel clip restart`"):
            await update(clip, NEW)
        bench.flash.confirmed = True
        other = practice_image((1, 2, 0, 0), 3000, KEY)
        bench.flash.second = other
        await mark_for_test(clip.management, parse_firmware(other, "other.bin").hash)
        with pytest.raises(FirmwareError, match=r"about to start 1\.2\.0"):
            await update(clip, NEW)
        assert [slot.pending for slot in await read_slots(clip.management)] == [False, True]

    with_bench(work)


def test_under_faults_the_clip_always_runs_a_whole_image_and_the_host_knows_which() -> None:
    """make soak does a hundred."""
    found = uploads(8, 5)
    assert not found.wrong and sum(found.results.values()) == 8
    assert found.due_n == 4 and found.power_cuts_n and found.disconnects_n and found.damaged_n
