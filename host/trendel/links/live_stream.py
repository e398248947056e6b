"""The kernels behind a link: samples in, rows out, times in the run."""

from __future__ import annotations

from typing import Any

from trendel.analysis.stream import Completed, Stream
from trendel.links.intake import Samples

_RATE_CHANGE = 0.1  # beyond this a clip has been set to another rate; its oscillator drifts by far less


class LiveStream:
    """A Stream that begins with the first samples, at the rate that the clip measures.

    Where the clip is set to another rate in the run, a new Stream goes on; what it has learned is learned anew."""

    def __init__(self, **options: Any) -> None:
        """`options`: of Stream, but its rate and start."""
        self._options = options
        self._stream: Stream | None = None

    @property
    def now_s(self) -> float:
        """Time in the run of the last sample, s; 0 before there was one."""
        return 0.0 if self._stream is None else self._stream.start_s + self._stream.samples_n / self._stream.rate_hz

    @property
    def segment(self) -> int:
        """As of Stream."""
        return 0 if self._stream is None else self._stream.segment

    def take(self, samples: Samples) -> list[Completed]:
        """What the samples complete; losses before them are counted into the time of the run."""
        found: list[Completed] = []
        rate_hz = 1.0 / samples.dt_s
        if self._stream is not None and abs(rate_hz / self._stream.rate_hz - 1.0) > _RATE_CHANGE:
            found.append(self._stream.finish())
            self._stream = Stream(rate_hz, start_s=self.now_s, **self._options)
        elif self._stream is None:
            self._stream = Stream(rate_hz, **self._options)
        if samples.lost_n:
            found.append(self._stream.gap(samples.lost_n))
        pushed = self._stream.push(samples.acc_mps2, samples.gyr_radps, dt_s=samples.dt_s, flags=samples.flags)
        return [*found, pushed]

    def finish(self) -> list[Completed]:
        """What is still open when nothing more comes."""
        return [] if self._stream is None else [self._stream.finish()]
