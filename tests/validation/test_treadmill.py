"""Contacts and force on the treadmill, trial by trial; the targets over all are in test_targets."""

import numpy as np
import pytest

from tests.validation import treadmill

pytestmark = pytest.mark.validation


def test_every_trial_is_found() -> None:
    for trial in treadmill.trials():
        assert trial.inner_found == trial.inner, trial.path.stem
        assert trial.extra == 0, trial.path.stem


@pytest.mark.parametrize(("metric", "limit"), [("ic_ms", 20), ("to_ms", 30), ("contact_time_ms", 35)])
def test_no_condition_goes_astray(metric: str, limit: float) -> None:
    assert np.abs(treadmill.condition_biases(metric)).max() < limit
