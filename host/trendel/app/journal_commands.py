"""`trendel journal`: its commands and their options. Bodies import what they need, so that --help stays fast."""

from pathlib import Path
from typing import Annotated

import typer

journal_app = typer.Typer(
    no_args_is_help=True,
    help="What Trendel keeps about your runs, your pain and what is usual for you. It stays on this machine: nothing "
    "is sent anywhere. You can take it along (export) or have it forgotten (delete) at any time.",
)

RunnerName = Annotated[
    str | None,
    typer.Option("--runner", metavar="NAME", help="Whose; not needed while there is one runner.", show_default=False),
]
OfRun = Annotated[
    str | None,
    typer.Option("--run", metavar="RUN", help="The run it belongs to: as in the list, or 'last'.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="On stdout as JSON, and nothing else.")]


@journal_app.command("list")
def list_(runner: RunnerName = None, as_json: AsJson = False) -> None:
    """Your runs, newest first, with the pain you entered."""
    from trendel.app.journal import list_runs

    list_runs(runner, as_json=as_json)


@journal_app.command()
def show(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="As in the list, or 'last' for the newest.", show_default=False)
    ],
    runner: RunnerName = None,
    as_json: AsJson = False,
) -> None:
    """One run: what was measured, beside what is usual for you."""
    from trendel.app.journal import show_run

    show_run(run, runner, as_json=as_json)


@journal_app.command()
def pain(
    place: Annotated[str, typer.Argument(metavar="PLACE", help="Where it hurts, such as knee.", show_default=False)],
    side: Annotated[str, typer.Option(metavar="left|right|both", show_default=False)],
    level: Annotated[int, typer.Option(metavar="0..10", help="0 is none, 10 the worst.", show_default=False)],
    when: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="As 2026-05-01T18:30; now, if not given.", show_default=False),
    ] = None,
    run: OfRun = None,
    note: Annotated[str, typer.Option(metavar="TEXT", help="Anything to add.", show_default=False)] = "",
    runner: RunnerName = None,
) -> None:
    """Enter pain: where, which side, how bad from 0 to 10."""
    from trendel.app.journal import enter_pain

    enter_pain(place, side, level, when=when, run=run, note=note, runner=runner)


@journal_app.command()
def note(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="In quotes.", show_default=False)],
    run: OfRun = None,
    runner: RunnerName = None,
) -> None:
    """Write a note."""
    from trendel.app.journal import enter_note

    enter_note(text, run=run, runner=runner)


@journal_app.command()
def runners() -> None:
    """Who has runs in this journal."""
    from trendel.app.journal import list_runners

    list_runners()


@journal_app.command()
def renew(runner: RunnerName = None) -> None:
    """After an update of Trendel: analyse your runs again, where their recordings are still there."""
    from trendel.app.journal import renew_runs

    renew_runs(runner)


@journal_app.command()
def export(
    to: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.json|DIR", help="One JSON file with everything, or a folder of CSV files.", show_default=False
        ),
    ],
) -> None:
    """Take everything along: as one file that can be read back, or as tables."""
    from trendel.app.journal import export_journal

    export_journal(to)


@journal_app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE.json", help="As export has written it.", show_default=False)],
) -> None:
    """Add what an exported journal holds; what is here already stays as it is."""
    from trendel.app.journal import import_journal

    import_journal(file)


@journal_app.command()
def delete(
    run: Annotated[str | None, typer.Option("--run", metavar="RUN", help="One run.", show_default=False)] = None,
    runner: Annotated[
        str | None, typer.Option("--runner", metavar="NAME", help="Everything of one runner.", show_default=False)
    ] = None,
    everything: Annotated[bool, typer.Option("--everything", help="The whole journal.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Have a run, a runner or everything forgotten, for good. Your recordings are not touched."""
    from trendel.app.journal import delete_from_journal

    delete_from_journal(run=run, runner=runner, everything=everything, yes=yes)


@journal_app.command()
def where() -> None:
    """Where the journal is, how large, and its schema version."""
    from trendel.app.journal import show_place

    show_place()
