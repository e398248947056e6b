"""Management of a clip over the connection that its packets come by: MCUmgr's SMP, with smpclient's typed requests."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from trendel.errors import LinkError

try:
    from smpclient import SMPClient
    from smpclient.exceptions import SMPClientException
    from smpclient.generics import SMPRequest, TEr1, TEr2, TRep, error
    from smpclient.requests.file_management import FileDownload, FileStatus
    from smpclient.requests.os_management import EchoWrite, MCUMgrParametersRead
    from smpclient.requests.settings_management import DeleteSetting, ReadSetting, WriteSetting
    from smpclient.transport import SMPTransport, SMPTransportDisconnected
except ImportError:
    raise LinkError("Reading a clip's log needs smpclient: pip install 'trendel[links]'.") from None

T = TypeVar("T")
TIMEOUT_S = 2.5
"""For one answer; a sector that is erased meanwhile takes a clip 0.1 s."""
PREFIX = "trendel/"
"""Of the clip's own settings."""
NOT_THERE = ("KEY_NOT_FOUND", "ENOENT")
"""Reasons of a refusal where a setting has no value."""
_TRIES = 4
_PENDING_MAX = 4
_HEAD_N = 8
_ANSWER = 1  # what an answer's operation is beyond its request's

logging.getLogger("smpclient").addHandler(logging.NullHandler())  # its sentences are not for the terminal


class RefusedError(LinkError):
    """The clip has answered that it does not do what was asked; `reason`: its code by name, such as ENOENT."""

    def __init__(self, sentence: str, reason: str) -> None:
        super().__init__(sentence)
        self.reason = reason


class UnmanagedError(LinkError):
    """The clip that is connected offers no management."""


class Carrier(Protocol):
    """One connection, on which SMP frames can be sent. What comes back is fed to the management."""

    @property
    def piece_n(self) -> int:
        """Bytes of a frame that go in one piece."""

    async def start(self) -> None:
        """Make answers come; called before the first request."""

    async def send(self, frame: bytes) -> None:
        """Send one frame, in pieces where need be."""

    async def secure(self) -> None:
        """Do what a clip may ask for before it answers: pair with it. Called where no answer has ever come."""


@dataclass(frozen=True)
class Buffers:
    """The clip's SMP buffers: bytes of each, and how many there are."""

    size_n: int
    count: int


