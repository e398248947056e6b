"""Kernels to a WebAssembly module: no imports; exports memory, trendel_step, trendel_init and __heap_base."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from .ir import ENTRIES, Target
from .toolchain import find_tool, run_tool

TARGET = Target("wasm32-unknown-unknown", "mvp", "")
STACK_BYTES = 16384


def link(module: Any) -> bytes:
    """The linked module. Raises LoweringError when wasm-ld is missing or finds an undefined symbol."""
    linker = find_tool("wasm-ld")
    with tempfile.TemporaryDirectory(prefix="trendel-wasm-") as folder:
        source, linked = Path(folder, "kernel.o"), Path(folder, "kernel.wasm")
        source.write_bytes(TARGET.machine().emit_object(module))
        exports = [f"--export={name}" for name in (*ENTRIES, "__heap_base")]
        options = ["--no-entry", "--strip-all", "-z", f"stack-size={STACK_BYTES}"]
        run_tool([linker, *options, *exports, str(source), "-o", str(linked)])
        return linked.read_bytes()
