"""What travels between clip and host: packets as numpy dtypes, their decoding, and framing without I/O.

:mod:`~trendel.wire.layout` is the only definition; the C header, docs/wire.md and the golden vectors come from it
(`python -m trendel_lowering.wire`). Bytes are little-endian, fields naturally aligned, nothing is padded silently.
"""
