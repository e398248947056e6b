"""Contacts and force: a first version, recorded in docs/accuracy.md, here only kept from going astray."""

import pytest

from tests.validation import treadmill

pytestmark = pytest.mark.validation


def test_nearly_every_contact_is_found_once() -> None:
    trials = treadmill.trials()
    assert sum(t.inner_found for t in trials) >= 0.9 * sum(t.inner for t in trials)
    assert sum(t.extra for t in trials) <= 3


@pytest.mark.parametrize(("metric", "limit"), [("ic_ms", 60), ("to_ms", 60), ("contact_time_ms", 80)])
def test_times_are_sane(metric: str, limit: float) -> None:
    assert treadmill.over_all(metric).rmse < limit


def test_peak_force_is_sane() -> None:
    assert treadmill.over_all("peak_vgrf_bw").rmse < 1.0
