"""`python -m trendel_lowering.identity RUN.csv`: the three homes on one recording, identical or the first difference.

Compared are the kernels in all homes, sample by sample with every row and alert, and then the whole clip, worn by the
recording without a host: its log on this machine and on the emulated Cortex-M4F must have the same bytes.

Exit code 0 when identical, 1 when not, 2 when the recording or a tool is wanting.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from trendel.errors import TrendelError

from . import DEFAULT_PACKAGE
from .bits import Verdict, compare_homes
from .inputs import job_of_file
from .package import KernelPackage


def sentence(verdict: Verdict, steps: int, alerts: int) -> str:
    """What the command prints for one recording."""
    if verdict.difference is not None:
        return str(verdict.difference)
    samples = len(verdict.trace.flags)
    return f"identical: {samples} samples, {steps} steps, {alerts} alerts, state {verdict.state_sha}"


def clip_sentence(path: Path) -> tuple[bool, str]:
    """(whether both clips end alike, the words for it). Raises TrendelError where a tool is wanting."""
    from trendel.recording import read

    from .worn import Worn, counts_of, run_worn, run_worn_here

    recording = read(path)
    if recording.gyr_radps is None or recording.missing:
        return True, "clip: not worn, for it has six axes and the recording has not"
    counts = counts_of(recording.acc_mps2, recording.gyr_radps)
    worn = Worn(counts, recording.rate_hz, 1_000_000, int(1e6 * (len(counts) / recording.rate_hz + 2.0)))
    here, there = run_worn_here(worn), run_worn(worn)
    if here.image == there.image and here.state == there.state:
        return True, f"clip: identical, its log has {here.strides_n} strides and {here.alerts_n} alerts"
    place = next((i for i, (a, b) in enumerate(zip(here.image, there.image, strict=True)) if a != b), None)
    where = "the kernels' state" if place is None else f"byte {place} of the log"
    return False, f"clip: {where} differs between this machine and the Cortex-M4F"


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code as above."""
    parser = argparse.ArgumentParser(prog="python -m trendel_lowering.identity", description=__doc__)
    parser.add_argument("recording", type=Path, nargs="+", metavar="RUN.csv")
    options = parser.parse_args(argv)
    differ = False
    try:
        package = KernelPackage.find(DEFAULT_PACKAGE)
        layout = package.load("layout")
        for path in options.recording:
            (verdict,) = compare_homes(package, [job_of_file(path)])
            steps = int((verdict.trace.flags & layout.NEW_STEP != 0).sum())
            alerts = int((verdict.trace.flags & layout.NEW_ALERT != 0).sum())
            name = f"{path.name}: " if len(options.recording) > 1 else ""
            print(f"{name}{sentence(verdict, steps, alerts)}", flush=True)
            same, words = clip_sentence(path)
            print(f"{name}{words}", flush=True)
            differ |= verdict.difference is not None or not same
    except TrendelError as error:
        print(error, file=sys.stderr)
        return 2
    return int(differ)


if __name__ == "__main__":
    raise SystemExit(main())
