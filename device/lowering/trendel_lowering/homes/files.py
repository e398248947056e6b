"""Where the harness in C and the runner in JavaScript are."""

from __future__ import annotations

from pathlib import Path

EMULATOR = Path(__file__).resolve().parents[3] / "emulator"
"""device/emulator of the checkout that this package was installed from (editable)."""
