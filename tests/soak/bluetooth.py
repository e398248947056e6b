"""`live` and `record` at 833 Hz over bleak and a virtual Bluetooth, with the clip in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import numpy as np

from tests.soak.live import used
from trendel.recording.session import open_session
from trendel.recording.session.samples import gather, order
from trendel.wire.layout import KIND_IMU

_COMMAND = [sys.executable, "-c", "from trendel.app.cli import main; main()"]
_SETTLE_S = 8.0


def measure(mode: str, source: Path, folder: Path, seconds: float, rate_hz: float = 833.0) -> dict[str, float]:
    """Run `trendel` `mode` for some seconds; figures by name. The share of a core is that of the host's process: with
    bleak and, in place of the system's Bluetooth, bumble."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{free.getsockname()[1]}"
    out, said = folder / f"ble-{mode}.mcap", folder / f"ble-{mode}.jsonl"
    simulate = ["clip", "simulate", str(source), "--transport", f"tcp-server:{where}", "--rate", f"{rate_hz:g}"]
    clip = subprocess.Popen([*_COMMAND, *simulate], stdout=subprocess.PIPE, text=True)
    try:
        assert clip.stdout is not None
        clip.stdout.readline()
        arguments = ["--json", "--record", str(out)] if mode == "live" else [str(out)]
        environment = {**os.environ, "TRENDEL_BLE": f"bumble:tcp-client:{where}"}
        with said.open("w") as stdout:
            host = subprocess.Popen([*_COMMAND, mode, "--link", "ble:", *arguments], stdout=stdout, env=environment)
            until_s = time.monotonic() + 60
            while not (out.exists() and out.stat().st_size > 60_000) and time.monotonic() < until_s:
                time.sleep(0.1)
            time.sleep(_SETTLE_S)
            began_s, before = time.monotonic(), used(host.pid)
            time.sleep(seconds)
            after = used(host.pid)
            share = (after[0] - before[0]) / (time.monotonic() - began_s)
            host.send_signal(signal.SIGINT)
            host.wait(timeout=60)
    finally:
        clip.send_signal(signal.SIGINT)
        clip.wait(timeout=30)
    with open_session(out) as session:
        packets = list(session.packets())
    live = [packet for packet in packets if packet.source == "live" and packet.raw[0] == KIND_IMU]
    arrived_s = np.array([packet.time_ns for packet in live]) / 1e9
    samples = order(next(iter(gather(packets).values())))
    assert samples is not None
    figures = {
        "core_share": share,
        "grown_mb": after[1] - before[1],
        "samples": float(len(samples.time_ns)),
        "samples_lost": float(samples.lost_n),
        "from_log": float(sum(packet.source == "log" and packet.raw[0] == KIND_IMU for packet in packets)),
    }
    if mode == "live":
        rows = [json.loads(line) for line in said.read_text().splitlines()]
        rows_s = np.array([datetime.fromisoformat(row["at"]).timestamp() for row in rows if row["type"] == "step"])
        rows_s = rows_s[(rows_s > arrived_s[0]) & (rows_s < arrived_s[-1])]
        delay_ms = 1e3 * (rows_s - arrived_s[np.searchsorted(arrived_s, rows_s, "right") - 1])
        figures |= {"steps": float(len(rows_s)), "p50_ms": float(np.median(delay_ms))}
        figures["p99_ms"] = float(np.percentile(delay_ms, 99))
    return figures
