"""What C makes is what Python's decoder reads: golden vectors, awkward chunks, packing to the byte."""

from __future__ import annotations

import zlib
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.device.core.rig import core, samples_of
from tests.host.wire.golden import golden
from trendel.errors import WireError
from trendel.wire import layout as lt
from trendel.wire.framing import SerialFramer, frame
from trendel.wire.packed import PREDICTORS, pack, unpack
from trendel.wire.packets import ImuBlock, PackedImu, RecordBlock, decode, encode_imu
from trendel.wire.records import own_layout, own_layouts
from trendel_core import Core

GOLDEN = golden()


@pytest.fixture(scope="module")
def c() -> Core:
    return core()


def c_frame(c: Core, packet: bytes) -> bytes:
    out = c.ffi.new("uint8_t[]", 2 * lt.STORED_MAX)
    return bytes(c.ffi.buffer(out, c.lib.trendel_frame(packet, len(packet), out, len(out))))


@pytest.mark.parametrize("struct", lt.STRUCTS, ids=lambda s: str(s.name))
def test_structs_are_as_large_as_dtypes(c: Core, struct: lt.Struct) -> None:
    from trendel_lowering.header import c_name

    assert c.ffi.sizeof(c_name(struct.name)) == lt.DTYPES[struct.name].itemsize


@pytest.mark.parametrize("entry", GOLDEN.values(), ids=lambda entry: str(entry["name"]))
def test_golden_frames(c: Core, entry: dict[str, Any]) -> None:
    assert c_frame(c, bytes.fromhex(entry["packet"])).hex() == entry["framed"]


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=lt.STORED_MAX))
def test_frames_of_any_bytes(packet: bytes) -> None:
    assert c_frame(core(), packet) == frame(packet)


@settings(deadline=None)
@given(st.sampled_from([253, 254, 255, 508, 509]), st.integers(0, 5), st.integers(1, 255))
def test_long_runs_without_a_zero(n: int, zeros: int, byte: int) -> None:
    packet = bytes([byte]) * n + bytes(zeros) + bytes([byte]) * (n // 2)
    assert c_frame(core(), packet) == frame(packet)


def test_a_frame_that_does_not_fit_is_not_begun(c: Core) -> None:
    out = c.ffi.new("uint8_t[]", b"\xaa" * 64)
    assert c.lib.trendel_frame(b"x" * 60, 60, out, 64) == 0
    assert c.lib.trendel_frame(b"", 0, out, 64) == 0
    assert bytes(c.ffi.buffer(out, 64)) == b"\xaa" * 64


def test_crc_is_the_usual_one(c: Core) -> None:
    data = bytes(range(256)) * 3
    assert c.lib.trendel_crc32(0, data, len(data)) == zlib.crc32(data)
    assert c.lib.trendel_crc32(c.lib.trendel_crc32(0, data, 100), data[100:], 668) == zlib.crc32(data)


def packetise(c: Core, fields: dict[str, Any]) -> bytes:
    p = c.ffi.new("trendel_packetiser_t *")
    c.lib.trendel_packetiser_init(p, fields["boot"], fields["range_code"], len(fields["samples"]))
    p.sequence, p.sample_i = fields["sequence"], fields["sample_i"]
    samples = c.ffi.from_buffer("trendel_imu_sample_t *", samples_of(np.array(fields["samples"])))
    n = 0
    for i in range(len(fields["samples"])):
        assert n == 0
        n = c.lib.trendel_packetiser_add(
            p, samples + i, fields["time_us"], fields["dt_ns"], fields["marks"], fields["temperature_degc"]
        )
    return bytes(c.ffi.buffer(c.ffi.addressof(p, "block"), n))


@pytest.mark.parametrize("name", ["imu full", "imu one sample", "imu late"])
def test_golden_blocks(c: Core, name: str) -> None:
    made = bytearray(packetise(c, GOLDEN[name]["fields"]))
    if name == "imu full":  # the vector has values at both ends of the range, which the packetiser marks
        assert made[26] == lt.IMU_SATURATED
        made[26] = 0
    assert made.hex() == GOLDEN[name]["packet"]


def test_layout_packets(c: Core) -> None:
    out = c.ffi.new("uint8_t[]", lt.PACKET_MAX)
    made = []
    while n := c.lib.trendel_layout_packet(len(made), 0x10007, out):
        made.append(bytes(c.ffi.buffer(out, n)))
    assert made == own_layouts(boot=7)


def test_hello_says_what_the_header_was_made_from(c: Core) -> None:
    hello = c.ffi.new("trendel_hello_t *")
    c.lib.trendel_hello_init(hello, 65_543)
    packet = decode(bytes(c.ffi.buffer(hello)))
    expected = {"boot": 7, "boot_n": 65_543, "layout_hash": lt.LAYOUT_HASH, "layout_n": len(own_layouts())}
    assert {name: packet.fields[name] for name in expected} == expected  # type: ignore[union-attr]
    assert packet.fields["acc_scale_mps2"] == lt.ACC_SCALE_MPS2  # type: ignore[union-attr]
    assert packet.fields["gyr_scale_radps"] == lt.GYR_SCALE_RADPS  # type: ignore[union-attr]


def test_a_gap_is_marked_and_counted(c: Core) -> None:
    p = c.ffi.new("trendel_packetiser_t *")
    c.lib.trendel_packetiser_init(p, 1, 0x43, 5)
    sample = c.ffi.new("trendel_imu_sample_t *")
    assert c.lib.trendel_packetiser_flush(p) == 0
    assert c.lib.trendel_packetiser_add(p, sample, 0, 5_000_000, 0, 0) == 0
    n = c.lib.trendel_packetiser_flush(p)
    first = decode(bytes(c.ffi.buffer(c.ffi.addressof(p, "block"), n)))
    c.lib.trendel_packetiser_gap(p, 7)
    for _ in range(5):
        n = c.lib.trendel_packetiser_add(p, sample, 99, 5_000_000, 0, 0)
    second = decode(bytes(c.ffi.buffer(c.ffi.addressof(p, "block"), n)))
    assert isinstance(first, ImuBlock) and isinstance(second, ImuBlock)
    assert (len(first.samples), first.header["marks"]) == (1, 0)
    assert (second.header["sample_i"], second.header["marks"], second.header["sequence"]) == (8, lt.IMU_GAP, 1)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 120), st.integers(1, 18), st.lists(st.integers(0, 60000), max_size=30), st.integers(0, 2**32))
