"""One tidy table over all recordings of a folder: steps, strides, alerts and a line for each recording."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from trendel.app.outputs import write_atomically


@dataclass(frozen=True)
class Collected:
    """The files written over all recordings, and a row for each recording."""

    files: list[str]
    rows: list[dict[str, Any]]

    def show(self, console: Console) -> None:
        """Print a line for each recording: the numbers that are looked at first."""
        table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
        numbers_width = 51  # of the seven columns behind it: the name takes what is left
        table.add_column("\nrecording", overflow="ellipsis", no_wrap=True, max_width=console.width - numbers_width)
        for heading in ("\nsteps", "steps\n/min", "contact\nms", "osc.\nmm", "drop L\ndeg", "drop R\ndeg", "run\ns"):
            table.add_column(heading, justify="right", no_wrap=True, min_width=5)
        for row in self.rows:
            table.add_row(
                row["recording"],
                str(row["steps"]),
                _cell(row["cadence_spm"], 1),
                _cell(row["contact_time_ms_both_mean"], 0),
                _cell(row["vertical_oscillation_mm_both_mean"], 0),
                _cell(row["pelvic_drop_deg_left_mean"], 1),
                _cell(row["pelvic_drop_deg_right_mean"], 1),
                _cell(row["running_s"], 0),
            )
        console.print(table)


def collect(out: Path, results: list[tuple[str, Path]]) -> Collected:
    """Write all_steps.csv, all_strides.csv, all_alerts.csv and all_summary.csv into `out`.

    `results` are (recording name, folder with its results). Tables are copied row by row, so that memory stays flat.
    """
    described = [(name, folder, _describe(folder)) for name, folder in results]
    metadata_first = dict.fromkeys(_union(*(_metadata(about) for _, _, about in described)), "")
    rows = [_summary_row(name, about, metadata_first | _metadata(about)) for name, _, about in described]
    files = []
    for table in ("steps", "strides", "alerts"):
        path = out / f"all_{table}.csv"
        sources = [(name, folder / f"{table}.csv", _metadata(about)) for name, folder, about in described]
        write_atomically(path, partial(_concatenate, sources=sources))
        files.append(path.name)
    write_atomically(out / "all_summary.csv", lambda temporary: _write_rows(temporary, rows))
    return Collected([*files, "all_summary.csv"], rows)


def _describe(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "summary.json").read_text(encoding="utf-8")))


def _metadata(about: dict[str, Any]) -> dict[str, Any]:
    """What is known of the recording beforehand, one value each, under names that no result column has."""
    metadata = about.get("metadata") or {}
    return {f"meta_{key}": value for key, value in metadata.items() if isinstance(value, str | int | float | bool)}


def _concatenate(path: Path, sources: list[tuple[str, Path, dict[str, Any]]]) -> None:
    columns = _union(["recording"], *(about for _, _, about in sources), *(_header(table) for _, table, _ in sources))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        for name, table, about in sources:
            for row in _rows(table):
                writer.writerow({"recording": name, **about, **row})


def _write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]) if rows else ["recording"], restval="")
        writer.writeheader()
        writer.writerows(rows)


def _summary_row(name: str, about: dict[str, Any], metadata: dict[str, Any]) -> dict[str, Any]:
    """One line of all_summary.csv: counts, then mean and deviation of each metric by side, then notes."""
    row: dict[str, Any] = {"recording": name, **metadata}
    row |= {key: about[key] for key in ("duration_s", "running_s", "steps", "strides", "cadence_spm")}
    row |= {key: about["stability"][key] for key in ("notices", "alarms")}
    for side in ("left", "right", "both"):
        for metric, known in about["metrics"][side].items():
            row |= {f"{metric}_{side}_{key}": known[key] for key in ("mean", "sd")}
    return row | {"notes": " | ".join(about["notes"])}


def _header(path: Path) -> list[str]:
    with path.open(newline="", encoding="utf-8") as file:
        return next(csv.reader(file), [])


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def _union(*groups: Any) -> list[str]:
    """All names of all groups, each once, in the order of first appearance."""
    return list(dict.fromkeys(name for group in groups for name in group))


def _cell(value: float | None, decimals: int) -> str:
    return "-" if value is None else f"{value:.{decimals}f}"
