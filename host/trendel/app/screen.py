"""A result as tables that fit an 80-column terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console, Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from trendel.app.alert_screen import alert_lines

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


_MODES = {"causal": "causal (as the clip)", "refined": "refined (two passes)"}


def stdout_console() -> Console:
    """Console for tables: as wide as the terminal but at most 100 columns; 80 where there is no terminal."""
    console = Console(highlight=False)
    console.width = min(console.width, 100)
    return console


def stderr_console() -> Console:
    """Console for progress and notices, so that stdout stays data."""
    return Console(stderr=True, highlight=False)


def say(sentences: Sequence[str]) -> None:
    """Print sentences about what was done or found, one a line, on stderr."""
    console = stderr_console()
    for sentence in sentences:
        console.print(sentence, markup=False, soft_wrap=True)


def show_result(console: Console, recording: "Recording", result: "Result", title: str) -> None:
    """Print what a person wants to know of one result: counts, metrics by side, alerts, segments, notes."""
    plus_minus = "±" if is_unicode(console) else "+-"
    summary = result.summary
    console.print(Text(title, style="bold"))
    about = f"{recording.duration_s:.1f} s at {recording.rate_hz:.1f} Hz, {_kind(recording)}"
    console.print(f"{about}; {_MODES[summary['mode']]}")
    if summary["steps"]:
        console.print(_count_line(summary, result.strides["cadence_spm"], plus_minus))
        console.print(metric_table(summary["metrics"], plus_minus))
    _show_segments(console, summary["segments"])
    _show_alerts(console, recording, result)
    for note in summary["notes"]:
        console.print(f"[yellow]note:[/] {escape(note)}")


def _show_alerts(console: Console, recording: "Recording", result: "Result") -> None:
    """Warnings and stops in full; notices are counted. Whether there was enough running to judge is said too."""
    quiet = 0
    for row in result.alerts:
        if row["level"] == "notice":
            quiet += 1
        else:
            console.print(Group(*alert_lines(row, float(recording.t_s[0]))))
    if quiet:
        console.print(f"{quiet} notice{'s' if quiet > 1 else ''} of less weight in alerts.csv")
    if not len(result.steps):
        return
    if not (result.strides["stability_phase"] == "watching").any():
        console.print("hip stability: not judged; it takes some 4 min of running and a gyroscope")
    elif not len(result.alerts):
        console.print("hip stability: no alert")


def metric_table(metrics: dict[str, Any], plus_minus: str) -> Table:
    """Mean and deviation by side; of both sides together where no side is known."""
    sided = any(metrics[side][column]["n"] for side in ("left", "right") for column, *_ in METRIC_LABELS)
    sides = ("left", "right") if sided else ("both",)
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    table.add_column(f"mean {plus_minus} sd over steps", no_wrap=True)
    table.add_column("unit", no_wrap=True, min_width=4)
    for heading in ("left", "right", "L - R") if sided else ("both sides",):
        table.add_column(heading, justify="right", no_wrap=True, min_width=len(heading))
    for column, label, unit, decimals in METRIC_LABELS:
        known = [metrics[side][column] for side in sides]
        if not any(side["n"] for side in known):
            continue
        cells = [_mean_sd(side["mean"], side["sd"], decimals, plus_minus) for side in known]
        if sided:
            both = all(side["n"] for side in known)
            cells.append(f"{known[0]['mean'] - known[1]['mean']:+.{decimals}f}" if both else "")
        table.add_row(label, unit, *cells)
    return table


def _mean_sd(mean: float | None, sd: float | None, decimals: int, plus_minus: str) -> str:
    if mean is None:
        return "-"
    return f"{mean:.{decimals}f}" + ("" if sd is None else f" {plus_minus} {sd:.{decimals}f}")


def _count_line(summary: dict[str, Any], cadence: np.ndarray, plus_minus: str) -> str:
    left, right = summary["steps_left"], summary["steps_right"]
    unknown = summary["steps"] - left - right
    sides = [f"{left} left, {right} right"] if left or right else []
    sides += [f"{unknown} of unknown side"] if unknown else []
    line = f"{summary['steps']} steps ({', '.join(sides)}), {summary['strides']} strides"
    if summary["cadence_spm"] is not None:
        sd = float(np.nanstd(cadence)) if len(cadence) > 1 else None
        line += f"; cadence {_mean_sd(summary['cadence_spm'], sd, 1, plus_minus)} steps/min"
    return line


def _kind(recording: "Recording") -> str:
    kind = "accelerometer only" if recording.gyr_radps is None else "6-axis"
    if recording.missing:
        kind += " without " + ", ".join(recording.missing)
    return f"{kind}, {recording.frame} frame"


def _show_segments(console: Console, segments: list[dict[str, Any]]) -> None:
    parts = [f"{s['segment']} {s['start_s']:.1f}-{s['end_s']:.1f} s" for s in segments if s["segment"] != "unknown"]
    shown = parts if len(parts) <= 8 else [*parts[:7], f"and {len(parts) - 7} more (summary.json has them all)"]
    if parts:
        console.print(Text("segments: " + ", ".join(shown)))


def is_unicode(console: Console) -> bool:
    return console.encoding.lower().startswith("utf")
