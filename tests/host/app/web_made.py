"""A live page's server in a thread, fed by the test."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from trendel.app.web.access import Access
from trendel.app.web.hub import Hub
from trendel.app.web.server import bound_socket, serving

FIGURES: dict[str, Any] = {
    "now_s": 754.0, "doing": "running", "phase": "watching", "cadence_spm": 168.4, "oscillation_mm": 93.2,
    "contact_ms": 249.0, "sink_deg": [7.9, 6.4], "change_deg": [1.6, 0.1],
    "baseline_deg": [6.3, 6.3], "arrived_ms": 0.0,
}  # fmt: skip
ALERT = {"time_s": 750.0, "kind": "pelvic_drop", "side": "L", "level": "warning", "message": "The pelvis sinks.",
         "action": "Shorten your stride."}  # fmt: skip


class Page:
    """The server, and what pages have asked for."""

    def __init__(self, token: str = "", port: int = 0) -> None:
        self.hub, self.asked = Hub(), list[dict[str, Any]]()
        self._socket = bound_socket("127.0.0.1", port)
        self.port = int(self._socket.getsockname()[1])
        self.access = Access(self.port, token=token)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    async def command(self, message: dict[str, Any]) -> None:
        if message.get("label") == "bad":
            raise ValueError
        self.asked.append(message)

    def do(self, what: Callable[[], object]) -> None:
        """In the server's loop."""
        assert self._loop is not None
        done = threading.Event()
        self._loop.call_soon_threadsafe(lambda: (what(), done.set()))
        assert done.wait(10)

    def tell(self, kind: str, content: dict[str, Any], *, keep: bool = False) -> None:
        self.do(lambda: self.hub.tell(kind, content, keep=keep))

    async def _run(self, started: threading.Event) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self.hub.tell("hello", {"version": 1, "link": "replay:x", "limits_deg": [1.0, 1.2, 3.5]}, keep=True)
        self.hub.tell("link", {"state": "connected", "sentence": "connected"}, keep=True)
        self.hub.tell("recording", {"name": None, "sentence": ""}, keep=True)
        async with serving(self.hub, self.access, self.command, self._socket):
            await asyncio.sleep(0.1)
            started.set()
            await self._stop.wait()

    @contextmanager
    def open(self) -> Iterator[Page]:
        started = threading.Event()
        thread = threading.Thread(target=lambda: asyncio.run(self._run(started)), daemon=True)
        thread.start()
        assert started.wait(20)
        try:
            yield self
        finally:
            assert self._loop is not None and self._stop is not None
            self._loop.call_soon_threadsafe(self._stop.set)
            thread.join(20)
            assert not thread.is_alive()
