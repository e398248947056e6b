"""The power budget in docs/firmware.md is what its program computes, and meets its target."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_documented_budget_is_the_computed_one() -> None:
    program = ROOT / "device" / "zephyr" / "power.py"
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, check=True)
    table = done.stdout.strip()
    assert table in (ROOT / "docs" / "firmware.md").read_text(), "run device/zephyr/power.py and put its table there"
    hours = next(line for line in table.splitlines() if line.startswith("| hours"))
    assert float(hours.split("|")[2]) >= 24, "less than a day of streaming"
