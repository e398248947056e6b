"""SMP over a serial line, as MCUmgr's shell and console transports frame it: lines of base64 with a length and a CRC.

A message is its length (u16, with the CRC), itself and CRC-16 (XMODEM), big-endian, in base64, cut into lines of at
most 127 bytes; the first begins with 06 09, the others with 04 14. Whatever else comes is skipped."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass, field

from smp.packet import encode

from trendel.links.sim.smp_server import BUFFER_N

_FIRST, _NEXT = b"\x06\x09", b"\x04\x14"
_LINE_N = 512  # longer lines are given up


@dataclass
class SmpConsole:
    """Requests from a byte stream; holds at most one message."""

    _line: bytearray = field(default_factory=bytearray)
    _message: bytearray | None = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The requests that `data` completes."""
        for part in data.splitlines(keepends=True):
            self._line += part
            if part.endswith((b"\n", b"\r")):
                line, self._line = bytes(self._line).strip(b"\r\n"), bytearray()
                request = self._take(line) if line else None
                if request is not None:
                    yield request
            elif len(self._line) > _LINE_N:
                self._line.clear()

    def _take(self, line: bytes) -> bytes | None:
        begins = line.startswith(_FIRST)
        if not begins and not (line.startswith(_NEXT) and self._message is not None):
            return None
        try:
            body = base64.b64decode(line[2:], validate=True)
        except binascii.Error:
            self._message = None
            return None
        self._message = bytearray(body) if begins or self._message is None else self._message + body
        whole = self._message
        if len(whole) < 2 or len(whole) < 2 + int.from_bytes(whole[:2], "big"):
            if len(whole) > BUFFER_N + 4:
                self._message = None
            return None
        self._message = None
        n = int.from_bytes(whole[:2], "big")
        message, crc = bytes(whole[2:n]), int.from_bytes(whole[n : n + 2], "big")
        return message if n > 2 and binascii.crc_hqx(message, 0) == crc else None


def framed(response: bytes) -> bytes:
    """A response as it goes over the line."""
    return b"".join(encode(response))
