"""docs/accuracy.md: every number with its n and interval, the target and the published figure beside it."""

from __future__ import annotations

import hashlib
import textwrap
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.validation import data, mocap, mocap_long, orientation, outdoor, treadmill, waist
from tests.validation.agreement import Agreement, agreement, interval
from trendel.analysis.parameters import Parameters
from trendel.kernels.compile import KERNEL_HASH
from trendel.kernels.layout import LAYOUT_HASH
from trendel.kernels.metrics import METRICS

COMMAND = "make accuracy TRENDEL_DATA=FOLDER"

PUBLISHED_STEPS = {
    "ic_ms": "best bias -30 or +29, limits +-118 (sacral, 74 runners, Kiernan 2023)",
    "to_ms": "bias -3, limits +-150 (same)",
    "contact_time_ms": "RMSE 20 (one sacral IMU, 208 Hz, 100 runners, PMC8838733); linear models on 37 runners 9",
    "peak_vgrf_bw": "RMSE 0.15",
    "impulse_bws": "",
    "loading_rate_bwps": "limits beyond +-65 % for every method (Kiernan 2023b)",
    "vertical_oscillation_mm": "best device RMSE 8.7; waist pod +12.9 +- 10.3 (against video, Smith 2022)",
}
BASELINE = {"ic_ms": "13", "to_ms": "16", "contact_time_ms": "17"}


@dataclass(frozen=True)
class Target:
    """One line of the table of targets."""

    what: str
    measured: str
    target: str
    met: bool

    @property
    def verdict(self) -> str:
        return "met" if self.met else "**MISSED**"


def targets() -> list[Target]:
    """What this version must reach, and what it reaches."""
    errors, run, jogs, negatives, out = (
        orientation.measure(beside=True),
        mocap.measure(),
        waist.jogs(),
        waist.negatives(),
        outdoor.measure(),
    )
    found = max(run.found, key=lambda c: c.worst_deg)
    heading = max(abs(c.mounting_error_deg) for c in run.found)
    right = sum(c.sides_right for c in (run.given, *run.found))
    sided = sum(c.sides_n for c in (run.given, *run.found))
    worst = max(jogs, key=lambda j: abs(j.error_percent))
    strides = sum(n.strides for n in negatives)
    median = float(np.median(np.abs(out.error_percent)))
    given = run.given.rmse_deg
    long = max(max(rmse.values()) for rmse in mocap_long.measure())
    return [
        _at_most("inclination, mean RMSE over trials (deg), causal", errors.mean, orientation.TARGET_MEAN_DEG, 3),
        _at_most(
            "inclination, fast translation (deg), causal",
            errors.fast_translation,
            orientation.TARGET_FAST_TRANSLATION_DEG,
            3,
        ),
        *(
            _at_most(f"{name} about its mean, true mounting (deg)", given[name], mocap.TARGET_GIVEN_DEG, 2)
            for name in given
        ),
        _at_most(
            f"worst angle, mounting found, worst of {len(run.found)} orientations (deg)",
            found.worst_deg,
            mocap.TARGET_FOUND_DEG,
            2,
        ),
        _at_most(
            f"worst angle, mounting found, {mocap_long.DURATION_S:.0f} s of repeated strides (deg)",
            long,
            mocap_long.TARGET_DEG,
            2,
        ),
        _at_most("heading of the mounting found, worst (deg)", heading, mocap.TARGET_HEADING_DEG, 2),
        Target("sides right, mocap, all orientations", f"{right} of {sided}", "all", right == sided),
        _at_most(
            f"cadence, worst of {len(jogs)} jogs ({worst.name}) (%)",
            abs(worst.error_percent),
            waist.TARGET_CADENCE_PERCENT,
            2,
        ),
        Target(f"strides in {len(negatives)} recordings of walking and jumping", str(strides), "0", strides == 0),
        _at_most(
            "stride time outdoors against the ankle, median absolute difference (%)",
            median,
            outdoor.TARGET_MEDIAN_PERCENT,
            2,
        ),
    ]


def _at_most(what: str, value: float, limit: float, digits: int) -> Target:
    return Target(what, f"{value:.{digits}f}", f"<= {limit:g}", bool(value <= limit))


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def _digits(metric: str) -> int:
    return {"ms": 1, "mm": 1, "deg": 2, "bw": 2, "bws": 3, "bwps": 1}.get(metric.rsplit("_", 1)[-1], 2)


