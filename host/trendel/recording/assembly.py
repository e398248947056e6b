"""From columns of numbers to a checked Recording: the one way in for files and for arrays."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from trendel.constants import STANDARD_GRAVITY_MPS2
from trendel.errors import CalibrationError, RecordingError
from trendel.recording import plausibility, signals
from trendel.recording.calibration import calibrated, check_belongs, hash_of, setting_of
from trendel.recording.columns import ACC, GYR, listed
from trendel.recording.plausibility import Labels
from trendel.recording.recording import FLAG_GAP_BEFORE, FLAG_INVALID, FLAG_SATURATED, ReadCounts, Recording
from trendel.recording.sidecar import Sidecar, check_frame, parse_metadata
from trendel.recording.timebase import Timebase, even_timebase, stamped_timebase
from trendel.recording.wording import IN_PELVIS, column_option, counted

_MAX_INVALID_FRACTION = 0.5
_DEAD_MOVING_MPS2 = 0.5
_US_COUNTER_S = 2**32 * 1e-6


@dataclass
class Raw:
    """What a source gave. acc (n, 3) float32 m/s2; gyr (n, 3) float32 rad/s or None; t (n,) float64 s or None; rate_hz
    where the caller or the sidecar states it (`rate_origin` says who). `read_n` counts the rows of the source with the
    refused ones, `refused_rows` their positions; `refused_end` the ones at its end, which leave no hole.
    `unused` names columns that were not recognised, where one of them may be the time."""

    acc: np.ndarray
    gyr: np.ndarray | None
    t: np.ndarray | None
    rate_hz: float | None
    rate_origin: str
    frame: str
    missing: tuple[str, ...]
    sidecar: Sidecar
    source: str
    labels: Labels
    refused_rows: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    refused_end: int = 0
    unused: tuple[str, ...] = ()
    t_in_us: bool = False
    notes: list[str] = field(default_factory=list)


@contextmanager
def named(source: str) -> Iterator[None]:
    """Put the name of the recording in front of a RecordingError's sentence."""
    try:
        yield
    except RecordingError as error:
        sentence = str(error)
        raise RecordingError(f"{source}: {sentence}" + ("" if sentence.endswith(".") else ".")) from None


def assemble_arrays(
    acc_mps2: npt.ArrayLike,
    gyr_radps: npt.ArrayLike | None,
    rate_hz: float | None,
    *,
    t_s: npt.ArrayLike | None,
    frame: str,
    missing: Sequence[str],
    metadata: Mapping[str, Any] | None,
    source: str,
) -> Recording:
    """See Recording.from_arrays."""
    with named(str(source)):
        acc = _array("acc_mps2", acc_mps2, np.float32, (None, 3))
        gyr = None if gyr_radps is None else _array("gyr_radps", gyr_radps, np.float32, (len(acc), 3))
        t = None if t_s is None else _array("t_s", t_s, np.float64, (len(acc),))
        sidecar = parse_metadata(metadata or {}, "metadata")
        lacking = (missing,) if isinstance(missing, str) else tuple(missing)
        unknown = [name for name in lacking if name not in (*ACC, *GYR)]
        if unknown:
            raise RecordingError(f"missing names {unknown[0]!r}, which is none of {', '.join((*ACC, *GYR))}")
        stated = rate_hz if rate_hz is not None else sidecar.rate_hz
        return assemble(
            Raw(
                acc, gyr, t, check_stated_rate(stated), "rate_hz", check_frame(frame, "the caller"), lacking, sidecar,
                str(source), Labels(from_file=False),
            )
        )  # fmt: skip


def check_stated_rate(rate_hz: float | None) -> float | None:
    """`rate_hz` as a float where it is a number above zero, or None; else RecordingError."""
    if rate_hz is None:
        return None
    try:
        value = float(rate_hz)
    except (TypeError, ValueError, OverflowError):
        value = float("nan")
    if not 0 < value < float("inf"):
        raise RecordingError(f"rate_hz is {str(rate_hz)[:40]!r}: it must be a number above zero, in samples per second")
    return value


