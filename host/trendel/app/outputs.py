"""Result files, each written under a temporary name and then renamed: there is never half a file."""

import errno
import json
import math
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trendel.errors import TrendelError

if TYPE_CHECKING:
    from trendel.analysis import Result

SUMMARY = "summary.json"
TABLES = ("steps", "strides", "alerts", "waveforms")  # attributes of a Result, each a CSV file in its folder
JOB_KEY = "job_sha256"  # in summary.json: same content, options, parameters and code give the same key
FILE_BYTES = "file_bytes"  # in summary.json: the size of each table


class OutputError(TrendelError):
    """Results cannot be written where they should go."""


def default_folder(recording: Path) -> Path:
    """`RUN.trendel` beside `RUN.csv`; for a folder `DIR.trendel` beside it."""
    recording = recording.resolve()
    return recording.with_name((recording.name if recording.is_dir() else recording.stem) + ".trendel")


def make_folder(folder: Path) -> None:
    """Create `folder` and its parents; raises OutputError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _output_error(folder, error) from error


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then rename it to `path`; raises OutputError."""
    temporary = _temporary(path)
    try:
        write(temporary)
        temporary.replace(path)
    except OSError as error:
        raise _output_error(path, error) from error
    finally:
        _discard(temporary)


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.part")


def _discard(path: Path) -> None:
    with suppress(OSError):  # where it could not be made: the error that matters is on its way already
        path.unlink(missing_ok=True)


def write_text_atomically(path: Path, text: str) -> None:
    """The same for text, as UTF-8."""
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def write_result(folder: Path, result: "Result", *, signals: bool, job_key: str | None = None) -> list[Path]:
    """The tables as CSV, signals only if wanted, and summary.json, whose presence says that all are there.

    Everything is written before the first file is renamed, so a write that stops leaves the earlier results. An earlier
    result's signals.csv goes if this one has none. With `job_key`, summary.json also says which job this is and how
    many bytes each table has: :func:`holds_result` looks for them.
    """
    make_folder(folder)
    tables = {f"{name}.csv": getattr(result, name) for name in TABLES}
    if signals:
        tables["signals.csv"] = result.signals
    names = [*tables, SUMMARY]
    temporaries = {name: _temporary(folder / name) for name in names}
    summary, ours = folder / SUMMARY, (folder / SUMMARY).exists()
    renamed_n = 0
    name = SUMMARY
    try:
        for name, table in tables.items():
            table.to_csv(temporaries[name])
        about = dict(result.summary)
        if job_key is not None:
            about |= {JOB_KEY: job_key, FILE_BYTES: {key: temporaries[key].stat().st_size for key in tables}}
        name = SUMMARY
        temporaries[name].write_text(to_json(about), encoding="utf-8")
        for name in names:
            if name == SUMMARY and ours and not signals:
                (folder / "signals.csv").unlink(missing_ok=True)
            temporaries[name].replace(folder / name)
            renamed_n += 1
    except BaseException as error:
        if renamed_n:  # tables of two analyses must not look like one
            _discard(summary)
        if isinstance(error, OSError):
            raise _output_error(folder / name, error) from error
        raise
    finally:
        for temporary in temporaries.values():
            _discard(temporary)
    return [folder / name for name in names]


def holds_result(folder: Path, job_key: str, *, signals: bool) -> bool:
    """Whether the whole result of this job is in `folder`: its key and every table in full length."""
    try:
        about = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
        names = {f"{name}.csv" for name in TABLES} | ({"signals.csv"} if signals else set())
        return (
            isinstance(about, dict)
            and about.get(JOB_KEY) == job_key
            and about.get(FILE_BYTES) == {name: (folder / name).stat().st_size for name in names}
        )
    except (OSError, ValueError):
        return False


def to_json(value: Any) -> str:
    """Strict JSON: NaN and infinities become null, numpy scalars and arrays plain values."""
    return json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def plain(value: Any) -> Any:
    """`value` as plain numbers, text, lists and dicts that JSON knows; NaN and infinities become None."""
    if hasattr(value, "tolist"):  # numpy scalar or array
        value = value.tolist()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        return value.decode("ascii", "replace")
    if value is None or isinstance(value, str | int | bool):
        return value
    return str(value)


def _output_error(path: Path, error: OSError) -> OutputError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return OutputError(f"The disk is full: {path} was not written. Free some space or choose another --out.")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return OutputError(f"No permission to write {path}: choose another folder with --out.")
    if error.errno == errno.ENOTDIR:
        return OutputError(f"{path} cannot be made because a part of its path is a file, not a folder.")
    if error.errno in (errno.EEXIST, errno.EISDIR):
        return OutputError(f"{path} cannot be made because something else has that name: choose another --out.")
    return OutputError(f"{path} was not written: {(error.strerror or str(error)).lower()}.")
