"""The live page's server: what it refuses, and that a page gets what it needs and no more."""

import asyncio
import json
import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("starlette", reason="starlette is not installed: pip install 'trendel[web]'")
pytest.importorskip("uvicorn", reason="uvicorn is not installed: pip install 'trendel[web]'")
client = pytest.importorskip("websockets.sync.client", reason="websockets is not installed")

from websockets.exceptions import ConnectionClosed, InvalidStatus  # noqa: E402

from tests.host.app.conftest import Cli  # noqa: E402
from tests.host.app.web_made import ALERT, FIGURES, Page  # noqa: E402
from trendel.app.marks import Mark  # noqa: E402
from trendel.app.web.access import Access  # noqa: E402
from trendel.app.web.hub import CLIENTS_MAX, Hub, encode  # noqa: E402
from trendel.app.web.page import Commands  # noqa: E402
from trendel.app.web.server import MESSAGE_MAX  # noqa: E402

TOKEN = "k3y-of-the-test"


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with Page().open() as made:
        yield made


@pytest.fixture(scope="module")
def guarded() -> Iterator[Page]:
    with Page(TOKEN).open() as made:
        yield made


def _raw(page: Page, request: str) -> str:
    """Answer to a request as it is written here."""
    with socket.create_connection(("127.0.0.1", page.port), timeout=10) as connection:
        connection.sendall(request.replace("\n", "\r\n").encode() + b"\r\n\r\n")
        found = b""
        while part := connection.recv(65536):
            found += part
    return found.decode("utf-8", "replace")


def _get(page: Page, path: str, host: str | None = None, method: str = "GET") -> str:
    return _raw(page, f"{method} {path} HTTP/1.1\nHost: {host or f'127.0.0.1:{page.port}'}\nConnection: close")


def _connect(page: Page, origin: str | None = "own", token: str = "") -> Any:
    given = f"http://127.0.0.1:{page.port}" if origin == "own" else origin
    connection = client.connect(f"ws://127.0.0.1:{page.port}/live", origin=given).__enter__()
    connection.send(json.dumps({"type": "hello", "token": token}))
    return connection


def _closed(connection: Any) -> int:
    """The code with which the other side closes; messages before it are read."""
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            connection.recv(timeout=10)
    received = closed.value.rcvd
    return int(received.code) if received is not None else 1006


def test_the_page_and_its_parts_are_there_and_nothing_is_loaded_from_elsewhere(page: Page) -> None:
    for path, text in (
        ("/", "<title>Trendel live"),
        ("/app.js", "HostSource"),
        ("/source.js", "class"),
        ("/style.css", ":"),
    ):
        answer = _get(page, path)
        assert answer.startswith("HTTP/1.1 200")
        assert text in answer
        low = answer.lower()
        assert "content-security-policy: default-src 'none'; script-src 'self'" in low
        assert "x-content-type-options: nosniff" in low and "cache-control: no-store" in low
        assert "server:" not in low.split("\r\n\r\n")[0]


@pytest.mark.parametrize(
    "path",
    ["/../pyproject.toml", "/..%2f..%2fpyproject.toml", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/static/app.js",
     "/app.js/..", "/docs", "/openapi.json", "/live", "/app.js%00.html", "/\\..\\app.py"],
)  # fmt: skip
def test_no_other_path_gives_anything(page: Page, path: str) -> None:
    assert _get(page, path).split("\r\n")[0].split()[1] in ("400", "404")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
def test_no_other_method_works(page: Page, method: str) -> None:
    assert _get(page, "/", method=method).split("\r\n")[0].split()[1] in ("400", "405")


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.evil.example:{port}"]
)
def test_a_rebound_name_is_refused(page: Page, host: str) -> None:
    named = host.format(port=page.port)
    assert _get(page, "/", named).startswith("HTTP/1.1 421")
    upgrade = (
        f"GET /live HTTP/1.1\nHost: {named}\nOrigin: http://{named}\nConnection: Upgrade\nUpgrade: websocket\n"
        "Sec-WebSocket-Version: 13\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    )
    assert _raw(page, upgrade).startswith("HTTP/1.1 403")


def test_two_hosts_or_none_are_refused(page: Page) -> None:
    both = f"GET / HTTP/1.1\nHost: 127.0.0.1:{page.port}\nHost: evil.example\nConnection: close"
    assert _raw(page, both).split("\r\n")[0].split()[1] in ("400", "421")
    assert _raw(page, "GET / HTTP/1.0\nConnection: close").split("\r\n")[0].split()[1] in ("400", "421")


@pytest.mark.parametrize(
    "origin", [None, "http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1", "http://localhost"]
)
def test_a_socket_from_another_page_is_refused(page: Page, origin: str | None) -> None:
    with pytest.raises(InvalidStatus) as refused:
        _connect(page, origin)
    assert refused.value.response.status_code == 403


def test_the_token_must_be_right(guarded: Page) -> None:
    for wrong in ("", TOKEN[:-1], TOKEN + "x", "\u00e9" * 8):
        assert _closed(_connect(guarded, token=wrong)) == 4401
    with client.connect(f"ws://127.0.0.1:{guarded.port}/live", origin=f"http://127.0.0.1:{guarded.port}") as connection:
        connection.send(json.dumps({"type": "hello", "token": 12}))
        assert _closed(connection) == 4401
    with _connect(guarded, token=TOKEN) as connection:
        assert json.loads(connection.recv(timeout=10))["type"] == "hello"


def test_tokens_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []
    monkeypatch.setattr("trendel.app.web.access.secrets.compare_digest", lambda a, b: compared.append((a, b)) or a == b)
    access = Access(1, token="a")
    assert access.token_right("a") and not access.token_right("b") and not access.token_right(None)
    assert compared == [(b"a", b"a"), (b"b", b"a"), (b"", b"a")]
    first, second = (Access.lan(1, ["192.168.0.2"]) for _ in range(2))
    assert len(first.token) >= 20 and first.token != second.token and first.token not in repr(first)
    assert first.host_allowed("192.168.0.2:1") and not first.host_allowed("192.168.0.3:1")


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "[]",
        "null",
        "{",
        '"x"',
        "[" * MESSAGE_MAX,
        '{"type": "delete"}',
        '{"type": ["mark"]}',
        '{"type": "mark", "label": "bad"}',
        b"\x00\xff",
    ],
)
def test_malformed_messages_end_the_connection_and_nothing_else(page: Page, sent: str | bytes) -> None:
    before = len(page.asked)
    with _connect(page) as connection:
        connection.send(sent)
        assert _closed(connection) == 1008
    assert len(page.asked) == before
    with _connect(page) as connection:
        assert json.loads(connection.recv(timeout=10))["type"] == "hello"


