"""Write trendel_build.h: which kernels and which sources a firmware was built from. Run by CMakeLists.txt."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from trendel.kernels.compile import KERNEL_HASH

ROOT = Path(__file__).resolve().parents[2]


def git(*words: str) -> str | None:
    """What git says, or None without git or a repository."""
    try:
        done = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def header() -> str:
    """The text. Without git the hash is 0 and the sources count as changed."""
    commit, changes = git("rev-parse", "--short=8", "HEAD"), git("status", "--porcelain", "--", "device", "host")
    return (
        "/* Written by device/zephyr/build_header.py. */\n"
        f"#define TRENDEL_KERNEL_HASH 0x{KERNEL_HASH[:8]}u\n"
        f"#define TRENDEL_BUILD_HASH 0x{(commit or '0')[:8]}u\n"
        f"#define TRENDEL_BUILD_CHANGED {0 if commit and changes == '' else 1}u\n"
    )


def main() -> None:
    """Only a change is written, so that nothing is compiled again for nothing."""
    path, text = Path(sys.argv[1]), header()
    if not path.exists() or path.read_text() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


if __name__ == "__main__":
    main()
