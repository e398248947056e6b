"""Reading back what `trendel analyze` wrote: a folder of tables and summary.json as a Result."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from trendel.analysis import Result, Table
from trendel.analysis.dictionary import Column, dictionary
from trendel.app.outputs import SUMMARY, TABLES
from trendel.errors import TrendelError, reason


class ResultFolderError(TrendelError):
    """A folder holds no whole result."""


def is_result_folder(path: Path) -> bool:
    """Whether `trendel analyze` has written there."""
    return path.is_dir() and (path / SUMMARY).is_file() and (path / "steps.csv").is_file()


def read_result(folder: Path) -> Result:
    """The result in a folder; columns and tables that an earlier version did not write are unknown or empty.

    Raises ResultFolderError.
    """
    if not is_result_folder(folder):
        raise ResultFolderError(
            f"{folder} holds no result: give the folder that `trendel analyze` wrote, or a recording."
        )
    try:
        summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ResultFolderError(f"{folder / SUMMARY} cannot be read ({error}): run `trendel analyze` again.") from error
    needed = {"duration_s", "rate_hz", "metrics", "segments", "samples", "stability", "mounting", "notes", "versions"}
    if not isinstance(summary, dict) or not needed <= summary.keys():
        raise ResultFolderError(f"{folder / SUMMARY} is not from this version: run `trendel analyze` again.")
    tables = {name: _read(folder / f"{name}.csv", name) for name in (*TABLES, "signals")}
    return Result(**tables, summary=summary)


def _read(path: Path, name: str) -> Table:
    columns = dictionary()[name]
    units = {column.name: column.unit for column in columns if column.unit}
    if not path.is_file():
        return Table(np.empty(0, [(c.name, _kind(c)) for c in columns]), units)
    import pyarrow as pa
    import pyarrow.csv as pa_csv

    types = {"float64": pa.float64(), "int64": pa.int64(), "string": pa.string()}
    options = pa_csv.ConvertOptions(
        column_types={c.name: types[c.dtype] for c in columns}, strings_can_be_null=False, null_values=[""]
    )
    try:
        found = pa_csv.read_csv(path, convert_options=options)
    except OSError as error:
        raise ResultFolderError(f"{path} cannot be read: {reason(error)}.") from error
    except pa.ArrowException as error:
        raise ResultFolderError(f"{path} is not as `trendel analyze` wrote it ({error}).") from error
    values: dict[str, Any] = {}
    for column in columns:
        if column.name not in found.column_names:
            values[column.name] = np.full(found.num_rows, "" if column.dtype == "string" else np.nan)
        elif column.dtype == "string":
            values[column.name] = np.array(found[column.name].to_pylist(), dtype=str)
        else:
            values[column.name] = found[column.name].to_numpy()
    data = np.empty(found.num_rows, [(c, values[c].dtype) for c in values])
    for key, array in values.items():
        data[key] = array
    return Table(data, units)


def _kind(column: Column) -> str:
    return {"float64": "f8", "int64": "i8", "string": "U1"}[column.dtype]
