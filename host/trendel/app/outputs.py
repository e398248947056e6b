"""Result files, each written under a temporary name and then renamed: there is never half a file."""

import errno
import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trendel.errors import TrendelError

if TYPE_CHECKING:
    from trendel.analysis import Result


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
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        write(temporary)
        temporary.replace(path)
    except OSError as error:
        raise _output_error(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def write_text_atomically(path: Path, text: str) -> None:
    """The same for text, as UTF-8."""
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def write_result(folder: Path, result: "Result", summary: dict[str, Any], *, signals: bool) -> list[Path]:
    """steps.csv, strides.csv, signals.csv if wanted, and last summary.json, whose presence says that all are there."""
    make_folder(folder)
    tables = {"steps.csv": result.steps, "strides.csv": result.strides}
    if signals:
        tables["signals.csv"] = result.signals
    (folder / "summary.json").unlink(missing_ok=True)
    written = []
    for name, table in tables.items():
        write_atomically(folder / name, table.to_csv)
        written.append(folder / name)
    write_text_atomically(folder / "summary.json", to_json(summary))
    written.append(folder / "summary.json")
    return written


def to_json(value: Any) -> str:
    """Strict JSON: NaN and infinities become null, numpy scalars and arrays plain values."""
    return json.dumps(_plain(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):  # numpy scalar or array
        value = value.tolist()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
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
    if error.errno in (errno.EEXIST, errno.ENOTDIR, errno.EISDIR):
        return OutputError(f"{path} cannot be made because something else has that name: choose another --out.")
    return OutputError(f"{path} was not written: {(error.strerror or str(error)).lower()}.")
