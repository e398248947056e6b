"""`make soak`: a hundred kills, two hours in a session, a long recording, live runs, what comes home from the log, and
uploads of firmware under faults.

build/soak.json has the numbers, written after each part: with the parts that went past their limits under "failed".
`python -m tests.soak PART ...` runs some of them and keeps the figures of the others.

TRENDEL_SOAK_KILLS (100), TRENDEL_SOAK_MINUTES (30) and TRENDEL_SOAK_UPLOADS (100) change how long it takes,
and TRENDEL_SOAK_HOURS (8) how long the recording lasts over which memory is watched."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.soak import alerts, live, recovery
from tests.soak.cable import over_serial
from tests.soak.flashing import upload_seconds, uploads
from tests.soak.kill import kill_once
from tests.soak.pipeline import run_pipeline
from tests.soak.two_hours import measure

ROOT = Path(__file__).resolve().parents[2]
FOUND = ROOT / "build" / "soak.json"
HOUR_S = 3600.0
MAX_LOST_S = 1.0
MAX_CORE_SHARE = 0.10
MAX_LIVE_SHARE = 0.30
MAX_ROW_MS = 50.0
MAX_GROWN_MB = 30.0
MAX_BYTES = 12_000_000
MAX_MINUTE_S = 0.05
MAX_UPLOAD_S = 60.0

Figures = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """One of the long tests: `run` is given a folder and gives its figures and whether they are within their limits."""

    name: str
    says: str
    run: Callable[[Path], tuple[Figures, bool]]


def _number(name: str, usual: float) -> float:
    return float(os.environ.get(f"TRENDEL_SOAK_{name}", str(usual)))


def _kills(folder: Path) -> tuple[Figures, bool]:
    count = int(_number("KILLS", 100))
    killed = []
    for seed in range(count):
        killed.append(kill_once(folder, seed))
        print(f"kill {seed + 1} of {count}: {killed[-1].lost_s:.2f} s lost", flush=True)
    lost = [one.lost_s for one in killed]
    return {
        "count": count,
        "opened": len(killed),
        "lost_s_max": max(lost, default=None),
        "lost_s_mean": sum(lost) / len(lost) if lost else None,
        "in_closing": sum(one.in_closing for one in killed),
        "finished_all_the_same": sum(one.finished for one in killed),
    }, max(lost, default=0.0) <= MAX_LOST_S


def _two_hours(folder: Path) -> tuple[Figures, bool]:
    found = measure(folder)
    return asdict(found), found.finished_bytes < MAX_BYTES and found.minute_s_median <= MAX_MINUTE_S


def _recording(folder: Path) -> tuple[Figures, bool]:
    minutes = _number("MINUTES", 30.0)
    cost = run_pipeline(folder / "long.mcap", 60 * minutes, 833.0, real_time=True)
    return {"minutes": minutes} | asdict(cost), cost.core_share <= MAX_CORE_SHARE


def _bad_link(folder: Path) -> tuple[Figures, bool]:
    found = recovery.simulated(folder, recovery.made_run(folder, HOUR_S))
    return asdict(found), found.steps_same and not found.missing_n and not found.doubled_n


def _restart(folder: Path) -> tuple[Figures, bool]:
    found = recovery.restarted(folder, recovery.made_run(folder, HOUR_S))
    return asdict(found), found.marked and not found.doubled_n and found.same_n >= found.steps_n


def _asleep(folder: Path) -> tuple[Figures, bool]:
    found = recovery.host_asleep(folder)
    return asdict(found), found.stored_n == found.made_n and not found.doubled_n


def _cable(folder: Path) -> tuple[Figures, bool]:
    found = over_serial(folder)
    return asdict(found), found.stored_n == found.made_n and not found.doubled_n


def _hours(folder: Path) -> tuple[Figures, bool]:
    hours = _number("HOURS", 8.0)
    found = recovery.hours(folder, HOUR_S * hours)
    whole = found.stored_n == found.made_n and not found.doubled_n
    return {"hours": hours} | asdict(found), whole and found.grown_mb <= MAX_GROWN_MB


def _alone(folder: Path) -> tuple[Figures, bool]:
    found = alerts.recomputed()
    return asdict(found), bool(found.same_n) and not (found.differ_n or found.extra_n or found.states_differ_n)


def _live(folder: Path) -> tuple[Figures, bool]:
    found = live.measure_all(40.0, 833.0, folder)
    every = [one for modes in found.values() for one in modes.values()]
    cheap = all(one["core_share"] <= MAX_LIVE_SHARE and not one["blocks_lost"] for one in every)
    return found, cheap and all(modes["live"]["p99_ms"] <= MAX_ROW_MS for modes in found.values())


def _uploads(folder: Path) -> tuple[Figures, bool]:
    found, seconds = uploads(int(_number("UPLOADS", 100))), upload_seconds()
    figures = asdict(found) | {"results": dict(found.results), "upload_400_kb_s": seconds}
    return figures, not found.wrong and seconds <= MAX_UPLOAD_S


PARTS = (
    Part("kills", "a recording killed at random moments", _kills),
    Part("two_hours_208_hz", "two hours at 208 Hz on a simulated clock", _two_hours),
    Part("recording_833_hz", "a long recording at 833 Hz", _recording),
    Part("bad_link_208_hz", "an hour with 20 disconnects and 2 % of notifications lost, and with none", _bad_link),
    Part("restart_208_hz", "the same with a restart of the clip", _restart),
    Part("host_asleep_5_min", "a host that sleeps for five minutes", _asleep),
    Part("cable_833_hz", "a cable with noise that is pulled out", _cable),
    Part("hours_208_hz", "hours over a bad link", _hours),
    Part("alerts_alone", "a run without a host, its alerts computed again", _alone),
    Part("live_833_hz", "live and record over virtual Bluetooth and a pseudo-terminal", _live),
    Part("uploads", "firmware, with lost links, power cuts and damaged bytes", _uploads),
)


def main(names: list[str]) -> int:
    """Run the parts named, or all; 0 where all of what ran is within its limits."""
    unknown = set(names) - {part.name for part in PARTS}
    if unknown:
        print(f"no part {', '.join(sorted(unknown))}: there are {', '.join(part.name for part in PARTS)}")
        return 2
    found: Figures = json.loads(FOUND.read_text()) if names and FOUND.exists() else {}
    git = ["git", "describe", "--always", "--dirty"]
    has_git = shutil.which("git") is not None
    commit = (
        subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip() if has_git else ""
    )
    failed: set[str] = set(found.get("failed", ()))
    for part in PARTS:
        if names and part.name not in names:
            continue
        print(f"{part.name}: {part.says}", flush=True)
        started = time.time()
        try:
            with tempfile.TemporaryDirectory() as folder:
                figures, within = part.run(Path(folder))
        except Exception as error:  # the other parts are worth their hours all the same
            traceback.print_exc()
            figures, within = {"error": f"{type(error).__name__}: {error}"}, False
        found[part.name] = {"commit": commit, "seconds": round(time.time() - started, 1)} | figures
        (failed.discard if within else failed.add)(part.name)
        found["failed"] = sorted(failed)
        print(json.dumps(found[part.name]), flush=True)
        FOUND.parent.mkdir(exist_ok=True)
        FOUND.write_text(json.dumps(found, indent=1) + "\n")
    past = f"past their limits or failed: {', '.join(sorted(failed))}" if failed else "all within their limits"
    print(f"{past}; {FOUND.relative_to(ROOT)} has the figures")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
