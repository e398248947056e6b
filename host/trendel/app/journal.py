"""What the commands of `trendel journal` do."""

import sys
from pathlib import Path

from trendel.app.journal_screen import as_plain, as_plain_row, runs_table, show_one_run
from trendel.app.outputs import to_json
from trendel.app.remember import opened_journal, renew_aloud
from trendel.app.screen import say, stdout_console
from trendel.errors import JournalError
from trendel.journal import SCHEMA_VERSION, Journal, journal_path
from trendel.journal.clock import parse_time
from trendel.journal.damage import moved_aside
from trendel.journal.database import companions, stored_version
from trendel.journal.transfer import read_export


def list_runs(runner: str | None, *, as_json: bool) -> None:
    """Print a runner's runs and pain, newest first; raises JournalError."""
    with opened_journal() as journal:
        name = journal.runner(runner).name
        runs, pain, notes = journal.runs(name), journal.pain(name), journal.notes(name)
    if as_json:
        print(to_json(as_plain(name, runs, pain, notes)), end="")
        return
    console = stdout_console()
    if not runs and not pain and not notes:
        console.print(f"Nothing is kept of {name} yet.", markup=False)
        return
    console.print(runs_table(name, runs, pain, notes))


def show_run(run: str, runner: str | None, *, as_json: bool) -> None:
    """Print one run; raises JournalError."""
    with opened_journal() as journal:
        named = journal.runner(runner).name if runner is not None or run == "last" else None
        found = journal.run(run, named)
        if named is not None and found.runner != named:
            raise JournalError(f"The run {found.hash[:8]} is {found.runner}'s, not {named}'s.")
        pain = tuple(entry for entry in journal.pain(found.runner) if entry.run == found.hash)
        notes = tuple(entry for entry in journal.notes(found.runner) if entry.run == found.hash)
        mounting = next((m for m in journal.mountings(found.runner) if m.id == found.mounting), None)
        baseline = journal.baseline(
            found.runner,
            found.clip,
            found.kernel_hash,
            parameter_hash=found.parameter_hash,
            place=mounting.place if mounting else None,
            axes=mounting.axes if mounting else None,
        )
    if as_json:
        plain = as_plain(found.runner, (found,), pain, notes)
        plain["summary"] = found.summary
        plain["baseline"] = [as_plain_row(row) for row in baseline.values or ()]
        print(to_json(plain), end="")
        return
    show_one_run(stdout_console(), found, pain, notes, baseline)


def enter_pain(
    place: str, side: str, level: int, *, when: str | None, run: str | None, note: str, runner: str | None
) -> None:
    """Keep a pain entry; raises JournalError."""
    felt_at = None if when is None else parse_time(when, "--when")
    with opened_journal() as journal:
        name = _runner(journal, runner)
        entry = journal.add_pain(name, place, side.strip().lower(), level, felt_at=felt_at, run=run, note=note)
    of_run = f", run {entry.run[:8]}" if entry.run else ""
    if entry.level > 0:
        say(["Pain outranks every number: stop running until it is gone, and have it looked at if it stays."])
    print(f"noted for {name}: {entry.place}, {entry.side}, {entry.level}/10, {entry.felt_at:%Y-%m-%d %H:%M}{of_run}")


def enter_note(text: str, *, run: str | None, runner: str | None) -> None:
    """Keep a note; raises JournalError."""
    with opened_journal() as journal:
        name = _runner(journal, runner)
        journal.add_note(name, text, run=run)
    print(f"noted for {name}")


def _runner(journal: Journal, runner: str | None) -> str:
    """Who an entry is for. The first one may be made by naming; later ones not, or a slip would make a runner."""
    if runner is not None and not journal.runners():
        return journal.add_runner(runner).name
    return journal.runner(runner).name


def list_runners() -> None:
    """Print who has runs; raises JournalError."""
    with opened_journal() as journal:
        known = [(runner.name, journal.runs(runner.name), journal.pain(runner.name)) for runner in journal.runners()]
    if not known:
        print("The journal is empty: `trendel analyze RUN.csv --runner NAME` adds the first run.")
    for name, runs, pain in known:
        newest = f", the newest of {runs[0].when:%Y-%m-%d}" if runs else ""
        print(f"{name}: {_counted(len(runs), 'run')}{newest}; {_counted(len(pain), 'pain entry', 'pain entries')}")


