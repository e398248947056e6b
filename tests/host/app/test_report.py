"""The report: right where there is little, one file without a network, and looked at in a browser."""

import math
import re
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import trendel
from tests.browser import browser, needs_chromium, violations
from tests.host.app.conftest import Cli, write_run
from tests.plain_run import plain_run
from trendel.analysis import Result, Table
from trendel.app.alert_screen import clock
from trendel.app.report import report_html, write_report
from trendel.app.report.change import change, mean_error
from trendel.app.report.findings import findings_of, missing_share, unjudged, verdict_of
from trendel.app.report.sides import sides_of
from trendel.app.report.timeline import Timeline, told
from trendel.app.result_folder import read_result
from trendel.simulation import Fatigue, SensorModel, Session, Variability, simulate

ROOT = Path(__file__).resolve().parents[3]


def _line(result: Result) -> Timeline:
    return Timeline.of(0.0, result.steps["ic_s"].astype(float), result.steps["end_s"].astype(float))


def _recording(minutes: float, growth_deg: float, *, right: float = 0.0) -> trendel.Recording:
    run_s = 60 * minutes
    run = simulate(
        Session(
            (("stand", 6.0), ("run", run_s), ("stand", 3.0)),
            variability=Variability(angles=0.1),
            fatigue=Fatigue(growth_deg, right, 0.5 * run_s, 0.75 * run_s),
            seed=3,
        ),
        SensorModel(rate_hz=104.0, rate_error=0.0, rate_drift=0.0, seed=3),
    )
    return trendel.Recording.from_arrays(run.acc_mps2, run.gyr_radps, run.rate_hz, metadata={"simulated": True})


@pytest.fixture(scope="module")
def tired() -> Result:
    return trendel.analyze(_recording(12.0, 4.0))


@pytest.fixture(scope="module")
def fresh() -> Result:
    return trendel.analyze(_recording(8.0, 0.0))


def test_a_tiring_left_hip_is_told_with_side_size_and_what_to_do(tired: Result) -> None:
    line, sides = _line(tired), sides_of(tired)
    findings = findings_of(tired, line, sides)
    verdict = verdict_of(tired, line, sides, findings)
    assert verdict.headline.startswith("Your left hip held less and less after ")
    assert sides["L"].status == "sank" and sides["R"].status == "held"
    assert sides["L"].low < 4.0 < sides["L"].high
    assert "shorten your stride" in verdict.do or "Rest" in verdict.do
    assert 1 <= len(findings) <= 3
    assert all(f.size and f.why and f.do for f in findings)
    html = report_html(tired, "run.csv", simulated=True)
    assert "Simulated: nobody ran this." in html
    assert '<details class="card" open>' in html
    assert "Stand on a step with the left leg" in html


def test_stable_hips_are_said_to_have_held(fresh: Result) -> None:
    line, sides = _line(fresh), sides_of(fresh)
    verdict = verdict_of(fresh, line, sides, findings_of(fresh, line, sides))
    assert verdict.headline == "Both hips held."
    assert "cannot be told from chance" in verdict.sentence
    assert '<details class="card">' in report_html(fresh, "run.csv")


def test_pain_stands_before_every_number(tired: Result) -> None:
    from trendel.analysis.alerts import PainNoted, with_pain

    hurt = replace(tired, alerts=with_pain(tired.alerts, [PainNoted(600.0, "knee", "left", 4)]))
    findings = findings_of(hurt, _line(hurt), sides_of(hurt))
    assert findings[0].title == "Pain"
    assert verdict_of(hurt, _line(hurt), sides_of(hurt), findings).headline.startswith("You noted pain")


