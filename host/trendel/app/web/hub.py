"""Pages that are connected: what is told goes to each, and one that does not keep up is let go."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Mapping
from typing import Any

CLIENTS_MAX = 8
_WAITING_MAX = 256  # messages, some ten seconds


class Client:
    """One page: messages wait here until they are sent."""

    def __init__(self) -> None:
        self.waiting: asyncio.Queue[str | None] = asyncio.Queue(_WAITING_MAX)
        self.too_slow = False

    def put(self, text: str | None) -> None:
        """Queue a message; None ends the connection."""
        try:
            self.waiting.put_nowait(text)
        except asyncio.QueueFull:
            self.too_slow = True


class Hub:
    """Tells all pages, and gives a new one what it needs to show the state of now."""

    def __init__(self) -> None:
        self.clients: set[Client] = set()
        self._state: dict[str, str] = {}  # the last message of each kind that a state is made of
        self._alerts: list[str] = []

    def tell(self, kind: str, content: Mapping[str, Any], *, keep: bool = False) -> None:
        """Send a message to all; with `keep`, later pages get the last of this kind when they come."""
        text = encode(kind, content)
        if keep:
            self._state[kind] = text
        for client in self.clients:
            client.put(text)

    def alert(self, content: Mapping[str, Any]) -> None:
        """Send an alert; later pages get the last one as `past`, which is shown and not sounded."""
        self.tell("alert", content)
        self._alerts = [encode("past", content)]

    def join(self) -> Client | None:
        """A new page, or None where there are too many."""
        if len(self.clients) >= CLIENTS_MAX:
            return None
        client = Client()
        for text in (*self._state.values(), *self._alerts):
            client.put(text)
        self.clients.add(client)
        return client

    def leave(self, client: Client) -> None:
        """A page is gone."""
        self.clients.discard(client)

    def end(self) -> None:
        """The run has ended: all connections are closed, after what waits."""
        for client in self.clients:
            client.put(None)


def encode(kind: str, content: Mapping[str, Any]) -> str:
    """A message as strict JSON; numbers that are not known are null."""
    return json.dumps(
        {"type": kind, **{k: _plain(v) for k, v in content.items()}}, allow_nan=False, separators=(",", ":")
    )


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 3) if math.isfinite(value) else None
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value
