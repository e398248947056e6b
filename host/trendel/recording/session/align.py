"""Recordings of one run on one clock: two clips, or a clip and another sensor, by what each says of UTC."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from trendel.errors import RecordingError
from trendel.recording.folder import is_session
from trendel.recording.reader import read
from trendel.recording.session.reader import SessionReader
from trendel.recording.session.samples import Samples, gather, order_main
from trendel.recording.started import started_at


@dataclass(frozen=True)
class TimeBase:
    """UTC = at_utc_s + rate * (time of the recording - at_s), all in s.

    Attributes:
        begin_s, end_s: of the recording, on its own clock.
        at_sd_s, rate_sd: standard errors, of UTC at `at_s` and of the rate; NaN where the recording only states when it
            began.
        bent_s: how far starts of the clip after the first lie off the line at most.
    """

    at_s: float
    at_utc_s: float
    rate: float
    begin_s: float
    end_s: float
    at_sd_s: float
    rate_sd: float
    bent_s: float = 0.0

    def utc_s(self, t_s: float) -> float:
        """UTC of a time of the recording."""
        return self.at_utc_s + self.rate * (t_s - self.at_s)

    def time_s(self, utc_s: float) -> float:
        """Time of the recording at a moment."""
        return self.at_s + (utc_s - self.at_utc_s) / self.rate

    def sd_s(self, t_s: float) -> float:
        """Standard error of UTC at a time of the recording."""
        return float(np.sqrt(self.at_sd_s**2 + (self.rate_sd * (t_s - self.at_s)) ** 2 + self.bent_s**2))


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
    """Of a session: from the fits of its clip's clock to the host's. Of another recording, or where too little came
    live: from when it says that it began, at true rate. Raises RecordingError where it does not say so."""
    file = Path(path)
    if is_session(file):
        samples, utc = utc_of(file)
        if utc is not None:
            return _of_fits(samples, *utc)
    recording = read(file)
    began = started_at(recording)
    if began is None:
        raise RecordingError(
            f"{file.name}: does not say when it began: put started_at, such as 2026-05-12T18:30:00.125Z, "
            "into the JSON beside it, or align by motion (--by motion)."
        )
    begin_s, end_s = float(recording.t_s[0]), float(recording.t_s[-1])
    return TimeBase(begin_s, began.timestamp(), 1.0, begin_s, end_s, np.nan, np.nan)


def utc_of(file: Path) -> tuple[Samples, tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]] | None]:
    """The samples of the clip that sent the most into a session, and their UTC (see Samples.utc). Raises
    RecordingError."""
    with SessionReader(file) as session:
        main = order_main(gather(session.packets()))
    if main is None:
        raise RecordingError(f"{file.name}: holds no samples: its clip sent none, or they are lost.")
    return main[1], main[1].utc()


def _of_fits(samples: Samples, utc_ns: npt.NDArray[np.int64], sd_ns: npt.NDArray[np.float64]) -> TimeBase:
    """The line of the start of which the most came live: the crystal is the same in all."""
    fits = [(fit, shift_ns) for fit, shift_ns in zip(samples.clocks, samples.shifts_ns, strict=True) if fit is not None]
    fit, shift_ns = max(fits, key=lambda one: one[0].blocks_n)
    first_ns = int(samples.time_ns[0])
    known = np.isfinite(sd_ns)
    off_ns = utc_ns[known] - fit.host_ns(samples.time_ns[known] - shift_ns)
    return TimeBase(
        at_s=(fit.at_ns + shift_ns - first_ns) / 1e9, at_utc_s=(fit.at_ns + fit.offset_ns) / 1e9,
        rate=1.0 + fit.drift_ppm * 1e-6, begin_s=0.0, end_s=(int(samples.time_ns[-1]) - first_ns) / 1e9,
        at_sd_s=fit.offset_sd_ns / 1e9, rate_sd=fit.drift_sd_ppm * 1e-6, bent_s=float(np.abs(off_ns).max()) / 1e9,
    )  # fmt: skip


def align(first: str | os.PathLike[str], second: str | os.PathLike[str]) -> Alignment:
    """Where a moment of the recording `first` is in `second`, by UTC.

    Raises RecordingError where one says nothing of UTC, or where they have no moment in common."""
    a, b = time_base(first), time_base(second)
    begin_s, end_s = (b.time_s(a.utc_s(t_s)) for t_s in (a.begin_s, a.end_s))  # of the first, in the second
    if begin_s > b.end_s or end_s < b.begin_s:
        raise RecordingError(
            f"{Path(first).name} and {Path(second).name} have no moment in common: one ended before the other began."
        )
    rate = a.rate / b.rate
    begin_sd_s, end_sd_s = (
        float(np.hypot(a.sd_s(ours_s), b.sd_s(theirs_s)))
        for ours_s, theirs_s in ((a.begin_s, begin_s), (a.end_s, end_s))
    )
    return Alignment(begin_s - rate * a.begin_s, rate, begin_sd_s, end_sd_s)
