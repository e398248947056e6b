"""SMP groups of the clip other than images: the system, settings, files. Settings and files are the C code's."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from smp.error import MGMT_ERR
from smp.file_management import FS_MGMT_ERR
from smp.header import CommandId
from smp.settings_management import SETTINGS_MGMT_ERR

from trendel.links.sim.smp_server import BUFFER_N, BUFFERS, HEADER, READ, WRITE, Body, RefusedError, field
from trendel.wire.settings import RESULTS

CHUNK_N = BUFFER_N - HEADER.size - 64
"""Bytes of a file in one response; the rest is CBOR around them."""
_KEY_MAX = 32  # CONFIG_MCUMGR_GRP_SETTINGS_NAME_LEN
_RESULTS: dict[str, MGMT_ERR | SETTINGS_MGMT_ERR] = {
    "unknown_key": SETTINGS_MGMT_ERR.KEY_NOT_FOUND,
    "missing": SETTINGS_MGMT_ERR.KEY_NOT_FOUND,
    "length": MGMT_ERR.EINVAL,
    "version": MGMT_ERR.EINVAL,
    "crc": MGMT_ERR.ECORRUPT,
    "value": MGMT_ERR.EINVAL,
    "busy": MGMT_ERR.EBUSY,
}
_Os, _Settings, _Files = CommandId.OSManagement, CommandId.SettingsManagement, CommandId.FileManagement


class ClipStore(Protocol):
    """What the clip's code keeps."""

    def read_setting(self, key: str) -> tuple[int, bytes]:
        """(0 or a code of wire.settings.RESULTS, the value)."""

    def write_setting(self, key: str, value: bytes) -> int:
        """0, or why it was not taken."""

    def delete_setting(self, key: str) -> int:
        """0, or why it was not forgotten."""

    def file_size(self, path: str) -> int | None:
        """Bytes of a file; None where there is none."""

    def read_file(self, path: str, offset: int, n: int) -> bytes:
        """At most `n` bytes of a file that is there."""


@dataclass
class OsGroup:
    """Echo, reset, parameters, the bootloader. `reset` is called once the response has gone out."""

    reset: Callable[[], None]

    def handle(self, operation: int, command: int, body: Body) -> Body:
        """See Group."""
        if command == _Os.ECHO and operation == WRITE:
            return {"r": field(body, "d", str)}
        if command == _Os.RESET and operation == WRITE:
            self.reset()
            return {}
        if command == _Os.MCUMGR_PARAMETERS and operation == READ:
            return {"buf_size": BUFFER_N, "buf_count": BUFFERS}
        if command == _Os.BOOTLOADER_INFO and operation == READ:
            return _bootloader(body.get("query"))
        raise RefusedError(MGMT_ERR.ENOTSUP)


def _bootloader(query: object) -> Body:
    if query is None:
        return {"bootloader": "MCUboot"}
    if query == "mode":
        return {"mode": 3, "no-downgrade": True}  # swap without scratch
    raise RefusedError(MGMT_ERR.ENOENT)


@dataclass
class SettingsGroup:
    """Read and write; values take effect, and last, at once, so that commit, load and save have nothing left to do."""

    store: ClipStore

    def handle(self, operation: int, command: int, body: Body) -> Body:
        """See Group."""
        if command in (_Settings.COMMIT_SETTINGS, _Settings.LOAD_SAVE_SETTINGS):
            return {}
        if command not in (_Settings.READ_WRITE_SETTING, _Settings.DELETE_SETTING):
            raise RefusedError(MGMT_ERR.ENOTSUP)
        key = field(body, "name", str)
        if len(key.encode()) > _KEY_MAX:
            raise RefusedError(SETTINGS_MGMT_ERR.KEY_TOO_LONG)
        if command == _Settings.DELETE_SETTING:
            _check(self.store.delete_setting(key), SETTINGS_MGMT_ERR.DELETE_NOT_SUPPORTED)
            return {}
        if operation == WRITE:
            _check(self.store.write_setting(key, field(body, "val", bytes)), SETTINGS_MGMT_ERR.WRITE_NOT_SUPPORTED)
            return {}
        room = field(body, "max_size", int, BUFFER_N)
        result, value = self.store.read_setting(key)
        _check(result, SETTINGS_MGMT_ERR.READ_NOT_SUPPORTED)
        return {"val": value} if len(value) <= room else {"val": value[:room], "max_size": room}


def _check(result: int, no_access: SETTINGS_MGMT_ERR) -> None:
    """Raise for a result of the clip that is not 0; `no_access` says what its keys do not take."""
    if result:
        name = RESULTS[result] if 0 <= result < len(RESULTS) else ""
        raise RefusedError(no_access if name == "access" else _RESULTS.get(name, MGMT_ERR.EUNKNOWN))


@dataclass
class FileGroup:
    """Files are read, at any offset, and never written."""

    store: ClipStore

    def handle(self, operation: int, command: int, body: Body) -> Body:
        """See Group."""
        if command == _Files.FILE_CLOSE and operation == WRITE:
            return {}
        if command == _Files.SUPPORTED_FILE_HASH_CHECKSUM_TYPES and operation == READ:
            return {"types": {"crc32": {"format": 0, "size": 4}, "sha256": {"format": 1, "size": 32}}}
        if command == _Files.FILE_DOWNLOAD_UPLOAD and operation == WRITE:
            raise RefusedError(FS_MGMT_ERR.READ_ONLY_FILESYSTEM)
        if operation != READ or command not in (
            _Files.FILE_DOWNLOAD_UPLOAD,
            _Files.FILE_STATUS,
            _Files.FILE_HASH_CHECKSUM,
        ):
            raise RefusedError(MGMT_ERR.ENOTSUP)
        path = field(body, "name", str)
        size = self.store.file_size(path)
        if size is None:
            raise RefusedError(FS_MGMT_ERR.FILE_NOT_FOUND)
        if command == _Files.FILE_STATUS:
            return {"len": size}
        offset = field(body, "off", int, 0)
        if not 0 <= offset <= size:
            raise RefusedError(FS_MGMT_ERR.FILE_OFFSET_LARGER_THAN_FILE)
        if command == _Files.FILE_HASH_CHECKSUM:
            n = field(body, "len", int, size - offset)
            return self._checked(path, offset, max(0, min(n, size - offset)), field(body, "type", str, "crc32"))
        data = self.store.read_file(path, offset, min(CHUNK_N, size - offset))
        return {"off": offset, "data": data} | ({"len": size} if offset == 0 else {})

    def _checked(self, path: str, offset: int, n: int, kind: str) -> Body:
        data = self.store.read_file(path, offset, n)
        about = {"type": kind, "len": n} | ({"off": offset} if offset else {})
        if kind == "crc32":
            return about | {"output": zlib.crc32(data)}
        if kind == "sha256":
            return about | {"output": hashlib.sha256(data).digest()}
        raise RefusedError(FS_MGMT_ERR.CHECKSUM_HASH_NOT_FOUND)
