"""What a lowered object may not hold: anything undefined, double, fused, reduced or reassociated.

That catches libm, float64, allocation and exceptions at once. Each refusal names the kernel and the line, found in a
second compilation with debug information that is made only then.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from . import cortexm
from .findings import Finding
from .ir import compile_package, retarget
from .package import KernelPackage


@dataclass(frozen=True)
class Offence:
    """One kind of refused thing in the lowered code; `where` matches the LLVM instructions that cause it."""

    why: str
    where: str


_FUSED_ASSEMBLY = re.compile(r"^\s+(vfma|vfms|vfnma|vfnms)\S*", re.M)
_DOUBLE_ASSEMBLY = re.compile(r"^\s+v\w+\.f64\S*|^\s+vcvt\S*\.f64\S*", re.M)
_LOOSE = r"\bf(?:add|sub|mul|div|rem|neg|cmp) (?:\w+ )*?(?:fast|contract|reassoc|arcp|afn)\b"

# Where numba's code can fail: it stores an exception, allocates, or calls an implementation of numba's that does.
_FAILING = r"store ptr @\.const\.picklebuf|@NRT_\w*alloc|\bcall i32 @_ZN5numba(?!\w*(?:ol_min|ol_max|impl_carray))"

# What the back end calls for an instruction that the machine lacks.
_LIBCALLS: dict[str, tuple[str, str]] = {
    r"__aeabi_u?ldivmod|__aeabi_u?idiv(mod)?": ("integer division", r"\b[su](?:div|rem) i\d+"),
    r"__aeabi_u?l2f|__float(un)?[sdt]i[sd]f": ("64-bit integer to float32", r"\b[su]itofp i64\b"),
    r"__aeabi_f2u?lz|__fix(uns)?[sd]f[sdt]i": ("float32 to 64-bit integer", r"\bfpto[su]i float .* to i64\b"),
    r"__aeabi_l(sl|sr|asr)|__aeabi_lmul": ("64-bit integer arithmetic", r"\b(?:shl|lshr|ashr|mul)\b.* i64\b"),
    r"fmodf?": ("float modulo (%)", r"\bfrem\b"),
    r"__aeabi_mem\w+|mem(set|cpy|move)": ("a copy of a block of memory", r"@llvm\.mem(?:set|cpy|move)\b"),
    r"__aeabi_(d\w+|[uil]+2d|f2d|cd\w+)": ("float64 arithmetic", r"\bdouble\b"),
    r"Py\w+|numba_\w+|NRT_\w+": ("an exception, an allocation or a call into Python", _FAILING),
}


def offences(optimised: Any) -> list[Offence]:
    """What is refused in a module optimised for Cortex-M4F; empty when it may ship."""
    text = str(optimised)
    found: list[Offence] = []
    if re.search(r"\bdouble\b|\bfp128\b|\bhalf\b", text):
        found.append(Offence("float64 arithmetic", r"\bdouble\b"))
    if re.search(r"@llvm\.fma|@llvm\.fmuladd", text):
        found.append(Offence("a fused multiply-add", r"@llvm\.fma|@llvm\.fmuladd|\bcall .*@fmaf?\("))
    if "@llvm.vector.reduce" in text:
        found.append(Offence("a vector reduction, whose order is not the source's", r"@llvm\.vector\.reduce"))
    if re.search(_LOOSE, text):
        found.append(Offence("arithmetic that may be reordered (fastmath)", _LOOSE))
    if re.search(r"(?:load|store) (?:float|i32)\b.*, align [12]\b", text):
        found.append(
            Offence(
                "access to memory that is not aligned to 4 bytes", r"(?:load|store) (?:float|i32)\b.*, align [12]\b"
            )
        )
    if found:
        return found
    listing = cortexm.assembly(optimised)
    if _FUSED_ASSEMBLY.search(listing):
        found.append(Offence("a fused multiply-add", r"\bfmul\b"))
    if _DOUBLE_ASSEMBLY.search(listing):
        found.append(Offence("float64 arithmetic", r"\bdouble\b"))
    # Many symbols can have one cause: it is told once, with the first of them.
    told = {
        found.where: found for found in map(_undefined, reversed(undefined_symbols(cortexm.object_code(optimised))))
    }
    return found + list(told.values())


def _undefined(symbol: str) -> Offence:
    for names, (why, where) in _LIBCALLS.items():
        if re.fullmatch(names, symbol):
            return Offence(f"{why} (undefined symbol {symbol})", where)
    stem = re.escape(symbol.removesuffix("f"))
    return Offence(f"undefined symbol {symbol}", rf"@(?:llvm\.)?{stem}f?(?:\.f\d+)?\(")


def undefined_symbols(elf: bytes) -> list[str]:
    """Names of the undefined symbols of a 32-bit little-endian ELF object, in order."""
    (sections_at,) = struct.unpack_from("<I", elf, 0x20)
    entry_size, count = struct.unpack_from("<HH", elf, 0x2E)
    headers = [struct.unpack_from("<10I", elf, sections_at + i * entry_size) for i in range(count)]
    names: list[str] = []
    for header in headers:
        if header[1] != 2:  # SHT_SYMTAB
            continue
        strings_at = headers[header[6]][4]
        for offset in range(header[4] + 16, header[4] + header[5], 16):
            name_at, _, _, _, _, section = struct.unpack_from("<IIIBBH", elf, offset)
            if section == 0 and name_at:
                end = elf.index(b"\0", strings_at + name_at)
                names.append(elf[strings_at + name_at : end].decode())
    return names


def explain(package: KernelPackage, found: Sequence[Offence]) -> list[Finding]:
    """The kernel function and source line of each offence; the package as a whole where no line can be named."""
    compiled = compile_package(package, types=False, debug=True)
    kernels = {name for names in package.kernels().values() for name in names}
    findings: list[Finding] = []
    for offence in found:
        placed = [
            Finding(file, line, function, offence.why)
            for entry, text in compiled.ir.items()
            for file, line, function in _places(retarget(text, entry, cortexm.TARGET), re.compile(offence.where))
            if function in kernels
        ]
        findings += placed or [Finding(str(package.folder), 0, "step or init", offence.why)]
    return sorted(set(findings))


def _places(text: str, where: re.Pattern[str]) -> list[tuple[str, int, str]]:
    """(file, line, function) of every instruction that matches, by its debug location."""
    nodes = dict(re.findall(r"^(!\d+) = (.*)$", text, flags=re.M))
    places = []
    for line in text.splitlines():
        location = re.search(r"!dbg (!\d+)", line)
        if location and not line.startswith("define") and where.search(line):
            place = _place(nodes, location[1])
            if place:
                places.append(place)
    return places


def _place(nodes: dict[str, str], location: str) -> tuple[str, int, str] | None:
    line = re.search(r"\bline: (\d+)", nodes.get(location, ""))
    scope = re.search(r"\bscope: (!\d+)", nodes.get(location, ""))
    while scope is not None:
        body = nodes.get(scope[1], "")
        if "DISubprogram" in body:
            name, file = re.search(r'\bname: "([^"]*)"', body), re.search(r"\bfile: (!\d+)", body)
            names = nodes.get(file[1], "") if file else ""
            filename, folder = re.search(r'filename: "([^"]*)"', names), re.search(r'directory: "([^"]*)"', names)
            if name and line and filename:
                path = f"{folder[1]}/{filename[1]}" if folder and folder[1] else filename[1]
                return path, int(line[1]), re.split(r"[.:]", name[1].partition("[")[0])[-1]
        scope = re.search(r"\bscope: (!\d+)", body)
    return None
