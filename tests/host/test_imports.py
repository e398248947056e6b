"""What may import what, and what importing costs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import trendel

ROOT = Path(__file__).resolve().parents[2]
KERNELS = ROOT / "host" / "trendel" / "kernels"
# These describe and compile kernels on the host; they hold none.
HOST_SIDE = {"compile.py", "layout.py", "metrics.py", "__init__.py"}
HEAVY = {"numpy", "numba", "llvmlite", "scipy", "pyarrow", "pandas", "rich"}


def _loaded_by(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; {code}; print(*{{name.partition('.')[0] for name in sys.modules}})"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "code",
    [
        "import trendel",
        "import trendel; trendel.TrendelError; dir(trendel)",
        "import trendel.app.cli",
        "import trendel.kernels.metrics",
        "import trendel.wire.receiver, trendel.wire.framing, trendel.wire.packed",
    ],
)
def test_importing_is_light(code: str) -> None:
    heavy = HEAVY - {"numpy"} if "metrics" in code or "wire" in code else HEAVY
    assert not _loaded_by(code) & heavy


def test_help_does_not_load_the_numbers() -> None:
    code = "from trendel.app.cli import app; app(['analyze', '--help'], standalone_mode=False)"
    assert not _loaded_by(f"import os; sys.stdout = open(os.devnull, 'w'); {code}; sys.stdout = sys.__stdout__") & (
        HEAVY - {"rich"}
    )


@pytest.mark.parametrize("name", trendel.__all__)
def test_every_public_name_is_there(name: str) -> None:
    called = "open_session" if name == "open" else name  # whose module keeps the builtin open
    assert getattr(trendel, name).__name__ == called
    assert name in dir(trendel)


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="no attribute 'analyse'"):
        trendel.analyse  # noqa: B018


def test_version_is_that_of_the_package() -> None:
    from importlib.metadata import version

    assert trendel.__version__ == version("trendel")


def test_import_contract() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: relative import"
            names.add(node.module or "")
    return names - {"__future__"}


@pytest.mark.parametrize("path", sorted(KERNELS.glob("*.py")), ids=lambda path: path.name)
def test_kernels_import_numpy_numba_and_math_only(path: Path) -> None:
    outside = {name for name in _imports(path) if not name.startswith("trendel.kernels")}
    if path.name in HOST_SIDE:
        third_party = {name.partition(".")[0] for name in outside} - set(sys.stdlib_module_names)
        assert third_party <= {"numpy", "numba", "platformdirs"}  # the last for the place of the cache
    else:
        assert outside <= {"numpy", "math"}
