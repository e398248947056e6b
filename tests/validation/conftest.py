"""Without recordings these tests skip, and say so; with a folder that is not one they fail."""

from __future__ import annotations

import os

import pytest

from tests.validation.data import NO_DATA, folder


@pytest.fixture(autouse=True)
def recordings() -> None:
    if not os.environ.get("TRENDEL_DATA"):
        pytest.skip(NO_DATA)
    folder()
