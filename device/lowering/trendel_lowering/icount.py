"""`python -m trendel_lowering.icount [RUN.csv]`: what the kernels cost on a Cortex-M4F, in instructions and bytes.

Instructions counted by the emulator, not cycles: a Cortex-M4F takes 14 cycles for a float divide or root, and waits
for flash. Without a recording a generated run is counted.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from trendel.errors import TrendelError

from .artifacts import cached
from .homes.cortexm import build, count_instructions
from .inputs import generated_job, job_of_file
from .package import KernelPackage
from .toolchain import find_tool, run_tool

CLOCK_HZ = 64e6  # nRF52840


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0, or 2 with one clear message."""
    parser = argparse.ArgumentParser(prog="python -m trendel_lowering.icount", description=__doc__)
    parser.add_argument("recording", type=Path, nargs="?", metavar="RUN.csv")
    options = parser.parse_args(argv)
    try:
        package = KernelPackage.find()
        job = job_of_file(options.recording) if options.recording else generated_job()
        counts = count_instructions(package, job)
        sizes = program_sizes(package)
    except TrendelError as error:
        print(error, file=sys.stderr)
        return 2
    rate = 1.0 / float(job.params["input"]["dt_s"][0])
    print(report(counts, rate))
    dtypes = package.load("layout").DTYPES
    print(f"kernel code and constants {sizes} bytes, state {dtypes['State'].itemsize}, out {dtypes['Out'].itemsize}")
    return 0


def report(counts: np.ndarray, rate_hz: float) -> str:
    """Instructions of each sample in one line, and the load that they are on the clip's processor."""
    p50, p99 = np.percentile(counts, [50, 99])
    load = counts.mean() * rate_hz / CLOCK_HZ
    return (
        f"{len(counts)} samples at {rate_hz:.5g} Hz: mean {counts.mean():.0f} instructions a sample, p50 {p50:.0f}, "
        f"p99 {p99:.0f}, max {counts.max():.0f}; {100 * load:.2f} % of {CLOCK_HZ / 1e6:.0f} MHz at one a cycle"
    )


def program_sizes(package: KernelPackage) -> int:
    """Bytes of flash of the kernels alone: what the harness has of them, by its symbols."""
    listing = run_tool([find_tool("arm-none-eabi-nm"), "--print-size", "--radix=d", str(build(cached(package)))])
    symbols = [words for words in map(str.split, listing.splitlines()) if len(words) == 4]
    return sum(int(size) for _, size, _, name in symbols if re.match(r"trendel_|k\d+_", name))


if __name__ == "__main__":
    raise SystemExit(main())
