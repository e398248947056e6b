"""The references share nothing with what they check."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

REFERENCES = Path(__file__).resolve().parents[2] / "reference"


@pytest.mark.parametrize("path", sorted(REFERENCES.glob("*.py")), ids=lambda path: path.name)
def test_a_reference_imports_nothing_of_the_project(path: Path) -> None:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    own = {name for name in names if name.startswith("tests.reference")}
    assert {name.partition(".")[0] for name in names - own} <= {"__future__", "dataclasses", "typing", "numpy", "scipy"}
