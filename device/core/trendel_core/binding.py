"""The compiled core as cffi sees it: declarations come from the headers themselves."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Any

from trendel.errors import CoreError
from trendel_core.build import CORE, build, compiler, run, sources

_PUBLIC = ("include/*.h", "sim/*.h")


@dataclass(frozen=True)
class Core:
    """The core: `ffi` to make and read its structs, `lib` its functions, named as in the headers."""

    ffi: Any
    lib: Any


@functools.cache
def load() -> Core:
    """Compile if need be, and load. Raises CoreError without a C compiler or without cffi."""
    try:
        from cffi import FFI
    except ImportError:
        raise CoreError("The clip's core is called through cffi: pip install 'trendel[core]'.") from None
    library = build("libtrendel_core.so", sources(), ("-shared", "-fPIC"))
    ffi = FFI()
    for packed, text in declarations():
        ffi.cdef(text, packed=packed)
    return Core(ffi, ffi.dlopen(str(library)))


def declarations() -> list[tuple[bool, str]]:
    """The headers' declarations in order, each piece with whether its structs are packed."""
    names = sorted(path for pattern in _PUBLIC for path in CORE.glob(pattern))
    command = [compiler(), "-E", "-P", "-nostdinc", "-xc", "-std=c99", "-DTRENDEL_ASSERT(truth,name)=struct name"]
    includes = [f"-I{CORE / folder}" for folder in ("include", "sim", "trendel_core/stubs")]
    forced = [word for path in names for word in ("-include", str(path))]
    text = run([*command, *includes, *forced, "/dev/null"])
    pieces: list[tuple[bool, str]] = []
    packed = False
    for part in re.split(r"(#pragma pack\(.*?\)\n)", text):
        if part.startswith("#pragma"):
            packed = "push" in part
        elif part.strip():
            pieces.append((packed, part))
    return pieces
