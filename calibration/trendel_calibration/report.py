"""The verification report: one page that needs no network, with plotly's figures."""

from __future__ import annotations

import json
from html import escape
from importlib.resources import files
from typing import Any

import numpy as np

from trendel_calibration.noise import Noise
from trendel_calibration.result import NORMAL_95, Calibration, Subject, plain
from trendel_calibration.verify import Check, differences, nominal_mps2

_BLUE, _ORANGE, _GREY = "#0072b2", "#d55e00", "#888888"  # told apart by colour-blind eyes too
_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}
table{border-collapse:collapse;margin:1rem 0}td,th{padding:.25rem .8rem;border-bottom:1px solid #ddd;text-align:left}
td.n{text-align:right;font-variant-numeric:tabular-nums}.pass{color:#00663c}.fail{color:#b00020;font-weight:bold}
.verdict{font-size:1.3rem;font-weight:600}.figure{height:22rem}small{color:#555}
@media(prefers-color-scheme:dark){body{background:#161616;color:#ddd}td,th{border-color:#444}.pass{color:#6fdc8c}.fail{color:#ff8389}small{color:#aaa}}
"""
Figure = tuple[str, str, list[dict[str, Any]], dict[str, Any]]
"""(heading, what it shows, plotly's traces, its layout)"""


def report_html(cal: Calibration, checks: list[Check], previous: dict[str, Any] | None) -> str:
    """The page of a calibration by poses or six positions; `previous`: the record it is compared with."""
    failed = [check.name for check in checks if check.passed is False]
    verdict = "Every check passed." if not failed else f"Not passed: {', '.join(failed)}."
    word = "pass" if not failed else "fail"
    parts = [
        f'<p class="verdict {word}">{escape(verdict)}</p>',
        _about(cal.subject, cal.method, cal.rate_hz, cal.gravity_mps2),
        "<h2>Checks</h2>",
        _check_table(checks),
        "<h2>Parameters</h2>",
        _parameter_table(cal, previous),
        *(f"<p>Note: {escape(note)}</p>" for note in cal.notes),
    ]
    if previous is not None:
        parts += ["<h2>Since the calibration before</h2>", _difference_table(cal, previous)]
    return _page("Calibration", parts, _figures(cal, previous))


def noise_html(noise: Noise, subject: Subject) -> str:
    """The page of a noise measurement: Allan deviations with their 95 % intervals."""
    figures: list[Figure] = []
    degrees = float(np.degrees(1.0)) * 3600
    for name, curve, factor, unit in (
        ("Gyroscope", noise.gyr, degrees, "deg/h"),
        ("Accelerometer", noise.acc, 1e6 / 9.80665, "ug"),
    ):
        traces: list[dict[str, Any]] = []
        for i, (axis, colour) in enumerate(zip("xyz", (_BLUE, _ORANGE, "#009e73"), strict=True)):
            bounds = np.concatenate([curve.high[:, i], curve.low[::-1, i]]) * factor
            traces.append(
                {
                    "x": plain(np.concatenate([curve.tau_s, curve.tau_s[::-1]])),
                    "y": plain(bounds),
                    "fill": "toself",
                    "fillcolor": colour + "22",
                    "line": {"width": 0},
                    "hoverinfo": "skip",
                    "showlegend": False,
                }
            )
            traces.append(
                {
                    "x": plain(curve.tau_s),
                    "y": plain(curve.deviation[:, i] * factor),
                    "name": axis,
                    "line": {"color": colour},
                }
            )
        layout = {
            "xaxis": {"type": "log", "title": {"text": "averaging time, s"}},
            "yaxis": {"type": "log", "title": {"text": f"Allan deviation, {unit}"}},
        }
        figures.append((f"{name}: overlapping Allan deviation", "Bands: 95 % intervals.", traces, layout))
    walk, low = np.degrees(noise.random_walk) * 60, noise.gyr_instability * degrees
    rows = "".join(
        f'<tr><td>{axis}</td><td class="n">{walk[i]:.3f}</td><td class="n">{low[i]:.2g}</td>'
        f'<td class="n">{noise.velocity_random_walk[i] * 1e6 / 9.80665:.0f}</td></tr>'
        for i, axis in enumerate("xyz")
    )
    table = (
        "<table><tr><th></th><th>angle random walk, deg/sqrt(h)</th><th>gyroscope bias instability, deg/h</th>"
        f"<th>accelerometer noise density, ug/sqrt(Hz)</th></tr>{rows}</table>"
    )
    return _page("Noise at rest", [_about(subject, "noise", noise.rate_hz, None), table], figures)


def _figures(cal: Calibration, previous: dict[str, Any] | None) -> list[Figure]:
    before = np.linalg.norm(nominal_mps2(cal, cal.poses), axis=1) - cal.gravity_mps2
    after = cal.residuals["gravity_mps2"]
    up = cal.acc_mps2(cal.poses)
    up /= np.linalg.norm(up, axis=1)[:, None]
    names = [f"pose {i + 1}: up is ({u[0]:+.2f}, {u[1]:+.2f}, {u[2]:+.2f})" for i, u in enumerate(up)]
    number = list(range(1, len(after) + 1))
    aside = [i for i, used in enumerate(cal.used) if not used]
    size: list[dict[str, Any]] = [
        {
            "type": "bar",
            "x": number,
            "y": plain(before),
            "name": "before",
            "marker": {"color": _ORANGE},
            "text": names,
            "textposition": "none",
        },
        {
            "type": "bar",
            "x": number,
            "y": plain(after),
            "name": "after",
            "marker": {"color": _BLUE},
            "text": names,
            "textposition": "none",
        },
    ]
    if previous is not None and (by_previous := _by_previous(cal, previous)) is not None:
        size.insert(
            1,
            {
                "type": "bar",
                "x": number,
                "y": plain(by_previous),
                "name": "with the calibration before",
                "marker": {"color": _GREY},
            },
        )
    longitude = np.degrees(np.arctan2(up[:, 1], up[:, 0]))
    sphere: list[dict[str, Any]] = [
        {
            "mode": "markers",
            "x": plain(longitude),
            "y": plain(up[:, 2]),
            "text": names,
            "marker": {
                "size": 12,
                "color": plain(1e3 * after),
                "colorscale": "RdBu",
                "cmid": 0,
                "symbol": ["x" if i in aside else "circle" for i in range(len(after))],
                "line": {"width": 1, "color": _GREY},
                "colorbar": {"title": {"text": "mm/s2"}},
            },
        }
    ]
    globe = {
        "xaxis": {
            "title": {"text": "longitude of up in the sensor's axes, degrees"},
            "range": [-185, 185],
            "dtick": 90,
        },
        "yaxis": {"title": {"text": "its z component"}, "range": [-1.1, 1.1]},
    }
    figures: list[Figure] = [
        (
            "Gravity in each pose",
            "Size of the calibrated specific force at rest, less gravity. Before: nominal scales.",
            size,
            {"xaxis": {"title": {"text": "pose"}}, "yaxis": {"title": {"text": "error, m/s2"}}, "barmode": "group"},
        ),
        (
            "Residual over attitudes",
            "Where up was in the sensor's axes, equal areas for equal parts of the sphere; crosses "
            "were set aside. A pattern over the sphere would be an error that scale, axes and bias cannot be.",
            sphere,
            globe,
        ),
    ]
    turns = cal.residuals.get("turn_rad")
    if turns is not None and len(turns):
        colours = [_BLUE if used else _GREY for used in cal.turns_used]
        closure = [
            {
                "type": "bar",
                "x": list(range(1, len(turns) + 1)),
                "y": plain(np.degrees(turns)),
                "marker": {"color": colours},
            }
        ]
        figures.append(
            (
                "Closure of turns",
                "Angle between gravity after each turn and gravity before it, turned by the "
                "gyroscope; grey: set aside.",
                closure,
                {"xaxis": {"title": {"text": "turn"}}, "yaxis": {"title": {"text": "degrees"}}},
            )
        )
    return figures


def _by_previous(cal: Calibration, previous: dict[str, Any]) -> Any:
    """Gravity's error in the poses with the matrices of `previous`; None where it is of other units."""
    if previous.get("raw_unit") != cal.subject.raw_unit or previous.get("acc_matrix") is None:
        return None
    matrix, bias = np.array(previous["acc_matrix"], np.float64), np.array(previous["acc_bias"], np.float64)
    return np.linalg.norm((cal.poses - bias) @ matrix.T, axis=1) - cal.gravity_mps2


def _about(subject: Subject, method: str, rate_hz: float, gravity_mps2: float | None) -> str:
    rows = [
        ("method", method),
        ("clip", subject.serial or "not known"),
        ("sensor", subject.sensor or "not known"),
        (
            "range",
            f"{subject.range_g:g} g, {subject.range_dps:g} deg/s"
            if subject.range_g and subject.range_dps
            else "not known",
        ),
        ("when (UTC)", subject.when),
        ("who", subject.who or "not said"),
        ("from", subject.source or "arrays"),
        ("rate", f"{rate_hz:.6g} Hz"),
        *([("gravity taken as", f"{gravity_mps2:.5f} m/s2")] if gravity_mps2 else []),
    ]
    return "<table>" + "".join(f"<tr><th>{k}</th><td>{escape(v)}</td></tr>" for k, v in rows) + "</table>"


def _check_table(checks: list[Check]) -> str:
    rows = []
    for check in checks:
        word, shown = {True: ("pass", "pass"), False: ("fail", "FAIL"), None: ("", "not checked")}[check.passed]
        value = "" if check.value is None else f"{check.value:.3g} {check.unit}"
        rows.append(
            f'<tr><td>{escape(check.name)}</td><td class="n">{value}</td><td class="n">{check.limit:g} {check.unit}'
            f'</td><td class="{word}">{shown}</td></tr>'
        )
    return "<table><tr><th>check</th><th>found</th><th>limit</th><th></th></tr>" + "".join(rows) + "</table>"


def _parameter_table(cal: Calibration, previous: dict[str, Any] | None) -> str:
    rows = []
    for name, word in (
        ("acc_matrix", "accelerometer matrix"),
        ("acc_bias", "accelerometer bias"),
        ("gyr_matrix", "gyroscope matrix"),
        ("gyr_bias", "gyroscope bias"),
    ):
        value, std = np.atleast_2d(getattr(cal, name)), np.atleast_2d(getattr(cal, f"{name}_std"))
        if not np.isfinite(value).all():
            continue
        for i, (line, sure) in enumerate(zip(value, std, strict=True)):
            cells = "".join(
                f'<td class="n">{v:.6g} <small>&plusmn; {NORMAL_95 * s:.1g}</small></td>'
                for v, s in zip(line, sure, strict=True)
            )
            rows.append(f"<tr><th>{word if i == 0 else ''}</th>{cells}</tr>")
    note = f"<p><small>Frame: {escape(cal.frame)}. &plusmn; is the 95 % interval; 0: fixed by the choice of frame. "
    note += f"Raw unit: {'m/s2 and rad/s by nominal scales' if cal.subject.raw_unit == 'si' else 'as in the file'}. "
    note += f"Record {escape(str(cal.record()['hash']))}.</small></p>"
    return "<table>" + "".join(rows) + "</table>" + note


def _difference_table(cal: Calibration, previous: dict[str, Any]) -> str:
    rows = "".join(
        f'<tr><td>{name}</td><td class="n">{change:.3g} {unit}</td><td class="n">{both:.2g}</td>'
        f"<td>{'more than both are sure of' if change > both else 'within what both are sure of'}</td></tr>"
        for name, change, both, unit in differences(cal, previous)
    )
    head = f"{previous.get('when')}, {previous.get('method')}, record {previous.get('hash')}"
    top = f"<p>{escape(head)}</p>"
    return top + f"<table><tr><th></th><th>largest change</th><th>95 % of both</th><th></th></tr>{rows}</table>"


def _page(title: str, parts: list[str], figures: list[Figure]) -> str:
    script = (files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8")
    blocks, calls = [], []
    for i, (heading, what, traces, layout) in enumerate(figures):
        blocks.append(f'<h2>{escape(heading)}</h2><p>{escape(what)}</p><div class="figure" id="f{i}"></div>')
        drawn = {
            "margin": {"t": 10, "r": 10, "b": 45, "l": 65},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"color": "#777"},
            "legend": {"orientation": "h", "y": 1.12},
            **layout,
        }
        data = json.dumps([traces, drawn]).replace("</", "<\\/")
        calls.append(f"(d=>Plotly.newPlot('f{i}',d[0],d[1],{{responsive:true,displayModeBar:false}}))({data});")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>'
        f"<h1>{escape(title)}</h1>"
        f"{''.join(parts)}{''.join(blocks)}<script>{script}</script><script>{''.join(calls)}</script></body></html>\n"
    )
