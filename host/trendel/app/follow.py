"""Following a link until it ends or somebody stops it: what arrives is recorded first, then taken apart and shown."""

import asyncio
import contextlib
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from trendel.app.marks import Mark
from trendel.app.recorder import Recorder
from trendel.errors import LinkError
from trendel.links.intake import Intake, Notice, Taken
from trendel.links.protocol import Arrival, Change, Link

if TYPE_CHECKING:
    from trendel.links.recovery import Recovery

SILENCE_S = 10.0
_POLL_S = 0.2


@dataclass(frozen=True)
class Ending:
    """What the runner wants: `stop`, and then, while what is missing is fetched, to `skip` that."""

    stop: asyncio.Event = field(default_factory=asyncio.Event)
    skip: asyncio.Event = field(default_factory=asyncio.Event)

    def ask(self) -> None:
        """Ctrl-C or q: the first time it stops, the second time it skips."""
        (self.skip if self.stop.is_set() else self.stop).set()


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
        recovery: fetches into the recording what the air lost.
    """

    link: Link
    intake: Intake
    taker: Taker
    recorder: Recorder | None = None
    silence_s: float = SILENCE_S
    recovery: "Recovery | None" = None
    _until_ns: int | None = None  # what arrives later does not belong to the run any more

    async def follow(self, ending: Ending) -> str:
        """Follow the opened link until it ends by itself, it is to stop or a task fails; why it ended. Then it fetches
        what is missing, unless that is to be skipped, closes the link and takes what had arrived when it stopped.

        Raises LinkError and SessionError; the caller closes the recorder."""
        pump = asyncio.create_task(self._pump())
        tasks = [pump, asyncio.create_task(self._poll())]
        if self.recorder is not None:
            tasks.append(asyncio.create_task(self.recorder.keep_flushing()))
        if self.recovery is not None:
            tasks.append(asyncio.create_task(self.recovery.run()))
        stopper = asyncio.create_task(ending.stop.wait())
        try:
            done, _ = await asyncio.wait([*tasks, stopper], return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stopper}:
                task.result()
            why = "the link ended" if pump in done else "stopped"
            if pump not in done:
                self._until_ns = self.link.clock.now_ns()
                await asyncio.sleep(0)  # the pump takes what has arrived by now
            if self.recovery is not None:
                await _cancelled(tasks.pop())
                await self._bring_home(self.recovery, pump, ending.skip)
            await self.link.close()
            await pump
            return why
        finally:
            for task in [*tasks, stopper]:
                task.cancel()
            await asyncio.gather(*tasks, stopper, return_exceptions=True)

    async def _bring_home(self, recovery: "Recovery", pump: "asyncio.Task[None]", skip: asyncio.Event) -> None:
        """Fetch what is missing still; until all is there, nothing more comes, or it is to be skipped."""
        until_ns = None if self._until_ns is None else self.intake.clock.clip_ns(self._until_ns)
        if recovery.missing.blocks_n:
            n = recovery.missing.samples_n
            self._take(Notice(2, f"{n} samples are missing: fetching them from the clip's log (Ctrl-C: leave them)."))
        finishing = asyncio.create_task(recovery.finish(None if until_ns is None else until_ns // 1000))
        skipper = asyncio.create_task(skip.wait())
        watched = {finishing, skipper} | (set() if pump.done() else {pump})
        try:
            await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
            if finishing.done():
                finishing.result()
        finally:
            await _cancelled(finishing)
            await _cancelled(skipper)
        self._take(Notice(3 if recovery.missing.lacking_n else 2, recovery.sentence()))

    def mark(self, mark: Mark) -> None:
        """Set a marker now."""
        if self.recorder is not None:
            self.recorder.marker(mark)
        self.taker.mark(mark)

    async def _pump(self) -> None:
        async for event in self.link.events():
            if isinstance(event, Arrival):
                if self._until_ns is not None and event.time_ns > self._until_ns:
                    continue
                if self.recovery is not None:
                    self.recovery.missing.take(event.received.packet)
                if self.recorder is not None:
                    self.recorder.arrival(event)
                for item in self.intake.take(event):
                    self._take(item)
            else:
                if self.recorder is not None:
                    self.recorder.change(event, self.link)
                if self.recovery is not None and event.state == "connected":
                    self.recovery.reached()
                self.taker.change(event)

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


async def _cancelled(task: "asyncio.Task[Any]") -> None:
    """Cancel a task and wait for it; what it failed with is not asked for."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


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
def stopped_by_signals(ending: Ending) -> Iterator[None]:
    """Ctrl-C, termination and a terminal that is closed ask for the end, so that everything is closed in order; a
    second Ctrl-C skips what would take long, a third interrupts."""
    loop = asyncio.get_running_loop()
    wanted = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]

    def heard() -> None:
        ending.ask()
        if ending.skip.is_set():
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
