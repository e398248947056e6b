"""`python -m tests.validation`: measure, write docs/accuracy.md and its figures, print the targets."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import trendel.analysis
from tests.validation.data import NoDataError, folder


def main() -> int:
    """0 when the page was written (it names what is missed), 2 without recordings."""
    parser = argparse.ArgumentParser(prog="make accuracy", description=__doc__)
    parser.add_argument("--docs", type=Path, default=Path(__file__).parents[2] / "docs", help="folder to write to")
    options = parser.parse_args()
    start = time.perf_counter()
    try:
        folder()
        from tests.validation import figures, long_run, report, retest

        long_run.begin()
        found = report.write(options.docs / "accuracy.md")
        names = figures.all_figures(options.docs / "figures")
        retest.write_detectable(Path(trendel.analysis.__file__).with_name("detectable.toml"))
    except NoDataError as error:
        print(f"make accuracy: {error}.", file=sys.stderr)
        return 2
    for t in sorted(found, key=lambda t: t.met):
        print(f"{'met   ' if t.met else 'MISSED'}  {t.key}: {t.measured} ({t.target})")
    missed = sum(not t.met for t in found)
    print(
        f"wrote {options.docs / 'accuracy.md'} and {len(names)} figures in {time.perf_counter() - start:.0f} s; "
        + (f"{missed} targets missed" if missed else "all targets met")
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
