"""The parts of a report that are tables and lists in HTML: changes, exercises, data, method."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

import numpy as np

from trendel.analysis import Result
from trendel.app.alert_screen import number
from trendel.app.report.change import Change, change, quarters
from trendel.app.report.exercises import DOCTOR, DOSE, EXERCISES, GRADES, SOURCES, TOGETHER
from trendel.app.report.findings import first_to_last, missing_share
from trendel.app.report.sides import NAMES, Side
from trendel.app.report.timeline import spoken
from trendel.app.screen import METRIC_LABELS


def rows_table(name: str, head: Iterable[str], rows: Iterable[Iterable[str]], kind: str = "") -> str:
    """A table of that name, whose first column names the row; cells are HTML already. `head` may be empty."""
    heads = "".join(f'<th scope="col">{h}</th>' if h else "<td></td>" for h in head)
    body = "".join(
        "<tr>"
        + "".join(f'<th scope="row">{c}</th>' if k == 0 else f"<td>{c}</td>" for k, c in enumerate(row))
        + "</tr>"
        for row in rows
    )
    top = f"<thead><tr>{heads}</tr></thead>" if heads else ""
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{name}"><table class="{kind}">{top}'
        f"<tbody>{body}</tbody></table></div>"
    )


def changes_table(result: Result) -> str:
    """Every metric, first against last quarter of the steps, by side; bold where the interval leaves out zero."""
    rows = []
    cadence = first_to_last(result, "cadence_spm")
    if cadence is not None:
        rows.append(["cadence, steps/min", *_cells(cadence, 0), "", "", ""])
    steps = result.steps
    sided = bool((steps["side"] != "").any()) if len(steps) else False
    for column, label, unit, decimals in METRIC_LABELS:
        cells = []
        for letter in "LR" if sided else ("",):
            values = steps[column][steps["side"] == letter].astype(np.float64)
            first, last = quarters(len(values))
            cells.append(change(values[first], values[last]))
        if any(c is not None for c in cells):
            padded = [*cells, None] if len(cells) == 1 else cells
            rows.append([f"{escape(label)}, {unit}", *(cell for c in padded for cell in _cells(c, decimals))])
    if not rows:
        return "<p>Too few steps to compare parts of the run.</p>"
    heads = ["", "left, first", "last", "change (95 %)", "right, first", "last", "change (95 %)"]
    if not sided:
        heads[1], heads[4:] = "first", ["", "", ""]
    return rows_table("First against last quarter", heads, rows, "numbers")


def _cells(found: Change | None, decimals: int) -> list[str]:
    if found is None:
        return ["", "", ""]
    d = decimals
    low, high = (number(v, d, "+") for v in (found.low, found.high))
    said = f"{number(found.size, d, '+')} ({low} to {high})"
    return [number(found.before, d), number(found.after, d), f"<b>{said}</b>" if found.told else said]


def exercises(sides: dict[str, Side]) -> str:
    """The exercises, opened where a hip sank; the sentence on doctors stands outside and is always seen."""
    tired = [s.name for s in sides.values() if s.status in ("sank", "hint")]
    leg = tired[0] if len(tired) == 1 else "one"
    items = "".join(
        f'<li><h3>{e.name} <span class="grade" title="{escape(GRADES[e.grade])}">grade {e.grade}</span></h3>'
        f"<p>{escape(e.how.format(leg=leg))}</p><p class='why'>{_cited(e.evidence)}</p></li>"
        for e in EXERCISES
    )
    together = "".join(
        f'<li><span class="grade" title="{escape(GRADES[g])}">grade {g}</span> {_cited(text)}</li>'
        for g, text in TOGETHER
    )
    sources = "".join(f"<li>[{key}] {escape(text)}</li>" for key, text in SOURCES)
    scale = "; ".join(f"<b>{g}</b>: {escape(text)}" for g, text in GRADES.items())
    opened = " open" if tired else ""
    return (
        f'<details class="card"{opened}><summary><h2>Exercises for a hip that sinks</h2></summary>'
        f'<ol class="exercises">{items}</ol><p>{_cited(DOSE)}</p><h3>Do they help?</h3><ul>{together}</ul>'
        f'<p class="why">Grades. {scale}. Percentages: mean activity of gluteus medius in healthy people, of its '
        f'greatest voluntary contraction.</p><ul class="sources">{sources}</ul></details>'
        f'<p class="card doctor"><b>When to stop and see a doctor.</b> {escape(DOCTOR)}</p>'
    )


def _cited(text: str) -> str:
    return escape(text)


def data_quality(result: Result, link: dict[str, Any]) -> str:
    """What was recorded, what is missing, how good steps are, and how the clip was worn."""
    summary, steps = result.summary, result.steps
    counts = summary["samples"]
    rows = [
        ["recorded", f"{spoken(float(summary['duration_s']))} at {float(summary['rate_hz']):.1f} Hz"],
        ["of it running", spoken(float(summary["running_s"])) if summary["running_s"] else "none"],
        ["steps", f"{summary['steps']}: {summary['steps_left']} left, {summary['steps_right']} right, "
                  f"{summary['steps'] - summary['steps_left'] - summary['steps_right']} of unknown side"],
        ["samples missing", f"{100 * missing_share(result):.2f} % of the time; {counts['gaps']} gaps too long to "
                            f"bridge"],
        ["samples bridged, saturated", f"{counts['bridged']}, {counts['saturated']}"],
    ]  # fmt: skip
    if len(steps):
        poor = float((steps["quality"] < 0.6).mean())
        rows.append(["steps of low quality", f"{100 * poor:.1f} % (left out of waveforms and of hip stability)"])
        flags = {f for text in np.unique(steps["flags"]) for f in str(text).split("|") if f}
        shares = {f: float((np.char.find(steps["flags"], f) >= 0).mean()) for f in flags}
        said = ", ".join(
            f"{f.replace('_', ' ')} {100 * v:.1f} %" for f, v in sorted(shares.items(), key=lambda i: -i[1])
        )
        rows.append(["reasons", said or "none"])
    mounting = summary["mounting"]
    rows.append(["how the clip was worn", f"{mounting['source']}; angles are about the {mounting['zero']}"])
    rows += [[escape(str(k)), escape(str(v))] for k, v in link.items()]
    notes = "".join(f"<li>{escape(str(note))}</li>" for note in summary["notes"])
    return rows_table("Link and data", [], rows, "facts") + (f"<ul class='notes'>{notes}</ul>" if notes else "")


def method(result: Result) -> str:
    """How it was done, and what it cannot say."""
    summary = result.summary
    versions = summary["versions"]
    compared = "of your earlier runs" if summary["stability"].get("compared_with_earlier_runs") else \
        "learned in the fresh part of this run"  # fmt: skip
    first, last = NAMES["L"], NAMES["R"]
    mode = "in two passes over the recording" if summary["mode"] == "refined" else "as the clip computes it live"
    return f"""<p>One small inertial sensor on the waistband over the sacrum; analysed {mode}.
