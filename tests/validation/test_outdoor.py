"""A real run with walking breaks, against the ankle."""

import numpy as np
import pytest

from tests.validation import outdoor

pytestmark = pytest.mark.validation


def test_the_ankle_has_strides_of_running() -> None:
    """The truth itself: over a thousand strides of a runner's length, and no bout of running within one of walking."""
    truth = outdoor.at_ankle()
    length = truth.end_s - truth.start_s
    assert len(length) > 1000
    assert 0.6 < np.median(length) < 0.9
    for a, b in truth.running_s:
        assert not [1 for c, d in truth.walking_s if c < b - 1.5 and d > a + 1.5]


def test_stride_times_agree_with_the_ankle() -> None:
    error = np.abs(outdoor.measure().error_percent)
    assert len(error) > 300
    assert np.median(error) < outdoor.TARGET_MEDIAN_PERCENT
    assert np.percentile(error, 95) < 3.0
    strides = outdoor.strides()
    assert len(strides.difference_ms) > 0.97 * strides.ankle_n


def test_running_where_the_ankle_runs() -> None:
    assert outdoor.measure().agree > 0.95
