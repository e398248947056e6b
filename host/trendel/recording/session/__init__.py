"""Session files: recording one while it happens, reading it whole or in part, making a torn one whole.

    from trendel.recording.session import SessionWriter, open_session

Importing this stays light; mcap and zstandard are imported with the first name that is used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trendel.recording.session.reader import SessionReader as SessionReader
    from trendel.recording.session.reader import open_session as open_session
    from trendel.recording.session.writer import SessionWriter as SessionWriter

_HOME = {"SessionReader": "reader", "open_session": "reader", "SessionWriter": "writer"}

__all__ = ["SessionReader", "SessionWriter", "open_session"]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
