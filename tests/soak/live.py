"""`python -m tests.soak.live [--seconds 40] [--rate 833]`: what `live` and `record` cost, and how soon a row is there.

A simulated runner is sent in real time through a pseudo-terminal to `trendel` in a process of its own."""

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

import numpy as np

from tests.host.links.fake_port import FakePort
from trendel.links.packetise import Timed, packets_of
from trendel.recording import Recording
from trendel.recording.session import open_session
from trendel.simulation import SensorModel, Session, simulate

_COMMAND = [sys.executable, "-c", "from trendel.app.cli import main; main()"]
_SETTLE_S = 5.0
_READY_S = 0.5  # a pty has no DTR, by which a clip knows that opening the port is done
_TICKS = 100.0  # of /proc, per second


def made(seconds: float, rate_hz: float) -> list[Timed]:
    """The packets of a simulated run."""
    run = simulate(Session((("stand", 3.0), ("run", seconds - 3.0)), seed=4), SensorModel(rate_hz=rate_hz, seed=4))
    return list(packets_of(Recording.from_arrays(run.acc_mps2, run.gyr_radps, t_s=run.t_s)))


def measure(mode: str, packets: list[Timed], folder: Path) -> dict[str, float]:
    """Run `trendel` `mode` on them; figures by name."""
    port, out, said = FakePort(folder / f"tty-{mode}"), folder / f"{mode}.mcap", folder / f"{mode}.jsonl"
    arguments = ["--json", "--record", str(out)] if mode == "live" else [str(out)]
    with said.open("w") as stdout:
        process = subprocess.Popen([*_COMMAND, mode, "--link", f"usb:{port.path}", *arguments], stdout=stdout)
        while not port.is_read():
            time.sleep(0.05)
        time.sleep(_READY_S)
        began_s, sent_s, before = time.monotonic(), [], (0.0, 0.0, 0.0)
        for packet in packets:
            time.sleep(max(0.0, began_s + packet.at_s - time.monotonic()))
            if not before[0] and packet.at_s > _SETTLE_S:
                before = (time.monotonic(), *used(process.pid))
            sent_s.append(time.time())
            assert port.send(packet.raw), "the port was not read in time"
        cpu_s, memory_mb = used(process.pid)
        figures = {
            "core_share": (cpu_s - before[1]) / (time.monotonic() - before[0]),
            "grown_mb": memory_mb - before[2],
        }
        time.sleep(1.0)
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
    port.unplug()
    with open_session(out) as session:
        figures["packets_lost"] = len(packets) - sum(1 for _ in session.packets())
    return figures | (_latency(said, np.array(sent_s)) if mode == "live" else {})


def _latency(said: Path, sent_s: np.ndarray) -> dict[str, float]:
    """From the block before each row of a step to the row; the last row comes with the end and is left out."""
    lines = [json.loads(line) for line in said.read_text().splitlines()]
    rows_s = np.array([datetime.fromisoformat(x["at"]).timestamp() for x in lines if x["type"] == "step"])[:-1]
    delay_ms = 1e3 * (rows_s - sent_s[np.searchsorted(sent_s, rows_s) - 1])
    return {
        "steps": float(len(rows_s)),
        "p50_ms": float(np.median(delay_ms)),
        "p99_ms": float(np.percentile(delay_ms, 99)),
    }


def used(pid: int) -> tuple[float, float]:
    """(processor s, memory in MB) of a process, as /proc has them."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    status = Path(f"/proc/{pid}/status").read_text()
    memory_kb = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    return (int(fields[11]) + int(fields[12])) / _TICKS, memory_kb / 1024


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--rate", type=float, default=833.0)
    chosen = parser.parse_args()
    packets = made(chosen.seconds, chosen.rate)
    with tempfile.TemporaryDirectory() as folder:
        found = {mode: measure(mode, packets, Path(folder)) for mode in ("record", "live")}
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
