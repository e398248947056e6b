"""The command `trendel calibrate`, which trendel's command line finds by the entry point group `trendel.commands`.

Bodies import what they need, so that `trendel --help` stays fast."""

from pathlib import Path
from typing import Annotated

import typer

_FILE = "From a file"
_LIVE = "From a clip, guided"
_RESULT = "The result"


def add_commands(app: typer.Typer) -> None:
    """Add it to the command line."""
    app.command()(calibrate)


def _check_installed(method: str, has_report: bool) -> None:
    """Raises ParameterError where a package of the extra is missing that this needs."""
    from importlib.util import find_spec

    from trendel.errors import ParameterError

    needed = ["scipy", *(["imucal", "pandas"] if method == "ferraris" else []), *(["plotly"] if has_report else [])]
    missing = [name for name in needed if find_spec(name) is None]
    if missing:
        raise ParameterError(f"this needs {', '.join(missing)}: pip install 'trendel[calibration]'.")


def calibrate(
    method: Annotated[
        str, typer.Option(metavar="poses|ferraris|bias|noise|rate|standing", help="What is done; docs/calibration.md.")
    ] = "poses",
    source: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="FILE",
            show_default=False,
            rich_help_panel=_FILE,
            help="A recording (.csv, .mcap) of the procedure.",
        ),
    ] = None,
    link: Annotated[
        str | None,
        typer.Option(
            metavar="LINK",
            show_default=False,
            rich_help_panel=_LIVE,
            help="A clip: ble:, usb:, or replay:FILE; as of `trendel live`.",
        ),
    ] = None,
    poses_n: Annotated[
        int, typer.Option("--poses", metavar="N", min=14, max=200, rich_help_panel=_LIVE, help="Attitudes asked for.")
    ] = 24,
    seconds: Annotated[
        float, typer.Option(metavar="S", min=3, rich_help_panel=_LIVE, help="Duration of bias, noise and rate.")
    ] = 60.0,
    record: Annotated[
        Path | None,
        typer.Option(metavar="RUN.mcap", show_default=False, rich_help_panel=_LIVE, help="Record it too."),
    ] = None,
    sections: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.json",
            show_default=False,
            rich_help_panel=_FILE,
            help='Sections of ferraris: {"x_p": {"start": 540, "end": 1271}, ...}; found where not given.',
        ),
    ] = None,
    rate_hz: Annotated[
        float | None,
        typer.Option("--rate-hz", show_default=False, rich_help_panel=_FILE, help="Where the file has no time column."),
    ] = None,
    acc_unit: Annotated[
        str | None,
        typer.Option(
            "--acc-unit",
            metavar="m/s2|g|mg",
            show_default=False,
            rich_help_panel=_FILE,
            help="Where columns name none; without, values are taken as counts.",
        ),
    ] = None,
    gyr_unit: Annotated[
        str | None, typer.Option("--gyr-unit", metavar="rad/s|deg/s", show_default=False, rich_help_panel=_FILE)
    ] = None,
    turn: Annotated[
        float | None,
        typer.Option(
            metavar="DEG",
            show_default=False,
            help="Ferraris: angle of the turns about the upward axis; -360 clockwise seen from above.",
        ),
    ] = None,
    gravity: Annotated[
        float | None,
        typer.Option(
            metavar="MPS2",
            show_default=False,
            help="At the place: 9.780 to 9.832. 9.80665 (ferraris: 9.81) where not given.",
        ),
    ] = None,
    runner: Annotated[
        str | None, typer.Option(metavar="NAME", show_default=False, help="Whose mounting it is, for standing.")
    ] = None,
    serial: Annotated[
        str | None, typer.Option(metavar="SERIAL", show_default=False, help="Of the clip, where the file does not say.")
    ] = None,
    who: Annotated[str | None, typer.Option(metavar="NAME", show_default=False, help="Who calibrates.")] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.json",
            show_default=False,
            rich_help_panel=_RESULT,
            help="The calibration to compare with; the clip's nearest otherwise.",
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE.html", show_default=False, rich_help_panel=_RESULT, help="Verification, one page."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE.json", show_default=False, rich_help_panel=_RESULT, help="Write the record there."),
    ] = None,
    keeps: Annotated[
        bool, typer.Option("--keep/--no-keep", rich_help_panel=_RESULT, help="In the history of this computer.")
    ] = True,
    write: Annotated[
        str | None,
        typer.Option(
            metavar="result|nearest|FILE",
            show_default=False,
            rich_help_panel=_RESULT,
            help="Write to the clip at --link: what is found; or, without measuring, its nearest kept or a record.",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", rich_help_panel=_RESULT, help="The record on stdout as JSON, and nothing else.")
    ] = False,
    history: Annotated[bool, typer.Option("--history", help="List what was kept, and do nothing else.")] = False,
    practice: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv",
            show_default=False,
            help="Write a simulated recording of the method, to practise with --from or --link replay:.",
        ),
    ] = None,
) -> None:
    """Calibrate a clip: scale, axes and bias of both sensors, each with its uncertainty; noise, rate, mounting.

    poses: laid down in two dozen attitudes, no tools. ferraris: a box on a table, six sides and three turns. bias,
    noise,
    rate: at rest. standing: ten seconds standing, then running.
    """
    from trendel.errors import ParameterError
    from trendel_calibration.from_file import METHODS, Request, calibrate_file
    from trendel_calibration.outcome import Ending
    from trendel_calibration.source import SourceOptions

    if history:
        from trendel_calibration.listing import list_history

        list_history(serial, as_json=as_json)
        return
    if method not in METHODS:
        raise ParameterError(f"--method {method} is none: use {', '.join(METHODS)}.")
    if practice is not None:
        from trendel_calibration.practice import write_practice

        write_practice(practice, method)
        return
    if (source is None) == (link is None):
        raise ParameterError("say what to calibrate from: either --from FILE or --link LINK.")
    if gravity is not None and not 9.7 <= gravity <= 9.9:
        raise ParameterError(f"--gravity {gravity:g}: gravity on earth is 9.76 to 9.84 m/s2.")
    if turn is not None and not 90 <= abs(turn) <= 3600:
        raise ParameterError(
            f"--turn {turn:g}: give the angle of a turn in degrees, 90 to 3600, negative if clockwise."
        )
    if write is not None and (link is None or (write == "result" and method not in ("poses", "ferraris"))):
        raise ParameterError("--write needs --link, the clip to write to, and for result --method poses or ferraris.")
    if write is not None and write != "result":
        from trendel_calibration.to_clip import write_to_clip

        assert link is not None
        print(write_to_clip(link, write))
        return
    _check_installed(method, report is not None)
    ending = Ending(as_json, report, out, keeps, against)
    options = SourceOptions(rate_hz, acc_unit, gyr_unit, who, serial)
    if source is not None:
        calibrate_file(Request(method, source, options, ending, sections, turn, gravity, runner))
        return
    from trendel_calibration.guided import Guidance, calibrate_live

    assert link is not None
    calibrate_live(
        Guidance(link, method, poses_n, seconds, record, turn, gravity, runner, who, serial, write == "result", ending)
    )
