"""`python -m tests.bench`: one table of speed and memory; exits 1 and says which where a target is missed."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

PIPELINE_S, HELP_S, FIRST_S, ANALYZE_S, STATE_BYTES = 0.25, 0.3, 25.0, 1.5, 8192
FLAT_BYTES = 16 * 2**20  # an hour of rows in both passes; the hour itself is 27 MiB


@dataclass(frozen=True)
class Line:
    """A line of the table: a number, how it is printed, its target (None: for information)."""

    what: str
    value: float
    text: str
    limit: float | None = None
    limit_text: str = ""
    strict: bool = False

    @property
    def missed(self) -> bool:
        if self.limit is None:
            return False
        return self.value >= self.limit if self.strict else self.value > self.limit


def _seconds(what: str, value: float, limit: float | None = None) -> Line:
    text = f"{value:.3f} s" if value >= 0.01 else f"{1e6 * value:.0f} us"
    return Line(what, value, text, limit, "" if limit is None else f"<= {limit:g} s")


def kernels(rounds: int) -> list[Line]:
    """The pipeline over an hour beside VQF, and by stage."""
    from tests.bench import measure, runs, stages

    hour, walk = runs.running(), runs.walking()
    works = {
        "attitude": stages.attitude_alone(hour),
        "full": stages.pipeline(hour),
        "walking": stages.pipeline(walk),
        "levelled": stages.pipeline(hour, levelled=True),
    }
    steps = works["full"].call()
    assert steps > 9000, f"only {steps} steps in an hour of running: not a fair benchmark"
    assert works["walking"].call() == 0
    best = measure.best_of(
        {
            "vqf": measure.vqf(hour),
            **{name: work.call for name, work in works.items()},
            "causal": measure.analysis(hour, "causal"),
            "refined": measure.analysis(hour, "refined"),
        },
        rounds,
    )
    n = runs.HOUR_N
    ratio = best["full"] / best["vqf"]
    return [
        _seconds(f"pipeline, 1 h at 208 Hz ({steps} steps)", best["full"], PIPELINE_S),
        _seconds("  C++ VQF, attitude alone, the same hour", best["vqf"]),
        Line("  ratio, whole pipeline to VQF's attitude", ratio, f"{ratio:.2f}"),
        Line("  a sample", best["full"] / n, f"{1e9 * best['full'] / n:.0f} ns"),
        _seconds("  attitude and levelled signals alone", best["attitude"]),
        _seconds("  everything, an hour without running", best["walking"]),
        _seconds("  running: mounting, steps and strides learned and measured", best["full"] - best["walking"]),
        _seconds("  without attitude and mounting (levelled input)", best["levelled"]),
        _seconds("analyze(causal), 1 h in memory: conversion, kernels, tables", best["causal"]),
        _seconds("analyze(refined), 1 h in memory: two passes", best["refined"]),
    ]


def live_and_memory() -> list[Line]:
    """Cost of a push, size of the state, memory beyond input and tables."""
    from tests.bench import measure
    from trendel.kernels.layout import SIZE_STATE

    p50, p99 = measure.push_percentiles()
    one, two = measure.peak_bytes(1), measure.peak_bytes(2)
    mib = 2**20
    return [
        _seconds("Stream.push of 10 samples, p50", p50),
        _seconds("Stream.push of 10 samples, p99", p99),
        Line("kernel state", SIZE_STATE, f"{SIZE_STATE} bytes", STATE_BYTES, f"< {STATE_BYTES} bytes", strict=True),
        Line("memory beyond input and tables, 1 h", one, f"{one / mib:.1f} MiB"),
        Line("memory beyond input and tables, 2 h", two, f"{two / mib:.1f} MiB"),
        Line("  growth by the second hour", two - one, f"{(two - one) / mib:.1f} MiB", FLAT_BYTES, "<= 16 MiB"),
    ]


def processes() -> list[Line]:
    """What a person waits for at the command line."""
    from tests.bench import measure

    taken = measure.commands_s()
    return [
        _seconds("trendel --help", measure.help_s(), HELP_S),
        _seconds("first analysis ever, empty cache", taken["first"], FIRST_S),
        _seconds("trendel analyze, 10-minute CSV, warm", taken["warm"], ANALYZE_S),
    ]


def main() -> int:
    """0 if every target is met."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="repeats of each timing, of which the best counts")
    options = parser.parse_args()
    lines = [*kernels(options.rounds), *live_and_memory(), *processes()]
    table = Table(box=None, pad_edge=False, header_style="")
    table.add_column("")
    table.add_column("measured", justify="right")
    table.add_column("target", justify="right")
    table.add_column("")
    for line in lines:
        verdict = "" if line.limit is None else "MISSED" if line.missed else "met"
        table.add_row(line.what, line.text, line.limit_text, verdict)
    Console(width=110, highlight=False).print(table)
    missed = [line.what.strip() for line in lines if line.missed]
    print("missed: " + "; ".join(missed) if missed else "all targets met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