@pytest.mark.parametrize("run_s", [0.0, 25.0])
def test_no_running_and_half_a_minute(run_s: float) -> None:
    run = plain_run(run_s=run_s, end_s=2.0)
    result = trendel.analyze(trendel.Recording.from_arrays(run.acc_mps2, run.gyr_radps, run.rate_hz))
    reason = unjudged(result)
    assert reason is not None
    assert reason[0] == ("Too short to judge your hips." if run_s else "No running was found in this recording.")
    html = report_html(result, "run.csv")
    assert reason[0] in html
    assert ("Plotly" in html) is bool(run_s)
    assert findings_of(result, _line(result), sides_of(result))[0].title == "Hip stability was not judged"


def test_one_side_missing(fresh: Result) -> None:
    left = fresh.steps["side"] == "L"
    strides = fresh.strides.data[fresh.strides["side"] == "L"].copy()
    strides["stability_phase"] = "settling"
    one = replace(
        fresh, steps=Table(fresh.steps.data[left], fresh.steps.units), strides=Table(strides, fresh.strides.units)
    )
    assert "Your right leg was not seen" in report_html(one, "run.csv")


def test_report_and_screen_tell_an_alert_at_the_same_second() -> None:
    assert [told(seconds) for seconds in (59.9, 1139.8)] == [clock(59.9), clock(1139.8)] == ["0:59", "18:59"]


@pytest.mark.parametrize(
    ("said", "shown"), [("2026-05-02T06:30:00+09:30", "2 May 2026, 06:30"), ("noon", ""), (None, "")]
)
def test_the_day_is_told_where_it_is_known(fresh: Result, said: str | None, shown: str) -> None:
    dated = replace(fresh, summary={**fresh.summary, "metadata": {"started_at": said}})
    facts = report_html(dated, "run.csv").partition("<b>Trendel</b>")[2].partition("</p>")[0]
    assert facts.strip().startswith(shown or f"{fresh.summary['running_s'] / 60:.0f} min")


def test_without_a_gyroscope() -> None:
    run = plain_run(run_s=25.0, end_s=2.0)
    result = trendel.analyze(trendel.Recording.from_arrays(run.acc_mps2, None, run.rate_hz))
    html = report_html(result, "run.csv")
    assert "There are no pelvic angles: no gyroscope was recorded." in html
    assert "Record with a sensor that has a gyroscope" in html


def test_hours_of_gaps_are_cut_short_and_told() -> None:
    line = Timeline.of(0.0, np.array([10.0, 11.0, 7200.0, 7201.0]), np.array([11.0, 600.0, 7201.0, 7800.0]))
    assert len(line.pieces) == 2
    assert line.length < 1300
    ((_, _, length),) = line.breaks()
    assert length == pytest.approx(6600.0)
    assert line.position(7200.0) > line.position(600.0)
    assert all(a[0] < b[0] for a, b in zip(line.ticks(6), line.ticks(6)[1:], strict=False))
    assert line.ticks(6)[-1][1] == "2:10"


def test_missing_share_counts_gaps(fresh: Result) -> None:
    assert missing_share(fresh) == pytest.approx(0.0, abs=0.01)
    half = replace(fresh, summary={**fresh.summary, "duration_s": 2 * fresh.summary["duration_s"]})
    assert missing_share(half) == pytest.approx(0.5, abs=0.01)


def test_intervals_know_that_steps_are_not_independent() -> None:
    values = np.random.default_rng(1).normal(0.0, 1.0, 1000)
    assert mean_error(values) > 5 * values.std() / math.sqrt(len(values))
    found = change(values[:500], values[500:] + 2.0)
    assert found is not None and found.told and found.low < 2.0 < found.high
    assert change(values[:5], values) is None


def test_what_others_wrote_does_not_become_markup(fresh: Result) -> None:
    evil = "</script><script>alert(1)</script>"
    marked = replace(fresh, summary={**fresh.summary, "notes": [evil]})
    html = report_html(marked, evil, link={"markers": evil})
    assert evil not in html
    assert "&lt;/script&gt;" in html


