"""`make bits RECORDING=RUN.csv`: the three homes on one recording; see trendel_lowering.identity."""

from __future__ import annotations

from trendel_lowering.identity import main

if __name__ == "__main__":
    raise SystemExit(main())
