"""The simulated clip: the clip's own C code behind a virtual radio, reached as a real one is. docs/simulated-clip.md.

Importing this stays light; bumble, cffi and the C code are loaded with the link that needs them."""

from __future__ import annotations

import importlib.util
import logging

from trendel.errors import LinkError


def need_bumble() -> None:
    """Raise LinkError where virtual Bluetooth is not installed; keep its log from the terminal where it is."""
    if importlib.util.find_spec("bumble") is None:
        raise LinkError("The simulated clip needs virtual Bluetooth, bumble: pip install 'trendel[sim]'.")
    logger = logging.getLogger("bumble")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    root = logging.getLogger()
    if not root.handlers:  # else bumble's own logging.debug() would give it one that prints
        root.addHandler(logging.NullHandler())
