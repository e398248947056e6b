"""What each stage saw when a step was given out: the kernels run again up to that sample, and their state laid open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from trendel.analysis.drivers import CHUNK_N, Mode, closing_samples, learned, one_pass, samples_of, setup_for, start_n
from trendel.analysis.kernel_params import kernel_params
from trendel.analysis.parameters import Parameters
from trendel.analysis.tables import Table, seconds, steps_table
from trendel.errors import RecordingError
from trendel.kernels.compile import zeros
from trendel.kernels.contacts import judge_step, side_sign
from trendel.kernels.events import fine, measure_swing
from trendel.kernels.layout import DTYPES, NEW_STEP, R_UP, RING_MASK, RING_N
from trendel.kernels.pipeline import run, step

if TYPE_CHECKING:
    from trendel.recording import Recording

_VERDICTS = ("not running", "running if its neighbours are", "running in a run", "running")


def explain(
    recording: Recording,
    number: int,
    *,
    mode: Mode = "refined",
    mounting: Any = "auto",
    params: Parameters | None = None,
) -> dict[str, Any]:
    """Everything behind one step, stage by stage.

    Args:
        recording: the input.
        number: the step's number, from 0, as in the column `step` of the steps table.
        mode, mounting, params: as for analyze().

    Returns:
        "step": the row as in the steps table; "attitude", "mounting", "contacts", "stride": plain numbers of each
        stage at the sample that gave the step out; "ring": a Table of the newest ticks (time, levelled force, angles,
        smoothed vertical), which hold the step.

    Raises:
        RecordingError: there is no such step.
    """
    parameters = params or Parameters()
    setup = setup_for(recording, mounting)
    if mode == "refined" and not setup.levelled:
        first = one_pass(recording, parameters, setup, signals_n=start_n(recording))
        setup = learned(recording, first, parameters)
    kernel = kernel_params(parameters, setup)
    state, out = zeros("State"), zeros("Out")
    rows = (
        np.zeros(CHUNK_N, DTYPES["StepRow"]),
        np.zeros(CHUNK_N, DTYPES["StrideRow"]),
        np.zeros(CHUNK_N, DTYPES["Alert"]),
    )
    none, n = zeros("Signal", 0), len(recording)
    for start in range(0, n + CHUNK_N, CHUNK_N):
        samples = samples_of(recording, start, min(start + CHUNK_N, n)) if start < n else closing_samples(kernel)
        before = state.tobytes()
        run(state, kernel, samples, none, *rows, out, np.zeros(3, np.int64))
        if int(state.contacts.steps_n[0]) > number >= 0:
            state = np.frombuffer(bytearray(before), DTYPES["State"]).view(np.recarray)
            for i in range(len(samples)):
                if step(state[0], kernel[0], samples[i], out[0]) & NEW_STEP and int(out.step.index[0]) == number:
                    return _open(recording, state, kernel, out, min(start + i, n - 1))
    total = int(state.contacts.steps_n[0])
    raise RecordingError(
        f"{recording.source} has no step {number}; "
        + (f"its steps are 0 to {total - 1}." if total else "no running was found in it.")
    )


def _open(
    recording: Recording, state: np.recarray, params: np.recarray, out: np.recarray, sample: int
) -> dict[str, Any]:
    a, m, c = state.attitude[0], state.mounting[0], state.contacts[0]
    now_s = float(recording.t_s[sample])
    p = params.contacts[0]
    table = steps_table(out.step.reshape(1), recording.t_s, recording.rate_hz)
    row = {name: table.data[name][0].item() for name in table.columns}
    deg = 180.0 / np.pi
    ring, ticks = _ring(recording, state, params)
    # The step's mid rises are no longer kept when it comes out of the queue: find them from its instants.
    first = int(np.searchsorted(ring["t_s"], row["ic_s"]))
    last = int(np.searchsorted(ring["t_s"], row["end_s"]))
    inside = 0 < first < last < len(ring)
    start_tick, stop_tick = (int(ticks[first]), int(ticks[last])) if inside else (0, 0)
    if inside:
        measure_swing(c, params[0], np.int32(start_tick), np.int32(stop_tick))
    verdict = int(judge_step(c, params[0], np.int32(start_tick), np.int32(stop_tick))) if inside else None
    return {
        "step": row,
        "given_out": {
            "sample": sample,
            "t_s": now_s,
            "late_by_s": now_s - row["end_s"],
        },
        "attitude": {
            "q_world_from_sensor": [float(v) for v in a.q_world_from_sensor],
            "gyroscope_bias_dps": [float(v) * deg for v in a.bias_radps],
            "angle_sd_deg": float(np.sqrt(a.cov[0])) * deg,
            "velocity_sd_mps": float(np.sqrt(a.cov[3])),
            "bias_sd_dps": float(np.sqrt(a.cov[5])) * deg,
            "unexplained_velocity_mps": [float(v) for v in a.vel_mps],
            "settled_s": float(a.settled_s),
        },
        "mounting": {
            "phase": ("none", "learning", "settled")[int(m.phase)],
            "strides_learned_from": int(m.strides_n),
            "forward_left_up_in_sensor": np.asarray(m.axes, float).reshape(3, 3).tolist(),
            "symmetry_axis_strength": float(np.hypot(m.axis[0], m.axis[1])),
            "forward_sign_correlation": float(np.hypot(m.forward[0], m.forward[1])),
            "standing_blocks": int(m.stand_n),
        },
        "contacts": {
            "level_mps2": float(p.gravity_mps2) + float(c.level_off_mps2),
            "initial_contact_lead_s": float(p.ic_lead_s),
            "toe_off_fade": [float(p.to_fade_share), float(p.fade_rest_s)],
            "verdict": None if verdict is None else _VERDICTS[verdict],
            "side_sign": float(side_sign(c, params[0], np.int32(start_tick), np.int32(stop_tick))) if inside else None,
            "side_vote": float(c.vote),
            "running_steps_in_a_row": int(c.good_n),
            "waiting_steps": int(c.queue_n),
        },
        "stride": {
            "regularity": float(out.step.regularity[0]),
            "stride_regularity": float(out.step.stride_regularity[0]),
            "flags": row["flags"],
            "quality": row["quality"],
        },
        "ring": ring,
    }


def _ring(recording: Recording, state: np.recarray, params: np.recarray) -> tuple[Table, np.ndarray]:
    """The ring of ticks, oldest first, as a table; and the tick numbers."""
    c, p = state.contacts[0], params.contacts[0]
    newest = int(c.ticks_n)
    ticks = np.arange(max(0, newest - RING_N), newest)
    values = np.asarray(c.ring)[ticks & RING_MASK]
    index = int(c.origin_i) + ticks * int(p.tick_n)
    times = seconds(recording.t_s, recording.rate_hz, index, np.full(len(ticks), float(p.tick_centre)))
    smooth = [float(fine(c, params[0], np.int32(t), np.int32(R_UP))) for t in ticks]
    deg = 180.0 / np.pi
    columns = {
        "t_s": times,
        "up_mps2": values[:, 0],
        "up_smooth_mps2": smooth,
        "forward_mps2": values[:, 1],
        "left_mps2": values[:, 2],
        "tilt_deg": values[:, 3] * deg,
        "obliquity_deg": values[:, 4] * deg,
        "rotation_deg": values[:, 5] * deg,
        "roll_radps": values[:, 6],
        "pitch_radps": values[:, 7],
    }
    data = np.zeros(len(ticks), [(name, np.float64) for name in columns])
    for name, column in columns.items():
        data[name] = column
    return Table(data, {name: name.rsplit("_", 1)[1] for name in columns}), ticks
