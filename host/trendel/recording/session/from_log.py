"""A run out of the clip's log as a session file, checked against what was read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trendel.clock import SimulatedClock
from trendel.errors import SessionError
from trendel.recording.log_runs import LoggedRun
from trendel.recording.session.packets import FROM_LOG
from trendel.recording.session.reader import SessionReader
from trendel.recording.session.topics import CONFIGURATION, OFFSET
from trendel.recording.session.writer import SessionWriter


def write_run(
    path: Path,
    run: LoggedRun,
    offset_ns: int | None,
    now_ns: int,
    about: Mapping[str, Any],
    verified: Mapping[str, Any],
) -> None:
    """Write `run` to the new file `path`, and read it again. `offset_ns`: host time less clip time of its boot; without
    it the run is taken to have ended at `now_ns`, so that its messages have an order. `verified` is kept in it.

    Raises SessionError where it exists, cannot be written, or does not read as it was."""
    placed_ns = offset_ns if offset_ns is not None else now_ns - run.end_ms * 1_000_000
    start_ns = max(0, run.start_ms * 1_000_000 + placed_ns)
    clock = SimulatedClock(start_ns)
    writer = SessionWriter(path, clock=clock, about={OFFSET: offset_ns, "boot": run.boot_n, **about})
    packets = list(run.packets())
    for time_ms, raw in packets:
        at_ns = max(0, time_ms * 1_000_000 + placed_ns)
        clock.advance((at_ns - clock.now_ns()) / 1e9)
        writer.packet(raw, source=FROM_LOG, time_ns=at_ns)
    writer.add(CONFIGURATION, verified)
    closed = writer.close("synced from the clip's log")
    if closed.error is not None:
        path.unlink(missing_ok=True)
        raise SessionError(f"{closed.error} Nothing on the clip was freed.")
    with SessionReader(path) as session:
        again = sorted(packet.raw for packet in session.packets())
    if again != sorted(raw for _, raw in packets):
        raise SessionError(f"{path.name}: does not read as it was written: nothing on the clip was freed; try again.")
