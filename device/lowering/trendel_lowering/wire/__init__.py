"""What is generated from trendel.wire.layout: `python -m trendel_lowering.wire` writes, `--check` compares.

The C header of the clip's core, docs/wire.md, and the golden vectors that the C and the Python tests share.
"""
