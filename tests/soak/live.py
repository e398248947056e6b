"""`python -m tests.soak.live [--seconds 40] [--rate 833]`: what `live` and `record` cost, and how soon a row is there.

A simulated clip measures a simulated runner in real time; `trendel`, a process of its own, follows it over Bluetooth
(bleak, bumble, HCI over TCP) or a serial port. Processor time is that of this process alone, after it has settled."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np

from trendel.links.intake import Intake, Samples
from trendel.links.live_stream import LiveStream
from trendel.links.packetise import counts_of
from trendel.links.protocol import Arrival
from trendel.links.sim.bench import Bench, Options
from trendel.links.sim.serve import hci_served
from trendel.links.sim.source import Measured
from trendel.links.sim.usb_port import UsbPort
from trendel.recording.session import open_session
from trendel.simulation import SensorModel, Session, simulate
from trendel.wire.framing import Received
from trendel.wire.layout import KIND_IMU
from trendel.wire.packets import ImuBlock, decode

_COMMAND = [sys.executable, "-c", "from trendel.app.cli import main; main()"]
_SETTLE_S = 5.0
_TICKS = 100.0  # of /proc, per second
LINKS = ("bluetooth", "serial")


def made(seconds: float, rate_hz: float) -> Measured:
    """What the clip measures."""
    run = simulate(Session((("stand", 3.0), ("run", seconds - 3.0)), seed=4), SensorModel(rate_hz=rate_hz, seed=4))
    return Measured(counts_of(run.acc_mps2, run.gyr_radps)[0], run.rate_hz, rate_hz)


@dataclass
class Served:
    """A clip that is served: how it is reached, and when it sent what (`sent_s`, by its first sample's index)."""

    arguments: list[str]
    environment: dict[str, str]
    sent_s: dict[int, float] = field(default_factory=dict)
    turns_s: list[tuple[float, float]] = field(
        default_factory=list
    )  # the clip's time, and when it was so by the host's
    ended: threading.Event = field(default_factory=threading.Event)


@contextmanager
def served(link: str, measured: Measured, folder: Path) -> Iterator[Served]:
    """A clip in a thread of its own, in real time."""
    port = UsbPort(folder / f"tty-{len(list(folder.iterdir()))}") if link == "serial" else None
    ready, stop, found = threading.Event(), threading.Event(), Served([], {})

    async def serve() -> None:
        bench = Bench(measured, Options(), port=port)
        _watch(bench, found)
        await bench.start()
        if port is not None:
            found.arguments = ["--link", f"usb:{port.path}"]
            await _until(bench)
            return
        async with hci_served(bench, "tcp-server:127.0.0.1:0") as way:
            name, _, value = way.partition("=")
            found.arguments, found.environment = ["--link", "ble:Anna"], {name: value}
            await _until(bench)

    async def _until(bench: Bench) -> None:
        ready.set()
        while not stop.is_set():
            await asyncio.sleep(0.05)
            bench.check()
            if bench.world.ended.is_set():
                found.ended.set()
        await bench.stop()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(120.0), "the simulated clip did not start"
    try:
        yield found
    finally:
        stop.set()
        thread.join(10.0)


def _watch(bench: Bench, found: Served) -> None:
    """Note when packets leave, and how the clip's time lies in the host's."""
    outlet, code = bench.world.outlet, bench.world.code
    send, advance = outlet.send, code.advance

    def sending(packet: bytes) -> None:
        if packet[0] == KIND_IMU:
            block = decode(packet)
            assert isinstance(block, ImuBlock)
            found.sent_s[int(block.header["sample_i"])] = time.time()
        send(packet)

    def advancing(now_s: float) -> None:
        found.turns_s.append((now_s, time.time()))
        advance(now_s)

    outlet.send, code.advance = sending, advancing  # type: ignore[method-assign]


def measure(link: str, mode: str, measured: Measured, folder: Path) -> dict[str, float]:
    """Run `trendel` `mode` over `link`; figures by name."""
    out, said = folder / f"{link}-{mode}.mcap", folder / f"{link}-{mode}.jsonl"
    arguments = ["--json", "--record", str(out)] if mode == "live" else [str(out)]
    with served(link, measured, folder) as clip, said.open("w") as stdout:
        environment = os.environ | clip.environment
        command = [*_COMMAND, mode, *clip.arguments, *arguments]
        process = subprocess.Popen(command, stdout=stdout, env=environment)
        while not clip.sent_s:
            time.sleep(0.05)
            assert process.poll() is None, "trendel has ended"
        time.sleep(_SETTLE_S)
        from_s, (cpu_s, memory_mb) = time.monotonic(), _used(process.pid)
        assert clip.ended.wait(3600.0)
        after_s, (cpu_after_s, memory_after_mb) = time.monotonic(), _used(process.pid)
        time.sleep(1.0)
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
    with open_session(out) as session:
        packets = [(packet.time_ns, packet.raw) for packet in session.packets()]
    blocks_n = sum(1 for _, raw in packets if raw[0] == KIND_IMU)
    figures = {
        "core_share": (cpu_after_s - cpu_s) / (after_s - from_s),
        "grown_mb": memory_after_mb - memory_mb,
        "blocks": float(len(clip.sent_s)),
        "blocks_lost": float(len(clip.sent_s) - blocks_n),
    }
    return figures | (_latency(said, packets, clip) if mode == "live" else {})


def _latency(said: Path, packets: list[tuple[int, bytes]], clip: Served) -> dict[str, float]:
    """How long after the last sample of the block that completes a step, and after this block was sent, its row came.

    Which block that is, is computed from the session again; rows that come with the end are left out."""
    stream, intake = LiveStream(), Intake()
    measured_s: list[float] = []
    sent_s: list[float] = []
    for time_ns, raw in packets:
        packet = decode(raw)
        for item in intake.take(Arrival(time_ns, Received(raw, packet))):
            if isinstance(item, Samples) and isinstance(packet, ImuBlock):
                steps_n = sum(len(done.steps) for done in stream.take(item))
                measured_s += steps_n * [float(np.interp(packet.times_us[-1] / 1e6, *zip(*clip.turns_s, strict=True)))]
                sent_s += steps_n * [clip.sent_s[int(packet.header["sample_i"])]]
    lines = [json.loads(line) for line in said.read_text().splitlines()]
    rows_s = [datetime.fromisoformat(line["at"]).timestamp() for line in lines if line["type"] == "step"]
    n = len(measured_s)
    assert 0 <= len(rows_s) - n <= 2, f"{len(rows_s)} rows of {n} steps"
    waited_ms = 1e3 * (np.array(rows_s[:n]) - np.array(measured_s))
    host_ms = 1e3 * (np.array(rows_s[:n]) - np.array(sent_s))
    return {
        "steps": float(n),
        "p50_ms": float(np.median(waited_ms)),
        "p99_ms": float(np.percentile(waited_ms, 99)),
        "host_p50_ms": float(np.median(host_ms)),
        "host_p99_ms": float(np.percentile(host_ms, 99)),
    }


def _used(pid: int) -> tuple[float, float]:
    """(processor s, memory in MB) of a process, as /proc has them."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    status = Path(f"/proc/{pid}/status").read_text()
    memory_kb = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    return (int(fields[11]) + int(fields[12])) / _TICKS, memory_kb / 1024


def measure_all(seconds: float, rate_hz: float, folder: Path) -> dict[str, dict[str, dict[str, float]]]:
    """Figures by link and mode."""
    measured = made(seconds, rate_hz)
    return {link: {mode: measure(link, mode, measured, folder) for mode in ("record", "live")} for link in LINKS}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--rate", type=float, default=833.0)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure_all(chosen.seconds, chosen.rate, Path(folder)), indent=2))


if __name__ == "__main__":
    main()
