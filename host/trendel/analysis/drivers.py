"""Causal and refined drivers: recordings through the same step function that runs live and on the clip."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from trendel.analysis.kernel_params import Setup, kernel_params
from trendel.analysis.mounting_file import Axes, check_axes, read_mounting
from trendel.analysis.parameters import Parameters
from trendel.analysis.six_axes import Samples
from trendel.analysis.start import turn_back
from trendel.errors import MountingError, ParameterError, RecordingError
from trendel.kernels.compile import zeros
from trendel.kernels.layout import DTYPES, QUEUE_N, SAMPLE_INVALID
from trendel.kernels.pipeline import run

if TYPE_CHECKING:
    from trendel.recording import Recording

CHUNK_N = 16384  # samples converted at a time: memory stays flat beyond the input and the output
_STEP_MIN_S = 0.2
_START_S = 4.0
IDENTITY: Axes = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
Progress = Callable[[float], None]
Mode = Literal["refined", "causal"]


@dataclass
class Pass:
    """What one pass of the kernels over a recording gives: rows, signals and the final state."""

    params: np.recarray
    state: np.recarray
    steps: npt.NDArray[np.void]
    strides: npt.NDArray[np.void]
    alerts: npt.NDArray[np.void]
    signals: npt.NDArray[np.void]
    segments: npt.NDArray[np.uint8]
    setup: Setup
    learned_n: int = 0  # strides that the mounting of this pass was learned from in an earlier one


def setup_for(recording: Recording, mounting: Any) -> Setup:
    """What the recording brings along and what is known of its mounting.

    Args:
        recording: the input.
        mounting: "auto", "pelvis", the path of a mounting file, or a 3x3 matrix pelvis from sensor.

    Raises:
        MountingError: the mounting cannot be read, is no rotation, or contradicts the recording.
    """
    levelled = bool(recording.missing)
    axes: Axes | None = None
    standing = False
    if levelled and recording.frame != "pelvis":
        raise MountingError(
            "axes are missing and the recording is not in the pelvis frame; nothing tells which way is up."
        )
    if isinstance(mounting, str) and mounting in ("auto", "pelvis"):
        if mounting == "pelvis" or recording.frame == "pelvis":
            axes, standing = IDENTITY, True
    elif levelled:
        raise MountingError("the recording lacks axes, so a mounting cannot be applied to it; use --mounting auto.")
    elif isinstance(mounting, (str, Path)):
        axes, standing = read_mounting(mounting), True
    else:
        axes, standing = check_axes(mounting), True
    return Setup(
        rate_hz=float(recording.rate_hz),
        has_gyro=recording.gyr_radps is not None,
        has_left=not any(m in ("acc_y", "y", "acc_left") for m in recording.missing),
        levelled=levelled,
        axes=axes,
        has_standing=standing,
    )


def samples_of(recording: Samples, start: int, stop: int) -> np.recarray:
    """(stop - start,) Sample records of that part of a recording."""
    samples = zeros("Sample", stop - start)
    samples["acc_mps2"] = recording.acc_mps2[start:stop]
    if recording.gyr_radps is not None:
        samples["gyr_radps"] = recording.gyr_radps[start:stop]
    samples["dt_s"] = np.float32(1.0 / recording.rate_hz)
    samples["marks"] = recording.flags[start:stop]
    return samples


def closing_samples(params: np.recarray) -> np.recarray:
    """Sample records that say the input has ended: as many invalid ones as it takes to give out all that was found."""
    samples = zeros("Sample", int(params.input.bridge_max_n[0]) + 1 + QUEUE_N)
    samples["dt_s"] = params.input.dt_s[0]
    samples["marks"] = SAMPLE_INVALID
    return samples


def one_pass(
    recording: Samples, parameters: Parameters, setup: Setup, *, signals_n: int, progress: Progress | None = None
) -> Pass:
    """The kernels over the whole recording, from a cold start; signals are kept of the first signals_n samples.

    The input then ends: what the kernels would have given out a moment later comes too.

    The segment of each sample is always kept, one byte each; all else is rows of steps.
    """
    n = len(recording)
    params = kernel_params(parameters, setup)
    state, out = zeros("State"), zeros("Out")
    room = int(CHUNK_N / setup.rate_hz / _STEP_MIN_S) + 16
    step_rows, stride_rows = np.zeros(room, DTYPES["StepRow"]), np.zeros(room, DTYPES["StrideRow"])
    alert_rows = np.zeros(room, DTYPES["Alert"])
    steps, strides, alerts = [step_rows[:0]], [stride_rows[:0]], [alert_rows[:0]]
    kept, passing = zeros("Signal", min(n, signals_n)), zeros("Signal", min(n, CHUNK_N))
    segments = np.zeros(n, np.uint8)
    start = 0
    while start < n:
        stop = min(start + CHUNK_N, n)
        if start < len(kept) < stop:
            stop = len(kept)
        part = kept[start:stop] if stop <= len(kept) else passing[: stop - start]
        counts = np.zeros(3, np.int64)
        run(state, params, samples_of(recording, start, stop), part, step_rows, stride_rows, alert_rows, out, counts)
        steps.append(step_rows[: counts[0]].copy())
        strides.append(stride_rows[: counts[1]].copy())
        alerts.append(alert_rows[: counts[2]].copy())
        segments[start:stop] = part["segment"]
        if progress is not None:
            progress(stop / n)
        start = stop
    ended, counts = state.copy(), np.zeros(3, np.int64)  # the state returned is that of the last sample
    run(ended, params, closing_samples(params), zeros("Signal", 0), step_rows, stride_rows, alert_rows, out, counts)
    steps.append(step_rows[: counts[0]])
    strides.append(stride_rows[: counts[1]])
    alerts.append(alert_rows[: counts[2]])
    return Pass(
        params, state, np.concatenate(steps), np.concatenate(strides), np.concatenate(alerts), kept, segments, setup
    )


def passes(
    recording: Recording,
    mode: Mode,
    parameters: Parameters,
    setup: Setup,
    *,
    signals: bool,
    progress: Progress | None = None,
) -> Pass:
    """Causal: one pass. Refined: a second one, started with the mounting, bias and attitude that the first learned."""
    if mode not in ("refined", "causal"):
        raise ParameterError(f"mode {mode!r} is unknown; it is 'refined' or 'causal'.")
    if len(recording) == 0:
        raise RecordingError(f"{recording.source} holds no samples.")
    wanted_n = len(recording) if signals else 0
    if mode == "causal" or setup.levelled:
        return one_pass(recording, parameters, setup, signals_n=wanted_n, progress=progress)

    def part(offset: float) -> Progress | None:
        return None if progress is None else (lambda f: progress(offset + 0.5 * f))

    first = one_pass(recording, parameters, setup, signals_n=start_n(recording), progress=part(0.0))
    if int(first.state.mounting.turned_n[0]):
        # No one mounting holds for the whole run: learn it anew after each turn, as live.
        setup_2 = replace(setup, bias_radps=learned(recording, first, parameters).bias_radps)
    else:
        setup_2 = learned(recording, first, parameters)
    second = one_pass(recording, parameters, setup_2, signals_n=wanted_n, progress=part(0.5))
    if setup.axes is None and setup_2.axes is not None:
        second.learned_n = int(first.state.mounting.strides_n[0])
    return second


def start_n(recording: Recording) -> int:
    """Samples until the first pass knows the inclination well: the second starts from there, turned back."""
    return round(_START_S * recording.rate_hz)


def learned(recording: Recording, first: Pass, parameters: Parameters) -> Setup:
    """The setup of a first pass with what it learned: mounting (if unknown), gyroscope bias, first orientation."""
    mounting, attitude = first.state.mounting[0], first.state.attitude[0]
    setup = first.setup
    if setup.has_gyro:
        x, y, z = (float(v) for v in attitude.bias_radps)
        setup = replace(setup, bias_radps=(x, y, z))
    if setup.axes is None and int(mounting.strides_n) >= parameters.mounting.first_strides:
        rows = np.asarray(mounting.axes_learned, np.float64).reshape(3, 3)
        setup = replace(
            setup,
            axes=check_axes(rows),
            has_standing=bool(mounting.learned_standing),
            lean_rad=float(mounting.lean_learned_rad),
        )
    return replace(setup, start=turn_back(recording, first, setup))
