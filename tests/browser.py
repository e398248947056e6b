"""A headless Chromium over its debugging protocol: pages, console, requests, keys. For tests and for figures."""

from __future__ import annotations

import base64
import itertools
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

# No sandbox, since CI runs as root; nothing in the background, so that every request seen is the page's own.
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--remote-debugging-port=0",
    "--remote-allow-origins=*",
)


def chromium() -> str | None:
    """Where a Chromium is, if there is one."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    return next((found for name in names if (found := shutil.which(name))), None)


def needs_chromium() -> pytest.MarkDecorator:
    """Skips where there is none, and says so."""
    return pytest.mark.skipif(
        chromium() is None or _websockets() is None,
        reason="no Chromium here, or no websockets: pages are not looked at",
    )


def _websockets() -> Any:
    try:
        from websockets.sync import client
    except ImportError:
        return None
    return client


class Browser:
    """One page of a browser of its own."""

    def __init__(self, socket: Any) -> None:
        self._socket, self._ids = socket, itertools.count(1)
        self.console: list[str] = []
        self.requests: list[str] = []
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """A command of the protocol, and its result; what happens meanwhile is noted."""
        number = next(self._ids)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            message = json.loads(self._socket.recv(timeout=60))
            if message.get("id") == number:
                assert "error" not in message, (method, message["error"])
                return dict(message["result"])
            self._note(message)

    def _note(self, message: dict[str, Any]) -> None:
        params = message.get("params", {})
        match message.get("method"):
            case "Runtime.consoleAPICalled" if params["type"] in ("error", "warning", "assert"):
                self.console.append(" ".join(str(a.get("value", a.get("description"))) for a in params["args"]))
            case "Runtime.exceptionThrown":
                details = params["exceptionDetails"]
                self.console.append(str(details.get("exception", {}).get("description", details["text"])))
            case "Log.entryAdded" if params["entry"]["level"] in ("error", "warning"):
                self.console.append(params["entry"]["text"])
            case "Network.requestWillBeSent":
                self.requests.append(params["request"]["url"])

    def size(self, width: int, height: int, *, phone: bool = False, dark: bool = False, scale: float = 1.0) -> None:
        """Size of the window, and what the page is told of the device."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=phone
        )
        self.call("Emulation.setTouchEmulationEnabled", enabled=phone)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def open(self, url: str) -> None:
        """Go there, and wait until it is loaded. Console and requests are those since then."""
        if url != "about:blank":
            self.open("about:blank")  # what the page before still tries is over
            self.console.clear()
            self.requests.clear()
        self.run("window.leaving = true")
        self.call("Page.navigate", url=url)
        there = f"location.href === new URL({json.dumps(url)}).href"
        self.until(f"window.leaving === undefined && {there} && document.readyState === 'complete'")

    def run(self, script: str) -> Any:
        """Value of an expression; promises are waited for."""
        found = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def until(self, script: str, seconds: float = 20.0) -> Any:
        """Wait until an expression is true, and give its value."""
        end = time.monotonic() + seconds
        while not (value := self.run(script)):
            assert time.monotonic() < end, f"not within {seconds} s: {script}"
            time.sleep(0.02)
        return value

    def key(self, key: str, *, code: int = 0) -> None:
        """Press a key: one letter, or a name such as Tab and Enter with its code."""
        text = {"text": key} if len(key) == 1 else {"text": "\r"} if key == "Enter" else {}
        known = {"Enter": 13, "Tab": 9, "Escape": 27}
        number = code or known.get(key, ord(key.upper()[0]))
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=number, **text)

    def screenshot(self, path: Path, *, whole: bool = False) -> None:
        """As PNG: what is seen, or the whole page."""
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        path.write_bytes(base64.b64decode(data))


class _Running:
    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        program = chromium()
        assert program is not None
        self._process = subprocess.Popen(
            [program, *_FLAGS, f"--user-data-dir={self._folder.name}", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def __enter__(self) -> str:
        port_file = Path(self._folder.name) / "DevToolsActivePort"
        end = time.monotonic() + 60
        while not port_file.is_file() or not port_file.read_text():
            assert self._process.poll() is None, "Chromium ended"
            assert time.monotonic() < end, "Chromium did not start"
            time.sleep(0.05)
        return port_file.read_text().split()[0]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(20)
        self._folder.cleanup()


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser for as long as it is needed."""
    with _Running() as port:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json") as answer:
            pages = json.load(answer)
        url = next(page["webSocketDebuggerUrl"] for page in pages if page["type"] == "page")
        with _websockets().connect(url, max_size=None, ping_interval=None) as socket:
            yield Browser(socket)


def violations(page: Browser) -> list[tuple[str, str, str]]:
    """What axe-core finds on the page that is open: impact, rule and the first element. Skips where it is not
    installed; AXE_CORE may name its axe.min.js."""
    named = os.environ.get("AXE_CORE")
    spec = find_spec("axe_core_python")
    if not named and spec is None:
        pytest.skip("axe-core is not here: pip install axe-core-python, or name axe.min.js in AXE_CORE")
    script = Path(named) if named else Path(str(spec.origin if spec else "")).with_name("axe.min.js")
    page.run(script.read_text(encoding="utf-8") + "; 1")
    found = page.run("axe.run().then((r) => r.violations.map((v) => [v.impact, v.id, v.nodes[0].html]))")
    return [(impact, rule, element) for impact, rule, element in found]
