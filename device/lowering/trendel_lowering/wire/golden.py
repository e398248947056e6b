"""Golden vectors: packets with the fields they are made of, for the tests of C and Python alike."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from trendel.wire import layout as lt
from trendel.wire.framing import frame
from trendel.wire.packed import pack
from trendel.wire.packets import (
    ImuBlock,
    decode,
    encode_checkpoint,
    encode_faults,
    encode_hello,
    encode_imu,
    encode_records,
)
from trendel.wire.records import own_layouts

_DT_NS = 4_807_692


def vectors() -> str:
    """The JSON text: a list of packets with name, fields, and bytes in hexadecimal, bare and framed for USB."""
    entries = [*_imu(), _hello(), _faults(), *_records(), _packed()]
    entries += [_entry(f"layout {i}", {}, packet) for i, packet in enumerate(own_layouts(boot=7))]
    state = bytes(range(256)) * 5
    header = {"boot": 7, "sample_i": 1234, "layout_hash": 0x11223344, "param_hash": 0x55667788}
    for i, part in enumerate(encode_checkpoint(state, **header)):
        entries.append(_entry(f"checkpoint {i}", header | {"state": state.hex(), "part": i}, part))
    return json.dumps(entries, indent=1) + "\n"


def _entry(name: str, fields: dict[str, Any], packet: bytes) -> dict[str, Any]:
    return {"name": name, "fields": fields, "packet": packet.hex(), "framed": frame(packet).hex()}


def signal(first_i: int, n: int) -> np.ndarray[Any, np.dtype[np.int16]]:
    """(n, 6) int16: a running-like signal from integer arithmetic alone, with both ends of the range in it."""
    i = np.arange(first_i, first_i + n)
    columns = [((i * i * (k + 3) + 97 * k * i) % 1999) * (k + 1) - 999 * (k + 1) + (i % 3) for k in range(6)]
    values = np.column_stack(columns)
    values[i % 50 == 7, 0] = 32767
    values[i % 50 == 8, 5] = -32768
    return values.astype(np.int16)


def _samples(first_i: int, n: int) -> np.ndarray[Any, np.dtype[np.void]]:
    values = signal(first_i, n)
    samples = np.zeros(n, lt.IMU_SAMPLE)
    samples["acc"], samples["gyr"] = values[:, :3], values[:, 3:]
    return samples


def _imu() -> list[dict[str, Any]]:
    entries = []
    for name, n, extra in (
        ("imu full", lt.IMU_SAMPLES_MAX, {}),
        ("imu one sample", 1, {"marks": lt.IMU_GAP | lt.IMU_TIME_ESTIMATED, "temperature_degc": -128}),
        ("imu late", 5, {"sequence": 0xFFFFFFFF, "time_us": 0x0123456789ABCDEF, "sample_i": 0xFFFFFFF0, "dt_ns": 1}),
    ):
        fields = {
            "boot": 7,
            "sequence": 3,
            "time_us": 5_000_000_123,
            "dt_ns": _DT_NS,
            "sample_i": 54,
            "range_code": 0x43,
            "marks": 0,
            "temperature_degc": 31,
        } | extra
        packet = encode_imu(_samples(fields["sample_i"] % 1000, n), **fields)
        values = signal(fields["sample_i"] % 1000, n).tolist()
        entries.append(_entry(name, fields | {"samples": values}, packet))
    return entries


def _hello() -> dict[str, Any]:
    fields = {
        "boot": 7,
        "boot_n": 65_543,
        "serial": 0x00C0FFEE_0BADF00D,
        "time_us": 12_345_678,
        "firmware": [0, 1, 2, 1],
        "firmware_hash": 0xDEADBEEF,
        "hardware": 1,
        "sensor": 0x6A,
        "kernel_layout_hash": 0x01020304,
        "kernel_hash": 0x05060708,
        "param_hash": 0x090A0B0C,
        "calibration_hash": 0,
        "rate_mhz": 208_000,
        "log_bytes": 2 << 20,
        "layout_n": len(own_layouts()),
        "range_code": 0x43,
        "name": "Läufer",
    }
    return _entry("hello", fields, encode_hello(**(fields | {"name": "Läufer".encode()})))


def _faults() -> dict[str, Any]:
    counters = [i * 1000 + 1 for i in range(len(lt.FAULTS))]
    fields = {"boot": 7, "reset_reason": 3, "time_us": 99}
    return _entry("faults", fields | {"counters": counters}, encode_faults(counters, **fields))


def _records() -> list[dict[str, Any]]:
    entries = []
    for struct in lt.RECORDS:
        dtype = lt.DTYPES[struct.name]
        records = np.zeros(3, dtype)
        for j, field in enumerate(struct.fields):
            limits = np.iinfo(field.type)
            records[field.name] = [j + 1, limits.min, limits.max]
        rows = [[int(value) for value in record] for record in records.tolist()]
        fields = {"boot": 7, "sequence": 41}
        packet = encode_records(struct.kind, records, **fields)
        entries.append(_entry(f"records {struct.name}", fields | {"kind": struct.kind, "rows": rows}, packet))
    return entries


def _packed() -> dict[str, Any]:
    blocks, time_us = [], 5_000_000_123
    for i in range(6):
        header = {
            "boot": 7,
            "sequence": 0xFFFFFFFE + i & 0xFFFFFFFF,
            "time_us": time_us,
            "dt_ns": _DT_NS + (5 if i > 2 else 0),
            "sample_i": 18 * i,
            "range_code": 0x43,
            "marks": int(i == 4),
            "temperature_degc": 31 - (i > 3),
        }
        block = decode(encode_imu(_samples(18 * i, 18), **header))
        assert isinstance(block, ImuBlock)
        blocks.append(block)
        time_us += 86_538 + (i * i * 7) % 11 - 5
    raws = [block.header.tobytes() + block.samples.tobytes() for block in blocks]
    return _entry("packed", {"blocks": [raw.hex() for raw in raws]}, pack(blocks))
