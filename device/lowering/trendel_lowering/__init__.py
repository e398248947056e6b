"""Lowering of the trendel kernels to Cortex-M4F assembly, WebAssembly and a C header, and the identity of their bits.

Run `python -m trendel_lowering --out DIR` to write the three artefacts,
`python -m trendel_lowering.identity RUN.csv` to compare the three homes on a recording.
"""

from __future__ import annotations

DEFAULT_PACKAGE = "trendel.kernels"
"""The kernel package that is lowered: it has modules `pipeline` (step, init) and `layout` (STRUCTS, DTYPES)."""
