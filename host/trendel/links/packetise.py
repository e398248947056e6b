"""A recording as the packets that a clip would have sent of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trendel.errors import LinkError
from trendel.recording import FLAG_GAP_BEFORE, FLAG_SATURATED, Recording
from trendel.wire import layout
from trendel.wire.packets import encode_hello, encode_imu
from trendel.wire.records import own_layouts

RANGE_CODE = 0x43
"""16 g and 2000 deg/s, as a clip is set for running."""
_BOOT = 1
_BEGIN_US = 1_000_000  # clip time of the first sample


@dataclass(frozen=True)
class Timed:
    """A packet and when it is sent, in s since the first sample."""

    at_s: float
    raw: bytes


def packets_of(recording: Recording, name: str = "replay") -> Iterator[Timed]:
    """Hello, layouts, and the samples in blocks that are sent as they are full.

    Values are rounded to counts of 16 g and 2000 deg/s. Samples that were not measured are not sent: their indices are
    skipped, as those lost on a clip are. Raises LinkError for a recording that lacks axes."""
    if recording.gyr_radps is None or recording.missing:
        lacking = "a gyroscope" if recording.gyr_radps is None else ", ".join(recording.missing)
        raise LinkError(f"{recording.source}: has not {lacking}, and a clip has six axes: analyze it instead.")
    samples, clipped = counts_of(recording.acc_mps2, recording.gyr_radps)
    return _packets(recording, samples, clipped, name)


def _packets(
    recording: Recording, samples: npt.NDArray[np.void], clipped: npt.NDArray[np.bool_], name: str
) -> Iterator[Timed]:
    saturated = clipped | ((recording.flags & FLAG_SATURATED) != 0)
    places = _places(recording)
    dt_ns = round(1e9 / recording.rate_hz)
    about = {"rate_mhz": round(recording.rate_hz * 1e3), "range_code": RANGE_CODE, "name": name.encode()[:16]}
    yield Timed(0.0, encode_hello(boot=_BOOT, boot_n=_BOOT, layout_n=len(own_layouts()), **about))
    for raw in own_layouts(_BOOT):
        yield Timed(0.0, raw)
    kept = np.flatnonzero(recording.valid)
    expected = 0
    for sequence, part in enumerate(_parts(kept, places)):
        first = int(places[part[0]])
        time_us = _BEGIN_US + round(float(recording.t_s[part[0]] - recording.t_s[0]) * 1e6)
        marks = layout.IMU_GAP if first != expected else 0
        marks |= layout.IMU_SATURATED if saturated[part].any() else 0
        expected = first + len(part)
        raw = encode_imu(samples[part], boot=_BOOT, sequence=sequence, time_us=time_us, dt_ns=dt_ns, sample_i=first,
                         range_code=RANGE_CODE, marks=marks, temperature_degc=-128)  # fmt: skip
        yield Timed(float(recording.t_s[part[-1]] - recording.t_s[0]), raw)


def counts_of(
    acc_mps2: npt.NDArray[np.float32], gyr_radps: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.void], npt.NDArray[np.bool_]]:
    """((n,) layout.IMU_SAMPLE at RANGE_CODE, (n,) whether an axis is beyond it) of (n, 3) m/s2 and rad/s."""
    samples = np.zeros(len(acc_mps2), layout.IMU_SAMPLE)
    clipped = np.zeros(len(acc_mps2), np.bool_)
    for key, values, scale, code in (
        ("acc", acc_mps2, layout.ACC_SCALE_MPS2, RANGE_CODE & 15),
        ("gyr", gyr_radps, layout.GYR_SCALE_RADPS, RANGE_CODE >> 4),
    ):
        counts = np.rint(np.nan_to_num(values.astype(np.float64)) / (float(scale) * (1 << code)))
        clipped |= (np.abs(counts) > 32767).any(axis=1)
        samples[key] = np.clip(counts, -32768, 32767)
    return samples, clipped


def _places(recording: Recording) -> npt.NDArray[np.int64]:
    """(n,) index of each sample on the clip: time that is missing is indices that are."""
    steps = np.ones(len(recording), np.int64)
    steps[0] = 0
    gaps = np.flatnonzero((recording.flags & FLAG_GAP_BEFORE) != 0)
    gaps = gaps[gaps > 0]
    missing_s = recording.t_s[gaps] - recording.t_s[gaps - 1]
    steps[gaps] = np.maximum(1, np.rint(missing_s * recording.rate_hz).astype(np.int64))
    return np.cumsum(steps)


def _parts(kept: npt.NDArray[np.int64], places: npt.NDArray[np.int64]) -> Iterator[npt.NDArray[np.int64]]:
    """The samples `kept` in blocks: without a hole, and no longer than a packet takes."""
    holes = np.flatnonzero(np.diff(places[kept]) != 1) + 1
    for run in np.split(kept, holes):
        for at in range(0, len(run), layout.IMU_SAMPLES_MAX):
            yield run[at : at + layout.IMU_SAMPLES_MAX]
