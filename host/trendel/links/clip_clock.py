"""When, by the host's clock, the clip saw something."""

from __future__ import annotations

from collections import deque

_BUCKET_NS = 10_000_000_000
_BUCKETS_N = 6


class ClipClock:
    """Host time less clip time, from blocks as they arrive: the least delay of the last minute is taken as none.

    A minute is long enough for some packet to come without waiting, and short enough that a clip's crystal, off by 50
    millionths, moves by no more than 3 ms meanwhile."""

    def __init__(self) -> None:
        self._least: deque[tuple[int, int]] = deque(maxlen=_BUCKETS_N)  # (which ten seconds, least difference in ns)

    @property
    def knows(self) -> bool:
        """Whether anything was seen since the start or the last restart."""
        return bool(self._least)

    def see(self, clip_ns: int, host_ns: int) -> None:
        """A block whose last sample was at `clip_ns` arrived at `host_ns`."""
        bucket = host_ns // _BUCKET_NS
        difference = host_ns - clip_ns
        if self._least and self._least[-1][0] == bucket:
            difference = min(difference, self._least[-1][1])
            self._least.pop()
        while self._least and self._least[0][0] <= bucket - _BUCKETS_N:
            self._least.popleft()
        self._least.append((bucket, difference))

    def reset(self) -> None:
        """The clip has restarted, its clock too."""
        self._least.clear()

    def clip_ns(self, host_ns: int) -> int | None:
        """Clip time of a moment on the host; None before anything was seen."""
        return host_ns - min(least for _, least in self._least) if self._least else None

    def host_ns(self, clip_ns: int) -> int | None:
        """Host time of a moment on the clip; None before anything was seen."""
        return clip_ns + min(least for _, least in self._least) if self._least else None
