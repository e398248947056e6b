"""Joggers, walkers and jumpers."""

import pytest

from tests.validation import waist

pytestmark = pytest.mark.validation


def test_cadence_of_every_jog() -> None:
    wrong = {
        j.name: (j.cadence_spm, j.truth_spm)
        for j in waist.jogs()
        if not abs(j.error_percent) <= waist.TARGET_CADENCE_PERCENT
    }
    assert not wrong


def test_no_stride_in_walking_or_jumping() -> None:
    wrong = {n.name: (n.steps, n.strides) for n in waist.negatives() if n.steps or n.strides}
    assert not wrong


def test_sides_alternate() -> None:
    for jog in waist.jogs():
        assert jog.alternating >= 0.99, jog  # at most a turning over of the vote
        assert jog.sided >= 0.9, jog


def test_most_steps_of_a_jog_are_found() -> None:
    for jog in waist.jogs():
        assert 0.75 <= jog.steps / jog.expected <= 1.02, jog


def test_no_clip_is_taken_for_turned() -> None:
    assert not [jog.name for jog in waist.jogs() if jog.turned]
