"""A run as commands take it: a recording, a session, or the folder of results that `trendel analyze` wrote."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from trendel.app.options import AnalyzeOptions, read_recording, run_analysis
from trendel.app.progress import fraction_bar
from trendel.app.result_folder import is_result_folder, read_result
from trendel.app.warm import load_kernels
from trendel.errors import ParameterError
from trendel.recording.started import said_start

if TYPE_CHECKING:
    from trendel.analysis import Result


@dataclass(frozen=True, eq=False)
class RunSource:
    """A result and where it came from. `name`: of the recording, for people."""

    result: Result
    path: Path
    name: str

    def beside(self, ending: str) -> Path:
        """A path for something made of it: in a folder of results `run` with the ending, else beside the recording."""
        return self.path / f"run{ending}" if self.path.is_dir() else self.path.with_suffix(ending)

    @property
    def start_s(self) -> float:
        """Begin of the recording by its own clock."""
        segments = self.result.summary["segments"]
        return float(segments[0]["start_s"]) if segments else 0.0

    def began(self) -> tuple[datetime, bool]:
        """When the recording began, and whether it says so itself; otherwise its file's time less its length. Raises
        RecordingError where what it says is no time."""
        said = said_start(self.result.summary["metadata"], self.start_s, self.name)
        if said is not None:
            return said, True
        written = (self.path / "summary.json" if self.path.is_dir() else self.path).stat().st_mtime
        length = timedelta(seconds=float(self.result.summary["duration_s"]))
        return datetime.fromtimestamp(written, UTC) - length, False


def open_run(run: Path, options: AnalyzeOptions | None = None) -> RunSource:
    """Read a folder of results, or analyse a recording; raises TrendelError."""
    if run.is_dir():
        if not is_result_folder(run):
            raise ParameterError(
                f"{run} holds no result: give a recording, or the folder that `trendel analyze` wrote."
            )
        result = read_result(run)
        return RunSource(result, run, str(result.summary.get("source") or run.name))
    given = options or AnalyzeOptions()
    recording = read_recording(run, given.read)
    load_kernels()
    with fraction_bar(f"analysing {run.name}") as progress:
        return RunSource(run_analysis(recording, given, progress), run, run.name)
