"""The vectors that the C and the Python tests share, and the ones that are frozen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]


def golden() -> dict[str, dict[str, Any]]:
    """Generated vectors by name."""
    return {entry["name"]: entry for entry in json.loads((ROOT / "tests" / "golden" / "wire.json").read_text())}


def frozen() -> dict[str, Any]:
    """Version 1 as it was published: never written by a program."""
    return json.loads((ROOT / "tests" / "golden" / "frozen_v1.json").read_text())  # type: ignore[no-any-return]
