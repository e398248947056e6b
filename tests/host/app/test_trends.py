"""Trends: a hip that holds better or worse is told only beyond chance and method; spikes are those of the study."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.browser import browser, needs_chromium
from tests.host.app.conftest import Cli
from tests.host.journal.made import NOON, Clock, hash_of, new_run
from trendel.analysis.detectable import detectable
from trendel.app.trends.judge import judge, sentence
from trendel.app.trends.points import Point, points_of
from trendel.app.trends.spikes import BANDS, Spike, spike
from trendel.app.trends.spikes import sentence as spike_sentence
from trendel.journal import Clip, Journal

ROOT = Path(__file__).resolve().parents[3]


def _summary(left: float, right: float, *, minutes: float = 40.0, **metadata: object) -> dict[str, Any]:
    def known(mean: float, sd: float, n: int = 3000) -> dict[str, Any]:
        return {"mean": mean, "sd": sd, "n": n}

    sides = {"left": left, "right": right}
    metrics: dict[str, Any] = {
        side: {"obliquity_peak_deg": known(mean, 0.8), "pelvic_drop_deg": known(mean - 1, 0.9)}
        for side, mean in sides.items()
    }
    metrics["both"] = {"vertical_oscillation_mm": known(90.0, 5.0)}
    return {
        "metrics": metrics,
        "running_s": 60 * minutes,
        "cadence_spm": 168.0,
        "cadence_sd_spm": 2.0,
        "strides": 6000,
        "metadata": metadata,
    }


def _points(path: Path, left: list[float], *, every_days: float = 3.0, **changes: Any) -> list[Point]:
    start = NOON - timedelta(days=200)
    with Journal(path, clock=Clock()) as journal:
        for k, mean in enumerate(left):
            at = start + timedelta(days=every_days * k)
            journal.add_run(new_run(k, started_at=at, summary=_summary(mean, 6.0), **changes))
        return points_of(journal.runs("Anna"))


def _noisy(first: float, last: float, n: int = 30) -> list[float]:
    noise = np.random.default_rng(5).normal(0.0, 0.3, n)
    return [float(v) for v in np.linspace(first, last, n) + noise]


def test_a_hip_that_holds_better(tmp_path: Path) -> None:
    points = _points(tmp_path / "j.sqlite", _noisy(8.0, 4.5))
    left, right = (judge(points, "obliquity_peak_deg", side) for side in ("left", "right"))
    assert left.answer == "less"
    assert left.low < left.size < left.high < 0
    assert left.mdc == detectable("obliquity_peak_deg")
    assert "holds better" in sentence(left)
    assert right.answer == "same"
    assert judge(_points(tmp_path / "k.sqlite", _noisy(4.5, 8.0)), "obliquity_peak_deg", "left").answer == "more"


def test_less_than_can_be_detected_is_no_change(tmp_path: Path) -> None:
    small = [6.0] * 15 + [6.0 - 0.9 * detectable("obliquity_peak_deg")] * 15
    trend = judge(_points(tmp_path / "j.sqlite", small), "obliquity_peak_deg", "left")
    assert trend.answer == "same"
    assert "no change that can be told" in sentence(trend)


def test_too_little_is_said_so(tmp_path: Path) -> None:
    for n, why in ((0, "no comparable runs"), (2, "days of runs"), (6, "runs at either end")):
        every = 1.0 if n < 6 else 20.0
        trend = judge(_points(tmp_path / f"{n}.sqlite", [6.0] * n, every_days=every), "obliquity_peak_deg", "left")
        assert trend.answer == "unknown"
        assert why in trend.reason
        assert "cannot be said yet" in sentence(trend)


def test_other_clips_and_kernels_are_not_compared(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.sqlite", clock=Clock()) as journal:
        for k in range(8):
            at = NOON - timedelta(days=100 - 10 * k)
            clip = Clip("C9") if k < 2 else Clip("C1")
            kernels = "old" if k == 2 else new_run(0).kernel_hash
            journal.add_run(new_run(k, started_at=at, clip=clip, kernel_hash=kernels, summary=_summary(6.0, 6.0)))
        points = points_of(journal.runs("Anna"))
    assert [p.comparable for p in points] == [False, False, False, True, True, True, True, True]


@pytest.mark.parametrize(
    ("ratio", "name"),
    [
        (0.9, None),
        (1.1, None),
        (1.101, "small"),
        (1.3, "small"),
        (1.31, "moderate"),
        (2.0, "moderate"),
        (2.01, "large"),
    ],
)
def test_spikes_have_the_bands_of_the_study(tmp_path: Path, ratio: float, name: str | None) -> None:
    with Journal(tmp_path / "j.sqlite", clock=Clock()) as journal:
        for k, (days, minutes) in enumerate(((31.5, 300.0), (20.0, 50.0), (5.0, 100.0), (0.0, 100.0 * ratio))):
            at = NOON - timedelta(days=days)
            journal.add_run(new_run(k, started_at=at, summary=_summary(6.0, 6.0, minutes=minutes)))
        points = points_of(journal.runs("Anna"))
    found = spike(points, 3)
    assert found is not None and found.of == "duration"
    assert (found.band.name if found.band else None) == name
    assert spike(points, 0) is None
    assert "no run in the 30 days" in spike_sentence(None)


def test_numbers_of_the_study() -> None:
    assert [(b.hazard, b.low, b.high) for b in BANDS] == [(1.64, 1.31, 2.05), (1.52, 1.16, 2.00), (2.28, 1.50, 3.48)]
    said = spike_sentence(Spike(1.2, "duration", BANDS[0]))
    assert "1.64" in said and "duration stands in" in said
    assert "stands in" not in spike_sentence(Spike(1.2, "distance", BANDS[0]))


def test_distance_counts_where_all_runs_know_it(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.sqlite", clock=Clock()) as journal:
        for k, metres in enumerate((8000.0, 17000.0)):
            at = NOON - timedelta(days=5 - 5 * k)
            journal.add_run(new_run(k, started_at=at, summary=_summary(6.0, 6.0, distance_m=metres)))
        found = spike(points_of(journal.runs("Anna")), 1)
    assert found is not None and found.of == "distance" and found.band is BANDS[2]


def test_detectable_changes_are_those_of_the_accuracy_page() -> None:
    page = (ROOT / "docs" / "accuracy.md").read_text(encoding="utf-8")
    table = page.split("MDC95 of a run |", 1)[1].split("\n\n", 1)[0]
    rows = [[cell.strip() for cell in line.split("|")] for line in table.splitlines()[2:]]
    assert len(rows) > 5
    for row in rows:
        stated = row[4]
        decimals = len(re.sub(r"^\d+\.?", "", stated))
        assert f"{detectable(row[1]):.{decimals}f}" == stated, row[1]


@pytest.fixture
def weeks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "journal.sqlite"
    monkeypatch.setenv("TRENDEL_JOURNAL", str(path))
    _points(path, _noisy(8.0, 4.5))
    with Journal(path, clock=Clock()) as journal:
        journal.add_pain("Anna", "knee", "left", 4, run=hash_of(29))


def test_command_on_the_terminal(cli: Cli, weeks: None) -> None:
    said = cli("trends")
    assert said.code == 0, said.err
    assert "Your left hip holds better" in said.out
    assert "the newest 20 of 30 runs" in said.out
    assert "pain 4" in said.out
    assert max(map(len, said.out.splitlines())) <= 80 + 1


def test_page_is_whole(cli: Cli, weeks: None, tmp_path: Path) -> None:
    path = tmp_path / "sub" / "t.html"
    assert cli("trends", "--html", path).code == 0
    html = path.read_text(encoding="utf-8")
    assert "<script" not in html
    assert html.count("<svg") == 6
    assert "Br J Sports Med 59:1203" in html


@needs_chromium()
def test_page_opens_without_error_or_request(cli: Cli, weeks: None, tmp_path: Path) -> None:
    assert cli("trends", "--html", tmp_path / "t.html").code == 0
    with browser() as page:
        page.size(390, 844, phone=True)
        page.open((tmp_path / "t.html").as_uri())
        assert page.run("document.documentElement.scrollWidth") == 390
        assert page.console == []
        assert [url for url in page.requests if not url.startswith(("file:", "data:"))] == []
        page.screenshot(tmp_path / "t.png")
