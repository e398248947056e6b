"""`trendel live`: the kernels behind a link, watched while the run goes on, and recorded where wanted."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

import trendel
from trendel.analysis import Completed
from trendel.app.calibration_choice import AUTO
from trendel.app.follow import Ending, Run, open_unless, stopped_by_signals
from trendel.app.health import health_line, health_of
from trendel.app.keys import HINT, keys
from trendel.app.live_lines import JsonLines, Teller, rows_of
from trendel.app.live_recording import Recording
from trendel.app.marks import Mark
from trendel.app.record import About, refuse_existing, show_end
from trendel.app.recorder import Recorder
from trendel.app.run_view import RunView, run_view
from trendel.app.screen import say, stderr_console, stdout_console
from trendel.app.watch import Watch
from trendel.errors import TrendelError
from trendel.links import Link, make_link
from trendel.links.intake import Intake, Notice, Samples, Taken
from trendel.links.live_stream import LiveStream
from trendel.links.protocol import Change
from trendel.recording.session import topics

if TYPE_CHECKING:
    from trendel.app.options import WebOptions
    from trendel.app.web.feed import WebFeed
    from trendel.links.recovery import Recovery

_HEALTH_S = 5.0


class LiveRun:
    """What arrives goes through the kernels; rows go to view, tellers and recorder."""

    def __init__(self, link: Link, intake: Intake, stream: LiveStream) -> None:
        self._link, self._intake, self._stream = link, intake, stream
        self.recorder: Recorder | None = None
        self.recovery: Recovery | None = None
        self.tellers: list[Teller] = []
        self.view: RunView | None = None
        self.watch = Watch(keep_rows=False)
        self._state = "connected"
        self._told_ns = link.clock.now_ns()

    def status(self) -> Text:
        """The link in a line; red while it is lost."""
        line = health_line(health_of(self._link, self._intake, self.recorder, self.recovery))
        if self._state == "connected":
            return Text(line)
        return Text(f"link {self._state}: {line}", style="bold red")

    def change(self, change: Change) -> None:
        """See Taker."""
        self._state = change.state
        for teller in self.tellers:
            teller.change(change)
        self._say(change.sentence)

    def take(self, item: Taken) -> None:
        """See Taker."""
        now_ns = self._link.clock.now_ns()
        if isinstance(item, Samples):
            for teller in self.tellers:
                teller.arrived()
            for completed in self._stream.take(item):
                self._completed(completed)
            for teller in self.tellers:
                teller.samples(self._stream)
        elif isinstance(item, Notice):
            for teller in self.tellers:
                teller.notice(item, now_ns)
            self._say(item.sentence)
        else:
            for teller in self.tellers:
                teller.record(item, now_ns)

    def mark(self, mark: Mark) -> None:
        """See Taker."""
        if mark.pain:
            self.watch.add_pain(mark.pain)
        for teller in self.tellers:
            teller.mark(mark, self._link.clock.now_ns())
        if mark.pain:
            self._show(1)
        else:
            self._say(f"marked: {mark.label}")

    def tick(self) -> None:
        """See Taker."""
        now_ns = self._link.clock.now_ns()
        if self.tellers and now_ns - self._told_ns >= _HEALTH_S * 1e9:
            self._told_ns = now_ns
            health = asdict(health_of(self._link, self._intake, self.recorder, self.recovery))
            for teller in self.tellers:
                teller.health(now_ns, health)
        self._show(0)

    def finish(self) -> None:
        """The link has ended."""
        for completed in self._stream.finish():
            self._completed(replace(completed, events=()))  # that no samples come is no news then

    def _completed(self, completed: Completed) -> None:
        new = self.watch.take(completed, self._stream.now_s, self._stream.segment)
        for teller in self.tellers:
            teller.completed(completed, self._link.clock.now_ns())
        if self.recorder is not None:
            self._keep(self.recorder, completed)
        for sentence in completed.events:
            self._say(f"{sentence}.")
        self._show(new)

    def _keep(self, recorder: Recorder, completed: Completed) -> None:
        for row in rows_of(completed.steps):
            recorder.add(topics.STEPS, row)
        for row in rows_of(completed.alerts):
            recorder.add(topics.ALERTS, row | {"size_deg": row["change"], "since_s": row["onset_s"]})

    def _say(self, sentence: str) -> None:
        if self.view is not None:
            self.view.say(self.watch, sentence)

    def _show(self, new: int) -> None:
        if self.view is not None:
            self.view.show(self.watch, new)


def live(
    moniker: str,
    out: Path | None,
    about: About,
    *,
    options: dict[str, Any],
    as_json: bool,
    web: "WebOptions | None" = None,
) -> None:
    """Watch until Ctrl-C or the link's own end; `options` of Stream; `web`: with a page. Raises TrendelError."""
    if out is not None:
        refuse_existing(out)
    link = make_link(moniker)
    given = _Given(link, out, about, LiveStream(**options), as_json, web)
    with contextlib.suppress(KeyboardInterrupt):  # on Windows, where Ctrl-C cancels; all is closed on the way out
        if not asyncio.run(_live(given)):
            raise SystemExit(130)
        if given.recorded is not None and not as_json and given.recorded.exists():
            _report(given.recorded, options)


