"""A clip's side of SMP for the tests: frames in, frames out; written from the protocol, without smpclient."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import cbor2

HEADER = struct.Struct(">BBHHBB")
_OS, _SETTINGS, _FILES = 0, 3, 8
_ENOENT, _ENOTSUP, _EINVAL = 5, 8, 3
File = bytes | memoryview | Callable[[], bytes]


@dataclass
class FakeSmp:
    """`files`: bytes, memory that changes, or what gives them when offset 0 is read. `on_set` may refuse a setting."""

    files: dict[str, File] = field(default_factory=dict)
    settings: dict[str, bytes] = field(default_factory=dict)
    buf_size: int = 256
    buf_count: int = 4
    on_set: Callable[[str, bytes], int] = lambda key, value: 0
    _held: bytearray = field(default_factory=bytearray)
    _snapshots: dict[str, bytes] = field(default_factory=dict)

    def take(self, piece: bytes) -> list[bytes]:
        """A piece of a request; the answers that it completes."""
        self._held += piece
        found = []
        while len(self._held) >= 8 and len(self._held) >= 8 + int.from_bytes(self._held[2:4], "big"):
            n = 8 + int.from_bytes(self._held[2:4], "big")
            frame, self._held = bytes(self._held[:n]), self._held[n:]
            found.append(self.answer(frame))
        return found

    def forget(self) -> None:
        """The connection is gone."""
        self._held.clear()

    def answer(self, frame: bytes) -> bytes:
        """The answer to a whole frame."""
        head, _, _, group, sequence, command = HEADER.unpack_from(frame)
        op, asked = head & 7, cbor2.loads(frame[8:])
        body = self._do(group, command, op, asked, self.buf_size)
        raw = cbor2.dumps(body)
        return HEADER.pack(head + 1, 0, len(raw), group, sequence, command) + raw

    def _do(self, group: int, command: int, op: int, asked: dict[str, Any], room: int) -> dict[str, Any]:
        if (group, command) == (_OS, 0):
            return {"r": asked["d"]}
        if (group, command) == (_OS, 6):
            return {"buf_size": self.buf_size, "buf_count": self.buf_count}
        if (group, command) == (_SETTINGS, 0):
            key = asked["name"]
            if op == 0:
                return {"val": self.settings[key]} if key in self.settings else _error(group, _ENOENT)
            code = self.on_set(key, asked["val"])
            if code:
                return _error(group, code)
            self.settings[key] = asked["val"]
            return {}
        if group == _FILES and command in (0, 1):
            return self._file(asked, command, room)
        return {"rc": _ENOTSUP}

    def _file(self, asked: dict[str, Any], command: int, room: int) -> dict[str, Any]:
        name, at = asked["name"], asked.get("off", 0)
        if name not in self.files:
            return _error(_FILES, _ENOENT)
        file = self.files[name]
        if callable(file):
            if at == 0 or name not in self._snapshots:
                self._snapshots[name] = file()
            file = self._snapshots[name]
        if command == 1:
            return {"len": len(file)}
        data = bytes(file[at : at + room - 8 - 32])
        return {"off": at, "data": data} | ({"len": len(file)} if at == 0 else {})


def _error(group: int, code: int) -> dict[str, Any]:
    return {"err": {"group": group, "rc": code}}
