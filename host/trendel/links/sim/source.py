"""What a simulated clip's sensor measures: a synthetic runner who tires, or any recording, in the sensor's counts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trendel.constants import STANDARD_GRAVITY_MPS2
from trendel.errors import LinkError, RecordingError
from trendel.links.packetise import counts_of
from trendel.recording import Recording, read

RATES_HZ = (104.0, 208.0, 416.0, 833.0)
"""Nominal rates of the sensor."""
_RATE_OFF = 0.06  # of a nominal rate: the sensor's oscillator can be off by so much (LSM6DS3TR-C: some per cent)
_TAPS = 16  # of the interpolation, on each side
_RUN_S = 1800.0
_STAND_S = 6.0
_REST_S = 600.0


@dataclass(frozen=True)
class Measured:
    """(n,) layout.IMU_SAMPLE at RANGE_CODE, and the true rate; `nominal_hz` is what the clip is set to."""

    samples: NDArray[np.void]
    rate_hz: float
    nominal_hz: float

    @property
    def seconds(self) -> float:
        """From the first sample to the end of the last."""
        return len(self.samples) / self.rate_hz


def runner(seed: int, rate_hz: float | None = None) -> Measured:
    """A simulated runner who tires in the second half of 30 minutes: the left drop grows by 3 degrees."""
    from trendel.simulation import Fatigue, SensorModel, Session, Variability, simulate

    session = Session(
        (("stand", _STAND_S), ("run", _RUN_S), ("stand", _STAND_S)),
        variability=Variability(angles=0.14),
        fatigue=Fatigue(3.0, 0.0, _RUN_S / 2, 3 * _RUN_S / 4),
        seed=seed,
    )
    nominal_hz = _nominal(rate_hz or 208.0)
    run = simulate(session, SensorModel(rate_hz=nominal_hz, seed=seed))
    return Measured(counts_of(run.acc_mps2, run.gyr_radps)[0], run.rate_hz, nominal_hz)


def resting(seed: int, rate_hz: float | None = None) -> Measured:
    """A clip that lies on a table for ten minutes: gravity, a gyroscope bias, noise of the LSM6DS3TR-C's data sheet
    (table 3: 90 ug and 5 mdps per root hertz)."""
    nominal_hz = _nominal(rate_hz or 208.0)
    rng, n = np.random.default_rng([seed, 3]), round(_REST_S * nominal_hz)
    root_hz = np.sqrt(nominal_hz / 2)
    acc = rng.normal(0.0, 90e-6 * STANDARD_GRAVITY_MPS2 * root_hz, (n, 3)) + [0.0, 0.0, STANDARD_GRAVITY_MPS2]
    gyr = rng.normal(0.0, np.radians(0.005) * root_hz, (n, 3)) + np.radians(rng.normal(0.0, 0.4, 3))
    return Measured(counts_of(acc.astype(np.float32), gyr.astype(np.float32))[0], nominal_hz, nominal_hz)


def recorded(path: Path, rate_hz: float | None = None) -> Measured:
    """A recording as its sensor would have measured it: in counts of 16 g and 2000 deg/s.

    A rate within 6 % of one that the sensor has is kept: its samples are then only rounded. Others, and every recording
    where `rate_hz` asks for it, are interpolated to the (nearest) rate. What was not measured holds the last value.
    Raises LinkError for a file that cannot be read or lacks axes."""
    try:
        recording = read(path)
    except RecordingError as error:
        raise LinkError(str(error)) from None
    if recording.gyr_radps is None or recording.missing:
        lacking = "a gyroscope" if recording.gyr_radps is None else ", ".join(recording.missing)
        raise LinkError(f"{recording.source}: has not {lacking}, and a clip has six axes: analyze it instead.")
    values = _even(recording)
    nominal_hz = _nominal(rate_hz or recording.rate_hz)
    true_hz = recording.rate_hz
    if rate_hz is not None or abs(true_hz / nominal_hz - 1.0) > _RATE_OFF:
        values, true_hz = _resampled(values, nominal_hz / recording.rate_hz), nominal_hz
    samples, _ = counts_of(values[:, :3], values[:, 3:])
    return Measured(samples, true_hz, nominal_hz)


def _nominal(rate_hz: float) -> float:
    return min(RATES_HZ, key=lambda nominal: abs(nominal / rate_hz - 1.0))


def _even(recording: Recording) -> NDArray[np.float32]:
    """(n, 6) m/s2 and rad/s at even times; time without samples holds the last one."""
    assert recording.gyr_radps is not None
    values = np.hstack([recording.acc_mps2, recording.gyr_radps])
    places = np.rint((recording.t_s - recording.t_s[0]) * recording.rate_hz).astype(np.int64)
    gaps = np.diff(places) > round(recording.rate_hz * 0.5)
    steps = np.where(gaps, np.diff(places), 1)
    return np.repeat(values, np.append(steps, 1), axis=0)


def _resampled(values: NDArray[np.float32], ratio: float) -> NDArray[np.float32]:
    """`values` (n, 6) at `ratio` times their rate: by a Kaiser-windowed sinc, cut off below both half rates
    (Smith, Digital Audio Resampling, 2002)."""
    n = int(len(values) * ratio)
    at = np.arange(n) / ratio
    whole = np.floor(at).astype(np.int64)
    band = min(1.0, ratio)
    reach = int(np.ceil(_TAPS / band))
    out = np.zeros((n, values.shape[1]))
    weight = np.zeros(n)
    for k in range(-reach + 1, reach + 1):
        away = at - (whole + k)
        inside = np.clip(1.0 - (away / reach) ** 2, 0.0, None)
        tap = band * np.sinc(band * away) * np.i0(8.0 * np.sqrt(inside)) / np.i0(8.0)
        out += tap[:, None] * values[np.clip(whole + k, 0, len(values) - 1)]
        weight += tap
    return (out / weight[:, None]).astype(np.float32)
