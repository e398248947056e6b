"""What the air loses comes home: over a bad link, a restart of the clip, a host that sleeps, eight hours, a cable.

An hour is simulated through the clip's own code and a virtual Bluetooth (`sim:`); the others use the clip's own log."""

from __future__ import annotations

import asyncio
import gc
import os
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.device.core.rig import Clip, core
from tests.host.links.fake_ble import Air
from tests.host.links.logged_clip import LoggedClip, values
from trendel.analysis import analyze
from trendel.app.follow import Ending, Run
from trendel.app.marks import Mark
from trendel.app.record import About, record
from trendel.app.recorder import Recorder
from trendel.clock import SimulatedClock
from trendel.links import parse_moniker
from trendel.links.ble import BleLink
from trendel.links.held import HeldLink, Patience
from trendel.links.intake import Intake, Taken
from trendel.links.protocol import Change
from trendel.links.recovery import Habits, Recovery
from trendel.recording import FLAG_GAP_BEFORE, FLAG_INVALID, Recording, read, write_recording
from trendel.recording.session import open_session
from trendel.recording.session.samples import gather, order
from trendel.simulation import SensorModel, Session, simulate
from trendel.wire.layout import IMU_SAMPLES_MAX, KIND_IMU

_SETTLE_S = 20.0  # of steps around a restart, which its gap disturbs


@dataclass(frozen=True)
class Compared:
    """A recording over a bad link beside one over a good one.

    Attributes:
        samples_n: in the good one. home_n: of the bad one that came from the log. missing_n, doubled_n: in the bad one.
        steps_n: in the good one; steps_same: whether steps.csv has the same bytes.
        connections_n: of the bad one.
    """

    samples_n: int
    home_n: int
    missing_n: int
    doubled_n: int
    steps_n: int
    steps_same: bool
    connections_n: int


def made_run(folder: Path, seconds: float, rate_hz: float = 208.0, seed: int = 6) -> Path:
    """A simulated run as a file."""
    run = simulate(
        Session((("stand", 4.0), ("run", seconds - 4.0)), seed=seed), SensorModel(rate_hz=rate_hz, seed=seed)
    )
    recording = Recording.from_arrays(run.acc_mps2, run.gyr_radps, t_s=run.t_s)
    return write_recording(recording, folder / f"run-{seconds:g}-{rate_hz:g}.csv", overwrite=True)


def simulated(folder: Path, source: Path, good: str = "none", bad: str = "hard", speed: str = "max") -> Compared:
    """Record `source` twice through the simulated clip, and analyse both."""
    files = {}
    for name, faults in (("good", good), ("bad", bad)):
        files[name] = folder / f"{source.stem}-{name}-{faults}.mcap"
        record(f"sim:{source}?faults={faults}&speed={speed}", files[name], About(), None)
    blocks = {name: blocks_of(path) for name, path in files.items()}
    ours, theirs = blocks["bad"], set(blocks["good"])
    with open_session(files["bad"]) as session:
        home_n = sum(1 for packet in session.packets(source="log") if packet.raw[0] == KIND_IMU)
        connections_n = sum(m.content["state"] == "connected" for m in session.messages("/session/link"))
    tables = {}
    for name, path in files.items():
        tables[name] = folder / f"{path.stem}.csv"
        analyze(read(path), signals=False).steps.to_csv(tables[name])
    same = tables["good"].read_bytes() == tables["bad"].read_bytes()
    steps_n = len(tables["good"].read_text().splitlines()) - 1
    missing_n = len(theirs - set(ours))
    n = IMU_SAMPLES_MAX
    return Compared(
        n * len(theirs), n * home_n, n * missing_n, n * (len(ours) - len(set(ours))), steps_n, same, connections_n
    )


@dataclass(frozen=True)
class Restarted:
    """A recording with a restart of the clip, over a bad link beside a good one.

    Attributes:
        missing_n: samples of the good one that the bad one lacks: lost in the air, and waiting for the log in the
            clip's memory when it restarted. steps_n, same_n: steps away from it, and those that are the same.
        gap_s: the restart's own gap. marked: whether the recording says so at its place.
    """

    missing_n: int
    doubled_n: int
    steps_n: int
    same_n: int
    gap_s: float
    marked: bool


