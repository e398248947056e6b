"""The firmware as a Linux process, its Bluetooth joined to a virtual air in which hosts of this process are.

Zephyr's own stack runs in the process; only controller and radio are bumble's. Its flash is a file, so that it keeps
over restarts what a clip keeps, and MCUboot (built for Linux too) works on the same file in between."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bumble.core import InvalidPacketError
from bumble.transport.common import AsyncPipeSink, PacketParser

from trendel.links.sim.air import INTERVAL_S, Air, AirController
from trendel.links.sim.backend import Adapter
from trendel.wire.layout import RESETS

ROOT = Path(__file__).resolve().parents[3]
FIRMWARE = ROOT / "build" / "firmware"
PROGRAM = FIRMWARE / "native_sim" / "zephyr" / "zephyr.exe"
BOOTLOADER = FIRMWARE / "native_sim_mcuboot" / "zephyr" / "zephyr.exe"
KEY = FIRMWARE / "signing-key.pem"
CLIP_ADDRESS = "C0:FF:EE:00:00:01/P"
REBOOTED = 64
"""Exit code of the program that asks to be started again."""
SOFTWARE = RESETS.index("software")
_READ_N = 500  # bytes under way to Zephyr at a time: 3.4 loses a packet that its read of 512 bytes cuts
_PACE_S = 0.001
_BOOT_S = 10.0

WHY_NOT = (
    "ZEPHYR_BASE is not set: there is no firmware to test (docs/firmware.md)"
    if not os.environ.get("ZEPHYR_BASE")
    else ""
    if PROGRAM.exists() and BOOTLOADER.exists()
    else "the firmware is not built: make firmware"
)
needs_firmware = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)


class NativeError(Exception):
    """The process did not do what it should; with its last words."""


@dataclass
class Native:
    """A clip. `flash`: the file that is its flash. `counts`: (n, 6) int16 for its IMU, each `dt_ns`; else it rests.
    `speed`: so many times as fast as life."""

    folder: Path
    counts: np.ndarray | None = None
    dt_ns: float = 1e9 / 208.0
    serial: int = 1
    speed: float = 1.0
    air: Air = field(default_factory=Air)
    said: list[str] = field(default_factory=list)
    _process: asyncio.subprocess.Process | None = None
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    _hosts_n: int = 0
    _up: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def flash(self) -> Path:
        """The flash: MCUboot's slots, settings, log."""
        return self.folder / "flash.bin"

    async def open(self) -> None:
        """The air, without the clip."""
        self._server = await asyncio.start_server(self._hci, "127.0.0.1", 0)
        self._keep(self._time())
        if self.counts is not None:
            np.ascontiguousarray(self.counts, "<i2").tofile(self.folder / "imu.bin")

    async def start(self, reset: int = 1) -> None:
        """Switch it on; `reset` is the reason that it sees. Returns when its radio is up."""
        if self._server is None:
            await self.open()
        assert self._server is not None
        port = self._server.sockets[0].getsockname()[1]
        command = [PROGRAM, f"--bt-dev=127.0.0.1:{port}", f"--flash={self.flash}", f"--serial={self.serial}"]
        command += [f"--reset={reset}", f"--rt-ratio={self.speed}"]
        if self.counts is not None:
            command += [f"--imu={self.folder / 'imu.bin'}", f"--imu-dt={self.dt_ns}"]
        self._up.clear()
        self._process = await asyncio.create_subprocess_exec(
            *map(str, command),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=self.folder,
        )
        self._keep(self._listen(self._process))
        try:
            await asyncio.wait_for(self._up.wait(), _BOOT_S)
        except TimeoutError:
            raise NativeError(self.last_words()) from None

    def say(self, words: str) -> None:
        """One of the words of src/native/control.c."""
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write(words.encode() + b"\n")

    async def exited(self, timeout_s: float = 10.0) -> int:
        """Its exit code, once it has ended by itself."""
        assert self._process is not None
        return await asyncio.wait_for(self._process.wait(), timeout_s)

    async def kill(self) -> None:
        """Power is gone, without a warning."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        self._process = None

    async def stop(self) -> None:
        """The clip is switched off, and the air is gone."""
        await self.kill()
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.returncode is None

    def last_words(self) -> str:
        """What it printed last."""
        return "\n".join(self.said[-20:])

    def adapter(self, keystore: str | None = None) -> Adapter:
        """One more host's Bluetooth. `keystore`: unused by default, bonds are forgotten."""

        async def opened() -> tuple[Any, Any, Callable[[], Awaitable[None]]]:
            self._hosts_n += 1
            address = f"F0:00:00:00:00:{self._hosts_n:02X}"
            controller = self.air.join(f"host {self._hosts_n}", address)

            async def closed() -> None:
                self.air.leave(controller)

            return controller, AsyncPipeSink(controller), closed

        return Adapter(opened, "The virtual Bluetooth")

    def _keep(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _time(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self.air.event(loop.time())
            await asyncio.sleep(INTERVAL_S / 2 / self.speed)

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            words = line.decode(errors="replace").rstrip()
            self.said.append(words)
            if "radio is up" in words:
                self._up.set()

    async def _hci(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The clip's controller, as long as its process runs."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        waiting: asyncio.Queue[bytes] = asyncio.Queue()

        class Sink:
            def on_packet(self, packet: bytes) -> None:
                waiting.put_nowait(packet)

        port: int = writer.get_extra_info("peername")[1]

        async def paced() -> None:
            while True:
                packet = await waiting.get()
                while _unread_n(port) + len(packet) > _READ_N:
                    await asyncio.sleep(_PACE_S)
                writer.write(packet)

        controller: AirController = self.air.join("clip", CLIP_ADDRESS)
        controller.set_packet_sink(Sink())
        parser = PacketParser(controller)
        pacing = asyncio.create_task(paced())
        try:
            while data := await reader.read(4096):
                parser.feed_data(data)
        except (OSError, InvalidPacketError) as error:
            self.said.append(f"HCI: {error}")
        finally:
            pacing.cancel()
            self.air.leave(controller)
            self._tasks.discard(task)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


def _unread_n(port: int) -> int:
    """Bytes that have arrived at a TCP port of this machine and were not read yet (Linux, IPv4)."""
    wanted = f"0100007F:{port:04X}"
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1] == wanted:
            return int(fields[4].partition(":")[2], 16)
    return 0


@asynccontextmanager
async def running(folder: Path, **options: Any) -> AsyncIterator[Native]:
    """A clip that is switched on. What it last said comes with whatever fails."""
    clip = Native(folder, **options)
    try:
        await clip.start()
        yield clip
        if not clip.alive:
            raise NativeError(f"the program has ended:\n{clip.last_words()}")
    except BaseException as error:
        error.add_note(clip.last_words())
        raise
    finally:
        await clip.stop()
