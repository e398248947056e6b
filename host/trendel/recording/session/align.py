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
    """UTC = zero_utc_s + rate * (time of the recording), all in s.

    Attributes:
        begin_s, end_s: of the recording, on its own clock.
        begin_sd_s, rate_sd: standard errors, of UTC at its beginning and of the rate; NaN where the recording only
            states when it began.
    """

    zero_utc_s: float
    rate: float
    begin_s: float
    end_s: float
    begin_sd_s: float
    rate_sd: float


@dataclass(frozen=True)
class Alignment:
    """Time in the second recording = offset_s + rate * (time in the first).

    Attributes:
        begin_sd_s, end_sd_s: standard errors at the beginning and at the end of the first recording; NaN where one only
            states when it began. By UTC they leave out the least delay of each link: one-way messages do not tell it.
    """

    offset_s: float
    rate: float
    begin_sd_s: float
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
            "into the JSON beside it, or align by motion (--by motion)."
        ) from None
    begin_s, end_s = float(recording.t_s[0]), float(recording.t_s[-1])
    return TimeBase(started.timestamp() - begin_s, 1.0, begin_s, end_s, np.nan, np.nan)


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
            f"{file.name}: nothing of it came live, so its clip's clock was never seen beside this computer's: "
            "align by motion (--by motion)."
        )
    utc_ns, sd_ns = utc
    length_ns = int(samples.time_ns[-1] - samples.time_ns[0])
    fit = next(fit for fit in samples.clocks if fit is not None)
    if int(samples.boot_i[-1]) == 0 or length_ns == 0:
        rate, rate_sd = 1.0 + fit.drift_ppm * 1e-6, fit.drift_sd_ppm * 1e-6
    else:  # over restarts: by both ends
        rate = float(utc_ns[-1] - utc_ns[0]) / length_ns
        rate_sd = float(np.hypot(sd_ns[0], sd_ns[-1])) / length_ns
    return TimeBase(utc_ns[0] / 1e9, rate, 0.0, length_ns / 1e9, float(sd_ns[0]) / 1e9, rate_sd)


def align(first: str | os.PathLike[str], second: str | os.PathLike[str]) -> Alignment:
    """Where a moment of the recording `first` is in `second`, by UTC.

    Raises RecordingError where one says nothing of UTC, or where they have no moment in common."""
    a, b = time_base(first), time_base(second)
    offset_s, rate = (a.zero_utc_s - b.zero_utc_s) / b.rate, a.rate / b.rate
    begin_s, end_s = (offset_s + rate * at_s for at_s in (a.begin_s, a.end_s))  # of the first, in the second
    if begin_s > b.end_s or end_s < b.begin_s:
        raise RecordingError(
            f"{Path(first).name} and {Path(second).name} have no moment in common: one ended before the other began."
        )

    def sd_s(at_a_s: float, at_b_s: float) -> float:
        drifts = a.rate_sd * (at_a_s - a.begin_s), b.rate_sd * (at_b_s - b.begin_s)
        return float(np.sqrt(a.begin_sd_s**2 + b.begin_sd_s**2 + drifts[0] ** 2 + drifts[1] ** 2))

    return Alignment(offset_s, rate, sd_s(a.begin_s, begin_s), sd_s(a.end_s, end_s))
