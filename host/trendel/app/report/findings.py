"""What the run says, in two sentences and at most three findings, the gravest first."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from trendel.analysis import Result
from trendel.app.alert_screen import number
from trendel.app.report.change import Change, change, quarters
from trendel.app.report.sides import NAMES, Side
from trendel.app.report.timeline import Timeline, spoken

FINDINGS_MAX = 3
_BASELINES = {"when you were fresh": "the fresh part of the run", "in your earlier runs": "your earlier runs"}
_COMPARED_S = 600.0  # of running, before quarters of a run are worth comparing
_CADENCE_SHARE = 0.02  # smaller changes of cadence are not worth a finding
_BOUNCE_SHARE = 0.05
_MISSING_SHARE = 0.02
_WHY_DROP = (
    "It cannot be felt. In runners already injured each degree more of drop went with 80 % higher odds of being "
    "injured "
    "(Bramah et al. 2018; grade C: cause or consequence is open). That a growth within a run leads to injury is not "
    "shown."
)


@dataclass(frozen=True)
class Finding:
    """One thing found: its size with the uncertainty, why it matters, one thing to do. `tone`: bad to good, or info."""

    tone: str
    title: str
    size: str
    why: str
    do: str


@dataclass(frozen=True)
class Verdict:
    """The first screen in words: a headline, one sentence, what to do."""

    tone: str
    headline: str
    sentence: str
    do: str


def verdict_of(result: Result, line: Timeline, sides: dict[str, Side], findings: list[Finding]) -> Verdict:
    """What a runner is told first; the pain that was noted goes before all."""
    do = findings[0].do if findings else ""
    pain = [row for row in result.alerts if row["kind"] == "pain"]
    if pain:
        return Verdict("bad", "You noted pain: that outranks every number here.", _drop_sentence(line, sides), do)
    reason = unjudged(result)
    if reason is not None:
        return Verdict("info", *reason, do)
    sank = [side for side in sides.values() if side.status == "sank"]
    hints = [side for side in sides.values() if side.status == "hint"]
    if sank:
        since = spoken(min(side.since_s for side in sank) - line.start_s)
        who = f"Your {sank[0].name} hip" if len(sank) == 1 else "Both hips"
        return Verdict("bad", f"{who} held less and less after {since}.", _drop_sentence(line, sides), do)
    if hints:
        who = f"Your {hints[0].name} hip" if len(hints) == 1 else "Both hips"
        return Verdict("warn", f"{who} may have begun to tire.", _drop_sentence(line, sides), do)
    return Verdict("good", "Both hips held.", _drop_sentence(line, sides), do)


def unjudged(result: Result) -> tuple[str, str] | None:
    """Headline and sentence where hip stability could not be judged, or None."""
    steps, strides = result.steps, result.strides
    if not len(steps):
        return (
            "No running was found in this recording.",
            "Six running steps must follow each other; walking, standing and handling the clip are left out.",
        )
    if (strides["stability_phase"] == "watching").any():
        return None
    angles = np.isfinite(steps["obliquity_peak_deg"])
    if not angles.any():
        why = "how the clip was worn was not found" if _has_gyroscope(result) else "no gyroscope was recorded"
        return "Your hips could not be judged.", f"There are no pelvic angles: {why}. What could be measured is below."
    for letter, name in NAMES.items():
        if not (angles & (steps["side"] == letter)).any():
            other = "right" if name == "left" else "left"
            return (
                f"Your {name} leg was not seen, so your hips could not be judged.",
                f"All steps with a known side are of the {other} leg; both are needed. What was measured is below.",
            )
    running = spoken(float(result.summary["running_s"]))
    return (
        "Too short to judge your hips.",
        f"There are {running} of running, and it takes some 4 min to learn what fresh is for you. "
        "What was measured is below.",
    )


def _has_gyroscope(result: Result) -> bool:
    return result.summary.get("gyroscope_bias_radps") is not None


def _drop_sentence(line: Timeline, sides: dict[str, Side]) -> str:
    """What each leg did, the worse first."""
    known = sorted((s for s in sides.values() if s.status != "unknown"), key=lambda s: -_told(s))
    if not known:
        return "How well your hips held could not be judged."
    first = known[0]
    if first.status == "held":
        parts = [f"{number(s.end, 1, '+')}\u00b0 on the {s.name}" for s in sides.values() if s.status != "unknown"]
        noise = max(s.noise for s in known)
        return (
            f"By the end the drop had changed by {' and '.join(parts)}, compared with {_BASELINES[first.against]}; "
            f"less than {noise:.1f}\u00b0 cannot be told from chance."
        )
    return f"On your {first.name} leg the pelvis {_sank(line, first)}{_other(known[1:])}."


def _told(side: Side) -> float:
    rank = {"sank": 200.0, "hint": 100.0, "held": 0.0, "unknown": -100.0}[side.status]
    return rank + (0.0 if math.isnan(side.worst) else side.worst)


def _sank(line: Timeline, side: Side) -> str:
    if side.came_back:
        return (
            f"sank {number(side.worst, 1)}\u00b0 more than {side.against} around {line.since_start(side.worst_s)}, "
            f"and {number(side.end, 1, '+')}\u00b0 at the end"
        )
    return (
        f"sank {number(side.end, 1)}\u00b0 more at the end than {side.against} "
        f"(95 % interval {number(side.low, 1)} to {number(side.high, 1)})"
    )


def _other(rest: list[Side]) -> str:
    if not rest:
        return ""
    side = rest[0]
    if side.status == "held":
        return f"; the {side.name} held ({number(side.end, 1, '+')}\u00b0)"
    return f"; on the {side.name} by {number(side.worst if side.came_back else side.end, 1, '+')}\u00b0 too"


def findings_of(result: Result, line: Timeline, sides: dict[str, Side]) -> list[Finding]:
    """At most three, ranked: pain, sinking hips, trouble with the clip, sides apart, missing data, cadence, bounce."""
    long_enough = float(result.summary["running_s"]) >= _COMPARED_S
    found = [
        *_pain(result),
        *([] if unjudged(result) is None else _nothing(result, sides)),
        *_drops(result, line, sides),
        *_clip(result, line),
        *_apart(result, line),
        *_missing(result),
        *(_cadence(result) if long_enough else ()),
        *(_bounce(result) if long_enough else ()),
    ]
    if not found:
        found = _nothing(result, sides)
    return found[:FINDINGS_MAX]


def _pain(result: Result) -> list[Finding]:
    return [
        Finding(
            "bad",
            "Pain",
            str(row["message"]),
            "Pain is the only sign here that is known to matter before any measurement does.",
            str(row["action"]),
        )
        for row in result.alerts
        if row["kind"] == "pain"
    ][:1]


def _drops(result: Result, line: Timeline, sides: dict[str, Side]) -> list[Finding]:
    found = []
    for side in sorted(sides.values(), key=lambda s: -_told(s)):
        if side.status not in ("sank", "hint"):
            continue
        title = (
            f"Your {side.name} hip lets the pelvis sink" if side.status == "sank" else f"A hint on your {side.name} hip"
        )
        size = f"On your {side.name} leg it {_sank(line, side)}. Since {line.since_start(side.since_s)}."
        found.append(Finding("bad" if side.status == "sank" else "warn", title, size, _WHY_DROP, _drop_action(side)))
    return found


def _drop_action(side: Side) -> str:
    if side.level == "stop":
        return "Rest until it is back to usual; next time, ease to a walk when Trendel says stop."
    if side.level == "warning":
        return "Next time it warns you, shorten your stride: ten more steps a minute at the same speed."
    return "Nothing now: see whether it shows again in your next runs."


def _clip(result: Result, line: Timeline) -> list[Finding]:
    rows = [row for row in result.alerts if str(row["kind"]) in ("clip_moved", "clip_loose")]
    if not rows:
        return []
    first, n = rows[0], len(rows)
    times = "" if n == 1 else f", {n} times in all"
    return [
        Finding(
            "warn",
            "The clip moved or was loose",
            f"At {line.since_start(float(first['time_s']))}{times}.",
            "Angles before and after do not compare; hip stability is judged anew from there.",
            "Clip it tighter next time, in the middle of your back.",
        )
    ]


def _apart(result: Result, line: Timeline) -> list[Finding]:
    rows = [row for row in result.alerts if row["kind"] == "asymmetry"]
    if not rows:
        return []
    row = rows[-1]
    interval = f"95 % interval {number(row['ci_low'], 1)} to {number(row['ci_high'], 1)}"
    return [
        Finding(
            "warn",
            "Your sides drifted apart",
            f"By {number(row['change'], 1)}\u00b0 ({interval}) since {line.since_start(float(row['onset_s']))}, "
            f"the pelvis sinking more on your {NAMES[str(row['side'])]} leg.",
            "Asymmetry by itself did not raise the risk of injury in 836 runners (grade 0); a change may be worth "
            "knowing.",
            str(row["action"]),
        )
    ]


def _missing(result: Result) -> list[Finding]:
    share = missing_share(result)
    if share < _MISSING_SHARE:
        return []
    return [
        Finding(
            "info",
            "Part of the run is missing",
            f"{100 * share:.0f} % of the recording's time has no samples.",
            "What happened in that time is not in any number here.",
            "Carry the phone or laptop nearer to the clip, and see the section on link and data below.",
        )
    ]


def missing_share(result: Result) -> float:
    """Share of the recording's time without measured samples."""
    summary = result.summary
    wanted = float(summary["duration_s"]) * float(summary["rate_hz"])
    counts = summary["samples"]
    measured = counts["read"] - counts["refused"] - counts["duplicated"] - counts["invalid"]
    return float(min(1.0, max(0.0, 1.0 - measured / wanted))) if wanted > 0 else 0.0


