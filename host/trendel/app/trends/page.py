"""The trends as a page: no script, nothing to load."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib.resources import files

from trendel.app.trends.chart import Dot, chart
from trendel.app.trends.judge import Trend
from trendel.app.trends.points import SERIES, Point
from trendel.app.trends.spikes import SOURCE
from trendel.journal import Pain

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def trends_html(
    runner: str, points: Sequence[Point], pain: Sequence[Pain], said: Sequence[str], trends: list[Trend]
) -> str:
    """The page of one runner; `said` are the sentences at its head."""
    css = (files("trendel.app.report") / "assets" / "report.css").read_text(encoding="utf-8")
    figures = "".join(_figure(points, k) for k in range(len(SERIES))) + _pain(pain)
    head = "".join(f"<p class='lead'>{escape(s)}</p>" for s in said)
    others = sum(not p.comparable for p in points)
    hollow = (
        f"<p class='why'>{others} of {len(points)} runs are hollow: another clip, worn another way, or analysed by "
        f"other "
        "kernels. They are shown and not compared; <code>trendel journal renew</code> analyses them again.</p>"
        if others
        else ""
    )
    tone = "good" if any(t.answer == "less" for t in trends) else "info"
    tone = "warn" if any(t.answer == "more" for t in trends) else tone
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}"><link rel="icon" href="data:,">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" '
        'content="light dark">'
        f"<title>Trendel: {escape(runner)}</title><style>{css}</style></head><body><main>"
        f'<header class="{tone}"><p class="brand"><b>Trendel</b> {escape(runner)}, {len(points)} runs</p>'
        f"<h1>Your weeks</h1>{head}</header>"
        f'<section class="card"><h2>Run by run</h2><p class="why">A point is a run\'s mean, its bar the 95 % '
        f"interval of that mean "
        "(steps taken to be long-range correlated). Left: round, blue. Right: square, orange. Days differ by more "
        "than the "
        f'bars.</p>{hollow}<div class="charts">{figures}</div></section>'
        f'<section class="card"><h2>Method and limits</h2><p>Stronger or not: the runs of the newest two weeks '
        f"against those of "
        "the oldest two (of the later half against the earlier while there are fewer than four weeks), three of each "
        "at least, pooled with random effects. Told only where the 95 % interval "
        "leaves out "
        "zero and the change is beyond the minimal detectable change of docs/accuracy.md, which comes from simulated "
        "runners: a floor. A smaller drop need not mean a stronger hip, nor a larger one a weaker.</p>"
        f"<p>Spikes: {escape(SOURCE)}. Against runs of up to 10 % beyond the longest of the past 30 days. The "
        f"acute:chronic "
        "workload ratio went the other way in that study and is not used.</p>"
        "<p>Trendel measures; it does not diagnose. Pain outranks every number.</p></section></main></body></html>\n"
    )


def _figure(points: Sequence[Point], k: int) -> str:
    series = SERIES[k]
    label = f"{series.label}, {series.unit}"
    dots = [
        Dot(p.when, v.mean, v.half, side, p.comparable,
            f"{p.when:%d %b %Y}, {side}: {v.mean:.{series.decimals + 1}f} \u00b1 {v.half:.{series.decimals + 1}f} "
            f"{series.unit}")
        for p in points
        for side in series.sides
        if (v := p.values.get((series.key, side))) is not None
    ]  # fmt: skip
    drawn = chart(dots, label, series.decimals)
    return f'<figure class="chart"><figcaption>{escape(label)}</figcaption>{drawn}</figure>' if drawn else ""


def _pain(pain: Sequence[Pain]) -> str:
    if not pain:
        return ""
    dots = [
        Dot(
            p.felt_at,
            float(p.level),
            float("nan"),
            p.side,
            True,
            f"{p.felt_at:%d %b %Y}: {p.side} {p.place}, {p.level} of 10",
        )
        for p in pain
    ]
    drawn = chart(dots, "pain", 0, low=0.0, high=10.0)
    return f'<figure class="chart"><figcaption>pain, 0 to 10</figcaption>{drawn}</figure>'
