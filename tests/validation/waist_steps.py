"""Steps of a jog counted without any kernel: peaks of the zero-phase band-passed vertical, offline.

Each step of running is one swing of the vertical. A peak counts as a step of running where it rises by more over the
higher of the troughs beside it than any step of the labelled walks does (0.9 g; theirs reach 0.8), or, for shufflers
and turns, by 0.6 g if it also follows or precedes another one faster than the fastest walk steps (0.435 s; 2.2 a
second there). Between these limits and standing lie pauses and turns in which even the eye cannot tell.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d
from scipy.signal import butter, find_peaks, sosfiltfilt

from tests.validation.agreement import pair
from tests.validation.data import F64
from trendel.constants import STANDARD_GRAVITY_MPS2
from trendel.recording import Recording

BAND_HZ = (1.2, 4.0)
APART_S = 0.2
BESIDE_S = 0.3
CERTAIN_G = 0.9
LEAST_G = 0.6
FASTER_THAN_WALKING_S = 0.435
MATCH_S = 0.15


@dataclass(frozen=True)
class Counted:
    """True steps, those of them found, steps found in all, and the instants of those invented (s)."""

    true: int
    found: int
    claimed: int
    invented_s: F64


def rough_vertical(acc_mps2: npt.NDArray[np.floating], rate_hz: float) -> F64:
    """(n,) specific force along its own slow mean (Gaussian, sigma 1 s): for frequencies, without any kernel."""
    acc = acc_mps2.astype(np.float64)
    mean = gaussian_filter1d(acc, rate_hz, axis=0)
    mean /= np.linalg.norm(mean, axis=1, keepdims=True)
    return np.einsum("ni,ni->n", acc, mean)


def peaks(rec: Recording) -> tuple[F64, F64]:
    """Times (s) of all peaks of the band-passed vertical and their rise (g) over the higher trough beside them."""
    rate = rec.rate_hz
    sections = butter(3, BAND_HZ, "bandpass", fs=rate, output="sos")
    vertical = sosfiltfilt(sections, rough_vertical(rec.acc_mps2, rate)) / STANDARD_GRAVITY_MPS2
    at, _ = find_peaks(vertical, distance=max(1, int(APART_S * rate)))
    beside = int(BESIDE_S * rate)
    rise = [
        vertical[k] - max(vertical[max(0, k - beside) : k + 1].min(), vertical[k : k + beside + 1].min()) for k in at
    ]
    return rec.t_s[at], np.array(rise)


def running_steps_s(rec: Recording) -> F64:
    """Middle of stance (s) of each step of running."""
    t, rise = peaks(rec)
    swing = rise >= LEAST_G
    t, rise = t[swing], rise[swing]
    interval = np.diff(t, prepend=-np.inf, append=np.inf)
    quick = np.minimum(interval[:-1], interval[1:]) <= FASTER_THAN_WALKING_S
    return t[quick | (rise >= CERTAIN_G)]


def compare(rec: Recording, middle_s: F64) -> Counted:
    """The true steps of a recording against those found, given by the middle of their stance.

    A step found at a peak that is no certain step of running counts neither for nor against.
    """
    true, (candidates, _) = running_steps_s(rec), peaks(rec)
    i, k = pair(true, middle_s, MATCH_S)
    rest = np.delete(middle_s, k)
    _, doubtful = pair(candidates, rest, MATCH_S)
    return Counted(len(true), len(i), len(middle_s), np.delete(rest, doubtful))
