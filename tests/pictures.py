"""`python -m tests.pictures`: what people take home, as a browser shows it, into docs/figures. Needs Chromium."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import numpy as np

from tests.browser import Browser, browser
from tests.host.journal.made import NOON, Clock, new_run
from trendel.app.demo import Plan
from trendel.app.trends.judge import judge, sentence
from trendel.app.trends.page import trends_html
from trendel.app.trends.points import points_of
from trendel.app.trends.spikes import sentence as spike_sentence
from trendel.app.trends.spikes import spike
from trendel.journal import Journal
from trendel.recording import Recording, write_recording
from trendel.simulation import SensorModel, simulate

FIGURES = Path(__file__).parents[1] / "docs" / "figures"
PHONE, DESK, TABLET = (390, 844), (1440, 900), (1024, 768)
_CLI = [sys.executable, "-c", "from trendel.app.cli import main; main()"]


def main() -> None:
    """Draw all of them anew."""
    with tempfile.TemporaryDirectory() as name, browser() as b:
        folder = Path(name)
        run = _simulated(folder / "run.csv")
        subprocess.run([*_CLI, "report", str(run)], check=True)
        report = run.with_suffix(".report.html").as_uri()
        _shot(b, report, "report_phone", PHONE)
        _shot(b, report, "report_phone_dark", PHONE, dark=True)
        _shot(b, report, "report_desktop", DESK)
        (folder / "trends.html").write_text(_trends(folder), encoding="utf-8")
        _shot(b, (folder / "trends.html").as_uri(), "trends_phone", PHONE)
        _live(b, run)


def _simulated(path: Path) -> Path:
    """The run of `trendel demo`."""
    made = simulate(Plan().session, SensorModel(rate_hz=104.0, rate_error=0.0, rate_drift=0.0, seed=1))
    about = {"simulated": True, "started_at": "2026-05-12T18:30:00+02:00"}
    return write_recording(Recording.from_arrays(made.acc_mps2, made.gyr_radps, made.rate_hz, metadata=about), path)


def _trends(folder: Path) -> str:
    """Ten made-up weeks in which the left hip gets stronger."""
    noise = np.random.default_rng(5).normal(0.0, 0.3, (2, 30))
    with Journal(folder / "journal.sqlite", clock=Clock()) as journal:
        for k in range(30):
            means = {"left": 8.0 - 0.11 * k + noise[0, k], "right": 6.2 + noise[1, k]}
            metrics: dict[str, dict[str, dict[str, float]]] = {
                side: {
                    "obliquity_peak_deg": {"mean": float(mean), "sd": 0.8, "n": 3000},
                    "pelvic_drop_deg": {"mean": float(mean) - 1.2, "sd": 0.9, "n": 3000},
                }
                for side, mean in means.items()
            }
            metrics["both"] = {"vertical_oscillation_mm": {"mean": 92.0 - 0.1 * k, "sd": 5.0, "n": 6000}}
            about = {"metrics": metrics, "running_s": 2400.0 + 30 * k, "cadence_spm": 166.0 + 0.15 * k,
                     "cadence_sd_spm": 2.0, "strides": 6000}  # fmt: skip
            at = NOON - timedelta(days=70 - 2.4 * k)
            journal.add_run(new_run(k, started_at=at, summary=about))
        for days, level in ((60, 3), (48, 2), (30, 1), (9, 0)):
            journal.add_pain("Anna", "knee", "left", level, felt_at=NOON - timedelta(days=days))
        points, pain = points_of(journal.runs("Anna")), journal.pain("Anna")
    trends = [judge(points, "obliquity_peak_deg", side) for side in ("left", "right")]
    said = [*map(sentence, trends), spike_sentence(spike(points, len(points) - 1))]
    return trends_html("Anna (made up)", points, pain, said, trends)


def _live(b: Browser, run: Path) -> None:
    command = [*_CLI, "live", "--link", f"replay:{run}@30", "--web", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        try:
            url = next(m[1] for line in process.stdout if (m := re.search(r"page: (http://\S+)", line)))
            _shot(b, url, "live_tablet", TABLET, until="document.querySelector('#alert').className === 'warning'")
            _shot(b, None, "live_phone", PHONE)
        finally:
            process.terminate()


def _shot(
    b: Browser, url: str | None, name: str, size: tuple[int, int], *, dark: bool = False, until: str = "true"
) -> None:
    b.size(*size, phone=size == PHONE, dark=dark)
    if url is not None:
        b.open(url)
    b.until(until, 120)
    time.sleep(1.0)
    b.screenshot(FIGURES / f"{name}.png")
    print(FIGURES / f"{name}.png")


if __name__ == "__main__":
    main()
