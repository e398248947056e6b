"""Inclination of hand-moved IMUs against optical truth."""

import numpy as np
import pytest

from tests.validation import orientation

pytestmark = pytest.mark.validation


def test_mean_inclination_error() -> None:
    errors = orientation.measure()
    assert errors.mean <= orientation.TARGET_MEAN_DEG, dict(zip(errors.names, errors.trendel, strict=True))


def test_fast_translation() -> None:
    value = orientation.measure().fast_translation
    if not np.isfinite(value):
        pytest.skip("there is no trial of fast translation among these recordings")
    assert value <= orientation.TARGET_FAST_TRANSLATION_DEG


def test_no_trial_is_lost() -> None:
    assert orientation.measure().trendel.max() < 2.0
