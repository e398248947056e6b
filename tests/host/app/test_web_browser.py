"""The live page in a browser: it moves in time, is heard, works by keyboard alone, and comes back by itself."""

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="starlette is not installed: pip install 'trendel[web]'")
pytest.importorskip("uvicorn", reason="uvicorn is not installed: pip install 'trendel[web]'")

from tests.browser import Browser, browser, needs_chromium, violations
from tests.host.app.web_made import ALERT, FIGURES, Page

pytestmark = needs_chromium()

# Counts what would be heard; the page itself is as it is.
_EARS = """
window.heard = []; window.spoken = [];
window.AudioContext = class { constructor() { this.state = 'suspended'; this.currentTime = 0; this.destination = {}; }
  async resume() { this.state = 'running'; }
  createOscillator() { const t = { frequency: {}, connect: (g) => g, stop() {},
    start: () => heard.push(t.frequency.value) }; return t; }
  createGain() { return { gain: { setValueAtTime() {}, exponentialRampToValueAtTime() {} }, connect() {} }; } };
window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
Object.defineProperty(window, 'speechSynthesis', { value: { cancel() {},
  getVoices: () => window.voices, speak: (u) => spoken.push(`${u.voice.name}: ${u.text}`) } });
window.voices = [{ name: 'far', lang: 'en-GB', localService: false },
  { name: 'near', lang: 'en-US', localService: true }];
"""


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with browser() as found:
        found.call("Page.addScriptToEvaluateOnNewDocument", source=_EARS)
        yield found


def _opened(chrome: Browser, page: Page) -> Browser:
    chrome.size(1024, 768)
    chrome.open(page.url)
    chrome.until("document.querySelector('#link').textContent === 'clip connected'")
    return chrome


def test_figures_alert_sound_and_speech(chrome: Browser) -> None:
    with Page().open() as page:
        b = _opened(chrome, page)
        b.key("Tab")  # browsers want the page touched before there is sound
        page.tell("figures", FIGURES)
        b.until("document.querySelector('#cadence').textContent === '168'")
        assert b.run("document.querySelector('#left .change').textContent") == "+1.6\u00b0 against fresh"
        assert b.run("document.querySelector('#left').classList.contains('warning')") is True
        assert b.run("document.querySelector('#right').classList.contains('warning')") is False
        page.tell("pose", {"tilt_deg": 0.0, "obliquity_deg": 5.0, "rotation_deg": 0.0})
        b.until("/rotate\\((9\\.\\d|10)/.test(document.querySelector('#bone').getAttribute('transform'))")
        page.do(lambda: page.hub.alert(ALERT))
        b.until("document.querySelector('#alert').textContent.includes('WARNING: The pelvis sinks.')")
        assert b.run("heard") == [880, 660]
        assert b.run("spoken") == ["near: The pelvis sinks. Shorten your stride."]
        b.run("window.voices = window.voices.slice(0, 1); 1")  # a voice that would send it elsewhere is not used
        page.do(lambda: page.hub.alert({**ALERT, "message": "again"}))
        b.until("document.querySelector('#alert').textContent.includes('again')")
        assert len(b.run("heard")) == 4 and len(b.run("spoken")) == 1
        b.key("s")
        page.do(lambda: page.hub.alert({**ALERT, "level": "stop"}))
        b.until("document.querySelector('#alert').textContent.includes('STOP')")
        page.do(lambda: page.hub.alert({**ALERT, "level": "notice", "message": "less"}))
        b.until("document.querySelector('#said').textContent === 'less'")
        assert "STOP" in b.run("document.querySelector('#alert').textContent")  # nothing covers a stop
        assert len(b.run("heard")) == 4 and len(b.run("spoken")) == 1
        b.key("s")
        assert b.console == []
        assert {url.split("/")[2] for url in b.requests if url.startswith("http")} == {f"127.0.0.1:{page.port}"}


