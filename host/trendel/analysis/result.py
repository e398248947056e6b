"""analyze(): a recording in, tables and a summary out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trendel.analysis.alerts import alerts_table
from trendel.analysis.conditions import Condition, marks_of, read_conditions
from trendel.analysis.drivers import Mode, Pass, Progress, one_pass, passes, setup_for
from trendel.analysis.kernel_params import Setup
from trendel.analysis.parameters import Parameters
from trendel.analysis.six_axes import Samples, SixAxes
from trendel.analysis.stability import Baseline
from trendel.analysis.summary import summarise
from trendel.analysis.tables import Table, signals_table, steps_table, strides_table
from trendel.analysis.waveforms import waveforms_table
from trendel.errors import ParameterError, RecordingError
from trendel.kernels.layout import SEGMENT_RUNNING, SEGMENT_UNKNOWN

if TYPE_CHECKING:
    from trendel.recording import Recording


@dataclass(frozen=True, eq=False)
class Result:
    """What was found in a recording.

    Attributes:
        steps: one row for each step, from initial contact of one foot to that of the other.
        strides: one row for each stride, from initial contact of a foot to its next; they overlap by a step.
        signals: one row for each sample: angles, vertical position, levelled specific force, estimated ground
            reaction, segment; or none.
        alerts: one row for each alert of hip stability or of a clip that moved.
        waveforms: average strides of the angles and of force; empty without signals.
        summary: plain numbers and text, as in summary.json.
    """

    steps: Table
    strides: Table
    signals: Table
    alerts: Table
    waveforms: Table
    summary: dict[str, Any]


def analyze(
    recording: Recording,
    *,
    mode: Mode = "refined",
    mass_kg: float | None = None,
    mounting: Any = "auto",
    params: Parameters | str | Path | None = None,
    baseline: Baseline | None = None,
    conditions: Iterable[Condition] | str | Path = (),
    signals: bool = True,
    progress: Progress | None = None,
) -> Result:
    """Steps, strides, pelvic angles and forces of a recording.

    Args:
        recording: as from trendel.read or Recording.from_arrays.
        mode: "refined" runs the kernels twice, the second time with the mounting and bias that the first learned;
            "causal" gives what a live run and the clip give.
        mass_kg: runner's mass, for forces in newton in the summary; default: the recording's metadata.
        mounting: "auto" finds it; "pelvis": the sensor's axes are forward, left, up; a mounting file; or a 3x3 matrix.
        params: parameters, or the path of a TOML file with them.
        baseline: the runner's own from earlier runs, which hip stability is then compared with from the start.
        conditions: speed and grade known from outside, with the times from which they hold, or the path of a CSV file
            with them; hip stability takes the level anew where they change.
        signals: also give one row for each sample.
        progress: called with the fraction done, 0 to 1.

    Raises:
        ParameterError, MountingError, RecordingError: with one sentence that says what and what to do.
    """
    if not isinstance(recording, Samples):
        raise RecordingError("analyze() takes a Recording: read the file with trendel.read(path) first.")
    parameters = params if isinstance(params, Parameters) else Parameters.from_toml(params) if params else Parameters()
    mass = _mass(mass_kg, recording)
    setup = replace(setup_for(recording, mounting), baseline=baseline)
    known = read_conditions(conditions) if isinstance(conditions, (str, Path)) else tuple(conditions)
    if known:
        recording = replace(recording, flags=recording.flags | marks_of(known, recording.t_s))
    done = passes(recording, mode, parameters, setup, signals=signals, progress=progress)
    steps = steps_table(done.steps, recording.t_s, recording.rate_hz)
    strides = strides_table(done.strides, recording.t_s, recording.rate_hz)
    if mode == "refined":
        _label_running(done)
    summary = summarise(recording, done, steps, strides, mode, mass, parameters)
    n = len(done.signals)
    rows = signals_table(done.signals, done.segments[:n], recording.t_s[:n], done.setup, steps)
    alerts = alerts_table(done.alerts, recording.t_s, recording.rate_hz)
    return Result(steps, strides, rows, alerts, waveforms_table(rows, strides), summary)


def _mass(mass_kg: float | None, recording: Recording) -> float | None:
    mass = mass_kg if mass_kg is not None else recording.metadata.get("mass_kg")
    if mass is None:
        return None
    if isinstance(mass, bool) or not isinstance(mass, (int, float)) or not 20 <= mass <= 250:
        raise ParameterError(f"a mass of {mass!r} kg cannot be; give the runner's mass in kilograms.")
    return float(mass)


def _label_running(done: Pass) -> None:
    """Refined: running begins with its first contact and ends with the last, not when the live detector was sure of it.

    What the live label had of running before and after takes the label that follows.
    """
    column = done.segments
    cuts = np.concatenate([[0], np.flatnonzero(np.diff(column)) + 1, [len(column)]])
    after = SEGMENT_UNKNOWN
    for start, stop in zip(cuts[-2::-1].tolist(), cuts[:0:-1].tolist(), strict=True):
        if column[start] == SEGMENT_RUNNING:
            column[start:stop] = after
        else:
            after = int(column[start])
    rows = done.steps
    for segment in np.unique(rows["segment_i"]):
        mine = rows[rows["segment_i"] == segment]
        first = int(mine["ic_i"][0] + mine["ic_frac"][0])
        last = int(mine["end_i"][-1] + mine["end_frac"][-1])
        column[first : last + 1] = SEGMENT_RUNNING


def orientation(
    acc_mps2: npt.ArrayLike, gyr_radps: npt.ArrayLike, rate_hz: float, *, params: Parameters | None = None
) -> npt.NDArray[np.float32]:
    """Orientation of the sensor, causal, without a magnetometer (heading starts anywhere and drifts).

    Args:
        acc_mps2: (n, 3) specific force, m/s2, sensor frame.
        gyr_radps: (n, 3) rate, rad/s, sensor frame.
        rate_hz: sampling rate.
        params: parameters; only those of the attitude matter.

    Returns:
        (n, 4) float32 unit quaternions world from sensor, w first, Hamilton; world z is up.

    Raises:
        RecordingError: shapes or units that cannot be.
    """
    samples = SixAxes.check(acc_mps2, gyr_radps, rate_hz)
    done = one_pass(samples, params or Parameters(), Setup(rate_hz=samples.rate_hz), signals_n=len(samples))
    return np.ascontiguousarray(done.signals["q_world_from_sensor"])