def first_to_last(result: Result, column: str) -> Change | None:
    """Of a column of the strides, first against last quarter of them."""
    values = result.strides[column].astype(np.float64)[result.strides["quality"] >= 0.6]
    first, last = quarters(len(values))
    return change(values[first], values[last])


def _cadence(result: Result) -> list[Finding]:
    found = first_to_last(result, "cadence_spm")
    if found is None or found.high >= 0 or found.size > -_CADENCE_SHARE * found.before:
        return []
    return [
        Finding(
            "info",
            "Your steps became slower and longer, or you slowed down",
            f"Cadence fell by {-found.size:.0f} steps a minute, from {found.before:.0f} to {found.after:.0f} "
            f"(95 % interval of the change {found.low:.0f} to {found.high:.0f}). Speed is not known here.",
            "At a given speed quicker steps lessen hip adduction (45 healthy runners, Heiderscheit et al. 2011). "
            "As a risk of injury cadence is not shown (grade 0 to D).",
            f"When you tire, keep to {found.before:.0f} steps a minute, with a metronome or music.",
        )
    ]


def _bounce(result: Result) -> list[Finding]:
    found = first_to_last(result, "vertical_oscillation_mm")
    if found is None or found.low <= 0 or found.size < _BOUNCE_SHARE * found.before:
        return []
    return [
        Finding(
            "info",
            "You bounced more towards the end",
            f"The clip's vertical movement grew by {found.size:.0f} mm, from {found.before:.0f} to {found.after:.0f} "
            f"(95 % interval of the change {found.low:.0f} to {found.high:.0f}).",
            "It costs energy; no link to injury is known (grade D).",
            "Think of running under a low ceiling when you tire.",
        )
    ]


