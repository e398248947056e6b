"""Sections of docs/accuracy.md on recordings: orientation, pelvic angles, the waist, the run outdoors."""

from __future__ import annotations

import numpy as np

from tests.validation import data, mocap, mocap_long, orientation, outdoor, waist, waist_steps
from tests.validation.agreement import agreement, interval
from tests.validation.page import icc_cell, table
from tests.validation.reliability import icc


def on_orientation() -> str:
    """Inclination beside VQF."""
    e, vqf = orientation.measure(), orientation.measure_vqf()
    low, high = interval(e.trendel)
    vqf_low, vqf_high = interval(vqf)
    d_low, d_high = interval(e.trendel - vqf)
    rows = [
        [name.replace("_", " "), f"{ours:.2f}", f"{theirs:.2f}"]
        for name, ours, theirs in zip(e.names, e.trendel, vqf, strict=True)
    ]
    rows.append(
        [
            "**mean**",
            f"**{e.mean:.3f}** ({low:.2f} to {high:.2f})",
            f"{vqf.mean():.3f} ({vqf_low:.2f} to {vqf_high:.2f})",
        ]
    )
    return f"""## Orientation

`trendel.orientation`, causal, on {len(e.names)} trials of a hand-moved IMU with optical truth; RMSE of the inclination
(deg) while moving. VQF is the C++ code of the `vqf` package with its own parameters, on the same samples in the same
run. Intervals: bootstrap over trials; the difference of the means is {e.mean - float(vqf.mean()):+.3f}
({d_low:+.2f} to {d_high:+.2f}, paired). Published on 30 trials of the same set: {orientation.PUBLISHED}.

{table(["trial", "Trendel", "VQF"], rows)}

![inclination error of each trial](figures/orientation.png)
"""


def on_mocap() -> str:
    """Pelvic angles and sides."""
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

{table(["angle", "true mounting", "mounting found, mean", "mounting found, worst"], rows)}

![angles against markers](figures/mocap_angles.png)

Strides of the same run repeated to {mocap_long.DURATION_S:.0f} s (joined over {mocap_long.FADE_S:g} s), mounting
found, in {mocap_long.TURNS} orientations, worst: {long}. Part of what remains in rotation is a matter of
definition: an axis that leans forward swings sideways with obliquity, the marker frame's leans by {lean:.0f} deg, and
without a standing posture 8 deg are assumed ([decision 0008](decisions/0008-lean.md)). An error-free estimate about
an axis that is level in the mean would show {floor:.2f} deg.
"""


def on_waist() -> str:
    """Cadence, steps, sides, and what is no running."""
    jogs, negatives = waist.jogs(), waist.negatives()
    errors = np.array([j.error_percent for j in jogs])
    low, high = interval(np.abs(errors))
    recalls = np.array([j.recall for j in jogs])
    recall_low, recall_high = interval(100 * recalls)
    spm = agreement(np.array([j.cadence_spm - j.truth_spm for j in jogs]))
    same = icc(np.array([[j.truth_spm, j.cadence_spm] for j in jogs]))
    rows = [
        [
            j.name,
            f"{j.truth_spm:.1f}",
            f"{j.cadence_spm:.1f}",
            f"{j.error_percent:+.2f}",
            f"{j.counted.found} of {j.counted.true}",
            f"{100 * j.recall:.1f}",
            f"{j.counted.claimed - j.counted.found} ({len(j.counted.invented_s)})",
            f"{100 * j.sided:.0f}",
            f"{100 * j.alternating:.1f}",
            f"{100 * j.jumpy:.0f}",
        ]
        for j in jogs
    ]
    head = ["recording", "truth (1/min)", "found (1/min)", "error (%)", "steps", "(%)", "more (invented)",
            "with a side (%)", "alternating (%)", "jumpy (%)"]  # fmt: skip
    jumpy = 100 * float(np.median([j.jumpy for j in jogs]))
    none = [[n.name, f"{n.duration_s:.0f}", str(n.steps), str(n.strides)] for n in negatives]
    found, true = sum(j.counted.found for j in jogs), sum(j.counted.true for j in jogs)
    return f"""## Cadence, steps and sides of many people, and what is no running

{len(jogs)} jogs of {len({j.subject for j in jogs})} people with a 6-axis IMU at the belt buckle, mounting found.

