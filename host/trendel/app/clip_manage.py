"""The commands of `trendel clip` that reach a clip, and their options. Bodies import what they need."""

from pathlib import Path
from typing import Annotated

import typer

from trendel.app.link_commands import LinkName, scan

settings_app = typer.Typer(no_args_is_help=True, help="The clip's settings, with their units and ranges.")
log_app = typer.Typer(no_args_is_help=True, help="The clip's log: what is in it, a copy of it, erasing it.")
AsJson = Annotated[bool, typer.Option("--json", help="On stdout as JSON, and nothing else.")]
SettingKey = Annotated[str, typer.Argument(metavar="KEY", help="As `settings list` names it.", show_default=False)]


def add_manage_commands(app: typer.Typer) -> None:
    """Add them to `trendel clip`."""
    app.command()(scan)
    app.command()(info)
    app.command()(flash)
    app.command()(selftest)
    app.command()(faults)
    app.command()(restart)
    app.command()(practice)
    app.add_typer(settings_app, name="settings")
    app.add_typer(log_app, name="log")


def info(link: LinkName, as_json: AsJson = False) -> None:
    """What a clip is: hardware, firmware, images and their hashes, calibration, battery, log, faults."""
    from trendel.app.clip_info import show_info

    show_info(link, as_json=as_json)


def flash(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="zephyr.signed.bin; .uf2 or .hex for a bare board.", show_default=False),
    ],
    link: Annotated[
        str | None,
        typer.Option(
            "--link", metavar="LINK", help="The clip: ble:, ble:NAME, usb:; docs/live.md.", show_default=False
        ),
    ] = None,
    key: Annotated[
        Path | None, typer.Option(metavar="PEM", help="Key by which it must be signed.", show_default=False)
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Try an older version, or an image that names no board.")
    ] = False,
    drive: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Drive of the bare board; the only one there is.", show_default=False),
    ] = None,
    probe: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Debug probe of a bare board; any: the only one.", show_default=False),
    ] = None,
    board: Annotated[int, typer.Option(metavar="N", help="With --probe: number of the board.")] = 2,
    as_json: AsJson = False,
) -> None:
    """Put new firmware on a clip: checked first, uploaded, started on trial, tested, and only then kept.

    A lost link is waited for, and the upload goes on where it was cut; the same command goes on after everything else.
    A clip that does not start it, or fails its self-test, goes back to what it ran before. Exit code 1 where the new
    image does not run in the end, 2 where nothing was changed.

    A bare board gets its first firmware by the same command: FILE.uf2 is copied to its drive, FILE.hex is written by
    --probe.
    """
    from trendel.app.bare_board import copy_to_drive, is_for_bare_board, write_by_probe
    from trendel.errors import FirmwareError
    from trendel.wire.boards import board_of

    if probe is not None:
        known = board_of(board)
        if known is None:
            raise FirmwareError(f"--board {board} is no board of a clip.")
        print(write_by_probe(file, probe, known))
    elif drive is not None or (link is None and is_for_bare_board(file)):
        if file.suffix.lower() == ".hex":
            raise FirmwareError(f"{file.name} is written by a probe: give --probe any, or the .uf2 file for a drive.")
        print(copy_to_drive(file, drive))
    elif link is None:
        raise FirmwareError(
            "Name the clip with --link (trendel scan lists them), or give a .uf2 file for a bare board."
        )
    else:
        from trendel.app.clip_flash import flash as run

        run(link, file, key, force=force, as_json=as_json)


def selftest(
    link: LinkName,
    seconds: Annotated[float, typer.Option(metavar="S", min=2.0, max=600.0, help="How long it is listened to.")] = 10.0,
    as_json: AsJson = False,
) -> None:
    """Test a clip that lies still: noise, range, rate, gravity, gyroscope, sensor, flash, battery. Exit code 1 where
    something fails."""
    from trendel.app.clip_info import show_selftest

    show_selftest(link, seconds, as_json=as_json)


def faults(link: LinkName, as_json: AsJson = False) -> None:
    """What a clip has counted as faults since it was made."""
    from trendel.app.clip_info import show_faults

    show_faults(link, as_json=as_json)


def restart(link: LinkName) -> None:
    """Restart a clip; firmware on trial that was not kept is given up by that."""
    from trendel.app.clip_info import restart as run

    run(link)


def practice(
    out: Annotated[Path, typer.Argument(metavar="FILE.bin", help="The image to write.", show_default=False)],
    version: Annotated[str, typer.Option(metavar="A.B.C", help="That it says.")] = "1.0.0",
    size: Annotated[
        int, typer.Option(metavar="BYTES", min=1, max=4 << 20, help="Of what stands for a program.")
    ] = 100_000,
    board: Annotated[int, typer.Option(metavar="N", help="For which it says it is; 0: the simulated clip.")] = 0,
    key: Annotated[
        Path | None, typer.Option(metavar="PEM", help="Private key; one is made beside FILE.", show_default=False)
    ] = None,
    broken: Annotated[
        bool, typer.Option("--broken", help="It fails its self-test, so that the clip goes back.")
    ] = False,
) -> None:
    """Write a signed image without a program, to learn `clip flash` with on the simulated clip."""
    from trendel.app.clip_practice import write_practice

    write_practice(out, version, size, board, key, broken=broken)


@settings_app.command("list")
def settings_list(link: LinkName, as_json: AsJson = False) -> None:
    """All settings: what the clip has, and what it takes."""
    from trendel.app.clip_values import list_settings

    list_settings(link, as_json=as_json)


@settings_app.command("get")
def settings_get(key: SettingKey, link: LinkName, as_json: AsJson = False) -> None:
    """One setting."""
    from trendel.app.clip_values import get_setting

    get_setting(link, key, as_json=as_json)


@settings_app.command("set")
def settings_set(
    key: SettingKey,
    values: Annotated[
        list[str], typer.Argument(metavar="VALUE", help="FIELD=VALUE, or VALUE of the only field.", show_default=False)
    ],
    link: LinkName,
) -> None:
    """Change a setting: `set rate_hz 416`, `set thresholds notice_rad=2deg rest_s=60`. What is not named stays."""
    from trendel.app.clip_values import set_setting

    set_setting(link, key, values)


@settings_app.command("delete")
def settings_delete(key: SettingKey, link: LinkName) -> None:
    """Forget a setting: the clip uses its default again."""
    from trendel.app.clip_values import delete_setting

    delete_setting(link, key)


@log_app.command("list")
def log_list(link: LinkName, as_json: AsJson = False) -> None:
    """How full the log is, and how much of it is on this computer."""
    from trendel.app.clip_log import show_log

    show_log(link, as_json=as_json)


@log_app.command("get")
def log_get(
    out: Annotated[Path, typer.Argument(metavar="FILE", help="The copy to write.", show_default=False)],
    link: LinkName,
) -> None:
    """Copy the log byte for byte, checked; `trendel sync` makes sessions of it. A copy that was cut goes on."""
    from trendel.app.clip_log import get_log

    get_log(link, out)


@log_app.command("erase")
def log_erase(
    link: LinkName,
    force: Annotated[bool, typer.Option("--force", help="Also what is on no computer.")] = False,
) -> None:
    """Erase the log, once all of it is on this computer."""
    from trendel.app.clip_log import erase_log

    erase_log(link, force=force)
