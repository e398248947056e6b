"""Results as structured tables: SI inside the kernels, the units of the field in the columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trendel.analysis.force import vertical_force
from trendel.analysis.kernel_params import Setup
from trendel.kernels import layout
from trendel.kernels.metrics import METRICS

if TYPE_CHECKING:
    import pandas as pd

STABILITY_PHASES = ("settling", "learning", "watching")
SEGMENTS = ("unknown", "standing", "walking", "running")
REASONS = {
    layout.Q_PROVISIONAL: "provisional",
    layout.Q_BRIDGED: "bridged",
    layout.Q_SATURATED: "saturated",
    layout.Q_CONTACT_UNSURE: "contact_unsure",
    layout.Q_IRREGULAR: "irregular",
    layout.Q_SIDE_UNSURE: "side_unsure",
    layout.Q_ATTITUDE: "attitude_settling",
    layout.Q_NO_IMPACT: "no_impact_peak",
}
_SIDES = np.array(["R", "", "L"])
_DECIMALS = {
    "s": 5,
    "ms": 2,
    "mm": 2,
    "deg": 3,
    "rad": 6,
    "m": 6,
    "m/s2": 5,
    "BW": 4,
    "BW s": 5,
    "BW/s": 2,
    "m/s": 5,
    "1": 5,
}


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of one kind.

    Attributes:
        data: (n,) structured array, one field a column; NaN where a value is not known.
        units: unit of each column that has one.
    """

    data: npt.NDArray[np.void]
    units: dict[str, str]

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, column: str) -> npt.NDArray[Any]:
        return np.asarray(self.data[column])

    def __iter__(self) -> Iterator[np.void]:
        return iter(self.data)

    @property
    def columns(self) -> list[str]:
        """Names of the columns, in order."""
        return list(self.data.dtype.names or ())

    def to_pandas(self) -> pd.DataFrame:
        """A pandas DataFrame with the same columns; pandas comes with the extra `trendel[pandas]`."""
        import pandas as pd

        return pd.DataFrame({name: self.data[name] for name in self.columns})

    def to_csv(self, path: str | Path) -> None:
        """Write a CSV file with one header line; unknown values are empty cells. Raises OSError.

        Texts are quoted where one of them holds a comma, a quote or a line break, as sentences do.
        """
        import pyarrow as pa
        import pyarrow.csv as pa_csv

        # From buffers: pa.array() would import pandas, where installed, to see whether it is given one of its objects.
        arrays = {name: self._arrow(name, pa) for name in self.columns}
        # "needed" quotes every text, so only where a text asks for it, as sentences do.
        texts = [self.data[name] for name in self.columns if self.data[name].dtype.kind == "U"]
        odd = any(np.char.find(text, mark).max(initial=-1) >= 0 for text in texts for mark in (",", '"', "\n", "\r"))
        options = pa_csv.WriteOptions(quoting_style="needed" if odd else "none", quoting_header="none")
        with Path(path).open("wb") as file:
            pa_csv.write_csv(pa.table(arrays), file, options)

    def _arrow(self, name: str, pa: Any) -> Any:
        """A column as an Arrow array, NaN as null, rounded to what its unit can mean."""
        column = np.ascontiguousarray(self.data[name])
        n = len(column)
        if column.dtype.kind == "f":
            values = np.round(column.astype(np.float64), _DECIMALS.get(self.units.get(name, "1"), 5))
            known = np.packbits(np.isfinite(values), bitorder="little")
            return pa.Array.from_buffers(pa.float64(), n, [pa.py_buffer(known), pa.py_buffer(values)])
        if column.dtype.kind == "U":
            encoded = np.char.encode(column, "utf-8")
            lengths = np.char.str_len(encoded)
            offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
            return pa.Array.from_buffers(
                pa.string(), n, [None, pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded.tolist()))]
            )
        values = column.astype(np.int64)
        return pa.Array.from_buffers(pa.int64(), n, [None, pa.py_buffer(values)])


