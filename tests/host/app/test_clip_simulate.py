"""`trendel clip simulate`: a clip for other processes."""

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.host.app.conftest import Cli
from tests.host.links.benches import need_simulation
from tests.host.links.made import csv_file, run_async

_COMMAND = [sys.executable, "-c", "from trendel.app.cli import main; main()", "clip", "simulate"]
_START_S = 120.0  # compiling included


def _first_line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    assert select.select([process.stdout], [], [], _START_S)[0], "it says nothing"
    return process.stdout.readline()


def test_another_process_finds_it_and_it_ends_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need_simulation()
    from trendel.links.ble import scan

    socket = tmp_path / "hci"
    arguments = [str(csv_file(tmp_path, 20.0)), "--transport", f"unix-server:{socket}", "--name", "Carla"]
    process = subprocess.Popen([*_COMMAND, *arguments], stdout=subprocess.PIPE, text=True)
    try:
        way = f"TRENDEL_BLE=bumble:unix:{socket}"
        assert f"{way} and --link ble:Carla. Ctrl-C ends it." in _first_line(process)
        monkeypatch.setenv(*way.split("=", 1))
        for _ in range(2):  # the second after the first has gone
            assert [clip.name for clip in run_async(scan(5.0, first="Carla"))] == ["Carla"]
        process.send_signal(signal.SIGINT)
        assert process.wait(20.0) == 0
    finally:
        process.kill()


def test_serial_ports_are_there_while_it_runs(tmp_path: Path) -> None:
    need_simulation()
    pytest.importorskip("pty", reason="this system has no ptys")
    path = tmp_path / "clip"
    arguments = [str(csv_file(tmp_path, 20.0)), "--transport", f"pty:{path}"]
    process = subprocess.Popen([*_COMMAND, *arguments], stdout=subprocess.PIPE, text=True)
    try:
        assert f"--link usb:{path} (SMP: {path}-smp)" in _first_line(process)
        port = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        ends = time.monotonic() + 10.0
        got = b""
        while not got and time.monotonic() < ends:
            if select.select([port], [], [], 0.5)[0]:
                got = os.read(port, 4096)
        os.close(port)
        assert got
        process.send_signal(signal.SIGTERM)
        assert process.wait(20.0) == 0
        assert not path.exists() and not path.with_name("clip-smp").exists()
    finally:
        process.kill()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--transport", "radio"], "use tcp-server:HOST:PORT"),
        (["--transport", "tcp-server:127.0.0.1:99999"], "choose another address"),
        (["--faults", "awful"], "is none of"),
        (["none.csv"], "none.csv"),
    ],
)
def test_what_cannot_be_served_is_one_sentence(cli: Cli, tmp_path: Path, arguments: list[str], says: str) -> None:
    need_simulation()
    file = [] if arguments[0].endswith(".csv") else [csv_file(tmp_path, 3.0)]
    said = cli("clip", "simulate", *file, *arguments)
    assert said.code == 2 and says in said.err and said.err.count("\n") == 1
