"""Section of docs/accuracy.md on simulated runs: grid, sensor faults, two hours, test-retest."""

from __future__ import annotations

import numpy as np

from tests.validation import faults, grid, long_run, retest, synthetic, targets
from tests.validation.grid import Cell
from tests.validation.page import digits, icc_cell, span, table
from tests.validation.synthetic import METRICS

KEY = (
    "contact_time_ms",
    "vertical_oscillation_mm",
    "pelvic_drop_deg",
    "obliquity_peak_deg",
    "tilt_mean_deg",
    "tilt_rom_deg",
    "rotation_rom_deg",
    "peak_vgrf_bw",
)


def _steps(cell: Cell) -> list[str]:
    """Found of true, invented, sides right."""
    return [
        f"{cell.total('found_n')} of {cell.total('true_n')}",
        str(cell.total("invented_n")),
        "all" if cell.total("right_n") == cell.total("found_n") else f"{cell.total('right_n')}",
    ]


def _bias(cell: Cell, metric: str, rmse: bool = True) -> str:
    d = digits(metric)
    mean, half = cell.bias(metric)
    mark = "**" if cell.beyond(metric) else ""
    star = " *" if cell.biased(metric) else ""
    tail = f", {cell.rmse(metric):.{d}f}" if rmse else ""
    return f"{mark}{mean:+.{d}f}{mark} +- {half:.{d}f}{star}{tail}"


def _grid() -> str:
    cells = grid.cells()
    biased, beyond, n = grid.flagged()
    shown = ("ic_ms", "to_ms", *KEY)
    rows = [[str(c.name[0]), str(c.name[1]), *_steps(c), *(_bias(c, m) for m in shown)] for c in cells]
    groups = [
        [f"{kind} {c.name[0]}{unit}", *_steps(c), *(_bias(c, m) for m in shown)]
        for kind, unit, chosen in (("strike", "", grid.by_strike()), ("", " Hz", grid.by_rate()))
        for c in chosen
    ]
    whole = Cell(("all",), tuple(r for c in cells for r in c.runs))
    summary = [
        [
            m,
            _bias(whole, m, rmse=False),
            f"{whole.rmse(m):.{digits(m)}f}",
            f"{sum(c.biased(m) for c in cells)} of {len(cells)}",
            f"{sum(c.beyond(m) for c in cells)} of {len(cells)}",
            f"{synthetic.TOLERANCE[m]:g}",
            "-" if m in ("ic_ms", "to_ms") else f"{100 * grid.gain(m)[0]:.0f} +- {100 * grid.gain(m)[1]:.0f}",
        ]
        for m in METRICS
    ]
    runs = len(cells[0].runs)
    return f"""### The physiological grid

{len(cells)} plausible pairs of step rate and contact time (flight of {grid.FLIGHT_MS[0]:g} to
{grid.FLIGHT_MS[1]:g} ms), {runs} runs of {grid.SECONDS:.0f} s each: three foot strikes, each with {grid.PER_STRIKE}
runners that differ in
style, drop, tilt, rotation and asymmetry, by consumer IMUs of 208 Hz with noise, biases, scales and clock of their
own, on a
strap between firm and loose, in random mountings; the mounting is found. Bias: mean over the runs' means +- half of its
95 % interval (Student's t over runs); * marks a bias beyond its interval (it does not hold zero), bold one beyond
what is tolerated in any condition; then the RMSE of single steps. {biased} of {n} biases are beyond their interval
(some {round(0.05 * n)} would be by chance), {beyond} beyond the tolerance.

{
        table(
            [
                "metric",
                "bias over all runs",
                "RMSE",
                "cells beyond their interval",
                "cells beyond the tolerance",
                "tolerance",
                "seen of a change (%)",
            ],
            summary,
        )
    }

"Seen of a change": slope of the estimate's run means on the true ones over all runs of the grid; 100 is right, less
means that runners are shown more alike than they are.

![bias over the grid](figures/grid_bias.png)

![RMSE over the grid](figures/grid_rmse.png)

<details><summary>Cell by cell: bias +- interval, RMSE</summary>

{table(["steps/min", "contact (ms)", "found", "invented", "sides right", *shown], rows)}

</details>

By foot strike over the whole grid, and by sample rate over {grid.RUNS_PER_RATE} runners spread over it:

{table(["", "found", "invented", "sides right", *shown], groups)}
"""


