"""The three homes of the kernels: host (numba), cortexm (QEMU) and wasm (Node), behind one job and trace format."""

from __future__ import annotations

from .cortexm import run_cortexm
from .host import run_host
from .job import Job, Trace
from .wasm import run_wasm

HOMES = {"host": run_host, "cortexm": run_cortexm, "wasm": run_wasm}
"""Runners by name: (package, jobs) -> one trace for each job."""

__all__ = ["HOMES", "Job", "Trace", "run_cortexm", "run_host", "run_wasm"]
