"""`trendel analyze DIR`: every recording of a folder, resumable, in several processes, with one tidy table over all."""

import hashlib
import signal
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from trendel.app.clip_tables import write_clip_tables
from trendel.app.collect import Collected, collect
from trendel.app.history import analyse
from trendel.app.options import AnalyzeOptions, Keep, read_recording
from trendel.app.outputs import default_folder, holds_result, make_folder, to_json, write_result
from trendel.app.progress import count_bar
from trendel.app.remember import is_kept, kernels_are_new, remember, renew_aloud
from trendel.app.screen import stderr_console, stdout_console
from trendel.app.versions import code_key
from trendel.app.warm import load_kernels
from trendel.errors import RecordingError, TrendelError


@dataclass(frozen=True)
class Job:
    """One recording and where its results go."""

    name: str  # path within the folder
    recording: Path
    folder: Path
    options: AnalyzeOptions
    base_key: str  # hash of what is common to all: options, parameters, code
    keep: Keep | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of a job: "done", "skipped" (already there) or "failed" with its reason."""

    name: str
    status: str
    reason: str = ""

    def line(self) -> str:
        return f"{self.name}: {self.status}" + (f", {self.reason}" if self.reason else "")


def analyze_folder(
    folder: Path, out: Path | None, options: AnalyzeOptions, keep: Keep | None = None, *, jobs: int, as_json: bool
) -> int:
    """Analyse all recordings in `folder`, and keep them in a journal; returns the exit code, 2 if any failed."""
    out = (out or default_folder(folder)).resolve()
    start = time.perf_counter()
    load_kernels()
    upgraded = keep is not None and kernels_are_new(keep.runner)
    todo = find_jobs(folder, out, options, keep)
    make_folder(out)
    if keep is not None and upgraded:
        renew_aloud(keep.runner)  # before the comparison with earlier runs
    outcomes: dict[str, Outcome] = {}
    try:
        with count_bar(f"analysing {folder.name or folder.resolve().name}", len(todo)) as tell:
            for outcome in _outcomes(todo, jobs):
                outcomes[outcome.name] = outcome
                tell(outcome.line())
    except KeyboardInterrupt:
        stderr_console().print(f"{len(outcomes)} of {len(todo)} recordings done; the same command goes on from here.")
        raise
    ordered = [outcomes[job.name] for job in todo]
    collected = collect(out, [(job.name, job.folder) for job in todo if outcomes[job.name].status != "failed"])
    failed = [outcome for outcome in ordered if outcome.status == "failed"]
    if as_json:
        print(to_json(_folder_summary(ordered, collected)), end="")
    else:
        console = stdout_console()
        if collected.rows:
            collected.show(console)
        done, skipped = (sum(o.status == status for o in ordered) for status in ("done", "skipped"))
        already = f", {skipped} already there" if skipped else ""
        console.print(
            f"{done} of {len(ordered)} recordings analysed{already}, {len(failed)} failed, "
            f"in {time.perf_counter() - start:.1f} s",
            markup=False,
        )
        console.print(f"written to {out}: {', '.join(collected.files)}", markup=False, soft_wrap=True)
    for outcome in failed:
        stderr_console().print(f"failed: {outcome.name}: {outcome.reason}", markup=False, soft_wrap=True)
    return 2 if failed else 0


def find_jobs(folder: Path, out: Path, options: AnalyzeOptions, keep: Keep | None = None) -> list[Job]:
    """One job for each recording under `folder`, results of earlier analyses left out.

    Raises RecordingError where there is none, ParameterError where the parameters of all cannot be read.
    """
    from trendel.recording import find_recordings

    recordings = [path for path in find_recordings(folder) if not _is_result(path, folder, out)]
    if not recordings:
        raise RecordingError(f"There is no recording in {folder}: a recording is a CSV file with a header.")
    base_key = f"{options.fingerprint()} {code_key()}"
    stems = [path.relative_to(folder).with_suffix("") for path in recordings]
    jobs = []
    for path, stem in zip(recordings, stems, strict=True):
        name = path.relative_to(folder)
        target = stem if stems.count(stem) == 1 else name  # a.csv and a.txt must not share a folder
        jobs.append(Job(name.as_posix(), path, out / target, options, base_key, keep))
    return jobs


def _is_result(path: Path, folder: Path, out: Path) -> bool:
    inside = path.relative_to(folder).parts[:-1]
    return path.resolve().is_relative_to(out) or any(part.endswith(".trendel") for part in inside)


def job_key(job: Job) -> str:
    """SHA-256 of everything the result depends on: the recording, its sidecar, options, parameters and code."""
    from trendel.recording.sidecar import sidecar_path

    digest = hashlib.sha256(job.base_key.encode())
    for path in (job.recording, sidecar_path(job.recording)):
        if path.is_file():
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def run_job(job: Job) -> Outcome:
    """Analyse one recording unless its result is there already. Never raises but for Ctrl-C."""
    try:
        key = job_key(job)
        there = holds_result(job.folder, key, signals=job.options.signals)
        if there and job.keep is None:
            return Outcome(job.name, "skipped")
        recording = read_recording(job.recording, job.options.read)
        if there and job.keep is not None and is_kept(recording, job.keep.runner):
            return Outcome(job.name, "skipped")
        result, options, said = analyse(recording, job.options, job.keep)
        write_clip_tables(job.recording, job.folder)  # first: the summary says that all is there
        write_result(job.folder, result, signals=job.options.signals, job_key=key)
        if job.keep is None:
            return Outcome(job.name, "done")
        said += remember(recording, result, job.keep.runner, job.keep.clip, raw_path=job.recording, options=options)
        return Outcome(job.name, "done", " ".join(said))
    except TrendelError as error:
        reason = str(error).removeprefix(f"{job.recording.name}: ").removeprefix(f"{job.recording}: ")
    except OSError as error:
        reason = f"{(error.strerror or str(error)).lower()} ({error.filename or job.recording})"
    except MemoryError:
        reason = "not enough memory"
    except Exception as error:  # one broken recording must not take the others with it
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}:{place.lineno}"
        reason = f"a defect in Trendel, please report it: {type(error).__name__}: {error} ({where})"
    return Outcome(job.name, "failed", reason)


def _outcomes(todo: list[Job], jobs: int) -> Iterator[Outcome]:
    """Outcomes as they come, from this process or from `jobs` others."""
    if min(jobs, len(todo)) <= 1:
        for job in todo:
            yield run_job(job)
        return
    pool = ProcessPoolExecutor(min(jobs, len(todo)), mp_context=get_context("spawn"), initializer=_ignore_interrupt)
    try:
        with _interrupt_ignored():  # submitting starts the workers, which inherit this
            waiting: dict[Future[Outcome], Job] = {pool.submit(run_job, job): job for job in todo}
        while waiting:
            finished, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in finished:
                job = waiting.pop(future)
                try:
                    yield future.result()
                except BrokenProcessPool:
                    yield Outcome(job.name, "failed", "its process was killed (out of memory?): use fewer --jobs")
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in list((getattr(pool, "_processes", None) or {}).values()):
            process.terminate()
        raise
    pool.shutdown()


def _ignore_interrupt() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then ends its workers


@contextmanager
def _interrupt_ignored() -> Iterator[None]:
    """Processes started in here ignore Ctrl-C from their first instruction, while they still import."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _folder_summary(outcomes: list[Outcome], collected: Collected) -> dict[str, object]:
    return {
        "recordings": [{"recording": o.name, "status": o.status, "reason": o.reason} for o in outcomes],
        "rows": collected.rows,
    }
