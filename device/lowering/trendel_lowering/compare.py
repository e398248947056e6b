"""The first difference between two traces: which sample, which field, both values to the bit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from .homes import Trace


@dataclass(frozen=True)
class Difference:
    """One field of one sample in two homes; sample -1 is what init left."""

    home: str
    against: str
    sample: int
    path: str
    value: Any
    expected: Any

    def __str__(self) -> str:
        place = f"sample {self.sample}" if self.sample >= 0 else "the cold start"
        return (
            f"first difference at {place}: {self.path} is {shown(self.value)} on {self.home}, "
            f"{shown(self.expected)} on {self.against}"
        )


def shown(value: Any) -> str:
    """A 32-bit scalar in hexadecimal and decimal."""
    scalar = np.asarray(value)
    word = int.from_bytes(scalar.tobytes(), "little")
    decimal = f"{float(scalar):.9g}" if scalar.dtype.kind == "f" else str(int(scalar))
    return f"0x{word:0{2 * scalar.itemsize}x} ({decimal})"


def first_field(path: str, value: Any, expected: Any) -> tuple[str, Any, Any] | None:
    """Path and both values of the first scalar whose bits differ in two records or arrays of one dtype, or None."""
    for name, one, two in _leaves(path, np.asarray(value), np.asarray(expected)):
        if one.tobytes() != two.tobytes():
            return name, one[()], two[()]
    return None


def _leaves(path: str, one: np.ndarray, two: np.ndarray) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    if one.tobytes() == two.tobytes():
        return
    if one.ndim:
        for index in np.ndindex(one.shape):
            # Indices are written as in the kernels: rows[3, 1].
            yield from _leaves(f"{path}[{', '.join(map(str, index))}]", np.asarray(one[index]), np.asarray(two[index]))
    elif one.dtype.names:
        for name in one.dtype.names:
            yield from _leaves(f"{path}.{name}", np.asarray(one[name]), np.asarray(two[name]))
    else:
        yield path, one, two


def first_row(one: np.ndarray, two: np.ndarray) -> int | None:
    """Index of the first element whose bytes differ, or None; compared in blocks, so memory stays flat."""
    for start in range(0, len(one), 8192):
        a, b = (np.ascontiguousarray(x[start : start + 8192]) for x in (one, two))
        if a.tobytes() != b.tobytes():
            differ = (a.view(np.uint8).reshape(len(a), -1) != b.view(np.uint8).reshape(len(b), -1)).any(axis=1)
            return start + int(np.argmax(differ))
    return None


def first_difference(home: str, trace: Trace, against: str, reference: Trace) -> Difference | None:
    """The earliest difference of two traces of one job; state differences count at the sample they were shown after."""
    found: list[Difference] = []
    if trace.init_result != reference.init_result:
        values = np.int32(trace.init_result), np.int32(reference.init_result)
        found.append(Difference(home, against, -1, "result of init", *values))
    row = first_row(trace.flags, reference.flags)
    if row is not None:
        found.append(Difference(home, against, row, "flags", trace.flags[row], reference.flags[row]))
    row = first_row(trace.outs, reference.outs)
    if row is not None:
        field = first_field("out", trace.outs[row], reference.outs[row])
        found += [Difference(home, against, row, *field)] if field else []
    block = first_row(trace.states, reference.states)
    if block is not None:
        field = first_field("state", trace.states[block], reference.states[block])
        found += [Difference(home, against, trace.state_at(block) - 1, *field)] if field else []
    return min(found, key=lambda difference: difference.sample, default=None)
