"""A clip's clock against the host's: offset, drift and jitter, from when blocks were measured and when they came.

A block comes later than it was measured, never earlier, and now and then much later. So a window counts by its least
delay, and the line through the windows is that of Theil and Sen: the median of all slopes between two of them (Sen,
J Am Stat Assoc 63:1379, 1968), which 29 % of wrong windows do not carry away. What no one-way message can tell is the
link's least delay itself: times are late by it, over Bluetooth by up to a connection interval."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

BLOCKS_MIN = 8
"""With fewer that came live nothing is said of a clock."""
CRYSTAL_PPM = 50.0
"""Standard deviation of a drift before anything is known: the tolerance of crystals."""
_WINDOW_NS = (2_000_000_000, 10_000_000_000)  # at least and at most, for recordings of usual length
_WINDOWS_N = (12, 400)  # wanted at least, and at most: slopes go by their square
_WINDOWS_MIN = 4
_FULL = 0.5  # of a usual window's blocks: fewer do not tell the least delay
_LATEST_NS = 600e9  # what seems later or earlier than others by more has a damaged time
_TICK_SD_NS = 1000.0 / 12**0.5  # of a clip's whole microseconds
_MAD_TO_SD = 1.4826
_MEDIAN_SD = 1.2533  # standard error of a median against that of a mean
_Int64 = npt.NDArray[np.int64]
_F64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ClockFit:
    """Host time = clip time + offset_ns + drift_ppm / 1e6 * (clip time - at_ns), of one boot of a clip.

    Attributes:
        at_ns: clip time in the middle of the windows.
        offset_ns, offset_sd_ns: host less clip time there, and its standard error against the link's least delay.
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

    def clip_ns(self, host_ns: int) -> int:
        """Clip time of a moment of the host."""
        away = host_ns - self.offset_ns - self.at_ns
        return self.at_ns + away - round(away * self.drift_ppm * 1e-6 / (1.0 + self.drift_ppm * 1e-6))

    def sd_ns(self, clip_ns: _Int64) -> _F64:
        """(n,) standard error of those, without the least delay and the host's own error."""
        away = (clip_ns - self.at_ns).astype(np.float64)
        return np.hypot(self.offset_sd_ns, self.drift_sd_ppm * 1e-6 * away)


def fit_clock(clip_ns: _Int64, host_ns: _Int64) -> ClockFit | None:
    """The clocks of one boot, from (n,) clip times of blocks' ends and (n,) host times at which they came, in any
    order; None with fewer than BLOCKS_MIN blocks."""
    if len(clip_ns) < BLOCKS_MIN:
        return None
    delay = host_ns - clip_ns
    base = int(np.sort(delay)[len(delay) // 2])  # float64 resolves differences, not epochs
    kept = np.flatnonzero(np.abs((delay - base).astype(np.float64)) < _LATEST_NS)
    if len(kept) < BLOCKS_MIN:
        return None
    kept = kept[np.argsort(clip_ns[kept], kind="stable")]
    clip, late = clip_ns[kept], (delay[kept] - base).astype(np.float64)
    least = _least(clip, late)
    at_ns = (int(clip[least[0]]) + int(clip[least[-1]])) // 2
    x, y = (clip[least] - at_ns).astype(np.float64), late[least]
    slope, slope_sd = 0.0, CRYSTAL_PPM * 1e-6
    if len(x) >= _WINDOWS_MIN:
        slope, slope_sd = _slope(x, y)
    rest = y - slope * x
    offset = float(np.median(rest))
    jitter = _spread(late - slope * (clip - at_ns).astype(np.float64))
    sd = _small(_spread(rest), len(rest)) / float(np.sqrt(len(rest))) if len(x) >= _WINDOWS_MIN else jitter
    # The middle of the windows' least delays lies above the link's own by about as much as above the least of them.
    offset_sd = float(np.hypot(_MEDIAN_SD * sd, offset - float(rest.min())))
    return ClockFit(at_ns, base + round(offset), offset_sd, slope * 1e6, slope_sd * 1e6, jitter, len(clip))


def _least(clip: _Int64, late: _F64) -> npt.NDArray[np.int64]:
    """Indices of the block with the least delay of each window that is not nearly empty."""
    span = int(clip[-1] - clip[0]) + 1
    shortest, longest = _WINDOW_NS
    few, many = _WINDOWS_N
    length_ns = max(min(longest, max(shortest, -(-span // few))), -(-span // many))
    window = (clip - clip[0]) // length_ns
    starts = np.flatnonzero(np.diff(window, prepend=-1))
    ends = np.append(starts[1:], len(clip))
    full = ends - starts >= _FULL * np.median(ends - starts)
    return np.array(
        [a + int(np.argmin(late[a:b])) for a, b in zip(starts[full].tolist(), ends[full].tolist(), strict=True)]
    )


def _slope(x: _F64, y: _F64) -> tuple[float, float]:
    """Theil and Sen's slope with its standard error, both drawn towards what crystals are known for."""
    i, j = np.triu_indices(len(x), 1)
    slope = float(np.median((y[j] - y[i]) / (x[j] - x[i])))
    across = float(np.sqrt(np.sum((x - x.mean()) ** 2)))
    error = _MEDIAN_SD * _small(_spread(y - slope * x), len(x)) / across
    crystal = CRYSTAL_PPM * 1e-6
    share = crystal**2 / (crystal**2 + error**2)
    return slope * share, error * float(np.sqrt(share))


def _small(sd: float, n: int) -> float:
    """A deviation around a line, for the two values that the line took and for how little few of them tell (the
    deviation of Student's t); never below that of a clip's whole microseconds."""
    free = n - 2
    return float(np.hypot(sd, _TICK_SD_NS)) * float(np.sqrt(n / free * (free / (free - 2) if free > 2 else 3.0)))


def _spread(values: _F64) -> float:
    return _MAD_TO_SD * float(np.median(np.abs(values - np.median(values))))