def _numbers(a: Agreement, digits: int) -> list[str]:
    """n, bias (CI), limits, RMSE (CI)."""
    if a.n == 0:
        return ["0", "not yet computed", "", ""]
    d = digits
    return [
        str(a.n),
        f"{a.bias:+.{d}f} ({a.bias_ci[0]:+.{d}f} to {a.bias_ci[1]:+.{d}f})",
        f"{a.limits[0]:+.{d}f} to {a.limits[1]:+.{d}f}",
        f"{a.rmse:.{d}f} ({a.rmse_ci[0]:.{d}f} to {a.rmse_ci[1]:.{d}f})",
    ]


AGREEMENT_HEAD = ["metric", "steps", "bias (95 % CI)", "limits of agreement", "RMSE (95 % CI)"]


def _orientation() -> str:
    e = orientation.measure(beside=True)
    low, high = interval(e.trendel)
    vqf_low, vqf_high = interval(e.vqf)
    d_low, d_high = interval(e.trendel - e.vqf)
    rows = [
        [name.replace("_", " "), f"{ours:.2f}", f"{theirs:.2f}"]
        for name, ours, theirs in zip(e.names, e.trendel, e.vqf, strict=True)
    ]
    rows.append(
        [
            "**mean**",
            f"**{e.mean:.3f}** ({low:.2f} to {high:.2f})",
            f"{e.vqf.mean():.3f} ({vqf_low:.2f} to {vqf_high:.2f})",
        ]
    )
    return f"""## Orientation

`trendel.orientation`, causal, on {len(e.names)} trials of a hand-moved IMU with optical truth; RMSE of the inclination
(deg) while moving. VQF is the C++ code of the `vqf` package with its own parameters, on the same samples in the same
run. Intervals: bootstrap over trials; the difference of the means is {e.mean - float(e.vqf.mean()):+.3f}
({d_low:+.2f} to {d_high:+.2f}, paired). Published on 30 trials of the same set: {orientation.PUBLISHED}.

{_table(["trial", "Trendel", "VQF"], rows)}

![inclination error of each trial](figures/orientation.png)
"""


def _mocap() -> str:
    run = mocap.measure()
    worst = {name: max(c.rmse_deg[name] for c in run.found) for name in mocap.ANGLES}
    headings = [c.mounting_error_deg for c in run.found]
    rows = [
        [
            name,
            f"{run.given.rmse_deg[name]:.2f}",
            f"{np.mean([c.rmse_deg[name] for c in run.found]):.2f}",
            f"{worst[name]:.2f}",
        ]
        for name in mocap.ANGLES
    ]
    steps = [
        [
            name,
            *_numbers(agreement(e), _digits(name)),
            PUBLISHED_STEPS.get(name, ""),
        ]
        for name, e in mocap.step_differences().items()
    ]
    worst_long = {name: max(rmse[name] for rmse in mocap_long.measure()) for name in mocap.ANGLES}
    long = ", ".join(f"{name} {value:.2f}" for name, value in worst_long.items()) + " deg"
    lean = float(np.mean(run.truth[mocap.ANGLES["tilt"]]))
    floor = mocap_long.definition_deg()
    sides = f"{run.given.sides_right} of {run.given.sides_n}"
    return f"""## Pelvic angles

One run of {data.recording(run.path).duration_s:.1f} s ({len(mocap.true_contacts()["ic_s"])} steps of one runner on a
treadmill); the IMU signals were derived from optical markers at the sacrum, so sensor noise and the wobble of a strap
are not in them. RMSE (deg) of each angle about its mean after the first {mocap.SETTLE_S:g} s, refined; with the true
mounting, and over {len(run.found)} random orientations of the sensor with the mounting to be found. The heading of the
mounting found is off by {min(headings):+.1f} to {max(headings):+.1f} deg. Sides: {sides} steps right with the true
mounting, {sum(c.sides_right for c in run.found)} of {sum(c.sides_n for c in run.found)} with the mounting found
(published: right in 82 % of steps, 74 runners, Kiernan 2023). Published angles from one lower-back IMU, in sprinting:
RMSE 4.1 roll, 2.8 pitch, 3.6 yaw.

{_table(["angle", "true mounting", "mounting found, mean", "mounting found, worst"], rows)}

![angles against markers](figures/mocap_angles.png)

Strides of the same run repeated to {mocap_long.DURATION_S:.0f} s (joined over {mocap_long.FADE_S:g} s), mounting
found, in {mocap_long.TURNS} orientations, worst: {long}. Part of what remains in rotation is a matter of
definition: an axis that leans forward swings sideways with obliquity, the marker frame's leans by {lean:.0f} deg, and
without a standing posture 8 deg are assumed ([decision 0008](decisions/0008-lean.md)). An error-free estimate about
an axis that is level in the mean would show {floor:.2f} deg.

### Steps of the same run

Estimate less truth, true mounting, after the first {mocap.SETTLE_S:g} s; truth from markers and force plates alone, by
the definitions of [science.md](science.md). Intervals: bootstrap over the steps of this one run, so they say nothing
about other runners.

{_table([*AGREEMENT_HEAD, "published"], steps)}

![step metrics against markers](figures/mocap_steps.png)
"""


