"""The journal on an 80-column terminal and as plain values."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from trendel.app.screen import METRIC_LABELS, is_unicode, metric_table
from trendel.journal import BaselineAnswer, Note, Pain, Run

_CLOCKS = {"future": "dated ahead of time", "before_last": "dated before the one before"}


def runs_table(runner: str, runs: Sequence[Run], pain: Sequence[Pain], notes: Sequence[Note]) -> Table:
    """Runs, pain and notes in the order of time, newest first; pain of a run stands beside it."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0), title_justify="left")
    table.title = Text(runner, style="bold")
    for heading, justify in (("\nwhen", "left"), ("\nrun", "left")):
        table.add_column(heading, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    for heading in ("\nmin", "steps\n/min", "drop L\ndeg", "drop R\ndeg"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("\nalerts, pain and notes", overflow="fold")
    shown = {run.hash for run in runs}
    lines: list[tuple[datetime, list[str | Text]]] = []
    for run in runs:
        about = [told] if (told := _alerts(run)) else []
        about += [_pain(entry) for entry in pain if entry.run == run.hash]
        about += [entry.text for entry in notes if entry.run == run.hash]
        about += [_CLOCKS[run.clock]] if run.clock else []
        metrics = run.summary.get("metrics", {})
        drops = [metrics.get(side, {}).get("pelvic_drop_deg", {}).get("mean") for side in ("left", "right")]
        numbers = [
            _number(run.duration_s / 60, 0 if run.duration_s > 600 else 1),
            _number(run.summary.get("cadence_spm"), 0),
        ]
        cells: list[str | Text] = [
            _time(run.when),
            run.hash[:8],
            *numbers,
            *(_number(drop, 1) for drop in drops),
            Text("; ".join(about)),
        ]
        lines.append((run.when, cells))
    for entry in pain:
        if entry.run not in shown:
            at = entry.entered_at if entry.clock == "future" else entry.felt_at
            lines.append((at, [_time(at), "", "", "", "", "", Text(_pain(entry))]))
    for note in notes:
        if note.run not in shown:
            lines.append((note.entered_at, [_time(note.entered_at), "", "", "", "", "", Text(note.text)]))
    for _, row in sorted(lines, key=lambda line: line[0], reverse=True):
        table.add_row(*row)
    return table


def show_one_run(
    console: Console, run: Run, pain: Sequence[Pain], notes: Sequence[Note], baseline: BaselineAnswer
) -> None:
    """Print what is kept of a run, and its drop beside the baseline."""
    plus_minus = "±" if is_unicode(console) else "+-"
    summary = run.summary
    console.print(Text(f"{run.source}, {_time(run.when)}, {run.runner}", style="bold"))
    lines = [
        f"run {run.hash[:16]}, clip {run.clip}, kernels {run.kernel_hash}, {run.mode}",
        f"{run.duration_s / 60:.1f} min at {run.rate_hz:.1f} Hz, {summary.get('steps', 0)} steps",
    ]
    if run.started_at is None:
        lines.append("The recording does not say when it was made: the time is that of its analysis.")
    if run.clock:
        lines.append(f"Its date looks odd: {_CLOCKS[run.clock]}.")
    if "stability" in summary:
        judged = summary["stability"]["baseline_left_deg"] is not None
        lines.append(f"Hip stability: {_alerts(run) or ('no alert' if judged else 'not judged, too little running')}.")
    for line in lines:
        console.print(line, markup=False)
    if "metrics" in summary:
        console.print(metric_table(summary["metrics"], plus_minus))
    for value in baseline.values or ():
        labels = {column: label for column, label, _, _ in METRIC_LABELS}
        console.print(
            f"usual {labels.get(value.metric, value.metric)}, {value.side}: {value.mean:.1f} {plus_minus} "
            f"{value.next_sd:.1f} deg from run to run",
            markup=False,
        )
    console.print(baseline.reason, markup=False)
    for entry in pain:
        console.print(f"pain: {_pain(entry)}", markup=False)
    for note in notes:
        console.print(f"note: {note.text}", markup=False)


def _alerts(run: Run) -> str:
    """How many alerts and notices there were, or "" without any."""
    counts = run.summary.get("stability", {})
    told = ((counts.get("alarms", 0), "alert"), (counts.get("notices", 0), "notice"))
    return ", ".join(f"{n} {word}{'s' if n > 1 else ''}" for n, word in told if n)


def as_plain(runner: str, runs: Sequence[Run], pain: Sequence[Pain], notes: Sequence[Note]) -> dict[str, Any]:
    """Runs without their long summaries, pain and notes, times as ISO text."""
    kept = ("cadence_spm", "steps", "strides", "running_s", "stability")
    return {
        "runner": runner,
        "runs": [
            {key: value for key, value in as_plain_row(run).items() if key not in ("summary", "options")}
            | {key: run.summary.get(key) for key in kept}
            | {"pain": [entry.id for entry in pain if entry.run == run.hash]}
            for run in runs
        ],
        "pain": [as_plain_row(entry) for entry in pain],
        "notes": [as_plain_row(entry) for entry in notes],
    }


def as_plain_row(row: Any) -> dict[str, Any]:
    """A row of the journal with times as ISO text."""
    return {field.name: _iso(getattr(row, field.name)) for field in fields(row)}


def _iso(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _time(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M}"


def _pain(entry: Pain) -> str:
    text = f"{entry.place} {entry.side} {entry.level}/10"
    text += f", {entry.note}" if entry.note else ""
    return text + (f" ({_CLOCKS[entry.clock]})" if entry.clock else "")


def _number(value: float | None, decimals: int) -> str:
    return "-" if value is None else f"{value:.{decimals}f}"
