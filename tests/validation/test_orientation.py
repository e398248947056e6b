"""Inclination of hand-moved IMUs against optical truth; its targets are in test_targets."""

import pytest

from tests.validation import orientation

pytestmark = pytest.mark.validation


def test_no_trial_is_lost() -> None:
    assert orientation.measure().trendel.max() < 2.0
