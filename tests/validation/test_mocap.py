"""Pelvic angles and sides against markers and force plates."""

import pytest

from tests.validation import mocap, mocap_long
from tests.validation.agreement import agreement

pytestmark = pytest.mark.validation


@pytest.mark.parametrize("angle", mocap.ANGLES)
def test_angles_with_the_true_mounting(angle: str) -> None:
    assert mocap.measure().given.rmse_deg[angle] <= mocap.TARGET_GIVEN_DEG


def test_angles_with_the_mounting_found_in_any_orientation() -> None:
    found = mocap.measure().found
    assert len(found) == mocap.TURNS
    worst = max(found, key=lambda case: case.worst_deg)
    assert worst.worst_deg <= mocap.TARGET_FOUND_DEG, worst


def test_every_side_is_right() -> None:
    measured = mocap.measure()
    for case in (measured.given, *measured.found):
        assert case.sides_n >= len(mocap.true_contacts()["ic_s"]) - 4
        assert case.sides_right == case.sides_n


def test_heading_of_the_mounting() -> None:
    """A heading 5 degrees off mixes tilt into drop; 3 is what the design allows."""
    for case in mocap.measure().found:
        assert abs(case.mounting_error_deg) <= mocap.TARGET_HEADING_DEG, case


def test_a_longer_run_is_no_worse() -> None:
    """Its own target, in docs/accuracy.md, lies near what the definition of rotation leaves over."""
    for rmse in mocap_long.measure():
        assert max(rmse["tilt"], rmse["obliquity"]) <= mocap_long.TARGET_DEG
        assert rmse["rotation"] <= mocap.TARGET_FOUND_DEG


def test_step_metrics_are_sane() -> None:
    """A first version: recorded in docs/accuracy.md, here only kept from going astray."""
    differences = mocap.step_differences()
    limits = {"ic_ms": 60, "to_ms": 60, "contact_time_ms": 80, "vertical_oscillation_mm": 10, "pelvic_drop_deg": 2}
    for name, limit in limits.items():
        found = agreement(differences[name])
        assert found.n >= 15
        assert found.rmse < limit, name
