"""The simulated clip: the clip's own C code behind a virtual radio, reached as a real one is. docs/simulated-clip.md.

Importing this stays light; bumble, cffi and the C code are loaded with the link that needs them."""

from __future__ import annotations

import importlib.util
import logging
import os

from trendel.errors import LinkError


def need_bumble() -> None:
    """Raise LinkError where virtual Bluetooth is not installed; keep its log from the terminal where it is, unless
    BUMBLE_LOGLEVEL asks for it."""
    if importlib.util.find_spec("bumble") is None:
        raise LinkError("The simulated clip needs virtual Bluetooth, bumble: pip install 'trendel[sim]'.")
    # Losing a link is everyday here, and an error there; others' code may have given the root logger a handler.
    logging.getLogger("bumble").setLevel(os.environ.get("BUMBLE_LOGLEVEL", "CRITICAL").upper())
    root = logging.getLogger()
    if not root.handlers:  # bumble's own logging.debug() would give it one that prints everybody's warnings
        root.addHandler(logging.NullHandler())
