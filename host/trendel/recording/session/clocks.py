"""A clip's clock against the host's: offset, drift and jitter, from when blocks were measured and when they came.

A block comes later than it was measured, never earlier, and now and then much later. So a window counts by its least
delay, and the line through the windows is that of Theil and Sen: the median of all slopes between two of them (Sen,
J Am Stat Assoc 63:1379, 1968), which 29 % of wrong windows do not carry away. What no one-way message can tell is the
least delay itself: times are late by it, over Bluetooth by up to a connection interval."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

WINDOW_NS = 10_000_000_000
WINDOWS_MAX = 400
"""Longer windows where there would be more: slopes go by their square."""
WINDOWS_MIN = 4
"""With fewer a drift is not told from jitter: the crystals' own tolerance is its uncertainty then."""
CRYSTAL_PPM = 50.0
_MAD_TO_SD = 1.4826
_MEDIAN_SD = 1.2533  # standard error of a median against that of a mean
_Int64 = npt.NDArray[np.int64]
_F64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ClockFit:
    """Host time = clip time + offset_ns + drift_ppm / 1e6 * (clip time - at_ns), of one boot of a clip.

    Attributes:
        at_ns: clip time in the middle of what came live.
        offset_ns, offset_sd_ns: host less clip time there, and its standard error.
        drift_ppm, drift_sd_ppm: by how much the clip's clock is slow (above 0) against the host's.
        jitter_ns: spread of delays (1.4826 of their median absolute deviation).
        blocks_n: blocks that came live.
    """

    at_ns: int
    offset_ns: int
    offset_sd_ns: float
    drift_ppm: float
    drift_sd_ppm: float
    jitter_ns: float
    blocks_n: int

    def host_ns(self, clip_ns: _Int64) -> _Int64:
        """(n,) host time (UTC) of clip times."""
        drifted = np.rint(self.drift_ppm * 1e-6 * (clip_ns - self.at_ns).astype(np.float64)).astype(np.int64)
        return clip_ns + self.offset_ns + drifted

    def sd_ns(self, clip_ns: _Int64) -> _F64:
        """(n,) standard error of those, without the least delay and the host's own error."""
        away = (clip_ns - self.at_ns).astype(np.float64)
        return np.hypot(self.offset_sd_ns, self.drift_sd_ppm * 1e-6 * away)


def fit_clock(clip_ns: _Int64, host_ns: _Int64) -> ClockFit | None:
    """The clocks of one boot, from (n,) clip times of blocks' ends and (n,) host times at which they came, in any
    order; None without blocks."""
    if not len(clip_ns):
        return None
    order = np.argsort(clip_ns, kind="stable")
    clip, delay = clip_ns[order], (host_ns - clip_ns)[order]
    base = int(delay[0])  # float64 resolves differences, not epochs
    late = (delay - base).astype(np.float64)
    length_ns = max(WINDOW_NS, -(-int(clip[-1] - clip[0] + 1) // WINDOWS_MAX))
    window = (clip - clip[0]) // length_ns
    starts = np.flatnonzero(np.diff(window, prepend=-1))
    ends = np.append(starts[1:], len(clip))
    least = np.array([a + int(np.argmin(late[a:b])) for a, b in zip(starts.tolist(), ends.tolist(), strict=True)])
    at_ns = int(clip[0]) + int(clip[-1] - clip[0]) // 2
    x, y = (clip[least] - at_ns).astype(np.float64), late[least]
    slope, slope_sd, sd = 0.0, CRYSTAL_PPM * 1e-6, 0.0
    if len(x) >= WINDOWS_MIN:
        slope = _median_slope(x, y)
        sd = _spread(y - slope * x)
        across = float(np.sqrt(np.sum((x - x.mean()) ** 2)))
        slope_sd = _MEDIAN_SD * sd / across
    offset = float(np.median(y - slope * x))
    away = late - slope * (clip - at_ns).astype(np.float64) - offset
    jitter = _spread(away)
    if len(x) < WINDOWS_MIN:
        sd = jitter
    return ClockFit(
        at_ns, base + round(offset), _MEDIAN_SD * sd / float(np.sqrt(len(x))), slope * 1e6, slope_sd * 1e6, jitter,
        len(clip),
    )  # fmt: skip


def _median_slope(x: _F64, y: _F64) -> float:
    i, j = np.triu_indices(len(x), 1)
    run = x[j] - x[i]
    some = run > 0
    return float(np.median((y[j] - y[i])[some] / run[some])) if some.any() else 0.0


def _spread(values: _F64) -> float:
    return _MAD_TO_SD * float(np.median(np.abs(values - np.median(values))))
