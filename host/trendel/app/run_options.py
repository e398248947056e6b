"""Options that several commands share: how a recording is read and analysed."""

from pathlib import Path
from typing import Annotated

import typer

_READ = "Reading other people's CSV"

RunPath = Annotated[Path, typer.Argument(metavar="RUN", help="A recording.", show_default=False)]
MassKg = Annotated[float | None, typer.Option("--mass-kg", metavar="M", help="The runner's mass.", show_default=False)]
Mounting = Annotated[
    str,
    typer.Option(
        metavar="auto|pelvis|FILE",
        help="auto: found from the recording; pelvis: axes are x forward, y left, z up already; "
        'FILE: JSON or TOML, such as {"forward": "-z", "left": "y", "up": "x"} in sensor axes.',
    ),
]
AsClip = Annotated[
    bool, typer.Option("--as-clip", help="Causal, as the clip computes it live, instead of refined by a second pass.")
]
ParamsFile = Annotated[
    Path | None,
    typer.Option("--params", metavar="FILE.toml", help="Parameters, as `trendel params` writes them."),
]
AccUnit = Annotated[
    str | None, typer.Option("--acc-unit", metavar="m/s2|g|mg", rich_help_panel=_READ, show_default=False)
]
GyrUnit = Annotated[
    str | None, typer.Option("--gyr-unit", metavar="rad/s|deg/s", rich_help_panel=_READ, show_default=False)
]
TimeUnit = Annotated[
    str | None, typer.Option("--time-unit", metavar="s|ms|us", rich_help_panel=_READ, show_default=False)
]
RateHz = Annotated[
    float | None,
    typer.Option("--rate-hz", help="Where the file has no time column.", rich_help_panel=_READ, show_default=False),
]
Column = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        metavar="NAME=COL",
        help="Which column is t, acc_x ... acc_z, gyr_x ... gyr_z, with a unit or without: acc_x_g=A1; "
        "t= leaves it out. Once for each.",
        rich_help_panel=_READ,
        show_default=False,
    ),
]
Frame = Annotated[
    str | None, typer.Option("--frame", metavar="sensor|pelvis", rich_help_panel=_READ, show_default=False)
]
