"""Sections of docs/accuracy.md on contacts and force: the treadmill, the steps of the mocap run."""

from __future__ import annotations

import numpy as np

from tests.validation import mocap, treadmill
from tests.validation.agreement import agreement
from tests.validation.page import AGREEMENT_HEAD, PUBLISHED, digits, icc_cell, numbers, span, table
from tests.validation.reliability import slope

BASELINE = {"ic_ms": "13", "to_ms": "16", "contact_time_ms": "17"}
TIMES = ("ic_ms", "to_ms", "contact_time_ms")


def _force() -> str:
    found = treadmill.force_rmse()
    if found is None:
        return f"Force waveform: not yet computed. Published: {PUBLISHED['force waveform']}."
    return (
        f"Force waveform: RMSE {found[0]:.3f} ({span(found[1], found[2], 3)}) BW over {found[3]} whole steps, flight "
        f"included. Published: {PUBLISHED['force waveform']}."
    )


def _trends() -> str:
    """Slope of each trial's bias on speed, slope and step rate."""
    trials = treadmill.trials()
    rows = []
    for metric in (*TIMES, "peak_vgrf_bw"):
        bias = treadmill.condition_biases(metric)
        d = digits(metric) + 1
        cells = [f"{bias.std(ddof=1):.{d}f}"]
        for x in ([t.speed_mps for t in trials], [t.slope_deg for t in trials], [t.step_rate_spm for t in trials]):
            gradient, half = slope(np.array(x), bias)
            cells.append(f"{gradient:+.{d}f} +- {half:.{d}f}" + (" *" if abs(gradient) > half else ""))
        seen = "-"
        if metric not in ("ic_ms", "to_ms"):
            part, half = treadmill.gain(metric)
            seen = f"{100 * part:.0f} +- {100 * half:.0f}"
        low, high = treadmill.left_out(metric)
        rows.append([metric, *cells, seen, span(low, high, d)])
    head = ["metric", "SD of the trials' biases", "per m/s", "per degree of slope", "per step/min"]
    return table([*head, "seen of a change (%)", "RMSE, one trial left out"], rows)


def on_treadmill() -> str:
    """Contacts and vertical force."""
    trials = treadmill.trials()
    rows = [
        [m, *numbers(treadmill.over_all(m), digits(m)), icc_cell(treadmill.over_means(m)), BASELINE.get(m, ""),
         PUBLISHED.get(m, "")]
        for m in treadmill.METRICS
    ]  # fmt: skip
    each = []
    for t in trials:
        means = [agreement(t.differences[m]) for m in (*TIMES, "peak_vgrf_bw")]
        each.append(
            [
                t.path.stem,
                f"{t.speed_mps:g}",
                f"{t.slope_deg:+g}",
                f"{t.step_rate_spm:.0f}",
                f"{t.found} of {t.contacts_n}",
                str(t.extra),
                *(f"{a.bias:+.1f} +- {a.sd:.1f}" for a in means[:3]),
                f"{means[3].bias:+.2f} +- {means[3].sd:.2f}",
            ]
        )
    head = ["trial", "m/s", "slope (deg)", "steps/min", "found", "extra", "IC (ms)", "TO (ms)", "contact (ms)",
            "peak force (BW)"]  # fmt: skip
    found, n = sum(t.found for t in trials), sum(t.contacts_n for t in trials)
    inner_found, inner = sum(t.inner_found for t in trials), sum(t.inner for t in trials)
    return f"""## Contacts and vertical force

{len(trials)} trials of 5 s of **one** runner (rear foot strike) on an instrumented treadmill at 2.5 to 4.17 m/s,
-10 to +10 degrees and three step rates; accelerometer alone at the sacrum, forward and up, low-passed at 20 Hz and
clipped at zero by its source. Of all contacts of the plate {found} of {n} were found; of those with another before and
after them {inner_found} of {inner}. A trial is cut out of a run: a step is reported once the next contact has come, so
the last contact of a trial cannot be among them, and the first follows no flight that was recorded.
{sum(t.extra for t in trials)} steps between a trial's first and last contact have no contact within
{1e3 * treadmill.MATCH_S:.0f} ms.

Estimate less plate, in the unit of the name (times in ms). All intervals: bootstrap over the trials of this one runner,
so they hold for this runner. ICC(2,1) (absolute agreement, single measurement; Shrout & Fleiss 1979) over the
trials' means: how well conditions of one runner are told apart; not for instants. Baseline: RMSE of an unprocessed
10 Hz low-pass with a threshold of 0.4.

{table([*AGREEMENT_HEAD, "ICC(2,1)", "baseline", "published"], rows)}

{_force()}

![Bland-Altman of contacts](figures/bland_altman.png)

**How the error changes with the condition.** Slope of the trials' biases on each, one at a time (+- half of the 95 %
interval; * where it does not hold zero). The conditions are not crossed evenly, so the columns are not independent.
Nothing is fitted when this page is made: constants of the kernels (delays and thresholds of events.py) are the same for
all trials, but they were chosen by people who had these trials and the mocap run before them, so the bias over all
trials is small by construction. "Seen of a change": slope of the estimate's trial means on the plate's; below 100 the
estimate keeps too near to its own average, and a true change of speed or gait is shown too small (the fan in the
Bland-Altman plot). The last column is the RMSE over the others when one trial at a time is left out,
smallest to largest: no single trial carries the result.

{_trends()}

![error against condition](figures/conditions.png)

By trial, bias +- SD over its steps:

{table(head, each)}

![the treadmill trials as analysed](figures/treadmill.png)
"""


def on_mocap() -> str:
    """Steps of the mocap run, mounting known and unknown."""
    run = mocap.measure()
    rows = []
    for name, e in run.given.differences.items():
        d = digits(name)
        rows.append([name, *numbers(agreement(e), d)[1:], f"{run.given.step_rmse(name, early=True):.{d}f}",
                     f"{np.mean([c.step_rmse(name) for c in run.found]):.{d}f}, {mocap.worst_found(name):.{d}f}",
                     PUBLISHED.get(name, "")])  # fmt: skip
    head = [AGREEMENT_HEAD[0], *AGREEMENT_HEAD[2:], "RMSE with the first 2 s", "mounting unknown: RMSE mean, worst"]
    return f"""### Steps of the same run

Estimate less truth, true mounting, after the first {mocap.SETTLE_S:g} s; truth from markers and force plates alone, by
the definitions of [science.md](science.md). One runner, one trial: intervals are a bootstrap over its steps, which are
alike, so they say nothing about other runners, and there is no spread between trials for an ICC. Mounting unknown: mean
and worst over {len(run.found)} random orientations.

{table([*head, "published"], rows)}

![step metrics against markers](figures/mocap_steps.png)
"""
