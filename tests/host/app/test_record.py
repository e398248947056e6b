"""`trendel record` and `trendel mark`: what ends up in the session, and how a recording ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import trendel
from tests.host.app.conftest import Cli
from tests.host.links.made import csv_file, session_file
from trendel.app import marks
from trendel.app.keys import KeyReader
from trendel.app.marks import Mark, MarkBox, send_mark
from trendel.errors import SessionError
from trendel.recording.session import open_session, topics

COMMAND = [sys.executable, "-c", "from trendel.app.cli import main; main()"]


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(marks.FOLDER_VARIABLE, str(tmp_path / "running"))


def test_a_session_holds_what_the_link_brought(cli: Cli, tmp_path: Path) -> None:
    source, out = session_file(tmp_path), tmp_path / "again.mcap"
    said = cli("record", "--link", f"replay:{source}@max", out, "--participant", "P7", "--condition", "tired")
    assert (said.code, said.err) == (0, "")
    assert "1248 samples" in said.out and "0 missing in 0 gaps" in said.out and "made (7e57)" in said.out
    with open_session(source) as before, open_session(out) as after:
        assert after.is_finished
        assert sorted(p.raw for p in after.packets()) == sorted(p.raw for p in before.packets())
        assert (after.about["participant"], after.about["condition"]) == ("P7", "tired")
        assert [m.content["state"] for m in after.messages(topics.LINK)] == ["connected", "ended"]


def test_a_recording_of_a_csv_analyses_as_the_csv(cli: Cli, run_csv: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mcap"
    assert cli("record", "--link", f"replay:{run_csv}@max", out).code == 0
    of_csv, of_session = trendel.analyze(trendel.read(run_csv)).steps, trendel.analyze(trendel.read(out)).steps
    assert len(of_csv) == len(of_session) > 40
    np.testing.assert_allclose(of_session["ic_s"], of_csv["ic_s"], atol=0.002)
    np.testing.assert_allclose(of_session["obliquity_peak_deg"], of_csv["obliquity_peak_deg"], atol=0.1)


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
def test_ctrl_c_ends_a_recording_in_order(tmp_path: Path) -> None:
    out = tmp_path / "out.mcap"
    command = [*COMMAND, "record", "--link", f"replay:{csv_file(tmp_path, 60.0)}", str(out)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        until_s = time.monotonic() + 20
        while not list((tmp_path / "running").glob("*/recording.json")) and time.monotonic() < until_s:
            time.sleep(0.02)
        assert send_mark(Mark("start", "on the treadmill"), None) == out
        assert send_mark(Mark("knee", pain=4), out) == out
        time.sleep(0.8)
        process.send_signal(signal.SIGINT)
        said, complaint = process.communicate(timeout=20)
    finally:
        process.kill()
    assert (process.returncode, complaint) == (0, "")
    assert "marked: knee, pain 4" in said and "ended: stopped" in said
    with open_session(out) as session:
        assert session.is_finished
        found = [(m.content["label"], m.content["note"], m.content["pain"]) for m in session.messages(topics.MARKERS)]
        assert found == [("start", "on the treadmill", None), ("knee", "", 4)]
    assert not list((tmp_path / "running").iterdir())


@pytest.mark.parametrize(
    ("link", "says"),
    [
        ("bluetooth", "names no link"),
        ("replay:none.csv", "none.csv"),
        ("sim:none.csv", "none.csv"),
        ("sim:?x=1", "no option"),
    ],
)
def test_what_cannot_be_reached_is_one_sentence(cli: Cli, tmp_path: Path, link: str, says: str) -> None:
    said = cli("record", "--link", link, tmp_path / "out.mcap")
    assert said.code == 2 and says in said.err and said.err.count("\n") == 1
    assert not (tmp_path / "out.mcap").exists()


def test_a_session_is_never_overwritten(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "out.mcap").write_bytes(b"mine")
    said = cli("record", "--link", f"replay:{csv_file(tmp_path)}@max", tmp_path / "out.mcap")
    assert said.code == 2 and "exists already" in said.err
    assert (tmp_path / "out.mcap").read_bytes() == b"mine"


def test_minutes_end_it(cli: Cli, tmp_path: Path) -> None:
    link = f"replay:{csv_file(tmp_path, 60.0)}@5"
    said = cli("record", "--link", link, tmp_path / "out.mcap", "--minutes", "0.01")
    assert said.code == 0 and "ended: stopped" in said.out


def test_marks_go_to_the_recording_that_is_meant(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="No recording is running"):
        send_mark(Mark("x"), None)
    first, second = MarkBox(tmp_path / "a.mcap"), MarkBox(tmp_path / "b.mcap")
    with pytest.raises(SessionError, match="--session"):
        send_mark(Mark("x"), None)
    send_mark(Mark("x", age_s=2.0), tmp_path / "b.mcap")
    assert first.take() == []
    (found,) = second.take()
    assert (found.label, found.age_s) == ("x", pytest.approx(2.0, abs=0.5))
    assert second.take() == []
    first.close()
    assert send_mark(Mark("y"), None) == tmp_path / "b.mcap"
    os.utime(next((tmp_path / "running").glob("*/recording.json")), (1, 1))  # its process was killed long ago
    with pytest.raises(SessionError, match="No recording is running"):
        send_mark(Mark("x"), None)


def test_keys() -> None:
    found: list[Mark] = []
    ended: list[bool] = []
    reader = KeyReader(found.append, lambda: ended.append(True))
    for letter in "m7p6px8 q":
        reader.press(letter)
    assert found == [Mark("marker 1"), Mark("pain", pain=6), Mark("marker 2")]
    assert ended == [True]


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
def test_keys_on_a_terminal_which_is_given_back_as_it_was(tmp_path: Path) -> None:
    import termios

    out = tmp_path / "out.mcap"
    far, near = os.openpty()
    before = termios.tcgetattr(near)
    command = [*COMMAND, "record", "--link", f"replay:{csv_file(tmp_path, 60.0)}", str(out)]
    process = subprocess.Popen(command, stdin=near, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        until_s = time.monotonic() + 20
        while termios.tcgetattr(near) == before and time.monotonic() < until_s:
            time.sleep(0.02)
        for key in b"m", b"p", b"6", b"q":
            os.write(far, key)
            time.sleep(0.05)
        assert process.wait(timeout=20) == 0
        assert termios.tcgetattr(near) == before
    finally:
        process.kill()
        os.close(near)
        os.close(far)
    with open_session(out) as session:
        found = [(m.content["label"], m.content["pain"]) for m in session.messages(topics.MARKERS)]
    assert found == [("marker 1", None), ("pain", 6)]
