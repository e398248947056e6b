"""A simulated recording with its truth: a session, sampled by a sensor."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trendel.simulation.curve import F64
from trendel.simulation.sensor import SensorModel
from trendel.simulation.session import Session
from trendel.simulation.steps import STEP_DTYPE, true_steps

__all__ = ["STEP_DTYPE", "TRUTH_COLUMNS", "SimulatedRun", "simulate", "true_steps"]

LABEL = "simulated: nobody ran this"
_BLOCK_N = 32768  # samples computed at once, so that memory stays flat
TRUTH_COLUMNS = ("tilt_deg", "obliquity_deg", "rotation_deg", "vertical_m", "acc_forward_mps2", "acc_left_mps2",
                 "acc_up_mps2", "vgrf_bw")  # fmt: skip


@dataclass(frozen=True)
class SimulatedRun:
    """Signals (n, 3) float32 in the sensor frame, their stamps, and the truth; times in the recording's own clock."""

    session: Session
    sensor: SensorModel
    t_s: F64
    acc_mps2: NDArray[np.float32]
    gyr_radps: NDArray[np.float32]
    truth: dict[str, F64]  # TRUTH_COLUMNS, (n,) each
    contact: NDArray[np.int8]  # (n,) 0 none, 1 left, 2 right, 3 both feet or standing
    segment: NDArray[np.intp]  # (n,) number into session.segments
    steps: NDArray[np.void]  # STEP_DTYPE, one row for each running contact
    label: str = LABEL

    @property
    def rate_hz(self) -> float:
        """Rate by the stamps."""
        return float(f"{1 / np.median(np.diff(self.t_s)):.9g}")


def simulate(
    session: Session, sensor: SensorModel | None = None, progress: Callable[[float], None] | None = None
) -> SimulatedRun:
    """Generate the recording of `session` by `sensor`. The same arguments give the same arrays.

    `progress` is told the share of the work that is done.
    """
    sensor = sensor or SensorModel()
    true, stamps = sensor.sample_times(float(session.edges_s[-1]))
    n = len(true)
    acc, gyr = np.empty((n, 3)), np.empty((n, 3))
    truth = {name: np.empty(n) for name in TRUTH_COLUMNS}
    contact, segment = np.empty(n, np.int8), np.empty(n, np.intp)
    for a in range(0, n, _BLOCK_N):
        b = min(a + _BLOCK_N, n)
        now = session.at(true[a:b])
        acc[a:b], gyr[a:b] = now.acc_pelvis_mps2, now.gyr_pelvis_radps
        way = now.acc_way_mps2
        columns = (*now.angles_deg, now.up.x, way[:, 0], way[:, 1], way[:, 2], now.force_bw)
        for name, values in zip(TRUTH_COLUMNS, columns, strict=True):
            truth[name][a:b] = values
        contact[a:b], segment[a:b] = now.contact, now.segment
        if progress:
            progress(0.45 * b / n)
    acc32, gyr32 = sensor.measure(true, acc, gyr)
    del acc, gyr
    if progress:
        progress(0.55)
    steps = true_steps(session, progress and (lambda share: progress(0.55 + 0.45 * share)))
    if sensor.nominal_stamps:
        for name in ("ic_s", "to_s"):
            steps[name] = np.interp(steps[name], true, stamps)
        steps["contact_time_ms"] = 1000 * (steps["to_s"] - steps["ic_s"])
    here = sensor.arrived(n)
    if not here.all():
        stamps, acc32, gyr32, contact, segment = stamps[here], acc32[here], gyr32[here], contact[here], segment[here]
        truth = {name: values[here] for name, values in truth.items()}
    return SimulatedRun(session, sensor, stamps, acc32, gyr32, truth, contact, segment, steps)
