"""`trendel session`: its commands and their options. Bodies import what they need, so that --help stays fast."""

from pathlib import Path
from typing import Annotated

import typer

session_app = typer.Typer(
    no_args_is_help=True,
    help="Session files (.mcap): everything that a clip sent, as it came. `trendel analyze RUN.mcap` analyses one.",
)

SessionPath = Annotated[Path, typer.Argument(metavar="RUN.mcap", help="A session.", show_default=False)]


@session_app.command()
def info(
    run: SessionPath,
    as_json: Annotated[bool, typer.Option("--json", help="On stdout as JSON, and nothing else.")] = False,
) -> None:
    """Who, when, how long; which packets, what is missing, what was marked. Unfinished and torn files too."""
    from trendel.app.session import show_info

    show_info(run, as_json=as_json)


@session_app.command()
def repair(
    run: SessionPath,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE.mcap", help="The new file; RUN.repaired.mcap by default.", show_default=False),
    ] = None,
) -> None:
    """Write everything that is whole in an unfinished, torn or damaged session into a new file.

    RUN.mcap itself stays as it is.
    """
    from trendel.app.session import repair_session

    repair_session(run, out)


@session_app.command()
def export(
    run: SessionPath,
    out: Annotated[
        Path, typer.Argument(metavar="OUT.csv|.parquet|.mcap", help="The file to write.", show_default=False)
    ],
    channel: Annotated[
        str | None,
        typer.Option(
            metavar="TOPIC",
            help="Its messages, such as /session/steps, instead of the samples (.csv, .parquet).",
            show_default=False,
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that exist.")] = False,
) -> None:
    """The samples, or the messages of a channel, as a table; or as .mcap a message for each packet, for Foxglove."""
    from trendel.app.session import export_session

    export_session(run, out, channel, overwrite=overwrite)


@session_app.command("align")
def align_runs(
    first: SessionPath,
    second: Annotated[Path, typer.Argument(metavar="OTHER", help="A session, or a CSV with its JSON.")],
    as_json: Annotated[bool, typer.Option("--json", help="On stdout as JSON, and nothing else.")] = False,
) -> None:
    """Where moments of one recording are in another: two clips, or a clip and another sensor, by UTC.

    Of a session by the fit of its clip's clock to the computer's; of a CSV by started_at in the JSON beside it.
    """
    from trendel.app.session import show_alignment

    show_alignment(first, second, as_json=as_json)