def renew_runs(runner: str | None) -> None:
    """Analyse all outdated runs of a runner again; raises JournalError."""
    from trendel.app.warm import load_kernels

    with opened_journal() as journal:
        name = journal.runner(runner).name
        n = len(journal.runs(name))
    load_kernels()
    if not renew_aloud(name, n):
        print(f"all of {name}'s runs are up to date")


def export_journal(to: Path) -> None:
    """Write everything to a JSON file or, for a folder or a path without an ending, CSV files; raises JournalError."""
    with opened_journal() as journal:
        if to.is_dir() or to.suffix == "":
            written = journal.export_csv(to)
            print(f"written to {to}: {', '.join(path.name for path in written)}")
            return
        if to.suffix.lower() != ".json":
            raise JournalError(f"{to}: name a file that ends in .json, or a folder for CSV files.")
        if to.exists():
            _refuse_other_file(to)
        journal.export(to)
    print(f"written to {to}")


def _refuse_other_file(path: Path) -> None:
    """An earlier export may be replaced, anything else of that name not."""
    try:
        read_export(path)
    except JournalError as error:
        raise JournalError(f"{path} exists and is no earlier export: choose another name.") from error


def import_journal(file: Path) -> None:
    """Add what an export holds; raises JournalError."""
    with opened_journal() as journal:
        n = journal.import_export(file)
    print(f"{_counted(n, 'entry', 'entries')} added from {file}" + ("" if n else ": everything was there already"))


def delete_from_journal(*, run: str | None, runner: str | None, everything: bool, yes: bool) -> None:
    """Delete what is named, after asking; raises JournalError."""
    if (run is not None) + (runner is not None) + everything != 1:
        raise JournalError("Say what to delete: one of --run RUN, --runner NAME and --everything.")
    if everything and not journal_path().exists():
        print("There is no journal: nothing to delete.")
        return
    with opened_journal() as journal:
        if run is not None:
            found = journal.run(run, journal.runner().name if run == "last" else None)
            if _sure(f"the run {found.hash[:8]} of {found.when:%Y-%m-%d} ({found.runner})", yes=yes):
                journal.delete_run(found.hash)
                print(f"run {found.hash[:8]} deleted")
        elif runner is not None:
            name = journal.runner(runner).name
            n = len(journal.runs(name))
            if _sure(f"{name} with {_counted(n, 'run')}, all pain entries and notes", yes=yes):
                journal.delete_runner(name)
                print(f"{name} deleted")
                if aside := moved_aside(journal.path):
                    say([f"Damaged journals that were kept may still hold some of it: {', '.join(map(str, aside))}."])
        elif _sure(f"the whole journal {journal.path}", yes=yes):
            gone = journal.delete_everything()
            print("deleted: " + ", ".join(str(path) for path in gone))


def _sure(what: str, *, yes: bool) -> bool:
    if yes:
        return True
    if not sys.stdin.isatty():
        raise JournalError(f"This would delete {what}: repeat the command with --yes.")
    answer = input(f"Delete {what}, for good? [y/N] ")
    if answer.strip().lower() in ("y", "yes"):
        return True
    print("nothing deleted")
    return False


def show_place() -> None:
    """Print path, size and schema version, without opening the journal: also of one that cannot be opened."""
    path = journal_path().absolute()
    print(path)
    if not path.is_file():
        print("not there yet: the first run or pain entry makes it")
        return
    size = sum(file.stat().st_size for file in (path, *companions(path)) if file.is_file())
    version = stored_version(path)
    print(f"{size / 1e6:.2f} MB")
    known = f"schema version {version}, this Trendel knows up to {SCHEMA_VERSION}"
    print("damaged, or not a journal" if version is None else known)
    for aside in moved_aside(path):
        print(f"kept after damage: {aside}")


def _counted(n: int, one: str, many: str | None = None) -> str:
    return f"{n} {one if n == 1 else many or one + 's'}"
