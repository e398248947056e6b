"""Recordings, and simulated runs of the same numbers treated as their sources treated them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from scipy.signal import butter, sosfiltfilt

from tests.validation.data import F64, columns, files, recordings_of, sidecar, with_suffix
from tests.validation.simulation_signals import Signals, stride_instants
from trendel.constants import STANDARD_GRAVITY_MPS2 as G
from trendel.simulation.gait import GaitParameters
from trendel.simulation.running import Variability
from trendel.simulation.sensor import SensorModel
from trendel.simulation.session import Session
from trendel.simulation.simulate import SimulatedRun, simulate

SIX = ("forward (g)", "left (g)", "up (g)", "roll rate (rad/s)", "pitch rate (rad/s)", "yaw rate (rad/s)")

MOCAP = GaitParameters(3.65, 175.9, 250.5, 5.5, 5.0, 6.0, 8.1, 6.8, "mid", oscillation_mm=85.0)
"""The mocap runner in numbers: speed, steps, contact and angles as measured from markers and force plates."""

FIRM = replace(SensorModel.ideal(500.0), strap_hz=30.0, strap_damping=0.4, strap_share=0.3)
"""The sacral accelerometer of the treadmill trials sits firmly."""


def _both(run: SimulatedRun) -> F64:
    return np.concatenate((run.acc_mps2 / G, run.gyr_radps), axis=1).astype(np.float64)


def mocap() -> tuple[Signals, Signals]:
    """The marker run and a simulated one by an ideal sensor, with the markers' 25 Hz limit."""
    got = columns(files("mocap", "treadmill_run.csv")[0])
    contacts = columns(files("mocap", "treadmill_run.contacts.csv")[0])
    signals = [
        sign * got[f"{kind}_{axis}_{unit}"] / scale
        for kind, unit, scale in (("acc", "mps2", G), ("gyr", "radps", 1.0))
        for axis, sign in (("z", -1.0), ("y", 1.0), ("x", 1.0))
    ]
    left = contacts["ic_s"][contacts["side"] == "L"]
    real = Signals("markers", SIX, got["t_s"], np.stack(signals, axis=1), left, 240.0)
    run = simulate(Session((("run", 40.0),), MOCAP, Variability(), seed=4), SensorModel.ideal(240.0))
    both = _both(run)
    f = np.fft.rfftfreq(len(both), 1 / 240.0)
    limited = np.fft.irfft(np.fft.rfft(both, axis=0) / (1 + (f / 25.0) ** 8)[:, None], len(both), axis=0)
    steady = run.steps[run.steps["steady"]]
    return real, Signals("simulated", SIX, run.t_s, limited, steady["ic_s"][steady["side"] == "L"], 240.0)


@cache
def treadmill_trials() -> tuple[Path, ...]:
    """All trials with force."""
    return tuple(p for p in recordings_of("treadmill_force"))


def treadmill_gait(path: Path) -> GaitParameters:
    """A trial's runner: speed, slope, foot strike from its description, steps and contact from its forces."""
    told, contacts = sidecar(path), columns(with_suffix(path, ".contacts.csv"))
    strike = max(told["foot_strike_percent"], key=told["foot_strike_percent"].get)
    step_s = float(np.median(np.diff(contacts["ic_s"])))
    contact_s = float(np.median(contacts["gct_s"]))
    return GaitParameters(
        told["speed_mps"], 60 / step_s, 1000 * contact_s, foot_strike=strike,
        grade=float(np.tan(np.radians(told["slope_deg"]))), impact=1.7,
    )  # fmt: skip


def treadmill(path: Path) -> tuple[Signals, Signals]:
    """Forward, up (g) and vertical force (BW) of a trial and a simulated one: 20 Hz low-passed, up clipped at zero."""
    names = ("forward (g)", "up (g)", "force (BW)")
    got, force = columns(path), columns(with_suffix(path, ".vgrf.csv"))
    ic = columns(with_suffix(path, ".contacts.csv"))["ic_s"]
    values = np.stack((got["acc_x_mps2"] / G, got["acc_z_mps2"] / G, force["vgrf_bw"]), axis=1)
    values[:, 0] -= values[:, 0].mean()
    real = Signals(path.stem, names, got["t_s"], values, ic[::2], 500.0)
    run = simulate(Session((("run", 7.0),), treadmill_gait(path), seed=6), FIRM)
    low = butter(2, 20.0, fs=500.0, output="sos")  # twice through: fourth order
    acc = sosfiltfilt(low, run.acc_mps2[:, (0, 2)].astype(np.float64) / G, axis=0)
    acc[:, 0] -= acc[:, 0].mean()
    made = np.stack((acc[:, 0], np.maximum(acc[:, 1], 0.0), run.truth["vgrf_bw"]), axis=1)
    steady = run.steps["ic_s"][run.steps["steady"]]
    return real, Signals("simulated", names, run.t_s, made, steady[::2], 500.0)


