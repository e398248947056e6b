"""Noise of a sensor at rest: overlapping Allan deviation, angle random walk, bias instability.

IEEE Std 952-1997, annex C; the overlapping estimator and its equivalent degrees of freedom after W. J. Riley, Handbook
of Frequency Stability Analysis, NIST SP 1065 (2008), 5.2.4 and 5.4."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import chi2

from trendel.errors import CalibrationError
from trendel_calibration.checked import checked_arrays
from trendel_calibration.result import F64, plain

_WHITE_MAX_S = 1.0
_FLICKER = float(np.sqrt(2 * np.log(2) / np.pi))
"""The Allan deviation's flat minimum is this times the bias instability."""
_LEAST_S = 30.0


@dataclass(frozen=True, eq=False)
class Allan:
    """tau_s: (k,) averaging times. deviation: (k, 3), units of the values. low, high: (k, 3) 95 % interval."""

    tau_s: F64
    deviation: F64
    low: F64
    high: F64


@dataclass(frozen=True, eq=False)
class Noise:
    """What a sensor does at rest.

    acc, gyr: Allan deviations, m/s2 and rad/s. random_walk: (3,) of the gyroscope, rad/sqrt(s); velocity_random_walk:
    of the accelerometer, m/s/sqrt(s). *_std: standard uncertainty. instability: (3,) bias instability, rad/s and
    m/s2, and the averaging time at which it shows, s; it is an upper bound where the minimum lies at the end of the
    recording.
    sigma: (3,) of single samples. duration_s, rate_hz: of the recording."""

    acc: Allan
    gyr: Allan
    random_walk: F64
    random_walk_std: F64
    velocity_random_walk: F64
    velocity_random_walk_std: F64
    gyr_instability: F64
    gyr_instability_s: F64
    acc_instability: F64
    acc_instability_s: F64
    gyr_sigma: F64
    acc_sigma: F64
    duration_s: float
    rate_hz: float

    def as_dict(self) -> dict[str, Any]:
        """Plain values by name, the curves among them."""
        flat = {
            k: plain(v) if isinstance(v, np.ndarray) else v for k, v in vars(self).items() if k not in ("acc", "gyr")
        }
        for name, curve in (("acc_allan", self.acc), ("gyr_allan", self.gyr)):
            flat[name] = {k: plain(v) for k, v in vars(curve).items()}
        return flat


def noise(acc_raw: F64, gyr_raw: F64, rate_hz: float) -> Noise:
    """From a recording at rest: (n, 3) m/s2 and (n, 3) rad/s. Raises CalibrationError where it is short or moved."""
    acc, checked, rate = checked_arrays(acc_raw, gyr_raw, rate_hz)
    assert checked is not None
    gyr, seconds = checked, len(acc) / rate
    if seconds < _LEAST_S:
        raise CalibrationError(
            f"{seconds:.0f} s at rest are too few for noise: an hour is good, {_LEAST_S:.0f} s the least."
        )
    check_rest(acc, gyr, rate)
    acc_allan, gyr_allan = allan(acc, rate), allan(gyr, rate)
    walk, walk_std = _white(gyr_allan)
    velocity, velocity_std = _white(acc_allan)
    gyr_low, gyr_low_s = _flicker(gyr_allan)
    acc_low, acc_low_s = _flicker(acc_allan)
    # By differences, so that drift over the recording does not count as noise of a sample.
    sigma = [np.asarray(np.diff(v, axis=0).std(axis=0) / np.sqrt(2)) for v in (gyr, acc)]
    return Noise(acc_allan, gyr_allan, walk, walk_std, velocity, velocity_std, gyr_low, gyr_low_s, acc_low, acc_low_s,
                 sigma[0], sigma[1], seconds, rate)  # fmt: skip


def check_rest(acc: F64, gyr: F64, rate_hz: float) -> None:
    """Raises CalibrationError where the clip moved: single seconds spread far more than the usual one."""
    width = max(2, round(rate_hz))
    n = len(acc) // width
    for values in (acc, gyr):
        spread = values[: n * width].reshape(n, width, 3).std(axis=1).max(axis=1)
        usual = float(np.median(spread))
        moved = np.flatnonzero(spread > 6 * usual)
        if len(moved) and usual > 0:
            raise CalibrationError(
                f"the clip moved {moved[0]} s after the start: let it lie untouched, on something that does not shake."
            )


def allan(values: F64, rate_hz: float, points: int = 40) -> Allan:
    """Overlapping Allan deviation of (n, 3), averaging times from a sample to a fifth of the recording."""
    n = len(values)
    m = np.unique(np.geomspace(1, max(1, n // 5), points).astype(int))
    sums = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values - values.mean(axis=0), axis=0)])
    deviation = np.empty((len(m), values.shape[1]))
    freedom = np.empty(len(m))
    for k, width in enumerate(m):
        second = sums[2 * width :] - 2 * sums[width:-width] + sums[: -2 * width]
        deviation[k] = np.sqrt((second**2).mean(axis=0) / 2) / width
        # Equivalent degrees of freedom of white noise (white frequency noise there), NIST SP 1065, table 5.
        freedom[k] = max(1.0, (3 * (n - 1) / (2 * width) - 2 * (n - 2) / n) * 4 * width**2 / (4 * width**2 + 5))
    low = deviation * np.sqrt(freedom / chi2.ppf(0.975, freedom))[:, None]
    high = deviation * np.sqrt(freedom / chi2.ppf(0.025, freedom))[:, None]
    return Allan(m / rate_hz, deviation, low, high)


def _white(curve: Allan) -> tuple[F64, F64]:
    """(3,) coefficient of the part that falls with the root of time, at one second, and its standard uncertainty.

    Read off between some samples and a second, where white noise rules in all consumer IMUs."""
    part = (curve.tau_s >= 4 * curve.tau_s[0]) & (curve.tau_s <= _WHITE_MAX_S)
    part = part if part.any() else curve.tau_s <= _WHITE_MAX_S
    scaled = curve.deviation[part] * np.sqrt(curve.tau_s[part])[:, None]
    # Points of one curve are far from independent: the uncertainty is that of the surest one.
    relative = ((curve.high - curve.low) / curve.deviation)[part].min(axis=0) / (2 * 1.96)
    value = np.exp(np.log(scaled).mean(axis=0))
    return value, np.asarray(value * np.maximum(relative, np.log(scaled).std(axis=0)))


def _flicker(curve: Allan) -> tuple[F64, F64]:
    """(3,) bias instability by the curve's minimum, and the averaging time there."""
    place = curve.deviation.argmin(axis=0)
    return curve.deviation[place, np.arange(len(place))] / _FLICKER, curve.tau_s[place]
