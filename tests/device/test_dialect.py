"""Every form of the dialect's table is tried: the refused ones are refused with kernel and line, the others pass."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from trendel_lowering import dialect
from trendel_lowering.findings import Finding
from trendel_lowering.forms import ACCEPTED, REFUSED, Form
from trendel_lowering.ir import compile_package
from trendel_lowering.package import KernelPackage
from trendel_lowering.syntax import check_syntax

HEAD = """\
import math

import numpy as np
from numba import from_dtype, types

from {package}.compile import kernel

RECORD = from_dtype(np.dtype([("v", "f4"), ("a", "f4", (8,)), ("k", "i4"), ("m", "u4")]))
GAIN = np.float32(0.25)
BARE = 0.5


def python_function(x):
    return x


@kernel(types.float32(types.float32))
def helper(x):
    return x + GAIN


@kernel(types.float32(RECORD, types.float32, types.float32, types.int32, types.uint32))
def form(s, x, y, i, n):
"""
TAIL = "    s.k = i\n    s.v = y\n    return x\n"
COMPILE = (Path(__file__).parent / "fixtures" / "tiny_kernels" / "compile.py").read_text()
FORMS = {**{f"accepted_{i}": f for i, f in enumerate(ACCEPTED)}, **{f"refused_{i}": f for i, f in enumerate(REFUSED)}}


def source(form: Form, package: str) -> str:
    body = "".join(f"    {line}\n" for line in form.code.splitlines())
    return HEAD.format(package=package) + body + TAIL


def write_package(folder: Path, forms: dict[str, Form]) -> KernelPackage:
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "compile.py").write_text(COMPILE)
    for name, form in forms.items():
        (folder / f"{name}.py").write_text(source(form, folder.name))
    return KernelPackage(folder.name, folder)


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[Finding]]]:
    """Findings by form. Those clean by their looks are compiled, all in one process."""
    root = tmp_path_factory.mktemp("forms")
    looked = write_package(root / "looked_forms", FORMS)
    found: dict[str, list[Finding]] = {name: [] for name in FORMS}
    for finding in check_syntax(looked.folder):
        found[Path(finding.file).stem].append(finding)
    typed = write_package(root / "typed_forms", {name: FORMS[name] for name in FORMS if not found[name]})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(root), *sys.path])
        for finding in compile_package(typed, entries=False).findings:
            found[Path(finding.file).stem].append(finding)
    yield found


@pytest.mark.parametrize("number", range(len(ACCEPTED)), ids=[form.code.replace("\n", "; ") for form in ACCEPTED])
def test_accepted_form_passes(number: int, findings: dict[str, list[Finding]]) -> None:
    assert [str(finding) for finding in findings[f"accepted_{number}"]] == []


@pytest.mark.parametrize("number", range(len(REFUSED)), ids=[form.code.replace("\n", "; ") for form in REFUSED])
def test_refused_form_is_refused_with_kernel_and_line(number: int, findings: dict[str, list[Finding]]) -> None:
    form, found = REFUSED[number], findings[f"refused_{number}"]
    assert found, "it passed"
    first = HEAD.count("\n") + 1
    lines = range(first, first + form.code.count("\n") + 1)
    assert form.says
    said = [finding for finding in found if form.says in finding.why]
    assert said, [str(finding) for finding in found]
    assert all(finding.kernel == "form" and finding.line in lines for finding in said), said
    assert str(said[0]).endswith(f":{said[0].line}: in kernel form: {said[0].why}")


def test_the_page_shows_the_table_as_it_is() -> None:
    page = Path(__file__).parents[2] / "docs" / "dialect.md"
    assert dialect.page(page.read_text()) == page.read_text(), (
        "renew it: python -m trendel_lowering.dialect --write docs/dialect.md"
    )


def test_the_kernels_are_in_the_dialect(pipeline_package: KernelPackage) -> None:
    assert [str(finding) for finding in dialect.check(pipeline_package)] == []
