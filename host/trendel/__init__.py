"""Trendel: strides, pelvic angles and their trend from one IMU at a runner's pelvis.

    import trendel
    rec = trendel.read("run.csv")
    res = trendel.analyze(rec)
    res.strides.to_pandas()
    with trendel.open("run.mcap") as session: ...

Names are loaded when first used, so that importing trendel costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trendel.analysis import Stream as Stream
    from trendel.analysis import analyze as analyze
    from trendel.analysis import orientation as orientation
    from trendel.errors import TrendelError as TrendelError
    from trendel.recording import Recording as Recording
    from trendel.recording import read as read
    from trendel.recording.session import SessionWriter as SessionWriter
    from trendel.recording.session import open_session as open

_HOME = {
    "read": "trendel.recording",
    "Recording": "trendel.recording",
    "analyze": "trendel.analysis",
    "Stream": "trendel.analysis",
    "orientation": "trendel.analysis",
    "TrendelError": "trendel.errors",
    "SessionWriter": "trendel.recording.session",
    "open": "trendel.recording.session",
}
_NAME = {"open": "open_session"}

__all__ = ["Recording", "SessionWriter", "Stream", "TrendelError", "analyze", "open", "orientation", "read"]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("trendel")
    if name in _HOME:
        value = getattr(import_module(_HOME[name]), _NAME.get(name, name))
        globals()[name] = value
        return value
    raise AttributeError(f"module 'trendel' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__, "__version__"])
