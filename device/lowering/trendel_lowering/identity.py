"""`python -m trendel_lowering.identity RUN.csv`: the three homes on one recording, identical or the first difference.

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


def sentence(verdict: Verdict, steps: int) -> str:
    """What the command prints for one recording."""
    if verdict.difference is not None:
        return str(verdict.difference)
    return f"identical: {len(verdict.trace.flags)} samples, {steps} steps, state {verdict.state_sha}"


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
            name = f"{path.name}: " if len(options.recording) > 1 else ""
            print(f"{name}{sentence(verdict, steps)}", flush=True)
            differ |= verdict.difference is not None
    except TrendelError as error:
        print(error, file=sys.stderr)
        return 2
    return int(differ)


if __name__ == "__main__":
    raise SystemExit(main())
