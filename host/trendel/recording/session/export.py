"""A session's parts as files that other programs read."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from trendel.errors import RecordingError, SessionError
from trendel.recording.columns import ACC, GYR
from trendel.recording.reader import read
from trendel.recording.recording import Recording
from trendel.recording.session.as_recording import read_session
from trendel.recording.session.reader import SessionReader
from trendel.recording.session.rewrite import rewrite
from trendel.recording.session.samples import Samples
from trendel.recording.writer import write_recording

FORMATS = (".csv", ".parquet", ".mcap")


def export(
    path: str | os.PathLike[str], out: str | os.PathLike[str], *, topic: str | None = None, overwrite: bool = False
) -> Path:
    """Write of the session `path` into `out`: its samples, or the JSON messages on `topic`, as .csv or .parquet by the
    name; or as .mcap all of it, with a message for each packet instead of blocks, for Foxglove and others.

    Raises SessionError where `out` exists already (unless `overwrite`), has another ending or cannot be written, and
    RecordingError where the session cannot be read."""
    source, target = Path(path), Path(out)
    form = target.suffix.lower()
    if form not in FORMATS:
        raise SessionError(f"{target.name}: give a name that ends with one of {', '.join(FORMATS)}.")
    if target.exists() and (not overwrite or target.samefile(source)):
        raise SessionError(f"{target.name}: exists already: choose another name, or pass overwrite=True (--overwrite).")
    if form == ".mcap":
        if topic is not None:
            raise SessionError(f"{target.name}: an .mcap is written whole: leave the channel out, or write a .csv.")
        target.unlink(missing_ok=True)
        rewrite(source, target, packed=False)
    elif topic is not None:
        _write_table(_messages(source, topic), target)
    elif form == ".csv":
        write_recording(read(source), target, overwrite=overwrite)
    else:
        recording, samples = read_session(source)
        _write_table(_with_utc(_samples(recording), samples), target)
    return target


def _samples(recording: Recording) -> Any:
    import pyarrow as pa

    valid = recording.valid
    columns = {"t_s": pa.array(recording.t_s)}
    for names, values, unit in ((ACC, recording.acc_mps2, "mps2"), (GYR, recording.gyr_radps, "radps")):
        if values is not None:
            for i, name in enumerate(names):
                columns[f"{name}_{unit}"] = pa.array(np.ascontiguousarray(values[:, i]), mask=~valid)
    columns["flags"] = pa.array(recording.flags)
    about = {**recording.metadata, "rate_hz": recording.rate_hz, "frame": recording.frame}
    return pa.table(columns).replace_schema_metadata({"trendel": json.dumps(about)})


def _with_utc(table: Any, samples: Samples) -> Any:
    """With utc_ns (since 1970) and utc_sd_ms of each sample, where the clip's clock is known beside the host's; null
    for starts of the clip of which it is not."""
    import pyarrow as pa

    utc = samples.utc()
    if utc is None:
        return table
    t_s = table["t_s"].to_numpy()
    known = np.isfinite(utc[1])
    samples_s = (samples.time_ns - samples.time_ns[0]) * 1e-9
    own_s = samples_s[known]
    since_s = np.interp(t_s, own_s, (utc[0][known] - utc[0][known][0]) * 1e-9)  # bridged samples lie between others
    sd_ns = np.interp(t_s, own_s, utc[1][known])
    unknown = ~known[np.clip(np.searchsorted(samples_s, t_s), 0, len(known) - 1)]
    utc_ns = utc[0][known][0] + np.rint(since_s * 1e9).astype(np.int64)
    table = table.append_column("utc_ns", pa.array(utc_ns, mask=unknown))
    return table.append_column("utc_sd_ms", pa.array(sd_ns * 1e-6, mask=unknown))


def _messages(source: Path, topic: str) -> Any:
    import pyarrow as pa

    with SessionReader(source) as session:
        rows = [{"host_time_ns": message.time_ns} | message.content for message in session.messages(topic)]
        if not rows:
            there = sorted({message.topic for message in session.messages()})
            raise RecordingError(f"{source.name}: has no messages on {topic}: it has {', '.join(there) or 'none'}.")
    names = list(dict.fromkeys(name for row in rows for name in row))
    return pa.table({name: _column([row.get(name) for row in rows]) for name in names})


def _column(values: list[Any]) -> Any:
    """Numbers, or texts, or whatever it is as JSON."""
    import pyarrow as pa

    if all(value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)) for value in values):
        try:
            if all(value is None or isinstance(value, int) for value in values):
                return pa.array(values, pa.int64())
            return pa.array([None if value is None else float(value) for value in values], pa.float64())
        except (OverflowError, pa.ArrowInvalid):
            pass
    plain = [value if value is None or isinstance(value, str) else json.dumps(value) for value in values]
    return pa.array(plain, pa.string())


def _write_table(table: Any, target: Path) -> None:
    import pyarrow.csv as pc
    import pyarrow.parquet as pq

    try:
        if target.suffix.lower() == ".csv":
            pc.write_csv(table, target)
        else:
            pq.write_table(table, target, compression="zstd")
    except OSError as error:
        raise SessionError(f"{target}: cannot be written: {error.strerror or error}.") from None
