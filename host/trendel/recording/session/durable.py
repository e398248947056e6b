"""A file that only grows, and whose bytes wait in memory until they are safely on the disk."""

import contextlib
import os
from pathlib import Path
from threading import Lock

from trendel.errors import SessionError, reason

_COPY_BYTES = 1 << 20


class DurableFile:
    """Bytes given to `write` are kept until `sync` has them on the disk, in order and without a hole.

    What fails is tried again at the next `sync`, so a disk that fills up and is freed again loses nothing. `sync` may
    run in a thread of its own beside `write`."""

    def __init__(self, path: Path, *, insist: bool) -> None:
        """Make the file `path`. Raises SessionError where that fails, and where it exists already; with `insist` only
        for the latter, and every `sync` tries again."""
        self.path = path
        self._fd: int | None = None
        self._is_closed = False
        self._safe_n = 0
        self._pending: list[bytes] = []
        self._taken_n = 0
        self._lock = Lock()
        try:
            self._open()
        except FileExistsError:
            raise SessionError(
                f"{path.name}: exists already: choose another name; a session is never overwritten."
            ) from None
        except OSError as error:
            if not insist:
                raise SessionError(
                    f"{path.name}: cannot be made in {path.absolute().parent} ({reason(error)}): choose another folder."
                ) from None

    @property
    def pending_n(self) -> int:
        """Bytes that are in memory only."""
        return self._taken_n - self._safe_n

    def write(self, data: bytes) -> int:
        """Take `data`; never fails."""
        with self._lock:
            if data:
                self._pending.append(bytes(data))
                self._taken_n += len(data)
        return len(data)

    def tell(self) -> int:
        """Bytes taken so far."""
        return self._taken_n

    def flush(self) -> None:
        """Nothing: `sync` decides when bytes go to the disk."""

    def sync(self) -> OSError | None:
        """Bring what waits to the disk (write and fsync); what went wrong, where something did."""
        with self._lock:
            waiting = list(self._pending)
        try:
            if self._fd is None:
                self._open()
            elif self._is_gone():
                self._move(self.path)
            fd = self._fd
            assert fd is not None
            if waiting:
                # Always from the last byte known to be safe: after a failed fsync nobody knows what is on the disk.
                os.lseek(fd, self._safe_n, os.SEEK_SET)
                for data in waiting:
                    _write_all(fd, data)
                os.fsync(fd)
        except OSError as error:
            return error
        with self._lock:
            del self._pending[: len(waiting)]
            self._safe_n += sum(map(len, waiting))
        return None

    def move_to(self, path: Path) -> None:
        """Go on in the new file `path`, with everything so far; the old file stays as it is.

        Raises SessionError where `path` exists or cannot be written."""
        try:
            self._move(path)
        except FileExistsError:
            raise SessionError(f"{path.name}: exists already: choose another name.") from None
        except OSError as error:
            raise SessionError(f"{path}: cannot be written ({reason(error)}): choose another place.") from None

    def close(self) -> OSError | None:
        """`sync`, and let go of the file; what went wrong, where something did. Nothing is dropped from memory."""
        error = None if self._is_closed else self.sync()
        if self._fd is not None and error is None:
            os.close(self._fd)
            self._fd, self._is_closed = None, True
        return error

    def abandon(self) -> None:
        """Remove the file and forget what waits."""
        self._pending.clear()
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
        with contextlib.suppress(OSError):
            self.path.unlink()

    def _open(self) -> None:
        # Read too, so that the content can be carried elsewhere when the name is gone.
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
        self._fd = os.open(self.path, flags, 0o644)
        sync_folder(self.path.absolute().parent)

    def _is_gone(self) -> bool:
        """Whether the name no longer leads to the file (moved away, deleted, disk pulled out)."""
        assert self._fd is not None
        try:
            return not os.path.samestat(self.path.stat(), os.fstat(self._fd))
        except FileNotFoundError:
            return True

    def _move(self, path: Path) -> None:
        old, old_path = self._fd, self.path
        self._fd, self.path = None, path
        try:
            self._open()
            assert self._fd is not None
            done = 0
            while old is not None and done < self._safe_n:
                os.lseek(old, done, os.SEEK_SET)
                data = os.read(old, min(_COPY_BYTES, self._safe_n - done))
                if not data:
                    raise OSError(5, "the part already written cannot be read back")
                _write_all(self._fd, data)
                done += len(data)
            os.fsync(self._fd)
        except OSError:
            if self._fd is not None:
                os.close(self._fd)
                with contextlib.suppress(OSError):
                    path.unlink()
            self._fd, self.path = old, old_path
            raise
        if old is not None:
            os.close(old)


def sync_folder(folder: Path) -> None:
    """Make new names in `folder` survive a power cut, where the system can do that."""
    with contextlib.suppress(OSError):
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
