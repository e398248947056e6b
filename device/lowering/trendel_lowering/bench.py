"""`python -m trendel_lowering.bench [--out build/device.json]`: what the clip costs on its processor, measured.

A simulated tiring run at 208 Hz through the whole clip on the emulated Cortex-M4F (trendel_lowering.worn), the kernels'
symbols in the program, and a log that loses its power thousands of times. Instructions, not cycles: a Cortex-M4F takes
14 cycles for a float divide or root, and waits for flash.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from trendel.errors import LoweringError, TrendelError

from .icount import CLOCK_HZ, program_sizes
from .package import KernelPackage
from .worn import CORE, Ended, Worn, counts_of, run_worn

RATE_HZ = 208.0
CUTS = (("each", 500), ("random", 10_000))
TARGETS = {
    "instructions_per_sample_mean": 2500,
    "instructions_per_sample_worst": 40_000,
    "stack_bytes": 2048,
    "state_bytes": 12 * 1024,
    "code_bytes": 48 * 1024,
    "log_lost": 0,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0, also where a target is missed (that is printed); 2 with one clear message."""
    parser = argparse.ArgumentParser(prog="python -m trendel_lowering.bench", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/device.json"), metavar="FILE")
    parser.add_argument("--seconds", type=float, default=400.0, help="of running (default: %(default)s)")
    options = parser.parse_args(argv)
    try:
        ended = run_worn(tiring(options.seconds), count=True)
        cuts, lost = power_cuts()
        found = figures(ended) | {"log_power_cuts": cuts, "log_lost": lost}
        found["code_bytes"] = program_sizes(KernelPackage.find())
    except TrendelError as error:
        print(error, file=sys.stderr)
        return 2
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    for name, value in found.items():
        target = TARGETS.get(name)
        missed = target is not None and value > target
        print(f"{name}: {value}" + ("" if target is None else f" (target {target}{', MISSED' if missed else ''})"))
    return 0


def tiring(seconds: float) -> Worn:
    """A run in whose second half one hip sinks, worn by a clip with a baseline."""
    from trendel.analysis.clip_settings import settings_for
    from trendel.analysis.kernel_params import Setup
    from trendel.analysis.parameters import Parameters
    from trendel.analysis.stability import Baseline
    from trendel.simulation import Fatigue, SensorModel, Session, simulate

    fatigue = Fatigue(left_deg=4.0, start_s=0.6 * seconds, end_s=0.6 * seconds + 60.0)
    segments = (("stand", 1.0), ("walk", 5.0), ("stand", 6.0), ("run", seconds), ("stand", 4.0))
    made = simulate(Session(segments, fatigue=fatigue, seed=3), SensorModel(rate_hz=RATE_HZ))
    counts = counts_of(made.acc_mps2, made.gyr_radps)
    values = settings_for(Parameters(), Setup(rate_hz=RATE_HZ, baseline=Baseline(6.4, 6.4, 0.5)))
    settings = {key: value for key, value in values.items() if value is not None}
    return Worn(counts, RATE_HZ, 1_000_000, int((seconds + 18.0) * 1e6), settings)


def figures(ended: Ended) -> dict[str, float]:
    """Of a run that was counted; `instructions` of the kernels, `clip_` of all that the clip does for a sample."""
    end = ended.end
    return {
        "rate_hz": RATE_HZ,
        "samples": int(end["steps"]),
        "instructions_per_sample_mean": round(ended.instructions_mean),
        "instructions_per_sample_worst": round(ended.instructions_worst),
        "clip_instructions_per_sample_mean": round(ended.clip_instructions_mean),
        "clip_load_percent": round(100 * ended.clip_instructions_mean * RATE_HZ / CLOCK_HZ, 2),
        "stack_bytes": int(end["stack_bytes"]),
        "state_bytes": int(end["state_bytes"]),
        "clip_bytes": int(end["clip_bytes"]),
    }


def power_cuts() -> tuple[int, int]:
    """(cuts, committed entries lost) of the log under device/core/sim/powercut.c, which ends at the first one lost."""
    from trendel_core.build import build, sources

    program = build("powercut", [*sources(), CORE / "sim" / "powercut.c"], ())
    cuts = 0
    for mode, n in CUTS:
        done = subprocess.run([program, mode, str(n), "20261121"], capture_output=True, text=True, check=False)
        said = re.match(r"(\d+) cuts", done.stdout)
        if done.returncode == 1:
            print(done.stdout.strip(), file=sys.stderr)
            return cuts, 1
        if done.returncode != 0 or said is None:
            raise LoweringError(f"The program that cuts the log's power failed: {done.stderr.strip() or done.stdout}")
        cuts += int(said[1])
    return cuts, 0


if __name__ == "__main__":
    raise SystemExit(main())
