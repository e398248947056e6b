"""The Cortex-M4F home: bare metal under QEMU (mps2-an386), talking to the host's files by semihosting."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from trendel.errors import LoweringError

from ..artifacts import ASSEMBLY, HEADER, cache_root, cached, publish
from ..package import KernelPackage
from ..toolchain import find_tool, picolibc_problem, run_tool
from .files import EMULATOR
from .job import Job, Trace, read_traces, write_jobs

# The 4 MB of code and the 4 MB of data memory of the mps2-an386 board.
_MEMORY = {"flash": 0x0, "flash_size": 0x400000, "ram": 0x20000000, "ram_size": 0x200000, "stack_size": 0x8000}
_WARNINGS = ["-Wall", "-Wextra", "-Werror"]
_CODE = ["-std=c99", "-O2", "-ffp-contract=off", "-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"]
FLAGS = [*_CODE, *_WARNINGS, "--specs=picolibc.specs", "--oslib=semihost", "--crt0=semihost"]
# One instruction is 2^6 = 64 ns of emulated time; SysTick runs at 25 MHz, 40 ns a tick.
ICOUNT_SHIFT = 6
INSTRUCTIONS_PER_TICK = 40 / 2**ICOUNT_SHIFT


def build(artefacts: Path, *, count: bool = False) -> Path:
    """The linked harness for a folder of artefacts; `count` builds the one that counts instructions."""
    gcc = find_tool("arm-none-eabi-gcc")
    problem = picolibc_problem()
    if problem:
        raise LoweringError(problem)
    source = EMULATOR / "main.c"
    if not source.exists():
        raise LoweringError(f"{source} is missing: run from a checkout with an editable install (make venv).")
    digest = hashlib.sha256(" ".join(FLAGS).encode() + run_tool([gcc, "--version"]).encode())
    for path in (source, artefacts / ASSEMBLY, artefacts / HEADER):
        digest.update(path.read_bytes())
    folder = cache_root() / f"harness-{'count-' if count else ''}{digest.hexdigest()[:16]}"
    program = folder / "harness.elf"
    if not program.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix="new-", dir=folder.parent))
        symbols = ",".join(f"--defsym=__{name}={value:#x}" for name, value in _MEMORY.items())
        defines = ["-DTRENDEL_COUNT"] if count else []
        files = [f"-I{artefacts}", str(source), str(artefacts / ASSEMBLY)]
        run_tool([gcc, *FLAGS, *defines, f"-Wl,{symbols}", *files, "-o", str(made / "harness.elf")])
        publish(made, folder)
    return program


def emulate(program: Path, folder: Path, *options: str) -> None:
    """Run a harness in the folder of its job and trace."""
    board = ["-M", "mps2-an386", "-nographic", "-monitor", "none", "-serial", "none"]
    semihosting = ["-semihosting-config", "enable=on,target=native"]
    command = [find_tool("qemu-system-arm"), *board, *semihosting, *options, "-kernel", str(program)]
    run_tool(command, cwd=folder, timeout_s=3600.0)


def run_cortexm(package: KernelPackage, jobs: Sequence[Job], artefacts: Path | None = None) -> list[Trace]:
    """Step each job in one start of the emulator; `artefacts` replaces the cached folder."""
    find_tool("qemu-system-arm")
    program = build(artefacts or cached(package))
    layout = package.load("layout")
    with tempfile.TemporaryDirectory(prefix="trendel-cortexm-") as folder:
        write_jobs(Path(folder, "job.bin"), layout, jobs)
        emulate(program, Path(folder))
        return read_traces(Path(folder, "trace.bin"), layout, jobs, "cortexm")


def count_instructions(package: KernelPackage, job: Job) -> np.ndarray:
    """(n,) float64: instructions that each sample's step took on the emulated Cortex-M4F (not cycles)."""
    find_tool("qemu-system-arm")
    program = build(cached(package), count=True)
    with tempfile.TemporaryDirectory(prefix="trendel-count-") as folder:
        write_jobs(Path(folder, "job.bin"), package.load("layout"), [job])
        emulate(program, Path(folder), "-icount", f"shift={ICOUNT_SHIFT}")
        ticks = np.fromfile(Path(folder, "trace.bin"), "<u4")
    if len(ticks) != len(job.samples):
        raise LoweringError(f"The emulator counted {len(ticks)} samples of {len(job.samples)}.")
    return ticks * INSTRUCTIONS_PER_TICK
