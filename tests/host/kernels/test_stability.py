"""The stability stage: the kernels against the twin step by step, and the behaviour that a runner relies on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.reference.stability import Step, Twin
from tests.stability.detect import detect, feed, parameters
from tests.stability.generator import Steps, make
from tests.stability.scenarios import DT_S, PROBLEMS, TUNING_SEED, WITH_DRIFT, WITHOUT_DRIFT
from trendel.analysis.stability import Baseline
from trendel.kernels.layout import (
    ALERT_CLIP_LOOSE,
    ALERT_CLIP_MOVED,
    ALERT_DROP,
    DTYPES,
    LEVEL_WARNING,
    PHASE_SETTLING,
)

SCENARIOS = {s.name: s for s in WITHOUT_DRIFT + PROBLEMS + WITH_DRIFT}


def run_of(name: str, k: int = 0) -> Steps:
    return make(SCENARIOS[name], k, TUNING_SEED)


def twin_of(steps: Steps, params: np.recarray, announced: np.ndarray | None = None) -> Twin:
    """The twin after the same steps, rounded as the kernels take them."""
    fed = feed(steps, announced)
    twin = Twin(params.stability[0], DT_S)
    for i in range(len(fed.side)):
        time_s, quality, regularity, peak, tilt, obliquity = (float(x) for x in fed.columns[i])
        twin.add(Step(int(fed.start_i[i]), int(fed.end_i[i]), int(fed.side[i]), bool(fed.known[i]), time_s, quality,
                      regularity, peak, tilt, obliquity, int(fed.turned_n[i]), 0, int(fed.condition[i])))  # fmt: skip
    return twin


def same_as_twin(steps: Steps, announced: np.ndarray | None = None) -> None:
    # Step times are whole hundredths: a limit between them, so that rounding does not decide.
    params = parameters({"skip_s": 12.003})
    alerts, course = detect(feed(steps, announced), params, course=True)
    twin = twin_of(steps, params, announced)
    change = np.flatnonzero(np.any(np.diff(course["level"], axis=0, prepend=0) != 0, axis=1))
    assert len(change) == len(twin.levels)
    np.testing.assert_allclose(course["level"][change], twin.levels, atol=2e-5)
    np.testing.assert_allclose(course["baseline"][change], twin.baselines, atol=1e-4)
    assert [(int(a["kind"]), int(a["side"]), int(a["level"]), int(a["at_i"])) for a in alerts] == [
        (a.kind, a.side, a.level, a.at_i) for a in twin.alerts
    ]
    assert [int(a["onset_i"]) for a in alerts] == [a.onset_i for a in twin.alerts]
    np.testing.assert_allclose(alerts["change"], [a.change for a in twin.alerts], atol=2e-4)
    np.testing.assert_allclose(alerts["error"], [a.error for a in twin.alerts], atol=2e-4)


@pytest.mark.parametrize(
    "name",
    ["steady", "warm_up", "mixed", "gaps", "lost_samples", "turned", "loose", "slip_tilt", "slip_heading", "hill",
     "drift_2_5_0.3", "drift_3_2_0.5", "drift_both_3_5", "drift_cadence_3_20"],
)  # fmt: skip
def test_the_kernels_do_what_the_twin_does(name: str) -> None:
    same_as_twin(run_of(name))


@pytest.mark.parametrize("name", ["hill", "speed_session"])
def test_with_changes_announced_they_do_too(name: str) -> None:
    steps = run_of(name)
    assert steps.condition.any()
    same_as_twin(steps, steps.condition)


def test_an_announced_hill_does_not_alarm_and_hides_no_drift() -> None:
    hilly = [run_of("hill", k) for k in range(12)]

    def alarms(steps: Steps, announced: np.ndarray | None) -> int:
        alerts, _ = detect(feed(steps, announced), parameters())
        return int((alerts["level"] >= LEVEL_WARNING).sum())

    assert sum(alarms(s, None) for s in hilly) >= 5
    assert sum(alarms(s, s.condition) for s in hilly) <= 2
    # Three degrees from minute 24 to 29, on the hill: the left side.
    for steps in hilly[:4]:
        minute = steps.end_s / 60
        growth = np.clip((minute - 24) / 5, 0, 1) * 3.0 * (steps.side > 0)
        alerts, _ = detect(feed(replace(steps, peak_deg=steps.peak_deg + growth), steps.condition), parameters())
        drop = alerts[(alerts["kind"] == ALERT_DROP) & (alerts["level"] >= LEVEL_WARNING)]
        assert drop["side"][0] == 1
        assert 24 * 60 < drop["at_i"][0] * DT_S < 29 * 60 + 90


@pytest.mark.parametrize("side", [1, -1])
def test_a_drift_is_told_on_the_right_side_and_the_mirror_image_alike(side: int) -> None:
    name = "drift_3_5_0.15"
    steps = next(s for k in range(20) if (s := run_of(name, k)).drift_side == side)
    alerts, _ = detect(feed(steps), parameters())
    drop = alerts[(alerts["kind"] == ALERT_DROP) & (alerts["level"] >= LEVEL_WARNING)]
    assert drop["side"][0] == side
    assert steps.onset_s < drop["at_i"][0] * DT_S < steps.reached_s + 45
    assert 0 < drop["change"][0] == pytest.approx(drop["value"][0] - drop["baseline"][0], abs=1e-6)
    mirrored = replace(steps, side=-steps.side, obliquity_deg=-steps.obliquity_deg)
    other, _ = detect(feed(mirrored), parameters())
    assert other["at_i"].tolist() == alerts["at_i"].tolist()
    assert other["side"].tolist() == (-alerts["side"]).tolist()


def test_a_clip_that_moved_is_named_as_that() -> None:
    for name, kind in (("turned", ALERT_CLIP_MOVED), ("slip_tilt", ALERT_CLIP_MOVED), ("loose", ALERT_CLIP_LOOSE)):
        steps = run_of(name)
        alerts, _ = detect(feed(steps), parameters())
        after = alerts[alerts["at_i"] * DT_S > steps.problem_s]
        assert after["kind"][0] == kind, name
        assert after["at_i"][0] * DT_S < steps.problem_s + 120


def test_a_known_baseline_is_compared_with_at_once() -> None:
    steps = run_of("steady")
    mean = [float(steps.peak_deg[steps.side == side].mean()) for side in (1, -1)]
    _, course = detect(feed(steps), parameters(baseline=Baseline(mean[0] - 2, mean[1], 0.2)), course=True)
    first = int(np.argmax(course["phase"] != PHASE_SETTLING))
    assert np.degrees(course["baseline"][first]) == pytest.approx([mean[0] - 2, mean[1]], abs=0.3)
    alerts, _ = detect(feed(steps), parameters(baseline=Baseline(*mean, 0.3)))
    assert not (alerts["level"] >= LEVEL_WARNING).any()


def test_no_input_makes_it_other_than_finite() -> None:
    rng = np.random.default_rng(5)
    steps = run_of("lost_samples")
    n = len(steps.side)
    for size in (0.0, 1e-30, 1e3):
        odd = replace(
            steps,
            peak_deg=size * rng.standard_normal(n),
            tilt_deg=np.zeros(n),
            obliquity_deg=size * rng.standard_normal(n),
            regularity=np.zeros(n),
            end_i=np.where(rng.uniform(size=n) < 0.01, steps.start_i, steps.end_i).astype(np.uint32),
        )
        alerts, course = detect(feed(odd), parameters(), course=True)
        for made in (alerts, course):
            for column in made.dtype.names or ():
                assert np.isfinite(made[column]).all(), column


def test_its_state_is_small() -> None:
    assert DTYPES["StabilityState"].itemsize <= 700


DRIFTING = [(f"drift_{size:g}_{length:g}_0.5", k) for size in (1.0, 2.0, 3.0) for length in (2.0, 20.0) for k in (0, 4)]


def test_alerts_keep_their_distance() -> None:
    """Five minutes between alerts of a level, and none again while it is on."""
    rest = parameters().stability.rest_s[0]
    seen = 0
    for name, k in DRIFTING:
        alerts, _ = detect(feed(run_of(name, k)), parameters({"limit_slow": 6.0, "limit_quick": 2.5}))
        for level in (1, 2, 3):
            at = alerts["at_i"][(alerts["level"] >= level) & (alerts["kind"] == ALERT_DROP)] * DT_S
            same = alerts["level"][(alerts["level"] >= level) & (alerts["kind"] == ALERT_DROP)]
            # A more urgent one may come at once; one of the same level, or a lesser, may not.
            close = (np.diff(at) < rest) & (np.diff(same.astype(int)) <= 0)
            assert not close.any(), (name, level)
        seen += len(alerts)
    assert seen > 20


def test_an_alert_is_given_again_only_after_it_was_over() -> None:
    """The left side sinks by 3 degrees for good: one warning. It recovers for ten minutes and sinks again: two."""
    steps = run_of("steady", 1)
    minute, left = steps.end_s / 60, steps.side > 0

    def warnings(sunk: np.ndarray) -> int:
        alerts, _ = detect(feed(replace(steps, peak_deg=steps.peak_deg + 3.0 * sunk * left)), parameters())
        return int(((alerts["level"] == LEVEL_WARNING) & (alerts["side"] == 1)).sum())

    once = np.clip((minute - 15) / 3, 0, 1)
    assert warnings(once) == 1
    assert warnings(once - np.clip((minute - 22) / 3, 0, 1) + np.clip((minute - 38) / 3, 0, 1)) == 2


def test_limits_are_the_runners() -> None:
    steps = run_of("drift_3_20_0.15", 2)

    def first(level: int, **limits: float) -> float:
        alerts, _ = detect(feed(steps), parameters(limits))
        found = alerts["at_i"][(alerts["level"] == level) & (alerts["kind"] == ALERT_DROP)] * DT_S
        return float(found[0]) if len(found) else float("inf")

    assert first(2) < first(2, warning_deg=2.2) < first(2, warning_deg=5.0, stop_deg=6.0) == float("inf")
    assert first(3, stop_deg=2.0) < steps.reached_s + 60
