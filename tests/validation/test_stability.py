"""Hip stability on real motion: no alert in fresh running; drifts added to a real runner's pelvis are told."""

import pytest

from tests.validation import stability

pytestmark = pytest.mark.validation


def test_no_alert_in_fresh_running() -> None:
    """Treadmill trials, joggers, the run outdoors and the runner with markers."""
    assert stability.alerts_in_fresh() == {}


@pytest.mark.parametrize("case", stability.FEW, ids=str)
def test_a_stitched_run_tells_of_its_drift_and_of_nothing_else(case: stability.Case) -> None:
    found = stability.stitched(case)
    assert found.false_n == 0
    if case.size_deg:
        assert found.wrong_n == 0
        assert found.delay_s <= stability.WITHIN_S[case.size_deg]
