"""How a simulated run ended: hip stability, the alerts beside the truth, the files, and what to do next."""

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from trendel.analysis import Parameters
from trendel.app.alert_screen import COLOURS, INDENT, alert_head, alert_reason, clock, number
from trendel.app.outputs import make_folder, to_json, write_atomically, write_text_atomically
from trendel.app.watch import Watch

if TYPE_CHECKING:
    from trendel.app.demo import Plan
    from trendel.simulation import SimulatedRun

_AROUND_S = 30.0  # the truth "then" is the mean over this long, half of it on either side
_END_S = 60.0
_LEGS = {"L": "left", "R": "right"}


def write_seen(folder: Path, plan: "Plan", run: "SimulatedRun", watch: Watch, *, ended: bool) -> dict[str, Any]:
    """Write the tables of what was seen, and summary.json with what came of it, which is returned."""
    make_folder(folder)
    for name, table in (("steps", watch.steps), ("strides", watch.strides), ("alerts", watch.alerts)):
        write_atomically(folder / f"{name}.csv", table.to_csv)
    fresh_s = (0.0, min(plan.onset_s, max(watch.now_s - _END_S, 0.0)))
    seen: dict[str, Any] = {
        "source": run.label,
        "simulated": True,
        "ended": ended,
        "seen_s": watch.now_s,
        "seed": plan.seed,
        "gave_way": {"side": plan.side, "drop_deg": plan.growth_deg, "from_s": plan.onset_s, "until_s": plan.grown_s},
        "legs": {leg: _leg(side, run, watch, fresh_s) for side, leg in _LEGS.items()},
        "alerts": [_judged(row, plan, run, fresh_s) for row in watch.alerts],
    }
    write_text_atomically(folder / "summary.json", to_json(seen))
    return seen


def _mean(steps: np.ndarray, side: str, start_s: float, end_s: float) -> float:
    """Mean obliquity peak of a side, degrees, over the contacts in [start, end)."""
    here = (steps["side"] == side) & (steps["ic_s"] >= start_s) & (steps["ic_s"] < end_s)
    values = steps["obliquity_peak_deg"][here]
    values = values[np.isfinite(values)]
    return float(values.mean()) if len(values) else float("nan")


def _leg(side: str, run: "SimulatedRun", watch: Watch, fresh_s: tuple[float, float]) -> dict[str, float]:
    """Fresh and at the end of what was seen, as measured and in truth."""
    ics = watch.steps["ic_s"]
    end_s = float(ics[-1]) + 1e-6 if len(ics) else 0.0
    measured, true = (
        [_mean(steps, side, *fresh_s), _mean(steps, side, end_s - _END_S, end_s)]
        for steps in (watch.steps.data, run.steps)
    )
    return {
        "fresh_deg": measured[0],
        "end_deg": measured[1],
        "change_deg": measured[1] - measured[0],
        "true_change_deg": true[1] - true[0],
    }


def _judged(row: Any, plan: "Plan", run: "SimulatedRun", fresh_s: tuple[float, float]) -> dict[str, Any]:
    """An alert with the change that there was in truth about its time, and whether it was right."""
    alert = {name: row[name].item() for name in row.dtype.names}
    start, end = row["time_s"] - _AROUND_S / 2, row["time_s"] + _AROUND_S / 2
    left, right = (_mean(run.steps, s, start, end) - _mean(run.steps, s, *fresh_s) for s in "LR")
    side = str(row["side"])
    if row["kind"] == "pelvic_drop":
        alert["true_change_deg"] = {"L": left, "R": right, "": min(left, right)}[side]
    elif row["kind"] == "asymmetry":
        alert["true_change_deg"] = left - right if side == "L" else right - left
    else:
        alert["true_change_deg"] = None
    given = plan.sides if row["time_s"] >= plan.onset_s else ""
    right_side = side in given if side else len(given) == 2
    alert["right"] = bool(given) and right_side and not str(row["kind"]).startswith("clip")
    return alert


def show_summary(console: Console, plan: "Plan", watch: Watch, seen: dict[str, Any], out: Path) -> None:
    """Print what write_seen found, that the files are in `out`, and what to do next."""
    console.print("[bold]How stable were your hips?[/] (simulated)")
    console.print(_verdict(watch))
    console.print(_legs_table(seen))
    console.print(Text(_put_in(plan, watch)))
    console.print()
    alerts = seen["alerts"]
    console.print(Text(f"Alerts: {len(alerts) or 'none'}", style="bold"))
    for alert in alerts:
        _show_alert(console, alert)
    score = _score(plan, watch, alerts)
    if score:
        console.print(Text(score))
    console.print()
    _show_next(console, out)


