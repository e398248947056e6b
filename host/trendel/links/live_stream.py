"""The kernels behind a link: samples in, rows out, times in the run."""

from __future__ import annotations

from typing import Any

from trendel.analysis.stream import Completed, Stream
from trendel.links.intake import Samples

_RATE_CHANGE = 0.1  # beyond this a clip has been set to another rate; its oscillator drifts by far less

_ODD_N = 4  # blocks of another rate in a row; fewer are a clip's slip, and taken at the rate before


class LiveStream:
    """A Stream that begins with the first samples, at the rate that the clip measures.

    Where the clip is set to another rate in the run, a new Stream goes on; what it has learned is learned anew."""

    def __init__(self, **options: Any) -> None:
        """`options`: of Stream, but its rate and start."""
        self._options = options
        self._stream: Stream | None = None
        self._odd_n = 0

    @property
    def now_s(self) -> float:
        """Time in the run of the last sample, s; 0 before there was one."""
        return 0.0 if self._stream is None else self._stream.start_s + self._stream.samples_n / self._stream.rate_hz

    @property
    def segment(self) -> int:
        """As of Stream."""
        return 0 if self._stream is None else self._stream.segment

    @property
    def pose(self) -> tuple[float, float, float] | None:
        """As of Stream.pose_deg."""
        return None if self._stream is None else self._stream.pose_deg

    def take(self, samples: Samples) -> list[Completed]:
        """What the samples complete; losses before them are counted into the time of the run."""
        found: list[Completed] = []
        rate_hz = 1.0 / samples.dt_s
        if self._stream is None:
            self._stream = Stream(rate_hz, **self._options)
        odd = abs(rate_hz / self._stream.rate_hz - 1.0) > _RATE_CHANGE
        self._odd_n = self._odd_n + 1 if odd else 0
        if self._odd_n > _ODD_N:
            found.append(self._stream.finish())
            self._stream = Stream(rate_hz, start_s=self.now_s, **self._options)
            self._odd_n, odd = 0, False
        if samples.lost_n:
            found.append(self._stream.gap(samples.lost_n))
        dt_s = None if odd else samples.dt_s
        pushed = self._stream.push(samples.acc_mps2, samples.gyr_radps, dt_s=dt_s, flags=samples.flags)
        return [*found, pushed]

    def finish(self) -> list[Completed]:
        """What is still open when nothing more comes."""
        return [] if self._stream is None else [self._stream.finish()]
