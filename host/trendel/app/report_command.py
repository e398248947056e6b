"""`trendel report RUN`."""

from pathlib import Path

from trendel.app.options import AnalyzeOptions
from trendel.app.outputs import make_folder
from trendel.app.report import write_report
from trendel.app.report.write import NAME
from trendel.app.run_source import open_run


def report_run(run: Path, out: Path | None, options: AnalyzeOptions | None = None) -> Path:
    """Write the report and say where; raises TrendelError. In a folder of results it is `report.html`; beside a
    recording `RUN.report.html`."""
    source = open_run(run, options)
    target = out or (run / NAME if run.is_dir() else run.with_suffix(f".{NAME}"))
    if target.is_dir():
        target = target / NAME
    make_folder(target.absolute().parent)
    path = write_report(target, source.result, source.name, run)
    print(f"written to {path}")
    return path
