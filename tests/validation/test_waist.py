"""Joggers, walkers and jumpers."""

import pytest

from tests.validation import waist

pytestmark = pytest.mark.validation


def test_no_jog_is_lost() -> None:
    """The targets are in test_targets; here each jog is kept from going astray."""
    for jog in waist.jogs():
        assert jog.recall >= 0.9, jog
        assert len(jog.counted.invented_s) <= 2, jog
        assert jog.sided >= 0.9, jog


def test_no_stride_in_walking_or_jumping() -> None:
    wrong = {n.name: (n.steps, n.strides) for n in waist.negatives() if n.steps or n.strides}
    assert not wrong


def test_no_clip_is_taken_for_turned() -> None:
    assert not [jog.name for jog in waist.jogs() if jog.turned]
