"""Progress of long work: a bar on stderr where a person watches, nothing elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from trendel.app.screen import stderr_console


@contextmanager
def fraction_bar(label: str) -> Iterator[Callable[[float], None] | None]:
    """A bar that is given fractions from 0 to 1; yields None where stderr is no terminal."""
    console = stderr_console()
    if not console.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(label, total=1.0)
        yield lambda fraction: bar.update(task, completed=fraction)


@contextmanager
def count_bar(label: str, total: int) -> Iterator[Callable[[str], None]]:
    """A bar over `total` items that is told of each finished one; without a terminal, a line for each on stderr."""
    console = stderr_console()
    if not console.is_terminal:
        finished = 0

        def say(line: str) -> None:
            nonlocal finished
            finished += 1
            console.print(f"{finished}/{total} {line}", markup=False, soft_wrap=True)

        yield say
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(label, total=total)
        yield lambda line: bar.update(task, advance=1)
