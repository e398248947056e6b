"""Whether units and rate of a recording can be right, judged by physics: gravity, what bodies do, what sensors give.

Accelerometers worn in practice are off by up to 14 % in gain, and some sources clip or lack axes: the bounds leave
room for that. Wrong units are off by a factor of ten and more."""

from dataclasses import dataclass

import numpy as np

from trendel.constants import STANDARD_GRAVITY_MPS2
from trendel.errors import RecordingError
from trendel.recording.signals import MAX_ACC_MPS2, MAX_GYR_RADPS, total_spread
from trendel.recording.units import DPS, MILLI_DPS, MPS2, RADPS, UNITS, Unit
from trendel.recording.wording import digits
from trendel.recording.wording import option as said

_BOUNDS = (0.6, 1.5)
"""Gravity found against standard gravity: +-14 % of gain, saturated peaks (low) and clipped troughs (high)."""
_BOUNDS_AXES_MISSING = (0.45, 1.8)
_BOUNDS_SHORT = (1 / 3, 3.0)
_NOTED_GAIN = 0.05
_WINDOW_S = 2.0
_MAX_PELVIS_TILT_DEG = 45.0
"""A pelvis leans by 30 degrees at the most in running; wrongly named or turned axes are off by 90 and more."""
_MAX_GYR_RMS_RADPS = 15.0
_MIN_GYR_TO_ACC = 0.02
"""Gyroscope rms (rad/s) over accelerometer spread (m/s2). Recorded: 0.07 (jumps) to 0.27 (walks, jogs); with degrees
taken for radians 57 times that, with radians taken for degrees a 57th."""
_MIN_SPREAD_MPS2 = 1.2
_RUNNING_SPREAD_MPS2 = 5.0
_LEAST_REPETITIONS = 5
_MAX_STEP_HZ = 5.2
_MAX_TRAVEL_M = 0.8
_FAST_STEP_HZ, _LOW_TRAVEL_M = 4.4, 0.035
_SLOW_STEP_HZ, _HIGH_TRAVEL_M = 1.9, 0.15
"""Sprints and repeated jumps come near these; so do runs read at twice and at half their rate. Worth a note."""


@dataclass(frozen=True)
class Labels:
    """How the values came to their units, for the sentences: the unit assumed, and how the caller changes it
    (`option` such as "acc_unit=", or "" where the arrays themselves must be converted)."""

    acc: Unit = MPS2
    gyr: Unit = RADPS
    from_file: bool = True


