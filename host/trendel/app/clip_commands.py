"""`trendel clip`: the clip itself. Bodies import what they need, so that --help stays fast."""

from pathlib import Path
from typing import Annotated

import typer

from trendel.app.clip_manage import add_manage_commands

clip_app = typer.Typer(no_args_is_help=True, help="The clip itself: find, flash, test and set one, or simulate one.")
add_manage_commands(clip_app)


@clip_app.command()
def simulate(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]", help="What its sensor measures; a simulated runner who tires.", show_default=False
        ),
    ] = None,
    transport: Annotated[
        str,
        typer.Option(
            metavar="HOW", help="tcp-server:HOST:PORT or unix-server:PATH (Bluetooth by HCI), vhci, pty or pty:PATH."
        ),
    ] = "tcp-server:127.0.0.1:4000",
    faults: Annotated[
        str, typer.Option(metavar="NAMES", help="none, hard and so on; docs/simulated-clip.md.")
    ] = "none",
    speed: Annotated[float, typer.Option(metavar="N", min=0.01, help="Multiple of true speed.")] = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="Of all that is random.")] = 1,
    rate: Annotated[
        float | None, typer.Option(metavar="HZ", help="Of the sensor; the nearest to the file's.", show_default=False)
    ] = None,
    name: Annotated[str, typer.Option(help="The clip's.")] = "Anna",
    key: Annotated[
        Path | None,
        typer.Option(metavar="PEM", help="Public key of who may sign its firmware.", show_default=False),
    ] = None,
) -> None:
    """Serve a simulated clip to other programs, until Ctrl-C. Its sensor begins when a host first subscribes.

    It prints how other programs reach it.
    """
    from trendel.links.sim import need_bumble

    need_bumble()
    from trendel.app.clip_simulate import simulate_clip
    from trendel.links.sim.bench import Options, parse_options

    options = Options(faults, speed, seed, rate, name, None if key is None else str(key))
    parse_options({"faults": faults})
    simulate_clip(file, transport, options)
