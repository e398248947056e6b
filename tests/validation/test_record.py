"""Real recordings through the clip's core: compressed enough, and the same on the other side."""

from __future__ import annotations

import numpy as np
import pytest

from tests.device.core.rig import core
from tests.device.core.test_imu import Bench
from tests.validation import record
from trendel.wire.framing import SerialFramer, frame

pytestmark = pytest.mark.validation


def test_every_recording_compresses_by_1_6() -> None:
    core()
    rows = [record.compress(name, values, verify=i % 12 == 0) for i, (name, values) in enumerate(record.six_axes())]
    assert len(rows) > 20
    assert not [row for row in rows if row.packets < record.RATIO_MIN]


def test_a_recording_replays_through_sensor_driver_and_wire() -> None:
    name, values = next(record.six_axes())
    bench = Bench(core(), values, dt_ns=1e9 / 208)
    assert bench.start() == 0
    blocks = bench.run(len(values) / 208 - 2)
    stream = b"".join(frame(block.header.tobytes() + block.samples.tobytes()) for block in blocks)
    framer = SerialFramer()
    got = [r.packet for at in range(0, len(stream), 61) for r in framer.feed(stream[at : at + 61])]
    bench.check(got)  # type: ignore[arg-type]
    n = sum(len(block.samples) for block in got)  # type: ignore[union-attr]
    assert n > 0.98 * (len(values) - 3 * 208), name
    assert np.all([block.header["marks"] & 0xFB == 0 for block in got])  # type: ignore[union-attr]
