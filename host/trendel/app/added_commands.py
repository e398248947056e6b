"""Commands of packages beside trendel, found by their entry points in the group `trendel.commands`.

So that trendel does not depend on them: trendel_calibration brings `calibrate`."""

from importlib.metadata import entry_points
from typing import Final

import typer

GROUP: Final = "trendel.commands"


def add_added_commands(app: typer.Typer) -> None:
    """Let each entry point add its commands to `app`. One that cannot be imported is told of, and left out."""
    for point in entry_points(group=GROUP):
        try:
            add = point.load()
        except ImportError as error:
            typer.echo(f"trendel {point.name} is left out: {error}.", err=True)
            continue
        add(app)
