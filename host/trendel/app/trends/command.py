"""`trendel trends`: on the terminal, and as a page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.table import Table

from trendel.app.outputs import make_folder, write_text_atomically
from trendel.app.remember import opened_journal
from trendel.app.screen import is_unicode, stdout_console
from trendel.app.trends.judge import judge, sentence
from trendel.app.trends.page import trends_html
from trendel.app.trends.points import BOTH, LEFT, RIGHT, Point, Value, points_of
from trendel.app.trends.spikes import sentence as spike_sentence
from trendel.app.trends.spikes import spike
from trendel.journal import Pain

_SHOWN = 20


def show_trends(runner: str | None, html: Path | None) -> None:
    """Print a runner's weeks, or write them as a page; raises JournalError, OutputError."""
    with opened_journal() as journal:
        name = journal.runner(runner).name
        runs, pain = journal.runs(name), journal.pain(name)
    points = points_of(runs)
    trends = [judge(points, "obliquity_peak_deg", side) for side in (LEFT, RIGHT)]
    said = [sentence(t) for t in trends]
    if points:
        said.append(spike_sentence(spike(points, len(points) - 1)))
    if html is not None:
        make_folder(html.absolute().parent)
        write_text_atomically(html, trends_html(name, points, pain, said, trends))
        print(f"written to {html}")
        return
    console = stdout_console()
    if not points:
        console.print(f"No runs are kept of {name} yet.", markup=False)
        return
    console.print(_table(name, points, pain, plus_minus="\u00b1" if is_unicode(console) else "+-"))
    for line in said:
        console.print(line, markup=False)
    if any(t.answer != "unknown" for t in trends):
        console.print("Detectable: docs/accuracy.md, on simulated runners; days differ by more. "
                      "Trendel measures; it does not diagnose.", markup=False)  # fmt: skip


def _table(name: str, points: Sequence[Point], pain: Sequence[Pain], plus_minus: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    more = f", the newest {_SHOWN} of {len(points)} runs" if len(points) > _SHOWN else ""
    table.title = f"{name}{more}"
    table.title_justify = "left"
    table.add_column("\nday", no_wrap=True)
    heads = (
        "\nmin",
        "obl. peak\nL, deg",
        "obl. peak\nR, deg",
        "drop\nL",
        "drop\nR",
        "L - R\ndeg",
        "steps\n/min",
        "osc.\nmm",
    )
    for heading in heads:
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("\npain, length")
    first = max(0, len(points) - _SHOWN)
    for k in range(len(points) - 1, first - 1, -1):
        point = points[k]
        found = spike(points, k)
        about = [f"pain {p.level}" for p in pain if p.run == point.run.hash and p.level]
        about += [f"+{100 * (found.ratio - 1):.0f} %"] if found is not None and found.band is not None else []
        about += [] if point.comparable else ["not comparable"]
        v = point.values.get
        table.add_row(
            f"{point.when:%Y-%m-%d}",
            f"{point.running_s / 60:.0f}",
            *(_cell(v(("obliquity_peak_deg", side)), 1, plus_minus) for side in (LEFT, RIGHT)),
            *(_cell(v(("pelvic_drop_deg", side)), 1) for side in (LEFT, RIGHT)),
            _cell(v(("asymmetry", BOTH)), 1),
            _cell(v(("cadence_spm", BOTH)), 0),
            _cell(v(("vertical_oscillation_mm", BOTH)), 0),
            ", ".join(about),
        )
    return table


def _cell(value: Value | None, decimals: int, plus_minus: str | None = None) -> str:
    if value is None:
        return "-"
    shown = f"{value.mean:.{decimals}f}"
    return shown if plus_minus is None or math.isnan(value.half) else f"{shown}{plus_minus}{value.half:.1f}"
