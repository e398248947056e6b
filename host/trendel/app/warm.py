"""Loading the kernels: from the cache in a fraction of a second, or compiled once with progress shown."""

import re
import time
from importlib import import_module
from pathlib import Path

from trendel.app.progress import count_bar
from trendel.app.screen import stderr_console


def warm_kernels() -> None:
    """`trendel warm`: compile what is not in the cache and say what was done."""
    start = time.perf_counter()
    compiled = load_kernels()
    from trendel.kernels.compile import CACHE_FOLDER, KERNEL_HASH

    done = "compiled" if compiled else "already compiled, loaded"
    print(f"kernels {KERNEL_HASH} {done} in {time.perf_counter() - start:.1f} s; cache: {CACHE_FOLDER}")


def load_kernels() -> bool:
    """Import all kernels; True if they had to be compiled. Progress goes to stderr."""
    from trendel.kernels import compile as compiling

    if any(compiling.CACHE_FOLDER.rglob("*.nbc")):
        import_module("trendel.analysis")
        return False
    console = stderr_console()
    if not console.is_terminal:
        console.print("compiling the kernels, once for this version (up to half a minute) ...")
        import_module("trendel.analysis")
        return True
    with count_bar("compiling the kernels, once for this version", _kernel_count()) as tell:
        compiling.progress = tell
        try:
            import_module("trendel.analysis")
        finally:
            compiling.progress = None
    return True


def _kernel_count() -> int:
    from trendel import kernels

    folder = Path(kernels.__path__[0])
    return sum(len(re.findall(r"^@kernel\(", path.read_text(), re.MULTILINE)) for path in folder.glob("*.py"))
