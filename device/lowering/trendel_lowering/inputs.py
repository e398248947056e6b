"""Recordings and generated runs as jobs for the homes, made as the batch drivers make them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .homes import Job

if TYPE_CHECKING:
    from trendel.recording import Recording


def job_of(recording: Recording) -> Job:
    """A cold start over a whole recording with default parameters. Raises ParameterError or MountingError."""
    from trendel.analysis.drivers import samples_of, setup_for
    from trendel.analysis.kernel_params import kernel_params
    from trendel.analysis.parameters import Parameters
    from trendel.kernels import layout

    params = kernel_params(Parameters(), setup_for(recording, "auto"))
    return Job.cold(layout, np.asarray(params), samples_of(recording, 0, len(recording)))


def job_of_file(path: Path) -> Job:
    """The same from a CSV file. Raises RecordingError for one that cannot be read."""
    from trendel.recording import read

    return job_of(read(path))


def generated_job() -> Job:
    """A cold start over a simulated run, 82 s at 208 Hz."""
    from trendel.recording import Recording
    from trendel.simulation import SensorModel, Session, simulate

    session = Session((("stand", 6.0), ("walk", 12.0), ("run", 60.0), ("stand", 4.0)))
    run = simulate(session, SensorModel(rate_error=0.0, rate_drift=0.0))
    return job_of(Recording.from_arrays(run.acc_mps2, run.gyr_radps, run.sensor.rate_hz))
