"""Following a link until it ends or somebody stops it: what arrives is recorded first, then taken apart and shown."""

import asyncio
import contextlib
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from trendel.app.calibration_choice import NONE, choose_calibration
from trendel.app.marks import Mark
from trendel.app.recorder import Recorder
from trendel.errors import LinkError
from trendel.links.intake import Intake, Notice, Taken
from trendel.links.protocol import Arrival, Change, Link
from trendel.recording.calibration import setting_of
from trendel.wire.packets import Hello, LayoutPart

if TYPE_CHECKING:
    from trendel.links.recovery import Recovery

SILENCE_S = 10.0
_POLL_S = 0.2
_DESCRIBED_MAX = 64  # packets; a clip has some ten


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
        calibration: what samples are calibrated by, see choose_calibration.
        recovery: fetches into the recording what the air lost.
    """

    link: Link
    intake: Intake
    taker: Taker
    recorder: Recorder | None = None
    silence_s: float = SILENCE_S
    described: list[Arrival] = field(default_factory=list)
    """The clip's last hello and layouts as they came: what a recording begun later must have."""
    calibration: str = NONE
    recovery: "Recovery | None" = None
    _until_ns: int | None = None  # what arrives later does not belong to the run any more

    async def follow(self, ending: Ending) -> str:
        """Follow the opened link until it ends by itself, it is to stop or a task fails; why it ended. Then it fetches
        what is missing, unless that is to be skipped, closes the link and takes what had arrived when it stopped.

        Raises LinkError and SessionError; the caller closes the recorder."""
        pump = asyncio.create_task(self._pump())
        tasks = [pump, asyncio.create_task(self._poll())]
        tasks.append(asyncio.create_task(self._flush()))
        recovering = asyncio.create_task(self._recover())
        stopper = asyncio.create_task(ending.stop.wait())
        try:
            done, _ = await asyncio.wait([*tasks, stopper], return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stopper}:
                task.result()
            why = "the link ended" if pump in done else "stopped"
            if pump not in done:
                self._until_ns = self.link.clock.now_ns()
                await asyncio.sleep(0)  # the pump takes what has arrived by now
            await _cancelled(recovering)
            if self.recovery is not None:
                await self._bring_home(self.recovery, pump, ending.skip)
            await self.link.close()
            await pump
            if not recovering.cancelled():
                recovering.result()  # a defect in it must be seen, but not end a run
            return why
        finally:
            left = [*tasks, stopper, recovering]
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

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
                self._note_description(event)
                if self._until_ns is not None and event.time_ns > self._until_ns:
                    continue
                if self.recovery is not None:
                    self.recovery.missing.take(event.received.packet)
                if self.recorder is not None:
                    self.recorder.arrival(event)
                if isinstance(event.received.packet, Hello):
                    self._calibrate(event.received.packet)
                for item in self.intake.take(event):
                    self._take(item)
            else:
                if self.recorder is not None:
                    self.recorder.change(event, self.link)
                if self.recovery is not None and event.state == "connected":
                    self.recovery.reached()
                self.taker.change(event)

    def begin_recording(self, recorder: Recorder, recovery: "Recovery | None") -> None:
        """Record from now on; what describes the clip goes first. There must be no recorder yet."""
        for arrival in self.described:
            recorder.arrival(replace(arrival, time_ns=self.link.clock.now_ns()))
        self.recorder, self.recovery = recorder, recovery

    def end_recording(self) -> None:
        """Record no more; the caller closes the recorder. What was not fetched by now is left in the clip's log."""
        self.recorder = self.recovery = None

    async def _recover(self) -> None:
        """Fetch what is missing, for the recording that there is at the time."""
        while True:
            recovery = self.recovery
            if recovery is None:
                await asyncio.sleep(_POLL_S)
                continue
            fetching = asyncio.create_task(recovery.run())
            try:
                while self.recovery is recovery and not fetching.done():
                    await asyncio.wait({fetching}, timeout=_POLL_S)
                if fetching.done():
                    fetching.result()
            finally:
                await _cancelled(fetching)

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

    def _calibrate(self, hello: Hello) -> None:
        wanted, self.calibration = self.calibration, NONE
        chosen = choose_calibration(hello, wanted, self.link.clock)
        if chosen is not None:
            self.intake.setting = setting_of(chosen.record, "the calibration")
            self.taker.take(Notice(2, chosen.sentence))

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
