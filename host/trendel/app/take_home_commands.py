"""Commands that make of a run what people take home: report, export, trends. Bodies import what they need."""

from pathlib import Path
from typing import Annotated

import typer

from trendel.app.run_options import AccUnit, Column, Frame, GyrUnit, Mounting, ParamsFile, RateHz, TimeUnit

AnyRun = Annotated[
    Path,
    typer.Argument(metavar="RUN", help="A recording, a session, or the folder that analyze wrote.", show_default=False),
]


def add_take_home_commands(app: typer.Typer) -> None:
    """Add them to the command line."""
    for command in (report, export, trends):
        app.command()(command)


def report(
    run: AnyRun,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="RUN.report.html by default.", show_default=False)
    ] = None,
    mounting: Mounting = "auto",
    params: ParamsFile = None,
    column: Column = None,
    acc_unit: AccUnit = None,
    gyr_unit: GyrUnit = None,
    time_unit: TimeUnit = None,
    rate_hz: RateHz = None,
    frame: Frame = None,
) -> None:
    """One page of a run: how stable the hips were, what to do, and every course below. HTML that needs no network."""
    from trendel.app.options import AnalyzeOptions, ReadOptions, parse_columns
    from trendel.app.report_command import report_run

    read = ReadOptions(parse_columns(column or []), acc_unit, gyr_unit, time_unit, rate_hz, frame)
    report_run(run, out, AnalyzeOptions(mounting=mounting, params_file=params, read=read))


def export(
    run: AnyRun,
    to: Annotated[str, typer.Option("--to", metavar="fit|parquet|csv|json", show_default=False)],
    out: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="A file for fit and json, a folder for csv and parquet.", show_default=False),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="When it began, for fit, where the recording lacks it.", show_default=False),
    ] = None,
    conditions: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv",
            show_default=False,
            help="Known speed: columns time_s, speed_mps. Gives fit its speed, distance and step length.",
        ),
    ] = None,
    mounting: Mounting = "auto",
    params: ParamsFile = None,
    column: Column = None,
    acc_unit: AccUnit = None,
    gyr_unit: GyrUnit = None,
    time_unit: TimeUnit = None,
    rate_hz: RateHz = None,
    frame: Frame = None,
) -> None:
    """A run for other tools: typed tables with a data dictionary, or a FIT activity for a training diary."""
    from trendel.app.export.command import export_run
    from trendel.app.options import AnalyzeOptions, ReadOptions, parse_columns

    read = ReadOptions(parse_columns(column or []), acc_unit, gyr_unit, time_unit, rate_hz, frame)
    options = AnalyzeOptions(mounting=mounting, params_file=params, conditions_file=conditions, read=read)
    export_run(run, to, out, options, start)


def trends(
    runner: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Whose; not needed while there is one runner.", show_default=False),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Write a page instead.", show_default=False)
    ] = None,
) -> None:
    """Weeks of runs in the journal: is a hip getting stronger, and was the last run much longer than those before?"""
    from trendel.app.trends.command import show_trends

    show_trends(runner, html)
