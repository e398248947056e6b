"""Two recordings of one run on one clock, by the motion that both have seen.

Steps are alike, so the wave itself tells the lag only but for whole steps; that steps come now quicker, now slower,
tells which is which. So first each frequency band's envelope of the correlation is taken, which does not ask for the
same phase: a sensor at the ankle has it too. That is right to within a stride. Where the size of the angular rate is
alike, both are on one rigid segment, all of which turns alike wherever they sit: the wave of it tells the lag to a
millisecond. That of acceleration does not: left of the pelvis it is like that on the right half a stride later."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trendel.errors import RecordingError

_F64 = npt.NDArray[np.float64]
_Line = tuple[float, float, float, float]  # lag and slope at a time, and their standard errors

RATE_HZ = 100.0
_EVERY = 8  # envelopes need fewer samples
_BANDS_HZ = 0.7 * 2.0 ** np.arange(0.0, 4.0, 0.5)  # of strides, steps and their harmonics
_BAND_SHARE = 0.2
_WINDOW_S, _WINDOWS_MAX = 15.0, 120
COMMON_S = 60.0
"""What they must at least have in common."""
_NEAR_S = 2.0  # of the best lag: what lies farther is another answer
_CHANCE_MAX = 1e-4
"""Of one lag being ahead of the next best by so much in so many windows if neither were right (one-sided t test)."""
CRYSTALS_PPM = 70.0
"""How far two clocks of 50 ppm are apart."""
STRIDE_SD_S = 0.4
"""Without waves a stride to either side is within two standard errors."""
_PIECE_S, _PIECES_MIN = 10.0, 4
_GAP_S = 0.1
_STILL = 1e-6
_RESTING = 0.1  # of the energy of lively windows: what rests says nothing
_WAVE_SD_S = 1e-4  # of a peak between samples of RATE_HZ
_ALIKE = 0.8
_PEAK_S = 0.05


@dataclass(frozen=True)
class MotionLag:
    """Time in the second recording = time in the first + lag_s + (rate - 1) * (time in the first - at_s), in s.

    Attributes:
        lag_sd_s, rate_sd: standard errors.
        one_segment: whether the lag is that of the waves of two sensors on one segment of the body; otherwise it is
            known to within a stride, and the rates are taken as equal. likeness: of the waves, at most 1.
    """

    lag_s: float
    at_s: float
    rate: float
    lag_sd_s: float
    rate_sd: float
    likeness: float
    one_segment: bool


def motion_lag(t_a_s: _F64, moved_a: npt.ArrayLike, t_b_s: _F64, moved_b: npt.ArrayLike, *, turning: bool) -> MotionLag:
    """Lag of the second recording against the first, however turned their sensors are.

    Args:
        t_a_s, t_b_s: (n,) s, each on its own clock, increasing; clocks up to 100 ppm apart.
        moved_a, moved_b: (n, 3) angular rate where `turning`, else acceleration; any unit, only its norm is used.

    Raises RecordingError where they have less than COMMON_S in common, or their motions do not tell one lag from
    others.
    """
    if t_a_s[-1] - t_a_s[0] > t_b_s[-1] - t_b_s[0]:
        return _turned(motion_lag(t_b_s, moved_b, t_a_s, moved_a, turning=turning))
    if t_a_s[-1] - t_a_s[0] < COMMON_S:
        raise RecordingError(f"Their motion tells how they lie only from {COMMON_S:.0f} s on: one is shorter.")
    (a, known_a), (b, known_b) = _norms(t_a_s, moved_a), _norms(t_b_s, moved_b)
    if min(float(np.std(a)), float(np.std(b))) <= _STILL * max(float(np.mean(a)), float(np.mean(b)), 1e-12):
        raise RecordingError("One of them does not move.")
    at_s, lags_s = _envelope_lags(a, b)
    coarse = _line(at_s, lags_s)
    middle_s = float(np.mean(at_s))
    waves, likeness = _wave_line(a, b, known_a, known_b, coarse, middle_s) if turning else (None, 0.0)
    lag_s, slope, lag_sd_s, slope_sd = (
        waves if waves is not None else (coarse[0], 0.0, STRIDE_SD_S, CRYSTALS_PPM * 1e-6)
    )
    return MotionLag(
        lag_s + float(t_b_s[0] - t_a_s[0]), middle_s + float(t_a_s[0]), 1.0 + slope, lag_sd_s, slope_sd, likeness,
        waves is not None,
    )  # fmt: skip


def _turned(lag: MotionLag) -> MotionLag:
    """The same, of the first against the second."""
    return MotionLag(
        -lag.lag_s, lag.at_s + lag.lag_s, 1.0 / lag.rate, lag.lag_sd_s, lag.rate_sd, lag.likeness, lag.one_segment
    )


def _norms(t_s: _F64, moved: npt.ArrayLike) -> tuple[_F64, npt.NDArray[np.bool_]]:
    """Mean norm in each interval of a grid of RATE_HZ (what is sampled faster is averaged, not aliased), and whether it
    was measured there: no gap reaches into it."""
    norm = np.linalg.norm(np.asarray(moved, np.float64), axis=1)
    steps = np.diff(t_s)
    area = np.concatenate([[0.0], np.cumsum(steps * (norm[1:] + norm[:-1]) / 2)])
    edges = t_s[0] + np.arange(int((t_s[-1] - t_s[0]) * RATE_HZ) + 1) / RATE_HZ
    between = np.clip(np.searchsorted(t_s, edges[:-1] + 0.5 / RATE_HZ) - 1, 0, len(steps) - 1)
    known = steps[between] <= max(_GAP_S, 3 * float(np.median(steps)))
    return np.diff(np.interp(edges, t_s, area)) * RATE_HZ, known


def _bands(norm: _F64) -> list[npt.NDArray[np.complex64]]:
    """Analytic signals of the bands, each at RATE_HZ / _EVERY."""
    n = 1 << (len(norm) + 1000).bit_length()
    spectrum = np.fft.fft(norm - np.median(norm), n)
    hz = np.fft.fftfreq(n, 1.0 / RATE_HZ)
    bands = []
    for centre in _BANDS_HZ:
        shape = np.where(hz > 0, np.exp(-0.5 * ((hz - centre) / (centre * _BAND_SHARE)) ** 2), 0.0)
        bands.append(np.fft.ifft(spectrum * shape)[: len(norm) : _EVERY].astype(np.complex64))
    return bands


def _envelope_lags(a: _F64, b: _F64) -> tuple[_F64, _F64]:
    """(windows,) times in a (s since its start), and the lags of their best places in b."""
    rate = RATE_HZ / _EVERY
    bands_a, bands_b = _bands(a), _bands(b)
    n_a, n_b = len(bands_a[0]), len(bands_b[0])
    wide = int(max(_WINDOW_S, n_a / rate / _WINDOWS_MAX) * rate)
    starts = np.arange(0, n_a - wide + 1, wide)
    energy = np.array(
        [sum(float(np.sum(np.abs(band[i : i + wide]) ** 2)) for band in bands_a) for i in starts.tolist()]
    )
    starts = starts[energy >= _RESTING * np.quantile(energy, 0.9)]
    n = 1 << (n_b + wide).bit_length()
    spectra = [np.fft.fft(band, n) for band in bands_b]
    places = np.arange(-wide + 1, n_b)
    power = [_power(band, wide, places) for band in bands_b]
    scores = np.zeros((len(starts), n_a + n_b), np.float32)  # by lag, from -n_a on
    for row, start in zip(scores, starts.tolist(), strict=True):
        first = n_a - start + 1 - wide
        for band, spectrum, there in zip(bands_a, spectra, power, strict=True):
            piece = band[start : start + wide]
            product = np.fft.ifft(spectrum * np.conj(np.fft.fft(piece, n)))
            alike = np.abs(np.concatenate([product[len(product) - wide + 1 :], product[:n_b]])) ** 2
            row[first : first + len(places)] += alike / (there * max(float(np.sum(np.abs(piece) ** 2)), 1e-12))
    scores /= len(bands_a)
    near = round(_NEAR_S * rate)
    inside = starts - n_a  # + lag's place: where a window begins in b; inside from 0 to n_b - wide
    best = _clear_best(scores, inside, n_b - wide, near, max(3, int((COMMON_S - _WINDOW_S) * rate / wide)))
    found = (inside + best >= 0) & (inside + best <= n_b - wide)
    low = max(best - near, 0)
    peaks = low + np.array([_peak(row[low : best + near + 1]) for row in scores[found]])
    return np.asarray((starts[found] + wide / 2) / rate), (peaks - n_a) / rate


def _clear_best(
    scores: npt.NDArray[np.float32], inside: npt.NDArray[np.int64], last: int, near: int, least_n: int
) -> int:
    """Place of the lag at which the windows that lie within both recordings score the most above their chance, if it
    is ahead of the next best lag; raises RecordingError otherwise."""
    from scipy.stats import ttest_ind, ttest_rel

    total, n = np.zeros(scores.shape[1]), np.zeros(scores.shape[1], np.int64)
    for row, first in zip(scores, (-inside).tolist(), strict=True):
        part = slice(max(first, 0), first + last + 1)
        total[part] += (row[part] - row[part].mean()) / max(float(row[part].std()), 1e-12)
        n[part] += 1
    ahead = np.where(n >= least_n, total / np.sqrt(np.maximum(n, 1)), -np.inf)
    best = int(np.argmax(ahead))
    ahead[max(best - near, 0) : best + near + 1] = -np.inf
    second = int(np.argmax(ahead))
    in_best, in_second = ((inside + at >= 0) & (inside + at <= last) for at in (best, second))
    both = in_best & in_second
    if not np.isfinite(ahead[second]):
        chance = 1.0  # no other lag has enough in common to be compared with
    elif both.sum() >= least_n:
        chance = ttest_rel(scores[both, best], scores[both, second], alternative="greater").pvalue
    else:
        chance = ttest_ind(
            scores[in_best, best], scores[in_second, second], equal_var=False, alternative="greater"
        ).pvalue
    if not chance <= _CHANCE_MAX:
        raise RecordingError(
            "Their motions do not tell how they lie: they are of different runs, or have too little in common, or "
            "their clocks are more than 0.01 % apart, or the running is too even and short."
        )
    return best


def _power(band: npt.NDArray[np.complex64], wide: int, places: npt.NDArray[np.int64]) -> _F64:
    """Sum of squares in windows that begin at `places`, not less than a tenth of the mean: rest is like everything."""
    total = np.concatenate([[0.0], np.cumsum(np.abs(band.astype(np.complex128)) ** 2)])
    sums: _F64 = total[np.clip(places + wide, 0, len(band))] - total[np.clip(places, 0, len(band))]
    return np.maximum(sums, max(0.1 * total[-1] / len(band) * wide, 1e-12))


def _line(at_s: _F64, lags_s: _F64) -> _Line:
    """A line of Theil and Sen through lags, its slope drawn towards 0 by how little two crystals differ."""
    from scipy.stats import theilslopes

    x = at_s - at_s.mean()
    slope = float(theilslopes(lags_s, x).slope)
    sd = 1.4826 * float(np.median(np.abs(lags_s - slope * x - np.median(lags_s - slope * x))))
    sd *= float(np.sqrt(len(x) / max(len(x) - 4, 0.5)))  # few values tell little of their deviation (Student's t)
    error = 1.2533 * sd / float(np.sqrt(np.sum(x**2)))
    crystals = CRYSTALS_PPM * 1e-6
    share = crystals**2 / (crystals**2 + error**2)
    slope *= share
    return (
        float(np.median(lags_s - slope * x)),
        slope,
        1.2533 * sd / float(np.sqrt(len(x))),
        error * float(np.sqrt(share)),
    )


def _wave_line(
    a: _F64, b: _F64, known_a: npt.NDArray[np.bool_], known_b: npt.NDArray[np.bool_], coarse: _Line, middle_s: float
) -> tuple[_Line | None, float]:
    """The line by the waves themselves, if they are alike; and how alike they are. Pieces with a gap and those at rest
    do not count."""
    lag_s, slope, lag_sd_s, slope_sd = coarse  # at middle_s
    a, b = _wave(a), _wave(b)
    wide = int(_PIECE_S * RATE_HZ)
    reach = int((3 * lag_sd_s + 3 * slope_sd * len(a) / RATE_HZ / 2 + 3 * _PEAK_S) * RATE_HZ)
    at_s, cut_s, rows, energy = [], [], [], []  # cut_s: lags by whole samples at which b was cut
    for start in range(0, len(a) - wide + 1, wide):
        when_s = (start + wide / 2) / RATE_HZ
        first = round(start + (lag_s + slope * (when_s - middle_s)) * RATE_HZ) - reach
        ours, theirs = slice(start, start + wide), slice(first, first + wide + 2 * reach)
        if first >= 0 and theirs.stop <= len(b) and known_a[ours].all() and known_b[theirs].all():
            at_s.append(when_s)
            cut_s.append((first + reach - start) / RATE_HZ)
            rows.append(_likeness(a[ours], b[theirs]))
            energy.append(min(float(np.sum(a[ours] ** 2)), float(np.sum(b[theirs] ** 2))))
    moving = np.array(energy) >= _RESTING * np.quantile(energy, 0.9) if energy else np.zeros(0, bool)
    if moving.sum() < _PIECES_MIN:
        return None, 0.0
    likeness, at = np.array(rows)[moving], np.array(at_s)[moving]
    best = int(np.argmax(likeness.mean(axis=0)))
    found = float(likeness[:, best].mean())
    near = round(_PEAK_S * RATE_HZ)
    low, high = max(best - near, 0), best + near + 1
    if found < _ALIKE:
        return None, found
    shifts = low + np.array([_peak(row[low:high]) for row in likeness]) - reach
    lag, slope, lag_sd_s, slope_sd = _line(at, np.array(cut_s)[moving] + shifts / RATE_HZ)
    return (lag + slope * (middle_s - float(at.mean())), slope, float(np.hypot(lag_sd_s, _WAVE_SD_S)), slope_sd), found


def _wave(norm: _F64) -> _F64:
    """Between 0.5 and 12 Hz, without a shift in time."""
    n = 1 << (len(norm) + 1000).bit_length()
    hz = np.fft.rfftfreq(n, 1.0 / RATE_HZ)
    shape = 1.0 / np.sqrt(1.0 + (0.5 / np.maximum(hz, 1e-9)) ** 4) / np.sqrt(1.0 + (hz / 12.0) ** 8)
    return np.fft.irfft(np.fft.rfft(norm - np.median(norm), n) * shape, n)[: len(norm)]


def _likeness(piece: _F64, longer: _F64) -> _F64:
    """Correlation of `piece` with each place in `longer`, from -1 to 1."""
    products = np.correlate(longer, piece, mode="valid")
    total = np.concatenate([[0.0], np.cumsum(longer**2)])
    there = total[len(piece) :] - total[: -len(piece)]
    return products / np.sqrt(np.maximum(there * float(np.sum(piece**2)), 1e-12))


def _peak(row: npt.NDArray[np.floating]) -> float:
    """Place of the highest value, between samples by a parabola."""
    i = int(np.argmax(row))
    if not 0 < i < len(row) - 1:
        return float(i)
    before, top, after = (float(x) for x in row[i - 1 : i + 2])
    curve = before - 2 * top + after
    return i + (0.5 * (before - after) / curve if curve < 0 else 0.0)
