"""`make soak`: a hundred kills, two hours in a session, a long recording, live runs, what comes home from the log, and
uploads of firmware under faults.

build/soak.json has the numbers.

TRENDEL_SOAK_KILLS (100), TRENDEL_SOAK_MINUTES (30) and TRENDEL_SOAK_UPLOADS (100) change how long it takes,
and TRENDEL_SOAK_HOURS (8) how long the recording lasts over which memory is watched."""

import json
import os
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from tests.soak import alerts, live, recovery
from tests.soak.cable import over_serial
from tests.soak.flashing import upload_seconds, uploads
from tests.soak.kill import kill_once
from tests.soak.pipeline import run_pipeline
from tests.soak.two_hours import measure

BUILD = Path(__file__).resolve().parents[2] / "build"
MAX_LOST_S = 1.0
MAX_CORE_SHARE = 0.10
MAX_LIVE_SHARE = 0.30
MAX_ROW_MS = 50.0
MAX_GROWN_MB = 30.0
MAX_BYTES = 12_000_000
MAX_MINUTE_S = 0.05
MAX_UPLOAD_S = 60.0


def main() -> int:
    """Run everything; 0 where all of it is within its limits."""
    kills = int(os.environ.get("TRENDEL_SOAK_KILLS", "100"))
    uploads_n = int(os.environ.get("TRENDEL_SOAK_UPLOADS", "100"))
    minutes = float(os.environ.get("TRENDEL_SOAK_MINUTES", "30"))
    hours = float(os.environ.get("TRENDEL_SOAK_HOURS", "8"))
    started = time.time()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        killed = []
        for seed in range(kills):
            killed.append(kill_once(folder, seed))
            print(f"kill {seed + 1} of {kills}: {killed[-1].lost_s:.2f} s lost", flush=True)
        print("two hours at 208 Hz on a simulated clock", flush=True)
        two_hours = measure(folder)
        print(f"recording {minutes:g} minutes at 833 Hz", flush=True)
        cost = run_pipeline(folder / "long.mcap", 60 * minutes, 833.0, real_time=True)
        print("an hour over a link with 20 disconnects and 2 % of notifications lost, and over a good one", flush=True)
        hour = recovery.made_run(folder, 3600.0)
        bad_link = recovery.simulated(folder, hour)
        print("the same with a restart of the clip", flush=True)
        restart = recovery.restarted(folder, hour)
        print("a host that sleeps for five minutes, and a cable with noise that is pulled out", flush=True)
        asleep, cable = recovery.host_asleep(folder), over_serial(folder)
        print(f"{hours:g} hours over a bad link", flush=True)
        long = recovery.hours(folder, 3600.0 * hours)
        print("a run without a host, its alerts computed again", flush=True)
        alone = alerts.recomputed()
        print("live and record at 833 Hz over virtual Bluetooth and a pseudo-terminal", flush=True)
        watched = live.measure_all(40.0, 833.0, folder)
    print("uploads of firmware with lost links, power cuts and damaged bytes", flush=True)
    flashed, upload_s = uploads(uploads_n), upload_seconds()
    lost = [one.lost_s for one in killed]
    found = {
        "seconds": round(time.time() - started, 1),
        "kills": {
            "count": kills,
            "opened": len(killed),
            "lost_s_max": max(lost, default=None),
            "lost_s_mean": sum(lost) / len(lost) if lost else None,
            "in_closing": sum(one.in_closing for one in killed),
            "finished_all_the_same": sum(one.finished for one in killed),
        },
        "two_hours_208_hz": asdict(two_hours),
        "recording_833_hz": asdict(cost),
        "bad_link_208_hz": asdict(bad_link),
        "restart_208_hz": asdict(restart),
        "host_asleep_5_min": asdict(asleep),
        "cable_833_hz": asdict(cable),
        "hours_208_hz": {"hours": hours, **asdict(long)},
        "alerts_alone": asdict(alone),
        "live_833_hz": watched,
        "uploads": asdict(flashed) | {"results": dict(flashed.results)},
        "upload_400_kb_s": upload_s,
    }
    BUILD.mkdir(exist_ok=True)
    (BUILD / "soak.json").write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))
    too_much = (
        max(lost, default=0.0) > MAX_LOST_S,
        cost.core_share > MAX_CORE_SHARE,
        two_hours.finished_bytes >= MAX_BYTES,
        two_hours.minute_s_median > MAX_MINUTE_S,
        not bad_link.steps_same or bad_link.missing_n or bad_link.doubled_n,
        not restart.marked or restart.doubled_n or restart.same_n < restart.steps_n,
        any(one.stored_n != one.made_n or one.doubled_n for one in (asleep, cable, long)),
        long.grown_mb > MAX_GROWN_MB,
        not alone.same_n or alone.differ_n or alone.extra_n or alone.states_differ_n,
        any(
            one["core_share"] > MAX_LIVE_SHARE or one["blocks_lost"]
            for modes in watched.values()
            for one in modes.values()
        ),
        bool(flashed.wrong),
        upload_s > MAX_UPLOAD_S,
        any(modes["live"]["p99_ms"] > MAX_ROW_MS for modes in watched.values()),
    )
    return int(any(too_much))


if __name__ == "__main__":
    sys.exit(main())
