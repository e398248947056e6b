"""Keys while a run is followed: a marker, pain, the end."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable

from trendel.app.follow import Run
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
async def keys(run: Run, stop: asyncio.Event) -> AsyncIterator[None]:
    """Keys reach `run` while this is open. Only on a terminal of Linux or macOS; elsewhere `trendel mark` does it."""
    try:
        import termios
        import tty

        fd = sys.stdin.fileno()
        before = termios.tcgetattr(fd)
    except (ImportError, OSError, ValueError, AttributeError):
        yield
        return
    except Exception as error:  # termios.error is no OSError: stdin is no terminal
        if type(error).__module__ != "termios":
            raise
        yield
        return
    reader = KeyReader(run.mark, stop.set)
    loop = asyncio.get_running_loop()

    def read() -> None:
        import os

        for letter in os.read(fd, 64).decode("utf-8", "ignore"):
            reader.press(letter)

    tty.setcbreak(fd)
    loop.add_reader(fd, read)
    try:
        yield
    finally:
        loop.remove_reader(fd)
        termios.tcsetattr(fd, termios.TCSADRAIN, before)