def test_c_to_python_in_awkward_chunks(n: int, fill: int, cuts: list[int], seed: int) -> None:
    c = core()
    values = np.random.default_rng(seed).integers(-32768, 32768, (n, 6))
    p = c.ffi.new("trendel_packetiser_t *")
    c.lib.trendel_packetiser_init(p, 3, 0x43, fill)
    samples = c.ffi.from_buffer("trendel_imu_sample_t *", samples_of(values))
    stream = b""
    for i in range(n):
        size = c.lib.trendel_packetiser_add(p, samples + i, 5000 * i, 5_000_000, 0, 20)
        if i == n - 1 and not size:
            size = c.lib.trendel_packetiser_flush(p)
        if size:
            stream += c_frame(c, bytes(c.ffi.buffer(c.ffi.addressof(p, "block"), size)))
    framer = SerialFramer()
    edges = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    blocks = [r.packet for a, b in pairwise(edges) for r in framer.feed(stream[a:b])]
    got = np.concatenate([np.column_stack((b.samples["acc"], b.samples["gyr"])) for b in blocks])  # type: ignore[union-attr]
    assert np.array_equal(got, values)
    assert framer.counts.errors_n == 0


def c_pack(c: Core, raws: list[bytes], capacity: int = lt.STORED_MAX) -> bytes:
    blocks = c.ffi.new("trendel_imu_block_t[]", len(raws))
    for i, raw in enumerate(raws):
        c.ffi.memmove(blocks + i, raw, len(raw))
    out = c.ffi.new("uint8_t[]", capacity + 16)
    n = c.lib.trendel_pack(blocks, len(raws), out, capacity)
    assert n <= capacity and bytes(c.ffi.buffer(out, capacity + 16))[capacity:] == bytes(16)
    return bytes(c.ffi.buffer(out, n))


def test_predictors_keep_a_constant() -> None:
    assert all(sum(row) == 32 for row in PREDICTORS)


def test_golden_packed(c: Core) -> None:
    entry = GOLDEN["packed"]
    assert c_pack(c, [bytes.fromhex(raw) for raw in entry["fields"]["blocks"]]).hex() == entry["packet"]


@st.composite
def block_rows(draw: st.DrawFn) -> list[bytes]:
    """Blocks that mostly follow each other, of signals from silence to noise at full scale."""
    n, per_block = draw(st.integers(1, lt.PACKED_BLOCKS_MAX)), draw(st.integers(1, lt.IMU_SAMPLES_MAX))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    size = draw(st.sampled_from([0, 1, 30, 1000, 40000]))
    walk = np.cumsum(rng.integers(-size, size + 1, (n * per_block, 6)), axis=0)
    values = np.clip(walk if draw(st.booleans()) else np.diff(walk, axis=0, prepend=0), -32768, 32767)
    sequence, time_us = draw(st.sampled_from([0, 2**32 - 3])), draw(st.sampled_from([0, 10**9, 2**62]))
    raws, dt_ns, marks, temperature = [], draw(st.sampled_from([1, 1_200_480, 4_807_692])), 0, 20
    for i in range(n):
        if draw(st.integers(0, 9)) == 0:
            dt_ns = max(1, dt_ns + draw(st.sampled_from([-32768, -1, 1, 32767])))
            marks, temperature = draw(st.integers(0, 15)), draw(st.integers(-128, 127))
        header = {"sequence": (sequence + i) % 2**32, "sample_i": (i * per_block + 2**32 - 20) % 2**32}
        header |= {"dt_ns": dt_ns, "marks": marks, "temperature_degc": temperature, "range_code": 0x43, "boot": 9}
        part = samples_of(values[i * per_block : (i + 1) * per_block])
        raws.append(encode_imu(part, time_us=time_us, **header))
        time_us += (per_block * dt_ns + 500) // 1000 + draw(st.sampled_from([0, 0, 0, 3, 400, 65535]))
    return raws


