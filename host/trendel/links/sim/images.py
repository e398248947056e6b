"""MCUmgr's image group on the simulated clip, before the slots that MCUboot swaps (see mcuboot.py)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from smp.error import MGMT_ERR
from smp.header import CommandId
from smp.image_management import IMG_MGMT_ERR

from trendel.links.sim.mcuboot import OPERATION_S, SLOT_N, Flash, image_hash, read_image
from trendel.links.sim.smp_server import WRITE, Body, RefusedError, field
from trendel.wire.boards import SECTOR_N
from trendel.wire.image_format import HEADER, MAGIC, version_text

_ERASE_S = 0.085  # a sector; see OPERATION_S
_Image = CommandId.ImageManagement


@dataclass
class _Upload:
    """What MCUmgr keeps of an upload in RAM."""

    sha: bytes | None
    size: int
    done_n: int = 0


class ImageGroup:
    """Uploads that go on where they were cut, states, erasing.

    `took_s`: how long the flash has been busy with requests; who answers takes it out."""

    def __init__(self, flash: Flash) -> None:
        self._flash = flash
        self._upload: _Upload | None = None
        self.took_s = 0.0

    def forget(self) -> None:
        """The clip has restarted: where an upload was is not known any more, what it wrote is still there."""
        self._upload = None

    def handle(self, operation: int, command: int, body: Body) -> Body:
        """See Group."""
        if command == _Image.STATE:
            if operation == WRITE:
                self._set(body.get("hash"), field(body, "confirm", bool, False))
            return self._states()
        if command == _Image.UPLOAD and operation == WRITE:
            return self._take(body)
        if command == _Image.ERASE and operation == WRITE:
            return self._erase(field(body, "slot", int, 1))
        raise RefusedError(MGMT_ERR.ENOTSUP)

    def _states(self) -> Body:
        flash, images = self._flash, []
        marks = [
            {"active": True, "confirmed": flash.confirmed, "pending": False, "permanent": False},
            {
                "active": False,
                "confirmed": not flash.confirmed,
                "pending": flash.pending,
                "permanent": flash.permanent,
            },
        ]
        for slot, raw in enumerate((flash.running, flash.second)):
            image = read_image(raw)
            if image is not None:
                about = {
                    "slot": slot,
                    "version": version_text(image.version),
                    "hash": image_hash(raw),
                    "bootable": True,
                }
                images.append(about | marks[slot])
        return {"images": images, "splitStatus": 0}

    def _set(self, wanted: object, confirm: bool) -> None:
        flash = self._flash
        if wanted is None:
            if not confirm:
                raise RefusedError(IMG_MGMT_ERR.INVALID_HASH)
            flash.confirmed = True
            return
        if not isinstance(wanted, bytes) or len(wanted) != 32:
            raise RefusedError(IMG_MGMT_ERR.INVALID_HASH)
        if wanted == image_hash(flash.running):
            if not confirm:
                raise RefusedError(IMG_MGMT_ERR.IMAGE_SETTING_TEST_TO_ACTIVE_DENIED)
            flash.confirmed = True
        elif wanted == image_hash(flash.second):
            if flash.pending:
                raise RefusedError(IMG_MGMT_ERR.IMAGE_ALREADY_PENDING)
            if not flash.confirmed:  # it is what a revert needs
                raise RefusedError(IMG_MGMT_ERR.NO_FREE_SLOT)
            flash.pending, flash.permanent = True, confirm
        else:
            raise RefusedError(IMG_MGMT_ERR.HASH_NOT_FOUND)

    def _take(self, body: Body) -> Body:
        offset, data = field(body, "off", int), field(body, "data", bytes)
        if offset == 0:
            self._begin(body, data)
        upload = self._upload
        if upload is None or offset != upload.done_n:
            return {"off": upload.done_n if upload else 0}  # where to go on
        if offset + len(data) > upload.size:
            raise RefusedError(IMG_MGMT_ERR.INVALID_IMAGE_DATA_OVERRUN)
        flash = self._flash
        flash.second += data
        upload.done_n = len(flash.second)
        self.took_s += len(data) / SECTOR_N * (OPERATION_S - _ERASE_S)
        if upload.done_n < upload.size:
            return {"off": upload.done_n}
        self._upload = None
        matches = upload.sha is None or hashlib.sha256(flash.second).digest() == upload.sha
        return {"off": upload.size} | ({} if upload.sha is None else {"match": matches})

    def _begin(self, body: Body, data: bytes) -> None:
        size, sha = body.get("len"), body.get("sha")
        if not isinstance(size, int) or size < 0:
            raise RefusedError(IMG_MGMT_ERR.INVALID_LENGTH)
        if sha is not None and (not isinstance(sha, bytes) or len(sha) > 32):
            raise RefusedError(IMG_MGMT_ERR.INVALID_HASH)
        if self._upload is not None and sha is not None and (sha, size) == (self._upload.sha, self._upload.size):
            return  # the same again: it goes on where it was cut
        if len(data) < HEADER.size:
            raise RefusedError(IMG_MGMT_ERR.INVALID_IMAGE_HEADER)
        fields = HEADER.unpack_from(data)
        if fields[0] != MAGIC:
            raise RefusedError(IMG_MGMT_ERR.INVALID_IMAGE_HEADER_MAGIC)
        if size > SLOT_N:
            raise RefusedError(IMG_MGMT_ERR.INVALID_IMAGE_TOO_LARGE)
        if body.get("image", 0) != 0 or self._flash.pending or not self._flash.confirmed:
            raise RefusedError(IMG_MGMT_ERR.NO_FREE_SLOT)
        if body.get("upgrade") and fields[6:9] <= self._flash.version[:3]:
            raise RefusedError(IMG_MGMT_ERR.CURRENT_VERSION_IS_NEWER)
        self._flash.second, self._upload = b"", _Upload(sha, size)
        self.took_s += -(-size // SECTOR_N) * _ERASE_S

    def _erase(self, slot: int) -> Body:
        if slot != 1:
            raise RefusedError(IMG_MGMT_ERR.INVALID_SLOT)
        if self._flash.pending or not self._flash.confirmed:
            raise RefusedError(IMG_MGMT_ERR.NO_FREE_SLOT)
        self._flash.second, self._upload = b"", None
        return {}
