"""The start of a CSV file: its delimiter, its header line among preamble and comments, where its data begin."""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass

from trendel.errors import RecordingError
from trendel.recording.columns import ACC, Column, listed, parse_column, parse_mapping
from trendel.recording.units import find_unit
from trendel.recording.wording import column_option

HEAD_BYTES = 1 << 16
"""How much of a file is looked at to find its header. A header further down than this is not one."""
_MAX_PREAMBLE_LINES = 200
_DELIMITERS = (",", ";", "\t", "|")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?|[+-]?(nan|inf|infinity)", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")


@dataclass(frozen=True)
class Header:
    """Where and how the table starts: cell `names`, `delimiter`, `decimal` point, whether cells are `quoted`;
    `data_offset` is the byte, `data_line` the line (from 1) of the first data line; `first` are its cells."""

    names: tuple[str, ...]
    delimiter: str
    decimal: str
    quoted: bool
    data_offset: int
    data_line: int
    first: tuple[str, ...]


def split_cells(line: str, delimiter: str) -> list[str]:
    """The cells of one line, with quotes honoured; spaces around them removed."""
    if '"' not in line:
        return [cell.strip() for cell in line.split(delimiter)]
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]
    except csv.Error:
        return [cell.strip() for cell in line.split(delimiter)]


def decode_line(line: bytes) -> str:
    """One line as text: UTF-8, else Latin-1 (older Windows loggers write `m/s\\xb2`)."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")


def is_number(cell: str) -> bool:
    """Whether `cell` looks like a number, with either decimal sign."""
    return _NUMBER.fullmatch(cell) is not None


def find_header(head: bytes, mapping: Mapping[str, str | None] | None = None) -> Header:
    """Find the header in `head`, the first bytes of a file (without byte order mark).

    Raises RecordingError where there is none that names accelerometer columns, saying what is there instead."""
    mapped = {name for _, name in parse_mapping(mapping or {}).values() if name is not None}
    wants_acc = not any(q in ACC for q in parse_mapping(mapping or {}))
    lines = head.splitlines(keepends=True)
    texts = [decode_line(line).strip("\r\n") for line in lines[:_MAX_PREAMBLE_LINES]]
    offsets = [0]
    for line in lines:
        offsets.append(offsets[-1] + len(line))
    candidates: list[tuple[bool, int, str, list[str]]] = []
    for i, text in enumerate(texts):
        if any(fits for fits, *_ in candidates):
            break
        for delimiter in _DELIMITERS:
            cells = split_cells(text.lstrip("#% ") if text.startswith(("#", "%")) else text, delimiter)
            if len(cells) < 2 or not _is_header(cells, mapped, wants_acc):
                continue
            following = next((t for t in texts[i + 1 :] if t.strip()), "")
            fits = abs(len(split_cells(following, delimiter)) - len(cells)) <= 1
            candidates.append((fits, i, delimiter, cells))
    if not candidates:
        raise RecordingError(_why_no_header(texts, mapped))
    best = next((c for c in candidates if c[0]), candidates[0])
    _, i, delimiter, names = best
    data_i = _next_line(texts, i + 1)
    first = split_cells(texts[data_i], delimiter) if data_i < len(texts) else []
    if first and _is_unit_row(first, names):
        names = [f"{n} ({u})" if u and parse_unit_free(n) else n for n, u in zip(names, first, strict=False)]
        data_i = _next_line(texts, data_i + 1)
        first = split_cells(texts[data_i], delimiter) if data_i < len(texts) else []
    if len(first) == len(names) + 1 and first[-1] == "":
        names.append("")
    elif first and len(first) == len(names) - 1 and names[-1] == "":
        names.pop()
    sample = texts[data_i : data_i + 20]
    cells = [cell for text in sample for cell in split_cells(text, delimiter)]
    comma = delimiter != "," and any(_DECIMAL_COMMA.fullmatch(cell) for cell in cells)
    return Header(
        names=tuple(names),
        delimiter=delimiter,
        decimal="," if comma else ".",
        quoted=any('"' in text for text in (texts[i], *sample)),
        data_offset=offsets[data_i] if data_i < len(offsets) else offsets[-1],
        data_line=data_i + 1,
        first=tuple(first),
    )


def parse_unit_free(name: str) -> bool:
    """Whether the header cell `name` is a quantity that names no unit."""
    column = parse_column(name)
    return column is None or (column.unit is None and not column.unknown_unit)


def _next_line(texts: list[str], i: int) -> int:
    while i < len(texts) and (not texts[i].strip() or texts[i].startswith(("#", "%"))):
        i += 1
    return i


def _is_header(cells: list[str], mapped: set[str], wants_acc: bool) -> bool:
    if mapped and not wants_acc:
        return any(cell in mapped for cell in cells)
    columns = [parse_column(cell) for cell in cells]
    return any(column is not None and column.quantity in ACC for column in columns)


def _is_unit_row(first: list[str], names: list[str]) -> bool:
    """Some loggers (Shimmer) write the units in a line of their own under the names."""
    filled = [cell for cell in first if cell]
    if not filled or any(is_number(cell) for cell in filled):
        return False
    pairs = [(parse_column(n), find_unit(c.strip("()[]"))) for n, c in zip(names, first, strict=False)]
    matching = [u for c, u in pairs if c is not None and u is not None and u.kind == c.quantity[: len(u.kind)]]
    return len(matching) >= 3


def _why_no_header(texts: list[str], mapped: set[str]) -> str:
    """The sentence for a file without a usable header."""
    filled = [text for text in texts if text.strip() and not text.startswith(("#", "%"))] or texts
    by_delimiter = [max((split_cells(text, d) for d in _DELIMITERS), key=len) for text in filled]
    cells = next((c for c in by_delimiter if len(c) > 1), by_delimiter[0] if by_delimiter else [])
    if mapped:
        return f"has none of the columns that columns= (--column) names; its columns are {listed(cells)}"
    if len(cells) > 1 and all(is_number(cell) for cell in cells if cell):
        return (
            "has no header line: its first line is numbers already. "
            "Put one in front that names columns and units, such as t_s,acc_x_mps2,acc_y_mps2,acc_z_mps2"
        )
    columns: list[Column | None] = [parse_column(cell) for cell in cells]
    if any(column is not None and column.quantity == "linear" for column in columns):
        return (
            "holds linear acceleration only, from which gravity has been removed; "
            "export the accelerometer with gravity, which trendel needs to find up and down"
        )
    if len(cells) > 1:
        unknown = next((cell.strip() for cell in cells if cell.strip() and parse_column(cell) is None), "its name")
        return (
            f"has no accelerometer columns, so it is not a recording; its columns are {listed(cells)}. "
            f"If they are there under other names, say which, such as {column_option({'acc_x_g': unknown})}"
        )
    return "is no table with named columns; trendel reads CSV with a header: t_s,acc_x_mps2,acc_y_mps2,acc_z_mps2"
