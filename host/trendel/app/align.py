"""What `trendel session align` does."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from trendel.app.outputs import plain, to_json
from trendel.app.screen import stderr_console, stdout_console
from trendel.errors import RecordingError
from trendel.recording import Recording, read, write_recording
from trendel.recording.session.align import Alignment, align
from trendel.recording.sidecar import sidecar_path

if TYPE_CHECKING:
    from trendel.analysis.motion_lag import MotionLag


def show_alignment(
    first: Path, second: Path, by: str, out: Path | None, *, overwrite: bool = False, as_json: bool = False
) -> None:
    """Print where the moments of `first` are in `second`, `by` "utc" or "motion"; write `second` with times of `first`
    into `out` where that is given. Raises RecordingError."""
    about: dict[str, object]
    other: Recording | None = None
    if out is not None:
        _check_out(out, (first, second), overwrite=overwrite)
    if by == "utc":
        found, how = align(first, second), "; the least delay of each link, up to its connection interval, comes on top"
        about = {"by": by} | asdict(found)
    else:
        run, other = read(first), read(second)
        with stderr_console().status("comparing motions"):
            lag = _motion_lag(run, other)
        found, how = _of_motion(lag, run), _trust(lag)
        about = {"by": by} | asdict(found) | {"one_segment": lag.one_segment, "likeness": lag.likeness}
    if out is not None:
        _write(other or read(second), found, {"run": first.name} | about, out, overwrite=overwrite)
    if as_json:
        print(to_json(about), end="")
        return
    sure = "not known, as one only states when it began"
    if not math.isnan(found.begin_sd_s):
        sure = f"{_ms(found.begin_sd_s)} at its beginning, {_ms(found.end_sd_s)} at its end"
    lines = [
        f"time in {second.name} = {found.offset_s:.6f} s + {found.rate:.9f} x time in {first.name}",
        f"standard error: {sure}{how}",
    ]
    if out is not None:
        lines.append(f"{second.name} with times of {first.name} written to {out}")
    stdout_console().print("\n".join(lines), markup=False, soft_wrap=True)


def _check_out(out: Path, sources: tuple[Path, Path], *, overwrite: bool) -> None:
    """Before the work: raises RecordingError where `out` is no CSV, is one of the recordings, or exists."""
    if out.suffix.lower() != ".csv":
        raise RecordingError(f"--out {out}: a recording is written as CSV: choose a name that ends with .csv.")
    for path in (out, sidecar_path(out)):
        if any(
            path.exists() and own.exists() and path.samefile(own) for run in sources for own in (run, sidecar_path(run))
        ):
            raise RecordingError(f"--out {out}: that would replace a recording: choose another name.")
        if path.exists() and not overwrite:
            raise RecordingError(f"{path.name}: exists already: choose another name, or pass --overwrite.")


def _motion_lag(first: Recording, second: Recording) -> MotionLag:
    from trendel.analysis.motion_lag import motion_lag

    turning = first.gyr_radps is not None and second.gyr_radps is not None
    moved = [
        (run.t_s[run.valid], (run.gyr_radps if turning and run.gyr_radps is not None else run.acc_mps2)[run.valid])
        for run in (first, second)
    ]
    try:
        return motion_lag(*moved[0], *moved[1], turning=turning)
    except RecordingError as error:
        raise RecordingError(f"{first.source} and {second.source}: {error}") from None


def _of_motion(lag: MotionLag, first: Recording) -> Alignment:
    ends = (math.hypot(lag.lag_sd_s, lag.rate_sd * (float(first.t_s[i]) - lag.at_s)) for i in (0, -1))
    return Alignment(lag.lag_s - (lag.rate - 1.0) * lag.at_s, lag.rate, *ends)


def _trust(lag: MotionLag) -> str:
    if lag.one_segment:
        return f"; they turn alike ({lag.likeness:.2f} of 1), so they are on one segment of the body"
    return "; they do not turn alike, or not both have a gyroscope: known to within a stride, and clocks taken as equal"


def _ms(seconds: float) -> str:
    return f"{1e3 * seconds:.2g} ms" if seconds < 0.1 else f"{seconds:.1f} s"


def _write(recording: Recording, found: Alignment, about: dict[str, object], out: Path, *, overwrite: bool) -> None:
    metadata = {name: value for name, value in recording.metadata.items() if name != "clock"}
    moved = replace(
        recording,
        t_s=(recording.t_s - found.offset_s) / found.rate,
        rate_hz=recording.rate_hz * found.rate,
        metadata=metadata | {"aligned_to": plain(about)},
    )
    write_recording(moved, out, overwrite=overwrite)
