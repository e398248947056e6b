"""The dialect of the kernels: what is refused before anything is lowered, and the page that says so.

`python -m trendel_lowering.dialect` checks the kernels; `--write docs/dialect.md` renews the table in the page.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from trendel.errors import TrendelError

from . import DEFAULT_PACKAGE
from .findings import Finding, refuse
from .forms import ACCEPTED, REFUSED, Form
from .ir import compile_package
from .package import KernelPackage
from .syntax import check_syntax

BEGIN = "<!-- forms: written by python -m trendel_lowering.dialect --write docs/dialect.md -->"
END = "<!-- end of forms -->"


def check(package: KernelPackage) -> list[Finding]:
    """Every refused form in a kernel package: by its looks first, by numba's types when those are clean."""
    return check_syntax(package.folder) or compile_package(package, entries=False).findings


def tables() -> str:
    """The accepted and the refused forms as two Markdown tables."""
    accepted = "\n".join(f"| {_cell(f.code)} | {f.reason} |" for f in ACCEPTED)
    refused = "\n".join(f"| {_cell(f.code)} | {f.reason} | {f.instead} |" for f in REFUSED)
    return (
        f"## Accepted\n\n| form | note |\n|---|---|\n{accepted}\n\n"
        f"## Refused\n\n| form | why | write instead |\n|---|---|---|\n{refused}\n"
    )


def _cell(code: str) -> str:
    return "<br>".join(f"`{line.replace('    ', '  ')}`" for line in code.replace("|", "\\|").splitlines())


def page(text: str) -> str:
    """The dialect page with its tables renewed. Raises ValueError where the page has lost its marks."""
    head, _, rest = text.partition(BEGIN)
    _, mark, tail = rest.partition(END)
    if not mark:
        raise ValueError("docs/dialect.md has lost the marks between which the tables stand")
    return f"{head}{BEGIN}\n\n{tables()}\n{END}{tail}"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m trendel_lowering.dialect", description=__doc__)
    parser.add_argument("--kernels", default=DEFAULT_PACKAGE, help="kernel package (default: %(default)s)")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="renew the tables in this page instead")
    options = parser.parse_args(argv)
    if options.write:
        options.write.write_text(page(options.write.read_text()))
        return 0
    try:
        package = KernelPackage.find(options.kernels)
        refuse(check(package))
    except TrendelError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{package.name}: {sum(map(len, package.kernels().values()))} kernels, all in the dialect")
    return 0


__all__ = ["ACCEPTED", "REFUSED", "Form", "check", "main", "page", "tables"]

if __name__ == "__main__":
    raise SystemExit(main())