def _verdict(watch: Watch) -> Text:
    """What a runner would be told, from the alerts alone."""
    if not any(phase == "watching" for phase in watch.strides["stability_phase"]):
        return Text("Too short to say: it takes some 4 minutes of running to learn what fresh is.")
    drops = [row for row in watch.alerts if row["kind"] == "pelvic_drop"]
    if not drops:
        return Text("Both held, as far as Trendel could tell.", style="green")
    sides = {str(row["side"]) for row in drops}
    which = f"Your {_LEGS[sides.pop()]} hip" if len(sides) == 1 and "" not in sides else "Both hips"
    since = min(float(row["onset_s"]) for row in drops)
    other = ""
    if which != "Both hips":
        more = watch.course[-1][2 if "left" in which else 1]
        other = (
            ", the other held" if more < Parameters().stability.notice_deg else f", the other by {more:.1f} degrees too"
        )
    return Text(f"{which} held less and less from about {clock(since)} on{other}.", style="bold yellow")


def _legs_table(seen: dict[str, Any]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 2, 0, 0))
    table.add_column("pelvic drop (obliquity peak)", no_wrap=True)
    for heading in ("fresh", "last minute", "change", "change in truth"):
        table.add_column(heading, justify="right", no_wrap=True)
    for leg, of in seen["legs"].items():
        cells = (number(of["fresh_deg"], 1), number(of["end_deg"], 1), number(of["change_deg"], 1, "+"),
                 number(of["true_change_deg"], 1, "+"))  # fmt: skip
        table.add_row(f"on the {leg} leg, degrees", *cells)
    return table


def _put_in(plan: "Plan", watch: Watch) -> str:
    if not plan.sides:
        return "Put in: nothing gives way in this run."
    who = "both hips give" if len(plan.sides) == 2 else f"the {plan.side} hip gives"
    seen = "" if watch.now_s >= plan.onset_s else " Seen was only the time before."
    return (
        f"Put in: {who} way from {clock(plan.onset_s)} on, by {plan.growth_deg:g} degrees until "
        f"{clock(plan.grown_s)}.{seen}"
    )


def _show_alert(console: Console, alert: dict[str, Any]) -> None:
    console.print(Text(alert_head(alert), style=COLOURS[alert["level"]]))
    for line in (alert["message"], f"Now: {alert['action']}"):
        console.print(Padding(Text(line), INDENT))
    if alert_reason(alert):
        size = (
            f"{number(alert['change'], 1, '+')}, 95 % interval {number(alert['ci_low'], 1)} to "
            f"{number(alert['ci_high'], 1)}; in truth {number(alert['true_change_deg'], 1, '+')} then."
        )
        console.print(Padding(Text(size, style="dim"), INDENT))


def _score(plan: "Plan", watch: Watch, alerts: list[dict[str, Any]]) -> str:
    """Whether the alerts were right, which only a simulation knows."""
    wrong = [alert for alert in alerts if not alert["right"]]
    said = [f"{clock(alert['time_s'])} was a false alarm: nothing was put in for it." for alert in wrong]
    drops = [alert for alert in alerts if alert["right"] and alert["kind"] == "pelvic_drop"]
    if drops:
        first = drops[0]
        said.append(
            f"The first true one came {clock(first['time_s'] - plan.onset_s)} min after the giving way began, "
            f"when {number(first['true_change_deg'], 1)} degrees had come."
        )
        if len(plan.sides) == 2 and len({alert["side"] for alert in drops} - {""}) == 1:
            said.append("Both sides gave way, but the alerts name only one.")
    elif plan.sides and watch.now_s >= plan.grown_s:
        said.append("The giving way was missed.")
    elif plan.sides and watch.now_s >= plan.onset_s:
        said.append("It was stopped before all of the giving way had come.")
    if not wrong and alerts:
        said.append("There was no false alarm.")
    return " ".join(said)


def _show_next(console: Console, folder: Path) -> None:
    trendel = _command()
    console.print(Text("Files", style="bold"))
    console.print(Text(f"{folder / 'run.csv'}: the recording, with its truth beside it"), soft_wrap=True)
    console.print(Text(f"{folder / 'live'}: what was seen live: steps, strides, alerts, summary"), soft_wrap=True)
    console.print(Text(f"{folder / 'report.html'}: the report, to open in a browser"), soft_wrap=True)
    console.print(Text("Next", style="bold"))
    commands = {
        f"{trendel} analyze {folder / 'run.csv'}": "this run again, refined",
        f"{trendel} demo --side none": "nothing gives way",
        f"{trendel} analyze YOURS.csv --runner Me": "your own run, kept in a journal",
    }
    width = max(map(len, commands))
    for command, why in commands.items():
        console.print(Text.assemble((f"{command:<{width}}  ", "cyan"), why), soft_wrap=True)
    console.print("docs/stability.md says how often alerts are wrong. Trendel measures; it does not diagnose.")


def _command() -> str:
    """How trendel can be called again from here."""
    if shutil.which("trendel"):
        return "trendel"
    return os.path.relpath(sys.argv[0]) if Path(sys.argv[0]).name == "trendel" else "trendel"
