"""Firmware images as MCUboot's imgtool makes them, for tests: a header, a body, TLVs with hash and signature."""

from __future__ import annotations

import hashlib
import struct

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

_HEAD_N = 512


def made_image(
    version: tuple[int, int, int, int], body_n: int = 3000, key: ec.EllipticCurvePrivateKey | None = None
) -> bytes:
    """An image of `version` with a body of `body_n` bytes, signed by `key` where one is given."""
    header = struct.pack("<IIHHIIBBHII", 0x96F3B83D, 0, _HEAD_N, 0, body_n, 0, *version, 0).ljust(_HEAD_N, b"\0")
    covered = header + bytes(k % 251 for k in range(body_n))
    tlvs = [(0x10, hashlib.sha256(covered).digest())]
    if key is not None:
        der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        tlvs.append((0x01, hashlib.sha256(der).digest()))
        tlvs.append((0x22, key.sign(covered, ec.ECDSA(hashes.SHA256()))))
    coded = b"".join(struct.pack("<HH", tag, len(value)) + value for tag, value in tlvs)
    return covered + struct.pack("<HH", 0x6907, 4 + len(coded)) + coded


def public_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The public half."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form)
