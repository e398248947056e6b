"""Compiles device/core for the host; every build is kept under the hash of all that it comes from."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from trendel.errors import CoreError

CORE = Path(__file__).resolve().parents[1]
BUILD = CORE.parents[1] / "build"
FLAGS = ("-std=c99", "-O2", "-g", "-Wall", "-Wextra", "-Werror", "-Wconversion", "-Wpedantic", "-ffp-contract=off")
SIMULATORS = ("-Wno-conversion",)


def sources() -> list[Path]:
    """The C files of the core, and of the simulated chips around it."""
    return sorted([*(CORE / "src").glob("*.c"), *(p for p in (CORE / "sim").glob("*.c") if p.name != "powercut.c")])


def headers() -> list[Path]:
    """Their headers."""
    return sorted(path for folder in ("include", "sim", "src") for path in (CORE / folder).glob("*.h"))


def compiler() -> str:
    """The C compiler: $CC, gcc, clang or cc. Raises CoreError that says what to install."""
    for name in (os.environ.get("CC"), "gcc", "clang", "cc"):
        found = shutil.which(name) if name else None
        if found:
            return found
    raise CoreError("The clip's core is C, and there is no C compiler: install gcc (on Debian: apt-get install gcc).")


def sanitizers() -> tuple[str, ...]:
    """Flags for TRENDEL_CORE_SANITIZE (address,undefined), if it is set."""
    names = os.environ.get("TRENDEL_CORE_SANITIZE", "")
    return (f"-fsanitize={names}", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer") if names else ()


def run(command: Sequence[str]) -> str:
    """Run a compiler; its output. Raises CoreError with its own words."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        words = (done.stderr or done.stdout).strip().splitlines()
        raise CoreError(f"The clip's core did not compile: {' / '.join(words[:6]) or 'the compiler said nothing'}")
    return done.stdout


def build(name: str, files: Sequence[Path], flags: Sequence[str]) -> Path:
    """Compile and link `files` into `name` with FLAGS and `flags`; from build/ if nothing has changed since.

    Raises CoreError without a compiler or outside a checkout.
    """
    if not (CORE / "src").is_dir():
        raise CoreError(f"The clip's core is not at {CORE}: run from a checkout with an editable install (make venv).")
    cc = compiler()
    includes = [f"-I{CORE / folder}" for folder in ("include", "sim", "src")]
    command = [cc, *FLAGS, *SIMULATORS, *flags, *sanitizers(), *includes]
    digest = hashlib.sha256(" ".join(command).encode() + run([cc, "--version"]).encode())
    for path in [*files, *headers()]:
        digest.update(path.name.encode() + path.read_bytes())
    target = BUILD / f"core-{digest.hexdigest()[:16]}" / name
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            made = Path(folder, name)
            run([*command, *map(str, files), "-o", str(made)])
            made.replace(target)  # whole or not at all: two processes may build at once
    return target
