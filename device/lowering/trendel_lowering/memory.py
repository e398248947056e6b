"""Memory intrinsics made plain loops: memset and memcpy would be undefined symbols of the lowered object."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

# Blocks up to here are left to LLVM, which writes them as a few loads and stores.
INLINE_BYTES = 16

_SET = re.compile(
    r"(?:tail )?call void @llvm\.memset\.p0\.i(?P<width>32|64)\((?P<to>ptr [^,]+), i8 (?P<value>[^,]+), "
    r"i(?:32|64) (?P<n>[^,]+), i1 false\)"
)
_COPY = re.compile(
    r"(?:tail )?call void @llvm\.(?P<kind>memcpy|memmove)\.p0\.p0\.i(?P<width>32|64)\("
    r"(?P<to>ptr [^,]+), (?P<source>ptr [^,]+), i(?:32|64) (?P<n>[^,]+), i1 false\)"
)


def replace_memory_intrinsics(text: str) -> str:
    """IR text in which the large memset, memcpy and memmove are calls of loops defined in the same text."""
    used: set[str] = set()
    names: Iterator[int] = itertools.count()

    def replace(match: re.Match[str]) -> str:
        count = match["n"].strip()
        if count.isdigit() and int(count) <= INLINE_BYTES:
            return match[0]
        found = match.groupdict()
        pointers = [found["to"], *([found["source"]] if "source" in found else [])]
        zero = "value" in found and found["value"].strip() == "0"
        words = (
            count.isdigit() and int(count) % 4 == 0 and all(map(_aligned, pointers)) and (zero or len(pointers) == 2)
        )
        kind = {"memcpy": "copy", "memmove": "move"}[found["kind"]] if "kind" in found else "zero" if zero else "fill"
        name = f"trendel_{kind}_{'words' if words else 'bytes'}"
        used.add(name)
        arguments = [f"ptr {pointer.split()[-1]}" for pointer in pointers]
        if kind == "fill":
            arguments.append(f"i8 {found['value']}")
        if count.isdigit():
            return f"call void @{name}({', '.join(arguments)}, i32 {int(count) // (4 if words else 1)})"
        cut, before = count, ""
        if found["width"] == "64":
            cut = f"%trendel_n{next(names)}"
            before = f"{cut} = trunc i64 {count} to i32\n  "
        return f"{before}call void @{name}({', '.join(arguments)}, i32 {cut})"

    text = _COPY.sub(replace, _SET.sub(replace, text))
    return text + "".join(_define(name) for name in sorted(used))


def _aligned(pointer: str) -> bool:
    found = re.search(r"\balign (\d+)", pointer)
    return found is not None and int(found[1]) >= 4


def _define(name: str) -> str:
    """A loop in IR; `no-builtins` keeps LLVM from recognising it as the very call that it replaces."""
    _, kind, unit = name.split("_")
    element, align = ("i32", 4) if unit == "words" else ("i8", 1)
    arguments = {"zero": "ptr %d", "fill": "ptr %d, i8 %v", "copy": "ptr %d, ptr %s", "move": "ptr %d, ptr %s"}[kind]
    value = "0" if kind == "zero" else "%v"
    at, back = "%i", ""
    if kind == "move":
        # From the end when the target lies behind the source, else from the start.
        back = "  %back = icmp ugt ptr %d, %s\n"
        at = "%at"
    body = "  %i = phi i32 [ 0, %entry ], [ %next, %loop ]\n"
    if kind == "move":
        body += "  %last = sub i32 %n, 1\n  %r = sub i32 %last, %i\n  %at = select i1 %back, i32 %r, i32 %i\n"
    if kind in ("copy", "move"):
        body += (
            f"  %from = getelementptr {element}, ptr %s, i32 {at}\n  %v = load {element}, ptr %from, align {align}\n"
        )
    body += f"  %to = getelementptr {element}, ptr %d, i32 {at}\n  store {element} {value}, ptr %to, align {align}\n"
    return (
        f'\ndefine internal void @{name}({arguments}, i32 %n) noinline nounwind "no-builtins" {{\n'
        f"entry:\n{back}  %none = icmp eq i32 %n, 0\n  br i1 %none, label %done, label %loop\n"
        f"loop:\n{body}  %next = add i32 %i, 1\n  %more = icmp ult i32 %next, %n\n"
        f"  br i1 %more, label %loop, label %done\ndone:\n  ret void\n}}\n"
    )
