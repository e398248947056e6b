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
        help="ble: (the clip in reach), ble:NAME or its address, usb:, usb:PORT, replay:FILE, sim:FILE; docs/live.md.",
    ),
]
Participant = Annotated[str | None, typer.Option(metavar="ID", help="Who runs.", show_default=False)]
ConditionName = Annotated[
    str | None, typer.Option("--condition", metavar="NAME", help="Under which condition.", show_default=False)
]


def add_link_commands(app: typer.Typer) -> None:
    """Add them to the command line."""
    app.command()(live)
    app.command()(record)
    app.command()(sync)
    app.command()(mark)
    app.command()(scan)


def live(
    link: LinkName,
    record: Annotated[
        Path | None, typer.Option(metavar="RUN.mcap", help="Record it too, as it came.", show_default=False)
    ] = None,
    participant: Participant = None,
    condition: ConditionName = None,
    mounting: Annotated[str, typer.Option(metavar="auto|pelvis|FILE", help="As of `trendel analyze`.")] = "auto",
    params: Annotated[
        Path | None, typer.Option(metavar="FILE.toml", help="Parameters, as `trendel params` writes them.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="A line of JSON for each thing, and nothing else.")] = False,
    web: Annotated[bool, typer.Option("--web", help="On a page in the browser too, of this computer alone.")] = False,
    port: Annotated[int, typer.Option(metavar="P", min=0, max=65535, help="Of the page; 0: any free one.")] = 8765,
    lan: Annotated[
        bool, typer.Option("--lan", help="The page for others in the local network too, with a token in its address.")
    ] = False,
) -> None:
    """Watch a run while it happens: drop of each side against fresh, cadence, contact, oscillation, alerts, the link.

    Ctrl-C ends it. Keys: m sets a marker, p and a digit enters pain, q ends. With --web there is a page that can be
    read from two metres, with sound, markers, pain and recording.
    """
    from trendel.app.options import parse_web
    from trendel.app.warm import load_kernels

    page = parse_web(web=web, port=port, lan=lan)
    load_kernels()
    from trendel.app.live import live as run
    from trendel.app.options import load_parameters
    from trendel.app.record import About

    options = {"mounting": mounting, "params": load_parameters(params)}
    run(link, record, About(participant, condition), options=options, as_json=as_json, web=page)


def record(
    out: Annotated[Path, typer.Argument(metavar="RUN.mcap", help="The session to write.", show_default=False)],
    link: LinkName,
    participant: Participant = None,
    condition: ConditionName = None,
    note: Annotated[str | None, typer.Option(metavar="TEXT", help="Anything else.", show_default=False)] = None,
    minutes: Annotated[
        float | None, typer.Option(metavar="N", min=0.001, help="End by itself.", show_default=False)
    ] = None,
    calibration: Annotated[
        str,
        typer.Option(
            metavar="auto|none|FILE",
            help="The clip's nearest in time kept here, none, or a record; docs/calibration.md.",
        ),
    ] = "auto",
) -> None:
    """Record everything that a clip sends, as it came, until Ctrl-C.

    On the disk within a second; while the disk fails, in memory. Keys set markers, and so does `trendel mark` in
    another terminal.
    """
    from trendel.app.record import About
    from trendel.app.record import record as run

    run(link, out, About(participant, condition, note), minutes, calibration)


def sync(
    link: LinkName,
    out: Annotated[
        Path, typer.Argument(metavar="[FOLDER]", help="Where the sessions go, one for each run.", show_default=False)
    ] = Path(),
    runner: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Whose baseline and limits the clip is to know.", show_default=False),
    ] = None,
    mounting: Annotated[
        str,
        typer.Option(
            metavar="keep|learn|worn|FILE",
            help="How the clip is to take itself to be worn: as it was told before, to find out, as in the runner's "
            "last run, or as a file says. With --runner.",
        ),
    ] = "keep",
) -> None:
    """Bring home the runs that a clip made alone, and tell it what it has to know to warn alone.

    Everything is checked, and alerts are computed again, before the clip is told that it may free them. What was read
    is kept where this is interrupted, and the same command goes on from there.
    """
    from trendel.app.sync import show_synced

    show_synced(link, out, runner, mounting)


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


def scan(
    seconds: Annotated[
        float, typer.Option(metavar="S", min=0.1, max=120, help="How long Bluetooth is listened to.")
    ] = 5.0,
    as_json: Annotated[bool, typer.Option("--json", help="On stdout as JSON, and nothing else.")] = False,
) -> None:
    """List the clips in reach, on Bluetooth and USB, with the name by which --link takes them."""
    from trendel.app.scan import scan_clips

    scan_clips(seconds, as_json=as_json)
