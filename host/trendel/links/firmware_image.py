"""A firmware file: an image that MCUboot boots, taken apart and checked without a clip.

After MCUboot 2's design, "Image format": a header, the program, protected TLVs (tag, length, value), then TLVs with
the SHA-256 of all before and its signature. What stands behind them, such as padding to a slot, is not sent."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from trendel.errors import FirmwareError, reason
from trendel.wire import image_format as mcuboot
from trendel.wire.image_format import Version, version_text

_ECDSA = "ECDSA P-256"
_SIGNATURES = {0x20: "RSA-2048", 0x23: "RSA-3072", 0x24: "Ed25519", mcuboot.TLV_ECDSA: _ECDSA}
_ENCRYPTED = 0x04 | 0x08
_FILE_MAX = 16 << 20
_KINDS = (
    (b"UF2\n", "is a UF2 file, for the drive of a bare board: an image for a clip ends in .signed.bin"),
    (b"\x7fELF", "is an ELF file, before signing: give the image that imgtool has signed (zephyr.signed.bin)"),
    (b":", "is an Intel HEX file: give the signed binary beside it (zephyr.signed.bin)"),
    (b"PK\x03\x04", "is a ZIP archive: unpack it, and give the signed image in it"),
)


@dataclass(frozen=True)
class Firmware:
    """An image.

    Attributes:
        name: of its file. raw: the bytes that are sent.
        version: major, minor, revision, build. board: number of the board that it is for; None: it does not say.
        hash: by which MCUboot and MCUmgr call it (SHA-256 of `covered`).
        signature: how it is signed; None: not. key_hash: SHA-256 of the public key's DER, where it says so.
    """

    name: str
    raw: bytes
    version: Version
    board: int | None
    hash: bytes
    covered: bytes
    signature: str | None
    signature_bytes: bytes
    key_hash: bytes | None

    @property
    def version_text(self) -> str:
        """As MCUmgr says it."""
        return version_text(self.version)


def read_firmware(path: Path) -> Firmware:
    """The image in a file. Raises FirmwareError for what is none, is damaged, or is not signed as clips demand."""
    try:
        with path.open("rb") as file:
            raw = file.read(_FILE_MAX + 1)
    except OSError as error:
        raise FirmwareError(f"{path}: cannot be read ({reason(error)}).") from None
    firmware = parse_firmware(raw, path.name)
    if firmware.signature is None:
        raise FirmwareError(f"{path.name} is not signed, and no clip starts it: sign it with imgtool and your key.")
    if firmware.signature != _ECDSA:
        raise FirmwareError(f"{path.name} is signed with {firmware.signature}, and clips check {_ECDSA}: sign it so.")
    return firmware


def parse_firmware(raw: bytes, name: str) -> Firmware:
    """The same of bytes, whether signed or not."""
    for magic, what in _KINDS:
        if raw.startswith(magic):
            raise FirmwareError(f"{name} {what}.")
    if len(raw) < mcuboot.HEADER.size or mcuboot.HEADER.unpack_from(raw)[0] != mcuboot.MAGIC:
        raise FirmwareError(f"{name} is no firmware: an image for MCUboot begins otherwise (zephyr.signed.bin does).")
    _, _, head_n, protected_n, body_n, flags, major, minor, revision, build, _ = mcuboot.HEADER.unpack_from(raw)
    plain_at = head_n + body_n + protected_n
    damaged = FirmwareError(f"{name} is damaged or cut: copy or build it again.")
    if head_n < mcuboot.HEADER.size or plain_at + mcuboot.INFO.size > len(raw):
        raise damaged
    if flags & _ENCRYPTED:
        raise FirmwareError(f"{name} is encrypted, which clips do not take: sign it without.")
    tlvs = _tlvs(raw, head_n + body_n, mcuboot.PROTECTED_MAGIC) if protected_n else {}
    unprotected = _tlvs(raw, plain_at, mcuboot.PLAIN_MAGIC)
    if tlvs is None or unprotected is None:
        raise damaged
    covered = raw[:plain_at]
    said = unprotected.get(mcuboot.TLV_SHA256)
    if said is None:
        raise FirmwareError(f"{name} has no SHA-256: sign it with imgtool.")
    if hashlib.sha256(covered).digest() != said:
        raise damaged
    board = tlvs.get(mcuboot.TLV_BOARD)
    tag = next((tag for tag in unprotected if tag in _SIGNATURES), None)
    return Firmware(
        name=name,
        raw=raw[: plain_at + mcuboot.INFO.unpack_from(raw, plain_at)[1]],
        version=(major, minor, revision, build),
        board=int.from_bytes(board, "little") if board is not None and len(board) == 2 else None,
        hash=said,
        covered=covered,
        signature=None if tag is None else _SIGNATURES[tag],
        signature_bytes=b"" if tag is None else unprotected[tag],
        key_hash=unprotected.get(mcuboot.TLV_KEYHASH),
    )


def check_signature(firmware: Firmware, key: Path) -> None:
    """Raise FirmwareError unless the public key in the file `key` (PEM) has signed the image."""
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
    except ImportError:
        raise FirmwareError("Checking a signature needs cryptography: pip install 'trendel[flash]'.") from None
    try:
        pem = key.read_bytes()
        private = b"PRIVATE KEY" in pem
        loaded = serialization.load_pem_private_key(pem, None).public_key() if private else None
        public = loaded or serialization.load_pem_public_key(pem)
    except OSError as error:
        raise FirmwareError(f"{key}: cannot be read ({reason(error)}).") from None
    except (ValueError, TypeError):
        raise FirmwareError(f"{key} is no key in PEM: `imgtool getpub -e pem` writes the public one.") from None
    if not isinstance(public, ec.EllipticCurvePublicKey) or not isinstance(public.curve, ec.SECP256R1):
        raise FirmwareError(f"{key} is no ECDSA P-256 key, which clips have.")
    try:
        public.verify(firmware.signature_bytes, firmware.covered, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise FirmwareError(
            f"{firmware.name} is not signed by the key in {key.name}: no clip with it starts it."
        ) from None


def _tlvs(raw: bytes, at: int, magic: int) -> dict[int, bytes] | None:
    """None for what is no block of TLVs."""
    if at + mcuboot.INFO.size > len(raw):
        return None
    kind, total = mcuboot.INFO.unpack_from(raw, at)
    end = at + total
    if kind != magic or total < mcuboot.INFO.size or end > len(raw):
        return None
    found: dict[int, bytes] = {}
    at += mcuboot.INFO.size
    while at < end:
        if at + mcuboot.INFO.size > end:
            return None
        tag, n = mcuboot.INFO.unpack_from(raw, at)
        at += mcuboot.INFO.size
        if at + n > end:
            return None
        found[tag] = raw[at : at + n]
        at += n
    return found
