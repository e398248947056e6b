"""What comes from the table of settings, and what the clip has built in of the kernels: C headers, tables, a page."""

from __future__ import annotations

from collections.abc import Iterable

from trendel.wire import settings as st

from ..artifacts import parameter_hashes
from ..header import header as layout_text
from ..package import KernelPackage
from .header import struct_text
from .page import struct_table

_HEAD = """\
/* Settings and files of a clip: written by `python -m trendel_lowering.wire`, never by hand. docs/settings.md */
#ifndef TRENDEL_SETTINGS_H
#define TRENDEL_SETTINGS_H

#include "trendel_wire.h"

"""

_PAGE = """\
# Settings of a clip

Written by `python -m trendel_lowering.wire` from `host/trendel/wire/settings.py`, the only definition.

Values are packed and little-endian. They are read, written and deleted under these keys, through MCUmgr's settings
group (over BLE or USB); the clip keeps them over reboots. A value begins with its version and ends with the CRC-32
(IEEE 802.3) of the bytes before it; the two commands are bare. `encode_setting`, `decode_setting` and `encode_params`
make and read them.

A write is checked before anything is kept. What the clip answers, by number from 0: {results}. A refused write
changes nothing and is counted (`writes_refused`). `version`: newer or older than the clip's firmware knows; no version
but 1 has been given out, so there is none to migrate from yet. A stored value that cannot be used at boot (torn, or
of another version after an update) is left where it is, counted (`settings_unusable`), and the default used.

What concerns the kernels (`baseline`, `mounting`, `thresholds`, `calibration`, `params`, `rate_hz`, `range_code`) holds
from the next start of sampling on, which is at once while the clip is at rest: a run in progress is never changed.

## The kernels' parameters

The firmware has a table of parameters for each output data rate ({rates} Hz), computed by the host in float64 and
rounded once (`device/core/src/default_params.c`). `trendel/params` replaces it for one rate, as bytes; a record of
another layout is refused, so a table outlives no update of the kernels. Into a copy of it the clip puts
`baseline`, `mounting` and `thresholds`, field by field, and gives the result its hash: the CRC-32 of the record while
its first sixteen bytes are zero. The host does the same, so equal settings are equal bytes and equal hashes
(`kernel_params`; tests/device/core/test_settings.py).

## Calibration

Blocks carry raw counts always. Where `trendel/calibration` is set the clip's own kernels see calibrated values, and the
hello names the calibration by its CRC; `trendel.wire.settings.calibrate` gives the same bits on the host. In float32,
each operation rounded, for each row m: (m0 (x - bx) + m1 (y - by)) + m2 (z - bz).

## Keys

| key | value | |
|---|---|---|
"""


def kernel_layout() -> str:
    """The kernels' C header, as lowering writes it too: device/core is compiled without lowering anything."""
    package = KernelPackage.find()
    return layout_text(package.load("layout"), parameter_hashes(package))


def default_params() -> str:
    """C source: the kernels' parameters for each output data rate, as words; most are the same at all rates."""
    import numpy as np

    from trendel.analysis.kernel_params import Setup, kernel_params
    from trendel.analysis.parameters import Parameters

    rows = [kernel_params(Parameters(), Setup(rate_hz=rate)).view(np.ndarray).view("<u4") for rate in st.RATES_HZ]
    words = np.stack(rows).reshape(len(rows), -1)
    differ = np.flatnonzero((words != words[0]).any(axis=0))
    runs = np.split(differ, np.flatnonzero(np.diff(differ) > 1) + 1)
    changed = ",\n".join(f"    {{\n        {_words(row[differ], 8)}}}" for row in words[1:])
    return _DEFAULTS.format(
        rates=", ".join(map(str, st.RATES_HZ)),
        base=_words(words[0], 4),
        runs_n=len(runs),
        runs=", ".join(f"{{{run[0]}, {len(run)}}}" for run in runs),
        changed_n=len(differ),
        changed=changed,
    )


def _words(words: Iterable[int], indent: int) -> str:
    texts = [f"0x{int(word):x}u" for word in words]
    rows = [", ".join(texts[at : at + 10]) for at in range(0, len(texts), 10)]
    return f",\n{' ' * indent}".join(rows)


_DEFAULTS = """/* Default parameters by rate: written by `python -m trendel_lowering.wire`, never by hand. */
#include <string.h>

#include "clip_parts.h"

const uint16_t clip_default_rates[TRENDEL_RATES_N] = {{{rates}}};

/* Words of the first rate; runs of them (first, number) in which others differ; those words of the others. */
static const uint32_t base[sizeof(trendel_params_t) / 4u] = {{
    {base}}};
static const uint16_t runs[{runs_n}][2] = {{{runs}}};
static const uint32_t changed[TRENDEL_RATES_N - 1u][{changed_n}] = {{
{changed}}};

void clip_default_params(trendel_params_t *params, uint32_t rate_hz) {{
    uint32_t rate = 0;
    while (rate < TRENDEL_RATES_N && clip_default_rates[rate] != rate_hz)
        rate++;
    if (rate == TRENDEL_RATES_N)
        return;
    memcpy(params, base, sizeof base);
    if (rate == 0u)
        return;
    const uint32_t *from = changed[rate - 1u];
    for (uint32_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {{
        memcpy((uint8_t *)params + 4u * runs[i][0], from, 4u * runs[i][1]);
        from += runs[i][1];
    }}
}}
"""


