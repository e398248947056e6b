"""Two processes for the simulated runs, so that `make accuracy` takes minutes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")


@cache
def _pool() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(min(2, os.cpu_count() or 1))


def ahead(function: Callable[..., T], *arguments: Any) -> Future[T]:
    """Begin now, ask for the result later."""
    return _pool().submit(function, *arguments)


def spread(function: Callable[..., T], arguments: Iterable[tuple[Any, ...]]) -> list[T]:
    """function(*a) for each a, in order."""
    return [f.result() for f in [ahead(function, *a) for a in arguments]]
