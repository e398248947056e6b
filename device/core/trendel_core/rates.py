"""Which of the clip's rates a recording is given at."""

from __future__ import annotations

import math

RATES_HZ = (104, 208, 416, 833)
_NEAR = 0.01  # an IMU's oscillator may be so far off; what is farther is another IMU, and its rate is told


def nominal_rate(rate_hz: float) -> tuple[int, int]:
    """(the nearest of RATES_HZ, ppm by which intervals of this rate are longer; 0 where it is an oscillator's own)."""
    nominal = min(RATES_HZ, key=lambda rate: abs(math.log(rate / rate_hz)))
    off = nominal / rate_hz - 1.0
    return nominal, round(off * 1e6) if abs(off) > _NEAR else 0
