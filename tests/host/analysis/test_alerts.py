"""Alerts as a table: sides, times, intervals and words."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from trendel.analysis.alerts import COLUMNS, KINDS, PainNoted, alerts_table, with_pain, wording
from trendel.kernels.layout import (
    ALERT_ASYMMETRY,
    ALERT_CLIP_LOOSE,
    ALERT_CLIP_MOVED,
    ALERT_DROP,
    DTYPES,
    LEVEL_STOP,
    LEVEL_WARNING,
)


def test_a_row_says_side_size_since_when_and_what_to_do() -> None:
    rows = np.zeros(2, DTYPES["Alert"])
    rows["kind"], rows["side"], rows["level"] = (ALERT_DROP, ALERT_CLIP_MOVED), (-1, 0), LEVEL_WARNING
    rows["at_i"], rows["onset_i"] = (60_000, 70_000), (48_000, 70_000)
    rows["value"][0], rows["baseline"][0], rows["change"][0], rows["error"][0] = np.radians((8.0, 6.0, 2.0, 0.5))
    table = alerts_table(rows, np.arange(80_000) / 100.0, 100.0)
    assert list(table.columns) == list(COLUMNS)
    first = {c: table[c][0] for c in COLUMNS}
    assert (first["kind"], first["side"], first["level"]) == ("pelvic_drop", "R", "warning")
    assert (first["time_s"], first["onset_s"]) == (600.0, 480.0)
    assert first["change"] == pytest.approx(2.0, abs=1e-5)
    assert (first["ci_low"], first["ci_high"]) == (pytest.approx(1.02, abs=1e-4), pytest.approx(2.98, abs=1e-4))
    assert "right" in first["message"] and "2.0 degrees" in first["message"] and "2 min" in first["message"]
    assert table["kind"][1] == "clip_moved" and np.isnan(table["change"][1]) and table["side"][1] == ""


def test_alerts_go_into_a_file_and_back(tmp_path: Path) -> None:
    rows = np.zeros(3, DTYPES["Alert"])
    rows["kind"], rows["side"], rows["level"] = ALERT_DROP, (1, -1, 0), LEVEL_WARNING
    rows["at_i"], rows["change"] = (100, 200, 300), 0.03
    table = with_pain(alerts_table(rows, np.arange(400) / 100.0, 100.0), [PainNoted(3.5, 'knee, "inner"', "left", 3)])
    table.to_csv(tmp_path / "alerts.csv")
    with (tmp_path / "alerts.csv").open(newline="") as file:
        read = list(csv.DictReader(file))
    assert [row["kind"] for row in read] == ["pain", *["pelvic_drop"] * 3]
    for name in ("side", "level", "message", "action"):
        assert [row[name] for row in read] == table[name].tolist()
    assert read[0]["change"] == "" and float(read[1]["change"]) == pytest.approx(np.degrees(0.03), abs=0.01)


@pytest.mark.parametrize("kind", KINDS)
def test_every_alert_is_one_sentence_and_one_action(kind: int) -> None:
    for level in range(1, LEVEL_STOP + 1):
        for side in (1, -1) if kind == ALERT_ASYMMETRY else (1, -1, 0):
            for text in wording(kind, side, level, 1.5, 3.0):
                assert text.endswith(".") and text.count(". ") == 0 and len(text) < 120, text
                assert "!" not in text
    assert "sinking more on your left leg" in wording(ALERT_ASYMMETRY, 1, 1, 1.5, 3.0)[0]
    assert wording(ALERT_CLIP_LOOSE, 0, LEVEL_WARNING, 0.0, 0.0) != wording(
        ALERT_CLIP_MOVED, 0, LEVEL_WARNING, 0.0, 0.0
    )
