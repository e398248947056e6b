"""Each parameter of a runner is honoured in the truth, corners included; what nobody can run is refused."""

import dataclasses

import numpy as np
import pytest

from trendel.errors import ParameterError
from trendel.simulation import GaitParameters, Session, Variability, true_steps

CORNERS = (
    GaitParameters(5.0, 220, 150, foot_strike="fore"),
    GaitParameters(2.4, 140, 330),
    GaitParameters(4.5, 180, 180, drop_left_deg=2, drop_right_deg=11, foot_strike="mid", grade=-0.15),
    GaitParameters(2.8, 175, 290, tilt_mean_deg=-8, tilt_rom_deg=15, rotation_rom_deg=22, grade=0.15),
    GaitParameters(step_time_asymmetry=0.04, contact_time_asymmetry=-0.04, oscillation_asymmetry=0.1),
    GaitParameters(oscillation_mm=75.0),
    GaitParameters(oscillation_mm=108.0, impact=2.0),
)


def _mean(steps: np.ndarray, name: str) -> tuple[float, float]:
    left, right = (float(np.nanmean(steps[name][steps["side"] == side])) for side in "LR")
    return left, right


@pytest.mark.parametrize("gait", [*CORNERS, GaitParameters.random(1), GaitParameters.random(2)])
def test_the_truth_is_what_was_asked_for(gait: GaitParameters) -> None:
    # Without long memory the means of a minute settle.
    steps = true_steps(Session((("run", 60.0),), gait, Variability(alpha=0.5), seed=7))
    steps = steps[steps["steady"]]
    assert 60 / np.diff(steps["ic_s"]).mean() == pytest.approx(gait.step_rate_spm, rel=0.01)
    for name, asked in (("contact_time_ms", gait.contact_time_ms), ("tilt_rom_deg", gait.tilt_rom_deg),
                        ("rotation_rom_deg", gait.rotation_rom_deg),
                        ("vertical_oscillation_mm", gait.oscillation_mm)):  # fmt: skip
        if asked is not None:
            assert np.mean(_mean(steps, name)) == pytest.approx(asked, rel=0.04), name
    assert np.mean(_mean(steps, "tilt_mean_deg")) == pytest.approx(gait.tilt_mean_deg, abs=0.3)
    for found, asked in zip(_mean(steps, "pelvic_drop_deg"), (gait.drop_left_deg, gait.drop_right_deg), strict=True):
        assert found == pytest.approx(asked, rel=0.06, abs=0.3)
    for name, asked in (("contact_time_ms", gait.contact_time_asymmetry),
                        ("vertical_oscillation_mm", gait.oscillation_asymmetry)):  # fmt: skip
        left, right = _mean(steps, name)
        assert (left - right) / (left + right) == pytest.approx(asked, abs=0.015), name
    whole = steps["contact_time_ms"] + steps["flight_time_ms"]
    left, right = (whole[steps["side"] == side].mean() for side in "LR")
    assert (left - right) / (left + right) == pytest.approx(gait.step_time_asymmetry, abs=0.005)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"step_rate_spm": 220, "contact_time_ms": 290}, "flight phase: at 220 steps a minute it can be 109 to 265"),
        ({"step_rate_spm": 140, "contact_time_ms": 150}, "too short to carry the runner"),
        ({"oscillation_mm": 160.0}, "oscillation_mm follows from step rate and contact time"),
        ({"drop_left_deg": float("nan")}, "drop_left_deg must be between"),
        ({"foot_strike": "heel"}, "rear, mid or fore"),
        ({"grade": 0.5}, "rise over run"),
    ],
)
def test_what_nobody_can_run_is_refused_in_one_sentence(changes: dict[str, float], says: str) -> None:
    with pytest.raises(ParameterError, match=says) as refused:
        GaitParameters(**changes)  # type: ignore[arg-type]
    assert str(refused.value).count(". ") == 0


def test_random_runners_are_plausible_and_differ() -> None:
    runners = [GaitParameters.random(seed) for seed in range(300)]
    assert runners[5] == GaitParameters.random(5) != runners[6]
    duty = np.array([r.contact_time_s / r.step_time_s for r in runners])
    assert duty.min() >= 0.45 and duty.max() <= 0.93
    speed, contact, rate = (
        np.array([getattr(r, name) for r in runners]) for name in ("speed_mps", "contact_time_ms", "step_rate_spm")
    )
    assert np.corrcoef(speed, contact)[0, 1] < -0.7 and np.corrcoef(speed, rate)[0, 1] > 0.2
    assert contact.min() >= 150 and contact.max() <= 330 and rate.min() >= 140 and rate.max() <= 220
    assert 0.7 < np.mean([r.foot_strike == "rear" for r in runners]) < 0.9


def test_forces_look_like_forces() -> None:
    """Heel strikers have an impact peak and more loading; downhill more, uphill less; the forefoot none."""
    found = {}
    for name, changes in (("rear", {}), ("fore", {"foot_strike": "fore"}), ("down", {"grade": -0.15}),
                          ("up", {"grade": 0.15})):  # fmt: skip
        session = Session((("run", 20.0),), dataclasses.replace(GaitParameters(), **changes), Variability.none())
        steps = true_steps(session)
        steps = steps[steps["steady"]]
        found[name] = (float(steps["loading_rate_bwps"].mean()), float(np.isfinite(steps["impact_peak_bw"]).mean()))
        assert (steps["braking_mps"] > 0.05).all() and (steps["sway_mm"] > 5).all()
        assert (steps["contralateral_drop_peak_deg"] >= steps["pelvic_drop_deg"] - 20).all()
    assert found["fore"][0] < found["up"][0] < found["rear"][0] < found["down"][0]
    assert found["fore"][1] == 0.0 and found["rear"][1] == found["down"][1] == 1.0


def test_variation_can_be_scaled_to_nothing() -> None:
    steps = true_steps(Session((("run", 15.0),), variability=Variability().scaled(0.0)))
    steps = steps[steps["steady"]]
    for name in ("contact_time_ms", "pelvic_drop_deg", "vertical_oscillation_mm"):
        for side in "LR":
            values = steps[name][steps["side"] == side]
            assert np.ptp(values) < 0.02 * values.mean(), name
    with pytest.raises(ParameterError, match="alpha must be between"):
        Variability(alpha=2.0)
