"""Clips that are worn on one simulated runner, each on its own clock."""

from functools import cache

import numpy as np

from trendel.simulation import SensorModel, Session, SimulatedRun, simulate

RUN_S = 240.0
LATE_S, PPM = 3.0, 60.0


@cache
def worn(
    runner: int, sensor: int, rate_hz: float, plan: tuple[tuple[str, float], ...] = (("stand", 4.0), ("run", RUN_S))
) -> SimulatedRun:
    """A clip with noise, strap and mounting of its own."""
    model = SensorModel(
        rate_hz=rate_hz, rate_error=0.0, rate_drift=0.0, seed=sensor,
        mounting_rotvec_deg=(10.0 * sensor, -80.0, 5.0 * sensor),
    )  # fmt: skip
    return simulate(Session(plan, seed=runner), model)


def its_clock(t_s: np.ndarray) -> np.ndarray:
    """True time as a clock says that was started late and is fast."""
    return t_s * (1 + PPM * 1e-6) - LATE_S