def settings_header() -> str:
    """The C header of settings and files."""
    lines = [f"#define TRENDEL_SETTING_MAX {st.SETTING_MAX}u", f"#define TRENDEL_ERASE_WORD {st.ERASE_WORD:#x}u"]
    lines += [f"#define TRENDEL_RATES_N {len(st.RATES_HZ)}u"]
    lines += [f"#define TRENDEL_{name}_BYTES {st.DTYPES[struct].itemsize}u" for name, struct in _SIZES] + ["", "enum {"]
    lines += [f"    TRENDEL_KEY_{_c(key.name)} = {i}," for i, key in enumerate(st.KEYS)]
    lines += [f"    TRENDEL_KEYS_N = {len(st.KEYS)}", "};", "", "enum {"]
    lines += [f"    TRENDEL_MODE_{_c(name)} = {i}," for i, name in enumerate(st.MODES)]
    lines += [f"    TRENDEL_MODES_N = {len(st.MODES)}", "};", "", "/* What a write is answered with. */", "enum {"]
    lines += [f"    TRENDEL_SETTING_{_c(name)} = {i}," for i, name in enumerate(st.RESULTS)]
    lines += [f"    TRENDEL_SETTING_RESULTS_N = {len(st.RESULTS)}", "};", ""]
    lines += ["/* Name after `trendel/`, version, bytes (0: they vary), kept, may be read. */"]
    lines += ["#define TRENDEL_KEYS { \\"]
    for key in st.KEYS:
        size = 0 if key.name == "params" else st.DTYPES[key.struct].itemsize
        truth = ", ".join("true" if flag else "false" for flag in (key.stored, key.readable))
        lines.append(f'    {{"{key.name}", {key.version}u, {size}u, {truth}}}, \\')
    lines += ["    }", "", "#pragma pack(push, 1)", ""]
    structs = [struct_text(struct, st.DTYPES[struct.name]) for struct in st.STRUCTS]
    return _HEAD + "\n".join([*lines, *structs, "#pragma pack(pop)\n", "#endif /* TRENDEL_SETTINGS_H */\n"])


_SIZES = (("LOG_SECTORS_HEADER", "LogSectorsHeader"), ("LOG_SECTOR_ROW", "LogSectorRow"))


def _c(name: str) -> str:
    return name.upper().replace("/", "_")


def settings_page() -> str:
    """docs/settings.md."""
    parts = [_PAGE.format(results=", ".join(st.RESULTS), rates=", ".join(map(str, st.RATES_HZ)))]
    for key in st.KEYS:
        kinds = [text for text, on in (("not kept", not key.stored), ("write only", not key.readable)) if on]
        parts.append(f"| trendel/{key.name} | {key.struct} | {', '.join(kinds)} |\n")
    parts += [struct_table(struct, st.DTYPES[struct.name]) for struct in st.STRUCTS]
    return "".join(parts)


def settings_vectors() -> str:
    """Golden values: JSON of name, fields and bytes."""
    import json

    entries = [
        {"key": key, "fields": fields, "value": st.encode_setting(key, **fields).hex()} for key, fields in EXAMPLES
    ]
    record = bytes(range(64))
    entries.append({"key": "params", "fields": {"rate_hz": 208, "record": record.hex()},
                    "value": st.encode_params(record, 208).hex()})  # fmt: skip
    return json.dumps(entries, indent=1) + "\n"


_TURN = [0.0, 1.0, 0.0, -1.0, 0.0, 0.0, 0.0, 0.0, 1.0]
EXAMPLES: tuple[tuple[str, dict[str, object]], ...] = (
    ("name", {"name": "clip 7"}),
    ("baseline", {"prior_rad": [0.0625, 0.09375], "prior_n": 4.5}),
    ("mounting", {"has_standing": 1, "axes": _TURN, "lean_rad": 0.0}),
    ("thresholds", {"silent": 1, "notice_rad": 0.015625, "warning_rad": 0.03125, "stop_rad": 0.0625, "rest_s": 300.0}),
    ("calibration", {"acc_matrix": [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0], "acc_bias": [0.25, -0.125, 0.5],
                     "gyr_matrix": [1.0, 0.03125, 0.0, 0.0, 0.9375, 0.0, -0.0625, 0.0, 1.0],
                     "gyr_bias": [0.0078125, 0.0, -0.015625]}),
    ("mode", {"mode": 1}),
    ("rate_hz", {"rate_hz": 416}),
    ("range_code", {"range_code": 0x43}),
    ("rsc", {"on": 1}),
    ("log/release", {"sequence": 77}),
    ("log/erase", {"word": st.ERASE_WORD}),
)  # fmt: skip
"""Values of every kind; numbers that binary fractions hold exactly."""
