"""A result into the runner's journal, and its runs again after the kernels have changed."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from trendel.app.options import AnalyzeOptions, ReadOptions, read_recording
from trendel.app.outputs import plain
from trendel.app.screen import say
from trendel.errors import JournalError, TrendelError
from trendel.journal import Clip, Journal, NewRun, Run, Settled, content_hash
from trendel.journal.baseline import RUNS_MAX
from trendel.recording.started import started_at

if TYPE_CHECKING:
    from trendel.analysis import Result
    from trendel.recording import Recording

BASELINE_METRICS = ("obliquity_peak_deg", "pelvic_drop_deg")
_SIDES = (("L", "left"), ("R", "right"))


@contextmanager
def opened_journal() -> Iterator[Journal]:
    """The journal; what it has to say is printed when it is closed, whatever happened meanwhile."""
    with Journal() as journal:
        try:
            yield journal
        finally:
            say(journal.messages)


def remember(
    recording: "Recording",
    result: "Result",
    runner: str,
    clip: str | None = None,
    *,
    raw_path: Path | None = None,
    options: AnalyzeOptions | None = None,
) -> list[str]:
    """Keep a run in the runner's journal; `clip` is its serial number. Returns sentences to be said.

    Everything else is taken from the recording and its result. `raw_path` and `options` are what it takes to analyse
    the recording again after an upgrade of the kernels. Raises JournalError.
    """
    if len(result.steps) == 0:
        return ["Without running there is nothing to keep: the journal is unchanged."]
    new = new_run(recording, result, runner, clip, raw_path=raw_path, options=options)
    with opened_journal() as journal:
        run, added = journal.add_run(new)
        baseline = journal.baseline(run.runner, run.clip, run.kernel_hash, parameter_hash=run.parameter_hash)
        verb = "added to" if added else "was already in"
        again = "" if added else "; its result was renewed"
        return [f"Run {run.hash[:8]} {verb} {run.runner}'s journal{again}. {baseline.reason}"]


def new_run(
    recording: "Recording",
    result: "Result",
    runner: str,
    clip: str | None,
    *,
    raw_path: Path | None,
    options: AnalyzeOptions | None,
) -> NewRun:
    """The run as the journal takes it."""
    summary = plain(result.summary)
    metadata = summary["metadata"]
    return NewRun(
        hash=recording_hash(recording),
        runner=runner,
        clip=clip_of(recording, clip),
        source=recording.source,
        duration_s=summary["duration_s"],
        rate_hz=summary["rate_hz"],
        kernel_hash=summary["versions"]["kernels"],
        parameter_hash=parameter_hash(summary["parameters"]),
        mode=summary["mode"],
        started_at=started_at(recording),
        raw_path=None if raw_path is None else str(raw_path.resolve()),
        place=_text(metadata, "mount") or "",
        axes=worn_axes(result),
        settled=settled_means(result),
        options=_plain_options(options or AnalyzeOptions()),
        summary=summary,
    )


def recording_hash(recording: "Recording") -> str:
    """The journal's name of a recording: the hash of its measured samples, see trendel.journal.content_hash."""
    measured = recording.valid
    gyr = recording.gyr_radps
    return content_hash(
        _float32_bytes(recording.acc_mps2[measured]),
        None if gyr is None else _float32_bytes(gyr[measured]),
        np.rint(recording.t_s[measured] * 1e6).astype("<i8").tobytes(),
    )


def _float32_bytes(values: np.ndarray) -> bytes:
    return (values.astype("<f4") + np.float32(0)).tobytes()  # adding 0 makes -0 into 0


def clip_of(recording: "Recording", serial: str | None) -> Clip:
    """The clip: its serial number as given or in the metadata (`clip_serial`), and its `sensor`."""
    known = serial or _text(recording.metadata, "clip_serial")
    return Clip(known or "unknown", _text(recording.metadata, "sensor") or "unknown")


def settled_means(result: "Result") -> tuple[Settled, ...]:
    """Mean and deviation by side over steps that are not provisional any more."""
    steps = result.steps
    settled = np.char.find(steps["flags"], "provisional") < 0
    found = []
    for metric in BASELINE_METRICS:
        for letter, side in _SIDES:
            values = steps[metric][settled & (steps["side"] == letter)]
            values = values[np.isfinite(values)]
            if len(values) > 1:
                found.append(Settled(metric, side, float(values.mean()), float(values.std(ddof=1)), len(values)))
    return tuple(found)


def is_kept(recording: "Recording", runner: str) -> bool:
    """Whether a recording is in a runner's journal already."""
    with opened_journal() as journal:
        return journal.has_run(recording_hash(recording), " ".join(runner.split()))


