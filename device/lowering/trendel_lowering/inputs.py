"""Recordings and streams as jobs for the homes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from trendel.recording import Recording, read

from .homes import Job


def recording_setup(recording: Recording) -> np.ndarray:
    """(1,) Params for a recording with default parameters; a recording in the pelvis frame has its mounting known."""
    from trendel.analysis.parameters import Parameters, Setup, kernel_params

    has_gyro, in_pelvis = recording.gyr_radps is not None, recording.frame == "pelvis"
    setup = Setup(
        rate_hz=recording.rate_hz,
        has_gyro=has_gyro,
        has_left="acc_y" not in recording.missing,
        levelled=in_pelvis and not has_gyro,
        axes=((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)) if in_pelvis else None,
    )
    return kernel_params(Parameters(), setup)


def recording_samples(recording: Recording) -> np.ndarray:
    """(n,) Sample of a recording."""
    from trendel.kernels.layout import DTYPES

    samples = np.zeros(len(recording), DTYPES["Sample"])
    samples["acc_mps2"] = recording.acc_mps2
    if recording.gyr_radps is not None:
        samples["gyr_radps"] = recording.gyr_radps
    samples["dt_s"] = np.float32(1.0 / recording.rate_hz)
    samples["flags"] = recording.flags
    return samples


def job_of_recording(path: Path) -> Job:
    """A cold start over a whole recording. Raises RecordingError or ParameterError for one that cannot be analysed."""
    from trendel.kernels import layout

    recording = read(path)
    return Job.cold(layout, np.asarray(recording_setup(recording)), recording_samples(recording))
