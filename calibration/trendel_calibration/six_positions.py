"""Six positions and three rotations: F. Ferraris, U. Grimaldi, M. Parvis 1995, through the imucal package.

imucal gives the matrices; this adds which sections, the direction of the turns, and how sure the result is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import t as student

from trendel.errors import CalibrationError
from trendel_calibration.any_poses import turns_between
from trendel_calibration.checked import checked_arrays
from trendel_calibration.rest import RestBias, rest_bias
from trendel_calibration.result import F64, NORMAL_95, Calibration, Subject
from trendel_calibration.sections import POSITIONS, ROTATIONS, Sections, check_sections, find_sections, positions
from trendel_calibration.static import Phase, block_means, noise_floor, static_phases, unrest
from trendel_calibration.turns import turned

FRAME = "the box: x, y and z are the vertical when their side is up"
IMUCAL_GRAVITY_MPS2 = 9.81
"""imucal's default, so that results equal imucal's; it differs from standard gravity by less than gravity does from
place to place (9.78 to 9.83)."""
_REST_MULTIPLE, _REST_S = 12.0, 1.0  # as find_sections has them
TURN_STD_DEG = 1.5
"""How well a whole turn by hand against an edge ends where it began."""


def ferraris(
    acc_raw: npt.ArrayLike,
    gyr_raw: npt.ArrayLike,
    rate_hz: float,
    *,
    sections: Mapping[str, Any] | None = None,
    turn_deg: float | None = None,
    gravity_mps2: float = IMUCAL_GRAVITY_MPS2,
    turn_std_deg: float = TURN_STD_DEG,
    is_continuous: bool = True,
    subject: Subject | None = None,
) -> Calibration:
    """Calibrate from a session with each axis once up and once down at rest, and a whole turn about each while it is
    up.

    acc_raw, gyr_raw: (n, 3), counts or SI. rate_hz: samples per second.
    sections: name -> (start, end) in samples for x_p (x up), x_a (x down), ..., x_rot, ...; found where not given.
    turn_deg: angle about the upward axis, -360 for a turn clockwise seen from above; where not given, a whole turn
        whose direction is told by the movements between positions, else clockwise. gravity_mps2: at the place.
    turn_std_deg: standard uncertainty of the angle of a turn. is_continuous: False where `acc_raw` is sections put
        together, so that nothing lies between them.
    Raises CalibrationError in one sentence where that cannot be."""
    import imucal
    import pandas as pd

    acc, checked_gyr, rate = checked_arrays(acc_raw, gyr_raw, rate_hz)
    assert checked_gyr is not None
    gyr = checked_gyr
    phases: list[Phase] | None = None
    if sections is None:
        spans, phases = find_sections(acc, gyr, rate)
    else:
        spans = check_sections(sections, len(acc))
    frame = pd.DataFrame(np.hstack([acc, gyr]), columns=["acc_x", "acc_y", "acc_z", "gyr_x", "gyr_y", "gyr_z"])
    table = pd.DataFrame(spans, index=["start", "end"]).T
    regions = imucal.ferraris_regions_from_section_list(frame, table)

    def computed(angle_deg: float) -> Any:
        try:
            return imucal.FerrarisCalibration(grav=gravity_mps2, expected_angle=angle_deg).compute(
                regions, sampling_rate_hz=rate, from_acc_unit="raw", from_gyr_unit="raw"
            )
        except np.linalg.LinAlgError:
            raise CalibrationError("the sections contradict each other: see which side was up in each.") from None

    info = computed(-360.0 if turn_deg is None else turn_deg)
    at_rest = [Phase(*spans[name]) for name in POSITIONS]
    bias = rest_bias(gyr, at_rest, rate)
    notes = []
    if phases is None and is_continuous:
        phases = sorted(at_rest, key=lambda phase: phase.start)
    check: tuple[F64, F64] | None = None
    if is_continuous and phases is not None:
        check = _transitions(info, acc, gyr, rate, phases)
        if turn_deg is None and (check[1] ** 2).sum() < 0.25 * (check[0] ** 2).sum():
            info, check = computed(360.0), (check[1], check[0])
            notes.append("The turns were counter-clockwise, as the movements between the positions tell.")
    if (np.diag(info.R_g) < 0).any():
        notes.append(
            "The gyroscope reads turns against its axes: if the turns were counter-clockwise seen from "
            "above, give turn 360."
        )
    acc_matrix = np.linalg.inv(info.R_a) @ np.linalg.inv(info.K_a)
    # imucal takes raw * s / degrees: its matrix gives degrees a second.
    gyr_matrix = np.radians(np.linalg.inv(info.R_g) @ np.linalg.inv(info.K_g))
    every = phases
    if is_continuous and sections is not None:
        level = unrest(acc, gyr, rate, noise_floor(acc, gyr, rate))
        every = static_phases(level, rate, _REST_MULTIPLE, _REST_S)
    again = _repeatability(acc, every) if is_continuous and every is not None else None
    if again is None:
        notes.append("No side was laid down twice, so how well a reading repeats is not in the accelerometer's +-.")
    acc_cov, tilt = _acc_covariance(acc, spans, rate, acc_matrix, gravity_mps2, again or 0.0)
    turn = abs(-360.0 if turn_deg is None else turn_deg)
    gyr_cov = _gyr_covariance(gyr_matrix, bias, tilt, turn_std_deg / turn)
    means = np.array([acc[slice(*spans[name])].mean(axis=0) for name in POSITIONS])
    residuals = {"gravity_mps2": np.linalg.norm((means - info.b_a) @ acc_matrix.T, axis=1) - gravity_mps2}
    if check is not None:
        residuals["turn_rad"] = check[0]
    acc_std, gyr_std = np.sqrt(np.diag(acc_cov)), np.sqrt(np.diag(gyr_cov))
    return Calibration(
        acc_matrix=acc_matrix, acc_bias=np.asarray(info.b_a), gyr_matrix=gyr_matrix, gyr_bias=np.asarray(info.b_g),
        acc_matrix_std=acc_std[:9].reshape(3, 3), acc_bias_std=acc_std[9:],
        gyr_matrix_std=gyr_std[:9].reshape(3, 3), gyr_bias_std=gyr_std[9:],
        acc_covariance=acc_cov, gyr_covariance=gyr_cov, residuals=residuals, poses=means, used=np.ones(6, bool),
        turns_used=np.ones(len(residuals.get("turn_rad", ())), bool), gyr_per_acc=np.asarray(info.K_ga),
        method="ferraris", frame=FRAME, gravity_mps2=gravity_mps2, rate_hz=rate, subject=subject or Subject(),
        notes=tuple(notes),
    )  # fmt: skip


def _transitions(info: Any, acc: F64, gyr: F64, rate_hz: float, phases: list[Phase]) -> tuple[F64, F64]:
    """Angles (m,), rad, by which gravity after each movement between positions differs from gravity before it turned by
    the gyroscope; with the gyroscope as calibrated, and with its sign turned round."""
    matrix = np.linalg.inv(info.R_a) @ np.linalg.inv(info.K_a)
    force = (acc - info.b_a) @ matrix.T
    turns = turns_between(force, gyr, rate_hz, phases, rest_bias(gyr, phases, rate_hz))
    if not len(turns.before):
        return np.zeros(0), np.zeros(0)
    up = np.array([force[p.start : p.end].mean(axis=0) for p in phases])
    up /= np.linalg.norm(up, axis=1)[:, None]
    m = np.radians(np.linalg.inv(info.R_g) @ np.linalg.inv(info.K_g))
    off = []
    for sign in (1.0, -1.0):
        predicted, _ = turned(sign * m, turns.rates, turns.dt_s, up[turns.before])
        off.append(np.linalg.norm(predicted - up[turns.after], axis=1))
    return off[0], off[1]


def _repeatability(acc: F64, phases: list[Phase]) -> float | None:
    """Variance, raw units squared, of what an axis reads when it is laid down again the same way, by the sides that
    were visited more than once (before and after turns, for example); None where none was."""
    means = np.array([acc[p.start : p.end].mean(axis=0) for p in phases]).reshape(-1, 3)
    sides = positions(means)
    squares, freedom = 0.0, 0
    for side in POSITIONS:
        readings = means[[s == side for s in sides], "xyz".index(side[0])]
        if len(readings) > 1:
            squares += float(((readings - readings.mean()) ** 2).sum())
            freedom += len(readings) - 1
    return squares / freedom if freedom else None


def _acc_covariance(
    acc: F64, spans: Sections, rate_hz: float, matrix: F64, gravity_mps2: float, again: float
) -> tuple[F64, float]:
    """(12, 12) covariance, and the standard deviation (rad) by which a side was not level.

    That comes from the session itself: half the sum of both readings of an axis is the bias, in each of three pairs;
    six differences remain (Ferraris uses the diagonal only). Noise of the means comes from blocks, or is `again`, the
    variance with which readings repeat, where that is more."""
    up = np.array([acc[slice(*spans[f"{axis}_p"])].mean(axis=0) for axis in "xyz"]).T
    down = np.array([acc[slice(*spans[f"{axis}_a"])].mean(axis=0) for axis in "xyz"]).T
    middle = (up + down) / 2
    scale = np.linalg.norm((up - down) / 2, axis=1)
    off = (middle - np.diag(middle)[:, None]) / scale[:, None]
    tilt = float(np.sqrt(2 * (off**2).sum() / 6))
    noise = np.zeros(3)
    for name in POSITIONS:
        blocks = block_means(acc[slice(*spans[name])], rate_hz)
        noise += blocks.var(axis=0, ddof=1) / len(blocks) / 6 if len(blocks) > 1 else 0.0
    noise = np.maximum(noise, again)
    # Elements of the sensor's matrix (raw per m/s2): the column of an axis is half the difference of two readings.
    spread = np.tile(((tilt**2 / 2) * scale**2 + noise / 2)[:, None], (1, 3)) / gravity_mps2**2
    # Being not level shortens the axis itself to second order only, always by about the square of the angle.
    np.fill_diagonal(spread, ((tilt**2 * scale) ** 2 + noise / 2) / gravity_mps2**2)
    wide = (float(student.ppf(0.975, 6)) / NORMAL_95) ** 2
    by = np.kron(matrix, matrix.T)
    covariance = np.zeros((12, 12))
    covariance[:9, :9] = by @ np.diag(spread.ravel()) @ by.T * wide
    covariance[9:, 9:] = np.diag(noise / 2 + (tilt**2 * scale / 2) ** 2) * wide
    return covariance, tilt


def _gyr_covariance(matrix: F64, bias: RestBias, tilt: float, turn_relative: float) -> F64:
    """(12, 12) covariance: a turn's angle is known to `turn_relative`, its axis to `tilt` (rad)."""
    sensor = np.linalg.inv(matrix)
    size = np.linalg.norm(sensor, axis=0)
    spread = np.tile((tilt * size) ** 2, (3, 1))
    np.fill_diagonal(spread, (size * turn_relative) ** 2 + (size * tilt**2) ** 2)
    by = np.kron(matrix, matrix.T)
    covariance = np.zeros((12, 12))
    covariance[:9, :9] = by @ np.diag(spread.ravel()) @ by.T
    covariance[9:, 9:] = bias.covariance
    return covariance


__all__ = ["ROTATIONS", "ferraris"]
