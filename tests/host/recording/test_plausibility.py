"""Units and rate against physics."""

from pathlib import Path

import numpy as np
import pytest

from tests.host.recording.made import NAMES, G, adds_up, running, table, write
from trendel.errors import RecordingError
from trendel.recording import Recording, read

arrays = Recording.from_arrays
DEG = 180 / np.pi


@pytest.mark.parametrize(
    ("label", "factor", "likely"),
    [
        ("mps2", 1 / G, "look like g:.*acc_unit='g'"),
        ("mps2", 1000 / G, "look like mg:.*acc_unit='mg'"),
        ("g", 1.0, "look like m/s2:.*acc_unit='m/s2'"),
        ("g", 1000 / G, "look like mg:.*acc_unit='mg'"),
        ("mg", 1 / G, "look like g:.*acc_unit='g'"),
        ("mg", 1.0, "look like m/s2:.*acc_unit='m/s2'"),
        ("mps2", 2048 / G, "raw counts"),
    ],
)
def test_wrong_acceleration_unit(tmp_path: Path, label: str, factor: float, likely: str) -> None:
    values = table(6.0)
    values[:, 1:4] *= factor
    names = ("t_s", *(f"acc_{a}_{label}" for a in "xyz"), *NAMES[4:])
    path = write(tmp_path / "run.csv", values, names)
    with pytest.raises(RecordingError, match=likely):
        read(path)
    if "raw" not in likely:
        right = read(path, acc_unit=likely.split("'")[1])
        assert adds_up(right)
        assert any("taken as told" in note for note in right.notes)


@pytest.mark.parametrize(
    ("label", "factor", "likely"),
    [("radps", DEG, "gyr_unit='deg/s'"), ("dps", 1.0, "gyr_unit='rad/s'"), ("dps", 1000 * DEG, "gyr_unit='mdeg/s'")],
)
def test_wrong_gyroscope_unit(tmp_path: Path, label: str, factor: float, likely: str) -> None:
    values = table(6.0)
    values[:, 4:] *= factor
    path = write(tmp_path / "run.csv", values, (*NAMES[:4], *(f"gyr_{a}_{label}" for a in "xyz")))
    with pytest.raises(RecordingError, match=likely):
        read(path)
    assert adds_up(read(path, gyr_unit=likely.split("'")[1]))


@pytest.mark.parametrize("gain", [0.86, 1.0, 1.14])
def test_gains_of_real_sensors_pass(gain: float) -> None:
    _, acc, gyr = running(10.0)
    recording = arrays(gain * acc, gyr, 200)
    assert adds_up(recording)
    assert any("gain or zero is off" in note for note in recording.notes) == (gain != 1.0)


def test_arrays_are_told_to_multiply() -> None:
    _, acc, gyr = running(10.0)
    with pytest.raises(RecordingError, match=r"look like g: multiply them by 9.80665"):
        arrays(acc / G, gyr, 200)
    with pytest.raises(RecordingError, match=r"look like deg/s: multiply them by 0.0174533"):
        arrays(acc, gyr * DEG, 200)


def test_gravity_removed() -> None:
    _, acc, gyr = running(10.0)
    with pytest.raises(RecordingError, match="gravity has been removed"):
        arrays(acc - [0, 0, G], gyr, 200)
    with pytest.raises(RecordingError, match="zeros only"):
        arrays(np.zeros((1000, 3)), None, 200)


def test_any_way_up_and_turning() -> None:
    t, acc, gyr = running(10.0)
    assert adds_up(arrays(acc[:, [2, 0, 1]] * [-1, 1, -1], gyr, 200))
    angle = np.where(t < 5, 0.0, np.pi)
    turned = acc.copy()
    turned[:, 0] = np.cos(angle) * acc[:, 0] + np.sin(angle) * acc[:, 2]
    turned[:, 2] = -np.sin(angle) * acc[:, 0] + np.cos(angle) * acc[:, 2]
    assert adds_up(arrays(turned, gyr, 200))
    # A clip tumbling in the hand averages gravity away, yet it is there.
    spin = 2 * np.pi * 2.0 * t
    tumbling = G * np.stack([np.sin(spin), 0.05 * np.sin(t), np.cos(spin)], axis=1)
    rates = np.stack([0.01 * np.sin(t), np.full(len(t), 2 * np.pi * 2.0) + 0.01 * np.sin(t), 0.01 * np.cos(t)], axis=1)
    assert adds_up(arrays(tumbling, rates, 200))


def test_standing_still_passes() -> None:
    noise = np.random.default_rng(0)
    acc = noise.normal([0, 0, G], 0.02, (4000, 3))
    assert adds_up(arrays(acc, noise.normal(0, 0.002, (4000, 3)), 200))
    exact = arrays(np.tile([0.0, 0.0, G], (4000, 1)), np.zeros((4000, 3)), 200)
    assert adds_up(exact)
    assert exact.gyr_radps is not None
    assert exact.counts.bridged == 0


@pytest.mark.parametrize(("step_hz", "wrong"), [(2.4, 4.0), (2.7, 2.0), (3.1, 2.0), (3.1, 10.0)])
def test_rate_too_high(step_hz: float, wrong: float) -> None:
    _, acc, gyr = running(20.0, 200.0, step_hz)
    assert arrays(acc, gyr, 200).notes == ()
    with pytest.raises(RecordingError, match="which nobody does"):
        arrays(acc, gyr, 200 * wrong)


def test_rate_too_low() -> None:
    _, acc, gyr = running(20.0, 200.0)
    assert any("check the rate" in note for note in arrays(acc, gyr, 100).notes)
    with pytest.raises(RecordingError, match="which nobody does"):
        arrays(acc, gyr, 40)


def test_sprints_pass() -> None:
    _, acc, gyr = running(10.0, 200.0, 4.8)
    assert adds_up(arrays(acc, gyr, 200))


def test_doubtful_cadences_are_noted() -> None:
    _, acc, gyr = running(20.0, 200.0, 2.4)
    assert any("check the rate" in note for note in arrays(acc, gyr, 400).notes)


@pytest.mark.parametrize(
    ("order", "signs", "words"),
    [([2, 1, 0], [1, 1, 1], r"9\d degrees away from z, nearest to \+x|8\d degrees away from z, nearest to \+x"),
     ([0, 1, 2], [1, -1, -1], r"nearest to -z"), ([0, 2, 1], [1, -1, 1], r"nearest to -y")],
)  # fmt: skip
def test_a_pelvis_frame_that_gravity_contradicts(order: list[int], signs: list[int], words: str) -> None:
    _, acc, gyr = running(10.0)
    turned = acc[:, order] * signs, gyr[:, order] * signs
    with pytest.raises(RecordingError, match=words) as refusal:
        arrays(*turned, 200, frame="pelvis")
    assert "give frame='sensor' (--frame sensor)" in str(refusal.value)
    assert adds_up(arrays(*turned, 200, frame="sensor"))
    assert adds_up(arrays(turned[0][:150], None, 200, frame="pelvis"))


@pytest.mark.parametrize("lean_deg", [-30.0, 0.0, 30.0])
def test_a_leaning_pelvis_is_taken(lean_deg: float) -> None:
    _, acc, gyr = running(10.0)
    c, s = np.cos(np.deg2rad(lean_deg)), np.sin(np.deg2rad(lean_deg))
    turn = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    assert adds_up(arrays(acc @ turn.T, gyr @ turn.T, 200, frame="pelvis"))
