"""The simulated clip for other processes: the virtual controller of each host by HCI, or a pair of serial ports."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bumble.core import InvalidPacketError
from bumble.transport import open_transport
from bumble.transport.common import PacketParser

from trendel.errors import LinkError
from trendel.links.sim.bench import Bench

_READ_N = 4096
FORMS = "tcp-server:HOST:PORT, unix-server:PATH, vhci, pty or pty:PATH"


@asynccontextmanager
async def hci_served(bench: Bench, transport: str) -> AsyncIterator[str]:
    """While this is entered, every host that connects finds a Bluetooth controller in the clip's air; how to reach it.

    Raises LinkError where the address cannot be taken."""
    scheme, _, rest = transport.partition(":")
    if scheme == "vhci":
        async with _kernel(bench):
            yield "the system's own Bluetooth, as one more adapter"
        return
    hosts: set[asyncio.Task[None]] = set()

    def host(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(_serve(bench, reader, writer))
        hosts.add(task)
        task.add_done_callback(hosts.discard)

    try:
        if scheme == "unix-server" and rest and hasattr(asyncio, "start_unix_server"):
            server = await asyncio.start_unix_server(host, rest)
            way = f"TRENDEL_BLE=bumble:unix:{rest}"
        elif scheme == "tcp-server" and rest.rpartition(":")[2].isdecimal():
            name, _, port = rest.rpartition(":")
            server = await asyncio.start_server(host, name.strip("[]") or "127.0.0.1", int(port))
            taken = server.sockets[0].getsockname()
            way = f"TRENDEL_BLE=bumble:tcp-client:{taken[0]}:{taken[1]}"
        else:
            raise LinkError(f"{transport[:80]} is no transport of the simulated clip: use {FORMS}.")
    except (OSError, OverflowError) as error:
        raise LinkError(f"{transport}: cannot be served ({error}): choose another address.") from None
    try:
        yield way
    finally:
        server.close()
        for task in list(hosts):
            task.cancel()
        await asyncio.gather(*hosts, return_exceptions=True)


async def _serve(bench: Bench, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A host, until it goes."""

    class Sink:
        def on_packet(self, packet: bytes) -> None:
            writer.write(packet)

    controller = bench.join()
    controller.set_packet_sink(Sink())
    parser = PacketParser(controller)
    try:
        while data := await reader.read(_READ_N):
            parser.feed_data(data)
    except (OSError, InvalidPacketError) as error:
        logging.getLogger(__name__).info("a host is gone: %s", error)
    finally:
        bench.air.leave(controller)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


@asynccontextmanager
async def _kernel(bench: Bench) -> AsyncIterator[None]:
    """A controller for Linux' own Bluetooth, through /dev/vhci."""
    try:
        transport = await open_transport("vhci")
    except OSError as error:
        raise LinkError(
            f"/dev/vhci cannot be opened ({error.strerror}): it needs Linux, `modprobe hci_vhci`, and root."
        ) from None
    controller = bench.join()
    controller.set_packet_sink(transport.sink)
    transport.source.set_packet_sink(controller)
    try:
        yield
    finally:
        bench.air.leave(controller)
        await transport.close()


def pty_path(transport: str, folder: Path) -> Path | None:
    """Where the serial ports of a `pty` transport are to be, in `folder` where it names none; None for others.

    Raises LinkError where the system has no pseudo-terminals."""
    scheme, _, rest = transport.partition(":")
    if scheme != "pty":
        return None
    if not hasattr(os, "openpty"):
        raise LinkError("This system has no pseudo-terminals: use tcp-server:HOST:PORT.")
    return Path(rest) if rest else folder / "clip"