def assemble(raw: Raw) -> Recording:
    """Check and clean `raw`. Raises RecordingError for what cannot be used."""
    with np.errstate(all="ignore"):
        return _assemble(raw)


def _assemble(raw: Raw) -> Recording:
    n = len(raw.acc)
    if n == 0:
        raise RecordingError("holds no samples")
    _check_axes(raw)
    notes = list(raw.notes)
    for quantity, values in ((ACC, raw.acc), (GYR, raw.gyr)):
        for i, name in enumerate(quantity):
            if name in raw.missing and values is not None:
                values[:, i] = 0
    plausibility.check_ranges(raw.acc, raw.gyr, raw.labels)
    base, malformed = _timebase(raw)
    notes += base.notes
    acc, gyr = _placed(raw.acc, base), None if raw.gyr is None else _placed(raw.gyr, base)
    rate_hz = base.rate_hz
    flags = np.zeros(len(base.t_s), np.uint32)
    flags[base.gap_i] |= FLAG_GAP_BEFORE

    present = np.ones(len(flags), bool) if base.source_i is None else base.source_i >= 0
    valid = present & signals.possible(acc, gyr)
    _check_enough(acc, gyr, present, valid)
    gyr, missing = _without_dead_axes(raw, acc, gyr, valid, notes)
    if raw.gyr is not None and gyr is None:
        valid = present & signals.possible(acc, None)
    good_acc = acc if valid.all() else acc[valid]
    good_gyr = gyr if gyr is None or valid.all() else gyr[valid]
    plausibility.check_gravity(good_acc, rate_hz, any(m in ACC for m in missing), raw.labels, notes)
    if raw.frame == "pelvis":
        plausibility.check_upright(good_acc, rate_hz)
    if good_gyr is not None:
        plausibility.check_gyroscope(good_acc, good_gyr, raw.labels)
    origin = "by its time stamps" if raw.t is not None else raw.rate_origin
    plausibility.check_cadence(good_acc, rate_hz, origin, notes)

    at_limit = _saturated(good_acc, good_gyr, rate_hz, raw.sidecar, notes)
    flags[np.flatnonzero(valid)[at_limit]] |= FLAG_SATURATED
    signals.held(acc, valid)
    if gyr is not None:
        signals.held(gyr, valid)
    stuck = signals.stuck(acc, gyr, valid, rate_hz, missing, notes) & valid
    if stuck.any():
        valid &= ~stuck
        signals.held(acc, valid)
        if gyr is not None:
            signals.held(gyr, valid)
        flags[stuck] &= ~FLAG_SATURATED
    flags[~valid] |= FLAG_INVALID
    invalid = int(np.count_nonzero(present & ~valid))
    without = invalid - int(np.count_nonzero(stuck))
    if without:
        notes.append(f"{counted(without, 'sample')} without usable values (empty, NaN or impossible): flagged invalid.")
    acc, gyr, metadata = _calibrated(raw, acc, gyr, missing, notes)
    counts = ReadCounts(
        read=n + malformed + raw.refused_end,
        refused=malformed + raw.refused_end + base.refused,
        duplicated=base.duplicated,
        filled=base.filled,
        invalid=invalid,
        bridged=int(np.count_nonzero(~valid)),
        saturated=int(np.count_nonzero(flags & FLAG_SATURATED)),
        gaps=len(base.gap_i),
    )
    return Recording(
        acc_mps2=acc, gyr_radps=gyr, t_s=base.t_s, rate_hz=rate_hz, frame=raw.frame, missing=missing, flags=flags,
        metadata=metadata, source=raw.source, counts=counts, notes=tuple(notes),
    )  # fmt: skip


