"""Accelerometer and gyroscope as arrays: all that the kernels need of an input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from trendel.constants import STANDARD_GRAVITY_MPS2
from trendel.errors import RecordingError
from trendel.kernels.layout import SAMPLE_INVALID

_GRAVITY_RANGE = (0.3, 3.0)  # of the median specific force, in g: wider than any motion, narrower than a wrong unit
_RATE_RMS_MAX_RADPS = 35.0  # 2000 deg/s all the time


@runtime_checkable
class Samples(Protocol):
    """What the kernels take: a Recording, or plain arrays."""

    @property
    def acc_mps2(self) -> npt.NDArray[np.float32]: ...
    @property
    def gyr_radps(self) -> npt.NDArray[np.float32] | None: ...
    @property
    def flags(self) -> npt.NDArray[np.uint32]: ...
    @property
    def rate_hz(self) -> float: ...
    def __len__(self) -> int: ...


@dataclass(frozen=True, eq=False)
class SixAxes:
    """Plain arrays as Samples: (n, 3) float32 m/s2 and rad/s, (n,) uint32 flags, Hz."""

    acc_mps2: npt.NDArray[np.float32]
    gyr_radps: npt.NDArray[np.float32]
    flags: npt.NDArray[np.uint32]
    rate_hz: float

    def __len__(self) -> int:
        return len(self.flags)

    @classmethod
    def check(cls, acc_mps2: npt.ArrayLike, gyr_radps: npt.ArrayLike, rate_hz: float) -> SixAxes:
        """Arrays of the right shape and plausible units; values that are not finite become invalid samples.

        Raises:
            RecordingError: the shapes do not fit, there is nothing, or the units cannot be right.
        """
        try:
            acc, gyr = np.asarray(acc_mps2, np.float32), np.asarray(gyr_radps, np.float32)
        except (TypeError, ValueError) as error:
            raise RecordingError(f"acceleration and rates must be arrays of numbers ({error}).") from error
        if acc.ndim != 2 or acc.shape[1] != 3 or acc.shape != gyr.shape or not len(acc):
            raise RecordingError(
                f"acceleration has the shape {acc.shape} and rates {gyr.shape}; both must be (n, 3), in m/s2 and rad/s."
            )
        good = np.isfinite(acc).all(axis=1) & np.isfinite(gyr).all(axis=1)
        if not good.any():
            raise RecordingError("no sample has finite acceleration and rates.")
        gravity = float(np.median(np.linalg.norm(acc[good].astype(np.float64), axis=1))) / STANDARD_GRAVITY_MPS2
        if not _GRAVITY_RANGE[0] <= gravity <= _GRAVITY_RANGE[1]:
            raise RecordingError(f"gravity measures {gravity:.3g} g; acceleration must be in m/s2, gravity included.")
        rms = float(np.sqrt(np.mean(gyr[good].astype(np.float64) ** 2)))
        if rms > _RATE_RMS_MAX_RADPS:
            raise RecordingError(f"the rates are {rms:.3g} rad/s in the mean; they must be in rad/s, not in deg/s.")
        flags = np.where(good, 0, SAMPLE_INVALID).astype(np.uint32)
        return cls(acc, gyr, flags, float(rate_hz))
