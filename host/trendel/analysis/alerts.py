"""Alerts as a table: what the kernels found, in the words of a calm coach, with one thing to do now.

Trendel measures; it does not diagnose. What is known of each advice stands in docs/stability.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from trendel.analysis.tables import Table, make_table, seconds
from trendel.kernels.layout import ALERT_ASYMMETRY, ALERT_CLIP_LOOSE, ALERT_CLIP_MOVED, ALERT_DROP, LEVEL_STOP

KINDS = {
    ALERT_DROP: "pelvic_drop",
    ALERT_ASYMMETRY: "asymmetry",
    ALERT_CLIP_MOVED: "clip_moved",
    ALERT_CLIP_LOOSE: "clip_loose",
}
LEVELS = ("", "notice", "warning", "stop")
COLUMNS = {
    "time_s": "s",
    "onset_s": "s",
    "kind": "",
    "side": "",
    "level": "",
    "value": "deg",
    "baseline": "deg",
    "change": "deg",
    "ci_low": "deg",
    "ci_high": "deg",
    "message": "",
    "action": "",
}
_TEXTS = {"kind", "side", "level", "message", "action"}
_NORMAL_95 = 1.96
_SIDES = {1: "L", -1: "R", 0: ""}
_HIPS = {1: "left", -1: "right"}
_DROP_ACTIONS = (
    "",
    "Keep going, and stand tall.",
    "Shorten your stride: ten more steps a minute, same speed.",
    "Ease to a walk now; that is enough for today if it comes back.",
)
_ASYMMETRY_ACTION = "Check that both sides feel alike; ease off if they do not."
_CLIP_ACTIONS = {
    ALERT_CLIP_MOVED: "Push the clip back to the middle of your back when you next stop.",
    ALERT_CLIP_LOOSE: "Tighten the belt or clip when you next stop.",
}


@dataclass(frozen=True)
class PainNoted:
    """Pain that the runner entered: when (s, the recording's clock), where, side (left, right, both), 1 to 10.
    An empty place: in the run by a key, which says no more than how much."""

    time_s: float
    place: str
    side: str
    level: int


def with_pain(alerts: Table, pain: Sequence[PainNoted]) -> Table:
    """The alerts with one to stop for each pain entry before all others: pain outranks every number."""
    if not pain:
        return alerts
    values: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    for entry in pain:
        where = f"{entry.side} {entry.place}, " if entry.side != "both" else f"{entry.place} on both sides, "
        where = where if entry.place else ""
        row: dict[str, Any] = dict.fromkeys(COLUMNS, float("nan")) | {
            "time_s": entry.time_s,
            "onset_s": entry.time_s,
            "kind": "pain",
            "side": {"left": "L", "right": "R"}.get(entry.side, ""),
            "level": LEVELS[LEVEL_STOP],
            "message": f"You noted pain, {where}{entry.level} of 10; that outranks every number here.",
            "action": "Stop running until it is gone, and have it looked at if it stays.",
        }
        for name in COLUMNS:
            values[name].append(row[name])
    return make_table(
        {
            name: (
                np.concatenate([np.array(values[name]), alerts[name]])
                if name not in _TEXTS
                else np.array([*values[name], *alerts[name].tolist()], dtype=str),
                unit,
            )
            for name, unit in COLUMNS.items()
        }
    )


def wording(kind: int, side: int, level: int, change_deg: float, minutes: float) -> tuple[str, str]:
    """One sentence and one action."""
    since = f"over the last {max(1, round(minutes))} min"
    if kind == ALERT_DROP:
        who = f"On your {_HIPS[side]} leg the hip lets" if side else "On both legs the hips let"
        sentence = f"{who} the pelvis sink {change_deg:.1f} degrees more than when you were fresh, {since}."
        return sentence, _DROP_ACTIONS[level]
    if kind == ALERT_ASYMMETRY:
        return (
            f"Your sides have drifted apart by {change_deg:.1f} degrees, "
            f"the pelvis sinking more on your {_HIPS[side]} leg, {since}.",
            _ASYMMETRY_ACTION,
        )
    if kind == ALERT_CLIP_LOOSE:
        return "The clip seems loose, so hip stability is not judged for now.", _CLIP_ACTIONS[kind]
    return "The clip has moved; the angles before and after do not compare.", _CLIP_ACTIONS[kind]


def alerts_table(rows: npt.NDArray[np.void], t_s: npt.NDArray[np.float64], rate_hz: float) -> Table:
    """One row for each alert.

    Args:
        rows: (m,) Alert records of the kernels.
        t_s, rate_hz: the recording's clock, as for the other tables.
    """
    zero = np.zeros(len(rows))
    time_s = seconds(t_s, rate_hz, rows["at_i"], zero)
    onset_s = seconds(t_s, rate_hz, rows["onset_i"], zero)
    clip = rows["kind"] >= ALERT_CLIP_MOVED

    def degrees(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        return np.where(clip, np.nan, np.degrees(values.astype(np.float64)))

    change, error = degrees(rows["change"]), degrees(rows["error"])
    words = [
        wording(int(r["kind"]), int(r["side"]), int(r["level"]), float(c), float(t - o) / 60)
        for r, c, t, o in zip(rows, change, time_s, onset_s, strict=True)
    ]
    values: dict[str, Any] = {
        "time_s": time_s,
        "onset_s": onset_s,
        "kind": [KINDS[int(k)] for k in rows["kind"]],
        "side": [_SIDES[int(k)] for k in rows["side"]],
        "level": [LEVELS[int(k)] for k in rows["level"]],
        "value": degrees(rows["value"]),
        "baseline": degrees(rows["baseline"]),
        "change": change,
        "ci_low": change - _NORMAL_95 * error,
        "ci_high": change + _NORMAL_95 * error,
        "message": [w[0] for w in words],
        "action": [w[1] for w in words],
    }
    return make_table(
        {c: (np.array(values[c], dtype=str) if c in _TEXTS else values[c], unit) for c, unit in COLUMNS.items()}
    )
