"""`python -m tests.soak.web [MINUTES]`: the live page at true speed: its memory, the host's cost, the delay."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.browser import browser
from trendel.simulation import SensorModel, Session, simulate

_CLI = "from trendel.app.cli import main; main()"


def measure(minutes: float, rate_hz: float = 208.0) -> dict[str, float]:
    """Heap of the page after a garbage collection early and late (MB), share of a core that the host takes beside
    `live` without a page, and delay from samples to screen (ms)."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run.csv"
        _write(run, minutes, rate_hz)
        plain = _run(run, min(minutes, 2.0), page=False)
        return {
            "minutes": minutes,
            "rate_hz": rate_hz,
            "cpu_without_page": plain["cpu"],
            **_run(run, minutes, page=True),
        }


def _write(path: Path, minutes: float, rate_hz: float) -> None:
    from trendel.recording import Recording, write_recording

    made = simulate(
        Session((("stand", 4.0), ("run", 60 * minutes + 120.0)), seed=3),
        SensorModel(rate_hz=rate_hz, rate_error=0.0, rate_drift=0.0, seed=3),
    )
    write_recording(Recording.from_arrays(made.acc_mps2, made.gyr_radps, made.rate_hz), path)


def _run(run: Path, minutes: float, *, page: bool) -> dict[str, float]:
    options = ["--web", "--port", "0"] if page else []
    process = subprocess.Popen(
        [sys.executable, "-c", _CLI, "live", "--link", f"replay:{run}", *options],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=None,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        if not page:
            next(line for line in process.stdout if "min:s" in line or "steps" in line)
            return {"cpu": _cpu(process.pid, 60 * minutes)}
        url = next(m[1] for line in process.stdout if (m := re.search(r"page: (http://\S+)", line)))
        with browser() as b:
            b.size(1024, 768)
            b.open(url)
            b.run(
                "window.late = []; addEventListener('trendel:shown', (e) => { if (late.length < 20000) "
                "late.push(e.detail); }); 1"
            )
            b.until("late.length > 30", 120)
            early, part = _heap(b), max(20.0, 60 * minutes / 10)
            cpu, heaps, end = [], [early], time.monotonic() + 60 * minutes
            while time.monotonic() < end:
                cpu.append(_cpu(process.pid, part))
                heaps.append(_heap(b))
            late = sorted(b.run("late"))
            assert b.console == []
            return {
                "heap_early_mb": early, "heap_late_mb": heaps[-1], "cpu": sum(cpu) / len(cpu),
                "rss_mb": _rss(process.pid), "shown_n": float(len(late)), "delay_median_ms": late[len(late) // 2],
                "delay_99_ms": late[int(0.99 * len(late))], "delay_max_ms": late[-1],
            }  # fmt: skip
    finally:
        process.terminate()
        process.wait(30)


def _heap(b: object) -> float:
    b.call("HeapProfiler.collectGarbage")  # type: ignore[attr-defined]
    return float(b.run("performance.memory.usedJSHeapSize")) / 1e6  # type: ignore[attr-defined]


def _cpu(pid: int, seconds: float) -> float:
    """Share of a core over so long."""
    before, start = _times(pid), time.monotonic()
    time.sleep(seconds)
    return (_times(pid) - before) / (time.monotonic() - start)


def _times(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100.0


def _rss(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 1e6


if __name__ == "__main__":
    print(json.dumps(measure(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0), indent=2))
