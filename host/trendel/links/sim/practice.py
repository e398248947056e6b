"""Images for the simulated clip, to practise on: what MCUboot's imgtool puts around a program, without a program."""

from __future__ import annotations

import hashlib
import struct

import numpy as np
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from trendel.wire import image_format as mcuboot
from trendel.wire.image_format import Version

TLV_PRACTICE = 0xA1
"""Protected: 1, the image fails its self-test when it is started on trial."""
_HEAD_N = 512


def practice_image(
    version: Version,
    body_n: int = 3000,
    key: ec.EllipticCurvePrivateKey | None = None,
    *,
    board: int | None = 0,
    broken: bool = False,
) -> bytes:
    """An image with a body of `body_n` bytes that mean nothing, signed (ECDSA P-256) where there is a key.

    `board`: for which it is; None: it does not say. `broken`: it fails its self-test on trial."""
    known = [(mcuboot.TLV_BOARD, struct.pack("<H", board))] if board is not None else []
    known += [(TLV_PRACTICE, b"\1")] if broken else []
    protected = _coded(mcuboot.PROTECTED_MAGIC, known) if known else b""
    header = mcuboot.HEADER.pack(mcuboot.MAGIC, 0, _HEAD_N, len(protected), body_n, 0, *version, 0).ljust(
        _HEAD_N, b"\0"
    )
    body = np.random.default_rng(list(version)).integers(0, 256, body_n, np.uint8).tobytes()
    covered = header + body + protected
    tlvs = [(mcuboot.TLV_SHA256, hashlib.sha256(covered).digest())]
    if key is not None:
        der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        tlvs.append((mcuboot.TLV_KEYHASH, hashlib.sha256(der).digest()))
        tlvs.append((mcuboot.TLV_ECDSA, key.sign(covered, ec.ECDSA(hashes.SHA256()))))
    return covered + _coded(mcuboot.PLAIN_MAGIC, tlvs)


def _coded(magic: int, tlvs: list[tuple[int, bytes]]) -> bytes:
    coded = b"".join(mcuboot.INFO.pack(tag, len(value)) + value for tag, value in tlvs)
    return mcuboot.INFO.pack(magic, mcuboot.INFO.size + len(coded)) + coded
