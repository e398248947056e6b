"""What a check refuses: one finding names the kernel function, the file and the line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from trendel.errors import LoweringError


@dataclass(frozen=True, order=True)
class Finding:
    """One refused form: where it stands and why it is refused."""

    file: str
    line: int
    kernel: str
    why: str

    def __str__(self) -> str:
        place = f"{_short(self.file)}:{self.line}" if self.line else _short(self.file)
        return f"{place}: in kernel {self.kernel}: {self.why}"


def _short(file: str) -> str:
    path = Path(file)
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def refuse(findings: Sequence[Finding]) -> None:
    """Raise LoweringError listing the findings (at most ten); nothing when there are none."""
    if not findings:
        return
    ordered = sorted(set(findings))
    shown = "\n  ".join(str(finding) for finding in ordered[:10])
    more = f"\n  and {len(ordered) - 10} more" if len(ordered) > 10 else ""
    raise LoweringError(f"The kernels cannot be lowered (docs/dialect.md says what to write instead):\n  {shown}{more}")