def test_oversized_messages_are_refused(page: Page) -> None:
    with _connect(page) as connection:
        connection.send(json.dumps({"type": "mark", "label": "x" * 100_000}))
        assert _closed(connection) in (1008, 1009)


def test_a_page_that_says_nothing_is_let_go(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trendel.app.web.server._HELLO_S", 0.2)
    own = f"http://127.0.0.1:{page.port}"
    with client.connect(f"ws://127.0.0.1:{page.port}/live", origin=own) as connection:
        assert _closed(connection) == 1008


def test_a_flood_is_refused(page: Page) -> None:
    before = len(page.asked)
    with _connect(page) as connection:
        for _ in range(100):
            connection.send(json.dumps({"type": "mark", "label": ""}))
        assert _closed(connection) == 1008
    assert len(page.asked) - before <= 40
    del page.asked[:]


def test_only_so_many_pages(page: Page) -> None:
    connections = [_connect(page) for _ in range(CLIENTS_MAX)]
    for connection in connections:
        connection.recv(timeout=10)
    assert _closed(_connect(page)) == 1013
    for connection in connections:
        connection.close()


def test_a_new_page_gets_the_state_of_now(page: Page) -> None:
    page.tell("figures", FIGURES, keep=True)
    page.tell("pose", {"obliquity_deg": 1.0})
    page.do(lambda: page.hub.alert(ALERT))
    with _connect(page) as connection:
        kinds = [json.loads(connection.recv(timeout=10))["type"] for _ in range(5)]
    assert kinds == ["hello", "link", "recording", "figures", "past"]


def test_unknown_numbers_are_null_and_a_slow_page_is_let_go() -> None:
    assert json.loads(encode("figures", {"a": float("nan"), "b": [1.23456, float("inf")]})) == {
        "type": "figures", "a": None, "b": [1.235, None],
    }  # fmt: skip
    hub = Hub()
    slow = hub.join()
    assert slow is not None
    for _ in range(300):
        hub.tell("pose", {})
    assert slow.too_slow


def test_commands_check_what_they_are_given() -> None:
    marks: list[Mark] = []
    told: list[tuple[str | None, str]] = []
    commands = Commands(
        SimpleNamespace(mark=marks.append),  # type: ignore[arg-type]
        SimpleNamespace(),  # type: ignore[arg-type]
        SimpleNamespace(recording=lambda *a: told.append(a)),  # type: ignore[arg-type]
    )
    for message in ({"type": "mark"}, {"type": "mark", "label": " hill "}, {"type": "pain", "level": 0}):
        asyncio.run(commands(message))
    assert [(m.label, m.pain) for m in marks] == [("marker 1", None), ("hill", None), ("pain", 0)]
    for message in (
        {"type": "mark", "label": "x" * 101}, {"type": "mark", "label": "a\nb"}, {"type": "mark", "label": 1},
        {"type": "pain"}, {"type": "pain", "level": 11}, {"type": "pain", "level": True},
        {"type": "pain", "level": 1.5}, {"type": "record"}, {"type": "record", "on": 1},
    ):  # fmt: skip
        with pytest.raises(ValueError):
            asyncio.run(commands(message))
    assert len(marks) == 3 and not told


def test_options_that_cannot_be(cli: Cli, run_csv: Any) -> None:
    said = cli("live", "--link", f"replay:{run_csv}@max", "--lan")
    assert said.code == 2 and "give --web with it" in said.err
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = cli("live", "--link", f"replay:{run_csv}@max", "--web", "--port", taken.getsockname()[1])
    assert said.code == 2 and "choose another with --port" in said.err
