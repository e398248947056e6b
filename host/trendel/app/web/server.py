"""The live page's server: four files and one WebSocket, in the event loop of the run."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from importlib.resources import files
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from trendel.app.web.access import Access, CheckedHost, guarded_headers
from trendel.app.web.hub import Client, Hub
from trendel.errors import TrendelError

Command = Callable[[dict[str, Any]], Awaitable[None]]
"""Does what a page asks for; the message has been checked for its form. Raises ValueError for one that cannot be."""

MESSAGE_MAX = 1024  # bytes of what a page sends
_HELLO_S = 5.0
_WINDOW_S, _WINDOW_N = 10.0, 40  # more messages than that in so long come from no person
_ASSETS = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/style.css": ("style.css", "text/css; charset=utf-8"),
    "/app.js": ("app.js", "text/javascript; charset=utf-8"),
    "/source.js": ("source.js", "text/javascript; charset=utf-8"),
}
_KINDS = ("mark", "pain", "record")


class WebError(TrendelError):
    """The live page cannot be served."""


def make_app(hub: Hub, access: Access, command: Command) -> Starlette:
    """The whole surface: the files of _ASSETS and /live."""

    async def live(socket: WebSocket) -> None:
        headers = socket.headers
        if not access.origin_allowed(headers.get("origin"), headers.get("host")):
            await socket.close(1008)
            return
        await socket.accept()
        try:
            await _serve(socket, hub, access, command)
        except TimeoutError:
            await socket.close(1008, "hello expected")
        except WebSocketDisconnect:
            return

    routes = [Route(path, _asset(*content), methods=["GET"]) for path, content in _ASSETS.items()]
    return Starlette(
        routes=[*routes, WebSocketRoute("/live", live)], middleware=[Middleware(CheckedHost, access=access)]
    )


def _asset(name: str, kind: str) -> Callable[[Request], Awaitable[Response]]:
    content = (files("trendel.app.web") / "static" / name).read_bytes()

    async def send(request: Request) -> Response:
        return Response(content, media_type=kind, headers=guarded_headers(request.headers["host"]))

    return send


async def _serve(socket: WebSocket, hub: Hub, access: Access, command: Command) -> None:
    """One page, from its hello until either side leaves."""
    first = _message(await asyncio.wait_for(_text(socket), _HELLO_S))
    if first is None or first.get("type") != "hello":
        await socket.close(1008, "hello expected")
        return
    if not access.token_right(first.get("token", "")):
        await socket.close(4401, "wrong token")
        return
    client = hub.join()
    if client is None:
        await socket.close(1013, "too many pages")
        return
    sending = asyncio.create_task(_send(socket, client))
    hearing = asyncio.create_task(_hear(socket, command))
    try:
        await asyncio.wait([sending, hearing], return_when=asyncio.FIRST_COMPLETED)
    finally:
        hub.leave(client)
        for task in (sending, hearing):
            task.cancel()
        await asyncio.gather(sending, hearing, return_exceptions=True)
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await socket.close(1013 if client.too_slow else 1000)


async def _send(socket: WebSocket, client: Client) -> None:
    while not client.too_slow:
        text = await client.waiting.get()
        if text is None:
            return
        await socket.send_text(text)


async def _hear(socket: WebSocket, command: Command) -> None:
    """Take messages until one is not what a page sends, which ends the connection."""
    times: list[float] = []
    loop = asyncio.get_running_loop()
    while True:
        message = _message(await _text(socket))
        now_s = loop.time()
        times = [t for t in times if now_s - t < _WINDOW_S] + [now_s]
        if message is None or message.get("type") not in _KINDS or len(times) > _WINDOW_N:
            await socket.close(1008, "not understood")
            return
        try:
            await command(message)
        except ValueError:
            await socket.close(1008, "not understood")
            return


async def _text(socket: WebSocket) -> str | None:
    received = await socket.receive()
    if received["type"] != "websocket.receive":
        raise WebSocketDisconnect(received.get("code", 1005))
    text = received.get("text")
    return text if isinstance(text, str) and len(text) <= MESSAGE_MAX else None


def _message(text: str | None) -> dict[str, Any] | None:
    try:
        found = json.loads(text) if text is not None else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals end the run, and the run ends this."""
        yield


def bound_socket(host: str, port: int) -> socket.socket:
    """A listening socket; port 0: any free one. Raises WebError."""
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
    except (OSError, OverflowError) as error:
        found.close()
        raise WebError(f"Port {port} cannot be used for the live page ({error}): choose another with --port.") from None
    return found


@contextlib.asynccontextmanager
async def serving(hub: Hub, access: Access, command: Command, listening: socket.socket) -> AsyncIterator[None]:
    """The page is there while this is open."""
    config = uvicorn.Config(
        make_app(hub, access, command), log_level="critical", access_log=False, lifespan="off", ws="websockets-sansio",
        ws_max_size=MESSAGE_MAX, ws_ping_interval=20.0, ws_ping_timeout=20.0, ws_per_message_deflate=False,
        limit_concurrency=64, timeout_keep_alive=5, timeout_graceful_shutdown=2, server_header=False, date_header=False,
    )  # fmt: skip
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield
    finally:
        hub.end()
        server.should_exit = True
        await asyncio.gather(task, return_exceptions=True)
        listening.close()
