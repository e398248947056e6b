"""A real run with walking breaks, against the ankle."""

import numpy as np
import pytest

from tests.validation import outdoor

pytestmark = pytest.mark.validation


def test_stride_times_agree_with_the_ankle() -> None:
    error = np.abs(outdoor.measure().error_percent)
    assert len(error) > 300
    assert np.median(error) < outdoor.TARGET_MEDIAN_PERCENT
    assert np.percentile(error, 95) < 3.0


def test_running_where_the_ankle_runs() -> None:
    assert outdoor.measure().agree > 0.95


def test_cadence_is_that_of_a_runner() -> None:
    cadence = outdoor.measure().result.summary["cadence_spm"]
    assert 140 < cadence < 200