def test_keyboard_alone_marks_notes_pain_and_records(chrome: Browser) -> None:
    with Page().open() as page:
        b = _opened(chrome, page)
        b.key("m")
        b.key("p")
        b.until("document.querySelector('#pain-dialog').open")
        b.key("7")
        b.until("!document.querySelector('#pain-dialog').open")
        b.key("p")
        for _ in range(10):
            b.key("Tab")
        assert b.run("document.activeElement.textContent") == "10"
        b.key("Enter")
        b.until("!document.querySelector('#pain-dialog').open")
        b.key("p")
        b.key("Escape")
        b.until("!document.querySelector('#pain-dialog').open")
        b.key("r")
        b.run("new Promise((done) => setTimeout(done, 200))")
        assert page.asked == [
            {"type": "mark", "label": ""}, {"type": "pain", "level": 7}, {"type": "pain", "level": 10},
            {"type": "record", "on": True},
        ]  # fmt: skip
        page.tell("recording", {"name": "x.mcap", "sentence": ""}, keep=True)
        b.until("document.querySelector('#record').getAttribute('aria-pressed') === 'true'")
        reached = set()
        for _ in range(8):
            b.key("Tab")
            reached.add(b.run("document.activeElement.id"))
        assert {"mark", "pain", "record", "sound"} <= reached


def test_a_lost_server_is_shown_and_found_again(chrome: Browser) -> None:
    with Page().open() as page:
        b = _opened(chrome, page)
        port = page.port
        page.tell("link", {"state": "lost", "sentence": "The clip is lost."}, keep=True)
        b.until("document.querySelector('#link').textContent === 'clip lost'")
        assert b.run("document.querySelector('#said').textContent") == "The clip is lost."
    b.until("document.querySelector('#link').textContent === 'no connection to the computer'")
    assert b.run("document.querySelector('#link').className") == "chip gone"
    b.key("m")
    b.until("document.querySelector('#said').textContent.startsWith('Not sent')")
    with Page(port=port).open():
        b.until("document.querySelector('#link').textContent === 'clip connected'", 15)


def test_a_wrong_token_is_told(chrome: Browser) -> None:
    with Page("right").open() as page:
        chrome.open(page.url + "#wrong")
        chrome.until("document.querySelector('#link').textContent === 'wrong token'")
        assert "the one that the terminal shows" in chrome.run("document.querySelector('#said').textContent")
        chrome.open(page.url + "#right")
        chrome.until("document.querySelector('#link').textContent === 'clip connected'")


def test_axe_finds_no_serious_violation(chrome: Browser) -> None:
    with Page().open() as page:
        b = _opened(chrome, page)
        page.tell("figures", FIGURES)
        page.do(lambda: page.hub.alert(ALERT))
        b.until("document.querySelector('#alert').childElementCount > 0")
        for opened in (False, True):
            if opened:
                b.key("p")
                b.until("document.querySelector('#pain-dialog').open")
            assert [v for v in violations(b) if v[0] in ("serious", "critical")] == []


@pytest.mark.parametrize("link", ["replay:{}@3", "sim:{}?speed=3"])
def test_metrics_move_within_300_ms_of_the_step(chrome: Browser, simulated_csv: Path, link: str) -> None:
    if link.startswith("sim") and find_spec("bumble") is None:
        pytest.skip("bumble is not installed: pip install 'trendel[sim]'")
    command = "from trendel.app.cli import main; main()"
    arguments = ["live", "--link", link.format(simulated_csv), "--web", "--port", "0"]
    with subprocess.Popen(
        [sys.executable, "-c", command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        try:
            url = next(m[1] for line in process.stdout if (m := re.search(r"page: (http://\S+)", line)))
            chrome.open(url)
            chrome.run("window.late = []; addEventListener('trendel:shown', (e) => late.push(e.detail)); 1")
            chrome.until("late.length > 15", 60)
            late = sorted(chrome.run("late"))
            # The median: what else runs on this machine delays single ones; tests.soak.web has the distribution.
            assert late[len(late) // 2] < 300
            assert chrome.run("document.querySelector('#cadence').textContent") != "-"
            assert chrome.console == []
        finally:
            process.terminate()
