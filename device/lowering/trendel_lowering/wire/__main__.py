"""`python -m trendel_lowering.wire [--check]`: write, or compare, what comes from the packets' table."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from trendel.errors import TrendelError, WireError

from .golden import vectors
from .header import header
from .page import page
from .settings import default_params, kernel_layout, settings_header, settings_page, settings_vectors

ROOT = Path(__file__).resolve().parents[4]
GENERATED: dict[str, Callable[[], str]] = {
    "device/core/include/trendel_wire.h": header,
    "docs/wire.md": page,
    "tests/golden/wire.json": vectors,
    "device/core/include/trendel_layout.h": kernel_layout,
    "device/core/include/trendel_settings.h": settings_header,
    "device/core/src/default_params.c": default_params,
    "docs/settings.md": settings_page,
    "tests/golden/settings.json": settings_vectors,
}


def stale(root: Path = ROOT) -> list[str]:
    """Names of the generated files that are not what the table gives now."""
    return [name for name, make in GENERATED.items() if not _same(root / name, make())]


def _same(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0; 1 if --check finds a stale file; 2 with one clear message."""
    parser = argparse.ArgumentParser(prog="python -m trendel_lowering.wire", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; end with 1 if a file is stale")
    options = parser.parse_args(argv)
    try:
        if not (ROOT / "pyproject.toml").exists():
            raise WireError("The generated files belong to a checkout: run from one with an editable install.")
        old = stale()
    except TrendelError as error:
        print(error, file=sys.stderr)
        return 2
    for name in old:
        if options.check:
            print(f"{name} is stale: run python -m trendel_lowering.wire", file=sys.stderr)
        else:
            (ROOT / name).write_text(GENERATED[name](), encoding="utf-8")
            print(f"{name} written")
    return 1 if old and options.check else 0


if __name__ == "__main__":
    raise SystemExit(main())