**Cadence.** Truth is the median over short-time spectra (8 s windows, 2.1 to 3.7 Hz) of the vertical. Error: mean
{errors.mean():+.2f} %, mean absolute {np.abs(errors).mean():.2f} % ({low:.2f} to {high:.2f}), worst
{np.abs(errors).max():.2f} %; limits of agreement {spm.limits[0]:+.2f} to {spm.limits[1]:+.2f} steps a minute;
ICC(2,1) over jogs {icc_cell(same)}. Intervals: bootstrap over jogs; two jogs of one person count as two.

**Steps.** Counted offline without any kernel: peaks of the vertical between {waist_steps.BAND_HZ[0]:g} and
{waist_steps.BAND_HZ[1]:g} Hz (zero phase) that rise by {waist_steps.CERTAIN_G:g} g over the higher trough beside them,
more than any step of the walks below; or by {waist_steps.LEAST_G:g} g if a neighbour is nearer than
{waist_steps.FASTER_THAN_WALKING_S:g} s, faster than the fastest walk. {found} of {true} were found
({100 * found / true:.1f} %; mean of the jogs {100 * recalls.mean():.1f} %, {recall_low:.1f} to {recall_high:.1f}).
"More": steps found beyond those, at weaker swings that may be either; in brackets those where there is no swing at all.
Most jogs lose the last step, which no contact follows before the recording ends.

**Sides.** "Alternating": steps that follow each other without a break and change sides
({sum(j.alternating_n for j in jogs)} of {sum(j.neighbours_n for j in jogs)}); steps without a side are not among them.
Whether left is left cannot be told from these recordings. "Jumpy": steps whose time is more than 50 ms from the
median of the recording. Nobody steps that unevenly: there initial contact was taken from different features of the
force in left
and right steps, or from step to step; in the median recording {jumpy:.0f} % of the steps are.

{table(head, rows)}

{table(["without running", "s", "steps", "strides"], none)}

![one jog as analysed](figures/waist.png)

Top: pelvic drop and contact time of every step. Below: 3 s of it.
"""


def on_outdoor() -> str:
    """Stride times and segments against the ankle."""
    m, strides, bouts = outdoor.measure(), outdoor.strides(), outdoor.bouts()
    error, apart = m.error_percent, strides.difference_ms
    a = agreement(apart)
    rows = [
        [b.kind, f"{b.start_s:.1f} to {b.end_s:.1f}",
         *([f"{b.late_start_s:+.1f}", f"{b.late_end_s:+.1f}"] if np.isfinite(b.worst_s) else ["none", "none"])]
        for b in bouts
    ]  # fmt: skip
    return f"""## A run outdoors

25 minutes with walking breaks, **one** runner, accelerometer alone at the left hip; truth from another one at the left
ankle, read alone: each swing of the shank is a stride, and its size tells running from walking.

**Single strides.** {len(apart)} of {strides.ankle_n} strides of the ankle have one at the hip whose middle lies within
{outdoor.PAIR_S:g} s. Median absolute difference {np.median(np.abs(apart)):.1f} ms, bias {a.bias:+.2f} ms, limits of
agreement {a.limits[0]:+.1f} to {a.limits[1]:+.1f} ms, 95 % within {np.percentile(np.abs(apart), 95):.0f} ms. Both
sample at 100 Hz, the two strides begin at different instants of the gait, and the runner's own strides differ by
{strides.ankle_ms.std(ddof=1):.0f} ms (SD), so this is an upper bound. One run: no interval.

**Windows of 8 s.** In {len(error)} windows against the ankle's autocorrelation: median difference
{np.median(error):+.2f} %, median absolute difference {np.median(np.abs(error)):.2f} %, 95 % within
{np.percentile(np.abs(error), 95):.2f} %, worst {np.abs(error).max():.1f} %. Hip and ankle agree about running or not in
{100 * m.agree:.1f} % of {len(m.middle_s)} windows; neighbouring windows overlap.

**Segments.** How much later than the ankle's bout (four seconds or more) the segment that overlaps it most begins and
ends (s; negative: earlier). Segments without one swing of that kind at the ankle: running
{len(outdoor.invented("running"))}, walking {len(outdoor.invented("walking"))}.

{table(["bout by the ankle", "from, to (s)", "begins later by", "ends later by"], rows)}

![agreement of cadence, strides and force](figures/others.png)

![the run outdoors as analysed](figures/outdoor.png)
"""
