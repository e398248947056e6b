"""`make soak`: a hundred kills and a long recording, in real time; build/soak.json has what was found.

TRENDEL_SOAK_KILLS (100) and TRENDEL_SOAK_MINUTES (30) change how long it takes."""

import json
import os
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from tests.soak.kill import kill_once
from tests.soak.pipeline import run_pipeline

BUILD = Path(__file__).resolve().parents[2] / "build"
MAX_LOST_S = 1.0
MAX_CORE_SHARE = 0.10


def main() -> int:
    """Run everything; 0 where all of it is within its limits."""
    kills = int(os.environ.get("TRENDEL_SOAK_KILLS", "100"))
    minutes = float(os.environ.get("TRENDEL_SOAK_MINUTES", "30"))
    started = time.time()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        killed = []
        for seed in range(kills):
            killed.append(kill_once(folder, seed))
            print(f"kill {seed + 1} of {kills}: {killed[-1].lost_s:.2f} s lost", flush=True)
        print(f"recording {minutes:g} minutes at 833 Hz", flush=True)
        cost = run_pipeline(folder / "long.mcap", 60 * minutes, 833.0, real_time=True)
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
        "recording_833_hz": asdict(cost),
    }
    BUILD.mkdir(exist_ok=True)
    (BUILD / "soak.json").write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))
    return int(max(lost, default=0.0) > MAX_LOST_S or cost.core_share > MAX_CORE_SHARE)


if __name__ == "__main__":
    sys.exit(main())
