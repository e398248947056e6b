"""Who may reach the live page: by which names this host goes, from which pages it may be asked, and with what token."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_ELSEWHERE = ("192.0.2.1", 9)  # an address for documentation: nothing is sent, the system only names the way there


@dataclass(frozen=True)
class Access:
    """Names under which the page is reached, and the token that it must bring ("": none, on loopback)."""

    port: int
    names: tuple[str, ...] = _LOOPBACK
    token: str = field(default="", repr=False)

    @classmethod
    def lan(cls, port: int, addresses: Iterable[str]) -> Access:
        """Reached from the local network too, with a new token."""
        return cls(port, (*_LOOPBACK, *addresses), secrets.token_urlsafe(16))

    def host_allowed(self, host: str | None) -> bool:
        """Whether a Host header names this server. A page elsewhere whose name was rebound to this address does not."""
        return host is not None and host.lower() in {f"{name}:{self.port}" for name in self.names}

    def origin_allowed(self, origin: str | None, host: str | None) -> bool:
        """Whether a WebSocket is asked for by the page that this server gave out, under the same name."""
        return (
            self.host_allowed(host)
            and origin is not None
            and host is not None
            and origin.lower() == f"http://{host.lower()}"
        )

    def token_right(self, token: object) -> bool:
        """Compared in constant time."""
        given = token if isinstance(token, str) else ""
        return secrets.compare_digest(given.encode("utf-8", "surrogatepass"), self.token.encode())


def lan_addresses() -> list[str]:
    """This computer's address in the local network, where it is in one."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(_ELSEWHERE)
            return [str(probe.getsockname()[0])]
    except OSError:
        return []


class CheckedHost:
    """Answers nothing but requests to a name of this server; headers that keep the page to itself on all answers."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app, self._access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        hosts = Headers(scope=scope).getlist("host")
        if len(hosts) == 1 and self._access.host_allowed(hosts[0]):
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await PlainTextResponse("This page goes by another name.", 421)(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})


def guarded_headers(host: str) -> dict[str, str]:
    """Of every answer: nothing is loaded from elsewhere, nothing is kept, nobody frames the page."""
    policy = (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self' ws://{host}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
