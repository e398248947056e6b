"""`trendel analyze RUN.csv`."""

from pathlib import Path

from trendel.app.clip_tables import write_clip_tables
from trendel.app.history import analyse
from trendel.app.options import AnalyzeOptions, Keep, read_recording
from trendel.app.outputs import default_folder, make_folder, to_json, write_result
from trendel.app.progress import fraction_bar
from trendel.app.remember import kernels_are_new, remember, renew_aloud
from trendel.app.report import write_report
from trendel.app.report.write import NAME
from trendel.app.screen import say, show_result, stdout_console
from trendel.app.warm import load_kernels
from trendel.errors import RecordingError


def analyze_file(
    run: Path, out: Path | None, options: AnalyzeOptions, keep: Keep | None = None, *, as_json: bool
) -> None:
    """Analyse one recording, write its results, show them, keep the run in the journal; raises TrendelError."""
    folder = out or default_folder(run)
    # Before the work: a journal or folder that cannot be written is better known now.
    upgraded = keep is not None and kernels_are_new(keep.runner)
    try:
        recording = read_recording(run, options.read)
    except RecordingError as error:
        if not (clip := write_clip_tables(run, folder))[0]:
            raise
        # A run of which the clip has kept strides and no raw: there is nothing to be analysed, and that is said.
        stdout_console().print(f"{error} There is nothing else to be had of it: {', '.join(clip[1])}.", markup=False)
        stdout_console().print(f"written to {folder}: {', '.join(path.name for path in clip[0])}", markup=False)
        return
    make_folder(folder)
    load_kernels()
    if keep is not None and upgraded:
        renew_aloud(keep.runner)  # before the comparison with earlier runs
    with fraction_bar(f"analysing {run.name}") as progress:
        result, options, said = analyse(recording, options, keep, progress)
    clip_written, clip_said = write_clip_tables(run, folder)
    written = [*write_result(folder, result, signals=options.signals), *clip_written]
    written.append(write_report(folder / NAME, result, run.name, run))
    if as_json:
        print(to_json(result.summary), end="")
    else:
        console = stdout_console()
        show_result(console, recording, result, run.name)
        if clip_said:
            console.print(f"On the run {', '.join(clip_said)}.", markup=False, soft_wrap=True)
        console.print(f"written to {folder}: {', '.join(path.name for path in written)}", markup=False, soft_wrap=True)
    if keep is not None:
        say([*said, *remember(recording, result, keep.runner, keep.clip, raw_path=run, options=options)])