class _Pipe(SMPTransport):
    """Matches answers to requests by their sequence number, so that several may be under way."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier
        self._pending: dict[int, tuple[bytes, asyncio.Future[bytes]]] = {}
        self._held = bytearray()

    async def connect(self, address: str, timeout_s: float) -> None:
        """The link has done so."""

    async def disconnect(self) -> None:
        """The link does so."""

    async def send(self, data: bytes) -> None:
        await self._carrier.send(data)

    async def receive(self) -> bytes:
        raise NotImplementedError("answers are matched to requests")

    @property
    def mtu(self) -> int:
        return self._carrier.piece_n

    async def send_and_receive(self, data: bytes) -> bytes:
        """See SMPTransport; the answer whose sequence number is that of `data`."""
        sequence = data[6]
        answered: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        # Operation, group, sequence and command of the answer; its version may be an older one.
        expected = bytes([(data[0] & 7) + _ANSWER]) + data[4:8]
        self._pending[sequence] = expected, answered
        try:
            await self._carrier.send(data)
            return await answered
        finally:
            if self._pending.get(sequence, (b"", None))[1] is answered:
                del self._pending[sequence]

    def feed(self, data: bytes | bytearray) -> None:
        """Take a piece of an answer. A piece that begins an answer that is waited for begins one, whatever was held:
        then the end of another was lost."""
        if self._begins(data):
            self._held.clear()
        elif not self._held:
            return  # of an answer that nobody waits for any more
        self._held += data
        if len(self._held) < _HEAD_N:
            return
        length = _HEAD_N + int.from_bytes(self._held[2:4], "big")
        if len(self._held) < length:
            return
        whole, (_, answered) = bytes(self._held[:length]), self._pending[self._held[6]]
        self._held.clear()
        if not answered.done():
            answered.set_result(whole)

    def _begins(self, data: bytes | bytearray) -> bool:
        if len(data) < _HEAD_N:
            return False
        known = self._pending.get(data[6])
        return known is not None and known[0] == bytes([data[0] & 7]) + bytes(data[4:8])


class Management:
    """Requests to the clip at the other end of a link, over whichever connection there is now.

    Every request raises LinkError while nothing is connected, when the connection is lost under it, and when the clip
    does not answer; RefusedError where it answers that it does not. All methods are for the event loop's own thread."""

    def __init__(self, who: str) -> None:
        self._who = who
        self._error: type[LinkError] = LinkError
        self._why = f"{who}: is not connected."
        self._pipe: _Pipe | None = None
        self._carrier: Carrier | None = None
        self._client: SMPClient | None = None
        self._lost: asyncio.Future[None] | None = None
        self._starting = asyncio.Lock()
        self._buffers: Buffers | None = None
        self._unheard = False  # nothing was ever answered on this connection

    @property
    def is_connected(self) -> bool:
        """Whether requests can be made now."""
        return self._carrier is not None

    def attach(self, carrier: Carrier) -> None:
        """There is a connection."""
        self.detach("was connected anew")
        self._carrier, self._pipe, self._client, self._buffers = carrier, _Pipe(carrier), None, None
        self._lost, self._unheard = asyncio.get_running_loop().create_future(), True

    def detach(self, why: str, *, unmanaged: bool = False) -> None:
        """There is none any more: `why` goes into the error of each request under way, and of those to come.
        `unmanaged`: there is one, but on it the clip cannot be managed."""
        self._error, self._why = UnmanagedError if unmanaged else LinkError, f"{self._who}: {why}"
        lost, self._lost, self._carrier, self._pipe, self._client = self._lost, None, None, None, None
        if lost is not None and not lost.done():
            lost.set_result(None)

    def feed(self, data: bytes | bytearray) -> None:
        """Bytes of an answer have come."""
        self._unheard = False
        if self._pipe is not None:
            self._pipe.feed(data)

    async def request(self, request: SMPRequest[TRep, TEr1, TEr2], what: str, timeout_s: float = TIMEOUT_S) -> TRep:
        """The clip's answer to one of smpclient's requests; `what` is asked of it, for the error's sentence."""
        client = await self._ready()
        answer = await self._unless_lost(client.request(request, timeout_s), what)
        if error(answer):
            raise RefusedError(f"{self._who}: the clip refuses {what} ({_said(answer)}).", _code(answer))
        return answer

    async def echo(self, text: str) -> str:
        """What the clip says when it is told `text`: the same."""
        return (await self.request(EchoWrite(d=text), "an echo")).r

    async def buffers(self) -> Buffers:
        """The clip's buffers. A clip that does not say has one of 256 bytes, as small as any has."""
        if self._buffers is None:
            try:
                said = await self.ask(MCUMgrParametersRead, "its buffers")
                self._buffers = Buffers(said.buf_size, said.buf_count)
            except RefusedError:
                self._buffers = Buffers(256, 1)
        return self._buffers

    async def get(self, key: str) -> bytes:
        """The bytes of the setting trendel/`key`."""
        return (await self.ask(lambda: ReadSetting(name=PREFIX + key), f"its setting {PREFIX}{key}")).val

    async def set(self, key: str, value: bytes, timeout_s: float = TIMEOUT_S) -> None:
        """Write the setting trendel/`key`."""
        await self.request(WriteSetting(name=PREFIX + key, val=value), f"a new {PREFIX}{key}", timeout_s)

    async def delete(self, key: str) -> None:
        """Forget the setting trendel/`key`; it may not be there."""
        try:
            await self.request(DeleteSetting(name=PREFIX + key), f"to forget {PREFIX}{key}")
        except RefusedError as error:
            if error.reason not in NOT_THERE:
                raise

    async def file_length(self, path: str) -> int:
        """Bytes of a file on the clip."""
        return (await self.ask(lambda: FileStatus(name=path), path)).len

    async def read_file(self, path: str, offset: int = 0, n: int | None = None) -> bytes:
        """`n` bytes of a file from `offset` on, or all to its end; fewer where it ends before.

        As many requests are under way at once as the clip's buffers allow: answers need some of them too."""
        if n is None:
            first = await self._piece(path, offset)
            total = first.length if first.length is not None else await self.file_length(path)
            if len(first.data) >= total - offset:
                return first.data[: total - offset]
            return first.data + await self.read_file(path, offset + len(first.data), total - offset - len(first.data))
        reading = _Reading(offset, n)
        first = await self._piece(path, offset)
        reading.take(offset, first.data)
        window = min(max(1, (await self.buffers()).count // 2), _PENDING_MAX)
        workers = [asyncio.create_task(self._work(reading, path)) for _ in range(window)]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
        return reading.whole()

    async def _work(self, reading: _Reading, path: str) -> None:
        while (at := reading.next()) is not None:
            reading.take(at, (await self._piece(path, at)).data)

    async def _piece(self, path: str, offset: int) -> _Piece:
        """As much as the clip gives at once."""
        answer = await self.ask(lambda: FileDownload(off=offset, name=path), path)
        if answer.off != offset:
            raise LinkError(f"{self._who}: the clip answers with another part of {path} than asked for: update it.")
        return _Piece(answer.data, answer.len)

    async def ask(self, make: Callable[[], SMPRequest[TRep, TEr1, TEr2]], what: str) -> TRep:
        """The answer to a question, asked again where none comes: a notification may be lost."""
        for _ in range(_TRIES - 1):
            try:
                return await self.request(make(), what)
            except RefusedError:
                raise
            except LinkError:
                carrier = self._carrier
                if carrier is None:
                    raise
                if self._unheard:
                    # What is written to a clip that wants to be paired first may be dropped without a word.
                    self._unheard = False
                    await self._unless_lost(carrier.secure(), what)
        return await self.request(make(), what)

    async def _ready(self) -> SMPClient:
        async with self._starting:
            if self._client is None:
                carrier, pipe = self._carrier, self._pipe
                if carrier is None or pipe is None:
                    raise self._error(self._why)
                await self._unless_lost(carrier.start(), "to be managed")
                if pipe is not self._pipe:
                    raise self._error(self._why)
                self._client = SMPClient(pipe, self._who, TIMEOUT_S)
        return self._client

    async def _unless_lost(self, work: Awaitable[T], what: str) -> T:
        """`work`, unless the connection is lost before: some backends wait for half a minute then."""
        lost = self._lost
        task = asyncio.ensure_future(work)
        if lost is None:
            task.cancel()
            raise self._error(self._why)
        try:
            either: list[asyncio.Future[Any]] = [task, lost]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise self._error(self._why)
            return task.result()
        except LinkError:
            raise
        except (TimeoutError, SMPTransportDisconnected):
            if lost.done():
                raise self._error(self._why) from None
            raise LinkError(f"{self._who}: the clip did not answer when asked for {what}: bring it near.") from None
        except (SMPClientException, OSError, EOFError, ValueError) as failure:
            raise LinkError(
                f"{self._who}: what the clip answered about {what} is not understood ({_short(failure)})."
            ) from None
        except Exception as failure:  # bleak's errors differ by system, and it need not be installed here
            if type(failure).__module__.partition(".")[0] not in ("bleak", "serial", "bumble", "dbus_fast", "cbor2"):
                raise
            low = str(failure).lower()
            if "insufficient" in low or "auth" in low:
                raise LinkError(
                    f"{self._who}: the clip is managed by paired hosts only: press its button, and try again."
                ) from None
            raise self._error(self._why if lost.done() else f"{self._who}: {_short(failure)}.") from None
        finally:
            if not task.done():
                task.cancel()
                with contextlib.suppress(BaseException):
                    await asyncio.wait([task], timeout=0.1)


@dataclass(frozen=True)
class _Piece:
    data: bytes
    length: int | None


class _Reading:
    """Which parts of a stretch of a file are still to be asked for."""

    def __init__(self, offset: int, n: int) -> None:
        self._offset, self._bytes = offset, bytearray(n)
        self._end = offset + n
        self._ends_at = self._end
        self._next = offset
        self._step = 1
        self._again: list[tuple[int, int]] = []

    def next(self) -> int | None:
        """Where to read next; None where all has been asked for."""
        while self._again:
            at, end = self._again.pop()
            if at < min(end, self._ends_at):
                if end - at > self._step:
                    self._again.append((at + self._step, end))
                return at
        if self._next >= self._ends_at:
            return None
        at, self._next = self._next, self._next + self._step
        return at

    def take(self, at: int, data: bytes) -> None:
        """What came for `at`."""
        if not data:
            self._ends_at = min(self._ends_at, at)
            return
        if at == self._offset:
            self._step, self._next = len(data), at + len(data)
        stop = min(at + len(data), self._end)
        if stop > at:
            self._bytes[at - self._offset : stop - self._offset] = data[: stop - at]
        if len(data) < self._step:
            self._again.append((at + len(data), min(at + self._step, self._end)))

    def whole(self) -> bytes:
        return bytes(self._bytes[: self._ends_at - self._offset])


def _short(failure: BaseException) -> str:
    return (str(failure).strip().splitlines() or [type(failure).__name__])[0][:120].strip(". ")


def _code(answer: object) -> str:
    err = getattr(answer, "err", None)
    code = getattr(err, "rc", None) if err is not None else getattr(answer, "rc", None)
    return str(getattr(code, "name", code))


def _said(answer: object) -> str:
    reason = getattr(answer, "rsn", None)
    return f"{_code(answer)}: {reason}" if reason else _code(answer)
