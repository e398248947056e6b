"""`trendel export RUN --to FORMAT`."""

from pathlib import Path

from trendel.analysis.conditions import read_conditions
from trendel.app.export import fit, tables
from trendel.app.options import AnalyzeOptions
from trendel.app.outputs import make_folder
from trendel.app.run_source import open_run
from trendel.app.screen import say
from trendel.errors import ParameterError
from trendel.journal.clock import parse_time

FORMATS = ("fit", "parquet", "csv", "json")


def export_run(run: Path, to: str, out: Path | None, options: AnalyzeOptions, start: str | None) -> list[Path]:
    """Write the run in a form and say where; raises TrendelError.

    FIT and JSON are a file (RUN.fit, RUN.export.json), Parquet and CSV a folder of tables (RUN.parquet, RUN.tables).
    """
    form = to.lower()
    if form not in FORMATS:
        raise ParameterError(f"--to {to}: it is one of {', '.join(FORMATS)}.")
    began = None if start is None else parse_time(start, "--start")
    source = open_run(run, options)
    target = out or source.beside(
        {"fit": ".fit", "json": ".export.json", "parquet": ".parquet", "csv": ".tables"}[form]
    )
    if form in ("fit", "json"):
        if target.is_dir():
            raise ParameterError(f"--out {target} is a folder: name a file for {form}.")
        make_folder(target.absolute().parent)
    elif target.is_file():
        raise ParameterError(f"--out {target} is a file: {form} makes a folder of tables.")
    if form == "fit":
        conditions = read_conditions(options.conditions_file) if options.conditions_file is not None else ()
        if began is None and not source.began()[1]:
            say([f"The recording does not say when it began; taken to be {source.began()[0]:%Y-%m-%d %H:%M} UTC by its "
                 "file's time. --start says it."])  # fmt: skip
        written = fit.export_fit(source, target, conditions, began)
    elif form == "json":
        written = tables.export_json(source.result, target)
    elif form == "parquet":
        written = tables.export_parquet(source.result, target)
    else:
        written = tables.export_csv(source.result, target)
    print("written: " + ", ".join(str(path) for path in written))
    return written
