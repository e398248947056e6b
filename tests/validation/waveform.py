"""Vertical ground force over time, estimated, against a force plate, over whole steps."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from tests.validation.data import F64
from trendel.analysis import Result

COLUMN = "vgrf_bw"


def estimated(result: Result) -> tuple[F64, F64] | None:
    """Times (n,) s and vertical force (n,) in body weights as found; None while there is no such signal."""
    if COLUMN not in result.signals.columns:
        return None
    return result.signals["t_s"].astype(np.float64), result.signals[COLUMN].astype(np.float64)


def squared_by_step(result: Result, plate_t_s: F64, plate_bw: F64, ic_s: F64) -> F64 | None:
    """Mean squared error (BW^2) of each whole step of the plate, from contact to contact; (contacts - 1,).

    NaN where nothing was estimated for some of the step; None while there is no waveform at all.
    """
    found = estimated(result)
    if found is None:
        return None
    t, force = found
    error = np.interp(plate_t_s, t, force, left=np.nan, right=np.nan) - plate_bw
    parts = [error[(plate_t_s >= a) & (plate_t_s < b)] ** 2 for a, b in pairwise(ic_s)]
    return np.array([part.mean() if len(part) else np.nan for part in parts])
