"""A host that manages the firmware: smpclient over bleak, on the virtual air, with the pairing of a person."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from bleak import BleakClient, BleakScanner
from bleak.backends import BleakBackend
from smpclient import SMPClient
from smpclient.generics import success
from smpclient.requests.file_management import FileDownload
from smpclient.transport.ble import SMPBLETransport

from tests.device.zephyr.native import Native
from trendel.wire.packets import Faults, decode

NAME = "Trendel"


class _Paired(SMPBLETransport):
    """Pairs as soon as it is connected: smpclient's first request comes right after."""

    def __init__(self, clip: Native) -> None:
        super().__init__()
        self._clip = clip

    async def connect(self, address: str, timeout_s: float) -> None:
        """See SMPTransport."""
        await super().connect(address, timeout_s)
        self._clip.say("button")
        await asyncio.sleep(0.1)
        await self._client.pair()


@asynccontextmanager
async def managed(clip: Native, patch: pytest.MonkeyPatch, name: str = NAME) -> AsyncIterator[SMPClient]:
    """smpclient, connected, after the clip's button was pressed and a bond was made."""
    backend = clip.adapter().backend()
    patch.setattr("bleak.get_platform_client_backend_type", lambda: (backend.client, BleakBackend.BLUEZ_DBUS))
    patch.setattr("bleak.get_platform_scanner_backend_type", lambda: (backend.scanner, BleakBackend.BLUEZ_DBUS))
    async with SMPClient(_Paired(clip), name, timeout_s=20.0) as client:
        yield client


@asynccontextmanager
async def unpaired(clip: Native) -> AsyncIterator[BleakClient]:
    """A host that has no bond."""
    backend = clip.adapter().backend()
    device = await BleakScanner.find_device_by_name(NAME, 20.0, backend=backend.scanner)
    assert device is not None
    async with BleakClient(device, backend=backend.client) as client:
        yield client


def bleak_of(client: SMPClient) -> BleakClient:
    """The BleakClient beneath."""
    found: BleakClient = client._transport._client  # type: ignore[attr-defined]
    return found


async def asked(client: SMPClient, request: Any, timeout_s: float = 20.0) -> Any:
    """The answer to a request, which must be one of success."""
    answer = await client.request(request, timeout_s)
    assert success(answer), answer
    return answer


async def read_file(client: SMPClient, path: str, at: int = 0, n: int | None = None) -> bytes:
    """A file of the clip, or `n` bytes of it from `at` on."""
    got = b""
    while n is None or len(got) < n:
        answer = await client.request(FileDownload(name=path, off=at + len(got)), 20.0)
        if not success(answer) or not answer.data:
            break
        got += bytes(answer.data)
        if answer.len is not None and at + len(got) >= answer.len:
            break
    return got if n is None else got[:n]


async def fault_counters(client: SMPClient) -> dict[str, int]:
    """The clip's fault counters by name."""
    packet = decode(await read_file(client, "/faults"))
    assert isinstance(packet, Faults)
    return packet.named()
