"""`trendel calibrate --from FILE`: each method on a recording."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from trendel.app.outputs import write_text_atomically
from trendel.constants import STANDARD_GRAVITY_MPS2
from trendel.errors import CalibrationError
from trendel_calibration.outcome import Ending, finish, finish_values, matrices_of, previous_of
from trendel_calibration.result import NORMAL_95, Calibration, plain, record_hash
from trendel_calibration.sections import read_sections
from trendel_calibration.source import Source, SourceOptions, read_source

METHODS = ("poses", "ferraris", "bias", "noise", "rate", "standing")


@dataclass(frozen=True)
class Request:
    """What is asked for.

    Attributes:
        method: of METHODS. file: what is calibrated from. read: how it is read. ending: what becomes of the result.
        sections: file of sections, for ferraris. turn_deg: see ferraris. gravity_mps2: at the place; None: the method's
            own. runner: for standing.
    """

    method: str
    file: Path
    read: SourceOptions = field(default_factory=SourceOptions)
    ending: Ending = field(default_factory=Ending)
    sections: Path | None = None
    turn_deg: float | None = None
    gravity_mps2: float | None = None
    runner: str | None = None


def calibrate_file(request: Request) -> None:
    """Do it. Raises TrendelError in one sentence."""
    request.ending.check_places()
    if request.method == "standing":
        _standing(request)
        return
    source = read_source(request.file, request.read)
    if source.notes and not request.ending.as_json:
        from trendel.app.screen import say

        say(source.notes)
    _DOING[request.method](source, request)


def at_rest(source: Source, request: Request) -> None:
    """Bias, noise or rate of what `source` holds."""
    _DOING[request.method](source, request)


def calibrated_from(source: Source, request: Request) -> Calibration:
    """The calibration by poses or ferraris of what `source` holds."""
    if request.method == "ferraris":
        from trendel_calibration.six_positions import IMUCAL_GRAVITY_MPS2, ferraris

        if source.gyr is None:
            raise CalibrationError(
                f"{request.file.name}: has no gyroscope, and six positions calibrate both: use poses."
            )
        given = read_sections(request.sections) if request.sections is not None else source.sections or None
        return ferraris(
            source.acc, source.gyr, source.rate, sections=given, turn_deg=request.turn_deg,
            gravity_mps2=request.gravity_mps2 or IMUCAL_GRAVITY_MPS2, is_continuous=source.is_continuous,
            subject=source.subject,
        )  # fmt: skip
    from trendel_calibration.any_poses import poses

    if not source.is_continuous:
        raise CalibrationError(f"{request.file.name}: holds sections put together, so no turns: use --method ferraris.")
    return poses(
        source.acc, source.gyr, source.rate, gravity_mps2=request.gravity_mps2 or STANDARD_GRAVITY_MPS2,
        subject=source.subject,
    )  # fmt: skip


def _matrices(source: Source, request: Request) -> None:
    previous = previous_of(source.subject, request.ending, source.record)
    try:
        cal = calibrated_from(source, request)
    except CalibrationError as error:
        text = str(error)
        name = request.file.name
        raise CalibrationError(text if text.startswith(name) else f"{name}: {text}") from None
    finish(cal, request.ending, previous, {})


def _bias(source: Source, request: Request) -> None:
    from trendel_calibration.noise import check_rest
    from trendel_calibration.rest import rest_bias
    from trendel_calibration.static import Phase

    if source.gyr is None:
        raise CalibrationError(f"{request.file.name}: has no gyroscope.")
    if len(source.gyr) < 3 * source.rate:
        raise CalibrationError(
            f"{request.file.name}: {len(source.gyr) / source.rate:.1f} s at rest are too few: 3 s or more."
        )
    check_rest(source.acc, source.gyr, source.rate)
    # Parts of a second or more, so that wander over the recording shows in the uncertainty.
    cuts = np.linspace(0, len(source.gyr), min(20, int(len(source.gyr) / source.rate)) + 1).astype(int).tolist()
    found = rest_bias(source.gyr, [Phase(a, b) for a, b in itertools.pairwise(cuts)], source.rate)
    std = np.sqrt(np.diag(found.covariance))
    values = {"gyr_bias": plain(found.mean), "gyr_bias_std": plain(std), "wander": plain(found.wander),
              "duration_s": len(source.gyr) / source.rate, "raw_unit": source.subject.raw_unit}  # fmt: skip
    is_si = source.subject.raw_unit == "si"
    factor, unit = (float(np.degrees(1)), "deg/s") if is_si else (1.0, "raw units")
    each = ", ".join(
        f"{axis} {b * factor:+.4g} +- {NORMAL_95 * s * factor:.2g}"
        for axis, b, s in zip("xyz", found.mean, std, strict=True)
    )
    lines = [f"gyroscope at rest for {values['duration_s']:.0f} s: {each} {unit} (95 %)"]
    base = matrices_of(source.subject)
    if base is not None:
        # The matrices of the clip's calibration stay; only the bias is new.
        made = base.get("when")
        base = base | {name: values[name] for name in ("gyr_bias", "gyr_bias_std")}
        base["hash"] = values["hash"] = record_hash(base)
        lines.append(f"with the matrices of the calibration of {made}: record {values['hash']}")
    finish_values("bias", values, lines, source.subject, request.ending, base)


def _noise(source: Source, request: Request) -> None:
    from trendel_calibration.noise import noise

    if source.gyr is None or source.subject.raw_unit != "si":
        raise CalibrationError(
            f"{request.file.name}: noise is told in SI units, of both sensors: give --acc-unit and --gyr-unit."
        )
    found = noise(source.acc, source.gyr, source.rate)
    degrees = np.degrees(1.0)
    walk = ", ".join(f"{v * degrees * 60:.3f} +- {NORMAL_95 * s * degrees * 60:.3f}"
                     for v, s in zip(found.random_walk, found.random_walk_std, strict=True))  # fmt: skip
    low = ", ".join(f"{v * degrees * 3600:.2g} (at {s:.0f} s)"
                    for v, s in zip(found.gyr_instability, found.gyr_instability_s, strict=True))  # fmt: skip
    velocity = ", ".join(f"{v / 9.80665e-6:.0f}" for v in found.velocity_random_walk)
    lines = [
        f"{found.duration_s:.0f} s at rest at {found.rate_hz:.5g} Hz; x, y, z:",
        f"angle random walk        {walk} deg/sqrt(h), 95 %",
        f"gyroscope bias instability  {low} deg/h",
        f"accelerometer noise density {velocity} ug/sqrt(Hz)",
    ]
    if found.gyr_instability_s.max() > found.duration_s / 6:
        lines.append(
            "The bias instability is an upper bound: the recording ends before the curve turns up; record an hour."
        )
    if request.ending.report is not None:
        from trendel_calibration.report import noise_html

        write_text_atomically(request.ending.report, noise_html(found, source.subject))
        lines.append(f"report: {request.ending.report}")
    finish_values("noise", found.as_dict(), lines, source.subject, replace(request.ending, report=None))


def _rate(source: Source, request: Request) -> None:
    from trendel_calibration.rate import rate

    if source.t_s is None:
        raise CalibrationError(f"{request.file.name}: has no time stamps in it, and the rate is found from the clip's.")
    found = rate(source.t_s)
    lines = [
        f"{found.rate_hz:.4f} +- {NORMAL_95 * found.rate_std_hz:.2g} Hz (95 %) by {found.duration_s:.0f} s "
        "of time stamps",
        f"jitter of a stamp {found.jitter_us:.0f} us, drift {found.drift_ppm:+.0f} ppm, {found.missing_n} "
        "samples missing",
    ]
    finish_values("rate", found.as_dict(), lines, source.subject, request.ending)


def _standing(request: Request) -> None:
    import trendel
    from trendel.app.screen import stdout_console
    from trendel_calibration.standing import keep_mounting, standing

    if not request.runner or not request.runner.strip():
        raise CalibrationError("standing and mounting are kept for a runner: give --runner NAME.")
    read = request.read
    recording = trendel.read(request.file, acc_unit=read.acc_unit, gyr_unit=read.gyr_unit, rate_hz=read.rate_hz)
    found = standing(recording)
    serial = read.serial or recording.metadata.get("clip_serial")
    kept = found.as_dict(request.runner.strip(), serial if isinstance(serial, str) else None, request.file.name)
    files: dict[str, str] = {}
    if request.ending.keeps:
        files["kept"] = str(keep_mounting(kept))
    if request.ending.out is not None:
        write_text_atomically(request.ending.out, json.dumps(kept, indent=1) + "\n")
        files["written"] = str(request.ending.out)
    if request.ending.as_json:
        print(json.dumps(kept | files, indent=1))
        return
    console = stdout_console()
    stood = (
        f"{found.standing_s:.0f} s of standing"
        if found.up is not None
        else "no standing of 5 s, so its zero is the run"
    )
    sway = f", sway {found.sway_deg:.1f} deg" if found.sway_deg is not None else ""
    console.print(f"mounting of {kept['runner']}: from {found.strides_n} strides; {stood}{sway}")
    for name, row in zip(("forward", "left", "up"), found.axes, strict=True):
        console.print(f"  {name:8}" + "  ".join(f"{axis} {v:+.3f}" for axis, v in zip("xyz", row, strict=True)))
    if found.other_deg is not None:
        console.print(f"the first two thirds alone give {found.other_deg:.1f} deg else (3 deg is the target)")
    path = files.get("kept") or files.get("written")
    if path:
        console.print(f"use it: trendel analyze RUN --mounting {path}", markup=False, soft_wrap=True)


_DOING: dict[str, Callable[[Source, Request], None]] = {
    "poses": _matrices, "ferraris": _matrices, "bias": _bias, "noise": _noise, "rate": _rate,
}  # fmt: skip
