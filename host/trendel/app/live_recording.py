"""Recording of a live run: from its start, or begun and ended while it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trendel.app.bring_home import recovery_of
from trendel.app.follow import Run
from trendel.app.recorder import Recorder

if TYPE_CHECKING:
    from trendel.app.live import LiveRun


class Recording:
    """Begins and ends the recorder of a run. `last`: the session that was ended last."""

    def __init__(self, following: Run, run: LiveRun, about: Mapping[str, Any]) -> None:
        self._following, self._run, self._about = following, run, about
        self.last: Path | None = None

    @property
    def path(self) -> Path | None:
        """The session that is being written."""
        return self._run.recorder.path if self._run.recorder is not None else None

    def begin(self, path: Path | None = None) -> Path:
        """Record from now on, into `path` or a new file here, named by the time; raises SessionError."""
        if self._run.recorder is not None:
            return self._run.recorder.path
        recorder = Recorder(path or _free_name(), self._following.link.clock, self._about)
        recovery = recovery_of(self._following.link, recorder)
        self._following.begin_recording(recorder, recovery)
        self._run.recorder, self._run.recovery = recorder, recovery
        return recorder.path

    async def end(self, why: str) -> Path | None:
        """End the session that is being written, if there is one; raises SessionError where it cannot be saved."""
        recorder = self._run.recorder
        if recorder is None:
            return None
        self._run.recorder = self._run.recovery = None
        self._following.end_recording()
        self.last = (await asyncio.to_thread(recorder.close, why)).path
        return self.last


def _free_name() -> Path:
    stem = f"trendel-{datetime.now().astimezone():%Y%m%d-%H%M%S}"
    names = (Path(f"{stem}{k}.mcap") for k in ("", *(f"-{n}" for n in range(2, 100))))
    return next(name for name in names if not name.exists())
