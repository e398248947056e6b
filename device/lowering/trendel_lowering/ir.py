"""Kernels to portable LLVM IR: compiled by numba in a subprocess for a generic CPU, then retargeted and optimised."""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm

from trendel.errors import LoweringError

from .findings import Finding
from .memory import replace_memory_intrinsics
from .package import KernelPackage

ENTRIES = ("trendel_step", "trendel_init")

# Nothing of the building machine may reach the IR: neither its CPU nor its user's settings.
_NUMBA_ENVIRONMENT = {
    "NUMBA_CPU_NAME": "generic",
    "NUMBA_CPU_FEATURES": "",
    "NUMBA_LOOP_VECTORIZE": "0",
    "NUMBA_SLP_VECTORIZE": "0",
    "NUMBA_DISABLE_JIT": "0",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
}


@dataclass(frozen=True)
class Target:
    """A machine that LLVM generates code for."""

    triple: str
    cpu: str
    features: str
    reloc: str = "static"

    def machine(self) -> Any:
        """LLVM's target machine; O2."""
        _initialize()
        target = llvm.Target.from_triple(self.triple)
        return target.create_target_machine(
            cpu=self.cpu, features=self.features, reloc=self.reloc, codemodel="small", opt=2
        )


@dataclass(frozen=True)
class Compiled:
    """What the subprocess answered: text IR by entry name, and what the type check refused."""

    findings: list[Finding]
    ir: dict[str, str]


@functools.cache
def _initialize() -> None:
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()


