"""The true metrics of each running step, from the trajectory, as DESIGN and docs/science.md define them."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from trendel.constants import STANDARD_GRAVITY_MPS2 as G
from trendel.simulation.curve import F64
from trendel.simulation.running import RunningBout
from trendel.simulation.session import BLEND_S, Session

_POINTS = 128  # instants a step at which its curves are looked at
_FORCE_MS = 1.0  # and the ground force in early stance
LOADING_S = 0.025
"""The loading rate is the mean slope of the vertical force over this time after contact."""
_IMPACT_S = (0.008, 0.060)  # when an impact peak can be

_METRICS = (
    "vertical_oscillation_mm", "pelvic_drop_deg", "obliquity_peak_deg", "contralateral_drop_peak_deg", "tilt_mean_deg",
    "tilt_rom_deg", "rotation_rom_deg", "peak_vgrf_bw", "impulse_bws", "loading_rate_bwps", "impact_peak_bw",
    "braking_mps", "sway_mm",
)  # fmt: skip
STEP_DTYPE = np.dtype(
    [("side", "U1"), ("steady", "?")]
    + [(name, "f8") for name in ("ic_s", "to_s", "contact_time_ms", "flight_time_ms", *_METRICS)]
)
"""One running contact. Metrics are NaN where `steady` is not; impact_peak_bw also where the force has no such peak."""


def true_steps(session: Session, progress: Callable[[float], None] | None = None) -> NDArray[np.void]:
    """Every running contact with its metrics from the trajectory; NaN where a step fades into another segment.

    `progress` is told the share of the session that has been measured.
    """
    tables = []
    for k, part in enumerate(session.parts):
        if not isinstance(part, RunningBout):
            continue
        first, last = session.edges_s[k], session.edges_s[k + 1]
        keep = np.flatnonzero((part.ic_s >= first) & (part.to_s <= last))
        keep = keep[keep + 2 < len(part.ic_s)]
        if not len(keep):
            continue
        table = np.zeros(len(keep), STEP_DTYPE)
        table["side"] = np.where(part.left[keep], "L", "R")
        ic, to, end, stride_end = part.ic_s[keep], part.to_s[keep], part.ic_s[keep + 1], part.ic_s[keep + 2]
        table["ic_s"], table["to_s"] = ic, to
        table["contact_time_ms"], table["flight_time_ms"] = 1000 * (to - ic), 1000 * (end - to)
        table["steady"] = (ic >= first + BLEND_S / 2) & (stride_end <= last - BLEND_S / 2)
        for a in range(0, len(keep), 128):
            rows = slice(a, a + 128)
            _measure(session, part, table[rows], keep[rows])
            if progress:
                progress(float(ic[rows][-1] / session.edges_s[-1]))
        for name in _METRICS:
            table[name][~table["steady"]] = np.nan
        tables.append(table)
    return np.concatenate(tables) if tables else np.zeros(0, STEP_DTYPE)


def _measure(session: Session, part: RunningBout, table: NDArray[np.void], number: NDArray[np.intp]) -> None:
    """Fill the metrics of these steps (consecutive, of one bout) in place."""
    n = len(number)
    ic, to = table["ic_s"], table["to_s"]
    # One step more than there are rows, for what is defined over a stride.
    start, end = part.ic_s[number[0] : number[-1] + 2], part.ic_s[number[0] + 1 : number[-1] + 3]
    share = (np.arange(_POINTS) + 0.5) / _POINTS
    t = start[:, None] + share * (end - start)[:, None]
    now = session.at(t.ravel())
    tilt, obliquity, rotation = (x.reshape(n + 1, _POINTS) for x in now.angles_deg)
    up, left, pace = (x.reshape(n + 1, _POINTS) for x in (now.up.x, now.left.x, now.forward.d1))
    stance = t[:n] < to[:, None]
    sign = np.where(table["side"] == "L", 1.0, -1.0)
    table["tilt_mean_deg"], table["tilt_rom_deg"] = tilt[:n].mean(axis=1), np.ptp(tilt[:n], axis=1)
    table["rotation_rom_deg"] = np.ptp(rotation[:n], axis=1)
    table["vertical_oscillation_mm"] = 1000 * np.ptp(up[:n], axis=1)
    table["sway_mm"] = 1000 * np.ptp(np.concatenate((left[:n], left[1:]), axis=1), axis=1)
    at_contact = session.at(ic)
    slowest = np.where(stance, pace[:n], np.inf).min(axis=1)
    table["braking_mps"] = np.maximum(at_contact.forward.d1 - slowest, 0.0)
    level = sign * at_contact.angles_deg[1]
    peak = np.maximum(np.where(stance, sign[:, None] * obliquity[:n], -np.inf).max(axis=1), level)
    table["pelvic_drop_deg"], table["contralateral_drop_peak_deg"] = peak - level, peak
    # The mean over the stride that begins here: this step and the next, each weighed by its length.
    length, mean = end - start, obliquity.mean(axis=1)
    whole = (mean[:n] * length[:n] + mean[1:] * length[1:]) / (length[:n] + length[1:])
    table["obliquity_peak_deg"] = peak - sign * whole
    _measure_force(part, table, number)


def _measure_force(part: RunningBout, table: NDArray[np.void], number: NDArray[np.intp]) -> None:
    """Metrics of the vertical ground force, from the forces of the steps alone."""
    share = (np.arange(_POINTS) + 0.5) / _POINTS
    contact = table["to_s"] - table["ic_s"]

    def force(tau: F64) -> F64:
        at = np.repeat(number, tau.shape[1])
        return (1 + part.vertical.height(tau.ravel(), at).d2 / G).reshape(tau.shape)

    over = force(contact[:, None] * share)
    table["peak_vgrf_bw"], table["impulse_bws"] = over.max(axis=1), over.mean(axis=1) * contact
    n = len(number)
    table["loading_rate_bwps"] = force(np.full((n, 1), LOADING_S))[:, 0] / LOADING_S
    early = np.arange(_IMPACT_S[0], _IMPACT_S[1], _FORCE_MS / 1000)
    values = force(np.tile(early, (n, 1)))
    top = (values[:, 1:-1] >= values[:, :-2]) & (values[:, 1:-1] > values[:, 2:])
    found = top.any(axis=1)
    table["impact_peak_bw"] = np.where(found, values[np.arange(n), top.argmax(axis=1) + 1], np.nan)
