"""What each fault of a sensor does to each metric, one at a time, on the same simulated runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

import trendel
from tests.validation import workers
from tests.validation.data import F64
from tests.validation.grid import Cell
from tests.validation.synthetic import STAND_S, Scored, run, runner, score
from trendel.recording import Recording
from trendel.simulation.sensor import SensorModel
from trendel.simulation.simulate import SimulatedRun

RUNNERS = ((160, 270, "rear"), (168, 250, "rear"), (176, 240, "mid"), (184, 220, "fore"))
SECONDS = 90.0
RATE_HZ = 208.0
BASE = SensorModel(rate_hz=RATE_HZ, rate_error=0.0, rate_drift=0.0)


@dataclass(frozen=True)
class Heard:
    """A recording in the making: stamps (n,) s, signals (n, 3) in the sensor frame, and the true steps."""

    t_s: F64
    acc_mps2: npt.NDArray[np.floating]
    gyr_radps: npt.NDArray[np.floating]
    steps: npt.NDArray[np.void]


@dataclass(frozen=True)
class Fault:
    """One fault: of the sensor, or of what becomes of its samples, or of the mounting that Trendel is told.

    told_off_deg: the mounting is given, wrong by this rotation vector in the pelvis frame; None: it is to be found.
    """

    name: str
    sensor: SensorModel = BASE
    after: Callable[[Heard], Heard] | None = None
    told_off_deg: tuple[float, float, float] | None = None


def _lose(share: float, burst_n: int) -> Callable[[Heard], Heard]:
    def lose(heard: Heard) -> Heard:
        n = len(heard.t_s)
        rng = np.random.default_rng(5)
        keep = np.ones(n, bool)
        for start in rng.integers(1, n - 1 - burst_n, int(share * n / burst_n)):
            keep[start : start + burst_n] = False
        return replace(heard, t_s=heard.t_s[keep], acc_mps2=heard.acc_mps2[keep], gyr_radps=heard.gyr_radps[keep])

    return lose


def _slip(x: float, y: float, z: float) -> SensorModel:
    """Half way the clip turns by this rotation vector (deg), in the pelvis frame."""
    return replace(BASE, slip_s=STAND_S + SECONDS / 2, slip_rotvec_deg=(x, y, z))


def _clock(fast: float) -> Callable[[Heard], Heard]:
    """The stamps come from a nominal rate that the true one misses; the truth is told in the recording's clock."""

    def clock(heard: Heard) -> Heard:
        steps = heard.steps.copy()
        for name in ("ic_s", "to_s", "contact_time_ms", "flight_time_ms"):
            steps[name] *= 1 + fast
        return replace(heard, t_s=heard.t_s * (1 + fast), steps=steps)

    return clock


def _tilted(rotvec_deg: tuple[float, float, float]) -> SensorModel:
    turn = Rotation.from_rotvec(rotvec_deg, degrees=True).as_matrix() @ BASE.r_pelvis_from_sensor
    x, y, z = np.degrees(Rotation.from_matrix(turn).as_rotvec()).tolist()
    return replace(BASE, mounting_rotvec_deg=(x, y, z))


