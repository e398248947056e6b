"""What a clip's hello says of it, under the names that a recording's metadata have."""

from __future__ import annotations

from typing import Any

from trendel.wire.packets import Hello

ACC_RANGE_G, GYR_RANGE_DPS = 2.0, 125.0
"""Of range code 0; each code doubles."""


def ranges(acc_code: int, gyr_code: int) -> tuple[float, float]:
    """(g, deg/s) of range codes."""
    return ACC_RANGE_G * (1 << acc_code), GYR_RANGE_DPS * (1 << gyr_code)


def sensor_name(sensor: int) -> str:
    """The IMU by its WHO_AM_I."""
    return f"WHO_AM_I {sensor:#04x}" if sensor else "simulated"


def about_clip(hello: Hello) -> dict[str, Any]:
    """clip_serial (None for a clip without a number, as replays of other recordings are), sensor, range_g,
    range_dps."""
    fields = hello.fields
    serial, code = int(fields["serial"]), int(fields["range_code"])
    range_g, range_dps = ranges(code & 15, code >> 4)
    return {
        "clip_serial": f"{serial:016x}" if serial else None,
        "sensor": sensor_name(int(fields["sensor"])),
        "range_g": range_g,
        "range_dps": range_dps,
    }