def _calibrated(
    raw: Raw, acc: np.ndarray, gyr: np.ndarray | None, missing: tuple[str, ...], notes: list[str]
) -> tuple[np.ndarray, np.ndarray | None, dict[str, Any]]:
    """With the calibration record of the sidecar or session applied, where there is one that belongs here; last of all,
    since limits and stuck values show in what the sensor gave."""
    metadata = dict(raw.sidecar.metadata)
    record = metadata.get("calibration")
    if record is None or metadata.get("calibrated_on_clip"):
        return acc, gyr, metadata
    try:
        if missing or raw.frame != "sensor":
            raise CalibrationError("calibration is of the sensor's own three axes, which this recording has not.")
        check_belongs(record, metadata, "the calibration record")
        setting = setting_of(record, "the calibration record")
    except (CalibrationError, AttributeError) as error:
        notes.append(f"Not calibrated: {error}")
        return acc, gyr, metadata
    if isinstance(record, dict):
        notes.append(f"Calibrated by the record {hash_of(setting)} of {record.get('when')} ({record.get('method')}).")
    metadata["calibration_applied"] = hash_of(setting)
    del metadata["calibration"]  # written and read again, it must not be applied twice
    acc, gyr = calibrated(setting, acc, gyr)
    return acc, gyr, metadata


def _array(name: str, values: npt.ArrayLike, dtype: type, shape: tuple[int | None, ...]) -> np.ndarray:
    """A C-ordered copy of `values` with `dtype` and `shape` (None: any length), or RecordingError."""
    try:
        given = np.asarray(values)
        if given.dtype.kind not in "fiu":
            raise TypeError
        with np.errstate(over="ignore"):
            array: np.ndarray = np.array(given, dtype=dtype, order="C", copy=True)
    except (TypeError, ValueError, OverflowError):
        raise RecordingError(f"{name} must be an array of numbers of shape {_shape(shape)}") from None
    if array.ndim != len(shape) or any(want not in (None, got) for want, got in zip(shape, array.shape, strict=True)):
        hint = "; it looks transposed" if array.ndim == 2 and array.shape[0] == 3 and shape[-1] == 3 else ""
        raise RecordingError(f"{name} has the shape {array.shape} where {_shape(shape)} is needed{hint}")
    return array


def _shape(shape: tuple[int | None, ...]) -> str:
    return "(" + ", ".join("n" if s is None else str(s) for s in shape) + (",)" if len(shape) == 1 else ")")


def _check_axes(raw: Raw) -> None:
    lacking = [name for name in raw.missing if name in ACC]
    if not raw.missing:
        return
    if raw.frame != "pelvis":
        raise RecordingError(
            f"lacks {', '.join(raw.missing)}: all three axes are needed to find the mounting; " + IN_PELVIS
        )
    if "acc_z" in lacking:
        raise RecordingError("lacks acc_z, the vertical axis of the pelvis frame: nothing can be found without it")
    if raw.gyr is not None and any(name in GYR for name in raw.missing):
        # Angles need all three rates; two of them would give wrong angles, not fewer.
        raw.gyr = None
        raw.missing = tuple(lacking)
        raw.notes.append("The gyroscope lacks axes, so it is set aside: accelerometer only.")


def _no_clock(raw: Raw) -> str:
    if not raw.labels.from_file:
        return "has no time stamps and no rate: give t_s or rate_hz"
    rate = "give rate_hz=... (--rate-hz ...), or rate_hz in the sidecar"
    if not raw.unused:
        return f"has no time column and no rate: {rate}"
    return (
        f"has no time column that is recognised (not recognised: {listed(raw.unused)}) and no rate: where one of them "
        f"is the time, name it and its unit, such as {column_option({'t_ms': raw.unused[0]})}; else {rate}"
    )


def _timebase(raw: Raw) -> tuple[Timebase, int]:
    malformed = len(raw.refused_rows)
    if raw.t is None:
        if raw.rate_hz is None:
            raise RecordingError(_no_clock(raw))
        return even_timebase(len(raw.acc), raw.rate_hz, raw.refused_rows), malformed

    def same_as_before(rows: np.ndarray) -> np.ndarray:
        same = np.ones(len(rows), bool)
        for values in (raw.acc, raw.gyr):
            if values is not None:
                now, before = values[rows], values[rows - 1]
                same &= ((now == before) | (np.isnan(now) & np.isnan(before))).all(axis=1)
        return same

    base = stamped_timebase(
        raw.t,
        same_as_before,
        rate_hint_hz=raw.rate_hz,
        hint_origin=raw.rate_origin,
        wrap_s=_US_COUNTER_S if raw.t_in_us else None,
    )
    return base, malformed


