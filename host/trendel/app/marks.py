"""How `trendel mark` in one terminal reaches a recording in another: a folder for each recording that is running.

A mark is a file of its own, renamed into place whole, so that neither side waits for the other or reads half."""

import contextlib
import json
import os
import shutil
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trendel.errors import SessionError, reason

FOLDER_VARIABLE = "TRENDEL_RUNNING"
_ABOUT = "recording.json"
_STALE_S = 10.0  # a recording touches its folder each second


def running_folder() -> Path:
    """Where recordings that are running are listed."""
    import platformdirs

    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named) if named else Path(platformdirs.user_state_path("trendel", appauthor=False)) / "running"


@dataclass(frozen=True)
class Mark:
    """A marker: `label`, free text, `pain` of 0 to 10 or None, and how long ago it was set."""

    label: str
    note: str = ""
    pain: int | None = None
    age_s: float = 0.0


class MarkBox:
    """The recording's side: open while it runs. Where the folder cannot be made, `trouble` says so."""

    def __init__(self, path: Path) -> None:
        """`path`: the session file."""
        self.trouble: str | None = None
        self._folder = running_folder() / uuid.uuid4().hex
        try:
            self._folder.mkdir(parents=True)
            _write(self._folder / _ABOUT, {"path": str(path.absolute()), "pid": os.getpid()})
        except OSError as error:
            self.trouble = f"`trendel mark` cannot reach this recording ({reason(error)}); keys can."

    def take(self) -> list[Mark]:
        """Marks that were set since the last call, oldest first."""
        found = []
        with contextlib.suppress(OSError):
            os.utime(self._folder / _ABOUT)
            for path in sorted(self._folder.glob("*.mark")):
                content = _read(path)
                path.unlink()
                if content is not None:
                    found.append(_mark(content))
        return found

    def close(self) -> None:
        """The recording has ended."""
        shutil.rmtree(self._folder, ignore_errors=True)


def send_mark(mark: Mark, session: Path | None) -> Path:
    """Set a mark in the recording of `session`, or in the only one that is running; which one that is.

    Raises SessionError where there is none, or several and none is named."""
    running = {Path(content["path"]): folder for folder, content in _running()}
    if session is not None:
        running = {path: folder for path, folder in running.items() if path == session.absolute()}
    if not running:
        what = f"{session.name} is not being recorded" if session is not None else "No recording is running"
        raise SessionError(f"{what} on this computer: start `trendel record` first.")
    if len(running) > 1:
        names = ", ".join(sorted(str(path) for path in running))
        raise SessionError(f"Several recordings are running ({names}): name one with --session.")
    ((path, folder),) = running.items()
    content = {"label": mark.label, "note": mark.note, "pain": mark.pain, "sent_s": time.time() - mark.age_s}
    try:
        _write(folder / f"{time.time_ns():020d}-{os.getpid()}.mark", content)
    except OSError as error:
        raise SessionError(f"{path.name}: the mark could not be set ({reason(error)}).") from None
    return path


def _running() -> list[tuple[Path, dict[str, Any]]]:
    """Folders of recordings that are running; those of killed ones are removed."""
    found = []
    for about in sorted(running_folder().glob(f"*/{_ABOUT}")):
        try:
            age_s = time.time() - about.stat().st_mtime
        except OSError:
            continue
        content = _read(about)
        if age_s > _STALE_S:
            shutil.rmtree(about.parent, ignore_errors=True)
        elif content is not None and isinstance(content.get("path"), str):
            found.append((about.parent, content))
    return found


def _mark(content: dict[str, Any]) -> Mark:
    pain, sent_s = content.get("pain"), content.get("sent_s")
    age_s = time.time() - sent_s if isinstance(sent_s, (int, float)) else 0.0
    return Mark(
        str(content.get("label", ""))[:200],
        str(content.get("note", ""))[:2000],
        pain if isinstance(pain, int) and 0 <= pain <= 10 else None,
        min(max(0.0, age_s), _STALE_S),
    )


def _write(path: Path, content: dict[str, Any]) -> None:
    whole = path.with_suffix(".part")
    whole.write_text(json.dumps(content), encoding="utf-8")
    whole.replace(path)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
