"""A run without a host: what the clip warned of, computed again from its log to the bit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trendel.analysis.recompute import Settings, recompute
from trendel.links.packetise import counts_of
from trendel.recording.log_runs import runs_of
from trendel.simulation import Fatigue, SensorModel, Session, Variability, simulate
from trendel.wire.log_image import LogImage

RUN_S = 3000.0


@dataclass(frozen=True)
class Alone:
    """Alerts that came out again to the bit, otherwise, that the clip did not raise, that lack raw; the kernels' states
    at checkpoints that came out again, and that did not."""

    same_n: int
    differ_n: int
    extra_n: int
    unknown_n: int
    states_n: int
    states_differ_n: int


def recomputed(run_s: float = RUN_S) -> Alone:
    """A runner who tires late, so that the run's beginning has left the log."""
    from trendel_core.clip import SimulatedClip

    tires = Fatigue(4.0, 0.0, 0.4 * run_s, 0.6 * run_s)
    session = Session((("stand", 4.0), ("run", run_s)), fatigue=tires, variability=Variability(angles=0.14), seed=3)
    made = simulate(session, SensorModel(rate_hz=208.0, seed=3))
    samples, _ = counts_of(made.acc_mps2, made.gyr_radps)
    with SimulatedClip(np.column_stack((samples["acc"], samples["gyr"])), made.rate_hz) as clip:
        clip.advance(1_000_000)
        clip.play()
        clip.advance(round(1e6 * (run_s + 8)))
        clip.read_file("/log/sectors")  # commits what waits
        image = LogImage.of_flash(clip.read_file("/log/flash"))
    (run,) = [one for one in runs_of(image.entries()) if not one.is_handling]
    assert run.hello is not None
    found = recompute(run.hello, Settings(), run.blocks(), run.checkpoints(), run.events)
    return Alone(
        len(found.same), len(found.differ), found.extra_n, len(found.unknown), found.states_n, found.states_differ_n
    )
