"""`trendel demo`: the alert comes on the right side and not before, in lines and on a screen, stopped or not."""

import contextlib
import io
import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from rich.console import Console

import trendel
from tests.host.app.conftest import Cli
from trendel.app import demo
from trendel.app.big_figures import bars, big
from trendel.app.watch import Watch
from trendel.app.watch_screen import Screen

MAIN = "from trendel.app.cli import main; main()"


def _seen(out: Path) -> dict[str, Any]:
    seen: dict[str, Any] = json.loads((out / "live" / "summary.json").read_text())
    return seen


def test_as_a_newcomer_runs_it(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All defaults: the left hip from the middle of 30 minutes on."""
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "trendel-demo"
    said = cli("demo")
    assert said.code == 0 and said.out.startswith("This run is simulated")
    assert max(map(len, said.out.splitlines())) <= 80
    assert len(re.findall(r"^ ?\d+:00 ", said.out, re.M)) == 30
    seen = _seen(out)
    onset_s = seen["gave_way"]["from_s"]
    assert onset_s == 918
    drops = [alert for alert in seen["alerts"] if alert["kind"] == "pelvic_drop"]
    assert seen["alerts"][0] == drops[0] and "warning" in {alert["level"] for alert in drops}
    assert all(alert["right"] and alert["side"] == "L" and alert["time_s"] > onset_s for alert in seen["alerts"])
    warning = next(alert for alert in drops if alert["level"] == "warning")
    assert warning["ci_low"] <= warning["true_change_deg"] <= warning["ci_high"]
    for leg in seen["legs"].values():
        assert leg["change_deg"] == pytest.approx(leg["true_change_deg"], abs=0.4)
    assert "Your left hip held less and less" in said.out and "There was no false alarm." in said.out
    assert drops[-1]["action"] in " ".join(said.out.split())
    # What was seen live is what the clip would have said of the file.
    again = trendel.analyze(trendel.read(out / "run.csv"), mode="causal", signals=False)
    assert [row["time_s"] for row in again.alerts] == pytest.approx([a["time_s"] for a in seen["alerts"]], abs=0.02)
    assert len((out / "live" / "steps.csv").read_text().splitlines()) == len(again.steps) + 1


@pytest.mark.parametrize(("side", "letters"), [("right", {"R"}), ("none", set())])
def test_the_side_that_gives_way_is_the_one_that_is_named(
    cli: Cli, tmp_path: Path, side: str, letters: set[str]
) -> None:
    said = cli("demo", "--side", side, "--minutes", "12", "--out", tmp_path)
    assert said.code == 0
    seen = _seen(tmp_path)
    assert {alert["side"] for alert in seen["alerts"]} == letters
    assert ("Both held" in said.out) == (side == "none") and "Too short" not in said.out


def test_stopped_it_sums_up_what_was_seen(tmp_path: Path) -> None:
    command = [sys.executable, "-c", MAIN, "demo", "--realtime", "--minutes", "2", "--out", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if "steps/min" in line:
                break
        process.send_signal(signal.SIGINT)
        said, complaint = process.communicate(timeout=60)
    finally:
        if process.poll() is None:
            process.kill()
    assert process.returncode == 0, complaint
    assert "Traceback" not in complaint and "stopped at" in said
    assert "Too short to say" in said and "missed" not in said and "Next" in said
    assert _seen(tmp_path)["ended"] is False


def test_an_interrupt_that_compiled_code_has_swallowed_is_noticed() -> None:
    with demo.interrupts() as interrupted:
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        assert interrupted.is_set()
        run: Any = SimpleNamespace(t_s=np.zeros(3), rate_hz=104.0)
        nothing: Any = None
        with pytest.raises(KeyboardInterrupt):
            demo._play(run, nothing, nothing, nothing, nothing, interrupted)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_on_a_terminal_it_plays_and_clears_its_screen(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    console = Console(force_terminal=True, width=80, height=24, highlight=False, _environ={"TERM": "xterm"})
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(demo, "stdout_console", lambda: console)
    monkeypatch.setattr(demo, "_PLAYED_S", 1.0)
    said = cli("demo", "--minutes", "1", "--out", tmp_path)
    assert said.code == 0
    assert "times as fast as life" in said.out and "steps/min" in said.out
    assert "Too short to say" in said.out[said.out.rindex("Ctrl-C ends it") :]


@pytest.mark.parametrize("unicode", [True, False])
def test_the_screen_fits_80_by_24_with_alerts_in_it(unicode: bool) -> None:
    watch = Watch()
    columns = ("time_s", "onset_s", "value", "baseline", "change", "ci_low", "ci_high")
    texts = {"kind": "pelvic_drop", "side": "R", "level": "warning", "message": "m " * 59, "action": "a " * 32}
    row = np.zeros(4, [(c, "f8") for c in columns] + [(c, "U120") for c in texts])
    row["time_s"] = 1100.0
    for name, text in texts.items():
        row[name] = text
    watch._alerts = [type(watch.alerts)(row, {})]
    console = Console(width=80, height=24, record=True, file=io.StringIO())
    console.print(Screen("title", 1800.0, unicode=unicode).frame(watch))
    lines = console.export_text().splitlines()
    assert len(lines) <= 23 and max(map(len, lines)) <= 80
    assert "18:20 warning: pelvic drop right, +0.0 degrees" in lines
    assert unicode or all(line.isascii() for line in lines if "━" not in line)


def test_figures_are_three_lines_high() -> None:
    assert big("-1.5").splitlines() == ["    ▄█    █▀▀", "▀▀▀  █    ▀▀█", "    ▀▀▀ ▀ ▀▀▀"]
    assert big("168", unicode=False) == "\n168\n"
    assert bars([None, -1.0, 0.0, 3.0, 9.0], 3.5) == " ▁▁▇█"


def test_what_cannot_be_is_one_sentence(cli: Cli, tmp_path: Path) -> None:
    said = cli("demo", "--side", "middle", "--out", tmp_path)
    assert said.code == 2 and "left, right, both, none" in said.err
    (tmp_path / "run.csv").write_text("mine\n")
    said = cli("demo", "--out", tmp_path)
    assert said.code == 2 and "choose another folder" in said.err and said.err.count("\n") == 1
    assert (tmp_path / "run.csv").read_text() == "mine\n"
