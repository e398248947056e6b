"""A runner's analysis with what the journal knows: the baseline of earlier runs, limits of alerts, pain."""

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from trendel.app.options import AnalyzeOptions, Keep, parameters_of, run_analysis
from trendel.app.remember import clip_of, opened_journal, parameter_hash, recording_hash, worn_axes
from trendel.journal import Journal
from trendel.journal.baseline import Axes, merge
from trendel.recording.started import started_at

if TYPE_CHECKING:
    from trendel.analysis import Baseline, Result
    from trendel.analysis.alerts import PainNoted
    from trendel.recording import Recording

METRIC = "obliquity_peak_deg"
PAIN_AFTER = timedelta(hours=24)
"""Pain felt so long after a run's end, and not noted for another one, is taken to belong to it."""


def analyse(
    recording: "Recording",
    options: AnalyzeOptions,
    keep: Keep | None,
    progress: Callable[[float], None] | None = None,
) -> tuple["Result", AnalyzeOptions, list[str]]:
    """The result, the options it was made with, and sentences to be said; raises TrendelError.

    Of a runner (`keep`) the run is compared with the baseline of earlier runs with this clip, worn so. How it is worn
    is known only afterwards: where it turns out to be worn otherwise, the analysis is made again without.
    """
    if keep is None:
        return run_analysis(recording, options, progress), options, []
    with opened_journal() as journal:
        options, said = _with_limits(journal, options, keep.runner)
        baseline, reason = _baseline(journal, recording, options, keep, None)
    result = run_analysis(recording, options, progress, baseline)
    with opened_journal() as journal:
        if baseline is not None:
            fitting, reason = _fitting(journal, recording, options, keep, worn_axes(result))
            if fitting != baseline:
                baseline = fitting
                result = run_analysis(recording, options, progress, baseline)
        result = _with_pain(journal, recording, result, keep.runner)
    if baseline is not None:
        result.summary["stability"]["compared_with_earlier_runs"] = True
    return result, options, [*said, *([reason] if reason else [])]


def _with_limits(journal: Journal, options: AnalyzeOptions, runner: str) -> tuple[AnalyzeOptions, list[str]]:
    """Limits of alerts as in the runner's last run, where none are given now."""
    if options.limits_deg is not None or options.params_file is not None:
        return options, []
    names = ("notice_deg", "warning_deg", "stop_deg")
    usual = parameters_of(options).to_dict()["stability"]
    runs = journal.runs(runner)
    last = runs[0].summary.get("parameters", {}).get("stability", {}) if runs else {}
    kept = tuple(float(last.get(name, usual[name])) for name in names)
    if kept == tuple(usual[name] for name in names):
        return options, []
    shown = ", ".join(f"{value:g}" for value in kept)
    said = [f"Alerts at {shown} degrees as in {runner}'s last run; --alert-at changes that."]
    return replace(options, limits_deg=(kept[0], kept[1], kept[2])), said


def _fitting(
    journal: Journal, recording: "Recording", options: AnalyzeOptions, keep: Keep, axes: Axes | None
) -> tuple["Baseline | None", str]:
    if axes is None:
        return None, "How the clip is worn was not found, so the run is not compared with earlier ones."
    return _baseline(journal, recording, options, keep, axes)


def _baseline(
    journal: Journal, recording: "Recording", options: AnalyzeOptions, keep: Keep, axes: Axes | None
) -> tuple["Baseline | None", str]:
    """What earlier runs say, this one left out of them, and why or why not; "" on a runner's first run."""
    from trendel.analysis import Baseline
    from trendel.kernels.compile import KERNEL_HASH

    if not journal.runs(keep.runner):
        return None, ""
    mount = recording.metadata.get("mount")
    found = journal.baseline(
        keep.runner,
        clip_of(recording, keep.clip),
        KERNEL_HASH,
        parameter_hash=parameter_hash(parameters_of(options).to_dict()),
        place=mount.strip() if isinstance(mount, str) else "",
        axes=axes,
    )
    this = recording_hash(recording)
    sides = []
    for side in ("left", "right"):
        known = found.get(METRIC, side)
        if known is None:
            return None, found.reason
        mean, sd = known.mean, known.next_sd
        if this in known.runs:
            others = [s for run in known.runs if run != this and (s := journal.settled(run, METRIC, side))]
            if not others:
                return None, ""
            merged = merge(others)
            mean, sd = merged.mean, math.hypot(merged.mean_sd, merged.between_sd)
        sides.append((mean, sd))
    (left, left_sd), (right, right_sd) = sides
    return Baseline(left, right, math.sqrt((left_sd**2 + right_sd**2) / 2)), f"Hip stability: {_lower(found.reason)}"


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _with_pain(journal: Journal, recording: "Recording", result: "Result", runner: str) -> "Result":
    """The result with an alert to stop for each pain that belongs to this run."""
    from trendel.analysis.alerts import with_pain

    found = _pain_of(journal, recording, runner)
    if not found:
        return result
    result.summary["stability"]["pain"] = len(found)
    return replace(result, alerts=with_pain(result.alerts, found))


def _pain_of(journal: Journal, recording: "Recording", runner: str) -> "list[PainNoted]":
    from trendel.analysis.alerts import PainNoted

    this, began = recording_hash(recording), started_at(recording)
    first, last = float(recording.t_s[0]), float(recording.t_s[-1])
    until = None if began is None else began + timedelta(seconds=last - first) + PAIN_AFTER
    found = []
    for entry in reversed(journal.pain(" ".join(runner.split()))):
        inside = began is not None and until is not None and began <= entry.felt_at <= until
        if entry.level == 0 or not (entry.run == this or (entry.run is None and inside)):
            continue
        since_s = last - first if began is None else (entry.felt_at - began).total_seconds()
        at = first + min(max(since_s, 0.0), last - first)
        found.append(PainNoted(at, entry.place, entry.side, entry.level))
    return found
