"""An edited kernel is compiled anew, even where only a callee in another file was edited."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

import trendel.kernels
from trendel.app.warm import remove_unused_caches

# Its own file, so that the edit is in the callee's file only.
CALLER = """
from trendel.kernels.compile import f4, kernel
from trendel.kernels.mathf import sinf


@kernel(f4(f4))
def caller(x):
    return sinf(x)
"""
ASK = """
import numpy as np
from trendel.kernels import compile
from trendel.kernels.caller import caller
value = float(caller(np.float32(0.5)))
print(compile.KERNEL_HASH, compile.CACHE_FOLDER, sum(caller.stats.cache_hits.values()), value)
"""


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A package of the same kernels in another place."""
    package = tmp_path / "source" / "trendel"
    shutil.copytree(
        Path(trendel.kernels.__file__).parent, package / "kernels", ignore=shutil.ignore_patterns("__pycache__")
    )
    (package / "__init__.py").touch()
    (package / "kernels" / "caller.py").write_text(CALLER)
    return package / "kernels"


def _env(kernels: Path, cache: Path) -> dict[str, str]:
    named = {"PYTHONPATH": str(kernels.parents[1]), "TRENDEL_CACHE_DIR": str(cache), "TMPDIR": str(cache.parent)}
    return {**os.environ, **named}


def _ask(kernels: Path, cache: Path) -> tuple[str, Path, int, float]:
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        env=_env(kernels, cache),
        capture_output=True,
        text=True,
        check=True,
    )
    name, folder, hits, value = done.stdout.split()
    return name, Path(folder), int(hits), float(value)


def test_an_edited_constant_takes_effect(copied: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    name, folder, _, value = _ask(copied, cache)
    assert value == pytest.approx(0.4794255)
    assert folder.parent == cache and name in folder.name
    again = _ask(copied, cache)
    assert again[0] == name and again[1] == folder and again[2] == 1  # from the cache this time

    mathf = copied / "mathf.py"
    text = mathf.read_text()
    assert "np.float32(-1 / 6)" in text
    mathf.write_text(text.replace("np.float32(-1 / 6)", "np.float32(-1 / 3)"))
    edited = _ask(copied, cache)
    assert edited[0] != name and edited[1] != folder
    assert edited[3] == pytest.approx(0.4794255 - 0.5**3 / 6, abs=1e-6)

    mathf.write_text(text)
    back = _ask(copied, cache)
    assert back == (name, folder, 1, value)


def test_hash_is_that_of_all_sources(copied: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    code = "from trendel.kernels.compile import source_hash; import trendel.kernels, pathlib as p\n"
    code += "print(source_hash())\n"
    code += "for path in sorted(p.Path(trendel.kernels.__file__).parent.glob('*.py')):\n"
    code += "    text = path.read_text(); path.write_text(text + '# a remark'); print(source_hash())\n"
    code += "    path.write_text(text)\n"
    code += "print(source_hash())\n"
    done = subprocess.run([sys.executable, "-c", code], env=_env(copied, cache), capture_output=True, text=True)
    first, *edited, last = done.stdout.split()
    assert len(edited) == len(list(copied.glob("*.py"))) == len({first, *edited}) - 1
    assert last == first


def test_an_unwritable_folder_is_no_obstacle(copied: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the folder should be")
    folder, value = _ask(copied, blocked)[1::2]
    assert folder.is_dir() and not folder.is_relative_to(blocked)
    assert value == pytest.approx(0.4794255)


def test_compiled_kernels_of_other_versions_go_when_unused_for_a_month(tmp_path: Path) -> None:
    mine, old, recent, other = (tmp_path / n for n in ("kernels-" + "a" * 16, "kernels-" + "b" * 16,
                                                       "kernels-" + "c" * 16, "kernels-of-mine"))  # fmt: skip
    for folder in (mine, old, recent, other):
        folder.mkdir()
        (folder / "x.nbi").write_bytes(b"x")
    for folder in (mine, old, other):
        os.utime(folder, (time.time() - 40 * 86400,) * 2)
    assert remove_unused_caches(mine) == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(p.name for p in (mine, recent, other))