def faults() -> list[Fault]:
    """Every fault, none and the ordinary sensor first."""

    def noise(k: float) -> SensorModel:
        return replace(BASE, acc_noise_mps2=k * BASE.acc_noise_mps2, gyr_noise_radps=k * BASE.gyr_noise_radps)

    def gyro_bias(dps: float) -> SensorModel:
        r = float(np.radians(dps))
        return replace(BASE, gyr_bias_radps=(r, -0.8 * r, 0.6 * r))

    def each(x: float) -> tuple[float, float, float]:
        return x, x, x

    return [
        Fault("none at all", SensorModel.ideal(RATE_HZ, BASE.mounting_rotvec_deg)),
        Fault("ordinary sensor (the base of all below)"),
        *(Fault(f"noise x{k}", noise(k)) for k in (2, 4, 8)),
        *(Fault(f"gyroscope bias {d:g} deg/s", gyro_bias(d)) for d in (1, 3)),
        *(Fault(f"accelerometer bias {a:g} m/s2", replace(BASE, acc_bias_mps2=(a, -a, a))) for a in (0.5, 1.0)),
        *(Fault(f"accelerometer scale {k:g}", replace(BASE, acc_scale=each(k))) for k in (0.95, 1.05, 1.1)),
        *(Fault(f"gyroscope scale {k:g}", replace(BASE, gyr_scale=each(k))) for k in (0.97, 1.03)),
        *(Fault(f"clock {100 * c:+.0f} %, nominal stamps", after=_clock(c)) for c in (-0.05, 0.05)),
        Fault("warming by 40 K", replace(BASE, warming_k=40.0, warming_time_s=60.0)),
        *(Fault(f"{b} bits", replace(BASE, bits=b)) for b in (12, 10)),
        *(Fault(f"range {r} g", replace(BASE, range_g=float(r))) for r in (4, 2)),
        *(Fault(f"range {r} deg/s", replace(BASE, range_dps=float(r))) for r in (250, 125)),
        Fault("clip fixed to the bone", replace(BASE, strap_share=0.0, rock_deg_per_g=0.0)),
        *(Fault(f"clip rocks by {d:g} deg/g (base 0.25)", replace(BASE, rock_deg_per_g=d)) for d in (0.0, 0.5, 1.0)),
        Fault("strap: all motion through 22 Hz (base half)", replace(BASE, strap_share=1.0)),
        Fault("strap: loose, 12 Hz, damping 0.15", replace(BASE, strap_share=0.7, strap_hz=12.0, strap_damping=0.15)),
        Fault("clip tilted by 20 deg", _tilted((0.0, 20.0, 0.0))),
        Fault("clip upside down, back to front", _tilted((180.0, 0.0, 0.0))),
        Fault("mounting given, true", told_off_deg=(0.0, 0.0, 0.0)),
        Fault("mounting given, heading 5 deg off", told_off_deg=(0.0, 0.0, 5.0)),
        Fault("mounting given, roll 5 deg off", told_off_deg=(5.0, 0.0, 0.0)),
        *(Fault(f"{100 * s:g} % of samples lost, one by one", after=_lose(s, 1)) for s in (0.01, 0.1)),
        Fault("5 % lost, 0.1 s at a time", after=_lose(0.05, int(0.1 * RATE_HZ))),
        Fault("5 % lost, 1 s at a time", after=_lose(0.05, int(RATE_HZ))),
        *(Fault(f"clip slips by {d:g} deg forward half way", _slip(0.0, d, 0.0)) for d in (5.0, 20.0)),
        *(Fault(f"clip slips by {d:g} deg around the waist half way", _slip(0.0, 0.0, d)) for d in (5.0, 20.0)),
    ]


def _heard(fault: Fault, made: SimulatedRun) -> Heard:
    sensor = replace(fault.sensor, seed=made.session.seed)
    acc, gyr = sensor.measure(made.t_s, made.acc_mps2.astype(np.float64), made.gyr_radps.astype(np.float64))
    heard = Heard(made.t_s, acc, gyr, made.steps)
    return fault.after(heard) if fault.after else heard


def analysed(fault: Fault, made: SimulatedRun) -> Scored:
    """One run of an ideal sensor in the pelvis frame, heard with that fault."""
    heard = _heard(fault, made)
    recording = Recording.from_arrays(heard.acc_mps2, heard.gyr_radps, t_s=heard.t_s, source="simulated")
    mounting: Any = "auto"
    if fault.told_off_deg is not None:
        wrong = Rotation.from_rotvec(fault.told_off_deg, degrees=True).as_matrix()
        mounting = wrong @ fault.sensor.r_pelvis_from_sensor
    return score(heard.steps, trendel.analyze(recording, mounting=mounting, signals=False))


def all_of(n: int) -> list[Scored]:
    """Every fault on the run of one runner."""
    step_rate, contact, strike = RUNNERS[n]
    rng = np.random.default_rng([11, n])
    made = run(runner(rng, step_rate, contact, strike), SensorModel.ideal(RATE_HZ), SECONDS, n)
    return [analysed(fault, made) for fault in faults()]


@cache
def cells() -> tuple[Cell, ...]:
    """Each fault over all runners."""
    runs = workers.spread(all_of, [(n,) for n in range(len(RUNNERS))])
    return tuple(Cell((f.name,), tuple(r[k] for r in runs)) for k, f in enumerate(faults()))
