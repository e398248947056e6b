"""Following a link until it ends or somebody stops it: what arrives is recorded first, then taken apart and shown."""

import asyncio
import contextlib
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

from trendel.app.marks import Mark
from trendel.app.recorder import Recorder
from trendel.errors import LinkError
from trendel.links.intake import Intake, Notice, Taken
from trendel.links.protocol import Arrival, Change, Link
from trendel.wire.packets import Hello, LayoutPart

SILENCE_S = 10.0
_POLL_S = 0.2
_DESCRIBED_MAX = 64  # packets; a clip has some ten


class Taker(Protocol):
    """Who shows a run, or computes on it."""

    def change(self, change: Change) -> None:
        """The link has changed."""

    def take(self, item: Taken) -> None:
        """Samples, a record of the clip, or a sentence."""

    def mark(self, mark: Mark) -> None:
        """Somebody has set a marker."""

    def tick(self) -> None:
        """Some tenths of a second are over."""


@dataclass
class Run:
    """A link with what follows it.

    Attributes:
        link: opened by `follow`. intake: takes it apart. recorder: where it is recorded. taker: who shows it.
        silence_s: how long a clip may say nothing after it was reached, before it is taken for something else.
    """

    link: Link
    intake: Intake
    taker: Taker
    recorder: Recorder | None = None
    silence_s: float = SILENCE_S
    described: list[Arrival] = field(default_factory=list)
    """The clip's last hello and layouts as they came: what a recording begun later must have."""

    async def follow(self, stop: asyncio.Event) -> str:
        """Follow the opened link until it ends by itself, `stop` is set or a task fails; why it ended. Stopped, it
        closes the link and takes what has arrived by then.

        Raises LinkError and SessionError; the caller closes the recorder."""
        pump = asyncio.create_task(self._pump())
        tasks = [pump, asyncio.create_task(self._poll())]
        tasks.append(asyncio.create_task(self._flush()))
        stopper = asyncio.create_task(stop.wait())
        try:
            done, _ = await asyncio.wait([*tasks, stopper], return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stopper}:
                task.result()
            if pump in done:
                return "the link ended"
            await self.link.close()
            await pump
            return "stopped"
        finally:
            for task in [*tasks, stopper]:
                task.cancel()
            await asyncio.gather(*tasks, stopper, return_exceptions=True)

    def mark(self, mark: Mark) -> None:
        """Set a marker now."""
        if self.recorder is not None:
            self.recorder.marker(mark)
        self.taker.mark(mark)

    async def _pump(self) -> None:
        async for event in self.link.events():
            if isinstance(event, Arrival):
                self._note_description(event)
                if self.recorder is not None:
                    self.recorder.arrival(event)
                for item in self.intake.take(event):
                    self._take(item)
            else:
                if self.recorder is not None:
                    self.recorder.change(event, self.link)
                self.taker.change(event)

    def begin_recording(self, recorder: Recorder) -> None:
        """Record from now on; what describes the clip goes first. There must be no recorder yet."""
        for arrival in self.described:
            recorder.arrival(replace(arrival, time_ns=self.link.clock.now_ns()))
        self.recorder = recorder

    async def _flush(self) -> None:
        while True:
            if self.recorder is None:
                await asyncio.sleep(_POLL_S)
            else:
                await self.recorder.flush()

    def _note_description(self, arrival: Arrival) -> None:
        packet = arrival.received.packet
        if isinstance(packet, Hello):
            self.described = [arrival]
        elif isinstance(packet, LayoutPart) and len(self.described) < _DESCRIBED_MAX:
            self.described.append(arrival)

    def _take(self, item: Taken) -> None:
        if isinstance(item, Notice) and self.recorder is not None:
            self.recorder.note(item.sentence, item.level)
        self.taker.take(item)

    async def _poll(self) -> None:
        began_s = asyncio.get_running_loop().time()
        while True:
            if self.recorder is not None:
                for mark in self.recorder.marks():
                    self.mark(mark)
                while self.recorder.troubles:
                    self.taker.take(Notice(3, self.recorder.troubles.popleft()))
            self.taker.tick()
            silent_s = asyncio.get_running_loop().time() - began_s
            if not self.link.counts.packets_n and silent_s > self.silence_s:
                raise LinkError(
                    f"{self.link.moniker}: is reached, but sends nothing that a clip would send: "
                    "see that it is a Trendel clip and awake."
                )
            await asyncio.sleep(_POLL_S)


async def open_unless(link: Link, stop: asyncio.Event) -> bool:
    """Open `link`, but give up when `stop` is set; whether it is open. Raises LinkError as `link.open` does."""
    opening, stopper = asyncio.create_task(link.open()), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([opening, stopper], return_when=asyncio.FIRST_COMPLETED)
        if opening.done():
            opening.result()
            return True
        return False
    finally:
        opening.cancel()
        stopper.cancel()
        await asyncio.gather(opening, stopper, return_exceptions=True)


@contextlib.contextmanager
def stopped_by_signals(stop: asyncio.Event) -> Iterator[None]:
    """Ctrl-C, termination and a terminal that is closed set `stop`, so that everything is closed in order; a second
    Ctrl-C interrupts."""
    loop = asyncio.get_running_loop()
    wanted = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]

    def heard() -> None:
        stop.set()
        forget()

    def forget() -> None:
        for number in wanted:
            with contextlib.suppress(NotImplementedError, RuntimeError):
                loop.remove_signal_handler(number)

    for number in wanted:
        # Windows has no such handlers: there asyncio turns Ctrl-C into a cancellation.
        with contextlib.suppress(NotImplementedError, RuntimeError):
            loop.add_signal_handler(number, heard)
    try:
        yield
    finally:
        forget()
