"""One function for each line of the table; times are wall clock, seconds."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import trendel
from tests.bench.runs import RATE_HZ, Samples, running, ten_minutes
from trendel.recording import Recording

PUSH_N = 10


def once(call: Callable[[], Any]) -> float:
    """Duration of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def best_of(calls: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Shortest duration of each call. They take turns, so that a busy moment of the machine does not hit one alone."""
    for call in calls.values():
        call()
    best = dict.fromkeys(calls, float("inf"))
    for _ in range(rounds):
        for name, call in calls.items():
            best[name] = min(best[name], once(call))
    return best


def vqf(samples: Samples) -> Callable[[], Any]:
    """The C++ VQF, attitude alone, on float64 copies made beforehand."""
    from vqf import VQF

    gyr, acc = samples.gyr_radps.astype(np.float64), samples.acc_mps2.astype(np.float64)
    return lambda: VQF(1 / RATE_HZ).updateBatch(gyr, acc)


def analysis(samples: Samples, mode: Any) -> Callable[[], Any]:
    """trendel.analyze of a recording in memory, without signals: conversion, kernels, tables, summary."""
    recording = Recording.from_arrays(samples.acc_mps2, samples.gyr_radps, RATE_HZ)
    return lambda: trendel.analyze(recording, mode=mode, signals=False)


def push_percentiles(seconds: float = 600.0) -> tuple[float, float]:
    """p50 and p99 of a 10-sample Stream.push over ten minutes of running."""
    samples = ten_minutes()
    stream = trendel.Stream(rate_hz=RATE_HZ)
    n = int(seconds * RATE_HZ) // PUSH_N
    times = np.zeros(n)
    for k in range(n):
        part = slice(k * PUSH_N, (k + 1) * PUSH_N)
        acc, gyr = samples.acc_mps2[part], samples.gyr_radps[part]
        start = time.perf_counter()
        stream.push(acc, gyr)
        times[k] = time.perf_counter() - start
    p50, p99 = np.percentile(times, [50, 99])
    return float(p50), float(p99)


def peak_bytes(hours: int) -> int:
    """Largest memory beyond the recording itself during analyze(signals=False) of that many hours."""
    samples = running(int(hours * 3600 * RATE_HZ))
    recording = Recording.from_arrays(samples.acc_mps2, samples.gyr_radps, RATE_HZ)
    tracemalloc.start()
    try:
        result = trendel.analyze(recording, signals=False)
        peak = tracemalloc.get_traced_memory()[1]
        kept = sum(t.data.nbytes for t in (result.steps, result.strides))
    finally:
        tracemalloc.stop()
    return int(peak - kept)


def command(*arguments: str, cache: Path | None = None) -> float:
    """Wall time of a new process of `trendel` with these arguments; raises RuntimeError where it fails."""
    installed = Path(sys.executable).with_name("trendel")
    started = [sys.executable, "-c", "from trendel.app.cli import main; main()"]
    program = [str(installed)] if installed.exists() else started
    environment = dict(os.environ)
    if cache is not None:
        environment["TRENDEL_CACHE_DIR"] = str(cache)
    start = time.perf_counter()
    done = subprocess.run([*program, *arguments], env=environment, capture_output=True, text=True)
    taken = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(f"trendel {' '.join(arguments)} failed: {done.stderr.strip()[-500:]}")
    return taken


def help_s(rounds: int = 7) -> float:
    """`trendel --help`, best."""
    return min(command("--help") for _ in range(rounds))


def commands_s() -> dict[str, float]:
    """The first-ever analysis with an empty cache (of a short CSV), and warm ones of a 10-minute CSV (best of 5)."""
    from trendel.recording.writer import write_recording

    samples = ten_minutes()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        short = int(40 * RATE_HZ)
        recordings = {"short": slice(0, short), "long": slice(None)}
        for file, part in recordings.items():
            recording = Recording.from_arrays(samples.acc_mps2[part], samples.gyr_radps[part], RATE_HZ)
            write_recording(recording, folder / f"{file}.csv")
        cache = folder / "cache"
        first = command("analyze", str(folder / "short.csv"), "--out", str(folder / "first"), cache=cache)
        warm = [
            command("analyze", str(folder / "long.csv"), "--out", str(folder / f"warm{k}"), cache=cache)
            for k in range(5)
        ]
    return {"first": first, "warm": min(warm)}
