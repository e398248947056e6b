"""Alerts on a terminal: when, how urgent, what, what to do now, and the numbers behind it."""

import math
from typing import Any

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

INDENT = (0, 0, 0, 6)  # of what belongs to a line that begins with a time
COLOURS = {"notice": "yellow", "warning": "bold red", "stop": "bold white on red"}
_NAMES = {
    "pelvic_drop": "pelvic drop",
    "asymmetry": "sides apart",
    "clip_moved": "clip moved",
    "clip_loose": "clip loose",
    "pain": "pain",
}
_SIDES = {"L": " left", "R": " right", "": ""}


def clock(time_s: float) -> str:
    """Minutes and seconds."""
    return f"{int(time_s) // 60}:{int(time_s) % 60:02d}"


def number(value: float, decimals: int = 0, sign: str = "") -> str:
    """The number, or "-" where it is not known; what rounds to zero has a plus, not a minus."""
    if not math.isfinite(value):
        return "-"
    return f"{round(value, decimals) + 0.0:{sign}.{decimals}f}"


def alert_head(row: Any, start_s: float = 0.0) -> str:
    """When (since `start_s`), how urgent, what, where, how much: in a line."""
    size = "" if math.isnan(row["change"]) else f", {number(row['change'], 1, '+')} degrees"
    what = _NAMES[str(row["kind"])] + _SIDES[str(row["side"])]
    return f"{clock(row['time_s'] - start_s):>5} {row['level']}: {what}{size}"


def alert_lines(row: Any, start_s: float = 0.0) -> list[RenderableType]:
    """An alert in full: what it says, what to do, and what it rests on; times are since `start_s`."""
    style = COLOURS[str(row["level"])]
    lines = [Text(str(row["message"])), Text.assemble(("Now: ", "bold"), str(row["action"]))]
    why = alert_reason(row, start_s)
    lines += [Text(why, style="dim")] if why else []
    return [Text(alert_head(row, start_s), style=style), *(Padding(line, INDENT) for line in lines)]


def alert_reason(row: Any, start_s: float = 0.0) -> str:
    """The numbers behind an alert; nothing for those of the clip."""
    if math.isnan(row["change"]):
        return ""
    return (
        f"Why: {number(row['value'], 1)} degrees against {number(row['baseline'], 1)} when fresh, "
        f"95 % interval of the change {number(row['ci_low'], 1)} to {number(row['ci_high'], 1)}, "
        f"growing since {clock(row['onset_s'] - start_s)}."
    )
