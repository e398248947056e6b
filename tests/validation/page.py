"""Markdown of docs/accuracy.md: targets, tables, numbers with their intervals, wrapped paragraphs."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

import numpy as np

from tests.validation.agreement import Agreement
from tests.validation.reliability import Icc

PUBLISHED = {
    "ic_ms": "best bias -30 or +29, limits +-118 (sacral, 74 runners, Kiernan 2023)",
    "to_ms": "bias -3, limits +-150 (same 74 runners)",
    "contact_time_ms": "RMSE 20 (one sacral IMU, 208 Hz, 100 runners, PMC8838733); 9 by linear models that know speed "
    "and mass (37 runners, 9 of them held back, PMC8048400)",
    "flight_time_ms": "RMSE 20 (the same 100 runners)",
    "peak_vgrf_bw": "RMSE 0.15 (one sacral IMU, 100 runners, PMC8838733)",
    "loading_rate_bwps": "limits beyond +-65 % for every one of 27 methods (74 runners, Kiernan 2023b)",
    "vertical_oscillation_mm": "best device RMSE 8.7; waist pod +12.9 +- 10.3 (against video, Smith 2022)",
    "pelvic_drop_deg": "RMSE 4.1 of the angle (one lower-back IMU in sprinting)",
    "obliquity_peak_deg": "the same",
    "tilt_rom_deg": "RMSE 2.8 of the angle, the same",
    "rotation_rom_deg": "RMSE 3.6 of the angle, the same",
    "force waveform": "RMSE 0.16 +- 0.04 (sacral and shoe accelerometers, 19 runners, PMC8740512)",
}


@dataclass(frozen=True)
class Target:
    """One line of the table of targets. `on`: which recordings. `key`: its name in the list of known misses."""

    on: str
    what: str
    measured: str
    target: str
    met: bool

    @property
    def verdict(self) -> str:
        return "met" if self.met else "**MISSED**"

    @property
    def key(self) -> str:
        return f"{self.on}: {self.what}"


def at_most(on: str, what: str, value: float, limit: float, digits: int) -> Target:
    """A figure that must not exceed its limit; NaN is a miss."""
    return Target(on, what, f"{value:.{digits}f}", f"<= {limit:g}", bool(value <= limit))


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def digits(metric: str) -> int:
    """Decimals that a metric's unit deserves."""
    return {"ms": 1, "mm": 1, "deg": 2, "bw": 2, "bws": 3, "bwps": 1, "spm": 2}.get(metric.rsplit("_", 1)[-1], 2)


def span(low: float, high: float, d: int, sign: str = "") -> str:
    """An interval."""
    return f"{low:{sign}.{d}f} to {high:{sign}.{d}f}"


AGREEMENT_HEAD = ["metric", "trials", "steps", "bias (95 % CI)", "limits of agreement (CI of each)", "RMSE (95 % CI)"]


def numbers(a: Agreement, d: int) -> list[str]:
    """Trials, n, bias (CI), limits (CI), RMSE (CI)."""
    if a.n == 0:
        return ["0", "0", "not yet computed", "", ""]
    low, high = a.limits
    return [
        str(a.trials),
        str(a.n),
        f"{a.bias:+.{d}f} ({span(*a.bias_ci, d, '+')})",
        f"{low:+.{d}f} ({span(*a.low_ci, d, '+')}), {high:+.{d}f} ({span(*a.high_ci, d, '+')})",
        f"{a.rmse:.{d}f} ({span(*a.rmse_ci, d)})",
    ]


def icc_cell(found: Icc | None) -> str:
    """ICC(2,1) with its interval, or a dash."""
    if found is None or not np.isfinite(found.value):
        return "-"
    return f"{found.value:.2f} ({span(found.low, found.high, 2)})"


def wrapped(page: str) -> str:
    """The page with its paragraphs filled to 118 columns; headings, tables, lists and figures stay as they are."""
    blocks = page.strip().split("\n\n")
    kept = ("#", "|", "!", "-", "<")
    return "\n\n".join(b if b.startswith(kept) else textwrap.fill(b, 118) for b in map(str.strip, blocks)) + "\n"
