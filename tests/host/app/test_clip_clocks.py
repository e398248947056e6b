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
from trendel.clock import SimulatedClock
from trendel.errors import RecordingError
from trendel.recording import Recording, write_recording
from trendel.recording.session.align import align, time_base, utc_of
from trendel.recording.session.clocks import BLOCKS_MIN, CRYSTAL_PPM, fit_clock
from trendel.recording.session.export import export
from trendel.recording.session.topics import OFFSET
from trendel.recording.session.writer import SessionWriter

BEGAN_NS = 1_700_000_000_000_000_000
RATE_HZ = 208.0
LEAST_NS = 3_000_000


def _arrivals(ppm: float, minutes: float, seed: int, every_ns: int = 86_538_461) -> tuple[np.ndarray, np.ndarray]:
    """Clip times of blocks' ends, and host times: late by some milliseconds, one in fifty by up to two seconds."""
    rng = np.random.default_rng(seed)
    clip = np.arange(0, round(minutes * 60e9), every_ns, dtype=np.int64)
    late = LEAST_NS + rng.exponential(6e6, len(clip)) + (rng.random(len(clip)) < 0.02) * rng.uniform(0, 2e9, len(clip))
    return clip, BEGAN_NS + clip + np.rint(clip * ppm * 1e-6 + late).astype(np.int64)


@pytest.mark.parametrize("ppm", [-45.0, 0.0, 23.0])
def test_drift_and_offset_are_found(ppm: float) -> None:
    clip, host = _arrivals(ppm, 30.0, seed=1)
    fit = fit_clock(clip, host)
    assert fit is not None and abs(fit.drift_ppm - ppm) < 0.5
    true = BEGAN_NS + clip + np.rint(clip * ppm * 1e-6).astype(np.int64)
    assert np.all(np.abs(fit.host_ns(clip) - true - LEAST_NS) < 1e6)  # the least delay is not to be seen
    assert 3e6 < fit.jitter_ns < 9e6


