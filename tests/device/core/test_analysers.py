"""The core's C under static analysis, and its tests once more under the address and undefined-behaviour sanitizers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.device.core.rig import core
from trendel_core.build import CORE, compiler, run

ROOT = Path(__file__).resolve().parents[3]
SOURCES = [str(path) for path in sorted((CORE / "src").glob("*.c"))]
INCLUDES = [f"-I{CORE / 'include'}", f"-I{CORE / 'src'}"]


SLOW = ("power_lost", "wear", "minutes", "many", "newest", "fast", "without_a_host", "its_alerts", "any_checkpoint",
        "light_and", "cut_while", "any_rate", "to_the_by", "to_the_bit", "values_that_cannot")  # fmt: skip


def tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed (apt-get install {name}): the core is not analysed by it")
    return found


def said(command: list[str]) -> tuple[int, str]:
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    return done.returncode, done.stdout + done.stderr


def test_cppcheck() -> None:
    options = ["--std=c99", "--enable=warning,style,performance,portability", "--error-exitcode=1", "--quiet"]
    code, words = said([tool("cppcheck"), *options, "--suppress=missingIncludeSystem", *INCLUDES, *SOURCES])
    assert code == 0, words


def test_clang_tidy() -> None:
    """By device/core/.clang-tidy; paths through a function are followed to 40,000 nodes, a fifth of what is usual."""
    nodes = ["-Xclang", "-analyzer-config", "-Xclang", "max-nodes=40000"]
    code, words = said([tool("clang-tidy"), "--quiet", *SOURCES, "--", "-std=c99", *INCLUDES, *nodes])
    assert code == 0, words


def test_the_rest_of_these_tests_under_sanitizers() -> None:
    """Python is not built with ASAN, so its library is loaded first; the emulator's tests would be the same again."""
    core()
    libraries = [run([compiler(), f"-print-file-name=lib{name}.so"]).strip() for name in ("asan", "ubsan")]
    if not all(Path(library).is_absolute() for library in libraries):
        pytest.skip(f"{compiler()} has no sanitizer libraries (apt-get install libgcc-12-dev): not run under them")
    environment = os.environ | {
        "TRENDEL_CORE_SANITIZE": "address,undefined",
        "LD_PRELOAD": " ".join(libraries),
        "ASAN_OPTIONS": "detect_leaks=0",  # Python's own
    }
    files = [
        str(Path(__file__).parent / f"test_{name}.py")
        for name in ("packets_c", "log", "imu", "sampling", "clip", "settings")
    ]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-x",
            "-p",
            "no:cacheprovider",
            "-k",
            f"not ({' or '.join(SLOW)})",
            *files,
        ],
        capture_output=True,
        text=True,
        env=environment,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
