"""Reading a CSV file into columns of float64, fast, with what was wrong in it counted."""

import codecs
import mmap
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from trendel.errors import RecordingError
from trendel.recording.diagnosis import NULLS, data_lines, line_of_row, text_in_numbers
from trendel.recording.header import HEAD_BYTES, Header, decode_line, is_number, split_cells

_BOM = b"\xef\xbb\xbf"
_CONTAINERS = (
    (b"PK\x03\x04", "a zip or Excel file"),
    (b"\x1f\x8b", "a gzip file"),
    (b"PAR1", "a Parquet file"),
    (b"\x89MCAP", "an MCAP file"),
    (b"\x89HDF", "an HDF5 file"),
    (b"MATLAB", "a MATLAB file"),
    (b"\x93NUMPY", "a NumPy file"),
)
_CONTROL = bytes([*range(9), *range(14, 32), 127])
MAX_BAD_FRACTION = 0.01
"""Lines with the wrong number of fields are counted and left out up to this share; beyond, the file is refused."""
FEW = 3
"""That many bad lines are let pass in short files too."""


@dataclass
class Table:
    """What was read. `columns`: index in the header -> (n,) float64, NaN where the cell is empty. `refused_rows`:
    (k,) int64, the positions (counted with them, from 0) of the data lines left out before the end of the file;
    `cut`: whether the last line was left out because it is incomplete."""

    columns: dict[int, np.ndarray]
    rows_n: int
    refused_rows: np.ndarray
    cut: bool = False
    notes: list[str] = field(default_factory=list)


@contextmanager
def opened(path: Path) -> Iterator[mmap.mmap]:
    """The file's bytes, memory mapped. Raises RecordingError for what cannot be a text file."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise RecordingError("is a folder, not a recording: name one file, or analyse the folder as a whole")
        if not stat.S_ISREG(mode):
            raise RecordingError("is not a regular file: trendel reads recordings from files")
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size == 0:
                raise RecordingError("is empty: nothing was recorded, or the copy failed")
            # Not closed by hand: Arrow may still hold a view when an error is on its way; it goes with the last one.
            yield mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except FileNotFoundError:
        raise RecordingError("does not exist: check the path") from None
    except PermissionError:
        raise RecordingError("may not be read: its permissions forbid it") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise RecordingError(f"cannot be read: {reason}") from None


def text_span(data: mmap.mmap) -> tuple[int, int, list[str]]:
    """(start, end, notes): the bytes of `data` that are text, without byte order mark and zero bytes at the end.

    Raises RecordingError for binary files."""
    head = data[:HEAD_BYTES]
    for magic, name in _CONTAINERS:
        if head.startswith(magic):
            raise RecordingError(f"is {name}, not text: export it as CSV first")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise RecordingError("is UTF-16 text: save it as CSV in UTF-8")
    start = len(_BOM) if head.startswith(_BOM) else 0
    end, notes = len(data), []
    if data[end - 1] == 0:
        while end > start and data[end - 1] == 0:
            block = data[max(start, end - HEAD_BYTES) : end]
            end -= len(block) - len(block.rstrip(b"\0"))
        notes.append(f"{len(data) - end} zero bytes at the end ignored: the file was not closed properly.")
    zero = data.find(b"\0", start, end)
    control = len(head[start:end]) - len(head[start:end].translate(None, _CONTROL))
    if end == start == len(data):
        raise RecordingError("is empty but for a byte order mark: nothing was recorded")
    if end == start or 0 <= zero < HEAD_BYTES or control > 0.01 * len(head):
        raise RecordingError("is a binary file, not text: trendel reads CSV")
    if zero >= 0:
        line = data[:zero].count(b"\n") + 1
        raise RecordingError(f"holds zero bytes in line {line}: the file is damaged there; cut it or repair it")
    if end - start <= HEAD_BYTES and not data[start:end].strip():
        raise RecordingError("is empty but for blank lines: nothing was recorded")
    return start, end, notes


def read_table(data: mmap.mmap, end: int, header: Header, used: dict[int, str], date_i: int | None = None) -> Table:
    """Read the columns `used` (index -> name) of the lines of `data` from `header.data_offset` to `end`; the column
    `date_i` holds ISO 8601 dates, read as seconds since 1970.

    Raises RecordingError for text in numbers (with line and column), too many malformed lines, and no lines at all."""
    import pyarrow as pa
    import pyarrow.csv as pc

    start = header.data_offset
    kept_end, cut_note = _without_cut_line(data, start, end, header)
    table = Table({}, 0, np.empty(0, np.int64), cut=kept_end < end)
    if cut_note:
        table.notes.append(cut_note)
    if kept_end <= start or not data[start : min(kept_end, start + HEAD_BYTES)].strip():
        raise RecordingError("has a header but no samples below it: nothing was recorded")
    buffer = pa.py_buffer(data).slice(start, kept_end - start)
    bad: list[tuple[int, int]] = []

    def refuse(row: Any) -> str:
        bad.append((row.number - 1, row.actual_columns))
        return "skip"

    names = [f"c{i}" for i in range(len(header.names))]
    types = {names[i]: pa.float64() for i in used}
    if date_i is not None:
        zoned = header.first[date_i].endswith("Z") or "+" in header.first[date_i]
        types[names[date_i]] = pa.timestamp("ns", "UTC" if zoned else None)
    try:
        read = pc.read_csv(
            pa.BufferReader(buffer),
            # One thread: the row number of a bad line is known only so, and the work is 50 ms for 10 minutes.
            read_options=pc.ReadOptions(
                use_threads=False,
                column_names=names,
                block_size=1 << 22,
                encoding="utf8" if _is_utf8(data, start, kept_end) else "latin-1",
            ),
            parse_options=pc.ParseOptions(
                delimiter=header.delimiter,
                quote_char='"' if header.quoted else False,
                invalid_row_handler=refuse,
            ),
            convert_options=pc.ConvertOptions(
                include_columns=list(types),
                column_types=types,
                null_values=list(NULLS),
                decimal_point=header.decimal,
            ),
        )
    except pa.ArrowInvalid as error:
        text = data[start:kept_end]
        numbers = {i: name for i, name in used.items() if i != date_i}
        raise text_in_numbers(text, header, numbers) or RecordingError(
            f"cannot be read as CSV: {str(error).splitlines()[0][:200]}"
        ) from None
    finally:
        del buffer
    table.rows_n = read.num_rows
    _check_bad_lines(bad, table, header, lambda: data[start:kept_end])
    table.refused_rows = np.array([row for row, _ in bad], np.int64)
    for i in used:
        table.columns[i] = _numbers(read.column(names[i]), dated=i == date_i)
    return table


def _is_utf8(data: mmap.mmap, start: int, end: int) -> bool:
    """Whether the bytes are UTF-8; Arrow loses count of malformed lines that are not in the encoding it was told."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for place in range(start, end, 1 << 20):
            decoder.decode(data[place : min(end, place + (1 << 20))])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _numbers(column: Any, dated: bool) -> np.ndarray:
    """(n,) float64 of an Arrow column of float64, or of nanoseconds since 1970 (`dated`: as s); NaN for no value.

    By its buffers: Arrow's own to_numpy imports pandas where that is installed, which costs more than the reading."""
    out = np.empty(len(column))
    place = 0
    for chunk in column.chunks:
        n, first = len(chunk), chunk.offset
        part = out[place : place + n]
        valid, values = chunk.buffers()
        if dated:
            ns = np.frombuffer(values, np.int64)[first : first + n]
            # Whole seconds apart, since float64 does not hold nanoseconds since 1970.
            part[:] = ns // 1_000_000_000 + (ns % 1_000_000_000) * 1e-9
        else:
            part[:] = np.frombuffer(values, np.float64)[first : first + n]
        if chunk.null_count:
            bits = np.unpackbits(np.frombuffer(valid, np.uint8), bitorder="little")[first : first + n]
            part[bits == 0] = np.nan
        place += n
    return out


