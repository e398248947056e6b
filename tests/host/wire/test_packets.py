"""Packets: version 1 for ever, golden vectors, and bytes that nobody should trust."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.host.wire.golden import frozen, golden
from trendel.errors import WireError
from trendel.wire import layout as lt
from trendel.wire import packets as pk
from trendel.wire.packed import pack, unpack

GOLDEN = golden()
FROZEN = frozen()


def encode(fields: dict[str, Any]) -> bytes:
    """An entry's packet made again from its fields."""
    fields = dict(fields)
    if "samples" in fields:
        values = np.array(fields.pop("samples"), np.int16)
        samples = np.zeros(len(values), lt.IMU_SAMPLE)
        samples["acc"], samples["gyr"] = values[:, :3], values[:, 3:]
        return pk.encode_imu(samples, **fields)
    if "counters" in fields:
        return pk.encode_faults(fields.pop("counters"), **fields)
    return pk.encode_hello(**(fields | {"name": fields["name"].encode()}))


@pytest.mark.parametrize("entry", FROZEN["packets"][:5], ids=lambda entry: str(entry["name"]))
def test_version_1_is_frozen(entry: dict[str, Any]) -> None:
    raw = bytes.fromhex(entry["packet"])
    packet = pk.decode(raw)
    fields = entry["fields"]
    header = packet.fields if isinstance(packet, pk.Hello) else packet.header  # type: ignore[union-attr]
    for name in set(fields) - {"samples", "counters", "name"}:
        assert np.array_equal(header[name], fields[name]), name
    if isinstance(packet, pk.ImuBlock):
        assert np.column_stack((packet.samples["acc"], packet.samples["gyr"])).tolist() == fields["samples"]
    elif isinstance(packet, pk.Faults):
        assert packet.counters.tolist() == fields["counters"]
    else:
        assert isinstance(packet, pk.Hello) and packet.name == "Läufer" and packet.boot_n == 65_543
    # the layout hash of a hello changes with the records, the frame of the hello does not
    again = encode(fields | ({"layout_hash": int(header["layout_hash"])} if isinstance(packet, pk.Hello) else {}))
    assert again == raw


def test_frozen_structs_are_as_published() -> None:
    for name, rows in FROZEN["structs"].items():
        struct, dtype = lt.BY_NAME[name], lt.DTYPES[name]
        assert struct.frozen
        now = [[f.name, f.type, list(f.shape), dtype.fields[f.name][1]] for f in struct.fields]  # type: ignore[index]
        assert [*now, ["", "end", [], dtype.itemsize]] == rows
    assert {s.name for s in lt.STRUCTS if s.frozen} == set(FROZEN["structs"])
    assert list(lt.FAULTS[: len(FROZEN["faults"])]) == FROZEN["faults"]  # appended to, never changed
    assert [float(lt.ACC_SCALE_MPS2).hex(), float(lt.GYR_SCALE_RADPS).hex()] == FROZEN["scales"]


@pytest.mark.parametrize("struct", lt.STRUCTS, ids=lambda s: str(s.name))
def test_fields_are_aligned_and_fit_a_packet(struct: lt.Struct) -> None:
    dtype = lt.DTYPES[struct.name]
    for field in struct.fields:
        size = 1 if field.type[0] == "S" else np.dtype(field.type).itemsize
        assert dtype.fields[field.name][1] % min(size, 8) == 0, field.name  # type: ignore[index]
    assert dtype.itemsize % 4 == 0
    assert lt.IMU_HEADER.itemsize + lt.IMU_SAMPLES_MAX * lt.IMU_SAMPLE.itemsize <= lt.PACKET_MAX


def test_a_stride_record_is_at_most_16_bytes() -> None:
    assert lt.DTYPES["Stride"].itemsize <= 16


