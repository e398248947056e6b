"""Kernels to Cortex-M4F assembly text and object code."""

from __future__ import annotations

from typing import Any

from .ir import Target

TARGET = Target("thumbv7em-none-eabihf", "cortex-m4", "+vfp4d16sp,-fp64,+strict-align")


def assembly(module: Any) -> str:
    """Assembly text that GNU as takes and GNU ld links with hard-float code."""
    text: str = TARGET.machine().emit_assembly(module)
    # LLVM leaves out the attribute by which GNU ld knows that floats travel in VFP registers.
    head, mark, tail = text.partition("\t.fpu\tfpv4-sp-d16\n")
    if not mark:
        raise ValueError("LLVM's assembly has no .fpu line to put the hard-float attribute under")
    return f"{head}{mark}\t.eabi_attribute\t28, 1\n{tail}"


def object_code(module: Any) -> bytes:
    """The same as an ELF object, for the checks."""
    return bytes(TARGET.machine().emit_object(module))
