"""MCUboot on the simulated clip: two slots in emulated flash, which it swaps by moves and swaps back.

After MCUboot 2 (docs/design.md there, "Swap using move"): an image in the second slot is booted once it is marked, if
its hash, its signature and its version allow; not confirmed, it is swapped back at the next boot. Power may fail within
any operation: the state of the swap is kept, and the next boot goes on with it. The image itself is never run."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from trendel.links.sim.practice import TLV_PRACTICE, practice_image
from trendel.wire import image_format as mcuboot
from trendel.wire.boards import SECTOR_N, board_of
from trendel.wire.image_format import Version

_board = board_of(0)
assert _board is not None
SLOT_N = _board.slot_n
"""Bytes of a slot: half of what is left of 1 MB beside bootloader and settings."""
OPERATION_S = 0.13
"""To erase and write a sector on an nRF52840: 85 ms and 1024 words of 41 us (product specification 1.7, NVMC)."""


class Read(NamedTuple):
    """An image taken apart: its version, its bytes, those that hash and signature cover, its TLVs by their tag."""

    version: Version
    raw: bytes
    covered: bytes
    tlvs: dict[int, bytes]


def read_image(raw: bytes) -> Read | None:
    """The image at the beginning of `raw`; None where there is none."""
    if len(raw) < mcuboot.HEADER.size:
        return None
    magic, _, head_n, protected_n, body_n, _, major, minor, revision, build, _ = mcuboot.HEADER.unpack_from(raw)
    plain = head_n + body_n
    end = plain + protected_n
    if magic != mcuboot.MAGIC or head_n < mcuboot.HEADER.size or end + mcuboot.INFO.size > len(raw):
        return None
    kind, total = mcuboot.INFO.unpack_from(raw, end)
    if kind != mcuboot.PLAIN_MAGIC or end + total > len(raw):
        return None
    tlvs = _tlvs(raw, end, total)
    if protected_n:
        if mcuboot.INFO.unpack_from(raw, plain) != (mcuboot.PROTECTED_MAGIC, protected_n):
            return None
        tlvs = _tlvs(raw, plain, protected_n) | tlvs
    return Read((major, minor, revision, build), raw[: end + total], raw[:end], tlvs)


def _tlvs(raw: bytes, at: int, total: int) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    end, at = at + total, at + mcuboot.INFO.size
    while at + mcuboot.INFO.size <= end:
        tag, n = mcuboot.INFO.unpack_from(raw, at)
        at += mcuboot.INFO.size
        found[tag] = raw[at : at + n]
        at += n
    return found


def image_hash(raw: bytes) -> bytes | None:
    """What an image says that its hash is; None for what is none."""
    image = read_image(raw)
    return image.tlvs.get(mcuboot.TLV_SHA256) if image else None


@dataclass
class _Swap:
    """A swap under way: both slots by sectors, and how many operations are done."""

    purpose: str
    first: bytearray
    second: bytearray
    done_n: int = 0

    @property
    def sector_n(self) -> int:
        return len(self.second) // SECTOR_N

    def operate(self, torn: bool = False) -> None:
        """The next operation; `torn`: power fails within it, and half of the sector is written."""
        n, k = self.sector_n, self.done_n
        if k < n:  # all of the first slot up by a sector, the last one first
            into, to, source, at = self.first, n - k, self.first, n - k - 1
        elif (k - n) % 2 == 0:
            into, to, source, at = self.first, (k - n) // 2, self.second, (k - n) // 2
        else:
            into, to, source, at = self.second, (k - n) // 2, self.first, (k - n) // 2 + 1
        sector = bytes(source[at * SECTOR_N : (at + 1) * SECTOR_N])
        if torn:
            sector = sector[: SECTOR_N // 2].ljust(SECTOR_N, b"\xff")
        into[to * SECTOR_N : (to + 1) * SECTOR_N] = sector
        self.done_n += not torn

    @property
    def is_done(self) -> bool:
        return self.done_n == 3 * self.sector_n


@dataclass
class Flash:
    """The two slots and MCUboot's marks, which outlast a restart.

    Attributes:
        running: the image in the first slot; given none, the one that the clip was made with.
        second: what is in the other slot, from its beginning.
        pending: whether the second slot is booted next; `permanent`: and stays.
        confirmed: whether the running image stays.
        key: public key (PEM, ECDSA P-256) of who may sign; None: a bootloader without one, that checks hashes.
        operations_n: sectors that were written by boots so far.
    """

    running: bytes = b""
    second: bytes = b""
    pending: bool = False
    permanent: bool = False
    confirmed: bool = True
    key: bytes | None = None
    operations_n: int = 0
    _made: bytes = field(init=False, default=b"")
    _swap: _Swap | None = None

    def __post_init__(self) -> None:
        if not self.running:
            self.running = self._made = practice_image((0, 0, 0, 0))

    @property
    def version(self) -> Version:
        """Of what runs."""
        image = read_image(self.running)
        assert image is not None, "the first slot always holds an image"
        return image.version

    @property
    def fails(self) -> bool:
        """Whether what runs is on trial and fails its self-test, as an image for practice may be made to."""
        image = read_image(self.running)
        return not self.confirmed and image is not None and image.tlvs.get(TLV_PRACTICE) == b"\1"

    def boot(self, power_n: int | None = None) -> str:
        """What MCUboot does at a restart: 'swap', 'revert', 'refuse' (the second slot is erased) or 'run'; 'cut' where
        power fails within the operation after `power_n`."""
        if self._swap is None:
            if self.pending and not self._is_good(self.second):
                self.pending = self.permanent = False
                self.second = b""
                return "refuse"
            if not self.pending and self.confirmed:
                return "run"
            self._swap = self._begun("swap" if self.pending else "revert")
        swap = self._swap
        while not swap.is_done:
            if power_n == 0:
                swap.operate(torn=True)
                return "cut"
            swap.operate()
            self.operations_n += 1
            power_n = None if power_n is None else power_n - 1
        self.running, self.second = _trimmed(swap.first), _trimmed(swap.second)
        self.confirmed = self.permanent if swap.purpose == "swap" else True
        self.pending, self.permanent, self._swap = False, False, None
        return swap.purpose

    def _begun(self, purpose: str) -> _Swap:
        n = -(-max(len(self.running), len(self.second)) // SECTOR_N)
        slots = (self.running, (n + 1) * SECTOR_N), (self.second, n * SECTOR_N)
        first, second = (bytearray(raw.ljust(size, b"\xff")) for raw, size in slots)
        return _Swap(purpose, first, second)

    def _is_good(self, raw: bytes) -> bool:
        image = read_image(raw)
        if image is None or image.version[:3] < self.version[:3]:  # no downgrade; builds are not compared
            return False
        if image.tlvs.get(mcuboot.TLV_SHA256) != hashlib.sha256(image.covered).digest():
            return False
        return self.key is None or image.raw == self._made or _is_signed(image, self.key)


def _trimmed(slot: bytearray) -> bytes:
    """The image in a slot; what is none, without the erased bytes behind it."""
    image = read_image(bytes(slot))
    return image.raw if image is not None else bytes(slot).rstrip(b"\xff")


def _is_signed(image: Read, pem: bytes) -> bool:
    public = serialization.load_pem_public_key(pem)
    assert isinstance(public, ec.EllipticCurvePublicKey)
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    known = hashlib.sha256(public.public_bytes(serialization.Encoding.DER, form)).digest()
    if image.tlvs.get(mcuboot.TLV_KEYHASH) != known:
        return False
    try:
        public.verify(image.tlvs.get(mcuboot.TLV_ECDSA, b""), image.covered, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True
