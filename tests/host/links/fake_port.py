"""A clip on a serial port: the far end of a pty, which drops what a full buffer does not take, as CDC-ACM does."""

from __future__ import annotations

import contextlib
import errno
import os
import tty
from pathlib import Path

from trendel.wire.framing import frame


class FakePort:
    """A port at `path` (a link to the pty's own name), that can be unplugged and plugged in again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.dropped_n = 0
        self._far = -1
        self.plug()

    def plug(self) -> None:
        """The clip is there."""
        self._far, near = os.openpty()
        tty.setraw(near)
        self.path.unlink(missing_ok=True)
        self.path.symlink_to(os.ttyname(near))
        os.set_blocking(self._far, False)
        os.close(near)

    def unplug(self) -> None:
        """The clip is gone."""
        if self._far >= 0:
            os.close(self._far)
            self._far = -1
        self.path.unlink(missing_ok=True)

    def send(self, raw: bytes) -> bool:
        """A packet, framed; False where there was no room for all of it."""
        return self.write(frame(raw))

    def write(self, data: bytes) -> bool:
        """Bytes as they are."""
        taken = 0
        with contextlib.suppress(BlockingIOError):
            taken = os.write(self._far, data)
        self.dropped_n += len(data) - taken
        return taken == len(data)

    def read(self) -> bytes:
        """What the host has written."""
        try:
            return os.read(self._far, 65_536)
        except OSError:
            return b""

    def is_read(self) -> bool:
        """Whether somebody has the port open."""
        try:
            os.read(self._far, 1)
        except OSError as error:
            return error.errno != errno.EIO
        return True
