"""The clip's two image slots, by MCUmgr's image group: what is in them, upload, test, confirm, restart."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from smpclient.requests.image_management import ImageStatesRead, ImageStatesWrite, ImageUploadWrite
from smpclient.requests.os_management import ResetWrite

from trendel.errors import LinkError
from trendel.links.firmware_image import Firmware
from trendel.links.management import Management, RefusedError

FIRST_S = 40.0
"""For the answer to the first piece: a clip may erase its whole slot before it (85 ms for each 4 KiB)."""
_PIECE_S = 6.0
_OVERHEAD_N = 80  # SMP header, CBOR names and lengths, the SHA-256 of the first piece
_ALIGN_N = 4
_TRIES = 6  # without any progress
_ROUNDS = 3
_RESUMED_MAX = 40  # in a round: a link that is lost so often carries no image


@dataclass(frozen=True)
class Slot:
    """An image on the clip. `slot` 0 is the one that runs, if it is `active`. `hash` as in Firmware."""

    slot: int
    version: str
    hash: bytes
    active: bool
    confirmed: bool
    pending: bool
    permanent: bool

    @property
    def numbers(self) -> tuple[int, ...]:
        """Major, minor, revision: what is compared."""
        parts = [int(part) for part in self.version.split(".")[:3] if part.isdecimal()]
        return tuple(parts)


class DamagedError(LinkError):
    """What arrived on the clip is not what was sent, again and again."""


async def read_slots(management: Management) -> list[Slot]:
    """What the clip holds. Raises LinkError."""
    answer = await management.ask(ImageStatesRead, "its images")
    return [
        Slot(
            image.slot,
            image.version,
            bytes(image.hash or b""),
            bool(image.active),
            bool(image.confirmed),
            bool(image.pending),
            bool(image.permanent),
        )
        for image in answer.images
        if not image.image
    ]


async def mark_for_test(management: Management, image_hash: bytes) -> None:
    """Have the image started once, at the next restart. Raises LinkError."""
    await management.request(ImageStatesWrite(hash=image_hash, confirm=False), "to try the new image")


async def confirm(management: Management) -> None:
    """Keep what runs: never named by its hash, which would keep an image that does not run. Raises LinkError."""
    await management.request(ImageStatesWrite(hash=None, confirm=True), "to keep what runs")


async def reset(management: Management) -> None:
    """Restart the clip. Raises LinkError, also where only its answer was lost."""
    await management.request(ResetWrite(), "to restart")


async def upload(
    management: Management,
    firmware: Firmware,
    tell: Callable[[int, int], None],
    connected: Callable[[], Awaitable[None]],
) -> None:
    """Send the image into the second slot, going on where the clip says that it is.

    `tell` is given bytes done and in all; `connected` waits for a lost link, and raises LinkError where it stays lost.
    Raises RefusedError where the clip does not take it, DamagedError, and LinkError."""
    for _ in range(_ROUNDS):
        if await _sent(management, firmware, tell, connected):
            return
    raise DamagedError(f"What arrived on the clip differed from {firmware.name} in each of {_ROUNDS} attempts.")


async def _sent(
    management: Management,
    firmware: Firmware,
    tell: Callable[[int, int], None],
    connected: Callable[[], Awaitable[None]],
) -> bool:
    """Whether what has arrived is what was sent."""
    raw, sha = firmware.raw, hashlib.sha256(firmware.raw).digest()
    at: int | None = None  # None: the clip is asked where it is
    tries, resumed_n = 0, 0
    while True:
        try:
            n = ((await management.buffers()).size_n - _OVERHEAD_N) // _ALIGN_N * _ALIGN_N
            if at is None:
                first = ImageUploadWrite(off=0, data=raw[:n], image=0, len=len(raw), sha=sha)
                answer = await management.request(first, "an image", FIRST_S)
            else:
                piece = ImageUploadWrite(off=at, data=raw[at : at + n])
                answer = await management.request(piece, "a part of an image", _PIECE_S)
            off = answer.off
            if off is None or not 0 <= off <= len(raw):
                raise LinkError("The clip's answer to a part of an image is not understood.")
        except LinkError as error:
            tries += 1
            if tries >= _TRIES or (isinstance(error, RefusedError) and at is None and tries > 1):
                raise
            if not management.is_connected:
                await connected()
            at = None
            continue
        if off == len(raw):
            tell(off, len(raw))
            return answer.match is not False
        # It asks for the same piece again where that was lost; for ever, where it cannot keep it.
        if at is None:
            resumed_n += 1
        else:
            tries = 0 if off > at else tries + 1
        if tries >= _TRIES or resumed_n >= _RESUMED_MAX:
            raise LinkError("The clip takes no more of the image: restart it, and try again.")
        at = off
        tell(off, len(raw))