def _check_bad_lines(bad: list[tuple[int, int]], table: Table, header: Header, text: Callable[[], bytes]) -> None:
    if header.quoted:
        lines_n = sum(1 for _ in data_lines(text(), header))
        if lines_n != table.rows_n + len(bad):
            raise RecordingError("has quotes that do not close, so that lines run together: remove the quotes")
    if bad:
        row, fields_n = bad[0]
        line = line_of_row(text(), header, row)
        where = f"line {line} has {fields_n} fields where the header has {len(header.names)}"
        if len(bad) > table.rows_n or len(bad) > max(FEW, MAX_BAD_FRACTION * table.rows_n):
            comma = fields_n > len(header.names) and header.delimiter == ","
            hint = "if its decimal sign is a comma, use another delimiter" if comma else "repair or export it again"
            raise RecordingError(
                f"has {len(bad)} malformed lines among {table.rows_n + len(bad)}; the first: {where}; {hint}"
            )
        table.notes.append(f"{_plural(len(bad), 'malformed line')} refused; the first: {where}.")
    if table.rows_n == 0:
        raise RecordingError("has a header but no complete line of samples below it: nothing was recorded")


def _without_cut_line(data: mmap.mmap, start: int, end: int, header: Header) -> tuple[int, str]:
    """(end, note) without a last line that was cut while being written; a complete last line stays."""
    tail = data[max(start, end - HEAD_BYTES) : end]
    if not tail or tail.endswith((b"\n", b"\r")):
        return end, ""
    lines = tail.splitlines(keepends=True)
    last = split_cells(decode_line(lines[-1]), header.delimiter)
    before = [split_cells(decode_line(line).strip("\r\n"), header.delimiter) for line in lines[-6:-1]]
    before = [cells for cells in before if len(cells) == len(header.names)]
    if not _is_cut(last, before, len(header.names), header.decimal):
        return end, ""
    return end - len(lines[-1]), "The last line is cut in the middle; it was refused and the rest is used."


def _is_cut(last: list[str], before: list[list[str]], fields_n: int, decimal: str) -> bool:
    if len(last) != fields_n:
        return True
    ends = [cells[-1] for cells in before]
    if not last[-1]:
        return bool(ends) and all(ends)
    if not is_number(last[-1]):
        return bool(ends) and all(is_number(cell) for cell in ends)
    # A number cut short is still a number: a writer with fixed decimals tells it.
    decimals = {len(cell.partition(decimal)[2]) for cell in ends if is_number(cell)}
    return len(decimals) == 1 and len(last[-1].partition(decimal)[2]) < decimals.pop()


def _plural(n: int, noun: str) -> str:
    return f"{n} {noun}" + ("" if n == 1 else "s")