def _waist() -> str:
    jogs, negatives = waist.jogs(), waist.negatives()
    errors = np.array([j.error_percent for j in jogs])
    low, high = interval(np.abs(errors))
    rows = [
        [
            j.name,
            f"{j.truth_spm:.1f}",
            f"{j.cadence_spm:.1f}",
            f"{j.error_percent:+.2f}",
            f"{j.steps} of {j.expected:.0f}",
            f"{100 * j.sided:.0f}",
            f"{100 * j.alternating:.1f}",
            f"{100 * j.jumpy:.0f}",
        ]
        for j in jogs
    ]
    head = [
        "recording",
        "truth (1/min)",
        "found (1/min)",
        "error (%)",
        "steps",
        "with a side (%)",
        "alternating (%)",
        "jumpy (%)",
    ]
    jumpy = 100 * float(np.median([j.jumpy for j in jogs]))
    none = [[n.name, f"{n.duration_s:.0f}", str(n.steps), str(n.strides)] for n in negatives]
    return f"""## Cadence, and what is no running

{len(jogs)} jogs of {len({j.subject for j in jogs})} people with a 6-axis IMU at the belt buckle, mounting found.
Truth is the median over short-time spectra (8 s windows, 2.1 to 3.7 Hz) of the vertical. Error: mean
{errors.mean():+.2f} %, mean absolute {np.abs(errors).mean():.2f} % ({low:.2f} to {high:.2f}), worst
{np.abs(errors).max():.2f} %. "Of" is truth times the length of the recording, ends and pauses included.
"Alternating": steps that follow each other without a break and change sides; whether left is left cannot be told
from these recordings. "Jumpy": steps whose time is more than 50 ms from the median of the recording. Nobody steps
that unevenly: at the front of the waist initial contact is taken from different features of the force in left and right
steps, or from step to step; in the median recording {jumpy:.0f} % of the steps are. Stride times and cadence do not
suffer; contact and flight time, drop and step asymmetry there are not to be trusted yet.

{_table(head, rows)}

{_table(["without running", "s", "steps", "strides"], none)}

![one jog as analysed](figures/waist.png)

Top: pelvic drop and contact time of every step. Below: 3 s of it.
"""


def _outdoor() -> str:
    m = outdoor.measure()
    error = m.error_percent
    return f"""## A run outdoors

25 minutes with walking breaks, one runner, accelerometer alone at the left hip. Stride times are compared in
{len(error)} windows of 8 s with the autocorrelation of another accelerometer, at the ankle: median difference
{np.median(error):+.2f} %, median absolute difference {np.median(np.abs(error)):.2f} %, 95 % of windows within
{np.percentile(np.abs(error), 95):.2f} %, worst {np.abs(error).max():.1f} %. Hip and ankle agree about running or not in
{100 * m.agree:.1f} % of {len(m.middle_s)} windows. Neighbouring windows overlap and are alike, so no interval is given.

![the run outdoors as analysed](figures/outdoor.png)
"""