def test_physical_values_are_one_float32_product() -> None:
    block = pk.decode(bytes.fromhex(GOLDEN["imu full"]["packet"]))
    assert isinstance(block, pk.ImuBlock)
    acc, gyr = block.physical()
    assert acc.dtype == gyr.dtype == np.float32
    assert acc[0, 0] == np.float32(block.samples["acc"][0, 0]) * (lt.ACC_SCALE_MPS2 * np.float32(8))
    assert gyr[0, 2] == np.float32(block.samples["gyr"][0, 2]) * (lt.GYR_SCALE_RADPS * np.float32(16))
    assert block.times_us[1] - block.times_us[0] == pytest.approx(4807.692, abs=1e-3)


WIDTHS = {"u1": 8, "u2": 16, "u4": 32, "i1": 8}
HEADERS = st.fixed_dictionaries(
    {
        "boot": st.integers(0, 2**16 - 1),
        "sequence": st.integers(0, 2**32 - 1),
        "time_us": st.integers(0, 2**63 - 1),
        "dt_ns": st.integers(1, 2**32 - 1),
        "sample_i": st.integers(0, 2**32 - 1),
        "range_code": st.sampled_from([a | g << 4 for a in range(lt.ACC_CODES) for g in range(lt.GYR_CODES)]),
        "marks": st.integers(0, 15),
        "temperature_degc": st.integers(-128, 127),
    }
)


@settings(deadline=None)
@given(HEADERS, st.binary(min_size=12, max_size=216))
def test_any_block_comes_back(header: dict[str, int], body: bytes) -> None:
    samples = np.frombuffer(body[: len(body) // 12 * 12], lt.IMU_SAMPLE)
    raw = pk.encode_imu(samples, **header)
    block = pk.decode(raw)
    assert isinstance(block, pk.ImuBlock)
    assert {name: int(block.header[name]) for name in header} == header
    assert block.samples.tobytes() == samples.tobytes()
    # a single block is also a packed block, if it is not noise at full scale
    [again] = unpack(pk.decode(pack([block])))  # type: ignore[arg-type]
    assert (again.header.tobytes(), again.samples.tobytes()) == (block.header.tobytes(), block.samples.tobytes())


@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 12), st.integers(0, 3))
@example(b"", 0, 0)
def test_bytes_that_nobody_made(body: bytes, kind: int, version: int) -> None:
    try:
        packet = pk.decode(bytes([kind, version]) + body)
    except WireError:
        return
    if isinstance(packet, pk.PackedImu):
        try:
            unpack(packet)
        except WireError:
            return


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(sorted(GOLDEN)), st.data())
def test_packets_that_were_damaged(name: str, data: st.DataObject) -> None:
    raw = bytearray.fromhex(GOLDEN[name]["packet"])
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    raw = raw[: data.draw(st.integers(0, len(raw)))]
    try:
        packet = pk.decode(raw)
        if isinstance(packet, pk.PackedImu):
            unpack(packet)
    except WireError as error:
        assert str(error).endswith(".")


@pytest.mark.parametrize("n", [0, lt.IMU_SAMPLES_MAX + 1])
def test_blocks_that_cannot_be_are_not_made(n: int) -> None:
    with pytest.raises(WireError, match="samples"):
        pk.encode_imu(np.zeros(n, lt.IMU_SAMPLE), dt_ns=1)


def test_a_value_that_does_not_fit_is_refused() -> None:
    with pytest.raises(WireError, match="sequence"):
        pk.encode_imu(np.zeros(1, lt.IMU_SAMPLE), dt_ns=1, sequence=2**32)


def test_packed_blocks_come_back_to_the_byte() -> None:
    entry = GOLDEN["packed"]
    blocks = [pk.decode(bytes.fromhex(raw)) for raw in entry["fields"]["blocks"]]
    packed = pk.decode(bytes.fromhex(entry["packet"]))
    assert isinstance(packed, pk.PackedImu)
    out = unpack(packed)
    assert [b.header.tobytes() + b.samples.tobytes() for b in out] == [
        bytes.fromhex(raw) for raw in entry["fields"]["blocks"]
    ]
    assert pack(blocks) == packed.raw  # type: ignore[arg-type]
    with pytest.raises(WireError, match="follow"):
        pack([blocks[0], blocks[2]])  # type: ignore[list-item]
