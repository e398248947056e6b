"""Listening to a clip while it is managed: its newest hello and status, its blocks, what becomes of the link."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from trendel.errors import LinkError
from trendel.links.protocol import Change, Event, Link
from trendel.wire.layout import EVENTS, KIND_EVENT, KIND_STATUS
from trendel.wire.packets import Hello, ImuBlock, RecordBlock
from trendel.wire.receiver import Receiver

HELLO_S = 15.0
_POLL_S = 0.05


@dataclass
class Listening:
    """What was heard.

    Attributes:
        receiver: takes the packets. hello: the newest; None before the first.
        status: columns of the newest status of this boot, by name; empty before the first.
        blocks: (host time in ns, block) of this boot, while `keeps_blocks`.
        selftest: what the clip has reported of its own self-test in this boot, 0 passed; None: nothing.
        changes: what became of the link.
    """

    link: Link
    receiver: Receiver = field(default_factory=Receiver)
    hello: Hello | None = None
    status: dict[str, float] = field(default_factory=dict)
    blocks: list[tuple[int, ImuBlock]] = field(default_factory=list)
    keeps_blocks: bool = False
    selftest: int | None = None
    changes: list[Change] = field(default_factory=list)
    ended: bool = False
    _heard: bool = False  # a hello on the connection that there is now

    def take(self, event: Event) -> None:
        """What the link gives."""
        if isinstance(event, Change):
            self.changes.append(event)
            self._heard = self._heard and event.state not in ("lost", "connected")
            return
        packet = event.received.packet
        self.receiver.take(packet)
        if isinstance(packet, Hello):
            if self.hello is None or self.hello.boot_n != packet.boot_n:
                self.status, self.selftest = {}, None
                self.blocks.clear()
            self.hello, self._heard = packet, True
        elif isinstance(packet, ImuBlock) and self.keeps_blocks:
            self.blocks.append((event.time_ns, packet))
        elif isinstance(packet, RecordBlock):
            self._record(packet)

    def _record(self, block: RecordBlock) -> None:
        layout, kind = self.receiver.layout_of(block), int(block.header["kind"])
        if layout is None or kind not in (KIND_STATUS, KIND_EVENT):
            return
        columns = layout.physical(block)
        if kind == KIND_STATUS:
            self.status = {name: float(values[-1]) for name, values in columns.items()}
        elif "detail" in columns and (found := _selftests(columns["code"], columns["detail"])):
            self.selftest = found[-1]

    async def hello_within(self, seconds: float = HELLO_S, *, not_of: int | None = None) -> Hello:
        """The hello of the connection that there is, once it is there, of another boot than `not_of`.

        Raises LinkError where none comes."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self._heard or self.hello is None or self.hello.boot_n == not_of:
                    if self.ended:
                        break
                    await asyncio.sleep(_POLL_S)
        if not self._heard or self.hello is None or self.hello.boot_n == not_of:
            raise LinkError("What is connected does not say that it is a clip: see `trendel scan`.")
        return self.hello

    async def status_within(self, seconds: float) -> dict[str, float]:
        """The newest status, once there is one; empty where none comes."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self.status and not self.ended:
                    await asyncio.sleep(_POLL_S)
        return self.status


def _selftests(codes: NDArray[np.generic], details: NDArray[np.generic]) -> list[int]:
    wanted = EVENTS.index("selftest")
    return [int(detail) for code, detail in zip(codes, details, strict=True) if int(code) == wanted]


@contextlib.asynccontextmanager
async def listening(link: Link) -> AsyncIterator[Listening]:
    """Listen to an opened link while this is entered; its events are taken from nobody else."""
    found = Listening(link)

    async def listen() -> None:
        async for event in link.events():
            found.take(event)
        found.ended = True

    task = asyncio.create_task(listen())
    try:
        yield found
        if task.done():
            task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
