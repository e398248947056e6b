"""The kernels as C functions for the simulated clip: the same machine code that the host calls, behind numba cfuncs."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class KernelFunctions:
    """Addresses of init and step, which take only pointers; `kept` keeps them alive."""

    init: int
    step: int
    layout_hash: int
    kernel_hash: int
    kept: tuple[Any, ...]


@functools.cache
def kernel_functions() -> KernelFunctions:
    """Compile, or load, the kernels (15 to 40 s where nothing is cached)."""
    from numba import carray, cfunc, types
    from numba.core import config

    from trendel.kernels import pipeline
    from trendel.kernels.compile import CACHE_FOLDER, KERNEL_HASH, record
    from trendel.kernels.layout import LAYOUT_HASH

    step, init = pipeline.step, pipeline.init
    state, params, sample, out = (types.CPointer(record(name)) for name in ("State", "Params", "Sample", "Out"))

    def clip_step(s: Any, p: Any, x: Any, o: Any) -> Any:
        return step(carray(s, 1)[0], carray(p, 1)[0], carray(x, 1)[0], carray(o, 1)[0])

    def clip_init(s: Any, p: Any) -> Any:
        return init(carray(s, 1)[0], carray(p, 1)[0])

    kept = config.CACHE_DIR  # type: ignore[attr-defined]
    config.CACHE_DIR = str(CACHE_FOLDER)  # type: ignore[attr-defined]
    try:
        made: tuple[Any, ...] = (
            cfunc(types.int32(state, params), error_model="numpy")(clip_init),
            cfunc(types.int32(state, params, sample, out), error_model="numpy")(clip_step),
        )
    finally:
        config.CACHE_DIR = kept  # type: ignore[attr-defined]
    return KernelFunctions(made[0].address, made[1].address, LAYOUT_HASH, int(KERNEL_HASH[:8], 16), made)
