"""The sensor model: strap, slip, lost samples, mountings and what it refuses. The rest is in test_session."""

import dataclasses

import numpy as np
import pytest

from trendel.errors import ParameterError
from trendel.simulation import SensorModel, Session, simulate
from trendel.simulation.sensor import random_mounting_deg, rotation
from trendel.simulation.strap import Strap
from trendel.simulation.wander import Wander

SESSION = Session((("stand", 2.0), ("run", 8.0)), seed=2)
IDEAL = SensorModel.ideal()


def test_lost_samples_are_gaps_in_time_and_truth() -> None:
    whole, holed = simulate(SESSION, IDEAL), simulate(SESSION, dataclasses.replace(IDEAL, lost_share=0.05))
    share = 1 - len(holed.t_s) / len(whole.t_s)
    assert 0.01 < share < 0.09
    assert len(holed.acc_mps2) == len(holed.truth["tilt_deg"]) == len(holed.contact) == len(holed.t_s)
    assert np.diff(holed.t_s).max() > 4 / 208 and holed.rate_hz == pytest.approx(208)
    assert np.isin(holed.t_s, whole.t_s).all()


def test_a_slip_turns_what_is_read_and_nothing_else() -> None:
    straight = simulate(SESSION, IDEAL)
    slipped = simulate(SESSION, dataclasses.replace(IDEAL, slip_s=5.0, slip_rotvec_deg=(0.0, 12.0, 0.0)))
    before, after = straight.t_s < 5.0, straight.t_s > 5.5
    assert np.array_equal(slipped.acc_mps2[before], straight.acc_mps2[before])
    turn = rotation(np.radians([0.0, 12.0, 0.0]))
    assert slipped.acc_mps2[after] @ turn.T == pytest.approx(straight.acc_mps2[after], abs=1e-4)
    during = (straight.t_s >= 5.0) & (straight.t_s <= 5.4)
    rate = slipped.gyr_radps[during, 1] - straight.gyr_radps[during, 1]
    assert np.degrees(rate.sum() / 208) == pytest.approx(12.0, abs=0.5)


def test_a_rocking_clip_keeps_its_signals_consistent() -> None:
    """What the gyroscope reads more is the rate of the lean that turns gravity in the accelerometer."""
    rate_hz, n = 400.0, 8000
    t = np.arange(n) / rate_hz
    acc = np.stack((np.zeros(n), np.zeros(n), 9.80665 + 3 * np.sin(2 * np.pi * 2.0 * t)), axis=1)
    strap = Strap(hz=0.0, rock_hz=30.0, rock_deg_per_g=1.0, unsteady=0.0)
    read, gyr = strap.moves(acc, np.zeros((n, 3)), rate_hz, np.random.default_rng(0))
    inner = slice(1000, -1000)
    lean = np.cumsum(gyr[:, 1]) / rate_hz
    lean -= lean[inner].mean() - np.mean(-read[inner, 0] / acc[inner, 2])
    assert np.corrcoef(lean[inner], -read[inner, 0])[0, 1] > 0.97
    assert 0.2 < np.degrees(np.ptp(lean[inner])) < 2.0
    assert Strap(hz=0.0, rock_hz=0.0).moves(acc, gyr, rate_hz, np.random.default_rng(0))[0] is acc


def test_random_sensors_and_mountings() -> None:
    mountings = np.array([rotation(np.radians(random_mounting_deg(seed))) @ [0, 0, 1] for seed in range(400)])
    assert np.abs(mountings.mean(axis=0)).max() < 0.1  # any way up
    first = SensorModel.random(3)
    assert first == SensorModel.random(3) != SensorModel.random(4)
    assert np.isfinite(simulate(SESSION, first).acc_mps2).all()


@pytest.mark.parametrize(
    "changes",
    [{"rate_hz": 5.0}, {"rate_error": 0.2}, {"lost_share": 0.9}, {"strap_damping": 0.0}, {"bits": 3},
     {"rock_deg_per_g": 9.0}, {"range_g": 0.5}, {"acc_noise_mps2": -1.0}],
)  # fmt: skip
def test_impossible_sensors_are_refused(changes: dict[str, float]) -> None:
    with pytest.raises(ParameterError):
        SensorModel(**changes)  # type: ignore[arg-type]


def test_wandering_has_the_density_asked_for_and_exact_derivatives() -> None:
    rng = np.random.default_rng(4)
    f = Wander.frequencies(0.0, 400.0, 128.0)
    wander = Wander(0.0, 400.0, 128.0, np.where((f > 2) & (f < 30), 1e-3, 0.0), rng)
    t = np.arange(0.0, 400.0, 1 / 512)
    curve = wander(t, 0)
    n = 2048
    parts = curve.d2[: len(t) // n * n].reshape(-1, n) * np.hanning(n)
    power = 2 * (np.abs(np.fft.rfft(parts)) ** 2).mean(axis=0) / (512 * (np.hanning(n) ** 2).sum())
    at = np.fft.rfftfreq(n, 1 / 512)
    assert power[(at > 4) & (at < 25)].mean() == pytest.approx(1e-3, rel=0.1)
    for value, slope in ((curve.x, curve.d1), (curve.d1, curve.d2)):
        assert np.abs(np.diff(value) * 512 - (slope[1:] + slope[:-1]) / 2).max() < 0.02 * np.abs(slope).max()