def _placed(values: np.ndarray, base: Timebase) -> np.ndarray:
    if base.source_i is None:
        return values
    placed = values[np.maximum(base.source_i, 0)]
    placed[base.source_i < 0] = 0
    return placed


def _check_enough(acc: np.ndarray, gyr: np.ndarray | None, present: np.ndarray, valid: np.ndarray) -> None:
    lost = int(np.count_nonzero(present & ~valid))
    if lost <= _MAX_INVALID_FRACTION * np.count_nonzero(present):
        return
    acc_lost = int(np.count_nonzero(present & ~signals.possible(acc, None)))
    which = "accelerometer" if acc_lost > lost / 2 or gyr is None else "gyroscope"
    raise RecordingError(
        f"has no usable {which} values in {lost} of {np.count_nonzero(present)} samples (empty or NaN): "
        "where sensors are logged at different rates, bring them onto one clock first"
    )


def _without_dead_axes(
    raw: Raw, acc: np.ndarray, gyr: np.ndarray | None, valid: np.ndarray, notes: list[str]
) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """(gyr or None, missing): an axis that never changes in a moving recording is dead.

    A dead accelerometer axis is an error in the sensor frame and a missing axis in the pelvis frame; a dead gyroscope
    axis sets the gyroscope aside, as angles from two rates are wrong."""
    good = acc[valid]
    missing = list(raw.missing)
    if signals.total_spread(good) < _DEAD_MOVING_MPS2 or len(good) < 3:
        return gyr, raw.missing
    for i in signals.constant_axes(good):
        name = ACC[i]
        if name in missing:
            continue
        if raw.frame != "pelvis" or name == "acc_z":
            raise RecordingError(
                f"has a dead axis: {name} is {good[0, i]:.4g} m/s2 throughout while the others move; "
                "the sensor or its wiring is broken, or the column was never filled"
            )
        missing.append(name)
        acc[:, i] = 0
        notes.append(f"Axis {name} never changes: taken as missing.")
    if gyr is not None:
        dead = [GYR[i] for i in signals.constant_axes(gyr[valid])]
        if dead:
            notes.append(f"Gyroscope axis {', '.join(dead)} never changes in a moving recording: gyroscope set aside.")
            gyr = None
    return gyr, tuple(name for name in ACC if name in missing)


def _saturated(
    acc: np.ndarray, gyr: np.ndarray | None, rate_hz: float, sidecar: Sidecar, notes: list[str]
) -> np.ndarray:
    limits = (
        None if sidecar.range_g is None else sidecar.range_g * STANDARD_GRAVITY_MPS2,
        None if sidecar.range_dps is None else float(np.deg2rad(sidecar.range_dps)),
    )
    found = np.zeros(len(acc), bool)
    for values, limit, name in ((acc, limits[0], "accelerometer"), (gyr, limits[1], "gyroscope")):
        if values is None:
            continue
        if limit is not None and np.count_nonzero(np.abs(values) > 1.05 * limit) > 0:
            notes.append(f"The {name} exceeds the range stated for it; the stated range is not used.")
            limit = None
        at_limit = signals.saturated(values, name == "gyroscope", limit)
        if at_limit.any():
            notes.append(f"{counted(int(at_limit.sum()), 'sample')} of the {name} at its limit: flagged saturated.")
        found |= at_limit
    # A shorter piece may never fall below 0, nor hold enough zeros to tell.
    if len(acc) >= rate_hz and acc[:, 2].min() == 0 and np.count_nonzero(acc[:, 2] == 0) > 0.005 * len(acc):
        notes.append("Axis acc_z never falls below 0 and often is 0: the source has clipped it there.")
    return found
