"""Average strides: how pelvis and force move from a foot's contact to its next, with the spread over strides."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trendel.analysis.tables import Table, make_table

F64 = npt.NDArray[np.float64]

POINTS_N = 51
"""Points of a stride, at equal shares of its time: every 2 per cent, both ends included."""
SIGNALS = {"tilt_deg": "deg", "obliquity_deg": "deg", "rotation_deg": "deg", "vgrf_bw": "BW"}
QUALITY_MIN = 0.6
_STRIDES_MIN = 3


def waveforms_table(signals: Table, strides: Table) -> Table:
    """Mean and standard deviation over strides, by signal, side of the contact, and part of the run.

    Each stride is resampled linearly to POINTS_N shares of its time, as is usual for gait (time normalisation).
    Strides of low quality and those with unknown samples are left out; fewer than three give no rows.

    Args:
        signals: one row for each sample, as of Result; may be empty.
        strides: from initial contact to the next of the same foot.
    """
    columns: dict[str, list[npt.NDArray[np.generic]]] = {name: [] for name in _TYPES}
    share = np.linspace(0.0, 1.0, POINTS_N)
    good = strides["quality"] >= QUALITY_MIN
    for side in ("L", "R") if len(signals) else ():
        mine = np.flatnonzero(good & (strides["side"] == side))
        if len(mine) < _STRIDES_MIN:
            continue
        starts, ends = strides["ic_s"][mine], strides["end_s"][mine]
        at = starts[:, None] + (ends - starts)[:, None] * share
        quarter = max(_STRIDES_MIN, len(mine) // 4)
        parts = {"all": slice(None), "first": slice(0, quarter), "last": slice(len(mine) - quarter, None)}
        for name in SIGNALS:
            # np.interp carries NaN on to both neighbours, so that a stride with an unknown sample is found.
            curves = np.interp(at, signals["t_s"], signals[name].astype(np.float64))
            # The last contact's force is known only where a step follows: the very end may be missing.
            known = np.isfinite(curves[:, :-1]).all(axis=1)
            for part, chosen in parts.items():
                those = curves[chosen][known[chosen]]
                if len(those) >= _STRIDES_MIN:
                    _append(columns, name, side, part, share, those)
    empty = {name: np.empty(0, kind) for name, kind in _TYPES.items()}
    made = {name: np.concatenate(parts) if parts else empty[name] for name, parts in columns.items()}
    return make_table({name: (made[name], _UNITS.get(name, "")) for name in _TYPES})


_TYPES = {"signal": "U16", "side": "U1", "part": "U5", "phase_percent": "f8", "mean": "f8", "sd": "f8", "strides": "i8"}
_UNITS = {"phase_percent": "%"}


def _append(
    columns: dict[str, list[npt.NDArray[np.generic]]], name: str, side: str, part: str, share: F64, curves: F64
) -> None:
    n = np.isfinite(curves).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.nansum(curves, axis=0) / n
        sd = np.sqrt(np.nansum((curves - mean) ** 2, axis=0) / (n - 1))
    values = {"signal": name, "side": side, "part": part}
    for key, text in values.items():
        columns[key].append(np.full(POINTS_N, text, dtype=_TYPES[key]))
    columns["phase_percent"].append(100 * share)
    columns["mean"].append(np.where(n > 0, mean, np.nan))
    columns["sd"].append(np.where(n > 1, sd, np.nan))
    columns["strides"].append(n.astype("i8"))


def curve(waveforms: Table, signal: str, side: str, part: str) -> tuple[F64, F64, int] | None:
    """Mean (n,), standard deviation (n,) and number of strides of one average stride; None where there is none."""
    those = (waveforms["signal"] == signal) & (waveforms["side"] == side) & (waveforms["part"] == part)
    if not those.any():
        return None
    rows = waveforms.data[those]
    return rows["mean"].astype(np.float64), rows["sd"].astype(np.float64), int(rows["strides"].max())
