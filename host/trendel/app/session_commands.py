"""`trendel session`: its commands and their options. Bodies import what they need, so that --help stays fast."""

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

session_app = typer.Typer(
    no_args_is_help=True,
    help="Session files (.mcap): everything that a clip sent, as it came. `trendel analyze RUN.mcap` analyses one.",
)


class By(Enum):
    """What two recordings are aligned by."""

    utc = "utc"
    motion = "motion"


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
    first: Annotated[Path, typer.Argument(metavar="RUN", help="A session, or a CSV.", show_default=False)],
    second: Annotated[Path, typer.Argument(metavar="OTHER", help="Another of the same run.", show_default=False)],
    by: Annotated[By, typer.Option(help="What tells how they lie.")] = By.utc,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="Write OTHER with times of RUN's clock.", show_default=False),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that exist.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="On stdout as JSON, and nothing else.")] = False,
) -> None:
    """Where moments of one recording are in another: two clips, or a clip and another sensor.

    By utc: of a session by the fit of its clip's clock to the computer's, of a CSV by started_at in the JSON beside it.
    By motion: by what both have seen of the steps, for sensors whose clocks know nothing of each other; to a ms
    where both have a gyroscope and are on one segment of the body, else to within a stride.
    """
    from trendel.app.align import show_alignment

    show_alignment(first, second, by.value, out, overwrite=overwrite, as_json=as_json)
