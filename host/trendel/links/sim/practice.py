"""Images for the simulated clip, to practise on: what MCUboot's imgtool puts around a program, without a program."""

from __future__ import annotations

import hashlib
import struct

import numpy as np
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from trendel.wire.boards import TLV_BOARD

TLV_PRACTICE = 0xA1
"""Protected: 1, the image fails its self-test when it is started on trial."""
_HEADER = struct.Struct("<IIHHIIBBHII")
_MAGIC, _TLV_MAGIC, _PROTECTED_MAGIC = 0x96F3B83D, 0x6907, 0x6908
_HEAD_N = 512
_TLV_KEYHASH, _TLV_SHA256, _TLV_ECDSA = 0x01, 0x10, 0x22


def practice_image(
    version: tuple[int, int, int, int],
    body_n: int = 3000,
    key: ec.EllipticCurvePrivateKey | None = None,
    *,
    board: int | None = 0,
    broken: bool = False,
) -> bytes:
    """An image with a body of `body_n` bytes that mean nothing, signed (ECDSA P-256) where there is a key.

    `board`: for which it is; None: it does not say. `broken`: it fails its self-test on trial."""
    known = [(TLV_BOARD, struct.pack("<H", board))] if board is not None else []
    known += [(TLV_PRACTICE, b"\1")] if broken else []
    protected = _coded(_PROTECTED_MAGIC, known) if known else b""
    header = _HEADER.pack(_MAGIC, 0, _HEAD_N, len(protected), body_n, 0, *version, 0).ljust(_HEAD_N, b"\0")
    body = np.random.default_rng(list(version)).integers(0, 256, body_n, np.uint8).tobytes()
    covered = header + body + protected
    tlvs = [(_TLV_SHA256, hashlib.sha256(covered).digest())]
    if key is not None:
        der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        tlvs.append((_TLV_KEYHASH, hashlib.sha256(der).digest()))
        tlvs.append((_TLV_ECDSA, key.sign(covered, ec.ECDSA(hashes.SHA256()))))
    return covered + _coded(_TLV_MAGIC, tlvs)


def _coded(magic: int, tlvs: list[tuple[int, bytes]]) -> bytes:
    coded = b"".join(struct.pack("<HH", tag, len(value)) + value for tag, value in tlvs)
    return struct.pack("<HH", magic, 4 + len(coded)) + coded
