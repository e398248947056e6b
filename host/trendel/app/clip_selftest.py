"""`trendel clip selftest`: the clip laid down for some seconds, and each of its parts against its limits."""

from __future__ import annotations

import asyncio
import contextlib
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trendel.app.clip_reach import STATUS_S, Reached
from trendel.constants import STANDARD_GRAVITY_MPS2
from trendel.errors import LinkError, WireError
from trendel.links.log_reading import read_table
from trendel.links.management import RefusedError
from trendel.links.update import BATTERY_MIN
from trendel.wire.packets import Faults, Hello, ImuBlock, decode
from trendel.wire.settings import calibrate, decode_setting

SECONDS = 10.0
TRIAL_SECONDS = 3.0
# The LSM6DS3TR-C's data sheet (DocID030071, table 3): typical noise densities, zero-g and zero-rate levels, and the
# tolerance of its output data rate that clips in the field have shown.
_ACC_DENSITY, _GYR_DENSITY = 90e-6 * STANDARD_GRAVITY_MPS2, math.radians(0.005)  # per root hertz
_NOISE_TIMES = 3.0
_GRAVITY_OFF, _GRAVITY_OFF_CALIBRATED = 0.8, 0.1  # m/s2
_REST_RATE, _REST_RATE_CALIBRATED = math.radians(10.0), math.radians(1.0)
_RATE_OFF = 0.06
_CLOCK_OFF = 0.005  # of the clip's clock against the host's, over seconds, with arrivals late by some hundredths
_LOST_MAX = 0.02
_STILL_MPS2, _STILL_RADPS = 0.1, math.radians(3.0)  # between half seconds: more, and it is being moved
_MV = (3000, 4400)
_FLASH_FAULTS = ("log_program_errors", "log_erase_errors")
_SENSOR_FAULTS = ("selftest_failures", "imu_identity_wrong")


@dataclass(frozen=True)
class Line:
    """One thing that was tested. `passed` None: the clip does not tell, or it could not be measured: `limits` says."""

    name: str
    passed: bool | None
    measured: str
    limits: str

    def sentence(self) -> str:
        """For an outcome."""
        return f"{self.name}: {self.measured} (wanted: {self.limits})."


@dataclass(frozen=True)
class _Stretch:
    """What came: (n, 3) in SI units, host times of blocks (s), clip times of their last samples (s)."""

    acc: NDArray[np.float32]
    gyr: NDArray[np.float32]
    range_codes: frozenset[int]
    host_s: NDArray[np.float64]
    clip_s: NDArray[np.float64]
    rate_hz: float
    lost_n: int


async def selftest(clip: Reached, seconds: float = SECONDS) -> list[Line]:
    """All of it; the clip has to lie still. Raises LinkError where the clip does not answer."""
    stretch = await _stretch(clip, seconds)
    lines = [*_rates(clip.hello, stretch), *await _at_rest(clip, stretch)] if stretch else [_nothing(seconds)]
    return [*lines, *await _inside(clip), *await _battery(clip)]


async def trial(clip: Reached) -> list[Line]:
    """What a new image must show before it is kept: it samples at its rate, sensor and flash work. What failed.

    Motion is no reason to send an image back. Raises LinkError."""
    hello = await clip.heard.hello_within()
    stretch = await _stretch(clip, TRIAL_SECONDS)
    lines = _rates(hello, stretch) if stretch else [_nothing(TRIAL_SECONDS)]
    return [line for line in [*lines, *await _inside(clip)] if line.passed is False]


def _nothing(seconds: float) -> Line:
    return Line("samples", False, f"none in {seconds:g} s", "a stream of them")


async def _stretch(clip: Reached, seconds: float) -> _Stretch | None:
    """None where too little came. By the link's clock, which for a simulated clip is not that of the host."""
    heard, clock = clip.heard, clip.link.clock
    heard.blocks.clear()
    heard.keeps_blocks = True
    boot_n = clip.heard.hello.boot_n if clip.heard.hello is not None else None
    began_ns, give_up = clock.now_ns(), asyncio.get_running_loop().time() + 3 * seconds + 5.0
    while clock.now_ns() - began_ns < seconds * 1e9 and asyncio.get_running_loop().time() < give_up:
        if heard.ended or (not heard.blocks and clock.now_ns() - began_ns > max(seconds, 5.0) * 1e9):
            break
        await asyncio.sleep(0.05)
    heard.keeps_blocks = False
    if heard.hello is None or heard.hello.boot_n != boot_n:
        raise LinkError("The clip has restarted during its self-test.")
    return _joined(heard.hello, list(heard.blocks)) if len(heard.blocks) >= 5 else None


