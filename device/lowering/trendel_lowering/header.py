"""The C header of the kernels' layout, written from the same table that the dtypes come from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np

from trendel.errors import LoweringError

_C_TYPES = {"f4": "float", "u4": "uint32_t", "i4": "int32_t"}

_HEAD = """\
/* Layout of the trendel kernels: written by `python -m trendel_lowering`, never by hand. C99, C11 or C++. */
#ifndef TRENDEL_LAYOUT_H
#define TRENDEL_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

#ifndef TRENDEL_ASSERT
#if defined(__cplusplus)
#define TRENDEL_ASSERT(truth, name) static_assert(truth, #name)
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define TRENDEL_ASSERT(truth, name) _Static_assert(truth, #name)
#else
#define TRENDEL_ASSERT(truth, name) typedef char trendel_assert_##name[(truth) ? 1 : -1]
#endif
#endif
"""

_TAIL = """\
#ifdef __cplusplus
extern "C" {
#endif

/* One sample; returns flags that say which rows of `out` are new. `out` is zeroed by the caller before each call. */
int32_t trendel_step(trendel_state_t *state, const trendel_params_t *params, const trendel_sample_t *sample,
                     trendel_out_t *out);

/* Cold start: fills the state for these parameters. */
int32_t trendel_init(trendel_state_t *state, const trendel_params_t *params);

#ifdef __cplusplus
}
#endif

#endif /* TRENDEL_LAYOUT_H */
"""


def header(layout: ModuleType, param_hashes: Mapping[int, int] | None = None) -> str:
    """The header's text; `param_hashes`: hash of the default parameters by output data rate (Hz).

    Raises LoweringError when the table and the dtypes disagree or a scalar is not of 4 bytes.
    """
    dtypes: dict[str, np.dtype[Any]] = layout.DTYPES
    parts = [_HEAD, _macros(layout, param_hashes or {})]
    for struct in layout.STRUCTS:
        dtype = dtypes[struct.name]
        check_layout(struct.name, dtype)
        if dtype.names != tuple(field.name for field in struct.fields):
            raise LoweringError(f"Layout: the fields of {struct.name} differ between STRUCTS and DTYPES.")
        parts.append(_struct(struct, dtype))
    return "\n".join([*parts, _TAIL])


def check_layout(name: str, dtype: np.dtype[Any]) -> None:
    """Raise LoweringError unless every scalar is 4 bytes and nothing is padded: C aligns it by itself then."""
    if dtype.names is None:
        return
    at = 0
    for field in dtype.names:
        kind, offset = dtype.fields[field][:2]  # type: ignore[index]
        base = kind.subdtype[0] if kind.subdtype else kind
        if hasattr(np.record, field):
            raise LoweringError(
                f"Layout: {name}.{field} is named like a numpy attribute, which hides it in plain Python."
            )
        if base.names is None and base.str[1:] not in _C_TYPES:
            raise LoweringError(f"Layout: {name}.{field} is {base}; the kernels' scalars are f4, u4 and i4.")
        if offset != at:
            raise LoweringError(f"Layout: {name}.{field} is at byte {offset} with padding before it (expected {at}).")
        check_layout(f"{name}.{field}", base)
        at += kind.itemsize
    if at != dtype.itemsize:
        raise LoweringError(f"Layout: {name} has {dtype.itemsize - at} bytes of padding at its end.")


def c_name(struct: str) -> str:
    """StepRow gives trendel_step_row_t."""
    return f"trendel_{re.sub(r'(?<=[a-z0-9])(?=[A-Z])', '_', struct).lower()}_t"


def _macros(layout: ModuleType, param_hashes: Mapping[int, int]) -> str:
    lines = [f"#define TRENDEL_LAYOUT_HASH 0x{layout.LAYOUT_HASH:08x}u"]
    lines += [f"#define TRENDEL_PARAM_HASH_{rate} 0x{value:08x}u" for rate, value in sorted(param_hashes.items())]
    # Flags and magics of the layout: every module constant in capitals that is a 32-bit integer.
    for name, value in sorted(vars(layout).items()):
        if name.isupper() and name != "LAYOUT_HASH" and isinstance(value, int | np.integer):
            whole = int(value)
            if not isinstance(value, bool) and -(2**31) <= whole < 2**32:
                lines.append(f"#define TRENDEL_{name} {f'0x{whole:08x}u' if whole > 9 else whole}")
    # Places in the arrays of metrics.
    names = enumerate(metric.name.upper() for metric in getattr(layout, "METRICS", ()))
    lines += [f"#define TRENDEL_METRIC_{name} {i}u" for i, name in names]
    return "\n".join(lines) + "\n"


def _struct(struct: Any, dtype: np.dtype[Any]) -> str:
    c_type = c_name(struct.name)
    lines = [f"/* {_comment(struct.doc)} */", "typedef struct {"]
    for field in struct.fields:
        kind = _C_TYPES.get(field.type) or c_name(field.type)
        dimensions = "".join(f"[{n}]" for n in field.shape)
        words = ", ".join(w for w in (_comment(field.unit), _comment(field.doc)) if w)
        lines.append(f"    {kind} {field.name}{dimensions};" + (f" /* {words} */" if words else ""))
    lines.append(f"}} {c_type};")
    stem = c_type.removeprefix("trendel_").removesuffix("_t")
    lines.append(f"TRENDEL_ASSERT(sizeof({c_type}) == {dtype.itemsize}, size_of_{stem});")
    for field in struct.fields:
        offset = dtype.fields[field.name][1]  # type: ignore[index]
        lines.append(f"TRENDEL_ASSERT(offsetof({c_type}, {field.name}) == {offset}, offset_of_{stem}_{field.name});")
    return "\n".join(lines) + "\n"


def _comment(text: str) -> str:
    return " ".join(str(text).replace("*/", "* /").split()).rstrip(".")