def _treadmill() -> str:
    trials = treadmill.trials()
    rows = []
    for metric in treadmill.METRICS:
        a = treadmill.over_all(metric)
        rows.append([metric, *_numbers(a, _digits(metric)), BASELINE.get(metric, ""), PUBLISHED_STEPS[metric]])
    each = []
    for t in trials:
        means = [agreement(t.differences[m]) for m in ("ic_ms", "to_ms", "contact_time_ms", "peak_vgrf_bw")]
        each.append(
            [
                t.path.stem,
                f"{t.speed_mps:g}",
                f"{t.slope_deg:+g}",
                f"{t.inner_found} of {t.inner}",
                str(t.extra),
                *(f"{a.bias:+.1f} +- {a.sd:.1f}" for a in means[:3]),
                f"{means[3].bias:+.2f} +- {means[3].sd:.2f}",
            ]
        )
    head = ["trial", "m/s", "slope (deg)", "contacts", "extra", "IC (ms)", "TO (ms)", "contact (ms)", "peak force (BW)"]
    found, inner = sum(t.inner_found for t in trials), sum(t.inner for t in trials)
    return f"""## Contacts and vertical force

{len(trials)} trials of 5 s of one runner on an instrumented treadmill; accelerometer alone at the sacrum, forward and
up, low-passed at 20 Hz and clipped at zero by its source. Contacts and force are a **first version**: no target is set
for them yet, they are only recorded. Of the contacts with a neighbour on both sides {found} of {inner} were found;
{sum(t.extra for t in trials)} steps have no contact within 100 ms. Estimate less plate, in the unit of the name (times
in ms); intervals: bootstrap over trials of this one runner. The constant delays in kernels/events.py were set on these
trials and the mocap run, so the biases over all of them are small by construction; the spread, and the biases by trial
below, are not. Baseline: RMSE of an unprocessed 10 Hz low-pass with a
threshold of 0.4.

{_table([*AGREEMENT_HEAD, "baseline", "published"], rows)}

![Bland-Altman of contacts](figures/bland_altman.png)

By trial, bias +- SD over its steps:

{_table(head, each)}

![the treadmill trials as analysed](figures/treadmill.png)
"""


def _wrapped(page: str) -> str:
    """The page with its paragraphs filled to 118 columns; headings, tables, lists and figures stay as they are."""
    blocks = page.strip().split("\n\n")
    kept = ("#", "|", "!", "-")
    return "\n\n".join(b if b.startswith(kept) else textwrap.fill(b, 118) for b in map(str.strip, blocks)) + "\n"


def document() -> str:
    """The whole page."""
    lines = targets()
    missed = [t for t in lines if not t.met]
    verdict = (
        "All targets of this version are met."
        if not missed
        else f"**Missed: {len(missed)} of {len(lines)} targets.** " + "; ".join(t.what for t in missed) + "."
    )
    table = _table(["", "measured", "target", ""], [[t.what, t.measured, t.target, t.verdict] for t in lines])
    names = ", ".join(f"`{m.name}`" for m in METRICS if m.name.startswith(("impact", "loading")))
    defaults = hashlib.sha256(Parameters().to_toml().encode()).hexdigest()[:8]
    return _wrapped(f"""# Accuracy

Made by `{COMMAND}` with kernels `{KERNEL_HASH}`, layout `{LAYOUT_HASH:08x}`, default parameters `{defaults}`.
Do not edit: run the command again. The recordings are public ones and no part of the project;
[recordings.md](recordings.md) says how to bring your own. What must be reached is asserted by `tests/validation`
wherever `TRENDEL_DATA` is set.

{verdict}

{table}

Limits of agreement are bias +- 1.96 SD. Published figures are from other runners, sensors and protocols: they say what
is usual, not that one method beats another. The kernels' parameters were chosen with these recordings at hand, so a
recording of another runner will fare somewhat worse than the page says; nothing was fitted to a single file.

{_orientation()}
{_mocap()}
{_waist()}
{_outdoor()}
{_treadmill()}
## What is not shown here

- The mocap run and the treadmill trials are of one runner each. Nothing here says how contact times, force or angles
  fare across runners, foot strikes, belts and shoes.
- Angles have no truth in a run with a real sensor on a real belt, nor over longer than 10 s.
- Left and right are confirmed for one runner only.
- {names} are not computed yet, and nothing here could validate the impact ones: the source took raw impacts away.
- Nothing here is about injury: see [science.md](science.md).
""")


def write(path: Path) -> list[Target]:
    """Write the page; returns the targets."""
    path.write_text(document(), encoding="utf-8")
    return targets()
