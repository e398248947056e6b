"""How a kernel is compiled: one explicit signature, strict IEEE arithmetic, cached by the content of all sources.

numba's own cache does not notice an edited callee in another file, so the cache folder's name carries a hash of every
source of this package: any edit is a cold start.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba import types
from numba.core import config

from trendel.kernels.layout import DTYPES

F = TypeVar("F", bound=Callable[..., Any])

f4 = types.float32
i4 = types.int32
u4 = types.uint32
COUNTS = types.Array(types.int64, 1, "C")


def nested(*shape: int) -> types.NestedArray:
    """The numba type of a float32 array inside a struct; a kernel takes it by reference."""
    return types.NestedArray(f4, shape)


@cache
def record(name: str) -> types.Record:
    """The numba type of a struct of the layout, by name."""
    return cast(types.Record, numba.from_dtype(DTYPES[name]))


def rows(name: str) -> types.Array:
    """The numba type of a C-contiguous array of such structs."""
    return types.Array(record(name), 1, "C")


def source_hash() -> str:
    """Hash (16 hex digits) of the sources of all kernels: names the code that a number was computed by."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def cache_root() -> Path:
    """Folder of all compiled kernels: TRENDEL_CACHE_DIR, or the user's cache folder."""
    named = os.environ.get("TRENDEL_CACHE_DIR")
    if named:
        return Path(named)
    import platformdirs

    return Path(platformdirs.user_cache_dir("trendel"))


def _writable_cache() -> Path:
    """The cache folder for these sources, or a new temporary one where that cannot be written."""
    folder = cache_root() / f"kernels-{KERNEL_HASH}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError:
        # A name that nobody can guess: numba loads pickles from it.
        return Path(tempfile.mkdtemp(prefix="trendel-"))


KERNEL_HASH = source_hash()
CACHE_FOLDER = _writable_cache()
progress: Callable[[str], None] | None = None
"""Called with the name of each kernel before it is loaded or compiled."""


def kernel(signature: Any, inline: bool = False) -> Callable[[F], F]:
    """Compile a function of the kernel dialect with the one given signature, when it is first used.

    A kernel's machine code has that of its callees in it: from a warm cache only what Python calls is loaded, which
    halves the time of a start. With NUMBA_DISABLE_JIT=1 the function stays plain Python, which gives the same bits,
    slowly.
    """

    def decorate(function: F) -> F:
        # The folder is numba's global setting: set it for our own functions only.
        kept = config.CACHE_DIR  # type: ignore[attr-defined]
        config.CACHE_DIR = str(CACHE_FOLDER)  # type: ignore[attr-defined]
        try:
            made = numba.njit(
                cache=True,
                error_model="numpy",
                fastmath=False,
                boundscheck=False,
                nogil=True,
                forceinline=inline,
            )(function)
        finally:
            config.CACHE_DIR = kept  # type: ignore[attr-defined]
        if made is not function:
            _compile_once(made, signature)
        return cast(F, made)

    return decorate


def _compile_once(made: Any, signature: Any) -> None:
    """Whatever `made` is first called with, by Python or by a kernel that is compiled, it has that signature alone."""
    made.one_signature = signature
    compile_for = made.compile

    def once(_: object) -> Any:
        if not made.overloads:
            if progress is not None:
                progress(made.py_func.__name__)
            compile_for(signature)
            made.disable_compile()
        (only,) = made.overloads.values()
        return only.entry_point

    made.compile = once


def load(*kernels: Any) -> None:
    """Load these kernels from the cache, or compile them, if that has not been done."""
    for one in kernels:
        if hasattr(one, "one_signature"):  # not with NUMBA_DISABLE_JIT=1
            one.compile(None)


def zeros(name: str, n: int = 1) -> np.recarray:
    """(n,) zeroed structs of the layout as a record array; an element can be passed to a kernel by reference."""
    return np.zeros(n, DTYPES[name]).view(np.recarray)
