"""Management over USB: a clip's second serial port speaks SMP, as MCUmgr's console does."""

from __future__ import annotations

import asyncio
import binascii
import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import serial
from serial.tools import list_ports
from smp.exceptions import SMPException
from smp.packet import CONTINUE_DELIMITER, START_DELIMITER, decode, encode

from trendel.errors import LinkError
from trendel.wire.gatt import USB_PRODUCT

_WAIT_S = 0.2
_WRITE_S = 2.0
_LINE_N = 4096
_LINE_LENGTH = 127
PTY_SUFFIX = "-smp"
"""What the management port of a simulated clip is called, behind the name of its stream's."""


def smp_port_of(path: str) -> str | None:
    """The management port of the clip whose stream is at `path`; None where there is none."""
    real = os.path.realpath(path)
    found = [port for port in list_ports.comports() if (port.product or "").startswith(USB_PRODUCT)]
    own = next((port for port in found if path in (port.device, port.name) or port.device == real), None)
    if own is None:
        return path + PTY_SUFFIX if Path(path + PTY_SUFFIX).exists() else None
    same = [port for port in found if port.serial_number == own.serial_number and port.device != own.device]
    return min((port.device for port in same), default=None)


class Lines:
    """SMP frames from lines of base64; noise and torn messages are skipped."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._message: object | None = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The frames that `data` completes."""
        for part in data.splitlines(keepends=True):
            self._line += part
            if part.endswith(b"\n"):
                line, self._line = bytes(self._line), bytearray()
                frame = self._take(line)
                if frame is not None:
                    yield frame
            elif len(self._line) > _LINE_N:
                self._line.clear()

    def _take(self, line: bytes) -> bytes | None:
        at = line.find(START_DELIMITER)
        if at >= 0:
            message = decode()
            next(message)
            self._message, line = message, line[at:]
        elif self._message is None or not line.startswith(CONTINUE_DELIMITER):
            return None
        try:
            self._message.send(line)  # type: ignore[attr-defined]
        except StopIteration as whole:
            self._message = None
            return bytes(whole.value)
        except (SMPException, binascii.Error, ValueError, IndexError):
            self._message = None
        return None


class SmpPort:
    """SMP on a serial port of its own: see management.Carrier. It is opened with the first request."""

    piece_n = 1024

    def __init__(self, path: str, feed: Callable[[bytes], None]) -> None:
        self._path, self._feed = path, feed
        self._port: serial.Serial | None = None
        self._thread: threading.Thread | None = None
        self._let = threading.Event()
        self._sending = asyncio.Lock()

    async def start(self) -> None:
        """See Carrier."""
        try:
            self._port = await asyncio.to_thread(self._opened)
        except (serial.SerialException, OSError, ValueError) as error:
            raise LinkError(f"{self._path}, by which the clip is managed, cannot be opened: {error}.") from None
        arguments = (self._port, asyncio.get_running_loop())
        self._thread = threading.Thread(target=self._read, args=arguments, name=f"read {self._path}", daemon=True)
        self._thread.start()

    async def send(self, frame: bytes) -> None:
        """See Carrier. The line end before it ends what noise may have begun."""
        port = self._port
        if port is None:
            raise LinkError(f"{self._path} is not open.")
        async with self._sending:
            await asyncio.to_thread(port.write, b"\n" + b"".join(encode(frame, _LINE_LENGTH)))

    async def secure(self) -> None:
        """See Carrier: a cable is secure."""

    async def close(self) -> None:
        """Let the port go; raises nothing."""
        self._let.set()
        port, thread, self._port, self._thread = self._port, self._thread, None, None
        if port is not None:
            port.cancel_read()
        if thread is not None:
            await asyncio.to_thread(thread.join, 10 * _WAIT_S)
        if port is not None:
            with contextlib.suppress(serial.SerialException, OSError):
                await asyncio.to_thread(port.close)

    def _opened(self) -> serial.Serial:
        port = serial.Serial(None, 2_000_000, timeout=_WAIT_S, write_timeout=_WRITE_S, exclusive=True)
        port.port = self._path
        port.dtr = False
        port.open()
        with contextlib.suppress(OSError):  # a pty has no such line
            port.dtr = True
        return port

    def _read(self, port: serial.Serial, loop: asyncio.AbstractEventLoop) -> None:
        lines = Lines()
        with contextlib.suppress(serial.SerialException, OSError, TypeError, RuntimeError):
            while not self._let.is_set():
                data = port.read(1)
                if data:
                    data += port.read(port.in_waiting)
                    for frame in lines.feed(data):
                        loop.call_soon_threadsafe(self._heard, frame)

    def _heard(self, frame: bytes) -> None:
        if not self._let.is_set():
            self._feed(frame)
