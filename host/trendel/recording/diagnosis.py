"""The slow look at a CSV file that the fast reader refused: which line and which column hold what is no number."""

import io
from collections.abc import Iterator, Mapping

from trendel.errors import RecordingError
from trendel.recording.header import Header, decode_line, split_cells

NULLS = ("", " ", "  ", "   ", "NaN", "nan", "NAN", "Nan", "-nan", "-NaN", "NA", "N/A", "n/a", "#N/A", "null", "NULL",
         "None", "none", "-1.#IND", "1.#QNAN")  # fmt: skip
"""Cells that mean 'no value here'."""


def data_lines(data: bytes | memoryview, header: Header) -> Iterator[tuple[int, str]]:
    """(line number from 1, text) of the lines with something on them in `data`, the file from its data offset on."""
    number = header.data_line - 1
    stream = io.TextIOWrapper(io.BytesIO(data), encoding="latin-1", newline=None)
    for number, line in enumerate(stream, header.data_line):
        text = decode_line(line.rstrip("\n").encode("latin-1"))
        if text:
            yield number, text


def text_in_numbers(data: bytes | memoryview, header: Header, used: Mapping[int, str]) -> RecordingError | None:
    """The error for the first cell of the columns `used` (index -> name) that is no number, or None."""
    for number, text in data_lines(data, header):
        cells = split_cells(text, header.delimiter)
        if len(cells) != len(header.names):
            continue
        for i, name in used.items():
            if cells[i] in NULLS or _is_float(cells[i], header.decimal):
                continue
            if [c.strip() for c in cells] == [n.strip() for n in header.names]:
                return RecordingError(
                    f"the header is repeated in line {number}: these look like several recordings in one file, "
                    "split them"
                )
            return RecordingError(
                f"line {number}, column {name!r} holds {cells[i][:40]!r}, which is not a number: "
                "correct it, or leave the cell empty to mark the value as missing"
            )
    return None


def line_of_row(data: bytes | memoryview, header: Header, row: int) -> int:
    """The line number (from 1) of the data row `row` (from 0)."""
    for i, (number, _) in enumerate(data_lines(data, header)):
        if i == row:
            return number
    return header.data_line + row


def _is_float(cell: str, decimal: str) -> bool:
    if "_" in cell or (decimal == "," and "." in cell):
        return False
    try:
        float(cell.replace(",", ".") if decimal == "," else cell)
    except ValueError:
        return False
    return True