@pytest.mark.parametrize("minutes", [0.6, 1.0, 3.0, 15.0])
@pytest.mark.parametrize("every_ns", [86_538_461, 346_153_846])  # blocks at 208 and at 52 Hz
def test_the_stated_errors_hold_as_often_as_they_should(minutes: float, every_ns: int) -> None:
    drift, offset, end = [], [], []
    for seed in range(100):
        clip, host = _arrivals(10.0, minutes, seed, every_ns)
        fit = fit_clock(clip, host)
        assert fit is not None
        drift.append((fit.drift_ppm - 10.0) / fit.drift_sd_ppm)
        true = BEGAN_NS + LEAST_NS + clip + np.rint(clip * 10.0e-6).astype(np.int64)
        z = (fit.host_ns(clip) - true) / fit.sd_ns(clip)
        offset.append(z[len(z) // 2])
        end.append(z[-1])
    for found, least in ((drift, 0.88), (offset, 0.94), (end, 0.94)):
        assert np.mean(np.abs(found) < 1.96) >= least
    assert np.std(drift) > 0.5  # and they are not said to be far larger than they are


def test_a_fifth_of_the_run_behind_a_stuck_link_does_not_move_it() -> None:
    clip, host = _arrivals(23.0, 30.0, seed=2)
    host[len(host) // 5 : 2 * len(host) // 5] += 800_000_000
    fit = fit_clock(clip, host)
    assert fit is not None and abs(fit.drift_ppm - 23.0) < 2.0


def test_order_does_not_matter_and_seconds_tell_no_drift() -> None:
    clip, host = _arrivals(30.0, 0.5, seed=3)
    mixed = np.random.default_rng(0).permutation(len(clip))
    assert fit_clock(clip, host) == fit_clock(clip[mixed], host[mixed])
    short = fit_clock(clip[:40], host[:40])
    assert short is not None and short.drift_ppm == 0.0 and short.drift_sd_ppm == pytest.approx(CRYSTAL_PPM)
    assert short.offset_sd_ns > 1e6  # a few blocks do not tell which came at once
    assert fit_clock(clip[: BLOCKS_MIN - 1], host[: BLOCKS_MIN - 1]) is None


def test_a_damaged_time_does_not_move_it() -> None:
    clip, host = _arrivals(23.0, 30.0, seed=4)
    worse = np.append(clip, 1 << 59), np.append(host, host[-1] + 1_000_000)
    assert fit_clock(*worse) == fit_clock(clip, host)


def test_host_and_clip_time_are_inverse() -> None:
    fit = fit_clock(*_arrivals(-40.0, 30.0, seed=5))
    assert fit is not None
    for clip_ns in (0, 900_000_000_000, 7_200_000_000_000):
        assert abs(fit.clip_ns(int(fit.host_ns(np.array([clip_ns]))[0])) - clip_ns) <= 2


def _sent(began_s: float, ppm: float, seed: int, seconds: float = 120.0, boot: int = 1) -> list[Sent]:
    """Of a clip whose clock is slow by `ppm`, switched on 1 s before its first sample, at `began_s` by the host."""
    _, acc, gyr = running(seconds, RATE_HZ, seed=seed)
    raws = blocks(counts(acc, gyr), RATE_HZ, boot)
    rng = np.random.default_rng(seed)
    sent = [Sent(BEGAN_NS + round(began_s * 1e9) - 1, hello(boot))]
    for k, raw in enumerate(raws):
        clip_s = (18 * k + 17) / RATE_HZ  # of its last sample
        late_s = rng.exponential(6e-3)
        sent.append(Sent(BEGAN_NS + round(1e9 * (began_s + clip_s * (1 + ppm * 1e-6) + late_s)), raw))
    sent[1:] = sorted(sent[1:], key=lambda one: one.time_ns)
    return sent


def _session(path: Path, began_s: float, ppm: float, seed: int, seconds: float = 120.0) -> Path:
    return record(path, _sent(began_s, ppm, seed, seconds))


def test_over_a_restart_there_is_one_line(tmp_path: Path) -> None:
    """The clip's crystal goes on as before; so the later start does not lie off the line of the first."""
    sent = _sent(7.0, 40.0, 1, 900.0) + _sent(1000.0, 40.0, 2, 300.0, boot=2)
    session, other = record(tmp_path / "a.mcap", sent), _session(tmp_path / "b.mcap", 2.0, 0.0, 3, 1400.0)
    found = align(other, session)
    for true_s in (10.0, 890.0, 1001.0, 1290.0):  # by the host, from BEGAN_NS on
        own_s = (true_s - 7.0) / (1 + 40e-6)
        assert abs(found.offset_s + found.rate * (true_s - 2.0) - own_s) < 1.5e-3
    assert time_base(session).bent_s < 1e-3 and found.end_sd_s < 2e-3
    samples, utc = utc_of(session)
    assert utc is not None
    second = samples.boot_i == 1
    began_s = (utc[0][second][0] - BEGAN_NS) / 1e9
    assert abs(began_s - 1000.0) < 2e-3


def test_what_did_not_come_live_has_no_utc_and_the_rest_has(tmp_path: Path) -> None:
    path = tmp_path / "a.mcap"
    writer = SessionWriter(path, clock=SimulatedClock())
    for source, sent in (("log", _sent(7.0, 0.0, 1, 20.0)), ("live", _sent(60.0, 0.0, 2, 60.0, boot=2))):
        for one in sent:
            writer.packet(one.raw, source=source, time_ns=one.time_ns)
    assert writer.close().error is None
    table = pq.read_table(export(path, tmp_path / "a.parquet"))
    known = np.array([value is not None for value in table["utc_ns"].to_pylist()])
    assert known.sum() == pytest.approx(60 * RATE_HZ, abs=40) and not known[: round(20 * RATE_HZ)].any()
    assert abs(align(path, path).offset_s) < 1e-6


def test_a_log_that_says_when_it_began(tmp_path: Path) -> None:
    """As `trendel sync` writes it: nothing live, but the offset of the clip's clock."""
    path = tmp_path / "log.mcap"
    writer = SessionWriter(path, clock=SimulatedClock(), about={OFFSET: BEGAN_NS})
    for one in _sent(7.0, 0.0, 1, 20.0):
        writer.packet(one.raw, source="log")
    assert writer.close().error is None
    base = time_base(path.rename(tmp_path / "log.MCAP"))
    assert abs(base.utc_s(0.0) - (BEGAN_NS / 1e9 + 1.0)) < 1e-3 and np.isnan(base.at_sd_s)


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
    with pytest.raises(RecordingError, match="does not say when it began"):
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
    for clock in found.values():  # by its own clock the sensor is slower by as much
        assert abs(clock["rate_hz"] - 208.0) < 2e-3 and 0 < clock["rate_sd_hz"] < 2e-3