@settings(max_examples=60, deadline=None)
@given(block_rows())
def test_packing_is_the_twins_and_comes_back(raws: list[bytes]) -> None:
    blocks = [decode(raw) for raw in raws]
    made = c_pack(core(), raws)
    try:
        expected = pack(blocks)  # type: ignore[arg-type]
    except WireError:
        assert made == b""  # too long in both
        return
    assert made == expected
    packed = decode(made)
    assert isinstance(packed, PackedImu)
    assert [b.header.tobytes() + b.samples.tobytes() for b in unpack(packed)] == raws
    assert c_pack(core(), raws, len(made)) == made
    assert c_pack(core(), raws, len(made) - 1) == b""


def test_blocks_that_do_not_follow_are_not_packed(c: Core) -> None:
    raws = [bytes.fromhex(raw) for raw in GOLDEN["packed"]["fields"]["blocks"]]
    assert c_pack(c, [raws[0], raws[2]]) == b""
    assert c_pack(c, raws * 3) == b""


UNKNOWN = [
    *("stride_time_s", "contact_time_s", "contact_time_diff_s", "vertical_oscillation_m", "impact_peak_g"),
    *("obliquity_peak_left_rad", "obliquity_peak_right_rad", "pelvic_drop_rad", "tilt_mean_rad"),
]


def quantise(c: Core, **values: float) -> dict[str, Any]:
    stride, out = c.ffi.new("trendel_stride_values_t *"), c.ffi.new("trendel_stride_t *")
    for name in UNKNOWN:
        setattr(stride, name, float("nan"))
    for name, value in values.items():
        setattr(stride, name, value)
    c.lib.trendel_stride_quantise(stride, out)
    header = np.zeros((), lt.RECORDS_HEADER)
    header["kind"], header["version"], header["record_size"], header["record_n"] = lt.KIND_STRIDE, 1, 16, 1
    block = decode(header.tobytes() + bytes(c.ffi.buffer(out)))
    assert isinstance(block, RecordBlock)
    return {name: column[0] for name, column in own_layout(lt.KIND_STRIDE).physical(block).items()}


def test_a_stride_keeps_its_values(c: Core) -> None:
    got = quantise(
        c,
        ic_us=43_200_123_456,
        stride_time_s=0.7123,
        contact_time_s=0.2411,
        contact_time_diff_s=-0.0061,
        vertical_oscillation_m=0.0874,
        obliquity_peak_left_rad=np.radians(4.3),
        obliquity_peak_right_rad=np.radians(-6.1),
        pelvic_drop_rad=np.radians(5.04),
        tilt_mean_rad=np.radians(12.3),
        impact_peak_g=3.33,
        quality=0.9,
        side=-1,
        reasons=128,
    )
    assert got["ic_ms"] == 43_200_123
    for name, value, step in (
        ("stride_time_ms", 712.3, 0.05),
        ("contact_time_ms", 241.1, 2),
        ("contact_time_diff_ms", -6.1, 2),
        ("vertical_oscillation_mm", 87.4, 1),
        ("obliquity_peak_left_deg", 4.3, 0.125),
        ("obliquity_peak_right_deg", -6.1, 0.125),
        ("pelvic_drop_deg", 5.04, 0.125),
        ("tilt_mean_deg", 12.3, 0.25),
        ("impact_peak_g", 3.33, 0.05),
    ):
        assert got[name] == pytest.approx(value, abs=step / 2 + 1e-4), name
    assert (got["side_quality"] & 3, got["side_quality"] >> 2, got["reasons"]) == (2, 57, 128)


def test_what_is_not_known_or_out_of_range(c: Core) -> None:
    unknown = quantise(c, quality=float("nan"))
    assert all(np.isnan(unknown[f.name]) for f in lt.BY_NAME["Stride"].fields if f.missing)
    assert unknown["side_quality"] == 0
    wild = quantise(c, contact_time_s=9.0, pelvic_drop_rad=-3.0, stride_time_s=float("inf"), impact_peak_g=-1.0)
    assert (wild["contact_time_ms"], wild["pelvic_drop_deg"]) == (508, -127 / 8)
    assert (wild["stride_time_ms"], wild["impact_peak_g"]) == (65534 / 20, 0)
