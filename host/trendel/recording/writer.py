"""Writing a Recording back as CSV with units in the header and a JSON sidecar, so that reading gives it again."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from trendel.errors import RecordingError
from trendel.recording.columns import ACC, GYR
from trendel.recording.recording import Recording
from trendel.recording.sidecar import sidecar_path

_READ_OPTIONS = ("acc_unit", "gyr_unit", "time_unit", "columns")
"""Sidecar entries that told how to read the first file; the written one needs none of them."""


def write_recording(recording: Recording, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Write `recording` as the CSV file `path` and its JSON sidecar; returns the path of the CSV.

    Columns are t_s, acc_*_mps2, gyr_*_radps, without axes that are missing; invalid samples are empty cells. Numbers
    are the shortest that read back to the same bits. Read again, valid samples, stamps, invalid flags and gaps are the
    same; saturation is found again; counts and notes are those of the new reading.
    Raises RecordingError where the file exists already (unless `overwrite`) or cannot be written."""
    import pyarrow as pa
    import pyarrow.csv as pc

    file = Path(path)
    if file.suffix == ".json":
        raise RecordingError(f"{file.name}: a recording is written as CSV: choose a name that ends with .csv")
    sidecar = sidecar_path(file)
    taken = [p.name for p in (file, sidecar) if p.exists()]
    if taken and not overwrite:
        raise RecordingError(f"{taken[0]}: exists already: choose another name, or pass overwrite=True")
    valid = recording.valid
    columns: dict[str, Any] = {"t_s": pa.array(recording.t_s)}
    for names, values, unit in ((ACC, recording.acc_mps2, "mps2"), (GYR, recording.gyr_radps, "radps")):
        if values is None:
            continue
        for i, name in enumerate(names):
            if name not in recording.missing:
                columns[f"{name}_{unit}"] = pa.array(np.ascontiguousarray(values[:, i]), mask=~valid)
    metadata = {k: v for k, v in recording.metadata.items() if k not in _READ_OPTIONS}
    metadata |= {"rate_hz": recording.rate_hz, "frame": recording.frame}
    try:
        text = json.dumps(metadata, indent=1, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise RecordingError(f"{sidecar.name}: the metadata cannot be written as JSON: {error}") from None
    try:
        with file.open("wb") as stream:
            # Arrow quotes the header whatever it is told.
            stream.write((",".join(columns) + "\n").encode())
            pc.write_csv(pa.table(columns), stream, pc.WriteOptions(include_header=False, quoting_style="none"))
        sidecar.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise RecordingError(f"{file.name}: cannot be written: {error.strerror or error}") from None
    return file
