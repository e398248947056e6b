"""A simulated recording with its truth: a session, sampled by a sensor."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trendel.simulation.curve import F64
from trendel.simulation.running import RunningBout
from trendel.simulation.sensor import SensorModel
from trendel.simulation.session import BLEND_S, Session

LABEL = "simulated: nobody ran this"
_BLOCK_N = 32768  # samples computed at once, so that memory stays flat
_POINTS = 96  # for each step, where its true metrics are looked for

STEP_DTYPE = np.dtype(
    [("side", "U1"), ("steady", "?")]
    + [
        (name, "f8")
        for name in (
            "ic_s", "to_s", "contact_time_ms", "flight_time_ms", "vertical_oscillation_mm", "pelvic_drop_deg",
            "obliquity_peak_deg", "tilt_mean_deg", "tilt_rom_deg", "rotation_rom_deg", "peak_vgrf_bw", "impulse_bws",
        )
    ]
)  # fmt: skip

_METRICS = (STEP_DTYPE.names or ())[6:]  # those that need more than the instants of a contact

TRUTH_COLUMNS = ("tilt_deg", "obliquity_deg", "rotation_deg", "vertical_m", "acc_forward_mps2", "acc_left_mps2",
                 "acc_up_mps2", "vgrf_bw")  # fmt: skip


@dataclass(frozen=True)
class SimulatedRun:
    """Signals (n, 3) float32 in the sensor frame, their stamps, and the truth; times in the recording's own clock."""

    session: Session
    sensor: SensorModel
    t_s: F64
    acc_mps2: NDArray[np.float32]
    gyr_radps: NDArray[np.float32]
    truth: dict[str, F64]  # TRUTH_COLUMNS, (n,) each
    contact: NDArray[np.int8]  # (n,) 0 none, 1 left, 2 right, 3 both feet or standing
    segment: NDArray[np.intp]  # (n,) number into session.segments
    steps: NDArray[np.void]  # STEP_DTYPE, one row for each running contact
    label: str = LABEL

    @property
    def rate_hz(self) -> float:
        """True mean rate by the stamps."""
        return (len(self.t_s) - 1) / float(self.t_s[-1] - self.t_s[0])


def simulate(session: Session, sensor: SensorModel | None = None) -> SimulatedRun:
    """Generate the recording of `session` by `sensor`. The same arguments give the same arrays."""
    sensor = sensor or SensorModel()
    true, stamps = sensor.sample_times(float(session.edges_s[-1]))
    n = len(true)
    acc, gyr = np.empty((n, 3)), np.empty((n, 3))
    truth = {name: np.empty(n) for name in TRUTH_COLUMNS}
    contact, segment = np.empty(n, np.int8), np.empty(n, np.intp)
    for a in range(0, n, _BLOCK_N):
        b = min(a + _BLOCK_N, n)
        now = session.at(true[a:b])
        acc[a:b], gyr[a:b] = now.acc_pelvis_mps2, now.gyr_pelvis_radps
        way = now.acc_way_mps2
        columns = (*now.angles_deg, now.up.x, way[:, 0], way[:, 1], way[:, 2], now.force_bw)
        for name, values in zip(TRUTH_COLUMNS, columns, strict=True):
            truth[name][a:b] = values
        contact[a:b], segment[a:b] = now.contact, now.segment
    acc32, gyr32 = sensor.measure(true, acc, gyr)
    steps = true_steps(session)
    if sensor.nominal_stamps:
        for name in ("ic_s", "to_s"):
            steps[name] = np.interp(steps[name], true, stamps)
        steps["contact_time_ms"] = 1000 * (steps["to_s"] - steps["ic_s"])
    return SimulatedRun(session, sensor, stamps, acc32, gyr32, truth, contact, segment, steps)


def true_steps(session: Session) -> NDArray[np.void]:
    """Every running contact with its metrics from the trajectory; NaN where a step fades into another segment."""
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
        for a in range(0, len(keep), 256):
            _measure(session, table[a : a + 256], ic[a : a + 256], end[a : a + 256], stride_end[a : a + 256])
        for name in _METRICS:
            table[name][~table["steady"]] = np.nan
        tables.append(table)
    return np.concatenate(tables) if tables else np.zeros(0, STEP_DTYPE)


def _measure(session: Session, table: NDArray[np.void], ic: F64, end: F64, stride_end: F64) -> None:
    """Fill the metrics of these steps in place."""
    share = (np.arange(_POINTS) + 0.5) / _POINTS

    def over(start: F64, stop: F64) -> tuple[F64, F64, F64, F64, F64]:
        t = (start[:, None] + share * (stop - start)[:, None]).ravel()
        now = session.at(t)
        shape = (len(start), _POINTS)
        return tuple(x.reshape(shape) for x in (*now.angles_deg, now.up.x, now.force_bw))  # type: ignore[return-value]

    sign = np.where(table["side"] == "L", 1.0, -1.0)
    tilt, _, rotation, up, _ = over(ic, end)
    table["tilt_mean_deg"], table["tilt_rom_deg"] = tilt.mean(axis=1), np.ptp(tilt, axis=1)
    table["rotation_rom_deg"], table["vertical_oscillation_mm"] = np.ptp(rotation, axis=1), 1000 * np.ptp(up, axis=1)
    _, obliquity, _, _, force = over(ic, table["to_s"])
    at_contact = sign * session.at(ic).angles_deg[1]
    stance = sign[:, None] * obliquity
    peak = np.maximum(stance.max(axis=1), at_contact)
    table["pelvic_drop_deg"] = peak - at_contact
    table["peak_vgrf_bw"] = force.max(axis=1)
    table["impulse_bws"] = force.mean(axis=1) * (table["to_s"] - ic)
    # The mean over the stride that begins here: this step and the next, each weighed by its length.
    whole = np.array([over(ic, end)[1].mean(axis=1), over(end, stride_end)[1].mean(axis=1)])
    lengths = np.array([end - ic, stride_end - end])
    table["obliquity_peak_deg"] = peak - sign * (whole * lengths).sum(axis=0) / lengths.sum(axis=0)
