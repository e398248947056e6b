"""Keys while a run is followed: a marker, pain, the end."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Callable

from trendel.app.follow import Ending, Run
from trendel.app.marks import Mark

HINT = "m: marker   p and a digit: pain   q: end"


class KeyReader:
    """What keys in a row mean."""

    def __init__(self, mark: Callable[[Mark], None], end: Callable[[], None]) -> None:
        self._mark, self._end = mark, end
        self._is_pain = False
        self._markers_n = 0

    def press(self, letter: str) -> None:
        """Take one key."""
        if self._is_pain and letter.isascii() and letter.isdigit():
            self._mark(Mark("pain", pain=int(letter)))
        self._is_pain = letter in "pP"
        if letter in "mM ":
            self._markers_n += 1
            self._mark(Mark(f"marker {self._markers_n}"))
        elif letter in "qQ":
            self._end()


@contextlib.asynccontextmanager
async def keys(run: Run, ending: Ending) -> AsyncIterator[None]:
    """Keys reach `run` while this is open. Only on a terminal of Linux or macOS; elsewhere `trendel mark` does it."""
    fd = _terminal()
    if fd is None:
        yield
        return
    import termios
    import tty

    reader = KeyReader(run.mark, ending.ask)
    loop = asyncio.get_running_loop()

    def read() -> None:
        pressed = b""
        with contextlib.suppress(OSError):
            pressed = os.read(fd, 64)
        if not pressed:
            loop.remove_reader(fd)  # the terminal is gone
        for letter in pressed.decode("utf-8", "ignore"):
            reader.press(letter)

    before = termios.tcgetattr(fd)
    tty.setcbreak(fd)
    loop.add_reader(fd, read)
    try:
        yield
    finally:
        loop.remove_reader(fd)
        with contextlib.suppress(termios.error):
            termios.tcsetattr(fd, termios.TCSADRAIN, before)


def _terminal() -> int | None:
    """The terminal that keys come from, if there is one and it is ours: one that asks for keys from the background is
    stopped by the shell."""
    try:
        fd = sys.stdin.fileno()
        if sys.platform == "win32" or not os.isatty(fd):
            return None
    except (OSError, ValueError, AttributeError):
        return None
    try:
        return fd if os.tcgetpgrp(fd) == os.getpgrp() else None
    except OSError:
        return fd  # a terminal that controls nobody
