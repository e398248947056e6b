"""The external programs that lowering and the homes need, and what to install when one is absent."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from trendel.errors import LoweringError

DEBIAN_PACKAGE: dict[str, str] = {
    "arm-none-eabi-gcc": "gcc-arm-none-eabi",
    "arm-none-eabi-nm": "binutils-arm-none-eabi",
    "qemu-system-arm": "qemu-system-arm",
    "wasm-ld": "lld",
    "node": "nodejs",
}
PICOLIBC_PACKAGE = "picolibc-arm-none-eabi"


def find_tool(name: str) -> str:
    """Path of a program; versioned names (wasm-ld-14) are found too. Raises LoweringError naming the package."""
    found = shutil.which(name)
    if found is None:
        folders = [Path(p) for p in os.environ.get("PATH", "").split(os.pathsep) if p]
        versioned = sorted(str(hit) for folder in folders for hit in folder.glob(f"{name}-[0-9]*"))
        found = versioned[-1] if versioned else None
    if found is None:
        raise LoweringError(
            f"{name} is not installed: it is in the Debian package {DEBIAN_PACKAGE[name]} "
            f"(apt-get install {DEBIAN_PACKAGE[name]})."
        )
    return found


def run_tool(command: Sequence[str], *, cwd: Path | None = None, timeout_s: float = 600.0) -> str:
    """Run a program to its end; its standard output. Raises LoweringError with the program's own last words."""
    try:
        done = subprocess.run(
            command, cwd=cwd, capture_output=True, text=True, timeout=timeout_s, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        raise LoweringError(f"{Path(command[0]).name} did not end within {timeout_s:.0f} s and was stopped.") from None
    if done.returncode != 0:
        words = (done.stderr or done.stdout).strip().splitlines()
        tail = " / ".join(line.strip() for line in words[-3:]) or "it said nothing"
        raise LoweringError(f"{Path(command[0]).name} failed with exit code {done.returncode}: {tail}")
    return done.stdout


def picolibc_problem() -> str | None:
    """None when arm-none-eabi-gcc finds picolibc, else the sentence that says what to install."""
    gcc = find_tool("arm-none-eabi-gcc")
    specs = run_tool([gcc, "-print-file-name=picolibc.specs"]).strip()
    # gcc answers with the bare name when it does not find the file.
    if Path(specs).is_absolute() and Path(specs).exists():
        return None
    return (
        f"picolibc.specs is not installed: it is in the Debian package {PICOLIBC_PACKAGE} "
        f"(apt-get install {PICOLIBC_PACKAGE})."
    )


def missing_for(home: str) -> str | None:
    """Why the home ('host', 'wasm', 'cortexm') cannot run on this machine, or None when it can."""
    needed = {"host": (), "wasm": ("wasm-ld", "node"), "cortexm": ("arm-none-eabi-gcc", "qemu-system-arm")}[home]
    try:
        for tool in needed:
            find_tool(tool)
        return picolibc_problem() if home == "cortexm" else None
    except LoweringError as error:
        return str(error)
