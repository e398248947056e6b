"""Links for the contract tests, each with something at its other end."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from tests.host.links.made import csv_file, session_file
from trendel.links import Link, make_link

Bench = Callable[[Path], AbstractAsyncContextManager[Link]]
FIRMWARE = "TRENDEL_LINK"
"""Names the link to a real clip, which is then put under the contract too."""


@asynccontextmanager
async def replay_session(folder: Path) -> AsyncIterator[Link]:
    """A session played again."""
    yield make_link(f"replay:{session_file(folder)}@max")


@asynccontextmanager
async def replay_csv(folder: Path) -> AsyncIterator[Link]:
    """A CSV as packets."""
    yield make_link(f"replay:{csv_file(folder)}@max")


@asynccontextmanager
async def firmware(folder: Path) -> AsyncIterator[Link]:
    """The clip that the environment names."""
    yield make_link(os.environ[FIRMWARE])


BENCHES: dict[str, Bench] = {"replay-session": replay_session, "replay-csv": replay_csv, "firmware": firmware}
