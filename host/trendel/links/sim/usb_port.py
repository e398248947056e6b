"""The simulated clip's USB: two serial ports, as pseudo-terminals. One streams packets, the other speaks SMP.

A composite device with two CDC-ACM functions, so that a client of SMP needs to know nothing of Trendel's packets. What
a full port does not take is refused, and waits on the clip."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import tty
from pathlib import Path

from trendel.links.sim.console import SmpConsole, framed
from trendel.links.sim.outlet import Outlet
from trendel.wire.framing import frame
from trendel.wire.layout import STORED_MAX

READY_S = 0.2
"""A pty has no DTR, by which a clip knows that opening its port is done: pyserial throws away what comes before."""
_READ_N = 4096
_TAKEN_N = 8


class _Pty:
    """The far end of a pty that `path` links to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._far = -1
        self._held = bytearray()

    @property
    def plugged(self) -> bool:
        return self._far >= 0

    def plug(self) -> None:
        self._far, near = os.openpty()
        tty.setraw(near)
        self.path.unlink(missing_ok=True)
        self.path.symlink_to(os.ttyname(near))
        os.set_blocking(self._far, False)
        os.close(near)

    def unplug(self) -> None:
        if self._far >= 0:
            os.close(self._far)
            self._far = -1
            self._held.clear()
            self.path.unlink(missing_ok=True)

    def read(self) -> bytes | None:
        """What came; None while nobody has the port open."""
        if self._far < 0:
            return None
        try:
            return os.read(self._far, _READ_N)
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EWOULDBLOCK):
                return b""
            self._held.clear()
            return None

    def write(self, data: bytes) -> None:
        """What does not fit at once is held."""
        self._held += data
        self.flush()

    def flush(self) -> bool:
        """Whether nothing is held any more."""
        with contextlib.suppress(BlockingIOError, OSError):
            while self._held and self._far >= 0:
                n = os.write(self._far, self._held)
                del self._held[:n]
        return not self._held


class UsbPort(Outlet):
    """The stream at `path`, SMP at the same with `-smp` behind it. See Outlet."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self._stream, self._smp = _Pty(path), _Pty(self.smp_path)
        self._console = SmpConsole()
        self._opened_s: float | None = None
        self._on = False

    @property
    def payload_n(self) -> int:
        """See Outlet."""
        return STORED_MAX

    @property
    def waiting_n(self) -> int:
        """See Outlet: what the pty has taken is on its way."""
        return 0

    @property
    def smp_path(self) -> Path:
        """Of the second port."""
        return self.path.with_name(self.path.name + "-smp")

    @property
    def room_n(self) -> int:
        """See Outlet: some, while the pty takes them at once."""
        return _TAKEN_N if self.subscribed and self._stream.flush() else 0

    def send(self, packet: bytes) -> None:
        """See Outlet."""
        if not self.loses(packet):
            self._stream.write(frame(packet))

    def answer(self, response: bytes) -> None:
        """See Outlet."""
        self._smp.write(framed(response))

    async def switch_on(self) -> None:
        """See Outlet."""
        self._stream.plug()
        self._smp.plug()
        self._on = True

    async def switch_off(self) -> None:
        """See Outlet."""
        self._stream.unplug()
        self._smp.unplug()
        self._on = False
        self._opened_s = None
        self._is_read(False)

    async def advertise(self) -> None:
        """See Outlet: nothing is advertised over a cable."""

    def reach(self, within: bool, now_s: float) -> None:
        """See Outlet: out of reach is unplugged."""
        if self._on and within != (self._stream.plugged):
            for port in (self._stream, self._smp):
                port.plug() if within else port.unplug()

    async def event(self, now_s: float) -> None:
        """See Outlet."""
        self._stream.flush()
        self._smp.flush()
        opened = self._stream.read() is not None
        now_s = asyncio.get_running_loop().time()  # of the host, whose opening takes its own time
        self._opened_s = (now_s if self._opened_s is None else self._opened_s) if opened else None
        self._is_read(self._opened_s is not None and now_s - self._opened_s >= READY_S)
        for request in self._console.feed(self._smp.read() or b""):
            self.on_request(request)

    def _is_read(self, now: bool) -> None:
        if now != self.subscribed:
            self.connected = self.subscribed = now
            self.on_host()
