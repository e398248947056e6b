"""The C header of the packets: packed structs with asserts on size and offsets, constants, the layout packets."""

from __future__ import annotations

import zlib

import numpy as np

from trendel.wire import layout as lt
from trendel.wire import packed
from trendel.wire.records import own_layouts

from ..header import c_name

_C_TYPES = {
    "u1": "uint8_t",
    "i1": "int8_t",
    "u2": "uint16_t",
    "i2": "int16_t",
    "u4": "uint32_t",
    "i4": "int32_t",
    "u8": "uint64_t",
    "i8": "int64_t",
    "f4": "float",
}

_HEAD = """\
/* Packets of the wire and the log: written by `python -m trendel_lowering.wire`, never by hand. C99, C11 or C++. */
#ifndef TRENDEL_WIRE_H
#define TRENDEL_WIRE_H

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

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "packets are little-endian: this machine is not"
#endif
"""

# Module constants that C needs, by their name in trendel.wire.layout.
_CONSTANTS = (
    "VERSION",
    *(name for name in vars(lt) if name.startswith("KIND_")),
    "PACKET_MAX",
    "STORED_MAX",
    "IMU_SAMPLES_MAX",
    "RECORDS_MAX",
    "FAULTS_MAX",
    "CHECKPOINT_MAX",
    "PACKED_BLOCKS_MAX",
    "ACC_CODES",
    "GYR_CODES",
)


def header() -> str:
    """The header's text."""
    parts = [_HEAD, _constants(), _enums(), "#pragma pack(push, 1)\n"]
    parts += [struct_text(struct, lt.DTYPES[struct.name]) for struct in lt.STRUCTS]
    parts += ["#pragma pack(pop)\n", _layouts(), "#endif /* TRENDEL_WIRE_H */\n"]
    return "\n".join(parts)


def _constants() -> str:
    lines = [f"#define TRENDEL_{name} {getattr(lt, name)}u" for name in _CONSTANTS]
    lines += [f"#define TRENDEL_{name} {value}u /* {doc} */" for name, value, doc in lt.IMU_MARKS]
    lines.append(f"#define TRENDEL_RECORDS_HASH 0x{lt.LAYOUT_HASH:08x}u")
    lines.append(
        f"#define TRENDEL_ACC_SCALE_MPS2 {_c_float(float(lt.ACC_SCALE_MPS2))} /* of a count at range code 0 */"
    )
    lines.append(
        f"#define TRENDEL_GYR_SCALE_RADPS {_c_float(float(lt.GYR_SCALE_RADPS))} /* of a count at range code 0 */"
    )
    lines.append(f"#define TRENDEL_PACK_MEAN_START {packed.MEAN_START}u")
    lines.append(f"#define TRENDEL_PACK_TIME_K {packed.TIME_K}u")
    lines.append(f"#define TRENDEL_PACK_ESCAPE {packed.ESCAPE}u")
    lines.append(f"#define TRENDEL_PACK_ESCAPE_BITS {packed.ESCAPE_BITS}u")
    rows = ", ".join("{" + ", ".join(map(str, row)) + "}" for row in packed.PREDICTORS)
    lines.append(f"#define TRENDEL_PACK_PREDICTORS_N {len(packed.PREDICTORS)}u")
    lines.append(f"#define TRENDEL_PACK_PREDICTORS {{{rows}}} /* 1/32 */")
    for struct in lt.RECORDS:
        stem = f"TRENDEL_{struct.name.upper()}"
        scaled = [field for field in struct.fields if field.per_unit]
        lines += [f"#define {stem}_{field.name.upper()}_PER_UNIT {field.per_unit:.1f}f" for field in scaled]
    return "\n".join(lines) + "\n"


def _c_float(value: float) -> str:
    """A float32 in hexadecimal: the same bits in every compiler."""
    return f"{value.hex()}f"


def _enums() -> str:
    parts = []
    for stem, names in (("FAULT", lt.FAULTS), ("RESET", lt.RESETS), ("EVENT", lt.EVENTS), ("STATE", lt.STATES)):
        members = "".join(f"    TRENDEL_{stem}_{name.upper()} = {i},\n" for i, name in enumerate(names))
        parts.append(f"enum {{\n{members}    TRENDEL_{stem}S_N = {len(names)}\n}};\n")
    return "\n".join(parts)


def struct_text(struct: lt.Struct, dtype: np.dtype[np.void]) -> str:
    """A packed C struct with asserts on its size and offsets."""
    c_type = c_name(struct.name)
    stem = c_type.removeprefix("trendel_").removesuffix("_t")
    lines = [f"/* {struct.doc}{' Frozen as version 1.' if struct.frozen else ''} */", "typedef struct {"]
    for field in struct.fields:
        shape = (int(field.type[1:]),) if field.type[0] == "S" else field.shape
        kind = "char" if field.type[0] == "S" else _C_TYPES[field.type]
        dimensions = "".join(f"[{n}]" for n in shape)
        lines.append(f"    {kind} {field.name}{dimensions}; /* {field.doc}{_scale(field)} */")
    lines.append(f"}} {c_type};")
    lines.append(f"TRENDEL_ASSERT(sizeof({c_type}) == {dtype.itemsize}, wire_size_of_{stem});")
    for field in struct.fields:
        at = dtype.fields[field.name][1]  # type: ignore[index]
        lines.append(f"TRENDEL_ASSERT(offsetof({c_type}, {field.name}) == {at}, wire_offset_of_{stem}_{field.name});")
    return "\n".join(lines) + "\n"


def _scale(field: lt.Field) -> str:
    return f"; raw / {field.per_unit:g}" if field.per_unit else ""


def _layouts() -> str:
    """The layout packets that follow the hello, each after its length in a byte, as an initialiser."""
    packets = own_layouts()
    flat = b"".join(bytes([len(packet)]) + packet for packet in packets)
    rows = [", ".join(f"0x{byte:02x}" for byte in flat[at : at + 16]) for at in range(0, len(flat), 16)]
    body = ", \\\n    ".join(rows)
    return (
        f"/* Layout packets, each after a byte with its length; boot is to be filled in. */\n"
        f"#define TRENDEL_LAYOUT_PACKETS_N {len(packets)}u\n"
        f"#define TRENDEL_LAYOUT_PACKETS_CRC 0x{zlib.crc32(flat):08x}u\n"
        f"#define TRENDEL_LAYOUT_PACKETS {{ \\\n    {body} }}\n"
    )
