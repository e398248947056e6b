"""Reaching one clip for a command: the link opened, its hello heard, its management there; and then let go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from trendel.app.follow import Ending, open_unless, stopped_by_signals
from trendel.errors import LinkError
from trendel.links import Link, make_link
from trendel.links.intake import clip_name
from trendel.links.listening import HELLO_S, Listening, listening
from trendel.links.management import Management
from trendel.wire.packets import Hello

T = TypeVar("T")
STATUS_S = 7.0
"""A clip sends its status every five seconds."""


@dataclass
class Reached:
    """A clip that answers."""

    link: Link
    heard: Listening
    management: Management
    hello: Hello

    @property
    def name(self) -> str:
        """For people."""
        return clip_name(self.hello)

    @property
    def serial(self) -> int:
        """The clip's number."""
        return int(self.hello.fields["serial"])

    @property
    def is_usb(self) -> bool:
        """It has power, then."""
        return self.link.moniker.scheme == "usb"


@asynccontextmanager
async def reached(link: Link) -> AsyncIterator[Reached]:
    """The clip at an opened link."""
    async with listening(link) as heard:
        yield Reached(link, heard, link.management, await heard.hello_within(HELLO_S))


def with_clip(moniker: str, work: Callable[[Reached], Awaitable[T]], *, certain: bool = False) -> T:
    """What `work` gives for the clip at `moniker`; Ctrl-C stops it, with exit code 130. Raises TrendelError.

    `certain`: Bluetooth is listened to until it is clear that no other clip has the same name."""
    if moniker.startswith("replay:"):
        raise LinkError(f"{moniker}: is a recording, and there is no clip behind it.")
    done, result = asyncio.run(_run(make_link(moniker, certain=certain), work))
    if not done:
        raise SystemExit(130)
    assert result is not None
    return result[0]


async def _run(link: Link, work: Callable[[Reached], Awaitable[T]]) -> tuple[bool, tuple[T] | None]:
    ending = Ending()
    with stopped_by_signals(ending):
        if not await open_unless(link, ending.stop):
            return False, None
        try:
            task = asyncio.ensure_future(_work(link, work))
            stopper = asyncio.create_task(ending.stop.wait())
            await asyncio.wait([task, stopper], return_when=asyncio.FIRST_COMPLETED)
            stopper.cancel()
            if task.done():
                return True, (task.result(),)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            return False, None
        finally:
            await link.close()


async def _work(link: Link, work: Callable[[Reached], Awaitable[T]]) -> T:
    async with reached(link) as clip:
        return await work(clip)