def make_table(columns: dict[str, tuple[Any, str]]) -> Table:
    """A table of these columns, each with its values (n,) and unit."""
    arrays = {name: np.asarray(values) for name, (values, _) in columns.items()}
    n = len(next(iter(arrays.values())))
    data = np.empty(n, [(name, a.dtype) for name, a in arrays.items()])
    for name, a in arrays.items():
        data[name] = a
    return Table(data, {name: unit for name, (_, unit) in columns.items() if unit})


def seconds(t_s: npt.NDArray[np.float64], rate_hz: float, index: npt.NDArray[Any], frac: npt.NDArray[Any]) -> Any:
    """(n,) float64 times, in the recording's clock, of frac samples after sample index."""
    nearest = np.clip(index.astype(np.int64) + np.rint(frac).astype(np.int64), 0, len(t_s) - 1)
    return t_s[nearest] + (index.astype(np.int64) - nearest + frac.astype(np.float64)) / rate_hz


def _reasons(flags: npt.NDArray[np.uint32]) -> npt.NDArray[np.str_]:
    known: dict[int, str] = {}
    for value in np.unique(flags).tolist():
        known[value] = "|".join(name for bit, name in REASONS.items() if value & bit)
    return np.array([known[v] for v in flags.tolist()], dtype="U80") if len(flags) else np.empty(0, "U80")


def _metric(values: npt.NDArray[np.float32], valid: npt.NDArray[np.uint32], k: int) -> npt.NDArray[np.float64]:
    known = (valid >> np.uint32(k)) & np.uint32(1)
    return np.where(known != 0, values[:, k].astype(np.float64) * METRICS[k].scale, np.nan)


def _metrics(values: npt.NDArray[np.float32], valid: npt.NDArray[np.uint32]) -> dict[str, tuple[Any, str]]:
    """The columns of all metrics; one that cannot be read without its limits of agreement has them on either side."""
    columns: dict[str, tuple[Any, str]] = {}
    for k, metric in enumerate(METRICS):
        found = _metric(values, valid, k)
        columns[metric.name] = (found, metric.unit)
        if metric.limits:
            # An estimate within a part of the truth: the truth lies between these.
            for end, divisor in (("low", 1 + metric.limits), ("high", 1 - metric.limits)):
                columns[limit_column(metric.name, end)] = (found / divisor, metric.unit)
    return columns


def limit_column(name: str, end: str) -> str:
    """Name of the column with the "low" or "high" limit of a metric: its unit stays last."""
    stem, unit = name.rsplit("_", 1)
    return f"{stem}_{end}_{unit}"


def steps_table(rows: npt.NDArray[np.void], t_s: npt.NDArray[np.float64], rate_hz: float) -> Table:
    """StepRow records as a table, times in the clock of t_s."""
    columns: dict[str, tuple[Any, str]] = {
        "step": (rows["index"], ""),
        "run": (rows["segment_i"], ""),
        "side": (_SIDES[rows["side"] + 1], ""),
        "ic_s": (seconds(t_s, rate_hz, rows["ic_i"], rows["ic_frac"]), "s"),
        "to_s": (seconds(t_s, rate_hz, rows["to_i"], rows["to_frac"]), "s"),
        "end_s": (seconds(t_s, rate_hz, rows["end_i"], rows["end_frac"]), "s"),
        "step_time_ms": (rows["step_time_s"].astype(np.float64) * 1e3, "ms"),
    }
    columns |= _metrics(rows["metrics"], rows["valid"])
    columns["regularity"] = (rows["regularity"], "1")
    columns["quality"] = (rows["quality"], "1")
    columns["flags"] = (_reasons(rows["reasons"]), "")
    return make_table(columns)


