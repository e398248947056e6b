"""Recordings: reading other people's CSV, checking it, writing it back.

Importing this stays light (numpy only); pyarrow is imported when a file is read or written."""

from trendel.recording.folder import find_recordings
from trendel.recording.reader import read
from trendel.recording.recording import (
    FLAG_GAP_BEFORE,
    FLAG_INVALID,
    FLAG_SATURATED,
    ReadCounts,
    Recording,
)
from trendel.recording.writer import write_recording

__all__ = [
    "FLAG_GAP_BEFORE",
    "FLAG_INVALID",
    "FLAG_SATURATED",
    "ReadCounts",
    "Recording",
    "find_recordings",
    "read",
    "write_recording",
]
