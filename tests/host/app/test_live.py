"""`trendel live`: what is shown, told to programs and kept."""

import asyncio
import io
import json
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from rich.console import Console
from rich.text import Text

import trendel
from tests.host.app.conftest import Cli
from tests.host.links.made import csv_file, session_file
from trendel.app import live, marks, run_view
from trendel.app.follow import Ending, Run
from trendel.app.health import Health, health_line
from trendel.app.live import LiveRun
from trendel.app.live_lines import Teller
from trendel.app.live_recording import Recording
from trendel.app.marks import Mark
from trendel.app.watch import Watch
from trendel.app.watch_screen import Screen
from trendel.links import make_link
from trendel.links.intake import Intake
from trendel.links.live_stream import LiveStream
from trendel.recording.session import open_session, topics


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(marks.FOLDER_VARIABLE, str(tmp_path / "running"))


def test_programs_are_told_every_step_and_the_session_keeps_them(cli: Cli, run_csv: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mcap"
    said = cli("live", "--link", f"replay:{run_csv}@max", "--record", out, "--json", "--participant", "P1")
    assert said.code == 0
    lines = [json.loads(line) for line in said.out.splitlines()]
    assert (lines[0]["type"], lines[0]["state"]) == ("link", "connected")
    steps = [line for line in lines if line["type"] == "step"]
    expected = trendel.analyze(trendel.read(run_csv), mode="causal").steps
    assert len(steps) == len(expected) > 40
    np.testing.assert_allclose([step["ic_s"] for step in steps], expected["ic_s"], atol=0.002)
    assert {"side", "contact_time_ms", "obliquity_peak_deg"} <= set(steps[0])
    assert "running started" in [line["sentence"] for line in lines if line["type"] == "event"]
    with open_session(out) as session:
        kept = [message.content["ic_s"] for message in session.messages(topics.STEPS)]
        assert kept == [step["ic_s"] for step in steps]
        assert session.about["participant"] == "P1"


def test_without_a_terminal_it_is_a_line_a_minute(cli: Cli, tmp_path: Path) -> None:
    said = cli("live", "--link", f"replay:{csv_file(tmp_path, 130.0)}@max")
    assert (said.code, said.err) == (0, "")
    assert len(re.findall(r"^ [12]:00 ", said.out, re.M)) == 2
    assert "lost 0 (0.00 %)" in said.out.splitlines()[-1]


def test_on_a_terminal_it_is_the_screen_of_the_demo(cli: Cli, run_csv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    console = Console(force_terminal=True, width=80, height=24, highlight=False, _environ={"TERM": "xterm"})
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(live, "stdout_console", lambda: console)
    monkeypatch.setattr(run_view, "_FRAME_S", 0.0)
    said = cli("live", "--link", f"replay:{run_csv}@max")
    assert said.code == 0
    for shown in ("steps/min", "against fresh", "m: marker", "delay 0 ms", "running"):
        assert shown in said.out


def test_pain_is_an_alert_to_stop_at_once(tmp_path: Path) -> None:
    link = make_link(f"replay:{csv_file(tmp_path)}")
    run = LiveRun(link, Intake(), LiveStream())
    shown: list[tuple[str, int]] = []
    run.view = SimpleNamespace(  # type: ignore[assignment]
        show=lambda watch, new: shown.append((str(watch.alerts["level"][-1]) if new else "", new)),
        say=lambda watch, sentence: shown.append((sentence, 0)),
    )
    run.mark(Mark("pain", pain=6))
    run.mark(Mark("pain", pain=0))
    run.mark(Mark("marker 1"))
    assert shown == [("stop", 1), ("marked: pain", 0), ("marked: marker 1", 0)]
    assert run.watch.alerts["message"][0] == "You noted pain, 6 of 10; that outranks every number here."


def test_the_live_screen_fits_80_by_24() -> None:
    watch = Watch(keep_rows=False)
    for _ in range(4):
        watch.add_pain(7)
    health = Health(10**7, 12345, 833.3, 3, 0, 12.0, 1, 81.0, 40.0, 123_456.0, 0)
    screen = Screen("title", None, unicode=True, status=lambda: Text(health_line(health)))
    console = Console(width=80, height=24, record=True, file=io.StringIO())
    console.print(screen.frame(watch))
    lines = console.export_text().splitlines()
    assert len(lines) <= 23 and max(map(len, lines)) <= 80
    assert "833.3 Hz, lost 12345 (0.12 %), delay 12 ms" in lines[1]


def test_a_watch_stays_small(tmp_path: Path) -> None:
    watch = Watch(keep_rows=False)
    run = trendel.analyze(trendel.read(session_file(tmp_path, 40.0)), mode="causal")
    assert len(run.strides) > 10
    completed = SimpleNamespace(steps=run.steps, strides=run.strides, alerts=watch.alerts)
    for k in range(600):
        watch.take(completed, float(k), 3)  # type: ignore[arg-type]
    assert len(watch.steps) == len(watch.strides) == 0
    assert len(watch.course) <= 8192
    assert watch.course[-1][0] == run.strides["end_s"][-1]


def test_a_recording_begun_in_the_run_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    link = make_link(f"replay:{csv_file(tmp_path, 30.0)}@max")
    run, intake = LiveRun(link, Intake(), LiveStream()), Intake()
    following = Run(link, intake, run)
    recording = Recording(following, run, {"participant": "P2"})
    seen: list[int] = []
    begun = SimpleNamespace(**{name: lambda *_: None for name in Teller.__dict__ if not name.startswith("_")})

    def completed(rows: object, now_ns: int) -> None:
        seen.append(intake.samples_n)
        if len(seen) == 300:
            recording.begin()

    begun.completed = completed
    run.tellers.append(begun)  # type: ignore[arg-type]

    async def follow() -> Path | None:
        await link.open()
        await following.follow(Ending())
        await link.close()
        return await recording.end("enough")

    path = asyncio.run(follow())
    assert path is not None and path.parent == Path() and recording.path is None
    with open_session(path) as session:
        assert session.about["participant"] == "P2"
    read = trendel.read(path)
    assert 0 < len(read) < intake.samples_n
    assert read.gyr_radps is not None and abs(float(np.linalg.norm(read.acc_mps2, axis=1).mean()) - 10.0) < 3.0
