"""A clip's clock against the host's: drift and offset as put in, their errors, recordings aligned by them."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.host.analysis.worn import worn
from tests.host.app.conftest import Cli
from tests.host.recording.made import running
from tests.host.session.made import Sent, blocks, counts, hello, record
from trendel.errors import RecordingError
from trendel.recording import Recording, write_recording
from trendel.recording.session.align import align, time_base
from trendel.recording.session.clocks import CRYSTAL_PPM, fit_clock
from trendel.recording.session.export import export

BEGAN_NS = 1_700_000_000_000_000_000
RATE_HZ = 208.0


def _arrivals(ppm: float, minutes: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Clip times of blocks' ends, and host times: late by some milliseconds, one in fifty by up to two seconds."""
    rng = np.random.default_rng(seed)
    clip = np.arange(0, round(minutes * 60e9), 86_538_461, dtype=np.int64)
    late = 3e6 + rng.exponential(6e6, len(clip)) + (rng.random(len(clip)) < 0.02) * rng.uniform(0, 2e9, len(clip))
    return clip, BEGAN_NS + clip + np.rint(clip * ppm * 1e-6 + late).astype(np.int64)


@pytest.mark.parametrize("ppm", [-45.0, 0.0, 23.0])
def test_drift_and_offset_are_found(ppm: float) -> None:
    clip, host = _arrivals(ppm, 30.0, seed=1)
    fit = fit_clock(clip, host)
    assert fit is not None and abs(fit.drift_ppm - ppm) < 0.5
    true = BEGAN_NS + clip + np.rint(clip * ppm * 1e-6).astype(np.int64)
    assert np.all(np.abs(fit.host_ns(clip) - true - 3e6) < 1e6)  # the least delay is not to be seen
    assert 3e6 < fit.jitter_ns < 9e6


def test_the_stated_errors_hold_as_often_as_they_should() -> None:
    z = []
    for seed in range(100):
        fit = fit_clock(*_arrivals(10.0, 15.0, seed))
        assert fit is not None
        z.append((fit.drift_ppm - 10.0) / fit.drift_sd_ppm)
    assert 0.85 <= np.mean(np.abs(z) < 1.96) <= 1.0 and 0.5 < np.std(z) < 1.5


