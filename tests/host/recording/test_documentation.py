"""The examples of docs/recordings.md run."""

import re
from pathlib import Path

import numpy as np
import pytest

from tests.host.recording.made import G, table, write

PAGE = Path(__file__).parents[3] / "docs" / "recordings.md"


def test_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = PAGE.read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(blocks) >= 3
    values = table(5.0)
    write(tmp_path / "run.csv", values)
    sidecar = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    (tmp_path / "run.json").write_text(sidecar[0])
    foreign = np.column_stack([values[:, 0] * 1e3, values[:, 1:4] / G])
    write(tmp_path / "foreign.csv", foreign, ("Zeit", "A1", "A2", "A3"))
    monkeypatch.chdir(tmp_path)
    space: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), space)
    assert "Recording" in repr(space["rec"])
