"""A result as tables that fit an 80-column terminal."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from trendel.app.statistics import SideStatistics, mean_sd, side_statistics

if TYPE_CHECKING:
    from trendel.analysis import Result
    from trendel.recording import Recording

# Column of the steps table, what a reader calls it, unit, decimals.
METRIC_LABELS: tuple[tuple[str, str, str, int], ...] = (
    ("contact_time_ms", "contact time", "ms", 0),
    ("flight_time_ms", "flight time", "ms", 0),
    ("vertical_oscillation_mm", "vertical oscillation (clip)", "mm", 1),
    ("pelvic_drop_deg", "pelvic drop in stance", "deg", 1),
    ("obliquity_peak_deg", "obliquity peak", "deg", 1),
    ("contralateral_drop_peak_deg", "drop against horizontal", "deg", 1),
    ("tilt_mean_deg", "anterior tilt, mean", "deg", 1),
    ("tilt_rom_deg", "tilt range", "deg", 1),
    ("rotation_rom_deg", "rotation range", "deg", 1),
    ("impact_peak_g", "impact peak (unvalidated)", "g", 2),
    ("impact_rate_gps", "impact rate (unvalidated)", "g/s", 0),
    ("peak_vgrf_bw", "peak vertical force", "BW", 2),
    ("impulse_bws", "impulse", "BW s", 3),
    ("loading_rate_bwps", "loading rate (off by 65 %)", "BW/s", 0),
    ("braking_mps", "braking", "m/s", 3),
    ("sway_mm", "sway", "mm", 1),
)


def stdout_console() -> Console:
    """Console for tables: as wide as the terminal but at most 100 columns; 80 where there is no terminal."""
    console = Console(highlight=False)
    console.width = min(console.width, 100)
    return console


def stderr_console() -> Console:
    """Console for progress and notices, so that stdout stays data."""
    return Console(stderr=True, highlight=False)


def show_result(console: Console, recording: "Recording", result: "Result", title: str) -> None:
    """Print what a person wants to know of one result: counts, metrics by side, segments, notes."""
    plus_minus = "±" if _is_unicode(console) else "+-"
    steps, strides = result.steps.data, result.strides.data
    console.print(Text(title, style="bold"))
    console.print(
        f"{recording.duration_s:.1f} s at {recording.rate_hz:.1f} Hz, {_kind(recording)}; {_mode(result.summary)}"
    )
    if len(steps) == 0:
        console.print("No running was found in this recording, so there are no steps.")
    else:
        console.print(_count_line(steps, strides, plus_minus))
        console.print(_metric_table(side_statistics(steps), plus_minus))
    _show_segments(console, result.summary)
    _show_notes(console, [*recording.notes, *result.summary.get("notes", [])])


def _metric_table(statistics: dict[str, SideStatistics], plus_minus: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    table.add_column("mean " + plus_minus + " sd over steps", no_wrap=True)
    table.add_column("unit", no_wrap=True, min_width=4)
    for heading in ("left", "right", "L - R"):
        table.add_column(heading, justify="right", no_wrap=True, min_width=len(heading))
    for column, label, unit, decimals in METRIC_LABELS:
        known = statistics.get(column)
        if known is None or not (known.left.n or known.right.n):
            continue
        left, right = (_value(s.mean, s.sd, decimals, plus_minus) for s in (known.left, known.right))
        difference = known.left.mean - known.right.mean
        table.add_row(label, unit, left, right, "" if math.isnan(difference) else f"{difference:+.{decimals}f}")
    return table


def _value(mean: float, sd: float, decimals: int, plus_minus: str) -> str:
    if math.isnan(mean):
        return "-"
    return f"{mean:.{decimals}f}" + ("" if math.isnan(sd) else f" {plus_minus} {sd:.{decimals}f}")


def _count_line(steps: np.ndarray, strides: np.ndarray, plus_minus: str) -> str:
    sides = steps["side"]
    left, right = int((sides == "L").sum()), int((sides == "R").sum())
    unknown = len(steps) - left - right
    counts = f"{left} left, {right} right" + (f", {unknown} of unknown side" if unknown else "")
    line = f"{len(steps)} steps ({counts}), {len(strides)} strides"
    cadence = mean_sd(strides["cadence_spm"])
    if cadence.n:
        line += f"; cadence {_value(cadence.mean, cadence.sd, 1, plus_minus)} steps/min"
    return line


def _kind(recording: "Recording") -> str:
    kind = "accelerometer only" if recording.gyr_radps is None else "6-axis"
    if recording.missing:
        kind += " without " + ", ".join(recording.missing)
    return f"{kind}, {recording.frame} frame"


def _mode(summary: dict[str, Any]) -> str:
    mode = summary.get("mode", "")
    return {"causal": "causal (as the clip)", "refined": "refined (two passes)"}.get(mode, mode)


def _show_segments(console: Console, summary: dict[str, Any]) -> None:
    segments = summary.get("segments", [])
    if not segments:
        return
    parts = [f"{s['segment']} {s['start_s']:.1f}-{s['end_s']:.1f} s" for s in segments]
    shown = parts if len(parts) <= 8 else [*parts[:7], f"and {len(parts) - 7} more (summary.json has them all)"]
    console.print(Text("segments: " + ", ".join(shown)))


def _show_notes(console: Console, notes: list[str]) -> None:
    for note in dict.fromkeys(notes):
        console.print(f"[yellow]note:[/] {escape(note)}")


def _is_unicode(console: Console) -> bool:
    return console.encoding.lower().startswith("utf")
