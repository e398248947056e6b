"""`python -m tests.stability`: run the study and write its tables and figure into docs/stability.md."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from tests.stability import report, samples
from tests.stability.figure import roc
from tests.stability.oracle import bound_table, bounds
from tests.stability.scenarios import STUDY_SEED
from tests.stability.study import run_all
from tests.validation import stability

DOCS = Path(__file__).parents[2] / "docs"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def tell(line: str) -> None:
    """Progress, on stderr."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def real_motion() -> bool:
    """Whether the recordings with truth are at hand."""
    return bool(os.environ.get("TRENDEL_DATA"))


def measured() -> str:
    """Every table, as Markdown; writes the figure beside it."""
    tell("step by step, the detector and its rivals")
    runs = run_all(STUDY_SEED, tell=tell)
    roc(runs, DOCS / "figures" / "stability.png")
    tell("the same noise for one who knows it")
    known = bound_table(bounds(STUDY_SEED))
    tell("whole signals")
    signals = report.samples(samples.run_all(STUDY_SEED))
    stitched = (
        report.stitched([(str(case), stability.stitched(case)) for case in stability.MANY]) if real_motion() else ""
    )
    hours = sum(r.outcome.truth.hours for r in runs)
    sections = (
        ("What was asked for", report.targets(runs)),
        ("Beside two plain rivals, on the same runs", report.rivals(runs)
         + "\n\n![share told in time against false alarms](figures/stability.png)"),
        ("How early it can be told at all", known),
        ("False alarms", report.false_alarms(runs)),
        ("Soon after a stop, walk, surge, turn or gap", report.after_events(runs)),
        ("Speed and grade announced", report.announced(runs)),
        ("By the noise's DFA exponent", report.by_alpha(runs)),
        ("Drifts of one side by size and wander", report.drifts_by_wander(runs)),
        ("Every drift", report.drifts(runs)),
        ("Recording problems", report.problems(runs)),
        ("What an alert says of itself", report.honesty(runs)),
        ("Checked on signals", signals),
        ("Checked on a real runner's motion", stitched or "Not measured: TRENDEL_DATA names no folder of recordings."),
    )  # fmt: skip
    head = f"{len(runs)} runs, {hours:.0f} hours of simulated running, seed {STUDY_SEED}."
    return head + "\n\n" + "\n\n".join(f"### {title}\n\n{text}" for title, text in sections)


def main() -> None:
    """Replace what stands between the marks."""
    began = time.monotonic()
    page = DOCS / "stability.md"
    found = measured()
    before, rest = page.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    page.write_text(before + BEGIN + "\n" + found + "\n" + END + after, encoding="utf-8")
    sys.stderr.write(f"{page.name} written in {time.monotonic() - began:.0f} s\n")


if __name__ == "__main__":
    main()
