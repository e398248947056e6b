"""The whole report as one HTML document that needs nothing else: styles, script, Plotly and data are inside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

import numpy as np

from trendel.analysis import Result
from trendel.analysis.waveforms import POINTS_N, SIGNALS, curve
from trendel.app.outputs import plain
from trendel.app.report import tables
from trendel.app.report.courses import courses
from trendel.app.report.findings import Finding, Verdict, findings_of, verdict_of
from trendel.app.report.picture import picture
from trendel.app.report.sides import Side, baseline_words, sides_of
from trendel.app.report.timeline import Timeline, spoken
from trendel.errors import RecordingError
from trendel.kernels.metrics import METRICS
from trendel.recording.started import said_start

_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:"
)
_TITLES = {"tilt_deg": "tilt", "obliquity_deg": "obliquity", "rotation_deg": "rotation", "vgrf_bw": "vertical force"}
_BANDS = ("contact_time_ms", "peak_vgrf_bw", "loading_rate_bwps")
"""Metrics that are shown with the error of a measurement, not with the spread over steps."""


def report_html(result: Result, name: str, *, link: Mapping[str, Any] | None = None, simulated: bool = False) -> str:
    """The page of one run. `name`: what it was read from; `link`: facts about the connection, by name."""
    start_s = float(result.summary["segments"][0]["start_s"]) if result.summary["segments"] else 0.0
    steps = result.steps
    line = Timeline.of(start_s, steps["ic_s"].astype(np.float64), steps["end_s"].astype(np.float64))
    sides = sides_of(result)
    findings = findings_of(result, line, sides)
    verdict = verdict_of(result, line, sides, findings)
    data = plain(_data(result, line))
    # "</" would end the script element.
    script = json.dumps(data, separators=(",", ":"), ensure_ascii=False, allow_nan=False).replace("</", "<\\/")
    body = "\n".join(
        [
            _first_screen(result, name, line, sides, verdict, simulated=simulated),
            _findings(findings),
            tables.exercises(sides),
            *(_deep(result, data) if len(steps) else ()),
            f'<section class="card"><h2>Link and data</h2>{tables.data_quality(result, dict(link or {}))}</section>',
            f'<section class="card"><h2>Method and limits</h2>{tables.method(result)}</section>',
        ]
    )
    charts = (
        f"<script>{_plotly()}</script><script>const DATA={script};{_asset('report.js')}</script>" if len(steps) else ""
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" '
        'content="light dark">'
        f'<link rel="icon" href="data:,"><title>{escape(verdict.headline)} Trendel report</title>'
        f"<style>{_asset('report.css')}</style></head><body><main>{body}</main>{charts}</body></html>\n"
    )


@cache
def _plotly() -> str:
    # From the installed package's files: importing plotly's own reader takes longer than the report.
    text = (files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8")
    return text.replace("</script", "<\\/script")


@cache
def _asset(name: str) -> str:
    return (files("trendel.app.report") / "assets" / name).read_text(encoding="utf-8")


def _first_screen(
    result: Result, name: str, line: Timeline, sides: dict[str, Side], verdict: Verdict, *, simulated: bool
) -> str:
    summary = result.summary
    parts = [
        _when(summary["metadata"], line.start_s),
        f"{spoken(float(summary['running_s']))} of running" if summary["running_s"] else "",
    ]
    if summary["cadence_spm"]:
        parts.append(f"{summary['cadence_spm']:.0f} steps/min")
    facts = " \u00b7 ".join(escape(p) for p in parts if p)
    made_up = '<p class="simulated">Simulated: nobody ran this.</p>' if simulated else ""
    drawn = picture(result, line, sides, 390, 250) + picture(result, line, sides, 980, 340)
    figure = (
        f"<figure>{drawn}<figcaption>How much further the pelvis sinks on each leg than {baseline_words(result)}, "
        "degrees. Grey: chance. \u25c7 notice, \u25b2 warning, \u25a0 stop; a bar shows since when.</figcaption>"
        "</figure>"
        if drawn
        else ""
    )
    do = f'<p class="do"><b>What to do.</b> {escape(verdict.do)}</p>' if verdict.do else ""
    return (
        f'<header class="{verdict.tone}"><p class="brand"><b>Trendel</b> {facts}</p>{made_up}'
        f"<h1>{escape(verdict.headline)}</h1><p class='lead'>{escape(verdict.sentence)}</p>{do}{figure}"
        f'<p class="source">{escape(name)}</p></header>'
    )


def _when(metadata: Mapping[str, Any], start_s: float) -> str:
    try:
        at = said_start(metadata, start_s, "the recording")
    except RecordingError:
        return ""  # the report is not about it
    return f"{at.day} {at:%B %Y, %H:%M}" if at is not None else ""


def _findings(findings: list[Finding]) -> str:
    items = "".join(
        f'<li class="card {f.tone}"><h3>{escape(f.title)}</h3><p class="size">{escape(f.size)}</p>'
        f'<p class="why"><b>Why it matters.</b> {escape(f.why)}</p><p class="do"><b>Do this.</b> '
        f"{escape(f.do)}</p></li>"
        for f in findings
    )
    return f'<section><h2>What stood out</h2><ol class="findings">{items}</ol></section>'


def _deep(result: Result, data: dict[str, Any]) -> list[str]:
    """What follows for who looks closer."""
    course = data["course"]
    named = [m for m in course["metrics"] if m["id"] not in _BANDS]
    charts = "".join(_chart(f"course:{m['id']}", m["label"], m["unit"]) for m in named)
    seconds = course["seconds"]
    every = spoken(seconds) if seconds >= 90 else f"{seconds:.0f} s"
    shown = [
        f'<section class="card"><h2>Over the run</h2><p class="why">Each point is the mean of {every} of running, '
        f"the band "
        "the middle 80 % of its steps; nothing is left out or smoothed beyond that. Time is since the start of the "
        "recording; "
        f'long breaks are cut short (grey).</p><div class="charts">{charts}</div>'
        f"<h3>First against last quarter</h3>{tables.changes_table(result)}</section>"
    ]
    if data["waves"]["signals"]:
        waves = "".join(
            _chart(f"wave:{s['id']}:{kind}", f"{s['label']}: {said}", s["unit"])
            for s in data["waves"]["signals"]
            if s["id"] != "vgrf_bw"
            for kind, said in (("sides", "left against right"), ("L", "left, first and last quarter"),
                               ("R", "right, first and last quarter"))
            if _has(s, kind)
        )  # fmt: skip
        shown.append(
            '<section class="card"><h2>Your average stride</h2><p class="why">From a foot\'s contact to its next; '
            "the band is "
            "one standard deviation over strides. Tilt: anterior up. Obliquity: left side higher up. Rotation: to "
            "the left up."
            f'</p><div class="charts three">{waves}</div></section>'
        )
    bands = "".join(_chart(f"band:{m['id']}", m["label"], m["unit"]) for m in course["metrics"] if m["id"] in _BANDS)
    force = next((s for s in data["waves"]["signals"] if s["id"] == "vgrf_bw"), None)
    drawn = _chart("wave:vgrf_bw:sides", "vertical force over the stride", "body weights") if force else ""
    shown.append(
        '<section class="card"><h2>Contact and force</h2><p class="why">Bands here are the error of the '
        "measurement: one "
        "step's RMSE against force plates, and for loading rate the published limits of agreement, within which "
        f'nothing should be concluded from it.</p><div class="charts">{bands}{drawn}</div></section>'
    )
    return shown


def _has(signal: dict[str, Any], kind: str) -> bool:
    parts = signal["parts"]
    if kind == "sides":
        return bool(parts["all"])
    return kind in parts["first"] and kind in parts["last"]


def _chart(key: str, label: str, unit: str) -> str:
    said = f"{label}, {unit}"
    return (
        f'<figure class="chart"><figcaption>{escape(said)}</figcaption>'
        f'<div class="plot" data-plot="{escape(key)}" role="group" aria-label="Chart: {escape(said)}"></div></figure>'
    )


def _data(result: Result, line: Timeline) -> dict[str, Any]:
    """What the script draws."""
    waves = []
    for signal, unit in SIGNALS.items():
        parts: dict[str, dict[str, Any]] = {"all": {}, "first": {}, "last": {}}
        for part, by_side in parts.items():
            for letter in "LR":
                found = curve(result.waveforms, signal, letter, part)
                if found is not None:
                    mean, sd, n = found
                    by_side[letter] = [np.round(mean, 3), np.round(sd, 3), n]
        if any(parts.values()):
            waves.append({"id": signal, "label": _TITLES[signal], "unit": unit, "parts": parts})
    return {
        "axis": {
            "length": round(line.length, 1),
            "ticks": line.ticks(6),
            "breaks": line.breaks(),
            "unit": "h:min" if line.has_hours else "min",
        },
        "course": courses(result, line),
        "alerts": [
            [round(float(line.position(float(row["time_s"]))), 1), str(row["side"]), str(row["level"])]
            for row in result.alerts
        ],
        "waves": {"phase": np.linspace(0, 100, POINTS_N).round(1), "signals": waves},
        "errors": {m.name: [m.rmse, m.limits] for m in METRICS if m.name in _BANDS},
    }
