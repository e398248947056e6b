"""Firmware images of the simulated clip: two slots, MCUmgr's image group before them, MCUboot's rules behind.

MCUboot 2 (docs/design.md there): an image in the second slot is booted once it is marked pending, if its hash, its
signature and its version allow; not confirmed, it is reverted at the next boot. The image itself is never run here."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from smp.error import MGMT_ERR
from smp.header import CommandId
from smp.image_management import IMG_MGMT_ERR

from trendel.links.sim.smp_server import WRITE, Body, RefusedError, field

SLOT_N = 0x74000
"""Bytes of a slot: half of what is left of 1 MB beside bootloader and settings."""
_HEADER = struct.Struct("<IIHHIIBBHII")
_MAGIC, _TLV_MAGIC, _PROTECTED_MAGIC = 0x96F3B83D, 0x6907, 0x6908
_TLV_KEYHASH, _TLV_SHA256, _TLV_ECDSA = 0x01, 0x10, 0x22
_Image = CommandId.ImageManagement
Version = tuple[int, int, int, int]


class _Read(NamedTuple):
    version: Version
    covered: bytes  # by hash and signature
    tlvs: dict[int, bytes]


def _read(raw: bytes) -> _Read | None:
    """An image taken apart; None for what is none."""
    if len(raw) < _HEADER.size:
        return None
    magic, _, head_n, protected_n, body_n, _, major, minor, revision, build, _ = _HEADER.unpack_from(raw)
    end = head_n + body_n + protected_n
    if magic != _MAGIC or head_n < _HEADER.size or end + 4 > len(raw):
        return None
    kind, total = struct.unpack_from("<HH", raw, end)
    if kind != _TLV_MAGIC or end + total > len(raw):
        return None
    tlvs: dict[int, bytes] = {}
    at = end + 4
    while at + 4 <= end + total:
        tag, n = struct.unpack_from("<HH", raw, at)
        tlvs[tag] = raw[at + 4 : at + 4 + n]
        at += 4 + n
    return _Read((major, minor, revision, build), raw[:end], tlvs)


def image_hash(raw: bytes) -> bytes | None:
    """What an image says that its hash is; None for what is none."""
    image = _read(raw)
    return image.tlvs.get(_TLV_SHA256) if image else None


@dataclass
class Flash:
    """The two slots and MCUboot's marks, which outlast a restart.

    Attributes:
        running: the image in the first slot; empty: what the clip was made with, of which no file is.
        second: the other slot.
        pending: whether the second slot is booted next; `permanent`: and stays.
        confirmed: whether the running image stays.
        key: public key (PEM, ECDSA P-256) of who may sign; None: a bootloader without one, that checks hashes.
    """

    running: bytes = b""
    second: bytes = b""
    pending: bool = False
    permanent: bool = False
    confirmed: bool = True
    key: bytes | None = None
    made_version: Version = (0, 0, 0, 0)

    @property
    def version(self) -> Version:
        """Of what runs."""
        image = _read(self.running)
        return image.version if image else self.made_version

    def boot(self) -> str:
        """What MCUboot does at a restart: 'swap', 'revert', 'refuse' (the second slot is erased) or 'run'."""
        if self.pending:
            permanent, self.pending, self.permanent = self.permanent, False, False
            if not self._is_good(self.second):
                self.second = b""
                return "refuse"
            self.running, self.second, self.confirmed = self.second, self.running, permanent
            return "swap"
        if not self.confirmed:
            self.running, self.second, self.confirmed = self.second, self.running, True
            return "revert"
        return "run"

    def _is_good(self, raw: bytes) -> bool:
        image = _read(raw)
        if image is None or image.version < self.version:  # no downgrade
            return False
        if image.tlvs.get(_TLV_SHA256) != hashlib.sha256(image.covered).digest():
            return False
        return self.key is None or _is_signed(image, self.key)


def _is_signed(image: _Read, pem: bytes) -> bool:
    public = serialization.load_pem_public_key(pem)
    assert isinstance(public, ec.EllipticCurvePublicKey)
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    known = hashlib.sha256(public.public_bytes(serialization.Encoding.DER, form)).digest()
    if image.tlvs.get(_TLV_KEYHASH) != known:
        return False
    try:
        public.verify(image.tlvs.get(_TLV_ECDSA, b""), image.covered, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


@dataclass
class _Upload:
    sha: bytes | None
    size: int
    data: bytearray


class ImageGroup:
    """Uploads that go on where they were cut, states, erasing."""

    def __init__(self, flash: Flash) -> None:
        self._flash = flash
        self._upload: _Upload | None = None

    def forget(self) -> None:
        """The clip has restarted: an upload that was begun begins anew."""
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
            image = _read(raw)
            if image is None and slot == 1:
                continue
            version = image.version if image else flash.made_version
            said = image.tlvs.get(_TLV_SHA256, bytes(32)) if image else bytes(32)
            images.append(
                {"slot": slot, "version": _text(version), "hash": said, "bootable": True} | marks[slot],
            )
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
        if wanted == (image_hash(flash.running) or bytes(32)):
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
        if upload is None or offset != len(upload.data):
            return {"off": len(upload.data) if upload else 0}  # where to go on
        if offset + len(data) > upload.size:
            raise RefusedError(IMG_MGMT_ERR.INVALID_IMAGE_DATA_OVERRUN)
        upload.data += data
        if len(upload.data) < upload.size:
            return {"off": len(upload.data)}
        self._flash.second, self._upload = bytes(upload.data), None
        matches = upload.sha is None or hashlib.sha256(upload.data).digest() == upload.sha
        return {"off": upload.size} | ({} if upload.sha is None else {"match": matches})

    def _begin(self, body: Body, data: bytes) -> None:
        size, sha = body.get("len"), body.get("sha")
        if not isinstance(size, int) or size < 0:
            raise RefusedError(IMG_MGMT_ERR.INVALID_LENGTH)
        if sha is not None and (not isinstance(sha, bytes) or len(sha) > 32):
            raise RefusedError(IMG_MGMT_ERR.INVALID_HASH)
        if self._upload is not None and sha is not None and (sha, size) == (self._upload.sha, self._upload.size):
            return  # the same again: it goes on where it was cut
        if len(data) < _HEADER.size:
            raise RefusedError(IMG_MGMT_ERR.INVALID_IMAGE_HEADER)
        fields = _HEADER.unpack_from(data)
        if fields[0] != _MAGIC:
            raise RefusedError(IMG_MGMT_ERR.INVALID_IMAGE_HEADER_MAGIC)
        if size > SLOT_N:
            raise RefusedError(IMG_MGMT_ERR.INVALID_IMAGE_TOO_LARGE)
        if body.get("image", 0) != 0 or self._flash.pending or not self._flash.confirmed:
            raise RefusedError(IMG_MGMT_ERR.NO_FREE_SLOT)
        if body.get("upgrade") and fields[6:9] <= self._flash.version[:3]:
            raise RefusedError(IMG_MGMT_ERR.CURRENT_VERSION_IS_NEWER)
        self._flash.second, self._upload = b"", _Upload(sha, size, bytearray())

    def _erase(self, slot: int) -> Body:
        if slot != 1:
            raise RefusedError(IMG_MGMT_ERR.INVALID_SLOT)
        if self._flash.pending or not self._flash.confirmed:
            raise RefusedError(IMG_MGMT_ERR.NO_FREE_SLOT)
        self._flash.second, self._upload = b"", None
        return {}


def _text(version: Version) -> str:
    major, minor, revision, build = version
    return f"{major}.{minor}.{revision}" + (f".{build}" if build else "")
