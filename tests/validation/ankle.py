"""What an accelerometer at the ankle knows alone: each stride of running by its swing; bouts of running and walking.

In mid swing the shank turns fastest and the norm has its largest slow peak (6 Hz, zero phase): one for each stride.
In the 25-minute run these peaks are 50 to 95 m/s2 in running and below 48 in walking, with few between; a bout
is a chain of them. The instant of a swing is the middle of the part of its peak above 70 %, so that neither
the impact beside it nor the sampling decides.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.signal import butter, find_peaks, sosfiltfilt

from tests.validation.data import F64

LOW_PASS_HZ = 6.0
RUNNING_MPS2 = 50.0
WALKING_MPS2 = 15.0
RUNNING_STRIDE_S = (0.5, 1.0)
PAUSE_S = 2.0  # longer between two swings is the end of a bout
LEAST_BOUT_S = 4.0


@dataclass(frozen=True)
class Ankle:
    """Strides of running, from swing to swing: start and end (n,) s. Bouts of running and of walking: (m, 2) s.

    swings_s: instants of all swings; runs: which of them are of running.
    """

    start_s: F64
    end_s: F64
    running_s: F64
    walking_s: F64
    swings_s: F64
    runs: npt.NDArray[np.bool_]


def _swings(t: F64, norm: F64, rate_hz: float) -> tuple[F64, F64]:
    """Instant (s) and size (m/s2) of each swing."""
    slow = sosfiltfilt(butter(3, LOW_PASS_HZ, fs=rate_hz, output="sos"), norm)
    at, _ = find_peaks(slow, distance=int(0.45 * rate_hz), height=WALKING_MPS2)
    instants = []
    for k in at:
        level = 0.7 * slow[k]
        a, b = k, k
        while a > 0 and slow[a] > level:
            a -= 1
        while b < len(slow) - 1 and slow[b] > level:
            b += 1
        up = a + (level - slow[a]) / (slow[a + 1] - slow[a]) if slow[a + 1] > slow[a] else float(a)
        down = b - (level - slow[b]) / (slow[b - 1] - slow[b]) if slow[b - 1] > slow[b] else float(b)
        instants.append(t[0] + (up + down) / 2 / rate_hz)
    return np.array(instants), slow[at]


def _bouts(instants: F64) -> F64:
    """(m, 2) first and last swing of each chain, half a stride added to either end; short ones left out."""
    if len(instants) < 2:
        return np.empty((0, 2))
    breaks = np.flatnonzero(np.diff(instants) > PAUSE_S) + 1
    made = []
    for part in np.split(instants, breaks):
        if len(part) > 2 and part[-1] - part[0] >= LEAST_BOUT_S:
            half = float(np.median(np.diff(part))) / 2
            made.append((part[0] - half, part[-1] + half))
    return np.array(made).reshape(-1, 2)


def read(t: F64, norm_mps2: F64, rate_hz: float) -> Ankle:
    """Strides and bouts from the acceleration norm (n,) at uniform times (n,)."""
    instants, size = _swings(t, norm_mps2, rate_hz)
    runs = size >= RUNNING_MPS2
    start, end = instants[:-1], instants[1:]
    length = end - start
    stride = runs[:-1] & runs[1:] & (length >= RUNNING_STRIDE_S[0]) & (length <= RUNNING_STRIDE_S[1])
    running = _bouts(instants[runs])
    return Ankle(start[stride], end[stride], running, _bouts(instants[~runs]), instants, runs)
