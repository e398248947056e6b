"""`python -m tests.fuzz [--seconds N]`: each target for N seconds, started from the golden vectors.

What is found and a corpus that grows are kept in build/fuzz. A target whose tools are absent is left out, with
the reason.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

from trendel.errors import TrendelError
from trendel.wire.settings import KEYS
from trendel_core.build import CORE, sources

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WORK = ROOT / "build" / "fuzz"


def corpus(name: str) -> Path:
    """The target's corpus, with the golden packets and frames in it."""
    folder = WORK / name
    folder.mkdir(parents=True, exist_ok=True)
    for i, entry in enumerate(json.loads((ROOT / "tests" / "golden" / "wire.json").read_text())):
        for kind in ("packet", "framed"):
            (folder / f"golden-{i}-{kind}").write_bytes(bytes.fromhex(entry[kind]))
    if name == "core_clip":  # each setting written as it should be
        keys = [key.name for key in KEYS]
        for entry in json.loads((ROOT / "tests" / "golden" / "settings.json").read_text()):
            value = bytes.fromhex(entry["value"])
            (folder / f"setting-{entry['key'].replace('/', '-')}").write_bytes(
                bytes([0, keys.index(entry["key"]), 33]) + value + bytes([9, 200, 7])
            )
    return folder


def wire() -> list[str]:
    """The command of the Python target; raises TrendelError without atheris."""
    if importlib.util.find_spec("atheris") is None:
        raise TrendelError("wire: atheris is not installed (pip install 'trendel[fuzz]')")
    return [sys.executable, str(HERE / "wire_target.py")]


def session() -> list[str]:
    """The command of the target that reads session files; raises TrendelError without atheris."""
    if importlib.util.find_spec("atheris") is None:
        raise TrendelError("session: atheris is not installed (pip install 'trendel[fuzz]')")
    return [sys.executable, "-m", "tests.fuzz.session_target"]


def core(name: str) -> list[str]:
    """The command of a C target, compiled; raises TrendelError without clang and its fuzzer."""
    clang = shutil.which("clang")
    if clang is None:
        raise TrendelError(f"{name}: clang is not installed (apt-get install clang libclang-rt-dev)")
    program = WORK / f"{name}.bin"
    flags = ["-std=c99", "-O1", "-g", "-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all"]
    includes = [f"-I{CORE / folder}" for folder in ("include", "sim", "src")]
    files = [str(HERE / f"{name}.c"), *map(str, sources())]
    done = subprocess.run([clang, *flags, *includes, *files, "-o", str(program)], capture_output=True, text=True)
    if done.returncode != 0:
        raise TrendelError(f"{name}: clang could not build it: {done.stderr.strip().splitlines()[-1]}")
    return [str(program)]


def main() -> int:
    """Exit code 0, 1 if a target found something."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for each target (default: %(default)s)")
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    failed = 0
    targets = (
        ("wire", wire),
        ("session", session),
        *((name, partial(core, name)) for name in ("core_log", "core_clip")),
    )
    for name, make in targets:
        try:
            command = make()
        except TrendelError as error:
            print(f"left out: {error}")
            continue
        limits = [f"-max_total_time={options.seconds}", "-timeout=10", "-rss_limit_mb=2048", "-max_len=4096"]
        found = f"-artifact_prefix={WORK}/{name}-"
        done = subprocess.run(
            [*command, *limits, found, "-print_final_stats=1", "-verbosity=0", str(corpus(name))],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        runs = next((line.split()[-1] for line in done.stdout.splitlines() if "number_of_executed_units" in line), "?")
        print(f"{name}: {runs} inputs, {'nothing found' if done.returncode == 0 else 'FAILED'}")
        if done.returncode != 0:
            failed += 1
            print("\n".join(done.stdout.splitlines()[-30:]))
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
