"""`usb:PORT`: a clip on a serial port (USB CDC-ACM), packets in COBS frames with CRC-32."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trendel.clock import Clock
from trendel.errors import LinkError
from trendel.links.held import HeldLink, Patience
from trendel.links.moniker import Moniker
from trendel.wire.framing import SerialFramer
from trendel.wire.gatt import USB_PRODUCT

try:
    import serial
    from serial.tools import list_ports
except ImportError:
    raise LinkError("USB needs pyserial: pip install 'trendel[links]'.") from None

if TYPE_CHECKING:
    from trendel.links.usb_smp import SmpPort

_WAIT_S = 0.2  # how long a read waits, and with it a close
_READ_N = 65_536
_BUSY = (errno.EBUSY, errno.EAGAIN, errno.EWOULDBLOCK)


@dataclass(frozen=True)
class Port:
    """A serial port with a clip on it."""

    path: str
    product: str
    serial_number: str


def clip_ports() -> list[Port]:
    """The streams of clips: ports whose USB product says so. Each clip has a second port behind it, to be managed."""
    clips: dict[str, Port] = {}
    for found in sorted(list_ports.comports(), key=lambda port: (len(port.device), port.device)):
        if (found.product or "").startswith(USB_PRODUCT):
            serial_number = found.serial_number or ""
            clips.setdefault(serial_number or found.device, Port(found.device, found.product, serial_number))
    return list(clips.values())


class UsbLink(HeldLink):
    """A thread reads, the event loop takes frames apart. After unplugging, the same port (or, where none was named,
    whichever port has a clip) is opened again."""

    def __init__(self, moniker: Moniker, clock: Clock, *, patience: Patience | None = None) -> None:
        super().__init__(moniker, clock, patience or Patience())
        self._framer = SerialFramer(self.counts)
        self._port: serial.Serial | None = None
        self._thread: threading.Thread | None = None
        self._smp: SmpPort | None = None
        self._let = threading.Event()  # set: the thread of now may end, and what it still says is not heard

    async def _reach(self) -> str:
        path = self.moniker.target or _only_port()
        self._port = await asyncio.to_thread(_opened, path)
        self._feed(self._framer, b"\0", self.clock.now_ns())  # what was cut before is given up, and counted
        self._let = threading.Event()
        arguments = (self._port, self._let, asyncio.get_running_loop())
        self._thread = threading.Thread(target=self._read, args=arguments, name=f"read {path}", daemon=True)
        self._thread.start()
        await self._find_management(path)
        return f"The clip on {path}"

    async def _find_management(self, path: str) -> None:
        try:
            from trendel.links.usb_smp import SmpPort, smp_port_of
        except ImportError:  # without smpclient; said when something is asked
            return
        found = await asyncio.to_thread(smp_port_of, path)
        self._smp = None if found is None else SmpPort(found, self._answered)
        self._manages(self._smp, "the clip offers no management on USB.", offers=found is not None)

    async def _let_go(self) -> None:
        self._let.set()
        smp, self._smp = self._smp, None
        if smp is not None:
            await smp.close()
        port, thread, self._port, self._thread = self._port, self._thread, None, None
        if port is not None:
            # Closed when the thread has seen it: a descriptor closed under a read may by then be another file's.
            port.cancel_read()
        if thread is not None:
            await asyncio.to_thread(thread.join, 10 * _WAIT_S)
        if port is not None:
            await asyncio.to_thread(_closed, port)

    def _read(self, port: serial.Serial, let: threading.Event, loop: asyncio.AbstractEventLoop) -> None:
        """The thread: until the port fails or is let go."""
        try:
            while not let.is_set():
                data = port.read(1)
                if data:
                    data += port.read(min(port.in_waiting, _READ_N))
                    loop.call_soon_threadsafe(self._take, let, data, self.clock.now_ns())
        except (serial.SerialException, OSError, TypeError) as error:  # TypeError: closed under a read
            why = f"The clip on {port.name} is gone ({_plain(error)}); it is looked for again."
            if not let.is_set():
                loop.call_soon_threadsafe(self._fails, let, why)

    def _take(self, let: threading.Event, data: bytes, time_ns: int) -> None:
        if not let.is_set():
            self._feed(self._framer, data, time_ns)

    def _fails(self, let: threading.Event, why: str) -> None:
        if not let.is_set():
            self._is_lost(why)


def _only_port() -> str:
    ports = clip_ports()
    if not ports:
        raise LinkError("No clip is on USB: plug it in, or name its port (usb:/dev/ttyACM0, usb:COM3).")
    if len(ports) > 1:
        names = ", ".join(f"{port.path} ({port.serial_number})" for port in ports)
        raise LinkError(f"Several clips are on USB ({names}): name one port, such as usb:{ports[0].path}.")
    return ports[0].path


def _opened(path: str) -> serial.Serial:
    try:
        # Of USB the rate means nothing; a port that somebody else reads would give each of them half of the bytes.
        port = serial.Serial(None, 2_000_000, timeout=_WAIT_S, exclusive=True)
        port.port = path
        # pyserial ends its opening by throwing away what has come: a hello that the clip sends at DTR would be lost.
        port.dtr = False
        port.open()
        with contextlib.suppress(OSError):  # a pty has no such line
            port.dtr = True
        return port
    except (serial.SerialException, OSError, ValueError) as error:
        raise LinkError(_sentence(path, error)) from None


def _sentence(path: str, error: Exception) -> str:
    number = getattr(error, "errno", None)
    said = str(error).lower()
    if number in _BUSY or "exclusively lock" in said:
        return f"{path} is in use by another program: close it and try again."
    if number == errno.EACCES or "permission" in said or "access is denied" in said:
        return (
            f"{path} may not be opened by this user: close other programs that use it; on Linux join the group that "
            f"`ls -l {path}` shows (often dialout) and log in again."
        )
    if number in (errno.ENOENT, errno.ENXIO, errno.ENODEV) or "cannot find the file" in said:
        return f"{path} is not there: plug the clip in, or see which ports there are with `trendel scan`."
    return f"{path} cannot be opened ({_plain(error)}): see that it is the clip's serial port."


def _plain(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).strip(".").lower() or type(error).__name__


def _closed(port: serial.Serial) -> None:
    try:
        port.close()
    except (serial.SerialException, OSError):
        return  # unplugged: there is nothing to be given back
