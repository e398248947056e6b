"""Input for timing: an hour of 6-axis data made of generated runs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from trendel.simulation import SensorModel, Session, simulate

RATE_HZ = 208.0
SENSOR = SensorModel(rate_hz=RATE_HZ, rate_error=0.0, rate_drift=0.0)
HOUR_N = int(3600 * RATE_HZ)
F32 = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Samples:
    """(n, 3) m/s2 and (n, 3) rad/s, sensor frame, 208 Hz."""

    acc_mps2: F32
    gyr_radps: F32

    def tiled(self, n: int) -> Samples:
        """Repeated to n samples. The parts begin and end standing, so the joints are ordinary standing."""
        times = -(-n // len(self.acc_mps2))
        return Samples(np.tile(self.acc_mps2, (times, 1))[:n], np.tile(self.gyr_radps, (times, 1))[:n])


@cache
def ten_minutes() -> Samples:
    """Standing, walking, 575 s of running, standing."""
    run = simulate(Session((("stand", 6.0), ("walk", 15.0), ("run", 575.0), ("stand", 4.0))), SENSOR)
    return Samples(run.acc_mps2, run.gyr_radps)


@cache
def running(n: int = HOUR_N) -> Samples:
    """An hour, nearly all of it running."""
    return ten_minutes().tiled(n)


@cache
def walking(n: int = HOUR_N) -> Samples:
    """An hour of walking and standing, without a running step."""
    run = simulate(Session((("stand", 6.0), ("walk", 306.0))), SENSOR)
    stop = int(305 * RATE_HZ)
    return Samples(run.acc_mps2[:stop], run.gyr_radps[:stop]).tiled(n)
