"""Updates over the air with the real MCUboot on the same flash: test, revert, confirm, and what is refused."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from smpclient import SMPClient
from smpclient.exceptions import SMPUploadError
from smpclient.generics import error
from smpclient.requests.image_management import ImageStatesRead, ImageStatesWrite
from smpclient.requests.os_management import ResetWrite

from tests.device.zephyr.host import asked, fault_counters, managed
from tests.device.zephyr.native import BOOTLOADER, KEY, REBOOTED, SOFTWARE, Native, needs_firmware
from tests.host.links.mcuboot import made_image
from trendel.links.sim.images import image_hash

pytestmark = needs_firmware

FLASH_N, SLOT0_AT, BODY_N = 4 << 20, 0x10000, 60_000
Version = tuple[int, int, int, int]


def signed(version: Version, key: ec.EllipticCurvePrivateKey | None = None) -> bytes:
    """An image as imgtool makes it, signed with the key of the build unless another is given."""
    own = serialization.load_pem_private_key(KEY.read_bytes(), None)
    assert isinstance(own, ec.EllipticCurvePrivateKey)
    return made_image(version, BODY_N, key or own)


class Updated:
    """A clip whose restarts go through MCUboot."""

    def __init__(self, clip: Native, patch: pytest.MonkeyPatch) -> None:
        self.clip, self.patch = clip, patch

    async def boot(self) -> str:
        """MCUboot, then the program: what MCUboot said."""
        self.clip.said.append("--- MCUboot")
        process = await asyncio.create_subprocess_exec(
            str(BOOTLOADER),
            f"--flash={self.clip.flash}",
            "--stop_at=20",
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await asyncio.wait_for(process.communicate(), 60.0)
        self.clip.said += said.decode(errors="replace").splitlines()
        await self.clip.start(SOFTWARE)
        return said.decode(errors="replace")

    async def restart(self, client: SMPClient) -> None:
        """Ask for a reset, and wait for it."""
        await asked(client, ResetWrite())
        assert await self.clip.exited() == REBOOTED

    async def offer(self, image: bytes) -> None:
        """Upload, mark for test, reset."""
        await self.upload(image)
        await self.mark(image)

    async def upload(self, image: bytes) -> None:
        """And nothing more."""
        async with managed(self.clip, self.patch) as client:
            assert [at async for at in client.upload(image, subsequent_timeout_s=20.0)][-1] == len(image)

    async def mark(self, image: bytes) -> None:
        """Mark for test what is on the clip, reset."""
        async with managed(self.clip, self.patch) as client:
            states = await asked(client, ImageStatesWrite(hash=image_hash(image) or b"", confirm=False))
            assert states.images[1].pending
            await self.restart(client)

    async def runs(self) -> tuple[str, bool, dict[str, int]]:
        """Version in the first slot, whether it is confirmed, and the fault counters."""
        async with managed(self.clip, self.patch) as client:
            states: Any = await asked(client, ImageStatesRead())
            return states.images[0].version, states.images[0].confirmed, await fault_counters(client)


def on_a_clip(folder: Path, patch: pytest.MonkeyPatch, work: Callable[[Updated], Awaitable[None]]) -> None:
    """Do `work` on a clip that runs 0.7.0; what it said goes with a failure."""

    async def run() -> None:
        first = signed((0, 7, 0, 0))
        flash = bytearray(b"\xff" * FLASH_N)
        flash[SLOT0_AT : SLOT0_AT + len(first)] = first
        clip = Native(folder)
        clip.flash.write_bytes(flash)
        updated = Updated(clip, patch)
        try:
            await updated.boot()
            await work(updated)
        except BaseException as failure:
            failure.add_note("\n".join(clip.said))
            raise
        finally:
            await clip.stop()

    asyncio.run(asyncio.wait_for(run(), 240.0))


@pytest.mark.parametrize(("version", "text"), [((0, 8, 0, 0), "0.8.0"), ((0, 7, 0, 1), "0.7.0.1")])
def test_an_update_is_tried_reverted_and_confirmed(
    version: Version, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = signed(version)

    async def work(updated: Updated) -> None:
        await updated.offer(newer)
        await updated.boot()
        runs, confirmed, _ = await updated.runs()
        assert (runs, confirmed) == (text, False)
        async with managed(updated.clip, monkeypatch) as client:
            await updated.restart(client)  # nobody has confirmed it
        await updated.boot()
        runs, _, counters = await updated.runs()
        assert runs == "0.7.0"
        assert counters["images_refused"] == 1
        await updated.offer(newer)
        await updated.boot()
        async with managed(updated.clip, monkeypatch) as client:
            await asked(client, ImageStatesWrite(confirm=True))
            await updated.restart(client)
        await updated.boot()
        runs, confirmed, counters = await updated.runs()
        assert (runs, confirmed) == (text, True)
        assert counters["images_refused"] == 1

    on_a_clip(tmp_path, monkeypatch, work)


def test_what_was_marked_is_counted_uploaded_anew_or_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    newer = signed((0, 8, 0, 0))

    async def work(updated: Updated) -> None:
        await updated.upload(newer)
        for refused_n in range(3):  # not marked, marked, marked again without an upload
            if refused_n:
                await updated.mark(newer)
                await updated.boot()
            async with managed(updated.clip, monkeypatch) as client:
                await updated.restart(client)  # nobody has confirmed it
            await updated.boot()
            runs, _, counters = await updated.runs()
            assert (runs, counters["images_refused"]) == ("0.7.0", refused_n)

    on_a_clip(tmp_path, monkeypatch, work)


def test_older_and_foreign_images_are_refused_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    foreign = signed((0, 9, 0, 0), ec.generate_private_key(ec.SECP256R1()))

    async def work(updated: Updated) -> None:
        async with managed(updated.clip, monkeypatch) as client:
            for refused in (signed((0, 6, 0, 0)), struct.pack("<I", 7) * 400):
                with pytest.raises(SMPUploadError):
                    async for _ in client.upload(refused):
                        pass
            counters = await fault_counters(client)
            assert counters["images_refused"] == 1  # the older one; what is no image MCUmgr refuses by itself
            answer = await client.request(ImageStatesWrite(hash=b"\0" * 32, confirm=False), 10.0)
            assert error(answer)
        await updated.offer(foreign)
        await updated.boot()  # MCUboot does not take it
        version, _, counters = await updated.runs()
        assert version == "0.7.0"
        assert counters["images_refused"] == 2

    on_a_clip(tmp_path, monkeypatch, work)