def _course(course: npt.NDArray[np.void]) -> dict[str, tuple[Any, str]]:
    """Change of each side's obliquity peak from the runner's baseline, and the evidence as a share of its limit."""
    known = course["phase"] != layout.PHASE_SETTLING
    change = np.where(known[:, None], np.degrees((course["level"] - course["baseline"]).astype(np.float64)), np.nan)
    watching = course["phase"] == layout.PHASE_WATCHING
    return {
        "stability_phase": (np.array(STABILITY_PHASES)[course["phase"]], ""),
        "stability_change_left_deg": (change[:, 0], "deg"),
        "stability_change_right_deg": (change[:, 1], "deg"),
        "stability_evidence_left": (np.where(watching, course["evidence"][:, layout.CH_LEFT], np.nan), "1"),
        "stability_evidence_right": (np.where(watching, course["evidence"][:, layout.CH_RIGHT], np.nan), "1"),
    }


def strides_table(rows: npt.NDArray[np.void], t_s: npt.NDArray[np.float64], rate_hz: float) -> Table:
    """StrideRow records as a table: mean of both steps, left less right of each metric, course of hip stability."""
    time_s = rows["stride_time_s"].astype(np.float64)
    columns: dict[str, tuple[Any, str]] = {
        "last_step": (rows["index"], ""),
        "run": (rows["segment_i"], ""),
        "side": (_SIDES[rows["side"] + 1], ""),
        "ic_s": (seconds(t_s, rate_hz, rows["ic_i"], rows["ic_frac"]), "s"),
        "end_s": (seconds(t_s, rate_hz, rows["end_i"], rows["end_frac"]), "s"),
        "stride_time_ms": (time_s * 1e3, "ms"),
        "cadence_spm": (120.0 / np.where(time_s > 0, time_s, np.nan), "1/min"),
    }
    columns |= _metrics(rows["metrics"], rows["valid"])
    sided = rows["side"] != 0
    for k, metric in enumerate(METRICS):
        difference = _metric(rows["left_minus_right"], rows["valid"], k)
        columns[f"asymmetry_{metric.name}"] = (np.where(sided, difference, np.nan), metric.unit)
    columns |= _course(rows["course"])
    columns["step_regularity"] = (rows["step_regularity"], "1")
    columns["stride_regularity"] = (rows["stride_regularity"], "1")
    columns["quality"] = (rows["quality"], "1")
    columns["flags"] = (_reasons(rows["reasons"]), "")
    return make_table(columns)


def signals_table(
    signals: npt.NDArray[np.void],
    segments: npt.NDArray[np.uint8],
    t_s: npt.NDArray[np.float64],
    setup: Setup,
    steps: Table,
) -> Table:
    """Signal records as a table with one row for each sample.

    What is not known at a moment (inclination or mounting not found yet, an outage, an axis or gyroscope that is not
    there) is NaN.
    """
    settled = (signals["settled"] & 1) != 0
    mounted = (signals["settled"] & 2) != 0
    forward = mounted & (setup.has_gyro or setup.levelled)
    acc = signals["acc_level_mps2"]

    def known(values: npt.NDArray[np.float32], where: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
        return np.where(where, values, np.float32(np.nan))

    def degrees(name: str) -> npt.NDArray[np.float32]:
        return known(signals[name] * np.float32(180.0 / np.pi), mounted & setup.has_gyro)

    acc_forward, acc_up = known(acc[:, 0], forward), known(acc[:, 2], settled)
    force = vertical_force(t_s, acc_up.astype(np.float64), acc_forward.astype(np.float64), steps)
    return make_table(
        {
            "t_s": (t_s, "s"),
            "tilt_deg": (degrees("tilt_rad"), "deg"),
            "obliquity_deg": (degrees("obliquity_rad"), "deg"),
            "rotation_deg": (degrees("rotation_rad"), "deg"),
            "vertical_m": (known(signals["vertical_m"], settled), "m"),
            "acc_forward_mps2": (acc_forward, "m/s2"),
            "acc_left_mps2": (known(acc[:, 1], forward & setup.has_left), "m/s2"),
            "acc_up_mps2": (acc_up, "m/s2"),
            "vgrf_bw": (force.astype(np.float32), "BW"),
            "segment": (np.array(SEGMENTS)[segments], ""),
        }
    )
