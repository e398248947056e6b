"""The kernels: pure float32 step functions and their state layout. No I/O, clock, logging or allocation.

The same functions run here (compiled by numba), on the clip (lowered to Cortex-M4F assembly) and in a browser
(lowered to WebAssembly), with the same bits. See docs/dialect.md for what may be written here.
"""
