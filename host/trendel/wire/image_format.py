"""MCUboot's images (docs.mcuboot.com, design, "Image format"), little-endian: a header, the program, protected TLVs
(tag, length, value), then TLVs with the SHA-256 of all before and its signature."""

from __future__ import annotations

import struct

HEADER = struct.Struct("<IIHHIIBBHII")
"""Magic, load address, bytes of the header and of the protected TLVs, bytes of the program, flags, version (major,
minor, revision, build), nothing."""
INFO = struct.Struct("<HH")
"""Of a block of TLVs: its magic and its bytes with this; of a TLV: its tag and the bytes of its value."""
MAGIC, PLAIN_MAGIC, PROTECTED_MAGIC = 0x96F3B83D, 0x6907, 0x6908
TLV_KEYHASH, TLV_SHA256, TLV_ECDSA = 0x01, 0x10, 0x22
TLV_BOARD = 0xA0
"""Number of the board that the image is for (u16), protected; of the vendor's range, 0xA0 to 0xFE."""
Version = tuple[int, int, int, int]
"""Major, minor, revision, build."""


def version_text(version: Version) -> str:
    """As MCUmgr says it."""
    major, minor, revision, build = version
    return f"{major}.{minor}.{revision}" + (f".{build}" if build else "")
