"""The metrics of a step: their order in the rows, their units inside and in tables."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """One number of a step.

    Attributes:
        name: table column, with its unit.
        unit: unit in tables.
        scale: what the kernel's SI value is multiplied by for the table.
        doc: definition.
        rmse: of one step as docs/accuracy.md has it (tests/validation holds it to that), in the unit; 0: not known.
        limits: published limits of agreement as a part of the truth, so wide that tables never show the number alone.
    """

    name: str
    unit: str
    scale: float
    doc: str
    rmse: float = 0.0
    limits: float = 0.0


_DEG = 180.0 / math.pi

METRICS: tuple[Metric, ...] = (
    Metric("contact_time_ms", "ms", 1e3, "initial contact to toe-off of the same foot", 12.0),
    Metric("flight_time_ms", "ms", 1e3, "toe-off to the next initial contact", 12.0),
    Metric("vertical_oscillation_mm", "mm", 1e3, "peak to peak vertical excursion of the clip in the step", 2.3),
    Metric("pelvic_drop_deg", "deg", _DEG, "obliquity at initial contact to its extreme in stance, swing side", 0.5),
    Metric(
        "obliquity_peak_deg", "deg", _DEG, "extreme of obliquity in stance about the stride's mean, swing side", 0.1
    ),
    Metric("contralateral_drop_peak_deg", "deg", _DEG, "largest drop of the swing side against the horizontal"),
    Metric("tilt_mean_deg", "deg", _DEG, "mean anterior tilt over the step", 0.15),
    Metric("tilt_rom_deg", "deg", _DEG, "range of anterior tilt over the step", 0.1),
    Metric("rotation_rom_deg", "deg", _DEG, "range of pelvic rotation over the step", 0.6),
    Metric("impact_peak_g", "g", 1.0, "first peak of the smoothed vertical after initial contact; unvalidated"),
    Metric("impact_rate_gps", "g/s", 1.0, "rise over the 20 ms before that peak; unvalidated"),
    Metric("peak_vgrf_bw", "BW", 1.0, "largest estimated vertical ground reaction", 0.12),
    Metric("impulse_bws", "BW s", 1.0, "its integral over the contact, by momentum balance", 0.011),
    Metric("loading_rate_bwps", "BW/s", 1.0, "its mean rise over the first 25 ms of contact", 16.0, limits=0.65),
    Metric("braking_mps", "m/s", 1.0, "loss of forward speed after initial contact"),
    Metric("sway_mm", "mm", 1e3, "peak to peak medio-lateral excursion of the clip over the stride"),
)

(
    M_CONTACT,
    M_FLIGHT,
    M_OSCILLATION,
    M_DROP,
    M_OBLIQUITY_PEAK,
    M_CONTRALATERAL,
    M_TILT_MEAN,
    M_TILT_ROM,
    M_ROTATION_ROM,
    M_IMPACT_PEAK,
    M_IMPACT_RATE,
    M_PEAK_FORCE,
    M_IMPULSE,
    M_LOADING_RATE,
    M_BRAKING,
    M_SWAY,
) = range(len(METRICS))
