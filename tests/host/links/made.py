"""Helpers of the links' tests: sources of packets and running the event loop."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from tests.host.recording.made import running
from tests.host.session.made import everything, record
from trendel.links.protocol import Arrival, Event, Link
from trendel.recording import Recording, write_recording

T = TypeVar("T")
LIMIT_S = 20.0


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """Run `work`, but not for ever."""

    async def limited() -> T:
        async with asyncio.timeout(LIMIT_S):
            return await work

    return asyncio.run(limited())


async def take(link: Link, arrivals_n: int) -> list[Event]:
    """Events until so many packets have arrived or the link has ended."""
    found: list[Event] = []
    events = link.events()
    async for event in events:
        found.append(event)
        if sum(isinstance(e, Arrival) for e in found) >= arrivals_n:
            break
    await events.aclose()  # type: ignore[attr-defined]
    return found


def arrivals(events: list[Event]) -> list[Arrival]:
    """The packets of `events`."""
    return [event for event in events if isinstance(event, Arrival)]


def session_file(folder: Path, seconds: float = 6.0) -> Path:
    """A session of all kinds of packets."""
    return record(folder / "run.mcap", list(everything(seconds)))


def csv_file(folder: Path, seconds: float = 6.0, rate_hz: float = 208.0) -> Path:
    """A recording of somebody running."""
    t, acc, gyr = running(seconds, rate_hz)
    path = folder / "run.csv"
    write_recording(Recording.from_arrays(acc, gyr, t_s=t), path)
    return path
