"""What simulated and recorded signals are compared by: mean strides, what strides do not share, powers in bands."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.signal import butter, find_peaks, sosfiltfilt

from tests.validation.data import F64

BANDS_HZ = ((0.5, 4.0), (4.0, 10.0), (10.0, 24.0), (24.0, 50.0))
POINTS = 200


@dataclass(frozen=True)
class Signals:
    """Some signals (n, m) at times (n,), the instants each stride begins with, and their rate."""

    name: str
    channels: tuple[str, ...]
    t_s: F64
    values: F64
    strides_s: F64
    rate_hz: float

    def strides(self) -> F64:
        """(strides, m, POINTS) each stride by phase."""
        at = np.linspace(0.0, 1.0, POINTS, endpoint=False)
        return np.array(
            [[np.interp(a + at * (b - a), self.t_s, x) for x in self.values.T] for a, b in pairwise(self.strides_s)]
        )

    def residual(self) -> F64:
        """(k, m) the signals between the first and last stride less the mean stride at their phase."""
        inside = (self.t_s >= self.strides_s[0]) & (self.t_s < self.strides_s[-1])
        phase = np.interp(self.t_s[inside], self.strides_s, np.arange(len(self.strides_s))) % 1 * POINTS
        mean = self.strides().mean(axis=0)
        shared = [np.interp(phase, np.arange(POINTS + 1), np.append(m, m[0])) for m in mean]
        few = len(self.strides_s) - 1  # of which each is part of the mean
        return np.asarray((self.values[inside] - np.stack(shared, axis=1)) * (few / (few - 1)) ** 0.5)

    def running(self) -> F64:
        """(k, m) the signals between the first and last stride."""
        inside = (self.t_s >= self.strides_s[0]) & (self.t_s < self.strides_s[-1])
        return self.values[inside]


def density(values: F64, rate_hz: float) -> tuple[F64, F64]:
    """Frequencies (f,) and one-sided power density (f, m), mean over windows of 4 s, 2 s where there is little."""
    n = int((4 if len(values) > 7 * rate_hz else 2) * rate_hz)
    window = np.hanning(n)[:, None]
    parts = [values[a : a + n] for a in range(0, len(values) - n + 1, n // 2)]
    power = [np.abs(np.fft.rfft((p - p.mean(axis=0)) * window, axis=0)) ** 2 for p in parts]
    return np.fft.rfftfreq(n, 1 / rate_hz), 2 * np.mean(power, axis=0) / (rate_hz * (window**2).sum())


def band_powers_db(values: F64, rate_hz: float) -> F64:
    """(m, bands) power in BANDS_HZ, dB; NaN where the rate does not reach the band."""
    f, p = density(values, rate_hz)
    return np.array(
        [
            [10 * np.log10((b - a) * p[(f >= a) & (f < b), k].mean()) if b <= f[-1] else np.nan for a, b in BANDS_HZ]
            for k in range(values.shape[1])
        ]
    )


def stride_instants(up_g: F64, t_s: F64, rate_hz: float) -> F64:
    """When strides begin by the vertical alone: every second crest of its step frequency, followed in a narrow band."""
    n = int(8 * rate_hz)
    f = np.fft.rfftfreq(4 * n, 1 / rate_hz)
    near = (f > 2.1) & (f < 3.7)
    tops = []
    for a in range(0, len(up_g) - n + 1, n // 2):
        part = up_g[a : a + n]
        tops.append(f[near][np.abs(np.fft.rfft((part - part.mean()) * np.hanning(n), 4 * n))[near].argmax()])
    f0 = float(np.median(tops))
    narrow = sosfiltfilt(butter(2, (0.8 * f0, 1.2 * f0), "band", fs=rate_hz, output="sos"), up_g)
    peak, _ = find_peaks(narrow, distance=0.6 * rate_hz / f0)
    peak = peak[(peak > 0) & (peak < len(narrow) - 1)]
    a, b, c = narrow[peak - 1], narrow[peak], narrow[peak + 1]
    crest = t_s[peak] + (a - c) / (2 * (a - 2 * b + c)) / rate_hz
    return np.asarray(crest[::2])


def dfa(x: F64) -> float:
    """Exponent of detrended fluctuation analysis, boxes of 8 to a tenth of the length (Peng et al., Chaos 1995)."""
    profile = np.cumsum(x - x.mean())
    sizes = np.unique(np.geomspace(8, max(12, len(x) // 10), 14).astype(int))
    spread = []
    for n in sizes:
        boxes = profile[: len(profile) // n * n].reshape(-1, n).T
        line = np.polynomial.polynomial.polyfit(np.arange(n), boxes, 1)
        spread.append(np.sqrt(((boxes - np.polynomial.polynomial.polyval(np.arange(n), line).T) ** 2).mean()))
    return float(np.polyfit(np.log(sizes), np.log(spread), 1)[0])


@dataclass(frozen=True)
class Likeness:
    """How near simulated signals are to recorded ones: per channel (m,), (m, bands)."""

    channels: tuple[str, ...]
    r: F64  # of the mean strides
    power_db: F64  # simulated over recorded
    apart_db: F64  # the same of what strides do not share
    spread: F64  # standard deviation over strides, simulated over recorded


def likeness(real: Signals, made: Signals) -> Likeness:
    """Compare two; the mean stride of the simulated one is moved to where it fits best where phases are unknown."""
    a, b = real.strides(), made.strides()
    ma, mb = a.mean(axis=0), b.mean(axis=0)
    r = np.array([np.corrcoef(x, y)[0, 1] for x, y in zip(ma, mb, strict=True)])
    return Likeness(
        real.channels, r,
        band_powers_db(made.running(), made.rate_hz) - band_powers_db(real.running(), real.rate_hz),
        band_powers_db(made.residual(), made.rate_hz) - band_powers_db(real.residual(), real.rate_hz),
        b.std(axis=0).mean(axis=1) / a.std(axis=0).mean(axis=1),
    )  # fmt: skip
