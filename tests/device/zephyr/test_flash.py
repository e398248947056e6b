"""`trendel clip info` and the update of `trendel clip flash` with the firmware itself, and the real MCUboot beneath."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.device.zephyr.native import KEY, needs_firmware
from tests.device.zephyr.test_update import Updated, on_a_clip
from trendel.app.clip_info import info
from trendel.app.clip_reach import reached
from trendel.app.clip_selftest import trial
from trendel.clock import HostClock
from trendel.links import parse_moniker
from trendel.links.ble import BleLink
from trendel.links.firmware_image import parse_firmware
from trendel.links.held import Patience
from trendel.links.sim.practice import practice_image
from trendel.links.update import Outcome, Update

pytestmark = needs_firmware
LIMIT_S = 120.0


async def _restarting(updated: Updated) -> None:
    """MCUboot at each restart, and somebody who presses the button: this host forgets its bonds."""
    while True:
        await updated.clip.exited(LIMIT_S)
        await updated.boot()
        updated.clip.say("button")


async def _flash(updated: Updated) -> tuple[dict[str, Any], Outcome]:
    restarting = asyncio.create_task(_restarting(updated))
    key = serialization.load_pem_private_key(KEY.read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    image = practice_image((0, 8, 0, 0), 60_000, key, board=3)
    backend = updated.clip.adapter().backend()
    link = BleLink(parse_moniker("ble:Trendel"), HostClock(), backend=backend, patience=Patience(0.2, 1.0))
    try:
        updated.clip.say("button")
        async with link, reached(link) as clip:
            about = await info(clip)

            async def test() -> list[str]:
                return [line.sentence() for line in await trial(clip)]

            return about, await Update(parse_firmware(image, "new.bin"), clip.management, clip.heard, test).run()
    finally:
        restarting.cancel()
        await asyncio.gather(restarting, return_exceptions=True)


def test_the_firmware_tells_of_itself_and_is_updated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(updated: Updated) -> None:
        about, outcome = await asyncio.wait_for(_flash(updated), LIMIT_S)
        assert about["hardware"]["board"] == 3 and about["bootloader"] == "MCUboot" and about["log"]["sectors"] == 512
        assert [image["version"] for image in about["images"]] == ["0.7.0"] and len(about["faults"]) >= 22
        assert outcome.result == "confirmed" and outcome.running is not None and outcome.running.version == "0.8.0"

    on_a_clip(tmp_path, monkeypatch, work)
