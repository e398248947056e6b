"""`python -m trendel_lowering --out DIR`: the kernels as Cortex-M4F and x86-64 assembly, WebAssembly and a C header."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from trendel.errors import TrendelError

from . import DEFAULT_PACKAGE
from .artifacts import cached
from .package import KernelPackage


def main(argv: list[str] | None = None) -> int:
    """Exit code 0, or 2 with one clear message."""
    parser = argparse.ArgumentParser(prog="python -m trendel_lowering", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the artefacts")
    parser.add_argument("--kernels", default=DEFAULT_PACKAGE, help="kernel package (default: %(default)s)")
    options = parser.parse_args(argv)
    try:
        made = cached(KernelPackage.find(options.kernels))
        options.out.mkdir(parents=True, exist_ok=True)
        written = [Path(shutil.copy(path, options.out)) for path in sorted(made.iterdir())]
    except TrendelError as error:
        print(error, file=sys.stderr)
        return 2
    for path in written:
        print(f"{path} ({path.stat().st_size} bytes)")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
