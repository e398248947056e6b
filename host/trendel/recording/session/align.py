"""Recordings of one run on one clock: two clips, or a clip and another sensor, by what each says of UTC."""

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from trendel.errors import RecordingError
from trendel.recording.reader import read
from trendel.recording.session.reader import SessionReader
from trendel.recording.session.samples import Samples, gather, order
from trendel.recording.session.writer import SUFFIX


@dataclass(frozen=True)
class TimeBase:
    """UTC = start_utc_s + rate * (time of the recording), both in s.

    Attributes:
        length_s: of the recording, on its own clock.
        start_sd_s, rate_sd: standard errors; NaN where the recording only states when it began.
    """

    start_utc_s: float
    rate: float
    length_s: float
    start_sd_s: float
    rate_sd: float


@dataclass(frozen=True)
class Alignment:
    """Time in the second recording = offset_s + rate * (time in the first).

    Attributes:
        offset_sd_s, end_sd_s: standard errors at the start and at the end of the first recording; NaN where a recording
            only states when it began. Both leave out the least delay of each link, which one-way messages do not tell.
    """

    offset_s: float
    rate: float
    offset_sd_s: float
    end_sd_s: float


def time_base(path: str | os.PathLike[str]) -> TimeBase:
    """Of a session: from the fits of its clip's clock to the host's. Of any other recording: from `started_at` (or
    `started_utc`) in the JSON beside it, at true rate. Raises RecordingError where it says nothing of UTC."""
    file = Path(path)
    if file.suffix == SUFFIX:
        return _of_session(file)
    recording = read(file)
    said = recording.metadata.get("started_at", recording.metadata.get("started_utc"))
    try:
        started = datetime.fromisoformat(str(said))
        if started.tzinfo is None:
            raise ValueError
    except ValueError:
        raise RecordingError(
            f"{file.name}: does not say when it began: put started_at, such as 2026-05-12T18:30:00.125Z, "
            "into the JSON beside it."
        ) from None
    length_s = float(recording.t_s[-1] - recording.t_s[0])
    return TimeBase(started.timestamp() - float(recording.t_s[0]), 1.0, length_s, np.nan, np.nan)


def utc_of(file: Path) -> tuple[Samples, tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]] | None]:
    """The samples of the clip that sent the most into a session, and their UTC (see Samples.utc). Raises
    RecordingError."""
    with SessionReader(file) as session:
        found = gather(session.packets())
    name = max(found, key=lambda key: found[key].blocks_n, default=None)
    samples = order(found[name]) if name is not None else None
    if samples is None:
        raise RecordingError(f"{file.name}: holds no samples: its clip sent none, or they are lost.")
    return samples, samples.utc()


def _of_session(file: Path) -> TimeBase:
    samples, utc = utc_of(file)
    if utc is None:
        raise RecordingError(
            f"{file.name}: nothing of it came live, so its clip's clock was never seen beside this computer's."
        )
    utc_ns, sd_ns = utc
    length_ns = int(samples.time_ns[-1] - samples.time_ns[0])
    fit = next(fit for fit in samples.clocks if fit is not None)
    if int(samples.boot_i[-1]) == 0 or length_ns == 0:
        rate, rate_sd = 1.0 + fit.drift_ppm * 1e-6, fit.drift_sd_ppm * 1e-6
    else:  # over restarts: by both ends
        rate = float(utc_ns[-1] - utc_ns[0]) / length_ns
        rate_sd = float(np.hypot(sd_ns[0], sd_ns[-1])) / length_ns
    return TimeBase(utc_ns[0] / 1e9, rate, length_ns / 1e9, float(sd_ns[0]) / 1e9, rate_sd)


def align(first: str | os.PathLike[str], second: str | os.PathLike[str]) -> Alignment:
    """Where a moment of the recording `first` is in `second`.

    Raises RecordingError where one says nothing of UTC, or where they have no moment in common."""
    a, b = time_base(first), time_base(second)
    offset_s = (a.start_utc_s - b.start_utc_s) / b.rate
    rate = a.rate / b.rate
    if offset_s > b.length_s or offset_s + rate * a.length_s < 0:
        raise RecordingError(
            f"{Path(first).name} and {Path(second).name} have no moment in common: one ended before the other began."
        )
    away_s = max(0.0, offset_s)
    offset_sd = float(np.sqrt(a.start_sd_s**2 + b.start_sd_s**2 + (b.rate_sd * away_s) ** 2))
    end_sd = float(np.sqrt(offset_sd**2 + (a.length_s * a.rate_sd) ** 2 + (a.length_s * b.rate_sd) ** 2))
    return Alignment(offset_s, rate, offset_sd, end_sd)