def _faults() -> str:
    rows = [[str(c.name[0]), *_steps(c), *(_bias(c, m) for m in KEY)] for c in faults.cells()]
    return f"""### One fault of the sensor at a time

The same {len(faults.RUNNERS)} runners, {faults.SECONDS:.0f} s each at {faults.RATE_HZ:.0f} Hz; every line changes one
thing of the ordinary sensor. Bias +- half interval over the runners, RMSE of steps, marks as above. The truth is
that of the
pelvis: what the clip does on its strap counts as error. With a clock that is off by 5 % and nominal stamps, times
are judged in
the recording's clock.

{table(["fault", "found", "invented", "sides right", *KEY], rows)}

![sensitivity to faults](figures/faults.png)
"""


def _long() -> str:
    long = long_run.measure()
    rows = []
    for g in long.growth:
        d = digits(g.name) + 1
        rows.append([g.name, g.mode, f"{g.blocks[0]:+.{d}f}", f"{g.blocks[-1]:+.{d}f}", f"{np.ptp(g.blocks):.{d}f}",
                     f"{g.per_hour:+.{d}f} +- {g.half:.{d}f}" + (" *" if g.grows else "")])  # fmt: skip
    lost = {mode: f"{s.found_n} of {s.true_n}, {s.invented_n} invented" for mode, s in long.scored.items()}
    return f"""### Two hours

One simulated run of {long_run.SECONDS / 3600:g} h by a sensor that warms, in blocks of {long_run.BLOCK_S / 60:.0f}
minutes: mean error in the first and last block, range over the blocks, and slope per hour +- half of its 95 %
interval (* where
it does not hold zero). Steps found: causal {lost["causal"]}; refined {lost["refined"]}.

{table(["error of", "mode", "first block", "last block", "range", "per hour"], rows)}

![errors over two hours](figures/long_run.png)
"""


def _retest() -> str:
    found = retest.measure()
    rows = []
    for r in found:
        d = digits(r.metric) + 1
        rows.append([r.metric, f"{r.session.sem:.{d}f} ({span(r.session.sem_low, r.session.sem_high, d)})",
                     f"{r.true_session.sem:.{d}f}", f"{r.session.mdc95:.{d}f}", f"{r.minute.mdc95:.{d}f}",
                     icc_cell(r.consistency)])  # fmt: skip
    first = found[0].session
    return f"""### Test-retest and the smallest change that can be told

{first.runners} simulated runners, {retest.SESSIONS} days each, {retest.SECONDS / 60:.0f} minutes a day: the same way of
running with its own variation, the clip mounted anew any way up on another strap, another sensor. SEM: standard
error of measurement
within a runner (root of the within-runner mean square, {first.measurements - first.runners} degrees of freedom);
MDC95 = 1.96 sqrt(2) SEM (Weir 2005), for a run's mean and for means of one minute. "True": SEM of the truth itself, the
runner's own variation that no sensor could remove. Real days differ by sleep, shoes and ground as well: these
numbers are
the floor, not what a runner should expect.

{table(["metric", "SEM of a run (95 % CI)", "true", "MDC95 of a run", "MDC95 of a minute", "ICC(2,1) of runs"], rows)}
"""


def section() -> str:
    """All of it."""
    return f"""## Simulated runs

Runs of the [synthetic runner](simulation.md), whose truth is analytic, through all of Trendel. **This is no independent
evidence for real runners**: the shapes were taken from the same mocap and treadmill recordings that the kernels were
made
with, by the same people, and strap and tissue are a guess. What it can show: where a method breaks, how errors
depend on one thing
at a time, and what a sensor's faults cost. What it cannot: how large the errors of a real runner are.
Tolerances: {targets.tolerances()}.

{_grid()}
{_faults()}
{_long()}
{_retest()}"""
