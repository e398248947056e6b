"""Short forms of `make soak`: what the air loses comes home, and nothing of it is seen in the analysis."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("bumble", reason="bumble is not installed: pip install 'trendel[sim]'")
pytest.importorskip("smpclient", reason="smpclient is not installed: pip install 'trendel[links]'")

from tests.host.app.conftest import Cli
from tests.host.links.benches import need_simulation
from tests.soak import recovery
from tests.soak.cable import over_serial
from trendel.app import marks


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need_simulation()
    monkeypatch.setenv(marks.FOLDER_VARIABLE, str(tmp_path / "running"))


def test_faults_leave_no_trace_in_steps(cli: Cli, run_csv: Path, tmp_path: Path) -> None:
    """The interface of `trendel record --link sim:...`: the same bytes in steps.csv."""
    for faults in ("none", "hard"):
        said = cli("record", "--link", f"sim:{run_csv}?faults={faults}&speed=max", tmp_path / f"{faults}.mcap")
        assert said.code == 0 and ", 0 missing" in said.out
        assert cli("analyze", tmp_path / f"{faults}.mcap", "--out", tmp_path / faults).code == 0
    assert "came home from the clip's log: none is missing" in said.out
    good, bad = ((tmp_path / faults / "steps.csv").read_bytes() for faults in ("none", "hard"))
    assert good == bad and good.count(b"\n") > 40


def test_a_restart_costs_its_own_gap(run_csv: Path, tmp_path: Path) -> None:
    found = recovery.restarted(tmp_path, run_csv)
    assert found.doubled_n == 0 and found.marked and found.gap_s > 0.3
    assert found.missing_n <= 18 * 16  # what the air lost while it waited for the log


def test_nothing_is_lost_when_the_host_sleeps(tmp_path: Path) -> None:
    found = recovery.host_asleep(tmp_path, 60.0, 5.0)
    assert found.stored_n == found.made_n and found.doubled_n == 0
    assert found.home_n > 58 * 208


def test_a_cable_with_noise_that_is_pulled_out(tmp_path: Path) -> None:
    found = over_serial(tmp_path, 10.0, unplugs_n=2)
    assert found.stored_n == found.made_n and found.doubled_n == 0
    assert found.damaged_n > 0 and found.plugged_n == 2 and found.home_n > 0


def test_many_disconnects_lose_nothing(tmp_path: Path) -> None:
    """What eight hours do to memory `make soak` measures: two minutes would not show it."""
    found = recovery.hours(tmp_path, 2 * 60.0, drops_per_h=60.0)
    assert found.doubled_n == 0 and found.stored_n == found.made_n
