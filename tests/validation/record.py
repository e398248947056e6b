"""The clip's record on real recordings: through the emulated sensor, the driver, the log and back.

`python -m tests.validation.record` (with TRENDEL_DATA) prints the compression of each; the bound is in the test.
A recording is turned into counts at +-16 g and 2,000 deg/s first, as the clip would have measured it. Recordings of
some axes alone are left out: what is not there compresses too well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.device.core.rig import RAW, Clip
from tests.validation.data import orientation_trials, recording, recordings_of
from trendel.wire import layout as lt
from trendel.wire.packed import unpack
from trendel.wire.packets import PackedImu
from trendel_core import load

RATIO_MIN = 1.6
SECTOR_BYTES = 4096


@dataclass(frozen=True)
class Compression:
    """Bytes of the samples alone over bytes in the log: of packets, and of flash with all that it spends on them."""

    name: str
    samples_n: int
    packets: float
    flash: float


def counts(acc_mps2: npt.NDArray[np.float32], gyr_radps: npt.NDArray[np.float32]) -> npt.NDArray[np.int16]:
    """(n, 6) counts of range code 0x43."""
    acc = np.rint(acc_mps2 / (8.0 * float(lt.ACC_SCALE_MPS2)))
    gyr = np.rint(gyr_radps / (16.0 * float(lt.GYR_SCALE_RADPS)))
    return np.clip(np.hstack((acc, gyr)), -32768, 32767).astype(np.int16)


def six_axes() -> Iterator[tuple[str, npt.NDArray[np.int16]]]:
    """Name and (n, 6) counts of each recording with all axes."""
    paths: list[Path] = [*recordings_of("waist"), *recordings_of("mocap")]
    for path in paths:
        run = recording(path)
        if run.gyr_radps is not None and not run.missing:
            yield path.stem, counts(run.acc_mps2, run.gyr_radps)
    for trial in orientation_trials():
        yield trial.name, counts(np.nan_to_num(trial.acc_mps2), np.nan_to_num(trial.gyr_radps))


def compress(name: str, values: npt.NDArray[np.int16], *, verify: bool = True) -> Compression:
    """Through packetiser, recorder and log; what comes back is compared to the byte, which takes its time."""
    clip = Clip(load(), sector_n=512, records_quota=50)
    packets = clip.add(values)
    assert clip.core.lib.trendel_recorder_flush(clip.recorder) == 0
    packed = [entry for entry in clip.entries(RAW) if isinstance(entry, PackedImu)]
    if verify:
        back = [block.header.tobytes() + block.samples.tobytes() for entry in packed for block in unpack(entry)]
        assert back == packets[-len(back) :], name  # a long recording outlives the log: the newest is there
    samples_n = sum(int(entry.header["block_n"]) * int(entry.header["sample_n"]) for entry in packed)
    coded = sum(len(entry.raw) for entry in packed)
    sectors = sum(clip.log.sectors[i].sequence > 0 and clip.log.sectors[i].class_id == RAW for i in range(512))
    flash = (sectors - 1) * SECTOR_BYTES + clip.log.open[RAW].offset
    clip.close()
    return Compression(name, samples_n, 12 * samples_n / coded, 12 * samples_n / flash)


def main() -> int:
    """Print the table."""
    rows = [compress(name, values) for name, values in six_axes()]
    for row in sorted(rows, key=lambda row: row.packets):
        print(f"{row.name:48} {row.samples_n:7} samples  packets {row.packets:.2f}:1  flash {row.flash:.2f}:1")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