@cache
def waist_jogs(count: int = 12) -> tuple[Path, ...]:
    """Some of the belt recordings of jogging, evenly chosen."""
    found = [p for p in recordings_of("waist") if p.stem.startswith("jog")]
    return tuple(found[i] for i in np.unique(np.linspace(0, len(found) - 1, count).astype(int)))


def waist(path: Path) -> Signals:
    """A belt recording, sensor y downwards at the front; the signs of the other axes are the buckle's."""
    got = columns(path)
    order = (("z", -1.0), ("x", 1.0), ("y", -1.0))
    signals = [
        sign * got[f"{kind}_{axis}_{unit}"] / scale
        for kind, unit, scale in (("acc", "mps2", G), ("gyr", "radps", 1.0))
        for axis, sign in order
    ]
    return _inner(path.stem, got["t_s"], np.stack(signals, axis=1), 200.0)


def belt_runner(seed: int) -> Signals:
    """A random runner with a random consumer sensor at 200 Hz, on a belt: looser than a clip."""
    clip = SensorModel.random(seed, 200.0)
    sensor = replace(clip, mounting_rotvec_deg=(0.0, 0.0, 0.0), rate_error=0.0, rock_hz=0.75 * clip.rock_hz,
                     rock_deg_per_g=min(5.0, 4 * clip.rock_deg_per_g))  # fmt: skip
    jog = GaitParameters.random(seed)
    run = simulate(Session((("run", 70.0),), jog, Variability.random(seed), seed=seed), sensor)
    return _inner(f"runner {seed}", run.t_s, _both(run), 200.0)


def _inner(name: str, t: F64, values: F64, rate_hz: float) -> Signals:
    strides = stride_instants(values[:, 2], t, rate_hz)
    edge = 15.0 if t[-1] > 90 else 3.0
    strides = strides[(strides > edge) & (strides < t[-1] - edge)]
    return Signals(name, SIX, t, values, strides, rate_hz)


def outdoor() -> tuple[Signals, Signals]:
    """Up, and what is across it (g), of 12 minutes outdoors at the left hip, and of a simulated run."""
    path = recordings_of("outdoor")[0]
    got = columns(path)
    acc = np.stack([got[f"acc_{k}_mps2"] for k in "xyz"], axis=1) / G
    t = got["t_s"]
    # Steps by the ankle, whose clock it shares, are not needed: the vertical's rhythm says where it runs.
    down = acc.mean(axis=0) / np.linalg.norm(acc.mean(axis=0))
    run = simulate(
        Session((("run", 760.0),), GaitParameters.random(12), Variability.random(12), seed=12),
        replace(SensorModel.random(12, 100.0), rate_error=0.0, mounting_rotvec_deg=(0.0, 0.0, 0.0)),
    )
    return _two("outdoors", t, acc, down), _two(
        "simulated", run.t_s, run.acc_mps2.astype(np.float64) / G, np.array([0, 0, 1.0])
    )


def _two(name: str, t: F64, acc: F64, axis: F64) -> Signals:
    up = acc @ axis
    across = np.linalg.norm(acc - up[:, None] * axis, axis=1)
    moved = np.convolve((up - 1) ** 2, np.ones(500) / 500, "same") > 0.3
    edges = np.flatnonzero(np.diff(np.concatenate(([0], moved.astype(int), [0]))))
    longest = max(zip(edges[::2], edges[1::2], strict=True), key=lambda e: e[1] - e[0])
    part = slice(longest[0] + 500, longest[1] - 500)
    rate_hz = 1 / float(np.median(np.diff(t)))
    t, values = t[part], np.stack((up, across), axis=1)[part]
    return Signals(name, ("up (g)", "across (g)"), t, values, stride_instants(values[:, 0], t, rate_hz), rate_hz)