def _joined(hello: Hello, blocks: list[tuple[int, ImuBlock]]) -> _Stretch:
    scales = np.float32(hello.fields["acc_scale_mps2"]), np.float32(hello.fields["gyr_scale_radps"])
    acc, gyr = zip(*(block.physical(*scales) for _, block in blocks), strict=True)
    first, last = blocks[0][1].header, blocks[-1][1].header
    n = sum(len(block.samples) for _, block in blocks)
    indices_n = (int(last["sample_i"]) + int(last["sample_n"]) - int(first["sample_i"])) % (1 << 32)
    return _Stretch(
        np.concatenate(acc),
        np.concatenate(gyr),
        frozenset(int(block.header["range_code"]) for _, block in blocks),
        np.array([at for at, _ in blocks]) / 1e9,
        np.array([block.times_us[-1] for _, block in blocks]) / 1e6,
        1e9 / float(np.median([int(block.header["dt_ns"]) for _, block in blocks])),
        indices_n - n,
    )


def _rates(hello: Hello, s: _Stretch) -> list[Line]:
    nominal_hz = int(hello.fields["rate_mhz"]) / 1e3
    # Arrivals are late, never early: the clock is judged by the earliest of each tenth of the stretch.
    groups = np.array_split(s.host_s - s.clip_s, 10) if len(s.host_s) >= 20 else [s.host_s - s.clip_s]
    earliest = [float(group.min()) for group in groups]
    at = [float(group.mean()) for group in np.array_split(s.clip_s, len(groups))]
    drift = float(np.polyfit(at, earliest, 1)[0]) if len(groups) > 1 else 0.0
    seconds = float(s.clip_s[-1] - s.clip_s[0])
    off = min(0.5, _CLOCK_OFF + 0.05 / max(seconds, 0.1))
    host_hz = s.rate_hz / (1.0 + drift)
    whole_n = len(s.acc) + s.lost_n
    return [
        Line(
            "samples",
            s.lost_n <= _LOST_MAX * whole_n,
            f"{len(s.acc)} in {seconds:.1f} s, {s.lost_n} lost",
            f"at most {_LOST_MAX:.0%} lost",
        ),
        Line(
            "rate by the host's clock",
            abs(host_hz / nominal_hz - 1.0) <= _RATE_OFF + off,
            f"{host_hz:.1f} Hz (by the clip's {s.rate_hz:.1f})",
            f"{nominal_hz:g} Hz within {_RATE_OFF:.0%}",
        ),
        Line("the clip's clock", abs(drift) <= off, f"{1e2 * drift:+.2f} %", f"within {1e2 * off:.2f} % of the host's"),
    ]


async def _at_rest(clip: Reached, s: _Stretch) -> list[Line]:
    hello = clip.hello
    root_hz = math.sqrt(s.rate_hz / 2)
    acc, gyr, calibrated = await _calibrated(clip, s)
    code = int(hello.fields["range_code"])
    acc_lsb = float(hello.fields["acc_scale_mps2"]) * (1 << (code & 15))
    gyr_lsb = float(hello.fields["gyr_scale_radps"]) * (1 << (code >> 4))
    moves = _moves(s)
    lines = [
        Line(
            "range",
            s.range_codes == {code},
            f"{2 << (code & 15)} g, {125 << (code >> 4)} deg/s",
            "as the clip says",
        ),
        Line("stillness", not moves, "it moved" if moves else "it lay still", "moved: lay it down and start again"),
    ]
    if moves:
        return lines
    for name, values, density, lsb, unit, per in (
        ("noise of the accelerometer", s.acc, _ACC_DENSITY, acc_lsb, "mg", 1e3 / STANDARD_GRAVITY_MPS2),
        ("noise of the gyroscope", s.gyr, _GYR_DENSITY, gyr_lsb, "deg/s", math.degrees(1.0)),
    ):
        # Differences of neighbours: what is slow, such as a drift, is left out.
        noise = np.std(np.diff(values.astype(np.float64), axis=0), axis=0) / math.sqrt(2.0)
        most = _NOISE_TIMES * density * root_hz + lsb
        good = bool(noise.max() <= most and noise.min() > 0.0)
        shown = ", ".join(f"{axis * per:.2f}" for axis in noise)
        lines.append(Line(name, good, f"{shown} {unit}", f"above 0, at most {most * per:.2f} {unit}"))
    gravity = float(np.linalg.norm(acc.mean(axis=0, dtype=np.float64)))
    off = _GRAVITY_OFF_CALIBRATED if calibrated else _GRAVITY_OFF
    how = "calibrated" if calibrated else "not calibrated"
    lines.append(
        Line(
            "gravity",
            abs(gravity - STANDARD_GRAVITY_MPS2) <= off,
            f"{gravity:.3f} m/s2, {how}",
            f"{STANDARD_GRAVITY_MPS2:.3f} within {off:g} m/s2",
        )
    )
    rest = np.degrees(gyr.mean(axis=0, dtype=np.float64))
    most = math.degrees(_REST_RATE_CALIBRATED if calibrated else _REST_RATE)
    shown = ", ".join(f"{axis:+.2f}" for axis in rest)
    lines.append(
        Line("gyroscope at rest", bool(np.abs(rest).max() <= most), f"{shown} deg/s, {how}", f"within {most:g} deg/s")
    )
    return lines