def compile_package(
    package: KernelPackage, *, entries: bool = True, types: bool = True, debug: bool = False
) -> Compiled:
    """Compile the kernels in a fresh process; `types`: check the widths of what they compute.

    With `debug` the IR carries source lines (and is not for shipping).
    """
    with tempfile.TemporaryDirectory(prefix="trendel-lowering-") as folder:
        answer, request = Path(folder, "answer.json"), Path(folder, "request.json")
        asked = {"package": package.name, "modules": package.modules(), "entries": entries, "types": types}
        request.write_text(json.dumps(asked | {"answer": str(answer)}))
        environment = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
        environment |= _NUMBA_ENVIRONMENT | {"NUMBA_CACHE_DIR": folder, "NUMBA_DEBUGINFO": "1" if debug else "0"}
        environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        done = subprocess.run(
            [sys.executable, "-m", "trendel_lowering.worker", str(request)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0 or not answer.exists():
            last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise LoweringError(f"Compiling {package.name} for lowering failed: {last}")
        loaded = json.loads(answer.read_text())
    return Compiled([Finding(*row) for row in loaded["findings"]], loaded["ir"])


def retarget(text: str, entry: str, target: Target) -> str:
    """numba's IR of one entry with another machine's triple and layout, C's name, and nothing of CPython.

    The cfunc wrapper stays: its error path calls CPython, so a kernel that can raise leaves an undefined symbol.
    """
    layout = str(target.machine().target_data)
    text = re.sub(r"^target datalayout = .*$", f'target datalayout = "{layout}"', text, flags=re.M)
    text = re.sub(r"^target triple = .*$", f'target triple = "{target.triple}"', text, flags=re.M)
    text = re.sub(r"^source_filename = .*$", 'source_filename = "trendel"', text, flags=re.M)
    # Arrays are views on the caller's memory: there is nothing to count.
    for name in ("NRT_incref", "NRT_decref"):
        text = re.sub(rf"^define [^\n]*@{name}\(.*?^}}$", "", text, flags=re.M | re.S)
        text = re.sub(rf"^declare [^\n]*@{name}\([^\n]*$", "", text, flags=re.M)
        text += f"\ndefine linkonce_odr void @{name}(ptr %x) alwaysinline {{\n  ret void\n}}\n"
    # numba calls the fields of a packed record unaligned, yet every scalar of ours is 4 bytes at a multiple of 4, in
    # structs that C aligns: without this the clip would load byte by byte.
    text = re.sub(r"^(.*\b(?:load|store) (?:i32|float)\b.*, align )[12]\b", r"\g<1>4", text, flags=re.M)
    text = re.sub(r"^(.*= alloca .*, align )[12]\b", r"\g<1>4", text, flags=re.M)
    # As a library call sqrtf is inlined only where its argument is provably not negative.
    text = re.sub(r"^declare [^\n]*@(?:sqrtf|llvm\.sqrt\.f32)\([^\n]*$", "", text, flags=re.M)
    text = re.sub(r"@sqrtf\b", "@llvm.sqrt.f32", text) + "\ndeclare float @llvm.sqrt.f32(float)\n"
    text, count = re.subn(r'@"?cfunc\.[^\s("]+"?\(', f"@{entry}(", text)
    if count != 1:
        raise LoweringError(f"numba's IR for {entry} has {count} C entries instead of one: unknown numba version?")
    return text


def link(texts: dict[str, str], target: Target) -> Any:
    """One module of the entries, with everything else internal. Raises LoweringError on IR that LLVM refuses."""
    _initialize()
    try:
        modules = [llvm.parse_assembly(retarget(texts[entry], entry, target)) for entry in ENTRIES]
        module = modules[0]
        module.link_in(modules[1])
        module.verify()
    except RuntimeError as error:
        raise LoweringError(f"LLVM refuses numba's IR: {' '.join(str(error).split())[:300]}") from None
    for function in list(module.functions):
        if not function.is_declaration and function.name not in ENTRIES:
            function.linkage = "internal"
    for variable in list(module.global_variables):
        if not variable.is_declaration:
            variable.linkage = "internal"
    return module


def optimise(module: Any, target: Target) -> Any:
    """O2 of the new pass manager without vectorisation, then memory intrinsics made plain loops. A new module.

    All is told to be small: unrolled and inlined as usual the kernels take 70 KB of a clip's flash instead of 46, and
    are no faster. Not so code for functions with 64-bit shifts by a variable, which would become library calls.
    """
    machine = target.machine()
    for function in list(module.functions):
        if not function.is_declaration:
            function.add_function_attribute("minsize")
    tuning = llvm.create_pipeline_tuning_options(speed_level=2)
    tuning.loop_vectorization = False
    tuning.slp_vectorization = False
    builder = llvm.create_pass_builder(machine, tuning)
    builder.getModulePassManager().run(module, builder)
    text = re.sub(r"\bminsize\b", "optsize", str(module))
    text = replace_memory_intrinsics(text)
    text = _shorten(text)
    finished = llvm.parse_assembly(text)
    finished.verify()
    for function in list(finished.functions):
        if not function.is_declaration and not re.search(r" (shl|lshr|ashr) [a-z ]*i64 [^,]+, %", str(function)):
            function.add_function_attribute("minsize")
    return finished


def _shorten(text: str) -> str:
    """Internal functions renamed k0, k1, ...: numba's names are thousands of characters of encoded types."""
    names = re.findall(r'^define internal [^@\n]*@("[^"]+"|[^\s(]+)\(', text, flags=re.M)
    for number, name in enumerate(n for n in names if not n.startswith("trendel_")):
        text = re.sub(rf"@{re.escape(name)}(?![\w.$])", f"@k{number}_{_readable(name)}", text)
    return text


def _readable(mangled: str) -> str:
    """The last plain part of a mangled name: _ZN7trendel7kernels8attitude6updateB2v4... gives attitude_update."""
    parts: list[str] = []
    rest = mangled.strip('"').removeprefix("_ZN")
    while (match := re.match(r"(\d+)", rest)) is not None:
        size = int(match[1])
        parts.append(rest[match.end() : match.end() + size])
        rest = rest[match.end() + size :]
    return re.sub(r"\W+", "_", "_".join(parts[-2:])) or "f"
