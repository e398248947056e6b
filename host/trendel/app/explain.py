"""`trendel explain RUN --step N`: one step, stage by stage, on the screen."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from trendel.app.options import AnalyzeOptions, load_parameters, read_recording
from trendel.app.screen import METRIC_LABELS, stdout_console
from trendel.app.warm import load_kernels

if TYPE_CHECKING:
    from trendel.analysis import Table as ResultTable

_MARGIN_S = 0.06  # shown before the contact and after the next
_LINES_MAX = 28


def explain_step(run: Path, number: int, options: AnalyzeOptions) -> None:
    """Print what each stage saw at step `number` of the recording; raises TrendelError."""
    recording = read_recording(run, options.read)
    load_kernels()
    from trendel.analysis import explain

    seen = explain(
        recording, number, mode=options.mode, mounting=options.mounting, params=load_parameters(options.params_file)
    )
    console = stdout_console()
    row = seen["step"]
    side = {"L": "left", "R": "right"}.get(row["side"], "side unknown")
    console.print(f"[bold]{run.name}, step {number}: {side}[/]")
    console.print(
        f"contact {row['ic_s']:.3f} s, toe-off {row['to_s']:.3f} s, next contact {row['end_s']:.3f} s; "
        f"given out {seen['given_out']['late_by_s']:.2f} s later"
    )
    _attitude(console, seen["attitude"])
    _mounting(console, seen["mounting"])
    _contacts(console, seen["contacts"])
    _ticks(console, seen["ring"], row)
    _stride(console, seen["stride"], row)


def _attitude(console: Console, attitude: dict[str, Any]) -> None:
    bias = ", ".join(f"{value:+.2f}" for value in attitude["gyroscope_bias_dps"])
    _stage(
        console,
        "attitude",
        f"angle known to {attitude['angle_sd_deg']:.2f} deg (1 sd), settled for {attitude['settled_s']:.0f} s",
        f"gyroscope bias {bias} deg/s, known to {attitude['bias_sd_dps']:.2f}",
        f"velocity that gravity does not explain {math.hypot(*attitude['unexplained_velocity_mps']):.2f} m/s, "
        f"expected {attitude['velocity_sd_mps']:.2f}",
    )


def _mounting(console: Console, mounting: dict[str, Any]) -> None:
    axes = [
        f"  {name:<7} {'  '.join(f'{value:+.2f}' for value in axis)}"
        for name, axis in zip(("forward", "left", "up"), mounting["forward_left_up_in_sensor"], strict=True)
    ]
    _stage(
        console,
        "mounting",
        f"{mounting['phase']}, learned from {mounting['strides_learned_from']} strides; in the sensor's axes:",
        *axes,
        f"symmetry {mounting['symmetry_axis_strength']:.2f}, forward sign "
        f"{mounting['forward_sign_correlation']:.2f} (1 is certain)",
    )


def _contacts(console: Console, contacts: dict[str, Any]) -> None:
    side_sign = contacts["side_sign"]
    verdict = contacts["verdict"] or "verdict no longer known"
    share, rest_s = contacts["toe_off_fade"]
    _stage(
        console,
        "contacts",
        f"{verdict}; {contacts['running_steps_in_a_row']} running steps in a row",
        f"contact: {1000 * contacts['initial_contact_lead_s']:.1f} ms after the onset of the drop of forward force",
        f"toe-off: after the fall through one body weight by what a half sine takes, and by {share:.2f} of how much "
        f"later than {1000 * rest_s:.0f} ms propulsion ends",
        f"side vote {contacts['side_vote']:+.1f}" + ("" if side_sign is None else f", this step's {side_sign:+.2f}"),
    )


def _ticks(console: Console, ring: "ResultTable", row: dict[str, Any]) -> None:
    """The step tick by tick: smoothed vertical force, on which the events are found, and the angles."""
    times = ring["t_s"]
    shown = np.flatnonzero((times >= row["ic_s"] - _MARGIN_S) & (times <= row["end_s"] + _MARGIN_S))
    if len(shown) == 0:
        return
    shown = shown[:: max(1, math.ceil(len(shown) / _LINES_MAX))]
    events = {_nearest(times, shown, row[key]): label for key, label in _EVENTS}
    top = max(float(ring["up_smooth_mps2"][shown].max()), 1.0)
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for heading in ("ms", "forward", "up m/s2", "tilt", "obliq.", "rotat."):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("vertical force", no_wrap=True)
    for i in shown.tolist():
        up = float(ring["up_smooth_mps2"][i])
        table.add_row(
            f"{1000 * (times[i] - row['ic_s']):.0f}",
            f"{ring['forward_mps2'][i]:+.1f}",
            f"{up:.1f}",
            *(f"{ring[name][i]:+.1f}" for name in ("tilt_deg", "obliquity_deg", "rotation_deg")),
            "#" * round(20 * max(up, 0.0) / top) + (f" < {events[i]}" if i in events else ""),
        )
    console.print(table)


_EVENTS = (("end_s", "next contact"), ("to_s", "toe-off"), ("ic_s", "contact"))


def _nearest(times: np.ndarray, shown: np.ndarray, t: float) -> int:
    return int(shown[np.abs(times[shown] - t).argmin()])


def _stride(console: Console, stride: dict[str, Any], row: dict[str, Any]) -> None:
    known = [
        f"{label} {row[column]:.{decimals}f} {unit}"
        for column, label, unit, decimals in METRIC_LABELS
        if not math.isnan(row[column])
    ]
    unknown = [label for column, label, _, _ in METRIC_LABELS if math.isnan(row[column])]
    lines = ["; ".join(known)]
    if unknown:
        lines.append(f"not known: {', '.join(unknown)}")
    flags = stride["flags"].replace("|", ", ") or "none"
    lines.append(f"quality {stride['quality']:.2f}, flags: {flags}; like the step before {stride['regularity']:.2f}")
    _stage(console, "stride", *lines)


def _stage(console: Console, name: str, *lines: str) -> None:
    console.print(f"[bold]{name}[/]")
    for line in lines:
        for part in console.render_str(line, markup=False).wrap(console, console.width - 2):
            console.print("  ", part, sep="")