def kernels_are_new(runner: str) -> bool:
    """Whether a runner has runs in the journal, and none of them by the kernels of now: an upgrade has come between."""
    from trendel.kernels.compile import KERNEL_HASH

    with opened_journal() as journal:
        known = journal.kernel_hashes(" ".join(runner.split()))
    return bool(known) and KERNEL_HASH not in known


def renew_aloud(runner: str, newest_n: int = RUNS_MAX) -> int:
    """Like renew(), with a line on stderr for each run and at the end; returns how many runs were looked at."""
    count = 0

    def tell(line: str) -> None:
        nonlocal count
        count += 1
        say([line])

    say(renew(runner, newest_n=newest_n, tell=tell))
    return count


def renew(runner: str, *, newest_n: int = RUNS_MAX, tell: Callable[[str], None]) -> list[str]:
    """Analyse again those of a runner's newest runs that other kernels have analysed, where the recording is at hand.

    The values of the others are kept, set aside. Returns sentences to be said; raises JournalError.
    """
    from trendel.kernels.compile import KERNEL_HASH

    with opened_journal() as journal:
        name = journal.runner(runner).name
        outdated = journal.outdated_runs(name, KERNEL_HASH, newest_n)
        lost: list[str] = []
        for run in outdated:
            try:
                journal.add_run(_again(run))
                outcome = "analysed again"
            except JournalError:
                raise
            except (TrendelError, OSError) as error:
                lost.append(run.hash[:8])
                outcome = f"set aside: {error}"
            tell(f"{run.hash[:8]} {run.source}: {outcome}")
    said = []
    if outdated:
        said.append(f"The kernels have changed: {len(outdated) - len(lost)} of {name}'s runs were analysed again.")
    if lost:
        said.append(
            f"{len(lost)} of {name}'s recordings {'is' if len(lost) == 1 else 'are'} not at hand any more "
            f"({', '.join(lost[:5])}{', ...' if len(lost) > 5 else ''}): what earlier kernels made of "
            f"{'it' if len(lost) == 1 else 'them'} is kept, but set aside."
        )
    return said


def _again(run: Run) -> NewRun:
    """A kept run analysed by the kernels of now; raises TrendelError, OSError where that cannot be."""
    import trendel
    from trendel.analysis import Parameters

    if run.raw_path is None or not Path(run.raw_path).is_file():
        raise TrendelError("its recording is not there any more.")
    path = Path(run.raw_path)
    try:
        given = dict(run.options)
        options = AnalyzeOptions(
            mode=given["mode"],
            mass_kg=given["mass_kg"],
            mounting=given["mounting"],
            read=ReadOptions(**given["read"]),
        )
        parameters = Parameters.from_dict(run.summary["parameters"])
    except (KeyError, TypeError) as error:
        raise TrendelError("the journal does not say how it was analysed.") from error
    recording = read_recording(path, options.read)
    if recording_hash(recording) != run.hash:
        raise TrendelError("its recording has changed since.")
    result = trendel.analyze(
        recording,
        mode=options.mode,
        mass_kg=options.mass_kg,
        mounting=options.mounting,
        params=parameters,
        signals=False,
    )
    serial = None if run.clip.startswith("unknown") else run.clip
    return new_run(recording, result, run.runner, serial, raw_path=path, options=options)


def _plain_options(options: AnalyzeOptions) -> dict[str, Any]:
    """What of the options it takes to do it again; parameters are in the summary."""
    given = asdict(options)
    if options.mounting not in ("auto", "pelvis"):
        given["mounting"] = str(Path(options.mounting).resolve())
    return {key: given[key] for key in ("mode", "mass_kg", "mounting", "read")}


def worn_axes(result: "Result") -> tuple[float, ...] | None:
    """How the clip was worn, where that is sure: the rows forward, left and up of the pelvis in the sensor frame."""
    mounting = plain(result.summary["mounting"])
    if not (mounting["settled"] or mounting["source"] == "given"):
        return None
    return tuple(value for row in mounting["r_pelvis_from_sensor"] for value in row)


def parameter_hash(parameters: dict[str, Any]) -> str:
    """Of the parameters as set: that of the kernels' parameter block would differ with each recording's rate.

    Those of hip stability are left out: limits of alerts may change, the values of steps do not depend on them.
    """
    measuring = {name: values for name, values in parameters.items() if name != "stability"}
    return hashlib.sha256(json.dumps(measuring, sort_keys=True).encode()).hexdigest()[:16]


def _text(metadata: dict[str, Any], key: str) -> str | None:
    value = metadata.get(key)
    return value.strip() or None if isinstance(value, str) else None
