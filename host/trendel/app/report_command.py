"""`trendel report RUN`: the page of a recording, a session, or a folder that `trendel analyze` wrote."""

from pathlib import Path

from trendel.app.options import AnalyzeOptions, read_recording, run_analysis
from trendel.app.outputs import make_folder
from trendel.app.progress import fraction_bar
from trendel.app.report import write_report
from trendel.app.report.write import NAME
from trendel.app.result_folder import is_result_folder, read_result
from trendel.app.warm import load_kernels
from trendel.errors import ParameterError


def report_run(run: Path, out: Path | None, options: AnalyzeOptions | None = None) -> Path:
    """Write the report and say where; raises TrendelError. In a folder of results it is `report.html`; beside a
    recording `RUN.report.html`."""
    if run.is_dir():
        if not is_result_folder(run):
            raise ParameterError(
                f"{run} holds no result: give a recording, or the folder that `trendel analyze` wrote."
            )
        result = read_result(run)
        path = write_report(_target(out, run / NAME), result, str(result.summary.get("source") or run.name))
    else:
        given = options or AnalyzeOptions()
        recording = read_recording(run, given.read)
        load_kernels()
        with fraction_bar(f"analysing {run.name}") as progress:
            result = run_analysis(recording, given, progress)
        path = write_report(_target(out, run.with_suffix(f".{NAME}")), result, run.name, run)
    print(f"written to {path}")
    return path


def _target(out: Path | None, usual: Path) -> Path:
    if out is None:
        return usual
    if out.is_dir():
        return out / NAME
    make_folder(out.absolute().parent)
    return out
