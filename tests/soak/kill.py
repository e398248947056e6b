"""`kill -9` of a recording process: at random moments of recording, and of closing."""

import os
import random
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import trendel
from trendel.recording.session.info import describe

_START_S = 30.0


@dataclass(frozen=True)
class Killed:
    """One kill. phase_s: after the first packet, or (`in_closing`) after closing began. lost_s: from when the last
    packet that is in the file was handed over until the last one was. finished: the file was complete all the same."""

    phase_s: float
    in_closing: bool
    handed_n: int
    saved_n: int
    lost_s: float
    finished: bool


def kill_once(folder: Path, seed: int, rate_hz: float = 208.0) -> Killed:
    """Record into `folder` in another process, kill it, open the file. Raises AssertionError where it does not open or
    holds what was not handed over."""
    rng = random.Random(seed)
    in_closing = rng.random() < 0.3
    phase_s = 0.04 * rng.random() ** 3 if in_closing else rng.uniform(0.02, 1.6)
    record_s = rng.uniform(0.3, 1.0) if in_closing else 60.0
    path = folder / f"{seed}.mcap"
    command = [sys.executable, "-m", "tests.soak.recorder", str(path), str(rate_hz), str(record_s)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p or "." for p in sys.path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as child:
        assert child.stdout is not None
        heard: list[bytes] = []
        # The first line tells that it records; the child's own start is no phase.
        for line in child.stdout:
            heard.append(line)
            if not in_closing or line == b"closing\n":
                break
        time.sleep(phase_s)
        child.kill()
        heard += child.stdout.readlines()
        child.wait(_START_S)
    handed = [line.split() for line in heard if line.endswith(b"\n") and line[:1].isdigit()]
    times = [float(time_) for _, time_ in handed]
    assert path.exists() and handed, "the child recorded nothing"
    with trendel.open(path) as session:
        saved = [packet.raw for packet in session.packets()]
        finished = session.is_finished
    assert describe(path)["messages_missing"] == 0
    # One more may be on the disk than was said, where it was killed between the two.
    assert len(saved) <= len(handed) + 1
    numbers = [int.from_bytes(raw[4:8], "little") for raw in saved]
    period = max(numbers, default=0) + 1
    assert numbers == [k % period for k in range(len(numbers))]
    last = times[min(len(saved), len(times)) - 1] if saved else times[0]
    return Killed(phase_s, in_closing, len(handed), len(saved), times[-1] - last, finished)


def kill_many(folder: Path, count: int, first_seed: int = 0) -> list[Killed]:
    """So many kills, one after the other."""
    return [kill_once(folder, first_seed + k) for k in range(count)]