def restarted(folder: Path, source: Path, speed: str = "max") -> Restarted:
    """The same with a restart in the middle. Only what the host's clock says of its length may shift what follows."""
    good, bad = folder / "restart-good.mcap", folder / "restart-bad.mcap"
    record(f"sim:{source}?faults=reboot&speed={speed}", good, About(), None)
    record(f"sim:{source}?faults=hard+reboot&speed={speed}", bad, About(), None)
    ours, theirs = blocks_of(bad), blocks_of(good)
    found = {name: analyze(read(path), signals=False) for name, path in (("good", good), ("bad", bad))}
    at_s = {name: _restart_of(path) for name, path in (("good", good), ("bad", bad))}
    same = total = 0
    # After it, the length of the gap is by the host's clock, and shifts all that follows.
    shift_s = at_s["bad"][1] - at_s["good"][1]
    rows = {name: result.steps for name, result in found.items()}
    for side in (-1, 1):
        parts = {}
        for name, steps in rows.items():
            begin_s, gap_s = at_s[name]
            away = steps["ic_s"] < begin_s - _SETTLE_S if side < 0 else steps["ic_s"] > begin_s + gap_s + _SETTLE_S
            parts[name] = steps.data[away]
        total += len(parts["good"])
        if len(parts["good"]) == len(parts["bad"]):
            shifted = parts["bad"]["ic_s"] - (shift_s if side > 0 else 0.0)
            close = np.abs(shifted - parts["good"]["ic_s"]) < 1e-3
            for column in ("contact_time_ms", "obliquity_peak_deg", "vertical_oscillation_mm"):
                a, b = parts["good"][column], parts["bad"][column]
                close &= (np.abs(a - b) < 0.05) | (np.isnan(a) & np.isnan(b))
            same += int(np.count_nonzero(close))
    n, recording = IMU_SAMPLES_MAX, read(bad)
    missing_n, doubled_n = n * len(set(theirs) - set(ours)), n * (len(ours) - len(set(ours)))
    begin_s, gap_s = at_s["bad"]
    near = np.abs(recording.t_s - recording.t_s[0] - begin_s - gap_s / 2) <= gap_s / 2 + 0.01
    marked = bool((recording.flags[near] & (FLAG_GAP_BEFORE | FLAG_INVALID)).any())
    return Restarted(missing_n, doubled_n, total, same, gap_s, marked)


def _restart_of(path: Path) -> tuple[float, float]:
    """(s since the first sample at which the first boot ends, s until the next begins)."""
    with open_session(path) as session:
        samples = order(next(iter(gather(session.packets()).values())))
    assert samples is not None
    k = int(np.flatnonzero(np.diff(samples.boot_i))[0])
    return float(samples.time_ns[k] - samples.time_ns[0]) / 1e9, float(
        samples.time_ns[k + 1] - samples.time_ns[k]
    ) / 1e9


def blocks_of(path: Path) -> list[bytes]:
    """Raw blocks in a session."""
    with open_session(path) as session:
        return [packet.raw for packet in session.packets() if packet.raw[0] == KIND_IMU]


# ---- a clip with a log, driven by hand ----


class Nobody:
    """Watches nothing."""

    def change(self, change: Change) -> None:
        pass

    def take(self, item: Taken) -> None:
        pass

    def mark(self, mark: Mark) -> None:
        pass

    def tick(self) -> None:
        pass


@dataclass
class Driven:
    """A recording of a clip with a log, whose time is turned by hand."""

    anna: LoggedClip
    clock: SimulatedClock
    link: HeldLink
    recovery: Recovery | None = None

    async def follow(self, out: Path, work: Callable[[Driven], Awaitable[None]]) -> None:
        """Record while `work`, then stop."""
        async with self.link:
            recorder, ending = Recorder(out, self.clock, {}), Ending()
            self.recovery = Recovery(self.link.management, self.clock, recorder.home, Habits(quiet_s=10.0))
            run = Run(self.link, Intake(), Nobody(), recorder, recovery=self.recovery, silence_s=60.0)
            task = asyncio.create_task(run.follow(ending))
            await work(self)
            ending.ask()
            await task
            assert recorder.close("the end").error is None

    def measure(self, measured: np.ndarray) -> None:
        """Samples pass, and with them time."""
        self.clock.advance(len(measured) / self.anna.rate_hz)
        self.anna.go(measured)


