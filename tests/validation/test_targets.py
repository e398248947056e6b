"""What must be reached on recordings is asserted; what is known to be missed stays visible as an expected failure."""

from collections.abc import Callable

import pytest

from tests.validation import targets
from tests.validation.page import Target

pytestmark = pytest.mark.validation

GROUPS = (
    targets.on_treadmill,
    targets.on_mocap,
    targets.on_waist,
    targets.on_outdoor,
    targets.on_orientation,
)


@pytest.mark.parametrize("group", GROUPS, ids=lambda g: g.__name__)
def test_targets(group: Callable[[], list[Target]]) -> None:
    missed = [f"{t.key}: {t.measured} ({t.target})" for t in group() if not t.met and t.key not in targets.KNOWN_MISSES]
    assert not missed


@pytest.mark.parametrize(
    "key",
    [pytest.param(k, marks=pytest.mark.xfail(strict=False, raises=AssertionError, reason="known to be missed")) for k in
     sorted(targets.KNOWN_MISSES)],
)  # fmt: skip
def test_known_misses(key: str) -> None:
    """An unexpected pass says: take it off the list in targets.py."""
    found = {t.key: t for t in targets.on_recordings()}
    assert found[key].met, f"{found[key].measured} ({found[key].target})"


def test_known_misses_are_targets() -> None:
    assert {t.key for t in targets.on_recordings()} >= targets.KNOWN_MISSES