def test_a_fifth_of_the_run_behind_a_stuck_link_does_not_move_it() -> None:
    clip, host = _arrivals(23.0, 30.0, seed=2)
    host[len(host) // 5 : 2 * len(host) // 5] += 800_000_000
    fit = fit_clock(clip, host)
    assert fit is not None and abs(fit.drift_ppm - 23.0) < 2.0


def test_order_does_not_matter_and_half_a_minute_tells_no_drift() -> None:
    clip, host = _arrivals(30.0, 0.5, seed=3)
    mixed = np.random.default_rng(0).permutation(len(clip))
    fit = fit_clock(clip, host)
    assert fit == fit_clock(clip[mixed], host[mixed])
    assert fit is not None and fit.drift_ppm == 0.0 and fit.drift_sd_ppm == pytest.approx(CRYSTAL_PPM)
    assert fit_clock(clip[:0], host[:0]) is None


def _session(path: Path, began_s: float, ppm: float, seed: int, seconds: float = 120.0) -> Path:
    """A clip whose clock is slow by `ppm`, switched on 1 s before its first sample, at `began_s` by the host."""
    _, acc, gyr = running(seconds, RATE_HZ, seed=seed)
    raws = blocks(counts(acc, gyr), RATE_HZ)
    rng = np.random.default_rng(seed)
    sent = [Sent(BEGAN_NS + round(began_s * 1e9) - 1, hello())]
    for k, raw in enumerate(raws):
        clip_s = (k + 1) * 18 / RATE_HZ
        late_s = rng.exponential(6e-3)
        sent.append(Sent(BEGAN_NS + round(1e9 * (began_s + clip_s * (1 + ppm * 1e-6) + late_s)), raw))
    sent[1:] = sorted(sent[1:], key=lambda one: one.time_ns)
    return record(path, sent)


def test_two_clips_are_aligned(tmp_path: Path, cli: Cli) -> None:
    first, second = _session(tmp_path / "a.mcap", 7.0, 40.0, 1), _session(tmp_path / "b.mcap", 2.0, -30.0, 2)
    found = align(first, second)
    for t in (0.0, 100.0):
        true = (5.0 + t * (1 + 40e-6)) / (1 - 30e-6)
        assert abs(found.offset_s + found.rate * t - true) < 5e-3
    assert 0 < found.begin_sd_s < 5e-3 and found.end_sd_s >= found.begin_sd_s
    said = cli("session", "align", first, second)
    assert said.code == 0 and "time in b.mcap = 5.0" in said.out and "standard error" in said.out
    assert json.loads(cli("session", "align", first, second, "--json").out)["rate"] == found.rate


def test_a_clip_and_another_sensor(tmp_path: Path, cli: Cli) -> None:
    session = _session(tmp_path / "a.mcap", 7.0, 0.0, 1)
    other = tmp_path / "ankle.csv"
    t, acc, gyr = running(60.0, 100.0, seed=3)
    header = "t_s,acc_x_mps2,acc_y_mps2,acc_z_mps2,gyr_x_radps,gyr_y_radps,gyr_z_radps"
    np.savetxt(other, np.column_stack([t, acc, gyr]), delimiter=",", header=header, comments="")
    refused = cli("session", "align", session, other)
    assert refused.code == 2 and "does not say when it began" in refused.err
    beside = tmp_path / "ankle.json"
    beside.write_text(json.dumps({"started_at": "2023-11-14T22:13:30Z"}))  # 10 s after BEGAN_NS
    found = align(session, other)
    assert abs(found.offset_s + 3.0 - t[0]) < 0.02 and np.isnan(found.begin_sd_s)
    beside.write_text(json.dumps({"started_at": "2023-11-15T22:13:30Z"}))
    with pytest.raises(RecordingError, match="no moment in common"):
        align(session, other)


def test_info_and_export_tell_it(tmp_path: Path, cli: Cli) -> None:
    session = _session(tmp_path / "a.mcap", 7.0, 40.0, 1)
    said = cli("session", "info", session)
    assert said.code == 0 and "ppm slow by the host's" in said.out
    table = pq.read_table(export(session, tmp_path / "a.parquet"))
    utc_s = (table["utc_ns"].to_numpy() - BEGAN_NS) / 1e9
    true = 7.0 + table["t_s"].to_numpy() * (1 + 40e-6)
    assert np.all(np.diff(utc_s) > 0) and np.all(np.abs(utc_s - true) < 5e-3)
    assert np.all(table["utc_sd_ms"].to_numpy() > 0)


def test_a_session_of_the_log_alone_has_no_utc(tmp_path: Path) -> None:
    _, acc, gyr = running(5.0, RATE_HZ, seed=1)
    sent = [Sent(BEGAN_NS, raw) for raw in blocks(counts(acc, gyr), RATE_HZ)]
    path = record(tmp_path / "log.mcap", sent, source="log")
    with pytest.raises(RecordingError, match="nothing of it came live"):
        time_base(path)
    assert "utc_ns" not in pq.read_table(export(path, tmp_path / "log.parquet")).column_names


def test_the_simulated_clip_has_a_crystal_of_its_own(tmp_path: Path, cli: Cli) -> None:
    """Off by 20 ppm, or by 200 with the fault `drift`: fast, so that the fit says how slow the host finds it."""
    run = worn(1, 1, 208.0)
    write_recording(Recording.from_arrays(run.acc_mps2, run.gyr_radps, t_s=run.t_s), tmp_path / "run.csv")
    found = {}
    for faults in ("none", "drift"):
        out = tmp_path / f"{faults}.mcap"
        assert cli("record", out, "--link", f"sim:{tmp_path / 'run.csv'}?faults={faults}&speed=max").code == 0
        about = json.loads(cli("session", "info", out, "--json").out)
        (found[faults],) = about["devices"]["clip"]["clocks"]
    assert abs(found["none"]["drift_ppm"] + 20.0) < 10.0
    assert abs(found["drift"]["drift_ppm"] + 200.0) < 10.0
