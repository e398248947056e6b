"""The WebAssembly home: the linked module under Node."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from ..artifacts import WASM, cached
from ..package import KernelPackage
from ..toolchain import find_tool, run_tool
from .files import EMULATOR
from .job import Job, Trace, read_traces, write_jobs


def run_wasm(package: KernelPackage, jobs: Sequence[Job], module: Path | None = None) -> list[Trace]:
    """Step each job in one Node process; `module` replaces the cached kernel."""
    node = find_tool("node")
    module = module or cached(package) / WASM
    layout = package.load("layout")
    with tempfile.TemporaryDirectory(prefix="trendel-wasm-") as folder:
        job, trace = Path(folder, "job.bin"), Path(folder, "trace.bin")
        write_jobs(job, layout, jobs)
        run_tool([node, str(EMULATOR / "kernel.mjs"), str(module), str(job), str(trace)])
        return read_traces(trace, layout, jobs, "wasm")
