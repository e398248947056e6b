"""A recording as the rest of trendel takes it: SI units, one even grid, each sample flagged."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

FLAG_INVALID = np.uint32(1)
"""Bit 0: the sample holds no measurement; the kernel bridges it."""
FLAG_SATURATED = np.uint32(2)
"""Bit 1: an axis is at the sensor's limit; the true value is beyond."""
FLAG_GAP_BEFORE = np.uint32(4)
"""Bit 2: time is missing before this sample, too long to bridge."""


@dataclass(frozen=True)
class ReadCounts:
    """What became of the samples read. They add up:

    len(recording) = read - refused - duplicated + filled;  bridged = invalid + filled.

    read: lines (rows) of data found. refused: left out as malformed, cut, without a time stamp or running backward.
    duplicated: dropped as identical repeats. filled: put into short gaps. invalid: present without usable values.
    bridged: samples with bit 0. saturated: samples with bit 1. gaps: samples with bit 2."""

    read: int = 0
    refused: int = 0
    duplicated: int = 0
    filled: int = 0
    invalid: int = 0
    bridged: int = 0
    saturated: int = 0
    gaps: int = 0

    def as_dict(self) -> dict[str, int]:
        """The counts by name, for summary.json."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Recording:
    """Accelerometer and gyroscope at the pelvis over time.

    acc_mps2: (n, 3) float32, C order, m/s2, specific force in `frame`; a missing axis is 0 and named in `missing`.
    gyr_radps: (n, 3) float32, rad/s, or None (accelerometer only).
    t_s: (n,) float64, s, the recording's own clock, strictly increasing.
    rate_hz: the true mean rate by the stamps, or the rate given; the samples are 1 / rate_hz apart except where a long
        gap is flagged. frame: 'sensor' (as mounted) or 'pelvis' (x forward, y left, z up).
    flags: (n,) uint32 of FLAG_INVALID, FLAG_SATURATED, FLAG_GAP_BEFORE. Values of invalid samples are the last valid.
    metadata: everything of the sidecar and of the caller. source: the file's name.
    notes: one sentence for each thing found and what was done about it."""

    acc_mps2: npt.NDArray[np.float32]
    gyr_radps: npt.NDArray[np.float32] | None
    t_s: npt.NDArray[np.float64]
    rate_hz: float
    frame: str
    missing: tuple[str, ...]
    flags: npt.NDArray[np.uint32]
    metadata: dict[str, Any]
    source: str
    counts: ReadCounts
    notes: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.t_s)

    @property
    def duration_s(self) -> float:
        """Time from the first sample to the end of the last, in s, gaps included."""
        return float(self.t_s[-1] - self.t_s[0]) + 1.0 / self.rate_hz

    @property
    def valid(self) -> npt.NDArray[np.bool_]:
        """(n,) bool: samples that were measured, not bridged."""
        return (self.flags & FLAG_INVALID) == 0

    def __repr__(self) -> str:
        axes = "accelerometer" if self.gyr_radps is None else "6-axis"
        lacking = f", without {', '.join(self.missing)}" if self.missing else ""
        return (
            f"<Recording {self.source}: {axes}{lacking}, {self.frame} frame, {len(self)} samples, "
            f"{self.duration_s:.1f} s at {self.rate_hz:.5g} Hz, {self.counts.bridged} bridged>"
        )

    @classmethod
    def from_arrays(
        cls,
        acc_mps2: npt.ArrayLike,
        gyr_radps: npt.ArrayLike | None = None,
        rate_hz: float | None = None,
        *,
        t_s: npt.ArrayLike | None = None,
        frame: str = "sensor",
        missing: Sequence[str] = (),
        metadata: Mapping[str, Any] | None = None,
        source: str = "arrays",
    ) -> "Recording":
        """A recording from arrays, checked and cleaned as a file is. The arrays are copied.

        acc_mps2: (n, 3) m/s2, with gravity. gyr_radps: (n, 3) rad/s, or None. One of rate_hz and t_s (n,) s is needed;
        both must agree. NaN marks values that are missing. `missing` names axes (acc_y...) that the source lacks, in
        the pelvis frame only; what the arrays hold there is ignored.
        Raises RecordingError for wrong shapes and kinds, and wherever reading a file would."""
        from trendel.recording.assembly import assemble_arrays

        return assemble_arrays(
            acc_mps2, gyr_radps, rate_hz, t_s=t_s, frame=frame, missing=missing, metadata=metadata, source=source
        )