def driven(rate_hz: float = 208.0, sector_n: int = 512) -> tuple[Clip, Driven]:
    """Over a made-up air."""
    clip = Clip(core(), sector_n=sector_n, records_quota=sector_n * 280 // 512)
    anna, clock = LoggedClip(clip, rate_hz), SimulatedClock()
    backend, patience = Air([anna.air]).backend(), Patience(0.01, 0.05)
    return clip, Driven(
        anna, clock, BleLink(parse_moniker("ble:"), clock, backend=backend, patience=patience, scan_s=0.2)
    )


@dataclass(frozen=True)
class Whole:
    """Blocks that the clip made, that are in the session, doubled; samples that came from the log; MB of memory more at
    the end than after the first eighth."""

    made_n: int
    stored_n: int
    doubled_n: int
    home_n: int
    grown_mb: float = 0.0


def host_asleep(folder: Path, asleep_s: float = 300.0, around_s: float = 60.0) -> Whole:
    """The host sleeps: nothing of it runs, and the connection is lost, while the clip goes on."""
    clip, run = driven()

    async def work(run: Driven) -> None:
        await goes(run, around_s)
        measured = values(asleep_s)
        run.anna.air.drop()
        for at in range(0, len(measured), 208):
            run.measure(measured[at : at + 208])
        await goes(run, around_s)

    out = folder / f"asleep-{asleep_s:g}.mcap"
    asyncio.run(run.follow(out, work))
    return whole(out, run, clip)


def hours(folder: Path, seconds: float = 8 * 3600.0, loss: float = 0.02, drops_per_h: float = 20.0) -> Whole:
    """A long recording over a bad link: does memory grow?"""
    clip, run = driven()
    rng = random.Random(4)
    run.anna.lose = lambda: rng.random() < loss
    run.anna.made = _Counted()  # type: ignore[assignment]
    run.anna.sent = _Counted()  # type: ignore[assignment]
    memory: list[float] = []
    measured = values(60.0)

    async def work(run: Driven) -> None:
        for minute in range(round(seconds / 60)):
            if rng.random() < drops_per_h / 60:
                run.anna.air.drop()
            for at in range(0, len(measured), 208):
                run.measure(measured[at : at + 208])
                await asyncio.sleep(0.002)
            if minute == round(seconds / 480) or minute == round(seconds / 60) - 1:
                gc.collect()
                memory.append(_memory_mb())
        await asyncio.sleep(0.5)

    out = folder / f"hours-{seconds:g}.mcap"
    asyncio.run(run.follow(out, work))
    assert run.recovery is not None
    stored = blocks_of(out)
    made_n = run.anna.made.total_n  # type: ignore[attr-defined]
    clip.close()
    return Whole(
        made_n, len(stored), len(stored) - len(set(stored)), run.recovery.missing.home_n, memory[-1] - memory[0]
    )


class _Counted(list[bytes]):
    """Counts, and keeps nothing: eight hours would grow by themselves."""

    total_n = 0

    def append(self, item: bytes) -> None:
        self.total_n += 1


async def goes(run: Driven, seconds: float, pause_s: float = 0.005) -> None:
    measured = values(seconds)
    for at in range(0, len(measured), 208):
        run.measure(measured[at : at + 208])
        await asyncio.sleep(pause_s)


def whole(out: Path, run: Driven, clip: Clip) -> Whole:
    stored = blocks_of(out)
    assert run.recovery is not None
    clip.close()
    missing = set(run.anna.made) - set(stored)
    return Whole(
        len(run.anna.made),
        len(run.anna.made) - len(missing),
        len(stored) - len(set(stored)),
        run.recovery.missing.home_n,
    )


def _memory_mb() -> float:
    return float(Path(f"/proc/{os.getpid()}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 1e6
