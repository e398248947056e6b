"""The live page of a run: served while the run goes on, its commands carried out."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from rich.console import Console

from trendel.analysis import Parameters
from trendel.app.follow import Run
from trendel.app.live import LiveRun
from trendel.app.live_recording import Recording
from trendel.app.marks import Mark
from trendel.app.options import WebOptions
from trendel.app.web.access import Access, lan_addresses
from trendel.app.web.feed import WebFeed
from trendel.app.web.hub import Hub
from trendel.app.web.server import WebError, bound_socket, serving
from trendel.errors import SessionError

_LABEL_MAX = 100
_ANY, _LOOPBACK = "0.0.0.0", "127.0.0.1"


class Commands:
    """What a page may ask for: a marker, pain, recording."""

    def __init__(self, following: Run, recording: Recording, feed: WebFeed) -> None:
        self._following, self._recording, self._feed = following, recording, feed
        self._markers_n = 0

    async def __call__(self, message: dict[str, Any]) -> None:
        """See server.Command."""
        kind = message["type"]
        if kind == "mark":
            self._mark(message.get("label", ""))
        elif kind == "pain":
            level = message.get("level")
            if type(level) is not int or not 0 <= level <= 10:
                raise ValueError
            self._following.mark(Mark("pain", pain=level))
        elif kind == "record":
            wanted = message.get("on")
            if type(wanted) is not bool:
                raise ValueError
            await self._record(on=wanted)

    def _mark(self, label: object) -> None:
        if not isinstance(label, str) or len(label) > _LABEL_MAX or not label.isprintable():
            raise ValueError
        self._markers_n += 1
        self._following.mark(Mark(label.strip() or f"marker {self._markers_n}"))

    async def _record(self, *, on: bool) -> None:
        try:
            if on:
                self._feed.recording(self._recording.begin().name)
            else:
                ended = await self._recording.end("ended on the page")
                self._feed.recording(None, "" if ended is None else f"saved as {ended.name}")
        except SessionError as error:
            self._feed.recording(None, str(error))


@contextlib.asynccontextmanager
async def serve_page(
    web: WebOptions, run: LiveRun, following: Run, recording: Recording, console: Console
) -> AsyncIterator[WebFeed]:
    """Serve it, and say where; raises WebError."""
    listening = bound_socket(_ANY if web.lan else _LOOPBACK, web.port)
    port = int(listening.getsockname()[1])
    addresses = lan_addresses() if web.lan else []
    if web.lan and not addresses:
        listening.close()
        raise WebError("This computer is in no network: leave --lan out to see the page here.")
    access = Access.lan(port, addresses) if web.lan else Access(port)
    hub = Hub()
    feed = WebFeed(hub, run.watch)
    limits = Parameters().stability
    feed.begin(str(following.link.moniker), (limits.notice_deg, limits.warning_deg, limits.stop_deg))
    if recording.path is not None:
        feed.recording(recording.path.name)
    run.tellers.append(feed)
    async with serving(hub, access, Commands(following, recording, feed), listening):
        # The token stands behind the #, which browsers send to nobody.
        for name in addresses or [_LOOPBACK]:
            token = f"#{access.token}" if access.token else ""
            console.print(f"page: http://{name}:{port}/{token}", markup=False, soft_wrap=True, highlight=False)
        try:
            yield feed
        finally:
            run.tellers.remove(feed)
