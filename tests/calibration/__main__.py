"""`python -m tests.calibration`: the study behind docs/calibration.md; writes its tables and pictures there.

Some four minutes on two cores. `--clips N` for a smaller one (printed, not written)."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from pathlib import Path

import numpy as np

from tests.calibration import carry
from tests.calibration.coverage import PARAMETERS, Trial, coverage, trial
from trendel_calibration.pictures import poses_svg, six_positions_svg

DOCS = Path(__file__).parents[2] / "docs"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
CLIPS_N, THROUGH_N, DRAWS_N = 200, 40, 8
_WORDS = {"acc_matrix": "accelerometer scale and axes", "acc_bias": "accelerometer bias",
          "gyr_matrix": "gyroscope scale and axes", "gyr_bias": "gyroscope bias"}  # fmt: skip


def table(head: list[str], rows: list[list[str]]) -> str:
    """As Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def intervals(trials: list[Trial]) -> str:
    """How often the truth lay inside."""
    rows = []
    for name in (*PARAMETERS, None):
        share, n = coverage(trials, name)
        word = _WORDS[name] if name else "all"
        rows.append([word, str(n), f"{100 * share:.1f} %", "93 to 97 %"])
    return table(["parameters", "how many", "inside the stated 95 % interval", "asked for"], rows)


def left(trials: list[Trial]) -> str:
    """What is left after calibration, over all attitudes."""

    def row(word: str, before: list[float] | None, after: list[float], limit: float) -> list[str]:
        shown = f"{np.median(before):.2g}, {max(before):.2g}" if before is not None else ""
        within = sum(value <= limit for value in after)
        return [word, shown, f"{np.median(after):.2g}, {max(after):.2g}", f"{limit:g}", f"{within} of {len(after)}"]

    return table(
        ["at rest, over 300 attitudes", "before: median, worst clip", "after: median, worst clip", "asked for",
         "clips within"],
        [
            row("size of gravity, RMS, m/s2", [t.gravity_before_mps2 for t in trials],
                [t.gravity_after_mps2 for t in trials], 0.02),
            row("size of gravity, worst attitude, m/s2", None, [t.gravity_worst_mps2 for t in trials], 0.02),
            row("inclination, RMS, deg", None, [t.inclination_rms_deg for t in trials], 0.15),
            row("inclination, worst attitude, deg", [t.inclination_before_deg for t in trials],
                [t.inclination_after_deg for t in trials], 0.15),
            row("gyroscope scale, worst axis, %", None, [t.gyr_scale_percent for t in trials], 0.3),
        ],
    )  # fmt: skip


def through(pairs: list[tuple[dict[str, float], dict[str, float]]]) -> str:
    """What whole clips do to the metrics of a run, before and after."""
    rows = []
    for name in carry.METRICS:
        before, after = ([pair[i][name] for pair in pairs] for i in (0, 1))
        rows.append([name, f"{np.sqrt(np.mean(np.square(before))):.2g}", f"{max(before):.2g}",
                     f"{np.sqrt(np.mean(np.square(after))):.1g}", f"{max(after):.1g}"])  # fmt: skip
    return table(["error of a side's mean", "before, RMS", "before, worst", "after, RMS", "after, worst"], rows)


def carried() -> str:
    """One kind of error at a time."""
    rows = []
    for name, unit, without, after, apply in carry.KINDS:
        big, small = (carry.carried(size, apply, DRAWS_N) for size in (without, after))
        rows.append([name, f"{without:g} {unit}", *(f"{big[m]:.2g}" for m in carry.METRICS), f"{after:g} {unit}",
                     f"{small['pelvic_drop_deg']:.1g}"])  # fmt: skip
    head = ["error of", "size", *carry.METRICS, "size after `poses`", "pelvic_drop_deg then"]
    return table(head, rows)


def tell(line: str) -> None:
    """Progress, on stderr."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def measured(clips_n: int, through_n: int) -> str:
    """Every table, as Markdown."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    tell(f"{clips_n} clips")
    with multiprocessing.get_context("spawn").Pool(min(2, os.cpu_count() or 1)) as pool:
        trials = pool.map(trial, range(clips_n), chunksize=4)
    tell(f"a run through {through_n} clips")
    pairs = [carry.through_clip(seed) for seed in range(through_n)]
    tell("errors one at a time")
    sections = (
        (f"{clips_n} simulated clips: intervals", intervals(trials)),
        ("What is left at rest", left(trials)),
        (f"What it does to a run: {through_n} clips", through(pairs)),
        ("What each error does", carried()),
    )
    return "\n\n".join(f"### {title}\n\n{text}" for title, text in sections)


def main() -> None:
    """Replace what stands between the marks."""
    parser = argparse.ArgumentParser(prog="python -m tests.calibration", description=__doc__)
    parser.add_argument("--clips", type=int, default=CLIPS_N)
    clips_n = parser.parse_args().clips
    began = time.monotonic()
    found = measured(clips_n, THROUGH_N if clips_n >= CLIPS_N else max(1, clips_n // 5))
    if clips_n < CLIPS_N:
        print(found)
        return
    (DOCS / "figures" / "calibration_positions.svg").write_text(six_positions_svg(), encoding="utf-8")
    (DOCS / "figures" / "calibration_poses.svg").write_text(poses_svg(), encoding="utf-8")
    page = DOCS / "calibration.md"
    before, rest = page.read_text(encoding="utf-8").split(BEGIN)
    page.write_text(before + BEGIN + "\n" + found + "\n" + END + rest.split(END)[1], encoding="utf-8")
    tell(f"{page.name} written in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