def likely_acc_unit(acc: np.ndarray) -> Unit | None:
    """The unit in which the raw values `acc` (n, 3) would show gravity, or None."""
    finite = acc[np.isfinite(acc).all(axis=1)]
    if not len(finite):
        return None
    gravity = _gravity(finite, max(2, len(finite) // 8))[0]
    return _unit_for(gravity)


def check_gravity(acc_mps2: np.ndarray, rate_hz: float, axes_missing: bool, labels: Labels, notes: list[str]) -> None:
    """Refuse accelerations (n, 3; valid samples only) that do not hold gravity of the right size.

    Raises RecordingError that names the likely unit, or that gravity has been removed."""
    duration_s = len(acc_mps2) / rate_hz
    if not np.any(acc_mps2):
        raise RecordingError("has zeros only in its accelerometer columns: the sensor was off or the export failed")
    if duration_s < 0.3:
        notes.append(f"The recording lasts {duration_s:.2g} s only; units could not be checked against gravity.")
        return
    gravity, norm_mean, tumbling = _gravity(acc_mps2, round(_WINDOW_S * rate_hz))
    if duration_s >= 1.0 and gravity < 0.3 * norm_mean and not tumbling:
        raise RecordingError(
            f"has accelerations whose mean is {digits(gravity, 2)} m/s2 where gravity should be: "
            "gravity has been removed (linear acceleration); "
            "export the accelerometer with gravity, which trendel needs to find up and down"
        )
    if duration_s < 2.0:
        low, high = _BOUNDS_SHORT
    else:
        low, high = _BOUNDS_AXES_MISSING if axes_missing else _BOUNDS
    found = norm_mean if tumbling else gravity
    ratio = found / STANDARD_GRAVITY_MPS2
    if not low <= ratio <= high:
        raw = found / labels.acc.factor
        unit = _unit_for(raw)
        if unit is not None and unit != labels.acc:
            advice = f"the values look like {unit.name}: " + _advice("acc_unit", unit, labels)
        else:
            advice = "they fit no unit of acceleration (raw counts?): convert them to m/s2, g or mg first"
        raise RecordingError(
            f"has accelerations in which gravity measures {digits(found, 3)} m/s2 instead of 9.81 "
            f"(taken as {labels.acc.name}); {advice}"
        )
    if abs(ratio - 1.0) > _NOTED_GAIN and duration_s >= 2.0 and not axes_missing and not tumbling:
        notes.append(
            f"Gravity measures {found:.2f} m/s2 ({100 * (ratio - 1):+.0f} %): "
            "the accelerometer's gain or zero is off, and accelerations with it."
        )


def check_upright(acc_mps2: np.ndarray, rate_hz: float) -> None:
    """Refuse accelerations (n, 3; valid samples) said to be in the pelvis frame whose mean does not point up z.

    A missing axis, filled with 0, can only make the angle smaller. Where gravity averages away (a clip tumbling in
    the hand) and in the first second nothing is said."""
    mean = acc_mps2.mean(axis=0, dtype=np.float64)
    size = float(np.sqrt(mean @ mean))
    if len(acc_mps2) < rate_hz or size < 0.5 * STANDARD_GRAVITY_MPS2:
        return
    angle_deg = float(np.rad2deg(np.arccos(np.clip(mean[2] / size, -1.0, 1.0))))
    if angle_deg > _MAX_PELVIS_TILT_DEG:
        axis = int(np.argmax(np.abs(mean)))
        raise RecordingError(
            f"is said to be in the pelvis frame (x forward, y left, z up), but its up is {angle_deg:.0f} degrees away "
            f"from z, nearest to {'-' if mean[axis] < 0 else '+'}{'xyz'[axis]}: if the axes are the sensor's own, give "
            "frame='sensor' (--frame sensor) and the mounting is found; else turn the axes, gyroscope too"
        )


def check_ranges(acc_mps2: np.ndarray, gyr_radps: np.ndarray | None, labels: Labels) -> None:
    """Refuse values (n, 3) of which more than 1 % are beyond any sensor: the unit is wrong, not a sample."""
    with np.errstate(invalid="ignore"):
        high = np.mean((np.abs(acc_mps2) > MAX_ACC_MPS2).any(axis=1))
        if high > 0.01:
            unit = likely_acc_unit(acc_mps2 / labels.acc.factor)
            advice = (
                f"the values look like {unit.name}: " + _advice("acc_unit", unit, labels)
                if unit is not None and unit != labels.acc
                else "they look like raw counts: convert them to m/s2, g or mg first"
            )
            raise RecordingError(f"has accelerations beyond any sensor (200 g) in {100 * high:.0f} % of it; {advice}")
        if gyr_radps is None:
            return
        high = np.mean((np.abs(gyr_radps) > MAX_GYR_RADPS).any(axis=1))
        if high > 0.01:
            raise RecordingError(
                f"has rates of turn beyond any gyroscope (above 4500 deg/s) in {100 * high:.0f} % of it; "
                + _gyr_advice(labels, too_high=True)
            )


def check_gyroscope(acc_mps2: np.ndarray, gyr_radps: np.ndarray, labels: Labels) -> None:
    """Refuse rates of turn (n, 3; valid samples) that no body does, or that are far too small for the movement."""
    rms = float(np.sqrt(np.mean(gyr_radps * gyr_radps, dtype=np.float64) * 3))
    if rms > _MAX_GYR_RMS_RADPS:
        raise RecordingError(
            f"turns at {np.rad2deg(rms):.0f} deg/s rms, as no pelvis does; " + _gyr_advice(labels, too_high=True)
        )
    spread = total_spread(acc_mps2)
    if spread > _MIN_SPREAD_MPS2 and rms < _MIN_GYR_TO_ACC * spread:
        raise RecordingError(
            f"hardly turns ({digits(np.rad2deg(rms), 2)} deg/s rms) "
            f"although it is shaken by {digits(spread, 2)} m/s2 rms; " + _gyr_advice(labels, too_high=False)
        )


def check_cadence(acc_mps2: np.ndarray, rate_hz: float, origin: str, notes: list[str]) -> None:
    """Refuse a rate at which the steps in `acc_mps2` (n, 3; valid samples) would be faster, or the body would
    travel further up and down, than anybody's.

    Only regular, vigorous movement is judged; `origin` says where the rate is from."""
    block = int(16 * rate_hz)
    if len(acc_mps2) < rate_hz:
        return
    norm = np.sqrt(np.einsum("ij,ij->i", acc_mps2, acc_mps2))
    pieces = norm[: len(norm) // block * block].reshape(-1, block) if len(norm) >= block else norm[None, :]
    part = pieces[int(np.argmax(pieces.var(axis=1)))].astype(np.float64)
    part = part - part.mean()
    if part.std() < _RUNNING_SPREAD_MPS2:
        return
    step_hz, regularity = _repetition(part, rate_hz)
    if regularity < 0.5 or step_hz * len(part) / rate_hz < _LEAST_REPETITIONS:
        return
    travel_m = _travel(part, rate_hz, step_hz)
    at_rate = f"at the rate of {digits(rate_hz, 5)} Hz ({origin})"
    likely = f"a usual cadence would mean about {digits(2.7 / step_hz * rate_hz, 2)} Hz"
    what = f"{60 * step_hz:.0f} repetitions per minute of {100 * travel_m:.1f} cm up and down"
    if step_hz > _MAX_STEP_HZ or travel_m > _MAX_TRAVEL_M:
        raise RecordingError(
            f"would show {what} {at_rate}, which nobody does: the rate or the unit of time is wrong ({likely})"
        )
    slow = 1.0 < step_hz < _SLOW_STEP_HZ and travel_m > _HIGH_TRAVEL_M
    if slow or (step_hz > _FAST_STEP_HZ and travel_m < _LOW_TRAVEL_M):
        notes.append(f"The recording shows {what} {at_rate}, unusual for running; check the rate ({likely}).")


def _repetition(x: np.ndarray, rate_hz: float) -> tuple[float, float]:
    """(Hz, 0 to 1): how often `x` (n,), of zero mean, repeats, by the first high peak of its autocorrelation."""
    n = len(x)
    spectrum = np.fft.rfft(x, 1 << (2 * n - 1).bit_length())
    auto = np.fft.irfft(spectrum * spectrum.conj())[: n // 2]
    auto = auto / auto[0] * (n / (n - np.arange(len(auto))))
    below = np.flatnonzero(auto < 0)
    if not len(below):
        return 0.0, 0.0
    start = int(below[0])
    peak = float(auto[start:].max())
    inner = auto[start + 1 : -1]
    tops = np.flatnonzero((inner >= auto[start:-2]) & (inner > auto[start + 2 :]) & (inner > 0.8 * peak))
    if not len(tops):
        return 0.0, 0.0
    lag = start + 1 + int(tops[0])
    return rate_hz / lag, float(auto[lag])


def _travel(x: np.ndarray, rate_hz: float, at_hz: float) -> float:
    """Peak to peak displacement in m that the part of `x` (n,), m/s2, repeating at `at_hz` amounts to."""
    spectrum = np.abs(np.fft.rfft(x * np.hanning(len(x)))) ** 2
    hz = np.fft.rfftfreq(len(x), 1 / rate_hz)
    near = np.abs(hz - at_hz) < 0.25 * at_hz
    # A Hann window passes 3/8 of the power.
    rms = np.sqrt(2 * spectrum[near].sum() / (0.375 * len(x) ** 2))
    return float(2 * np.sqrt(2) * rms / (2 * np.pi * at_hz) ** 2)


def _gravity(acc: np.ndarray, window: int) -> tuple[float, float, bool]:
    """(size of the mean vector over windows, median of them; mean size; whether it tumbles), unit of `acc` (n, 3).

    Over whole strides the mean acceleration of a runner is gravity. A clip that tumbles averages it away, but then
    the size of each sample stays near gravity."""
    window = max(1, min(window, len(acc)))
    used = acc[: len(acc) // window * window].reshape(-1, window, 3)
    means = used.mean(axis=1, dtype=np.float64)
    size = float(np.median(np.sqrt((means * means).sum(axis=1))))
    norm = np.sqrt(np.einsum("ij,ij->i", acc, acc))
    norm_mean = float(norm.mean(dtype=np.float64))
    tumbling = size < 0.5 * norm_mean and float(np.percentile(norm, 5)) > 0.6 * norm_mean
    return size, norm_mean, tumbling


def _unit_for(gravity: float) -> Unit | None:
    for unit in UNITS:
        if unit.kind == "acc" and 0.6 <= gravity * unit.factor / STANDARD_GRAVITY_MPS2 <= 1.6:
            return unit
    return None


def _advice(option: str, unit: Unit, labels: Labels) -> str:
    if labels.from_file:
        return "correct the header, or give " + said(option, unit.name)
    return f"multiply them by {unit.factor:.6g}"


def _gyr_advice(labels: Labels, too_high: bool) -> str:
    finer, coarser = {RADPS: DPS, DPS: MILLI_DPS}, {DPS: RADPS, MILLI_DPS: DPS}
    unit = (finer if too_high else coarser).get(labels.gyr)
    if unit is None:
        return f"they are taken as {labels.gyr.name}: check the unit, or leave the gyroscope out"
    return f"taken as {labels.gyr.name}, the values look like {unit.name}: " + _advice("gyr_unit", unit, labels)