def _moves(s: _Stretch) -> bool:
    """Whether means over half seconds differ by more than those of a clip that lies."""
    n = max(1, round(s.rate_hz / 2))
    k = len(s.acc) // n
    if k < 2:
        return False
    acc = s.acc[: k * n].reshape(k, n, 3).mean(axis=1)
    gyr = s.gyr[: k * n].reshape(k, n, 3).mean(axis=1)
    spread = np.ptp(acc, axis=0).max(), np.ptp(gyr, axis=0).max()
    return bool(spread[0] > _STILL_MPS2 or spread[1] > _STILL_RADPS)


async def _calibrated(clip: Reached, s: _Stretch) -> tuple[NDArray[np.float32], NDArray[np.float32], bool]:
    try:
        record = decode_setting("calibration", await clip.management.get("calibration"))
    except (RefusedError, WireError):
        return s.acc, s.gyr, False
    return *calibrate(record, s.acc, s.gyr), True


async def _inside(clip: Reached) -> list[Line]:
    """What only the clip itself can see."""
    counted = await faults_of(clip)
    said = clip.heard.selftest
    sensor = {name: counted.get(name, 0) for name in _SENSOR_FAULTS}
    passed = not any(sensor.values()) and not said
    measured = _counted(sensor) if said is None else (f"{_counted(sensor)}; code {said} in this boot")
    flash = {name: counted.get(name, 0) for name in _FLASH_FAULTS}
    bad_n: int | None = None
    for _ in range(2):  # a question that was damaged on its way is refused, too
        with contextlib.suppress(RefusedError):
            bad_n = int((await read_table(clip.management)).sectors["bad"].sum())
            break
    flash_said = _counted(flash) + ("; its sectors are not told" if bad_n is None else f"; {bad_n} bad sectors")
    good = not any(flash.values()) and not bad_n and bad_n is not None
    return [
        Line("the sensor's own self-test", passed, measured, "no failure counted"),
        Line("flash", good, flash_said, "no error counted, no bad sector"),
    ]


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {n}" for name, n in counts.items())


async def _battery(clip: Reached) -> list[Line]:
    status = await clip.heard.status_within(STATUS_S)
    percent, mv = (status.get(name, math.nan) for name in ("battery_percent", "battery_mv"))
    if math.isnan(percent):
        return [Line("battery", None, "not told", f"at least {BATTERY_MIN} %")]
    good = percent >= BATTERY_MIN and (math.isnan(mv) or _MV[0] <= mv <= _MV[1])
    shown = f"{percent:.0f} %" + ("" if math.isnan(mv) else f", {mv / 1e3:.2f} V")
    return [Line("battery", good, shown, f"at least {BATTERY_MIN} %, {_MV[0] / 1e3:g} to {_MV[1] / 1e3:g} V")]


async def faults_of(clip: Reached) -> dict[str, int]:
    """The clip's fault counters, by name. Raises LinkError."""
    try:
        packet = decode(await clip.management.read_file("/faults"))
    except WireError as error:
        raise LinkError(f"The clip's fault counters cannot be read: {error}") from None
    if not isinstance(packet, Faults):
        raise LinkError("What the clip gives as its fault counters is something else: update it.")
    return packet.named()


def as_json(lines: list[Line]) -> list[dict[str, Any]]:
    """For --json."""
    return [
        {"name": line.name, "passed": line.passed, "measured": line.measured, "limits": line.limits} for line in lines
    ]
