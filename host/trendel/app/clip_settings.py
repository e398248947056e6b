"""What the clip has to know of its runner to warn alone: from the journal into its settings, and back."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from trendel.app.options import AnalyzeOptions, parameters_of
from trendel.app.remember import opened_journal, parameter_hash
from trendel.errors import ParameterError, WireError
from trendel.journal import Clip
from trendel.links.management import Management, RefusedError
from trendel.wire.packets import Hello
from trendel.wire.settings import decode_params, decode_setting, encode_setting

if TYPE_CHECKING:
    from trendel.analysis.recompute import Settings

METRIC = "obliquity_peak_deg"
MOUNTINGS = ("keep", "learn", "worn")
_LIMITS = ("notice_deg", "warning_deg", "stop_deg")


async def settings_of(management: Management) -> Settings:
    """What of the clip's settings goes into its kernels. Raises LinkError."""
    from trendel.analysis.recompute import Settings

    found: dict[str, Any] = {}
    for key in ("baseline", "mounting", "thresholds", "calibration", "params"):
        try:
            raw = await management.get(key)
        except RefusedError:
            continue  # not set
        try:
            found[key] = decode_params(raw) if key == "params" else decode_setting(key, raw)
        except WireError:
            continue  # of other firmware; then its hash differs, which is said
    return Settings(**found)


def clip_of_hello(hello: Hello) -> Clip:
    """As the journal names it, and as a session of it does."""
    fields = hello.fields
    sensor = f"WHO_AM_I {int(fields['sensor']):#04x}" if fields["sensor"] else "simulated"
    return Clip(f"{int(fields['serial']):016x}", sensor)


async def tell_clip(management: Management, hello: Hello, runner: str, mounting: str) -> list[str]:
    """Write the runner's baseline, limits and mounting; sentences about it. `mounting`: of MOUNTINGS, or a file.

    Raises JournalError, ParameterError, MountingError and LinkError."""
    values, said = await _baseline(hello, runner)
    axes = _axes(runner, mounting)
    silent = await _is_silent(management)
    for key, fields in values.items():
        told = fields | ({"silent": silent} if key == "thresholds" else {})
        await management.set(key, encode_setting(key, **told))
    if axes is not None:
        fields = {"axes": np.asarray(axes, np.float32).ravel(), "has_standing": int(mounting not in MOUNTINGS)}
        await management.set("mounting", encode_setting("mounting", **fields))
        said.append("The clip takes itself to be worn as told; worn otherwise, what it warns of is wrong.")
    elif mounting == "learn":
        await management.delete("mounting")
        said.append("The clip finds out itself how it is worn, in some twenty strides of each run.")
    return said


async def _baseline(hello: Hello, runner: str) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Fields of baseline and thresholds."""
    from trendel.analysis import Baseline
    from trendel.analysis.stability import stability_params
    from trendel.kernels.compile import KERNEL_HASH

    with opened_journal() as journal:
        name = journal.runner(runner).name
        runs = journal.runs(name)
        last = runs[0].summary.get("parameters", {}).get("stability", {}) if runs else {}
        parameters = parameters_of(AnalyzeOptions())
        found = journal.baseline(
            name, clip_of_hello(hello), KERNEL_HASH, parameter_hash=parameter_hash(parameters.to_dict())
        )
    limits = {key: float(last.get(key, getattr(parameters.stability, key))) for key in _LIMITS}
    stability = replace(parameters.stability, **limits)  # type: ignore[arg-type]
    sides = [found.get(METRIC, side) for side in ("left", "right")]
    made = stability_params(stability, None)
    values: dict[str, dict[str, Any]] = {
        "thresholds": {key: np.float32(made[key]) for key in ("notice_rad", "warning_rad", "stop_rad", "rest_s")}
    }
    shown = ", ".join(f"{limits[key]:g}" for key in _LIMITS)
    said = [f"The clip warns {name} at {shown} degrees beyond fresh."]
    if sides[0] is None or sides[1] is None:
        return values, [*said, f"{found.reason} The clip compares a run with its own beginning."]
    sd = math.sqrt((sides[0].next_sd ** 2 + sides[1].next_sd ** 2) / 2)
    made = stability_params(stability, Baseline(sides[0].mean, sides[1].mean, sd))
    values["baseline"] = {"prior_rad": np.float32(made["prior_rad"]), "prior_n": np.float32(made["prior_n"])}
    return values, [*said, f"It compares with {name}'s earlier runs. {found.reason}"]


async def _is_silent(management: Management) -> int:
    """Whether the clip was told not to vibrate: that stays."""
    try:
        return int(decode_setting("thresholds", await management.get("thresholds"))["silent"])
    except (RefusedError, WireError):
        return 0


def _axes(runner: str, mounting: str) -> Any:
    """(3, 3) or nine numbers, or None where none are to be written."""
    if mounting in ("keep", "learn"):
        return None
    if mounting != "worn":
        from trendel.analysis.mounting_file import read_mounting

        return read_mounting(mounting)
    with opened_journal() as journal:
        name = journal.runner(runner).name
        mountings = {known.id: known for known in journal.mountings(name)}
        worn = [mountings[run.mounting] for run in journal.runs(name) if run.mounting in mountings]
    if not worn:
        raise ParameterError(f"--mounting worn: the journal does not know how {name} wears the clip.")
    return worn[0].axes
