"""Descriptions of packets that other programs read: numpy dtypes as ROS 1 message definitions.

ROS 1 writes a message's fields one after the other, little-endian and without padding, as a packed struct does. So a
packet is its own ROS 1 message, and Foxglove and others show its fields without knowing trendel."""

from collections.abc import Mapping

import numpy as np

_TYPES = {
    "u1": "uint8", "i1": "int8", "u2": "uint16", "i2": "int16", "u4": "uint32", "i4": "int32",
    "u8": "uint64", "i8": "int64", "f4": "float32", "f8": "float64",
}  # fmt: skip
_RULE = "=" * 80


def definition(dtype: np.dtype[np.void], comment: str, meanings: Mapping[str, str]) -> str:
    """The message definition of a packed, little-endian structured `dtype`; nested structs become `trendel/Name`, after
    the field that holds them. Text (S) is an array of bytes. `comment` goes first, and what `meanings` says of
    a field behind it. Raises ValueError for what ROS 1 cannot say."""
    head = "".join(f"# {line}\n" for line in comment.splitlines())
    nested: dict[str, str] = {}
    body = _fields(dtype, nested, meanings)
    return head + body + "".join(f"{_RULE}\nMSG: trendel/{name}\n{text}" for name, text in nested.items())


def _fields(dtype: np.dtype[np.void], nested: dict[str, str], meanings: Mapping[str, str]) -> str:
    lines, end = [], 0
    for name in dtype.names or ():
        field, offset = dtype.fields[name][:2]  # type: ignore[index]
        if offset != end:
            raise ValueError(f"{name} is not packed")
        end += field.itemsize
        base, shape = field.subdtype or (field, ())
        count = int(np.prod(shape, dtype=int))
        if base.names is not None:
            kind = "".join(part.capitalize() for part in name.split("_"))
            nested[kind] = _fields(base, nested, meanings)
            kind = f"trendel/{kind}"
        elif base.kind == "S":
            kind, count, shape = "uint8", base.itemsize * count, (1,)
        else:
            kind = _TYPES[base.str[1:]]
        meaning = f"  # {meanings[name]}" if name in meanings else ""
        lines.append(f"{kind}[{count}] {name}{meaning}\n" if shape else f"{kind} {name}{meaning}\n")
    return "".join(lines)
