"""A calibration on the terminal: what was found, how sure it is, whether that is enough."""

from __future__ import annotations

from typing import Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from trendel.constants import STANDARD_GRAVITY_MPS2
from trendel_calibration.result import NORMAL_95, Calibration
from trendel_calibration.verify import Check, differences


def show(console: Console, cal: Calibration, checks: list[Check], previous: dict[str, Any] | None) -> None:
    """Print the calibration with its checks and what changed since `previous`."""
    console.print(_parameters(cal))
    console.print(_checks(checks))
    if previous is not None:
        console.print(f"Since the calibration {previous.get('hash')} of {previous.get('when')}:", markup=False)
        for name, change, both, unit in differences(cal, previous):
            told = "more than both are sure of" if change > both else "no more than both are sure of"
            console.print(f"  {name}: up to {change:.3g} {unit} (+- {both:.2g}), {told}", markup=False)
    for note in cal.notes:
        console.print(f"[yellow]note:[/] {escape(note)}")


def _parameters(cal: Calibration) -> Table:
    is_si = cal.subject.raw_unit == "si"
    title = f"{cal.method}: {int(cal.used.sum())} poses"
    title += f", {int(cal.turns_used.sum())} turns" if len(cal.turns_used) else ""
    table = Table(
        title=f"{title} at {cal.rate_hz:.5g} Hz; +- is the 95 % interval", box=SIMPLE_HEAD, pad_edge=False,
        title_justify="left", title_style="bold",
    )  # fmt: skip
    table.add_column("", no_wrap=True)
    for axis in "xyz":
        table.add_column(axis, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    g, degree = 1e3 / STANDARD_GRAVITY_MPS2, float(np.degrees(1.0))
    parts = [
        ("accelerometer", "m/s2 a unit", g, "mg", cal.acc_matrix, cal.acc_matrix_std, cal.acc_bias, cal.acc_bias_std)
    ]
    if cal.has_gyr:
        parts.append(
            (
                "gyroscope",
                "rad/s a unit",
                degree,
                "deg/s",
                cal.gyr_matrix,
                cal.gyr_matrix_std,
                cal.gyr_bias,
                cal.gyr_bias_std,
            )
        )
    for name, per_unit, factor, word, matrix, matrix_std, bias, bias_std in parts:
        diagonal, sure = np.diag(matrix), NORMAL_95 * np.diag(matrix_std)
        if is_si:
            table.add_row(f"{name} scale", *(f"{100 * (d - 1):+.2f}" for d in diagonal), "% of nominal")
            table.add_row("  +-", *(f"{100 * s:.2f}" for s in sure), "")
        else:
            table.add_row(f"{name} scale", *(f"{d:.7g}" for d in diagonal), per_unit)
            table.add_row("  +-", *(f"{100 * s / abs(d):.2g}" for s, d in zip(sure, diagonal, strict=True)), "%")
        angle = np.degrees(np.linalg.norm(matrix - np.diag(diagonal), axis=1) / np.abs(diagonal))
        table.add_row("  misalignment", *(f"{a:.2f}" for a in angle), "deg")
        factor, word = (factor, word) if is_si else (1.0, "raw units")
        table.add_row(f"{name} bias", *(f"{b * factor:+.5g}" for b in bias), word)
        table.add_row("  +-", *(f"{NORMAL_95 * s * factor:.2g}" for s in bias_std), "")
    return table


def _checks(checks: list[Check]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("check", no_wrap=True)
    for heading in ("found", "limit"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for check in checks:
        value = "not checked" if check.value is None else f"{check.value:.3g} {check.unit}"
        verdict = {True: "[green]pass[/]", False: "[red]FAIL[/]", None: ""}[check.passed]
        table.add_row(check.name, value, f"{check.limit:g} {check.unit}", verdict)
    return table
