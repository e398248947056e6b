"""Without recordings tests marked `validation` skip, and say so; with a folder that is not one they fail."""

from __future__ import annotations

import os

import pytest

from tests.validation.data import NO_DATA, folder


@pytest.fixture(autouse=True)
def recordings(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("validation") is None:
        return
    if not os.environ.get("TRENDEL_DATA"):
        pytest.skip(NO_DATA)
    folder()
