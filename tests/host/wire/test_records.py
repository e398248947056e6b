"""Records are read by the layout that the clip sends, whatever the host was built with."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.host.wire.golden import golden
from trendel.errors import WireError
from trendel.wire import layout as lt
from trendel.wire.packets import FieldLayout, LayoutPart, RecordBlock, decode, encode_hello, encode_imu
from trendel.wire.receiver import Receiver
from trendel.wire.records import Layouts, RecordLayout, encode_layout, own_layout, own_layouts

GOLDEN = golden()


def parts(packets: list[bytes]) -> list[LayoutPart]:
    found = [decode(packet) for packet in packets]
    assert all(isinstance(part, LayoutPart) for part in found)
    return found  # type: ignore[return-value]


def records(kind: int, version: int, size: int, body: bytes, sequence: int = 0, boot: int = 0) -> RecordBlock:
    header = np.zeros((), lt.RECORDS_HEADER)
    header["kind"], header["version"], header["record_size"], header["boot"] = kind, version, size, boot
    header["record_n"], header["sequence"] = len(body) // size, sequence
    block = decode(header.tobytes() + body)
    assert isinstance(block, RecordBlock)
    return block


@pytest.mark.parametrize("struct", lt.RECORDS, ids=lambda s: str(s.name))
def test_golden_records(struct: lt.Struct) -> None:
    entry = GOLDEN[f"records {struct.name}"]
    block = decode(bytes.fromhex(entry["packet"]))
    assert isinstance(block, RecordBlock)
    layouts = Layouts()
    for part in parts(own_layouts()):
        layouts.add(part)
    layout = layouts.get(struct.kind)
    assert layout == own_layout(struct.kind)
    assert [list(row) for row in layout.raw(block).tolist()] == entry["fields"]["rows"]
    values = layout.physical(block)
    for field in struct.fields:
        if field.per_unit:
            assert values[field.name][0] == (struct.fields.index(field) + 1) / field.per_unit or field.missing
        if field.missing:  # rows: an ordinary value, the lowest, the highest
            unsigned = field.type[0] == "u"
            assert np.isnan(values[field.name]).tolist() == [False, not unsigned, unsigned]


def test_a_newer_clip_is_read_by_its_own_layout() -> None:
    """Fields moved, widened and added, and one that this host has never heard of."""
    newer = RecordLayout(
        lt.KIND_STRIDE,
        9,
        24,
        (
            FieldLayout(8, "u4", False, 10.0, "ic_ms"),
            FieldLayout(12, "u2", True, 100.0, "stride_time_ms"),
            FieldLayout(16, "f4", False, 1.0, "knee_valgus_deg"),
        ),
    )
    receiver = Receiver()
    receiver.take(decode(encode_hello(layout_hash=99, layout_n=1)))
    for part in parts(encode_layout(newer, 99)):
        receiver.take(part)
    raw = np.zeros(2, newer.dtype)
    raw["ic_ms"], raw["stride_time_ms"], raw["knee_valgus_deg"] = [15, 25], [65535, 70_00], [1.5, -2]
    block = records(lt.KIND_STRIDE, 9, 24, raw.tobytes())
    receiver.take(block)
    assert receiver.losses.undescribed_n == 0
    layout = receiver.layout_of(block)
    assert layout == newer
    values = layout.physical(block)
    assert values["ic_ms"].tolist() == [1.5, 2.5]
    assert np.isnan(values["stride_time_ms"][0]) and values["stride_time_ms"][1] == 70
    with pytest.raises(WireError, match="version 9"):
        own_layout(lt.KIND_STRIDE).raw(block)


def test_other_firmware_clears_the_layouts() -> None:
    receiver = Receiver()
    receiver.take(decode(encode_hello(serial=1)))
    for part in parts(own_layouts()):
        receiver.take(part)
    receiver.take(decode(encode_hello(serial=1)))
    assert receiver.layouts.get(lt.KIND_STRIDE)
    receiver.take(decode(encode_hello(serial=2)))
    assert receiver.layouts.get(lt.KIND_STRIDE) is None
    receiver.take(records(lt.KIND_STRIDE, 1, 16, bytes(16)))
    assert receiver.losses.undescribed_n == 1


FIELDS = st.lists(
    st.builds(
        FieldLayout,
        st.integers(0, 200).map(lambda i: 4 * i % 240),
        st.sampled_from(lt.TYPES),
        st.booleans(),
        st.sampled_from([0.0, 1.0, 0.5, -8.0, 254.0]),
        st.from_regex(r"[a-z][a-z0-9_]{0,31}", fullmatch=True),
    ),
    min_size=1,
    max_size=lt.FIELDS_MAX,
    unique_by=lambda f: f.name,
)


@settings(deadline=None)
@given(FIELDS, st.randoms())
def test_any_layout_travels_in_any_order(fields: list[FieldLayout], random: object) -> None:
    layout = RecordLayout(lt.KIND_EVENT, 3, 252, tuple(fields))
    packets = encode_layout(layout, 5)
    assert all(len(packet) <= lt.PACKET_MAX for packet in packets)
    random.shuffle(packets)  # type: ignore[attr-defined]
    layouts = Layouts()
    for part in parts(packets):
        layouts.add(part)
    assert layouts.get(lt.KIND_EVENT) == layout
    layouts.get(lt.KIND_EVENT).physical(records(lt.KIND_EVENT, 3, 252, bytes(range(252))))  # type: ignore[union-attr]


def imu(sequence: int, sample_i: int, n: int = 18, boot: int = 1) -> bytes:
    return encode_imu(np.zeros(n, lt.IMU_SAMPLE), sequence=sequence, sample_i=sample_i, dt_ns=5_000_000, boot=boot)


def test_losses_are_counted_by_the_clips_numbers() -> None:
    receiver = Receiver()
    for raw in (imu(2**32 - 1, 2**32 - 18), imu(0, 0), imu(3, 54), imu(1, 18), imu(3, 54), imu(4, 80)):
        receiver.take(decode(raw))
    losses = receiver.losses
    assert (losses.blocks_n, losses.blocks_lost_n, losses.repeated_n) == (4, 2, 2)
    assert losses.samples_lost_n == 36 + 8  # two blocks on the way, eight samples in the clip
    receiver.take(decode(imu(0, 0, boot=2)))
    assert (losses.reboots_n, losses.blocks_lost_n) == (1, 2)
    for sequence in (0, 3):
        receiver.take(records(lt.KIND_STRIDE, 1, 16, bytes(32), sequence, boot=2))
    assert losses.records_lost_n == 1


@settings(deadline=None)
@given(st.lists(st.binary(min_size=4, max_size=60), max_size=30))
def test_a_receiver_takes_anything(raws: list[bytes]) -> None:
    receiver = Receiver()
    for raw in raws:
        try:
            packet = decode(raw)
        except WireError:
            continue
        receiver.take(packet)