Hip stability is the <i>obliquity peak</i> of each leg: how far the pelvis sinks to the swing side in stance, against
its mean over the stride, compared with your own baseline, {compared}. A sequential test (CUSUM) tells a
lasting change from chance; docs/stability.md says how often it is wrong or late. The grey band is the 95 % range in
which a minute's mean stays by chance, with steps taken to be long-range correlated (H = 0.8), as are all intervals
here.</p>
<ul><li>Trendel measures; it does not diagnose. Pain outranks every number.</li>
<li>The clip sits on a belt over soft tissue, not on bone. Oscillation and sway are the clip's, not the centre of
mass's.</li>
<li>Peak force is estimated with a filter fitted to one runner; loading rate is within 65 % of the truth at best; impact
peak and rate are not validated at all.</li>
<li>{first.capitalize()} and {last} are the standing legs. Heading is not observed: rotation is about its own slow
mean.</li>
<li>Hip and knee angles, shoes, ground, speed and training load are not known here.</li></ul>
<p class="why">trendel {escape(str(versions["trendel"]))}, kernels {escape(str(versions["kernels"])[:12])}, parameters
{escape(str(versions["parameters"]))}, calibration {escape(str(versions["calibration"] or "none"))}. Formulas and
sources: docs/science.md; measured accuracy: docs/accuracy.md.</p>"""
