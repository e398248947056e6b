"""What single samples and axes tell of a sensor in trouble: impossible, saturated, stuck and dead values."""

from collections.abc import Sequence

import numpy as np

from trendel.constants import STANDARD_GRAVITY_MPS2
from trendel.recording.wording import counted, digits

AXES = ("x", "y", "z")
MAX_ACC_MPS2 = 200 * STANDARD_GRAVITY_MPS2
"""Beyond any accelerometer worn on the body (high-g types reach 200 g)."""
MAX_GYR_RADPS = np.deg2rad(4500.0)
"""Beyond any such gyroscope (4000 deg/s, with some overhead)."""
_SATURATION_FLOOR_ACC = 1.5 * STANDARD_GRAVITY_MPS2
_SATURATION_FLOOR_GYR = np.deg2rad(200.0)
"""The smallest ranges sold are 2 g and 250 deg/s: equal extremes below these floors are no saturation."""
_STUCK_S = 0.5
_HELD_S = 0.25
_MOVING_MPS2 = 1.0


def possible(acc_mps2: np.ndarray, gyr_radps: np.ndarray | None) -> np.ndarray:
    """(n,) bool: samples whose values are numbers within what sensors can give. acc (n, 3), gyr (n, 3) or None."""
    with np.errstate(invalid="ignore"):
        # NaN compares false, so one comparison finds missing and impossible values alike.
        good = (np.abs(acc_mps2) <= MAX_ACC_MPS2).all(axis=1)
        if gyr_radps is not None:
            good &= (np.abs(gyr_radps) <= MAX_GYR_RADPS).all(axis=1)
    return good


def saturated(values: np.ndarray, is_gyr: bool, limit: float | None) -> np.ndarray:
    """(n,) bool: samples at the sensor's limit, on any axis of `values` (n, 3), SI units.

    At the limit means: within 0.2 % of the stated `limit`, or equal to the axis's largest (or smallest) value where
    that value repeats at once and at least four times, as no real peak does."""
    floor = _SATURATION_FLOOR_GYR if is_gyr else _SATURATION_FLOOR_ACC
    found = np.zeros(len(values), bool)
    for axis in range(values.shape[1]):
        x = values[:, axis]
        for extreme in (x.max(), x.min()):
            if abs(extreme) < floor:
                continue
            at = x == extreme
            if np.count_nonzero(at) >= 4 and np.any(at[1:] & at[:-1]):
                found |= at
        if limit is not None:
            found |= np.abs(x) >= 0.998 * limit
    return found


def constant_axes(values: np.ndarray) -> tuple[int, ...]:
    """The axes (0 to 2) of `values` (n, 3) that hold one value throughout."""
    return tuple(i for i in range(values.shape[1]) if not np.any(values[:, i] != values[0, i]))


def runs(same: np.ndarray, least: int) -> list[tuple[int, int]]:
    """[(first, end)) sample ranges in which every sample equals the one before it, at least `least` samples long.

    `same` is (n - 1,) bool: sample i + 1 equals sample i."""
    edges = np.flatnonzero(~same) + 1
    starts = np.concatenate(([0], edges))
    ends = np.append(edges, len(same) + 1)
    long = np.flatnonzero(ends - starts >= least)
    return [(int(starts[i]), int(ends[i])) for i in long]


def stuck(
    acc_mps2: np.ndarray,
    gyr_radps: np.ndarray | None,
    valid: np.ndarray,
    rate_hz: float,
    skip: Sequence[str],
    notes: list[str],
) -> np.ndarray:
    """(n,) bool: samples that repeat the one before although the runner was moving.

    All axes together for a quarter of a second out of movement (the sensor hung, the logger held its last sample), or
    one axis for half a second while the others move. Values held at rest are noted, and kept: at rest they are true.
    Samples that are not `valid` (n,) hold the last valid values already and are not counted.
    `skip` names the axes not looked at (acc_y...)."""
    found = np.zeros(len(acc_mps2), bool)
    if len(acc_mps2) < 3:
        return found
    columns = [("acc_" + a, acc_mps2[:, i]) for i, a in enumerate(AXES)]
    if gyr_radps is not None:
        columns += [("gyr_" + a, gyr_radps[:, i]) for i, a in enumerate(AXES)]
    columns = [(name, x) for name, x in columns if name not in skip]
    least = max(3, round(_STUCK_S * rate_hz))
    same = [x[1:] == x[:-1] for _, x in columns]
    every = np.logical_and.reduce(same)
    at_rest: list[int] = []
    hung: list[int] = []
    for a, b in runs(every & valid[1:], max(3, round(_HELD_S * rate_hz))):
        before = acc_mps2[max(0, a - least) : a + 1]
        if len(before) > 2 and _spread(before) > _MOVING_MPS2:
            found[a + 1 : b] = True
            hung.append(b - a - 1)
        elif b - a >= least:
            at_rest.append(b - a)
    if hung:
        notes.append(
            f"All values held still out of movement {counted(len(hung), 'time')} "
            f"({counted(sum(hung), 'sample')}): flagged invalid."
        )
    if at_rest:
        notes.append(
            f"All values held exactly at rest {counted(len(at_rest), 'time')} "
            f"(in all {digits(sum(at_rest) / rate_hz, 3)} s), "
            "as where a logger fills a pause; kept as rest."
        )
    for (name, _), repeats in zip(columns, same, strict=True):
        caught = 0
        for a, b in runs(repeats & ~every, least):
            if _spread(acc_mps2[a:b]) > _MOVING_MPS2:
                found[a + 1 : b] = True
                caught += b - a - 1
        if caught:
            notes.append(
                f"Axis {name} stuck at one value for {counted(caught, 'sample')} while the others move: "
                "flagged invalid."
            )
    return found


def held(values: np.ndarray, valid: np.ndarray) -> None:
    """Put into the samples of `values` (n, 3) that are not `valid` (n,) the last valid ones (0 before the first)."""
    if valid.all():
        return
    last = np.maximum.accumulate(np.where(valid, np.arange(len(valid)), -1))
    bad = np.flatnonzero(~valid)
    values[bad] = np.where((last[bad] >= 0)[:, None], values[np.maximum(last[bad], 0)], 0)


def total_spread(values: np.ndarray) -> float:
    """Root of the summed variances of the axes of `values` (n, 3), in their unit."""
    return _spread(values)


def _spread(values: np.ndarray) -> float:
    # Axis by axis: several times faster than along axis 0 of three columns.
    return float(np.sqrt(sum(values[:, i].astype(np.float64).var() for i in range(values.shape[1]))))
