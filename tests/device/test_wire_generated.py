"""What is generated from the packets' table is committed as the table gives it."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from trendel.wire import layout as lt
from trendel_lowering.wire import __main__ as generate
from trendel_lowering.wire import header


def test_generated_files_are_current() -> None:
    assert generate.stale() == [], "run python -m trendel_lowering.wire"


def test_a_changed_field_makes_them_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    first, *rest = lt.BY_NAME["Stride"].fields
    changed = replace(lt.BY_NAME["Stride"], fields=(replace(first, doc="another"), *rest))
    monkeypatch.setattr(lt, "STRUCTS", tuple(changed if s.name == "Stride" else s for s in lt.STRUCTS))
    assert generate.stale() == ["device/core/include/trendel_wire.h", "docs/wire.md"]


@pytest.mark.parametrize("standard", ["c99", "c11"])
def test_the_compiler_holds_the_header_to_its_offsets(tmp_path: Path, standard: str) -> None:
    gcc = shutil.which("gcc")
    if gcc is None:
        pytest.skip("gcc is not installed: the header's asserts are not tried")
    command = [gcc, f"-std={standard}", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-x", "c"]
    wrong = header.header().replace("offsetof(trendel_hello_t, serial) == 8", "offsetof(trendel_hello_t, serial) == 9")
    for name, text, good in (("right.h", header.header(), True), ("wrong.h", wrong, False)):
        (tmp_path / name).write_text(text)
        done = subprocess.run([*command, str(tmp_path / name)], capture_output=True, text=True)
        assert (done.returncode == 0) == good, done.stderr
    assert "wire_offset_of_hello_serial" in done.stderr