def _report(session: Path, options: dict[str, Any]) -> None:
    """The page of what was recorded, analysed anew in two passes; a recording too short for it is no error here."""
    from trendel.app.report.write import NAME, write_report

    try:
        recording = trendel.read(session)
        result = trendel.analyze(recording, mounting=options["mounting"], params=options["params"])
        path = write_report(session.with_suffix(f".{NAME}"), result, session.name, session)
    except TrendelError as error:
        say([f"No report: {error}"])
        return
    stdout_console().print(f"report: {path}", markup=False, soft_wrap=True)


@dataclass
class _Given:
    """What a live run was started with; `recorded`: the session that came of it, from the start or from the page."""

    link: Link
    out: Path | None
    about: About
    stream: LiveStream
    as_json: bool
    web: "WebOptions | None"
    recorded: Path | None = None


async def _live(given: _Given) -> bool:
    """Whether there was a run: not where it was stopped before the clip was reached."""
    ending = Ending()
    with stopped_by_signals(ending):
        if not await open_unless(given.link, ending.stop):
            return False
        try:
            await _watched(given, ending)
        finally:
            await given.link.close()
    return True


async def _watched(given: _Given, ending: Ending) -> None:
    link, console, intake = given.link, stderr_console() if given.as_json else stdout_console(), Intake()
    about = {"link": str(link.moniker), **given.about.as_dict()}
    run = LiveRun(link, intake, given.stream)
    following = Run(link, intake, run, calibration=AUTO)
    recording = Recording(following, run, about)
    if given.as_json:
        run.tellers.append(JsonLines())
    why = "failed"
    try:
        if given.out is not None:
            recording.begin(given.out)
        async with _page(given.web, run, following, recording, console) as feed:
            async with _viewed(console, link, run, as_json=given.as_json), keys(following, ending):
                why = await following.follow(ending)
                run.finish()
            if feed is not None:
                feed.end(why)
    except TrendelError as error:
        why = str(error)
        raise
    finally:
        given.recorded = run.recorder.path if run.recorder is not None else recording.last
        if run.recorder is not None:
            show_end(console, run.recorder, intake, run.recovery, why)
        elif not given.as_json:
            console.print(f"ended: {why}; {health_line(health_of(link, intake, None))}", markup=False)


@contextlib.asynccontextmanager
async def _page(
    web: "WebOptions | None", run: LiveRun, following: Run, recording: Recording, console: Console
) -> "AsyncIterator[WebFeed | None]":
    if web is None:
        yield None
        return
    from trendel.app.web.page import serve_page

    async with serve_page(web, run, following, recording, console) as feed:
        yield feed


@contextlib.asynccontextmanager
async def _viewed(console: Console, link: Link, run: LiveRun, *, as_json: bool) -> AsyncIterator[None]:
    if as_json:
        yield
        return
    title = f"{HINT}   Trendel live {link.moniker}"
    with run_view(console, title, None, status=run.status, bell=True) as view:
        run.view = view
        try:
            yield
        finally:
            run.view = None
