"""SMP, the protocol of MCUmgr: requests in, responses out, whatever carries them. Bytes that nobody trusts.

A header `>BBHHBB` (operation and version, flags, length, group, sequence, command), then a CBOR map. What is malformed,
too long, unknown or refused is answered by an error code; nothing is raised, and memory is bounded."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any, Protocol

import cbor2
from smp.error import MGMT_ERR
from smp.file_management import FS_MGMT_ERR
from smp.image_management import IMG_MGMT_ERR
from smp.settings_management import SETTINGS_MGMT_ERR

HEADER = struct.Struct(">BBHHBB")
BUFFER_N = 2475
"""Bytes of a request or a response with its header (CONFIG_MCUMGR_TRANSPORT_NETBUF_SIZE)."""
BUFFERS = 4
READ, WRITE = 0, 2
Body = dict[str, Any]

# What a client of SMP version 1, which knows no codes of groups, is told instead.
_PLAIN = {
    FS_MGMT_ERR.FILE_NOT_FOUND: MGMT_ERR.ENOENT,
    SETTINGS_MGMT_ERR.KEY_NOT_FOUND: MGMT_ERR.ENOENT,
    IMG_MGMT_ERR.INVALID_LENGTH: MGMT_ERR.EINVAL,
    IMG_MGMT_ERR.NO_FREE_SLOT: MGMT_ERR.ENOMEM,
}


class RefusedError(Exception):
    """A request that is not granted: a code of SMP itself, or of the group."""

    def __init__(self, code: MGMT_ERR | FS_MGMT_ERR | IMG_MGMT_ERR | SETTINGS_MGMT_ERR) -> None:
        super().__init__(code.name)
        self.code = code


class Group(Protocol):
    """A group of commands."""

    def handle(self, operation: int, command: int, body: Body) -> Body:
        """The response. Raises RefusedError; KeyError, TypeError or ValueError for fields that cannot be."""


class SmpServer:
    """Answers requests. `feed` takes them in the pieces in which Bluetooth writes them."""

    def __init__(self, groups: Mapping[int, Group]) -> None:
        self._groups = groups
        self._held = bytearray()

    def forget(self) -> None:
        """The connection is lost, and with it the beginning of a request."""
        self._held.clear()

    def feed(self, data: bytes) -> list[bytes]:
        """Responses to the requests that `data` completes."""
        self._held += data
        responses = []
        while len(self._held) >= HEADER.size:
            whole = HEADER.size + HEADER.unpack_from(self._held)[2]
            if whole > BUFFER_N:
                responses.append(_response(bytes(self._held[: HEADER.size]), _error(1, 0, MGMT_ERR.EMSGSIZE)))
                self._held.clear()
            elif len(self._held) < whole:
                break
            else:
                request = bytes(self._held[:whole])
                del self._held[:whole]
                responses.append(self.answer(request))
        return responses

    def answer(self, request: bytes) -> bytes:
        """The response to a whole request, of at least a header."""
        first, _, _, group, _, command = HEADER.unpack_from(request)
        operation, version = first & 7, first >> 3 & 3
        try:
            body = self._body(operation, version, group, command, request[HEADER.size :])
        except RefusedError as refused:
            body = _error(version, group, refused.code)
        response = _response(request, body)
        if len(response) > BUFFER_N:
            response = _response(request, _error(version, group, MGMT_ERR.EMSGSIZE))
        return response

    def _body(self, operation: int, version: int, group: int, command: int, raw: bytes) -> Body:
        if version > 1:
            raise RefusedError(MGMT_ERR.UNSUPPORTED_TOO_NEW)
        if operation not in (READ, WRITE) or group not in self._groups:
            raise RefusedError(MGMT_ERR.ENOTSUP)
        try:
            body = cbor2.loads(raw) if raw else {}
        except (cbor2.CBORDecodeError, RecursionError, ValueError, OverflowError, TypeError, MemoryError):
            raise RefusedError(MGMT_ERR.EINVAL) from None
        if not isinstance(body, dict):
            raise RefusedError(MGMT_ERR.EINVAL)
        try:
            return self._groups[group].handle(operation, command, body)
        except (KeyError, TypeError, ValueError):
            raise RefusedError(MGMT_ERR.EINVAL) from None


def field(body: Body, name: str, kind: type, default: Any = None) -> Any:
    """A field of the request, of a type; `default` where it is not there. Raises RefusedError: invalid."""
    value = body.get(name, default)
    if value is None and name not in body:
        raise RefusedError(MGMT_ERR.EINVAL)
    if value is not default and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
        raise RefusedError(MGMT_ERR.EINVAL)
    return value


def _error(version: int, group: int, code: Any) -> Body:
    if isinstance(code, MGMT_ERR):
        return {"rc": int(code)}
    return {"err": {"group": group, "rc": int(code)}} if version else {"rc": int(_PLAIN.get(code, MGMT_ERR.EUNKNOWN))}


def _response(request: bytes, body: Body) -> bytes:
    first, flags, _, group, sequence, command = HEADER.unpack_from(request)
    coded = cbor2.dumps(body)
    # Versions above ours are answered in ours.
    head = (first & 7 | 1) | (min(first >> 3 & 3, 1) << 3)
    return HEADER.pack(head, flags, len(coded), group, sequence, command) + coded
