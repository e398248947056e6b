"""Kernels to x86-64 assembly text: for the clip's program as a Linux process (Zephyr's native simulator)."""

from __future__ import annotations

from typing import Any

from .ir import Target

# The least of x86-64: SSE2, whose float32 arithmetic rounds each result as Cortex-M4F does, and no fused multiply-add.
TARGET = Target("x86_64-unknown-linux-gnu", "x86-64", "", reloc="pic")


def assembly(module: Any) -> str:
    """Assembly text (AT&T) for GNU as; position independent, so that programs and shared libraries take it."""
    text: str = TARGET.machine().emit_assembly(module)
    return text