def test_two_hours_are_small_and_quick(tired: Result, tmp_path: Path) -> None:
    n = 11
    length = float(tired.strides["end_s"][-1])

    def longer(table: Table) -> Table:
        data = np.concatenate([table.data] * n)
        for name in set(table.columns) & {"ic_s", "to_s", "end_s"}:
            data[name] += np.repeat(np.arange(n) * length, len(table))
        return Table(data, table.units)

    long = replace(tired, steps=longer(tired.steps), strides=longer(tired.strides))
    assert float(long.steps["end_s"][-1]) > 7200
    start = time.process_time()  # other work on this machine is not the report's
    path = write_report(tmp_path / "r.html", long, "run.csv")
    assert time.process_time() - start < 3.0
    assert path.stat().st_size < 8e6


def test_command_takes_recording_and_folder(cli: Cli, run_csv: Path, tmp_path: Path) -> None:
    assert cli("report", run_csv).code == 0
    assert "Too short to judge" in run_csv.with_suffix(".report.html").read_text(encoding="utf-8")
    assert cli("analyze", run_csv, "--out", tmp_path / "out").code == 0
    assert (tmp_path / "out" / "report.html").is_file()
    said = cli("report", tmp_path / "out", "--out", tmp_path / "sub" / "page.html")
    assert said.code == 0
    assert "page.html" in said.out
    # The same from the files as from the result in memory, but for what rounding leaves.
    folder, memory = ((tmp_path / p).read_text(encoding="utf-8") for p in ("sub/page.html", "out/report.html"))
    assert _words(folder) == _words(memory) and len(_words(folder)) > 500


def _words(page: str) -> list[str]:
    """What a person reads of a page, without its pictures."""
    return re.sub(r"<[^>]+>", " ", re.sub(r"(?s)<(script|svg).*?</\1>", "", page.partition("<body")[2])).split()


def test_a_recorded_live_run_ends_with_its_report(cli: Cli, run_csv: Path, tmp_path: Path) -> None:
    out = tmp_path / "live.mcap"
    said = cli("live", "--link", f"replay:{run_csv}@max", "--record", out)
    assert said.code == 0, said.err
    assert "report: " in said.out
    html = (tmp_path / "live.report.html").read_text(encoding="utf-8")
    assert "link lost" in html and "0 times" in html


def test_command_refuses_what_is_no_result(cli: Cli, tmp_path: Path) -> None:
    said = cli("report", tmp_path)
    assert said.code == 2
    assert "holds no result" in said.err
    (tmp_path / "summary.json").write_text("{", encoding="utf-8")
    (tmp_path / "steps.csv").write_text("step\n", encoding="utf-8")
    assert cli("report", tmp_path).code == 2


def test_result_folder_gives_the_tables_back(cli: Cli, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run.csv")
    result = trendel.analyze(trendel.read(run))
    assert cli("analyze", run).code == 0
    back = read_result(tmp_path / "run.trendel")
    for name in ("steps", "strides", "alerts", "waveforms"):
        before, after = getattr(result, name), getattr(back, name)
        assert after.columns == before.columns
        assert after.units == before.units
        for column in before.columns:
            if before.data[column].dtype.kind == "f":
                np.testing.assert_allclose(after[column], before[column], atol=0.01, rtol=1e-3)
            else:
                assert after[column].tolist() == before[column].tolist()


@needs_chromium()
def test_page_opens_without_error_or_request(tired: Result, tmp_path: Path) -> None:
    path = write_report(tmp_path / "r.html", tired, "run.csv")
    with browser() as page:
        page.size(390, 844, phone=True)
        page.open(path.as_uri())
        assert page.run("document.documentElement.scrollWidth") == 390
        page.size(390, 12000, phone=True)
        page.until("document.querySelectorAll('.plot').length === document.querySelectorAll('[data-drawn]').length")
        page.size(1440, 900, dark=True)
        page.until("getComputedStyle(document.querySelector('.w980')).display === 'block'")
        assert violations(page) == []
        page.size(390, 844, phone=True)
        assert violations(page) == []
        assert page.console == []
        assert [url for url in page.requests if not url.startswith(("file:", "data:"))] == []
