"""Commands that reach a clip, and their options. Bodies import what they need, so that --help stays fast."""

from pathlib import Path
from typing import Annotated

import typer

LinkName = Annotated[
    str,
    typer.Option(
        "--link",
        metavar="LINK",
        show_default=False,
        help="ble: (the clip in reach), ble:NAME or its address, usb:, usb:PORT, replay:FILE; docs/live.md.",
    ),
]
Participant = Annotated[str | None, typer.Option(metavar="ID", help="Who runs.", show_default=False)]
ConditionName = Annotated[
    str | None, typer.Option("--condition", metavar="NAME", help="Under which condition.", show_default=False)
]


def add_link_commands(app: typer.Typer) -> None:
    """Add them to the command line."""
    app.command()(record)
    app.command()(mark)


def record(
    out: Annotated[Path, typer.Argument(metavar="RUN.mcap", help="The session to write.", show_default=False)],
    link: LinkName,
    participant: Participant = None,
    condition: ConditionName = None,
    note: Annotated[str | None, typer.Option(metavar="TEXT", help="Anything else.", show_default=False)] = None,
    minutes: Annotated[
        float | None, typer.Option(metavar="N", min=0.001, help="End by itself.", show_default=False)
    ] = None,
) -> None:
    """Record everything that a clip sends, as it came, until Ctrl-C.

    On the disk within a second; while the disk fails, in memory. Keys set markers, and so does `trendel mark` in
    another terminal.
    """
    from trendel.app.record import About
    from trendel.app.record import record as run

    run(link, out, About(participant, condition, note), minutes)


def mark(
    label: Annotated[str, typer.Argument(help="What happens now.", show_default=False)],
    note: Annotated[str, typer.Option(metavar="TEXT", help="Anything else.", show_default=False)] = "",
    pain: Annotated[int | None, typer.Option(metavar="0-10", min=0, max=10, show_default=False)] = None,
    session: Annotated[
        Path | None,
        typer.Option(metavar="RUN.mcap", help="Where several recordings are running.", show_default=False),
    ] = None,
) -> None:
    """Set a marker in the recording that is running on this computer."""
    from trendel.app.marks import Mark, send_mark

    print(f"marked in {send_mark(Mark(label, note, pain), session)}")
