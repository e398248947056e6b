"""Compiling the core: clear words where it cannot be, and nothing compiled twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.device.core.rig import core
from trendel.errors import CoreError
from trendel_core import build


def test_no_compiler_is_said_in_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    with pytest.raises(CoreError, match=r"no C compiler: install gcc"):
        build.compiler()


def test_outside_a_checkout_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(build, "CORE", tmp_path)
    with pytest.raises(CoreError, match="editable install"):
        build.build("x.so", [], ())


def test_what_does_not_compile_is_told_in_the_compilers_words(tmp_path: Path) -> None:
    core()
    (tmp_path / "wrong.c").write_text("int main(void) { return undeclared; }\n")
    with pytest.raises(CoreError, match="undeclared"):
        build.build("wrong", [tmp_path / "wrong.c"], ())


def test_a_second_build_is_the_first() -> None:
    core()
    first = build.build("libtrendel_core.so", build.sources(), ("-shared", "-fPIC"))
    stamp = first.stat().st_mtime_ns
    assert build.build("libtrendel_core.so", build.sources(), ("-shared", "-fPIC")) == first
    assert first.stat().st_mtime_ns == stamp