def _nothing(result: Result, sides: dict[str, Side]) -> list[Finding]:
    reason = unjudged(result)
    if reason is not None:
        if not len(result.steps):
            do = "If you did run, see the section on link and data below, and docs/recordings.md."
        elif not _has_gyroscope(result):
            do = "Record with a sensor that has a gyroscope: an accelerometer alone cannot tell how the pelvis tilts."
        elif result.summary["running_s"] < 360:
            do = "Run at least 6 minutes in one go, after standing still for two seconds at the start."
        else:
            do = "See the section on link and data below for what the recording lacks."
        return [Finding("info", "Hip stability was not judged", reason[1], "Silence is not the same as stable.", do)]
    noise = max((s.noise for s in sides.values() if s.status != "unknown"), default=math.nan)
    ends = " and ".join(
        f"{s.name} {number(s.end, 1, '+')}\u00b0 ({number(s.low, 1)} to {number(s.high, 1)})" for s in sides.values()
    )
    return [
        Finding(
            "good",
            "No sign of a tiring hip",
            f"Change to the end: {ends}, 95 % intervals in brackets.",
            f"Growths below some {noise:.1f}\u00b0 may have gone unseen; docs/stability.md says how often.",
            "Wear the clip in the same place next time, so that runs compare.",
        )
    ]
