"""Loading the kernels: from the cache in a fraction of a second, or compiled once with progress shown."""

import re
import shutil
import time
from collections.abc import Callable
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path

from trendel.app.progress import count_bar
from trendel.app.screen import stderr_console

_PATIENCE_S = 4.0  # from the cache it takes less: what takes longer is being compiled, and is said
_UNUSED_DAYS = 30


def warm_kernels() -> None:
    """`trendel warm`: compile what is not in the cache and say what was done."""
    start = time.perf_counter()
    compiled = load_kernels()
    from trendel.kernels.compile import CACHE_FOLDER, KERNEL_HASH

    done = "compiled" if compiled else "already compiled, loaded"
    print(f"kernels {KERNEL_HASH} {done} in {time.perf_counter() - start:.1f} s; cache: {CACHE_FOLDER}")
    removed_n = remove_unused_caches(CACHE_FOLDER)
    if removed_n:
        print(f"removed the compiled kernels of {removed_n} older versions, not used for {_UNUSED_DAYS} days")


def remove_unused_caches(mine: Path) -> int:
    """Remove compiled kernels of other versions beside `mine` that no process has loaded for a month; how many.

    Each start writes into its own folder (the check that it can be written), so the folder's time is its last use.
    """
    removed_n = 0
    for folder in mine.parent.glob("kernels-" + "[0-9a-f]" * 16):
        if folder != mine and time.time() - folder.stat().st_mtime > 86400 * _UNUSED_DAYS:
            shutil.rmtree(folder, ignore_errors=True)
            removed_n += not folder.exists()
    return removed_n


def load_kernels() -> bool:
    """Import all kernels; True if they had to be compiled. Progress goes to stderr."""
    from trendel.kernels import compile as compiling

    with ExitStack() as stack:
        compiling.progress = _Watch(stack)
        try:
            import_module("trendel.analysis")
            from trendel.kernels.pipeline import init, run

            compiling.load(init, run)  # run has all others in it
        finally:
            compiling.progress = None
    stats = getattr(run, "stats", None)  # a plain function with NUMBA_DISABLE_JIT=1
    return stats is not None and bool(stats.cache_misses)


class _Watch:
    """Told of each kernel before it is loaded or compiled; says so once it takes longer than loading would."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._start = time.perf_counter()
        self._told_n = 0
        self._show: Callable[[str], None] | None = None

    def __call__(self, kernel: str) -> None:
        self._told_n += 1
        if self._show is not None:
            self._show(kernel)
        elif time.perf_counter() - self._start > _PATIENCE_S:
            self._show = self._begin()
            for _ in range(self._told_n):
                self._show(kernel)

    def _begin(self) -> Callable[[str], None]:
        label = "compiling the kernels, once for this version"
        console = stderr_console()
        if console.is_terminal:
            return self._stack.enter_context(count_bar(label, _kernel_count()))
        console.print(f"{label} (up to half a minute) ...")
        return lambda kernel: None


def _kernel_count() -> int:
    from trendel import kernels

    folder = Path(kernels.__path__[0])
    return sum(len(re.findall(r"^@kernel\(", path.read_text(), re.MULTILINE)) for path in folder.glob("*.py"))
