"""docs/accuracy.md: what is missed first, then every number with its n and interval, published figures beside it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tests.validation import sections_recordings, sections_steps, sections_synthetic
from tests.validation.page import Target, table, wrapped
from tests.validation.targets import targets
from trendel.analysis.parameters import Parameters
from trendel.kernels.compile import KERNEL_HASH
from trendel.kernels.layout import LAYOUT_HASH

COMMAND = "make accuracy TRENDEL_DATA=FOLDER"


def document(lines: list[Target]) -> str:
    """The whole page."""
    missed = [t for t in lines if not t.met]
    verdict = (
        f"All {len(lines)} targets are met."
        if not missed
        else f"**Missed: {len(missed)} of {len(lines)} targets.**\n\n"
        + table(["missed", "", "measured", "target"], [[t.on, t.what, t.measured, t.target] for t in missed])
    )
    every = table(
        ["on", "", "measured", "target", ""], [[t.on, t.what, t.measured, t.target, t.verdict] for t in lines]
    )
    defaults = hashlib.sha256(Parameters().to_toml().encode()).hexdigest()[:8]
    return wrapped(f"""# Accuracy

Made by `{COMMAND}` with kernels `{KERNEL_HASH}`, layout `{LAYOUT_HASH:08x}`, default parameters `{defaults}`.
Do not edit: run the command again. The recordings are public ones and no part of the project;
[recordings.md](recordings.md) says how to bring your own. `tests/validation` asserts what is met, and shows what is
known to be missed as expected failures, wherever `TRENDEL_DATA` is set.

{verdict}

## All targets

{every}

## How to read this

Estimate less truth throughout. Limits of agreement are bias +- 1.96 SD of the single steps (Bland & Altman 1986), their
intervals and all others 95 %; steps of a trial are alike, so the bootstrap draws whole trials where there are several.
With 16 trials such intervals hold the truth in some 91 % of cases rather than 95 (a test measures it).

Published figures are from other runners, sensors and protocols, most from many more runners: they say what is usual,
not that one method beats another. The kernels' parameters were chosen with these recordings at hand, so a
recording of another runner will fare somewhat worse than the page says; nothing was fitted to a single file, and
nothing is fitted when the page is made.

{sections_steps.on_treadmill()}
{sections_recordings.on_mocap()}
{sections_steps.on_mocap()}
{sections_recordings.on_waist()}
{sections_recordings.on_outdoor()}
{sections_synthetic.section()}
{sections_recordings.on_orientation()}
## What is not shown here

- The mocap run and the treadmill trials are of one runner each, both rear foot strikers or near it. Nothing here says
  how contact times, force or angles fare across real runners, foot strikes, belts and shoes.
- Angles have no truth in a real run with a sensor on a belt, nor over longer than 10 s.
- Left and right are confirmed for one real runner only.
- Whatever the clip does against the pelvis (belt, soft tissue) is in none of the recordings with truth: the markers
  have no belt, the treadmill has no angles. Only the simulated runs have it, as somebody imagined it.
- `impact_peak_g` and `impact_rate_gps` have no truth here: the source took raw impacts away.
- Nothing here is about injury: see [science.md](science.md).
""")


def write(path: Path) -> list[Target]:
    """Write the page; returns the targets."""
    lines = targets()
    path.write_text(document(lines), encoding="utf-8")
    return lines
